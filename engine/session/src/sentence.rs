//! Events in words: one short sentence each, the lane it belongs to, and whether it is worth a flag.

use cluster::Event;
use cluster::event::{ElectionKind, IsrChanger};
use wire::{Lane, Tone};

/// What the timeline shows of an event; `None` for events that only carry data (terminal output, log lines).
pub struct Said {
    pub lane: Lane,
    pub tone: Tone,
    pub kind: &'static str,
    pub sentence: String,
    pub partition: Option<String>,
    pub actor: String,
    pub beat: bool,
}

impl Said {
    fn new(lane: Lane, kind: &'static str, actor: impl Into<String>, sentence: String) -> Said {
        Said { lane, tone: Tone::Plain, kind, sentence, partition: None, actor: actor.into(), beat: false }
    }

    fn at(mut self, partition: &protocol::TopicPartition) -> Said {
        self.partition = Some(name(partition));
        self
    }

    fn beat(mut self) -> Said {
        self.beat = true;
        self
    }

    fn tone(mut self, tone: Tone) -> Said {
        self.tone = tone;
        self
    }
}

/// `orders-0`.
pub fn name(partition: &protocol::TopicPartition) -> String {
    format!("{}-{}", partition.topic, partition.partition)
}

pub fn of(event: &Event) -> Option<Said> {
    of_log(event).or_else(|| of_controller(event)).or_else(|| of_servers(event)).or_else(|| of_clients(event))
}

fn of_log(event: &Event) -> Option<Said> {
    let broker_said = |kind, broker: &i32, sentence| Said::new(Lane::Brokers, kind, format!("b{broker}"), sentence);
    Some(match event {
        Event::RecordsAppended { partition, broker, leader, base_offset, last_offset, .. } => {
            let verb = if *leader { "appends" } else { "copies" };
            let range = range(*base_offset, *last_offset);
            let kind = if *leader { "RecordsAppended" } else { "RecordsReplicated" };
            broker_said(kind, broker, format!("Broker {broker} {verb} {} {range}.", name(partition))).at(partition)
        }
        Event::LogTruncated { partition, broker, from_end, to_end } => {
            let sentence = format!("Broker {broker} cuts {} from {from_end} back to {to_end}.", name(partition));
            broker_said("LogTruncated", broker, sentence).at(partition).tone(Tone::Warn).beat()
        }
        Event::FollowerFetched { partition, follower, offset, .. } => {
            let sentence = format!("Broker {follower} fetches {} from offset {offset}.", name(partition));
            broker_said("FollowerFetched", follower, sentence).at(partition)
        }
        Event::HighWatermarkAdvanced { partition, broker, leader: true, to, .. } => {
            let sentence = format!("{}: high watermark {to}. Readers may see offset {}.", name(partition), to - 1);
            broker_said("HighWatermarkAdvanced", broker, sentence).at(partition)
        }
        Event::HighWatermarkAdvanced { partition, broker, to, .. } => {
            let sentence = format!("Broker {broker} learns high watermark {to} of {}.", name(partition));
            broker_said("HighWatermarkLearned", broker, sentence).at(partition)
        }
        Event::LogStartAdvanced { partition, broker, to, .. } => {
            let sentence = format!("Broker {broker}: {} now starts at offset {to}.", name(partition));
            broker_said("LogStartAdvanced", broker, sentence).at(partition)
        }
        Event::BecameLeader { partition, broker, epoch, .. } => {
            let sentence = format!("Broker {broker} acts as leader of {}, epoch {epoch}.", name(partition));
            broker_said("BecameLeader", broker, sentence).at(partition)
        }
        Event::BecameFollower { partition, broker, leader, .. } => {
            let sentence = format!("Broker {broker} follows broker {leader} in {}.", name(partition));
            broker_said("BecameFollower", broker, sentence).at(partition)
        }
        Event::ProduceRefused { partition, broker, client_id, error } => {
            let sentence = format!("Broker {broker} refuses {client_id}: {}.", error.name());
            broker_said("ProduceRefused", broker, sentence).at(partition).tone(Tone::Error).beat()
        }
        Event::ProduceDelayed { partition, broker, required_offset } => {
            let name = name(partition);
            let sentence = format!("Broker {broker} holds its answer until {name} is safe to {required_offset}.");
            broker_said("ProduceDelayed", broker, sentence).at(partition)
        }
        Event::ReplicaDeleted { partition, broker } => {
            broker_said("ReplicaDeleted", broker, format!("Broker {broker} deletes {}.", name(partition))).at(partition)
        }
        _ => return None,
    })
}

fn of_controller(event: &Event) -> Option<Said> {
    let said = |kind, sentence| Said::new(Lane::Controller, kind, "controller", sentence);
    Some(match event {
        Event::ControllerElected { controller, epoch } => {
            said("ControllerElected", format!("Controller {controller} is active, epoch {epoch}.")).beat()
        }
        Event::BrokerRegistered { broker, .. } => {
            said("BrokerRegistered", format!("The controller registers broker {broker}."))
        }
        Event::BrokerUnfenced { broker } => {
            said("BrokerUnfenced", format!("The controller lets broker {broker} serve.")).beat()
        }
        Event::BrokerFenced { broker } => {
            said("BrokerFenced", format!("The controller fences broker {broker}.")).tone(Tone::Warn).beat()
        }
        Event::BrokerShuttingDown { broker } => {
            said("BrokerShuttingDown", format!("Broker {broker} asks to shut down; its leaderships move.")).beat()
        }
        Event::TopicCreated { topic, partitions, .. } => {
            let plural = if *partitions == 1 { "partition" } else { "partitions" };
            said("TopicCreated", format!("Topic {topic} is created with {partitions} {plural}.")).beat()
        }
        Event::TopicDeleted { topic, .. } => said("TopicDeleted", format!("Topic {topic} is deleted.")).beat(),
        Event::PartitionsAdded { topic, partitions } => {
            said("PartitionsAdded", format!("Topic {topic} now has {partitions} partitions.")).beat()
        }
        Event::ConfigChanged { resource, key, value } => {
            let value = value.as_deref().unwrap_or("its default");
            // The default of all brokers has no name.
            let sentence = if resource.is_empty() {
                format!("{key} is set to {value} for every broker.")
            } else {
                format!("{resource}: {key} is set to {value}.")
            };
            said("ConfigChanged", sentence).beat()
        }
        Event::LeaderElected { partition, leader, epoch, kind, .. } => {
            let name = name(partition);
            let said = match leader {
                Some(leader) => said("LeaderElected", format!("Broker {leader} is elected for {name}, epoch {epoch}.")),
                None => said("LeaderElected", format!("{name} has no leader now, epoch {epoch}.")).tone(Tone::Error),
            };
            let said = said.at(partition);
            match kind {
                ElectionKind::Initial => said,
                ElectionKind::Unclean => said.tone(Tone::Error).beat(),
                _ => said.beat(),
            }
        }
        Event::IsrShrunk { partition, by, isr, out } => {
            let sentence = format!("{} leaves the ISR of {}: {}.", brokers(out), name(partition), list(isr));
            isr_changed("IsrShrunk", *by, sentence).at(partition).tone(Tone::Warn).beat()
        }
        Event::IsrExpanded { partition, by, isr, back } => {
            let sentence = format!("{} joins the ISR of {}: {}.", brokers(back), name(partition), list(isr));
            isr_changed("IsrExpanded", *by, sentence).at(partition).beat()
        }
        _ => return None,
    })
}

fn of_servers(event: &Event) -> Option<Said> {
    Some(match event {
        Event::BrokerStarted { broker, recovered } => {
            let how = if *recovered { " and recovers its logs" } else { "" };
            Said::new(Lane::Brokers, "BrokerStarted", format!("b{broker}"), format!("Broker {broker} starts{how}."))
        }
        Event::BrokerStopped { broker } => {
            Said::new(Lane::Brokers, "BrokerStopped", format!("b{broker}"), format!("Broker {broker} has shut down."))
                .beat()
        }
        _ => return None,
    })
}

fn of_clients(event: &Event) -> Option<Said> {
    let said =
        |kind, client: &cluster::event::ClientRef, sentence| Said::new(Lane::Clients, kind, &client.terminal, sentence);
    Some(match event {
        Event::RecordSent { client, partition, records, .. } => {
            let records = if *records == 1 { "1 record".to_string() } else { format!("{records} records") };
            let sentence = format!("{} sends {records} to {}.", client.client_id, name(partition));
            said("RecordSent", client, sentence).at(partition)
        }
        Event::RecordAcked { client, partition, base_offset, last_offset } => {
            let range = range(*base_offset, *last_offset);
            let is = if base_offset == last_offset { "is" } else { "are" };
            said(
                "RecordAcked",
                client,
                format!("{} is told: {} {range} {is} written.", client.client_id, name(partition)),
            )
            .at(partition)
        }
        Event::RecordFailed { client, partition, error } => {
            let said = said("RecordFailed", client, format!("{} gives up: {error}.", client.client_id));
            let said = said.tone(Tone::Error).beat();
            match partition {
                Some(partition) => said.at(partition),
                None => said,
            }
        }
        Event::SendRetried { client, partition, error } => {
            said("SendRetried", client, format!("{} tries again after {}.", client.client_id, error.name()))
                .at(partition)
                .tone(Tone::Warn)
        }
        Event::RecordsConsumed { client, partition, first_offset, next_offset } => {
            let range = range(*first_offset, next_offset - 1);
            said("RecordsConsumed", client, format!("{} reads {} {range}.", client.client_id, name(partition)))
                .at(partition)
        }
        Event::OffsetCommitted { client, partition, offset } => {
            let sentence = format!("{} commits offset {offset} of {}.", client.client_id, name(partition));
            Said { lane: Lane::Group, ..said("OffsetCommitted", client, sentence) }.at(partition)
        }
        Event::Typed { terminal, line } => {
            Said::new(Lane::You, "Typed", terminal, format!("You type in {terminal}: {}", shortened(line))).beat()
        }
        Event::CommandEnded { terminal, exit, .. } if *exit != 0 => {
            Said::new(Lane::You, "CommandFailed", terminal, format!("The command in {terminal} ends with exit {exit}."))
                .tone(Tone::Warn)
        }
        _ => return None,
    })
}

fn isr_changed(kind: &'static str, by: IsrChanger, sentence: String) -> Said {
    match by {
        IsrChanger::Leader(leader) => Said::new(Lane::Brokers, kind, format!("b{leader}"), sentence),
        IsrChanger::Controller => Said::new(Lane::Controller, kind, "controller", sentence),
    }
}

fn range(first: i64, last: i64) -> String {
    if first == last { format!("offset {first}") } else { format!("offsets {first} to {last}") }
}

fn brokers(ids: &[i32]) -> String {
    let names: Vec<String> = ids.iter().map(i32::to_string).collect();
    if ids.len() == 1 { format!("Broker {}", names[0]) } else { format!("Brokers {}", names.join(", ")) }
}

fn list(ids: &[i32]) -> String {
    let names: Vec<String> = ids.iter().map(i32::to_string).collect();
    if names.is_empty() { "nobody is left".to_string() } else { format!("now {}", names.join(", ")) }
}

fn shortened(line: &str) -> String {
    const SHOWN: usize = 240;
    let short: String = line.chars().take(SHOWN).collect();
    if short.len() < line.len() { format!("{short}...") } else { short }
}
