//! What the page knows: the view model as the engine sent it, kept so that an unchanged part stays the same object.
//!
//! Every map and every entity sits behind `Rc`. A reply copies only the maps it touches, so a component whose property
//! did not change compares equal in one pointer comparison and is not rendered again.

mod events;
mod glyphs;
mod shown;

use std::rc::Rc;

use wire::reply::BranchView;
use wire::view::{
    BrokerView, ClientView, ControllerView, FlightView, LampView, LineView, PartitionView, ReplicaView, TerminalView,
    TopicView,
};
use wire::{Delta, Entity, EventView, Key, Lane, Reply};

pub use events::Events;
pub use glyphs::{Glyph, Glyphs, Shape};
pub use shown::Shown;

/// A map in the order of its keys, the same as the engine uses.
pub use wire::Ordered;
pub type Map<K, V> = Rc<Ordered<K, Rc<V>>>;
pub type Metrics = Rc<Ordered<String, u64>>;
/// Topic and partition.
pub type Tp = (String, i32);

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Model {
    /// A cluster is there to look at.
    pub booted: bool,
    /// Number of the last reply.
    pub seq: u32,
    pub index: u64,
    /// Where the last step began; where it ended, if it went back.
    pub index_before: u64,
    pub now_us: u64,
    pub end_index: u64,
    pub end_us: u64,
    pub digest: u64,
    pub brokers: Map<i32, BrokerView>,
    pub controllers: Map<i32, ControllerView>,
    pub topics: Map<String, TopicView>,
    pub partitions: Map<Tp, PartitionView>,
    /// By topic, partition, broker.
    pub replicas: Map<(String, i32, i32), ReplicaView>,
    /// By host and process id.
    pub clients: Map<(String, u32), ClientView>,
    pub terminals: Map<String, TerminalView>,
    pub lines: Map<String, Ordered<u32, Rc<LineView>>>,
    pub lamps: Map<String, LampView>,
    pub flights: Map<u64, FlightView>,
    pub events: Events,
    pub branches: Rc<Vec<BranchView>>,
    pub lesson: Option<Rc<wire::lesson::LessonView>>,
    pub glyphs: Rc<Glyphs>,
    /// The partitions as they were before the last act of the person: what the inspector strikes through.
    pub before: Map<Tp, PartitionView>,
    /// And the controllers.
    pub controllers_before: Map<i32, ControllerView>,
    /// The partitions as they were before the last step forward: what moved, for those who want no motion.
    pub stepped: Map<Tp, PartitionView>,
    /// Kafka's metrics by name, now and before the last act.
    pub metrics: Metrics,
    pub metrics_before: Metrics,
}

impl Model {
    /// The model after a reply.
    pub fn apply(&mut self, reply: &Reply) {
        if reply.reset {
            self.forget();
        }
        if reply.events.iter().any(|event| self.acts(event)) && !reply.reset {
            self.before = self.partitions.clone();
            self.controllers_before = self.controllers.clone();
            self.metrics_before = self.metrics.clone();
        } else if reply.reset || reply.index < self.index {
            self.before = Map::default();
            self.controllers_before = Map::default();
            self.metrics_before = Metrics::default();
        }
        if reply.index != self.index {
            let forward = !reply.reset && reply.index > self.index;
            self.stepped = if forward { self.partitions.clone() } else { Map::default() };
        }
        for delta in &reply.deltas {
            match delta {
                Delta::Put(key, entity) => self.put(key, entity),
                Delta::Remove(key) => self.remove(key),
            }
        }
        self.booted |= reply.reset || !reply.deltas.is_empty();
        self.events.replace(reply.events_from, &reply.events, reply.reset);
        self.seq = reply.seq;
        if reply.reset || reply.index != self.index {
            self.index_before = if reply.reset { reply.index } else { self.index.min(reply.index) };
        }
        self.index = reply.index;
        self.now_us = reply.now_us;
        self.end_index = reply.end_index;
        self.end_us = reply.end_us;
        self.digest = reply.digest;
        if *self.branches != reply.branches {
            self.branches = Rc::new(reply.branches.clone());
        }
        if self.lesson.as_deref() != reply.lesson.as_ref() {
            self.lesson = reply.lesson.clone().map(Rc::new);
        }
        self.events.shown = Shown::of(self.lesson.as_deref());
    }

    /// Whether an event is what a person did to the cluster. Text for a program that reads is not: it is one record more.
    fn acts(&self, event: &EventView) -> bool {
        let reads = || self.terminals.get(&event.actor).is_some_and(|terminal| terminal.reads_input);
        event.lane == Lane::You && event.beat && !(event.kind == "Typed" && reads())
    }

    /// What the lesson has introduced.
    pub fn shown(&self) -> Shown {
        self.events.shown
    }

    pub fn replica(&self, topic: &str, partition: i32, broker: i32) -> Option<&Rc<ReplicaView>> {
        self.replicas.get(&(topic.to_owned(), partition, broker))
    }

    fn forget(&mut self) {
        let glyphs = self.glyphs.clone();
        *self = Self { glyphs, ..Self::default() };
    }

    fn put(&mut self, key: &Key, entity: &Entity) {
        match (key, entity) {
            (Key::Broker(id), Entity::Broker(view)) => put(&mut self.brokers, *id, view),
            (Key::Controller(id), Entity::Controller(view)) => put(&mut self.controllers, *id, view),
            (Key::Topic(name), Entity::Topic(view)) => put(&mut self.topics, name.clone(), view),
            (Key::Partition(topic, p), Entity::Partition(view)) => {
                put(&mut self.partitions, (topic.clone(), *p), view);
            }
            (Key::Replica(topic, p, broker), Entity::Replica(view)) => {
                self.learn_keys(view);
                put(&mut self.replicas, (topic.clone(), *p, *broker), view);
            }
            (Key::Client(host, pid), Entity::Client(view)) => put(&mut self.clients, (host.clone(), *pid), view),
            (Key::Terminal(name), Entity::Terminal(view)) => put(&mut self.terminals, name.clone(), view),
            (Key::Line(terminal, number), Entity::Line(view)) => {
                let lines = Rc::make_mut(&mut self.lines).entry(terminal.clone()).or_default();
                Rc::make_mut(lines).insert(*number, Rc::new(view.clone()));
            }
            (Key::Lamp(id), Entity::Lamp(view)) => put(&mut self.lamps, id.clone(), view),
            (Key::Flight(id), Entity::Flight(view)) => put(&mut self.flights, *id, view),
            (Key::Metric(name), Entity::Metric(value)) => {
                Rc::make_mut(&mut self.metrics).insert(name.clone(), *value);
            }
            // A key with another kind's entity cannot be built by the engine's diff; there is nothing to show for it.
            _ => {}
        }
    }

    fn remove(&mut self, key: &Key) {
        match key {
            Key::Broker(id) => remove(&mut self.brokers, id),
            Key::Controller(id) => remove(&mut self.controllers, id),
            Key::Topic(name) => remove(&mut self.topics, name),
            Key::Partition(topic, p) => remove(&mut self.partitions, &(topic.clone(), *p)),
            Key::Replica(topic, p, broker) => remove(&mut self.replicas, &(topic.clone(), *p, *broker)),
            Key::Client(host, pid) => remove(&mut self.clients, &(host.clone(), *pid)),
            Key::Terminal(name) => remove(&mut self.terminals, name),
            Key::Line(terminal, number) => {
                if let Some(lines) = Rc::make_mut(&mut self.lines).get_mut(terminal) {
                    Rc::make_mut(lines).remove(number);
                }
            }
            Key::Lamp(id) => remove(&mut self.lamps, id),
            Key::Flight(id) => remove(&mut self.flights, id),
            Key::Metric(name) => drop(Rc::make_mut(&mut self.metrics).remove(name)),
        }
    }

    fn learn_keys(&mut self, view: &ReplicaView) {
        for cell in &view.cells {
            if let Some(key) = &cell.key
                && self.glyphs.get(key).is_none()
            {
                Rc::make_mut(&mut self.glyphs).learn(key);
            }
        }
    }
}

fn put<K: Ord + Clone, V: Clone>(map: &mut Map<K, V>, key: K, view: &V) {
    Rc::make_mut(map).insert(key, Rc::new(view.clone()));
}

fn remove<K: Ord + Clone, V>(map: &mut Map<K, V>, key: &K) {
    Rc::make_mut(map).remove(key);
}
