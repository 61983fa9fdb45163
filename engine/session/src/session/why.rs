//! Why a value is what it is: what holds now, then what led to it, newest first.
//!
//! What holds is read from the true state of the nodes; what led to it is looked up in the history before the position
//! shown, so that each cause can be gone to.

use cluster::Event;
use cluster::broker::{LeaderState, Partition};
use cluster::event::IsrChanger;
use protocol::TopicPartition;
use wire::command::Question;
use wire::reply::{Answer, Cause};

use super::chronicle::index_of;
use crate::act::Act;
use crate::sentence;
use crate::stage::Stage;
use crate::view::Scene;

pub fn answer(stage: &Stage, question: &Question) -> Answer {
    let inquiry = Inquiry { stage, scene: Scene::of(stage.world()) };
    let (question, causes) = match question {
        Question::HighWatermark { topic, partition } => inquiry.high_watermark(&TopicPartition::new(topic, *partition)),
        Question::Isr { topic, partition } => inquiry.isr(&TopicPartition::new(topic, *partition)),
        Question::Leader { topic, partition } => inquiry.leader(&TopicPartition::new(topic, *partition)),
        Question::LogEndOffset { topic, partition, broker } => {
            inquiry.log_end(&TopicPartition::new(topic, *partition), *broker)
        }
        Question::Send { client } => inquiry.send(client),
    };
    Answer::Why { question, causes }
}

struct Inquiry<'a> {
    stage: &'a Stage,
    scene: Scene<'a>,
}

type Found = (String, Vec<Cause>);

/// A cause that holds now and has no moment.
fn now(text: String) -> Cause {
    Cause { text, index: None, at_us: None }
}

impl<'a> Inquiry<'a> {
    fn high_watermark(&self, id: &TopicPartition) -> Found {
        let mut causes = Vec::new();
        let Some((leader, partition, state)) = self.leading(id) else {
            let question = format!("Why has {id} no high watermark?");
            causes.push(now("Nobody leads it, and only a leader moves the high watermark.".to_string()));
            causes.extend(self.last_election(id));
            return (question, causes);
        };
        let (hw, end) = (partition.log.high_watermark(), partition.log.log_end());
        let isr = state.isr.maximal_isr();
        if partition.is_under_min_isr() {
            let (have, min) = (state.isr.isr().len(), partition.effective_min_isr());
            causes.push(now(format!("It is held: the ISR has {have} of the {min} that min.insync.replicas asks for.")));
        }
        let behind: Vec<i32> =
            isr.iter().copied().filter(|id| *id != leader && self.fetched(state, *id) <= hw).collect();
        if hw == end {
            causes.push(now(format!("Every replica of the ISR has all records below {end}.")));
        } else if let Some(slow) = behind.first() {
            causes.push(now(format!(
                "Broker {slow} is in the ISR and has fetched only up to {}.",
                self.fetched(state, *slow)
            )));
        } else {
            causes.push(now(format!("The leader has records up to {end}; the ISR has not yet told it of them.")));
        }
        for follower in isr.iter().filter(|id| **id != leader) {
            causes.extend(self.last(|event| {
                matches!(event, Event::FollowerFetched { partition, follower: f, .. } if partition == id && f == follower)
            }));
        }
        causes.extend(self.last(
            |event| matches!(event, Event::HighWatermarkAdvanced { partition, leader: true, .. } if partition == id),
        ));
        (format!("Why is the high watermark of {id} {hw}?"), causes)
    }

    fn isr(&self, id: &TopicPartition) -> Found {
        let Some(registered) = self.scene.image.and_then(|image| image.partition_by_name(id)) else {
            return (format!("Why has {id} this ISR?"), vec![now(format!("There is no partition {id}."))]);
        };
        let mut causes = Vec::new();
        let out: Vec<i32> = registered.replicas.iter().copied().filter(|id| !registered.isr.contains(id)).collect();
        if out.is_empty() {
            causes.push(now("All replicas have kept up with the leader: nobody is out.".to_string()));
        }
        for broker in &out {
            let is_down = self.scene.brokers.get(broker).is_some_and(|seat| seat.broker.is_none());
            let state = if is_down { "is down" } else { "has not caught up with the leader" };
            causes.push(now(format!("Broker {broker} is out of the ISR: it {state}.")));
        }
        let changed = |event: &Event| match event {
            Event::IsrShrunk { partition, .. } | Event::IsrExpanded { partition, .. } => partition == id,
            _ => false,
        };
        if let Some((at, event)) = self.find(changed) {
            causes.push(at);
            if let Event::IsrShrunk { by: IsrChanger::Leader(_), .. } = event {
                causes.push(now(
                    "A follower that has not caught up for replica.lag.time.max.ms is taken out.".to_string()
                ));
            }
            if let Event::IsrShrunk { out, .. } = event {
                causes.extend(out.iter().flat_map(|broker| self.fall_of(*broker)));
            }
        }
        (format!("Why is the ISR of {id} {:?}?", registered.isr), causes)
    }

    fn leader(&self, id: &TopicPartition) -> Found {
        let registered = self.scene.image.and_then(|image| image.partition_by_name(id));
        let Some(registered) = registered else {
            return (format!("Why has {id} this leader?"), vec![now(format!("There is no partition {id}."))]);
        };
        let mut causes = Vec::new();
        let question = if registered.leader < 0 {
            causes.push(now(format!("Nobody who may lead is alive: the last ISR was {:?}.", registered.isr)));
            format!("Why has {id} no leader?")
        } else {
            if registered.replicas.first() == Some(&registered.leader) {
                causes.push(now(format!(
                    "Broker {} is its preferred leader: the first of its replicas.",
                    registered.leader
                )));
            } else {
                causes.push(now(format!(
                    "Broker {} is in the ISR; the preferred leader is broker {}.",
                    registered.leader,
                    registered.replicas.first().copied().unwrap_or(-1)
                )));
            }
            format!("Why does broker {} lead {id}, epoch {}?", registered.leader, registered.leader_epoch)
        };
        causes.extend(self.last_election(id));
        (question, causes)
    }

    fn log_end(&self, id: &TopicPartition, broker: i32) -> Found {
        let seat = self.scene.brokers.get(&broker);
        let log = seat.and_then(|seat| seat.broker).and_then(|broker| broker.log(id));
        let mut causes = Vec::new();
        let question = match log {
            Some(log) => format!("Why does the log of {id} on broker {broker} end at {}?", log.log_end()),
            None => format!("Why does the log of {id} on broker {broker} not grow?"),
        };
        if log.is_none() {
            causes.push(now(format!("Broker {broker} is down; its disk keeps what it had.")));
            causes.extend(self.fall_of(broker));
        } else if let Some((leader, partition, state)) = self.leading(id).filter(|(leader, ..)| *leader != broker) {
            let (end, fetched) = (partition.log.log_end(), self.fetched(state, broker));
            let words =
                if fetched >= end { "has all of it".to_string() } else { format!("asked last from {fetched} on") };
            causes.push(now(format!("It copies from broker {leader}, whose log ends at {end}, and {words}.")));
        }
        causes.extend(self.last(|event| match event {
            Event::RecordsAppended { partition, broker: b, .. } | Event::LogTruncated { partition, broker: b, .. } => {
                partition == id && *b == broker
            }
            _ => false,
        }));
        causes.extend(self.last(|event| matches!(event, Event::RecordSent { partition, .. } if partition == id)));
        (question, causes)
    }

    /// The last send of the client that runs in this terminal, or has this client id.
    fn send(&self, client: &str) -> Found {
        let of_client = |c: &cluster::event::ClientRef| c.terminal == client || c.client_id == client;
        let told = self.find(|event| match event {
            Event::RecordFailed { client, .. }
            | Event::SendRetried { client, .. }
            | Event::RecordAcked { client, .. } => of_client(client),
            _ => false,
        });
        let sent = self.find(|event| matches!(event, Event::RecordSent { client, .. } if of_client(client)));
        let (mut causes, mut behind) = (Vec::new(), Vec::new());
        let partition = match sent.as_ref().map(|(_, event)| event) {
            Some(Event::RecordSent { partition, .. }) => Some(partition),
            _ => None,
        };
        if let Some(id) = partition {
            causes.extend(self.state_for_writers(id));
            if !causes.is_empty() {
                // What made the ISR short is why the write was refused.
                behind = self.isr(id).1.into_iter().filter(|cause| cause.index.is_some()).collect();
            }
            let answered = self.find(|event| match event {
                Event::ProduceRefused { partition, .. } | Event::ProduceDelayed { partition, .. } => partition == id,
                _ => false,
            });
            match (answered, causes.first_mut()) {
                // The refusal is what is asked about: its time is enough.
                (Some((cause, Event::ProduceRefused { .. })), Some(short)) => {
                    (short.index, short.at_us) = (cause.index, cause.at_us);
                }
                (answered, _) => causes.extend(answered.map(|(cause, _)| cause)),
            }
        }
        let failed = |event: &Event| matches!(event, Event::RecordFailed { .. } | Event::SendRetried { .. });
        let refused = !behind.is_empty() && told.as_ref().is_some_and(|(_, event)| failed(event));
        // That it is tried again follows from the refusal, and is no cause of it.
        let follows = |event: &Event| refused && matches!(event, Event::SendRetried { .. });
        causes.extend(told.filter(|(_, event)| !follows(event)).map(|(cause, _)| cause));
        causes.extend(behind);
        causes.extend(sent.map(|(cause, _)| cause));
        if causes.is_empty() {
            causes.push(now(format!("{client} has not sent anything.")));
        }
        let question = if refused {
            format!("Why was the last send of {client} refused?")
        } else {
            format!("What became of the last send of {client}?")
        };
        (question, causes)
    }

    fn state_for_writers(&self, id: &TopicPartition) -> Vec<Cause> {
        let Some((_, partition, state)) = self.leading(id) else {
            return vec![now(format!("{id} has no leader that could take it."))];
        };
        let (isr, min) = (state.isr.isr().len(), partition.effective_min_isr());
        if isr >= min {
            return Vec::new();
        }
        vec![now(format!("The ISR of {id} has {isr} of the {min} that min.insync.replicas asks of acks=all."))]
    }

    fn last_election(&self, id: &TopicPartition) -> Vec<Cause> {
        let found = self.find(|event| matches!(event, Event::LeaderElected { partition, .. } if partition == id));
        let Some((cause, event)) = found else { return Vec::new() };
        let before = match event {
            Event::LeaderElected { previous: Some(previous), .. } => self.fall_of(*previous),
            _ => Vec::new(),
        };
        std::iter::once(cause).chain(before).collect()
    }

    /// What took a broker out of service, newest first: the controller's view of it, and a person's act.
    fn fall_of(&self, broker: i32) -> Vec<Cause> {
        let fenced = self.last(|event| match event {
            Event::BrokerFenced { broker: b } | Event::BrokerShuttingDown { broker: b } => *b == broker,
            _ => false,
        });
        fenced.into_iter().chain(self.last_act(&format!("b{broker}"))).collect()
    }

    /// What a person did last to take a server down.
    fn last_act(&self, host: &str) -> Option<Cause> {
        let done = self.stage.timeline().position().commands as usize;
        let acts = self.stage.timeline().commands().take(done).zip(1..);
        let last = acts.filter(|(act, _)| takes_down(&act.command, host)).last();
        last.map(|(act, number)| Cause {
            text: format!("You: {}.", act.command.words()),
            index: Some(act.index + number),
            at_us: Some(act.at.0),
        })
    }

    /// The partition at the broker that the controller has as its leader, if that one knows it too.
    fn leading(&self, id: &TopicPartition) -> Option<(i32, &'a Partition, &'a LeaderState)> {
        let leader = self.scene.image?.partition_by_name(id)?.leader;
        let partition = self.scene.brokers.get(&leader)?.broker?.partition(id)?;
        Some((leader, partition, partition.leader_state()?))
    }

    fn fetched(&self, state: &LeaderState, follower: i32) -> i64 {
        state.followers.get(&follower).map_or(0, |follower| follower.log_end_or_unknown())
    }

    fn last(&self, wanted: impl Fn(&Event) -> bool) -> Option<Cause> {
        self.find(wanted).map(|(cause, _)| cause)
    }

    /// The last event before the position that is wanted and has words.
    fn find(&self, wanted: impl Fn(&Event) -> bool) -> Option<(Cause, &'a Event)> {
        let timeline = self.stage.timeline();
        let here = timeline.position();
        let until = timeline.events_before(here.index + 1);
        let events = timeline.events_by_ordinal(0..until);
        let (_, stamped) = events.filter(|(_, stamped)| wanted(&stamped.event)).last()?;
        let said = sentence::of(&stamped.event)?;
        let acts = timeline.commands().take_while(|act| act.index < stamped.index).count() as u64;
        debug_assert!(stamped.index + acts <= index_of(here));
        let cause = Cause { text: said.sentence, index: Some(stamped.index + acts), at_us: Some(stamped.at.0) };
        Some((cause, &stamped.event))
    }
}

fn takes_down(act: &Act, host: &str) -> bool {
    use wire::Fault::{Kill, Pause, Stop};
    matches!(act, Act::Fault(Kill(target) | Stop(target) | Pause(target)) if target == host)
}
