//! The view model: entities with keys. A picture is a pure function of these and the time.

use serde::{Deserialize, Serialize};

/// All that can be seen at one moment.
pub type View = base::Map<Key, Entity>;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Key {
    Broker(i32),
    Controller(i32),
    Topic(String),
    Partition(String, i32),
    /// Topic, partition, broker.
    Replica(String, i32, i32),
    /// Host and process id of a program in a terminal that is a Kafka client.
    Client(String, u32),
    Terminal(String),
    /// One line of a terminal's scrollback, counted from the first ever shown.
    Line(String, u32),
    /// Invariant, `S1` to `S20`.
    Lamp(String),
    /// A message under way.
    Flight(u64),
    /// A value of Kafka's own metrics, by the bean's name.
    Metric(String),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entity {
    Broker(BrokerView),
    Controller(ControllerView),
    Topic(TopicView),
    Partition(PartitionView),
    Replica(ReplicaView),
    Client(ClientView),
    Terminal(TerminalView),
    Line(LineView),
    Lamp(LampView),
    Flight(FlightView),
    /// Gauges as they are; meters by their Count. Summed over the processes that run.
    Metric(u64),
}

/// The process of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ServerState {
    Down,
    /// Runs, and is not yet unfenced by the controller (a broker that starts), or is not yet active.
    Starting,
    Running,
    ShuttingDown,
    Paused,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokerView {
    pub id: i32,
    /// `b1:9092`.
    pub endpoint: String,
    pub state: ServerState,
    /// As the controller has it; a dead broker is fenced only after its session timed out.
    pub fenced: bool,
    /// Registration epoch, -1 before the first.
    pub epoch: i64,
    /// Partitions it leads, by the controller's metadata.
    pub leads: Vec<String>,
    /// Offset in the metadata log up to which this broker has replayed, -1 if it is down.
    pub metadata_offset: i64,
    /// When it went down or was fenced, in microseconds.
    pub since_us: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControllerView {
    pub id: i32,
    pub endpoint: String,
    pub state: ServerState,
    pub active: bool,
    pub epoch: i32,
    /// End of the committed metadata log (its high watermark).
    pub metadata_offset: i64,
    pub voters: Vec<i32>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicView {
    pub name: String,
    pub topic_id: String,
    pub partitions: i32,
    pub replication_factor: i32,
    pub internal: bool,
    /// Settings that matter on the stage, with where each comes from.
    pub config: Vec<ConfigView>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigView {
    pub key: String,
    pub value: String,
    /// Kafka's name of the source: `DYNAMIC_TOPIC_CONFIG`, `STATIC_BROKER_CONFIG`, `DEFAULT_CONFIG`, ...
    pub source: String,
}

/// A partition by the controller's committed metadata, and what its leader knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionView {
    pub topic: String,
    pub partition: i32,
    pub leader: Option<i32>,
    pub leader_epoch: i32,
    pub partition_epoch: i32,
    /// In assignment order; the first is the preferred leader.
    pub replicas: Vec<i32>,
    pub isr: Vec<i32>,
    pub elr: Vec<i32>,
    pub min_insync_replicas: i32,
    /// The leader's high watermark; `None` while nobody leads.
    pub high_watermark: Option<i64>,
    /// True while the high watermark stands still because the ISR is below its minimum (since 3.7).
    pub high_watermark_held: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    Leader,
    Follower,
    /// The broker is up and has no role in this partition yet.
    Idle,
    /// The broker is down; what is shown is what its disk holds.
    Offline,
}

/// One copy of a partition on one broker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicaView {
    pub topic: String,
    pub partition: i32,
    pub broker: i32,
    pub role: Role,
    pub leader_epoch: i32,
    /// In the committed ISR.
    pub in_sync: bool,
    pub log_start: i64,
    pub high_watermark: i64,
    pub log_end: i64,
    /// The newest records, oldest first; as many as fit the stage (`CELLS_MAX`).
    pub cells: Vec<CellView>,
}

/// Records that a replica's lane shows at most.
pub const CELLS_MAX: usize = 12;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellView {
    pub offset: i64,
    pub leader_epoch: i32,
    /// `None` is a null key.
    pub key: Option<String>,
    /// The first characters of the value; `None` is a tombstone.
    pub value: Option<String>,
    /// A control record (transaction marker), not a person's.
    pub control: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClientKind {
    Producer,
    Consumer,
    Admin,
}

/// A Kafka client that runs in a terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientView {
    pub terminal: String,
    pub pid: u32,
    pub kind: ClientKind,
    pub client_id: String,
    /// Its command line.
    pub command: String,
    pub topic: Option<String>,
    /// Producers: `acks` as configured (`all`, `1`, `0`).
    pub acks: Option<String>,
    pub sent: u64,
    pub acked: u64,
    /// Sends without an answer yet.
    pub waiting: u64,
    pub failed: u64,
    /// Consumers: next offset to read, per partition.
    pub positions: Vec<PositionView>,
    /// The last error in Kafka's name, until a send succeeds: `NOT_ENOUGH_REPLICAS`.
    pub last_error: Option<String>,
    /// What became of the record, in a few words: "Not appended."
    pub error_note: String,
    /// When what was refused is sent again, in microseconds.
    pub retry_at_us: Option<u64>,
    /// Consumers that belong to a group.
    pub group: Option<GroupView>,
    /// Brokers it is connected to.
    pub connections: Vec<i32>,
}

/// A consumer's membership, as it knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupView {
    pub id: String,
    /// -1 before the first assignment.
    pub generation: i32,
    /// Since when it has been without partitions because the group is being shared out again.
    pub pause_from_us: Option<u64>,
    /// How long that was the last time.
    pub paused_us: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PositionView {
    pub topic: String,
    pub partition: i32,
    pub position: i64,
    pub committed: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TerminalView {
    pub name: String,
    /// The command line that runs, if one does.
    pub running: Option<String>,
    /// True when the running program reads what is typed.
    pub reads_input: bool,
    /// Text after the last newline, such as the producer's `>`.
    pub open_line: String,
    pub last_exit: Option<i32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LineKind {
    /// A command line as it was typed at the shell's prompt.
    Command,
    /// Text typed into a running program.
    Typed,
    Output,
    /// `[exit 1]`.
    Exit,
    /// What another control of the page did, as the command it stands for.
    Echo,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineView {
    pub terminal: String,
    pub number: u32,
    pub kind: LineKind,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LampState {
    Holds,
    /// Nothing to check yet.
    NotChecked,
    /// With the event index of the first break.
    Broken(u64),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LampView {
    pub id: String,
    /// Kafka's or the specification's name: `LeaderInIsr`.
    pub name: String,
    /// A short sentence of what must hold.
    pub meaning: String,
    /// A safety lamp must never break; an availability lamp may.
    pub safety: bool,
    pub state: LampState,
    pub detail: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlightView {
    pub id: u64,
    /// Host names.
    pub from: String,
    pub to: String,
    /// API name (`Produce`, `Fetch`, `Metadata`).
    pub api: String,
    pub response: bool,
    pub sent_us: u64,
    pub arrives_us: u64,
    /// `orders-1`, if it is about one partition first of all.
    pub partition: Option<String>,
    /// "fetch 7", "offset 8", an error name: a label of few characters.
    pub label: String,
    /// Keys of the records carried, for the glyph on the token.
    pub keys: Vec<Option<String>>,
    pub error: bool,
}

impl FlightView {
    /// APIs whose messages are worth watching whatever they carry: records that are written, and the words that change who
    /// leads.
    pub const LOUD: [&str; 4] = ["Produce", "AlterPartition", "BrokerRegistration", "CreateTopics"];

    /// Whether it is worth watching: loud, a refusal, or records on their way. Heartbeats and empty fetches are not.
    pub fn is_loud(&self) -> bool {
        self.arrives_us > self.sent_us
            && (self.error || !self.keys.is_empty() || Self::LOUD.contains(&self.api.as_str()))
    }
}
