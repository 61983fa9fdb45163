//! The vocabulary of the simulated world: what travels, what happens, what a person does, what timers are called.

use protocol::Packet;
use sim::Domain;

use crate::event::Event;

/// The world of Kafka, as the kernel is told of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Kafka;

impl Domain for Kafka {
    type Message = Packet;
    type Event = Event;
    type Control = Control;
    type Timer = Timer;

    fn stamp(packet: &Packet) -> u64 {
        let (api, version) = (packet.api_key().code() as u64, packet.api_version() as u64);
        let direction = u64::from(matches!(packet, Packet::Request { .. }));
        u64::from(packet.correlation_id() as u32) << 32 | api << 16 | version << 1 | direction
    }
}

/// What a person does to a node directly.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Control {
    /// SIGTERM to a server: a controlled shutdown, then the process ends.
    Terminate,
    /// A line typed into a terminal, with Enter: a command at the prompt, or input of the running program.
    Type(String),
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-D.
    EndOfInput,
    /// A signal to the program that runs in a terminal.
    Signal(Signal),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signal {
    Kill,
    Terminate,
    Stop,
    Continue,
}

/// Names of timers. A server's are typed; a program in a terminal has one alarm, because clients say when they are next
/// due (`next_deadline`) instead of naming each wait.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    Server(ServerTimer),
    /// The alarm of process `pid`.
    Process(u32),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServerTimer {
    // ---- brokers
    /// Next heartbeat to the controller (`broker.heartbeat.interval.ms`, 10 ms while starting).
    Heartbeat,
    /// Registration is tried again.
    Registration,
    /// A follower's fetch from the broker with this id is sent again after a back-off.
    ReplicaFetch(i32),
    /// ISR shrink check (`replica.lag.time.max.ms` / 2).
    IsrCheck,
    /// AlterPartition is sent again.
    AlterPartition,
    /// A delayed operation of this number has run out of time.
    Delayed(u64),
    /// High watermark checkpoint (`replica.high.watermark.checkpoint.interval.ms`).
    Checkpoint,
    /// Checkpoint of recovery points (`log.flush.offset.checkpoint.interval.ms`).
    RecoveryCheckpoint,
    /// Checkpoint of log starts (`log.flush.start.offset.checkpoint.interval.ms`).
    LogStartCheckpoint,
    /// Retention check (`log.retention.check.interval.ms`).
    Retention,
    /// Files marked `.deleted` or folders `-delete` are removed (`file.delete.delay.ms`).
    FileDelete,
    /// A controlled shutdown has taken too long.
    ShutdownDeadline,
    // ---- controllers
    /// Broker sessions are looked at (`broker.session.timeout.ms`).
    SessionCheck,
    /// No-op record when the metadata log was idle (`metadata.max.idle.interval.ms`).
    NoOp,
    /// Preferred leader balance (`leader.imbalance.check.interval.seconds`).
    Balance,
    /// Leaderless partitions are looked at again (`unclean.leader.election.interval.ms`).
    UncleanElection,
    // ---- both
    /// The replica of the metadata log has something to do.
    Quorum,
    // ---- both: room for a server's own purposes, by name and number
    Named(&'static str, u64),
}
