//! What the admin client can be asked, and what it answers: plain values.

use std::collections::BTreeMap;

use base::Uuid;
use protocol::TopicPartition;

use crate::error::KafkaError;
use crate::node::Node;

/// A topic to create. Without `assignments`, counts of -1 mean the broker's defaults.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NewTopic {
    pub name: String,
    pub partitions: i32,
    pub replication_factor: i16,
    /// Partition to brokers; if not empty, both counts are -1.
    pub assignments: BTreeMap<i32, Vec<i32>>,
    pub configs: BTreeMap<String, String>,
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
        topics: BTreeMap<String, NewPartitions>,
    },
    DescribeCluster {
        include_fenced: bool,
    },
    DescribeConfigs {
        resources: Vec<ConfigResource>,
        synonyms: bool,
    },
    IncrementalAlterConfigs {
        changes: BTreeMap<ConfigResource, Vec<ConfigChange>>,
    },
    /// Timestamps by partition: -1 latest, -2 earliest, -3 the record with the greatest timestamp.
    ListOffsets {
        timestamps: BTreeMap<TopicPartition, i64>,
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

/// What became of each item of a call.
pub type PerItem<K, V> = BTreeMap<K, Result<V, KafkaError>>;

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
    Reassignments(BTreeMap<TopicPartition, Reassignment>),
}

/// The first failure of the items, in their order (`all().get()`).
pub fn first_failure<K: Ord, V>(items: &PerItem<K, V>) -> Option<&KafkaError> {
    items.values().find_map(|result| result.as_ref().err())
}
