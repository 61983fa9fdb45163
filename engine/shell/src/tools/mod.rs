//! Kafka's command-line tools, one file per tool. Each is a table of options, a state machine around a client, and the
//! words that Kafka prints.

use base::{ConnId, Micros};
use protocol::Packet;
use sim::CloseReason;

use crate::process::{ClientStatus, Io, Process};

/// Scripts that can be typed.
pub const NAMES: &[&str] = &[];

/// A Kafka tool that runs.
#[derive(Clone, Debug, Hash)]
pub enum KafkaTool {}

/// The tool behind a script's name.
pub fn find(_name: &str, _arguments: &[String]) -> Option<KafkaTool> {
    None
}

impl Process for KafkaTool {
    fn start(&mut self, _io: &mut Io<'_, '_>) {
        match *self {}
    }
    fn owns(&self, _conn: ConnId) -> bool {
        match *self {}
    }
    fn on_closed(&mut self, _conn: ConnId, _reason: CloseReason, _io: &mut Io<'_, '_>) {
        match *self {}
    }
    fn on_message(&mut self, _conn: ConnId, _packet: Packet, _io: &mut Io<'_, '_>) {
        match *self {}
    }
    fn next_deadline(&self) -> Option<Micros> {
        match *self {}
    }
    fn client(&self) -> Option<ClientStatus> {
        match *self {}
    }
}
