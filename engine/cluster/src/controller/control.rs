//! The state that the active controller decides from, and what all its decisions share.
//!
//! A decision reads this state and gives records and a response. It changes nothing: the records are appended, replayed
//! here at once (so that the next decision sees them) and the response is sent when they are committed. What a failover
//! finds is therefore what the log says and no more.

use base::{Micros, Rng, Uuid};
use protocol::ErrorCode;
use protocol::metadata::MetadataRecord;

use super::heartbeat::HeartbeatManager;
use super::partition_change::{ChangeContext, Election, PartitionChangeBuilder};
use crate::Profile;
use crate::config::{ConfigView, ServerConfig};
use crate::metadata::{BrokerRegistration, MetadataDelta, MetadataImage, ReplayError, TopicIdPartition};
use crate::placement::{StripedReplicaPlacer, UsableBroker};

/// `DirectoryId.UNASSIGNED`: the broker will say which directory it chose.
pub const DIRECTORY_UNASSIGNED: Uuid = Uuid(1);
/// `DirectoryId.LOST`: a directory that is offline.
pub const DIRECTORY_LOST: Uuid = Uuid(2);
/// `DirectoryId.MIGRATING`: nothing is known.
pub const DIRECTORY_MIGRATING: Uuid = Uuid(0);

/// What an operation decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControllerResult<T> {
    /// Appended as one batch, in order.
    pub records: Vec<MetadataRecord>,
    pub response: T,
}

impl<T> ControllerResult<T> {
    pub fn of(records: Vec<MetadataRecord>, response: T) -> ControllerResult<T> {
        ControllerResult { records, response }
    }
}

/// An error of one part of a request, with the words that a user sees (`ApiError`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ApiError {
    pub code: ErrorCode,
    pub message: Option<String>,
}

impl ApiError {
    pub fn new(code: ErrorCode, message: impl Into<String>) -> ApiError {
        ApiError { code, message: Some(message.into()) }
    }

    /// With the words that Kafka has for the code itself.
    pub fn of(code: ErrorCode) -> ApiError {
        ApiError { code, message: Some(code.message().to_string()) }
    }
}

/// As the controller's log prints it: `TOPIC_ALREADY_EXISTS (Topic 'orders' already exists.)`.
impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words = self.message.as_deref().unwrap_or_else(|| self.code.message());
        write!(f, "{} ({words})", self.code.name())
    }
}

/// Code and words of a part's outcome, as responses carry them.
pub fn outcome(result: &Result<(), ApiError>) -> (i16, Option<String>) {
    match result {
        Ok(()) => (ErrorCode::None.code(), None),
        Err(error) => (error.code.code(), error.message.clone()),
    }
}

/// Everything that decisions read. `image` includes what is appended and not yet committed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ControlState {
    pub profile: Profile,
    pub cluster_id: Uuid,
    pub node_id: i32,
    pub config: ServerConfig,
    pub image: MetadataImage,
    pub heartbeats: HeartbeatManager,
    pub placer: StripedReplicaPlacer,
    /// Draws topic ids.
    pub ids: Rng,
    pub now: Micros,
    /// Ids of the quorum's members: configs may name them though they are no brokers.
    pub voter_ids: Vec<i32>,
    /// The finalized `kraft.version`, which stands in no metadata record.
    pub kraft_version: i16,
}

impl ControlState {
    /// Replays a record that was just appended.
    pub fn replay(
        &mut self,
        record: &MetadataRecord,
        offset: i64,
        delta: &mut MetadataDelta,
    ) -> Result<(), ReplayError> {
        let known_before = match record {
            MetadataRecord::RegisterBroker(r) => self.image.broker(r.broker_id).is_some(),
            _ => false,
        };
        self.image.replay(record, offset, delta)?;
        match record {
            MetadataRecord::RegisterBroker(r) => {
                if known_before {
                    self.heartbeats.remove(r.broker_id);
                }
                self.heartbeats.register(r.broker_id, r.fenced);
            }
            MetadataRecord::UnregisterBroker(r) => self.heartbeats.remove(r.broker_id),
            MetadataRecord::BrokerRegistrationChange(r) => {
                let fenced = self.image.broker(r.broker_id).is_none_or(|b| b.fenced);
                self.heartbeats.register(r.broker_id, fenced);
            }
            _ => {}
        }
        Ok(())
    }

    /// A new active controller knows no contact times: every unfenced broker gets a full session.
    pub fn restart_sessions(&mut self) {
        self.heartbeats = HeartbeatManager::new(self.heartbeats.session_timeout());
        for broker in self.image.brokers() {
            self.heartbeats.register(broker.id, broker.fenced);
            if !broker.fenced {
                self.heartbeats.contact(broker.id, broker.epoch, self.now);
            }
        }
    }

    pub fn configs(&self) -> ConfigView<'_> {
        ConfigView { image: &self.image, server: &self.config }
    }

    pub fn elr_enabled(&self) -> bool {
        self.image.feature("eligible.leader.replicas.version") >= 1
    }

    /// Whether a topic wants a leader at any price.
    pub fn unclean_election_enabled(&self, topic: &str) -> bool {
        self.configs().topic_flag(topic, "unclean.leader.election.enable")
    }

    /// min(`min.insync.replicas`, replication factor).
    pub fn effective_min_isr(&self, topic: &str) -> usize {
        let configured = self.configs().topic_number(topic, "min.insync.replicas");
        let factor = self.image.topic_by_name(topic).map_or(0, |t| t.replication_factor());
        usize::try_from(configured.min(i64::from(factor))).unwrap_or(0)
    }

    /// STALE_BROKER_EPOCH unless the broker is registered with this epoch.
    pub fn check_broker_epoch(&self, broker: i32, epoch: i64) -> Result<&BrokerRegistration, ApiError> {
        let stale = |words: String| ApiError::new(ErrorCode::StaleBrokerEpoch, words);
        let Some(registration) = self.image.broker(broker) else {
            return Err(stale(format!("No broker registration found for broker id {broker}")));
        };
        if registration.epoch != epoch {
            let expected = registration.epoch;
            return Err(stale(format!("Expected broker epoch {expected}, but got broker epoch {epoch}")));
        }
        Ok(registration)
    }

    /// The directory for a new replica: the broker's only one, else the broker decides.
    pub fn default_directory(&self, broker: i32) -> Uuid {
        match self.image.broker(broker).map(|b| b.directories.as_slice()) {
            Some([]) => DIRECTORY_MIGRATING,
            Some([only]) => *only,
            _ => DIRECTORY_UNASSIGNED,
        }
    }

    /// Whether a replica's directory is online on its broker.
    pub fn has_online_directory(&self, broker: i32, directory: Uuid) -> bool {
        match directory {
            DIRECTORY_UNASSIGNED | DIRECTORY_MIGRATING => true,
            DIRECTORY_LOST => false,
            _ => self
                .image
                .broker(broker)
                .is_some_and(|b| b.directories.is_empty() || b.directories.contains(&directory)),
        }
    }

    /// Whether a broker may lead this partition now.
    pub fn accepts_leader(&self, partition: TopicIdPartition, broker: i32) -> bool {
        self.image.is_active(broker) && self.is_directory_online(partition, broker)
    }

    pub fn is_directory_online(&self, partition: TopicIdPartition, broker: i32) -> bool {
        let directory = self.image.partition(partition).map_or(DIRECTORY_UNASSIGNED, |p| p.directory(broker));
        self.has_online_directory(broker, directory)
    }

    /// Runs `change` with a builder for an existing partition, whose leader must satisfy `is_acceptable`. An unclean
    /// election is allowed where the topic allows it.
    pub fn change_partition<R>(
        &self,
        partition: TopicIdPartition,
        is_acceptable: &dyn Fn(i32) -> bool,
        change: impl FnOnce(PartitionChangeBuilder<'_>) -> R,
    ) -> Option<R> {
        let topic = self.image.topic(partition.topic_id)?;
        let registration = topic.partitions.get(&partition.partition)?;
        let default_directory = |broker: i32| self.default_directory(broker);
        let context = ChangeContext {
            is_acceptable,
            default_directory: &default_directory,
            min_isr: self.effective_min_isr(&topic.name),
            elr_enabled: self.elr_enabled(),
            profile: self.profile,
        };
        let builder = PartitionChangeBuilder::new(registration, partition.topic_id, partition.partition, &context);
        let unclean = self.unclean_election_enabled(&topic.name);
        Some(change(builder.election(if unclean { Election::Unclean } else { Election::Online })))
    }

    /// Brokers that may get new replicas, in the order in which Kafka's hash map of sessions lists them.
    pub fn usable_brokers(&self) -> Vec<UsableBroker> {
        let usable = |broker: &&std::sync::Arc<BrokerRegistration>| {
            !self.heartbeats.is_shutting_down(broker.id) && broker.has_uncordoned_directory()
        };
        let brokers = self.image.brokers().filter(usable);
        let brokers = brokers.map(|b| UsableBroker { id: b.id, rack: b.rack.clone(), fenced: b.fenced }).collect();
        protocol::java::hash_map_order(brokers, |broker: &UsableBroker| broker.id)
    }
}
