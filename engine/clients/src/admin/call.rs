//! What the admin client can be asked, and what it answers: plain values.

use base::{Map, Uuid};

use bytes::Bytes;
use cluster::metadata::security::AclFilter;
use protocol::metadata::AccessControlEntryRecord;
use protocol::{Float64, TopicPartition};

use crate::error::KafkaError;
use crate::node::Node;

/// A topic to create. Without `assignments`, counts of -1 mean the broker's defaults.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NewTopic {
    pub name: String,
    pub partitions: i32,
    pub replication_factor: i16,
    /// Partition to brokers; if not empty, both counts are -1.
    pub assignments: Map<i32, Vec<i32>>,
    pub configs: Map<String, String>,
}

/// More partitions for a topic: the new total, and brokers of each added partition if they are placed by hand.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NewPartitions {
    pub total: i32,
    pub assignments: Option<Vec<Vec<i32>>>,
}

/// Which topics to describe.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TopicSelection {
    Names(Vec<String>),
    /// Answered through the Metadata API, which knows no eligible leader replicas.
    Ids(Vec<Uuid>),
}

/// `ConfigResource.Type` ids on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResourceType {
    Topic,
    Broker,
    BrokerLogger,
    ClientMetrics,
    Group,
}

impl ResourceType {
    pub fn id(self) -> i8 {
        match self {
            ResourceType::Topic => 2,
            ResourceType::Broker => 4,
            ResourceType::BrokerLogger => 8,
            ResourceType::ClientMetrics => 16,
            ResourceType::Group => 32,
        }
    }

    pub fn from_id(id: i8) -> Option<ResourceType> {
        let all = [
            ResourceType::Topic,
            ResourceType::Broker,
            ResourceType::BrokerLogger,
            ResourceType::ClientMetrics,
            ResourceType::Group,
        ];
        all.into_iter().find(|kind| kind.id() == id)
    }
}

/// Something that has a configuration. A broker's name is its id; the empty name is the default of all brokers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConfigResource {
    pub kind: ResourceType,
    pub name: String,
}

impl ConfigResource {
    pub fn topic(name: &str) -> ConfigResource {
        ConfigResource { kind: ResourceType::Topic, name: name.to_string() }
    }

    /// The broker that must be asked: `None` for any.
    pub(crate) fn node(&self) -> Option<i32> {
        match self.kind {
            ResourceType::Broker | ResourceType::BrokerLogger if !self.name.is_empty() => self.name.parse().ok(),
            _ => None,
        }
    }
}

/// `AlterConfigOp.OpType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AlterOp {
    Set,
    Delete,
    Append,
    Subtract,
}

impl AlterOp {
    pub(crate) fn id(self) -> i8 {
        match self {
            AlterOp::Set => 0,
            AlterOp::Delete => 1,
            AlterOp::Append => 2,
            AlterOp::Subtract => 3,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConfigChange {
    pub name: String,
    pub value: Option<String>,
    pub op: AlterOp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ElectionType {
    Preferred,
    Unclean,
}

/// One call of the `Admin` interface.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AdminCall {
    CreateTopics {
        topics: Vec<NewTopic>,
        validate_only: bool,
    },
    DeleteTopics {
        topics: Vec<String>,
    },
    ListTopics {
        internal: bool,
    },
    DescribeTopics {
        topics: TopicSelection,
        partition_limit: i32,
    },
    CreatePartitions {
        topics: Map<String, NewPartitions>,
    },
    DescribeCluster {
        include_fenced: bool,
    },
    DescribeConfigs {
        resources: Vec<ConfigResource>,
        synonyms: bool,
    },
    IncrementalAlterConfigs {
        changes: Map<ConfigResource, Vec<ConfigChange>>,
    },
    /// Timestamps by partition: -1 latest, -2 earliest, -3 the record with the greatest timestamp.
    ListOffsets {
        timestamps: Map<TopicPartition, i64>,
        read_committed: bool,
    },
    /// `None` elects for all partitions.
    ElectLeaders {
        election: ElectionType,
        partitions: Option<Vec<TopicPartition>>,
    },
    ListPartitionReassignments {
        partitions: Option<Vec<TopicPartition>>,
    },
    /// Target replicas by partition; `None` cancels what is under way.
    AlterPartitionReassignments {
        targets: Map<TopicPartition, Option<Vec<i32>>>,
        allow_factor_change: bool,
    },
    DescribeLogDirs {
        brokers: Vec<i32>,
    },
    /// The directory that a broker shall keep a replica in, by broker and partition.
    AlterReplicaLogDirs {
        directories: Map<(i32, TopicPartition), String>,
    },
    /// Records below the offset go; -1 means the high watermark.
    DeleteRecords {
        before: Map<TopicPartition, i64>,
    },
    DescribeFeatures {
        /// Whom to ask; anybody if nobody is named.
        node: Option<i32>,
    },
    UpdateFeatures {
        updates: Map<String, FeatureUpdate>,
        validate_only: bool,
    },
    DescribeMetadataQuorum,
    AddRaftVoter {
        voter_id: i32,
        directory_id: Uuid,
        /// Listener name, host and port.
        endpoints: Vec<(String, String, u16)>,
    },
    RemoveRaftVoter {
        voter_id: i32,
        directory_id: Uuid,
    },
    UnregisterBroker {
        broker: i32,
    },
    DescribeClientQuotas {
        components: Vec<QuotaComponent>,
        strict: bool,
    },
    AlterClientQuotas {
        /// Entity type to name; `None` is the default entity.
        entity: Vec<(String, Option<String>)>,
        /// `None` removes.
        values: Vec<(String, Option<Float64>)>,
    },
    /// All users when empty.
    DescribeUserScramCredentials {
        users: Vec<String>,
    },
    AlterUserScramCredentials {
        deletions: Vec<(String, i8)>,
        upsertions: Vec<ScramUpsertion>,
    },
    DescribeAcls {
        filter: AclFilter,
    },
    /// Entries without an id.
    CreateAcls {
        acls: Vec<AccessControlEntryRecord>,
    },
    DeleteAcls {
        filters: Vec<AclFilter>,
    },
    ListConfigResources {
        kinds: Vec<ResourceType>,
    },
    ListGroups,
    /// The versions of every API on every node: `kafka-broker-api-versions`, which has a client of its own in Java.
    NodeVersions {
        node: i32,
    },
}

/// `FeatureUpdate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FeatureUpdate {
    pub level: i16,
    pub upgrade: UpgradeType,
}

/// `FeatureUpdate.UpgradeType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UpgradeType {
    Upgrade,
    SafeDowngrade,
    UnsafeDowngrade,
}

impl UpgradeType {
    pub(crate) fn id(self) -> i8 {
        match self {
            UpgradeType::Upgrade => 1,
            UpgradeType::SafeDowngrade => 2,
            UpgradeType::UnsafeDowngrade => 3,
        }
    }
}

/// One component of a filter for quotas.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct QuotaComponent {
    /// `user`, `client-id` or `ip`.
    pub entity_type: String,
    pub matches: QuotaMatch,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum QuotaMatch {
    Exact(String),
    /// The default entity.
    Default,
    /// Any name, and the default.
    Any,
}

/// A SCRAM credential to store: what is sent is salted, never the password.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ScramUpsertion {
    pub user: String,
    /// 1 SCRAM-SHA-256, 2 SCRAM-SHA-512.
    pub mechanism: i8,
    pub iterations: i32,
    pub salt: Bytes,
    pub salted_password: Bytes,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TopicListing {
    pub name: String,
    pub id: Uuid,
    pub internal: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PartitionDescription {
    pub partition: i32,
    pub leader: Option<i32>,
    pub replicas: Vec<i32>,
    pub isr: Vec<i32>,
    /// `None` when the answer came from an API without them.
    pub elr: Option<Vec<i32>>,
    pub last_known_elr: Option<Vec<i32>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TopicDescription {
    pub name: String,
    pub id: Uuid,
    pub internal: bool,
    pub partitions: Vec<PartitionDescription>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClusterDescription {
    pub cluster_id: String,
    pub controller: Option<i32>,
    pub nodes: Vec<Node>,
}

/// Where a value comes from (`ConfigEntry.ConfigSource` ids on the wire).
pub mod config_source {
    pub const DYNAMIC_TOPIC: i8 = 1;
    pub const DYNAMIC_BROKER: i8 = 2;
    pub const DYNAMIC_DEFAULT_BROKER: i8 = 3;
    pub const STATIC_BROKER: i8 = 4;
    pub const DEFAULT: i8 = 5;
    pub const DYNAMIC_BROKER_LOGGER: i8 = 6;
    pub const CLIENT_METRICS: i8 = 7;
    pub const GROUP: i8 = 8;
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConfigSynonym {
    pub name: String,
    pub value: Option<String>,
    pub source: i8,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConfigEntry {
    pub name: String,
    pub value: Option<String>,
    /// One of [`config_source`].
    pub source: i8,
    pub sensitive: bool,
    pub read_only: bool,
    pub synonyms: Vec<ConfigSynonym>,
}

impl ConfigEntry {
    pub fn is_default(&self) -> bool {
        self.source == config_source::DEFAULT
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ListedOffset {
    /// -1 if no record fits.
    pub offset: i64,
    pub timestamp: i64,
    pub leader_epoch: i32,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reassignment {
    pub replicas: Vec<i32>,
    pub adding: Vec<i32>,
    pub removing: Vec<i32>,
}

/// One log directory of a broker.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LogDirDescription {
    pub error: Option<KafkaError>,
    pub replicas: Map<TopicPartition, ReplicaInfo>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ReplicaInfo {
    pub size: i64,
    pub offset_lag: i64,
    /// The replica moves here from another directory.
    pub is_future: bool,
}

/// Finalized and supported levels of features: `min, max`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FeatureMetadata {
    pub finalized: Map<String, (i16, i16)>,
    /// `None` when no level was ever finalized.
    pub epoch: Option<i64>,
    pub supported: Map<String, (i16, i16)>,
}

/// `QuorumInfo`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct QuorumInfo {
    pub leader_id: i32,
    pub leader_epoch: i64,
    pub high_watermark: i64,
    pub voters: Vec<QuorumReplica>,
    pub observers: Vec<QuorumReplica>,
    /// Endpoints of voters: listener, host, port.
    pub nodes: Map<i32, Vec<(String, String, u16)>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct QuorumReplica {
    pub replica_id: i32,
    pub directory_id: Uuid,
    pub log_end_offset: i64,
    /// Milliseconds of the epoch; -1 when unknown.
    pub last_fetch: i64,
    pub last_caught_up: i64,
}

/// The quotas of one entity.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct QuotaEntry {
    /// Entity type to name; `None` is the default.
    pub entity: Vec<(String, Option<String>)>,
    pub values: Vec<(String, Float64)>,
}

/// The SCRAM mechanisms of a user with their iterations.
pub type ScramCredentials = Vec<(i8, i32)>;

/// An API that a node offers: its number and versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OfferedApi {
    pub code: i16,
    pub min: i16,
    pub max: i16,
}

/// What became of each item of a call.
pub type PerItem<K, V> = Map<K, Result<V, KafkaError>>;

/// What a call brought. Items fail one by one; a call that fails as a whole fails every item.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AdminReply {
    /// Sorted by name.
    Topics(Vec<TopicListing>),
    /// Of CreateTopics, DeleteTopics, CreatePartitions.
    PerTopic(PerItem<String, ()>),
    Descriptions(PerItem<String, TopicDescription>),
    DescriptionsById(PerItem<Uuid, TopicDescription>),
    Cluster(ClusterDescription),
    Configs(PerItem<ConfigResource, Vec<ConfigEntry>>),
    PerResource(PerItem<ConfigResource, ()>),
    Offsets(PerItem<TopicPartition, ListedOffset>),
    Elections(PerItem<TopicPartition, ()>),
    Reassignments(Map<TopicPartition, Reassignment>),
    /// Of AlterPartitionReassignments.
    PerPartition(PerItem<TopicPartition, ()>),
    LogDirs(PerItem<i32, Map<String, LogDirDescription>>),
    PerReplica(PerItem<(i32, TopicPartition), ()>),
    /// New log starts.
    LowWatermarks(PerItem<TopicPartition, i64>),
    Features(FeatureMetadata),
    /// Of UpdateFeatures.
    PerFeature(PerItem<String, ()>),
    Quorum(QuorumInfo),
    Quotas(Vec<QuotaEntry>),
    /// Without their ids, which no answer has.
    Acls(Vec<AccessControlEntryRecord>),
    ScramUsers(PerItem<String, ScramCredentials>),
    PerUser(PerItem<String, ()>),
    ConfigResources(Vec<ConfigResource>),
    Groups(Vec<String>),
    Versions(Vec<OfferedApi>),
    /// The call did what it was to do and has nothing to tell.
    Done,
}

/// The first failure of the items, in their order (`all().get()`).
pub fn first_failure<K: Ord, V>(items: &PerItem<K, V>) -> Option<&KafkaError> {
    items.values().find_map(|result| result.as_ref().err())
}
