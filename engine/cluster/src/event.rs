//! The typed event stream: said once, and used by the animation, the log files, the checker and the lessons.

use base::Uuid;
use protocol::{ErrorCode, TopicPartition};

/// Why a leader changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ElectionKind {
    /// The first leader of a new partition.
    Initial,
    /// A live member of the ISR (or ELR) took over.
    Clean,
    /// The preferred replica took over again.
    Preferred,
    /// A replica outside the ISR took over; records may be lost.
    Unclean,
    /// Nobody could take over.
    Leaderless,
}

/// Who changed an ISR.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IsrChanger {
    /// The partition's leader, by AlterPartition.
    Leader(i32),
    /// The controller, because a broker was fenced or shuts down.
    Controller,
}

/// One thing that happened, told by the node that did it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    // ---- the log and replication (told by brokers)
    RecordsAppended {
        partition: TopicPartition,
        broker: i32,
        leader: bool,
        base_offset: i64,
        last_offset: i64,
        leader_epoch: i32,
        bytes: u64,
    },
    LogTruncated {
        partition: TopicPartition,
        broker: i32,
        from_end: i64,
        to_end: i64,
    },
    /// The leader noted that a follower has everything below `offset`.
    FollowerFetched {
        partition: TopicPartition,
        leader: i32,
        follower: i32,
        offset: i64,
    },
    HighWatermarkAdvanced {
        partition: TopicPartition,
        broker: i32,
        leader: bool,
        from: i64,
        to: i64,
    },
    LogStartAdvanced {
        partition: TopicPartition,
        broker: i32,
        from: i64,
        to: i64,
    },
    BecameLeader {
        partition: TopicPartition,
        broker: i32,
        epoch: i32,
        log_end: i64,
    },
    BecameFollower {
        partition: TopicPartition,
        broker: i32,
        epoch: i32,
        leader: i32,
    },
    /// A produce request for this partition was refused; nothing was appended (or, for
    /// NOT_ENOUGH_REPLICAS_AFTER_APPEND, it was and is not safe).
    ProduceRefused {
        partition: TopicPartition,
        broker: i32,
        client_id: String,
        error: ErrorCode,
    },
    /// An acks=all produce waits until the high watermark reaches `required_offset`.
    ProduceDelayed {
        partition: TopicPartition,
        broker: i32,
        required_offset: i64,
    },
    ReplicaDeleted {
        partition: TopicPartition,
        broker: i32,
    },

    // ---- the controller (told when the change is committed)
    ControllerElected {
        controller: i32,
        epoch: i32,
    },
    BrokerRegistered {
        broker: i32,
        epoch: i64,
    },
    BrokerUnfenced {
        broker: i32,
    },
    BrokerFenced {
        broker: i32,
    },
    /// A broker asked to shut down; its leaderships move away.
    BrokerShuttingDown {
        broker: i32,
    },
    TopicCreated {
        topic: String,
        topic_id: Uuid,
        partitions: i32,
    },
    TopicDeleted {
        topic: String,
        topic_id: Uuid,
    },
    PartitionsAdded {
        topic: String,
        partitions: i32,
    },
    ConfigChanged {
        resource: String,
        key: String,
        value: Option<String>,
    },
    LeaderElected {
        partition: TopicPartition,
        leader: Option<i32>,
        previous: Option<i32>,
        epoch: i32,
        kind: ElectionKind,
    },
    IsrShrunk {
        partition: TopicPartition,
        by: IsrChanger,
        isr: Vec<i32>,
        out: Vec<i32>,
    },
    IsrExpanded {
        partition: TopicPartition,
        by: IsrChanger,
        isr: Vec<i32>,
        back: Vec<i32>,
    },

    // ---- brokers as servers
    BrokerStarted {
        broker: i32,
        recovered: bool,
    },
    BrokerStopped {
        broker: i32,
    },
    /// A line of the server's own log file, by the full name of a class: see [`crate::server_log`].
    Logged {
        level: &'static str,
        logger: &'static str,
        text: String,
    },

    // ---- clients (told by the terminal that runs them)
    RecordSent {
        client: ClientRef,
        partition: TopicPartition,
        records: u32,
        key: Option<String>,
    },
    RecordAcked {
        client: ClientRef,
        partition: TopicPartition,
        base_offset: i64,
        last_offset: i64,
    },
    RecordFailed {
        client: ClientRef,
        partition: Option<TopicPartition>,
        error: String,
    },
    SendRetried {
        client: ClientRef,
        partition: TopicPartition,
        error: ErrorCode,
    },
    RecordsConsumed {
        client: ClientRef,
        partition: TopicPartition,
        first_offset: i64,
        next_offset: i64,
    },
    OffsetCommitted {
        client: ClientRef,
        partition: TopicPartition,
        offset: i64,
    },
    MetadataUpdated {
        client: ClientRef,
    },

    // ---- terminals
    Typed {
        terminal: String,
        line: String,
    },
    CommandStarted {
        terminal: String,
        pid: u32,
        command: String,
    },
    /// Raw text for the screen, newlines included; stdout and stderr are one stream, as on a terminal.
    Output {
        terminal: String,
        text: String,
    },
    CommandEnded {
        terminal: String,
        pid: u32,
        exit: i32,
    },
}

/// A client as the stage names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientRef {
    pub terminal: String,
    pub pid: u32,
    pub client_id: String,
}
