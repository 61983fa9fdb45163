//! The facts of a lesson's clauses, answered from the view (how things are) and the history (what has happened).

use lesson::vocabulary::{self, Asked, Fact};
use lesson::{Facts, Value};
use sim::timeline::Timeline;
use wire::view::{
    BrokerView, CellView, ClientKind, ClientView, PartitionView, ReplicaView, ServerState, TerminalView, TopicView,
};
use wire::{Entity, Fault, Key, View};

use super::history::{History, What};
use crate::act::Act;
use crate::host::Host;

/// Controllers' node ids follow this one.
const CONTROLLER_ID_BASE: u32 = 100;

/// What clauses are held against.
pub struct Seen<'a> {
    pub view: &'a View,
    pub timeline: &'a Timeline<Host, Act>,
    pub all: &'a History,
    /// Since the step began.
    pub step: &'a History,
}

impl Facts for Seen<'_> {
    fn lookup(&self, path: &[String]) -> Result<Value, String> {
        let asked = vocabulary::read(path)?;
        Ok(self.answer(&asked))
    }
}

impl Seen<'_> {
    fn answer(&self, asked: &Asked<'_>) -> Value {
        let history = if asked.this_step { self.step } else { self.all };
        let first = asked.names.first().copied().unwrap_or_default();
        let second = asked.names.get(1).copied();
        let count = |what, terminal, at| Value::Int(history.count(what, terminal, at));
        match asked.fact {
            Fact::TerminalShows => Value::Bool(history.shows(first, second.unwrap_or_default())),
            Fact::TerminalTyped => Value::Bool(history.typed(first, second.unwrap_or_default())),
            Fact::TerminalLast => text(history.last(first).map(|(line, _)| line)),
            Fact::TerminalAnswer => text(history.last(first).map(|(_, answer)| answer)),
            Fact::TerminalCommands => count(What::Ended, first, None),
            Fact::Produced => count(What::Produced, "", Some(first)),
            Fact::Refused => count(What::Refused, "", Some(first)),
            Fact::Acked => count(What::Acked, first, second),
            Fact::Failed => count(What::Failed, first, None),
            Fact::Retried => count(What::Retried, first, None),
            Fact::Consumed => count(What::Consumed, first, second),
            Fact::ConsumedFirst => int(history.consumed_from(first, second.unwrap_or_default())),
            Fact::Committed => int(history.committed(first, second.unwrap_or_default())),
            Fact::Elections => count(What::Elections, "", Some(first)),
            Fact::UncleanElections => count(What::UncleanElections, "", Some(first)),
            Fact::IsrShrunk => count(What::IsrShrunk, "", Some(first)),
            Fact::IsrExpanded => count(What::IsrExpanded, "", Some(first)),
            Fact::Truncated => count(What::Truncated, "", Some(first)),
            Fact::Did => self.did(history, first, second.unwrap_or_default()),
            _ => self.is_now(asked.fact, first, second),
        }
    }

    fn is_now(&self, fact: Fact, name: &str, second: Option<&str>) -> Value {
        match fact {
            Fact::BrokerUp | Fact::BrokerPaused | Fact::BrokerFenced | Fact::BrokerLeads | Fact::BrokerLeadsSize => {
                self.broker(fact, name)
            }
            Fact::ControllerActive => {
                let id = vocabulary::number('c', name).map_or(0, |n| (CONTROLLER_ID_BASE + n) as i32);
                let found = self.view.get(&Key::Controller(id));
                Value::Bool(matches!(found, Some(Entity::Controller(controller)) if controller.active))
            }
            Fact::TopicExists
            | Fact::TopicPartitions
            | Fact::TopicReplicationFactor
            | Fact::TopicConfig
            | Fact::TopicRecords
            | Fact::TopicPartitionsUsed
            | Fact::TopicPreferred => self.topic(fact, name, second),
            Fact::TerminalRuns
            | Fact::TerminalExit
            | Fact::TerminalAcks
            | Fact::TerminalWaiting
            | Fact::TerminalError
            | Fact::TerminalConnections
            | Fact::TerminalReads
            | Fact::TerminalReadsSize => self.terminal(fact, name),
            _ => self.partition(fact, name, second),
        }
    }

    fn broker(&self, fact: Fact, name: &str) -> Value {
        let id = vocabulary::number('b', name).map_or(0, |n| n as i32);
        let broker: Option<&BrokerView> = match self.view.get(&Key::Broker(id)) {
            Some(Entity::Broker(broker)) => Some(broker),
            _ => None,
        };
        let is = |test: fn(&BrokerView) -> bool| Value::Bool(broker.is_some_and(test));
        match fact {
            Fact::BrokerUp => is(|broker| broker.state == ServerState::Running),
            Fact::BrokerPaused => is(|broker| broker.state == ServerState::Paused),
            Fact::BrokerFenced => is(|broker| broker.fenced),
            Fact::BrokerLeadsSize => Value::Int(broker.map_or(0, |broker| broker.leads.len() as i64)),
            _ => {
                Value::List(broker.map_or(Vec::new(), |broker| broker.leads.iter().cloned().map(Value::Text).collect()))
            }
        }
    }

    fn topic(&self, fact: Fact, name: &str, key: Option<&str>) -> Value {
        let topic: Option<&TopicView> = match self.view.get(&Key::Topic(name.to_string())) {
            Some(Entity::Topic(topic)) => Some(topic),
            _ => None,
        };
        let Some(topic) = topic else {
            return if fact == Fact::TopicExists { Value::Bool(false) } else { Value::None };
        };
        let kept = || (0..topic.partitions).map(|number| self.kept(name, number));
        match fact {
            Fact::TopicExists => Value::Bool(true),
            Fact::TopicPartitions => Value::Int(topic.partitions.into()),
            Fact::TopicReplicationFactor => Value::Int(topic.replication_factor.into()),
            Fact::TopicRecords => Value::Int(kept().sum()),
            Fact::TopicPreferred => {
                let mut partitions = (0..topic.partitions).filter_map(|number| self.partition_view(name, number));
                Value::Bool(partitions.all(|p| p.leader.is_some() && p.leader == p.replicas.first().copied()))
            }
            Fact::TopicPartitionsUsed => Value::Int(kept().filter(|records| *records > 0).count() as i64),
            _ => {
                let found = topic.config.iter().find(|config| Some(config.key.as_str()) == key);
                text(found.map(|config| config.value.as_str()))
            }
        }
    }

    /// Offsets that readers may see in a partition.
    fn kept(&self, topic: &str, number: i32) -> i64 {
        let Some(partition) = self.partition_view(topic, number) else { return 0 };
        let start = partition.leader.and_then(|leader| self.replica(topic, number, leader)).map_or(0, |r| r.log_start);
        partition.high_watermark.map_or(0, |hw| hw - start)
    }

    fn partition(&self, fact: Fact, name: &str, broker: Option<&str>) -> Value {
        let Some((topic, number)) = vocabulary::partition(name) else { return Value::None };
        let Some(partition) = self.partition_view(topic, number) else { return Value::None };
        let leader = partition.leader.and_then(|leader| self.replica(topic, number, leader));
        let cells = |of: fn(&CellView) -> &Option<String>| {
            let cells = leader.map_or(&[][..], |leader| &leader.cells);
            Value::List(cells.iter().filter(|cell| !cell.control).map(|cell| text(of(cell).as_deref())).collect())
        };
        match fact {
            Fact::PartitionLeader => int(partition.leader.map(i64::from)),
            Fact::PartitionEpoch => Value::Int(partition.leader_epoch.into()),
            Fact::PartitionReplicas => {
                Value::List(partition.replicas.iter().map(|id| Value::Int((*id).into())).collect())
            }
            Fact::PartitionIsr => sorted(&partition.isr),
            Fact::PartitionIsrSize => Value::Int(partition.isr.len() as i64),
            Fact::PartitionElr => sorted(&partition.elr),
            Fact::PartitionMinIsr => Value::Int(partition.min_insync_replicas.into()),
            Fact::PartitionHighWatermark => int(partition.high_watermark),
            Fact::PartitionHighWatermarkHeld => Value::Bool(partition.high_watermark_held),
            Fact::PartitionLogStart => int(leader.map(|replica| replica.log_start)),
            Fact::PartitionLogEnd => int(leader.map(|replica| replica.log_end)),
            Fact::PartitionLogEndOn => {
                let id = broker.and_then(|broker| vocabulary::number('b', broker)).map_or(0, |n| n as i32);
                int(self.replica(topic, number, id).map(|replica| replica.log_end))
            }
            Fact::PartitionKeys => cells(|cell| &cell.key),
            _ => cells(|cell| &cell.value),
        }
    }

    fn terminal(&self, fact: Fact, name: &str) -> Value {
        let terminal: Option<&TerminalView> = match self.view.get(&Key::Terminal(name.to_string())) {
            Some(Entity::Terminal(terminal)) => Some(terminal),
            _ => None,
        };
        let clients = || self.clients(name);
        match fact {
            Fact::TerminalRuns => text(terminal.and_then(|terminal| terminal.running.as_deref())),
            Fact::TerminalExit => int(terminal.and_then(|terminal| terminal.last_exit).map(i64::from)),
            Fact::TerminalAcks => text(clients().find_map(|client| client.acks.as_deref())),
            Fact::TerminalWaiting => Value::Int(clients().map(|client| client.waiting as i64).sum()),
            Fact::TerminalReads => Value::List(self.reads(name).into_iter().map(Value::Text).collect()),
            Fact::TerminalReadsSize => Value::Int(self.reads(name).len() as i64),
            Fact::TerminalError => text(clients().find_map(|client| client.last_error.as_deref())),
            _ => {
                let mut ids: Vec<i32> = clients().flat_map(|client| client.connections.iter().copied()).collect();
                base::ordered::sort(&mut ids);
                ids.dedup();
                sorted(&ids)
            }
        }
    }

    fn clients<'a>(&'a self, terminal: &'a str) -> impl Iterator<Item = &'a ClientView> {
        self.view.values().filter_map(move |entity| match entity {
            Entity::Client(client) if terminal == "any" || client.terminal == terminal => Some(client),
            _ => None,
        })
    }

    /// Partitions that the consumers of a terminal read: `orders-0`.
    fn reads(&self, terminal: &str) -> Vec<String> {
        let consumers = self.clients(terminal).filter(|client| client.kind == ClientKind::Consumer);
        let positions = consumers.flat_map(|client| &client.positions);
        positions.map(|position| format!("{}-{}", position.topic, position.partition)).collect()
    }

    fn partition_view(&self, topic: &str, number: i32) -> Option<&PartitionView> {
        match self.view.get(&Key::Partition(topic.to_string(), number)) {
            Some(Entity::Partition(partition)) => Some(partition),
            _ => None,
        }
    }

    fn replica(&self, topic: &str, number: i32, broker: i32) -> Option<&ReplicaView> {
        match self.view.get(&Key::Replica(topic.to_string(), number, broker)) {
            Some(Entity::Replica(replica)) => Some(replica),
            _ => None,
        }
    }

    fn did(&self, history: &History, verb: &str, server: &str) -> Value {
        let is_it = |act: &&Act| match act {
            Act::Fault(Fault::Kill(target)) => verb == "kill" && target == server,
            Act::Fault(Fault::Stop(target)) => verb == "stop" && target == server,
            Act::Fault(Fault::Start(target)) => verb == "start" && target == server,
            Act::Fault(Fault::Pause(target)) => verb == "pause" && target == server,
            Act::Fault(Fault::Resume(target)) => verb == "resume" && target == server,
            Act::Fault(Fault::Wipe(target)) => verb == "wipe" && target == server,
            _ => false,
        };
        Value::Int(history.acts(self.timeline).filter(is_it).count() as i64)
    }
}

fn int(value: Option<i64>) -> Value {
    value.map_or(Value::None, Value::Int)
}

fn text(value: Option<&str>) -> Value {
    value.map_or(Value::None, |text| Value::Text(text.to_string()))
}

/// Sets are compared whatever the order that Kafka lists them in.
fn sorted(ids: &[i32]) -> Value {
    let mut ids = ids.to_vec();
    base::ordered::sort(&mut ids);
    Value::List(ids.into_iter().map(|id| Value::Int(id.into())).collect())
}

#[cfg(test)]
mod tests {
    use base::Micros;
    use lesson::Kind;
    use lesson::vocabulary::FACTS;
    use wire::command::ClusterSpec;

    use super::*;
    use crate::stage::Stage;

    /// A name for each word in angle brackets, of things that the cluster below has.
    fn example(place: &str) -> &str {
        match place {
            "<broker>" | "<server>" => "b1",
            "<controller>" => "c1",
            "<topic>" => "orders",
            "<partition>" | "<where>" => "orders-0",
            "<tN>" | "<terminal>" => "t1",
            "<text>" => "min.insync.replicas",
            "<verb>" => "kill",
            word => word,
        }
    }

    #[test]
    fn every_fact_of_the_table_is_answered_as_what_it_is() {
        let spec = ClusterSpec { version: "4.3".into(), brokers: 1, controllers: 1, config: Vec::new() };
        let mut stage = Stage::boot(&spec, 5).unwrap();
        let topics = "kafka-topics.sh --bootstrap-server b1:9092 --create --topic orders --partitions 1";
        let write = "echo hi | kafka-console-producer.sh --bootstrap-server b1:9092 --topic orders";
        let read = "kafka-console-consumer.sh --bootstrap-server b1:9092 --topic orders --group g --from-beginning";
        for line in [topics, write, read] {
            stage.act(Act::Type { terminal: "t1".into(), line: line.into() }).unwrap();
            stage.run_for(Micros::from_secs(8));
        }
        let mut history = History::new(None);
        history.catch_up(stage.timeline());
        let view = crate::view::of(stage.world());
        let seen = Seen { view: &view, timeline: stage.timeline(), all: &history, step: &history };
        let mut answered = Vec::new();
        for row in &FACTS {
            let path: Vec<String> = row.path.split('.').map(|word| example(word).to_string()).collect();
            let value = seen.lookup(&path).unwrap();
            let is_sound = match row.kind {
                Kind::Int => matches!(value, Value::Int(_)),
                Kind::Bool => matches!(value, Value::Bool(_)),
                Kind::Text => matches!(value, Value::Text(_)),
                Kind::List => matches!(value, Value::List(_)),
                Kind::None => false,
            };
            assert!(is_sound || value == Value::None, "{} is {}", row.path, value.words());
            if value != Value::None {
                answered.push(row.fact);
            }
        }
        // No producer runs, nothing has failed, and the newest command has not ended.
        let silent: Vec<&str> = FACTS.iter().filter(|row| !answered.contains(&row.fact)).map(|row| row.path).collect();
        assert_eq!(silent, ["terminal.<terminal>.acks", "terminal.<terminal>.error"]);
    }
}
