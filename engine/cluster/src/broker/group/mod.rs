//! Consumer groups.

use base::{ConnId, Micros};
use protocol::TopicPartition;

use super::connections::Incoming;
use super::{Broker, Fx};

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct GroupCoordinator {}

impl GroupCoordinator {
    pub fn new() -> GroupCoordinator {
        GroupCoordinator::default()
    }

    pub fn on_connection_closed(&mut self, _conn: ConnId) {}
}

impl Broker {
    pub(super) fn handle_group(&mut self, _now: Micros, incoming: &Incoming, fx: &mut Fx<'_>) {
        self.connections.close(&incoming.reply, fx);
    }
    pub(super) fn on_group_timer(&mut self, _now: Micros, _name: &'static str, _number: u64, _fx: &mut Fx<'_>) {}
    pub(super) fn on_coordinator_elected(&mut self, _now: Micros, _id: &TopicPartition, _epoch: i32, _fx: &mut Fx<'_>) {
    }
    pub(super) fn on_coordinator_resigned(&mut self, _now: Micros, _id: &TopicPartition, _fx: &mut Fx<'_>) {}
}
