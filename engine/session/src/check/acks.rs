//! What producers were told: an acknowledged record of an acks=all producer is a promise like a high watermark.

use cluster::Event;
use shell::Terminal;
use sim::{Stamped, World};

use super::Checker;
use crate::host::Host;

impl Checker {
    pub(super) fn look_at_acks(&mut self, world: &World<Host>, terminal: &Terminal, events: &[Stamped<Event>]) {
        for stamped in events {
            let Event::RecordAcked { client, partition, base_offset, last_offset } = &stamped.event else { continue };
            if *base_offset < 0 || !waits_for_all(terminal, client.pid) {
                continue;
            }
            let topic_id = self.registered.image.topic_id(&partition.topic);
            let Some(known) = self.registered.by_name(partition) else { continue };
            // An unclean election may have come between the broker's answer and its arrival.
            let is_doubtful = known.binding_from > 0;
            if is_doubtful || known.exposed > *last_offset {
                continue;
            }
            known.exposed = last_offset + 1;
            if let Some(topic_id) = topic_id {
                self.check_isr(world, cluster::metadata::TopicIdPartition { topic_id, partition: partition.partition });
            }
        }
    }
}

fn waits_for_all(terminal: &Terminal, pid: u32) -> bool {
    let acks = terminal.clients().into_iter().find(|(of, _, _)| *of == pid).and_then(|(_, _, status)| status.acks);
    acks.is_some_and(|acks| acks == "all" || acks == "-1")
}
