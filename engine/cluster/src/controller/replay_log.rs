//! What a controller logs of its decisions and of the records that it replays, in Kafka's words.

use base::Uuid;

use protocol::messages::{BrokerHeartbeatRequest, BrokerRegistrationRequest};
use protocol::metadata::client_quota_record::EntityData;
use protocol::metadata::{
    BrokerRegistrationChangeRecord, ConfigRecord, MetadataRecord, PartitionChangeRecord, PartitionRecord,
    RegisterBrokerRecord,
};

use super::control::ControlState;
use super::heartbeat::BrokerControlState;
use crate::config::PROTOCOLS;
use crate::features::MetadataVersion;
use crate::metadata::security::{MECHANISMS, describe};
use crate::metadata::{BrokerRegistration, MetadataImage, PartitionRegistration, RECOVERING, ResourceType};
use crate::server_log::{joined, logger};

/// A class and what it says.
pub(super) type Line = (&'static str, String);

/// The line about a record that is about to be replayed; none for those of which Kafka says nothing at this level.
pub(super) fn replayed(record: &MetadataRecord, offset: i64, before: &MetadataImage) -> Option<Line> {
    Some(match record {
        MetadataRecord::Topic(r) => {
            (logger::REPLICATION, format!("Replayed TopicRecord for topic {} with topic ID {}.", r.name, r.topic_id))
        }
        MetadataRecord::RemoveTopic(r) => {
            let name = &before.topic(r.topic_id)?.name;
            (logger::REPLICATION, format!("Replayed RemoveTopicRecord for topic {name} with ID {}.", r.topic_id))
        }
        MetadataRecord::Partition(r) => (logger::REPLICATION, new_partition(r, before)?),
        MetadataRecord::PartitionChange(r) if r.removing_replicas.is_some() || r.adding_replicas.is_some() => {
            (logger::REPLICATION, assignment_change(r, before)?)
        }
        MetadataRecord::PartitionChange(r) => (logger::REPLICATION, unclean_change(r, before)?),
        MetadataRecord::ClearElr(r) => (logger::REPLICATION, cleared_elrs(&r.topic_name, before)),
        MetadataRecord::Config(r) => (logger::CONFIGURATION, config(r)),
        MetadataRecord::FeatureLevel(r) if r.name == "metadata.version" => {
            let version = MetadataVersion::of_level(r.feature_level)?.name();
            (logger::FEATURES, format!("Replayed a FeatureLevelRecord setting metadata.version to {version}"))
        }
        MetadataRecord::FeatureLevel(r) if r.feature_level == 0 => {
            (logger::FEATURES, format!("Replayed a FeatureLevelRecord removing feature {}", r.name))
        }
        MetadataRecord::FeatureLevel(r) => {
            let (name, level) = (&r.name, r.feature_level);
            (logger::FEATURES, format!("Replayed a FeatureLevelRecord setting feature {name} to {level}"))
        }
        MetadataRecord::RegisterBroker(r) => (logger::CLUSTER, registration(r, before)),
        MetadataRecord::BrokerRegistrationChange(r) => (logger::CLUSTER, registration_change(r, before)?),
        MetadataRecord::UnregisterBroker(r) => {
            let (id, epoch) = (r.broker_id, r.broker_epoch);
            (logger::CLUSTER, format!("Replayed UnregisterBrokerRecord(brokerId={id}, brokerEpoch={epoch})"))
        }
        MetadataRecord::ProducerIds(r) => {
            let text = format!(
                "Replaying ProducerIdsRecord ProducerIdsRecord(brokerId={}, brokerEpoch={}, nextProducerId={})",
                r.broker_id, r.broker_epoch, r.next_producer_id
            );
            (logger::PRODUCER_IDS, text)
        }
        MetadataRecord::BeginTransaction(r) => {
            let name = r.name.as_ref().map_or("null".to_string(), |name| format!("'{name}'"));
            (logger::OFFSET_CONTROL, format!("Replayed BeginTransactionRecord(name={name}) at offset {offset}."))
        }
        MetadataRecord::EndTransaction(_) => {
            (logger::OFFSET_CONTROL, format!("Replayed EndTransactionRecord() at offset {offset}."))
        }
        record => return security(record, before),
    })
}

fn security(record: &MetadataRecord, before: &MetadataImage) -> Option<Line> {
    let known = before.security();
    let mechanism = |id: i8| MECHANISMS.iter().find(|(known, ..)| *known == id).map_or("UNKNOWN", |(_, name, _)| name);
    Some(match record {
        MetadataRecord::UserScramCredential(r) => {
            let how = match known.scram.contains_key(&(r.mechanism, r.name.clone())) {
                true => "modifying existing",
                false => "creating new",
            };
            let (user, mechanism) = (&r.name, mechanism(r.mechanism));
            let text = format!("Replayed UserScramCredentialRecord {how} entry for {user} with mechanism {mechanism}.");
            (logger::SCRAM, text)
        }
        MetadataRecord::RemoveUserScramCredential(r) => {
            let (user, mechanism) = (&r.name, mechanism(r.mechanism));
            let text = format!("Replayed RemoveUserScramCredentialRecord for {user} with mechanism {mechanism}.");
            (logger::SCRAM, text)
        }
        MetadataRecord::ClientQuota(r) => {
            let part =
                |part: &EntityData| format!("{}={}", part.entity_type, part.entity_name.as_deref().unwrap_or("null"));
            let change = match r.remove {
                true => format!("removing {}", r.key),
                false => format!("setting {} to {}", r.key, r.value),
            };
            let entity = joined(r.entity.iter().map(part), ", ");
            let text = format!("Replayed ClientQuotaRecord for ClientQuotaEntity(entries={{{entity}}}) {change}.");
            (logger::QUOTAS, text)
        }
        MetadataRecord::AccessControlEntry(r) => {
            (logger::ACLS, format!("Replayed AccessControlEntryRecord for {}, setting {}", r.id, describe(r)))
        }
        MetadataRecord::RemoveAccessControlEntry(r) => {
            let acl = describe(known.acls.get(&r.id)?);
            (logger::ACLS, format!("Replayed RemoveAccessControlEntryRecord for {}, removing {acl}", r.id))
        }
        _ => return None,
    })
}

fn cleared_elrs(name: &str, before: &MetadataImage) -> String {
    let of_topic = before.partitions().filter(|(_, topic, _)| name.is_empty() || &*topic.name == name);
    let count = of_topic.filter(|(_, _, p)| !p.elr.is_empty() || !p.last_known_elr.is_empty()).count();
    let of = if name.is_empty() { "in all topics".to_string() } else { format!("of topic {name}") };
    format!("Removed ELRs from {count} partitions {of}.")
}

fn new_partition(record: &PartitionRecord, before: &MetadataImage) -> Option<String> {
    let topic = before.topic(record.topic_id)?;
    let known = topic.partitions.contains_key(&record.partition_id);
    Some(format!(
        "Replayed PartitionRecord for {} partition {}-{} with topic ID {} and {}.",
        if known { "existing" } else { "new" },
        topic.name,
        record.partition_id,
        record.topic_id,
        PartitionRegistration::from_record(record)
    ))
}

/// A leader was not among those who have everything (`PartitionRegistration.maybeLogPartitionChange`). Of other changes of a
/// partition Kafka speaks at a lower level.
fn unclean_change(record: &PartitionChangeRecord, before: &MetadataImage) -> Option<String> {
    let topic = before.topic(record.topic_id)?;
    let old = topic.partitions.get(&record.partition_id)?;
    let new = old.merge(record);
    if new.leader_recovery_state != RECOVERING {
        return None;
    }
    let parts = |of: &PartitionRegistration| {
        let list = |ids: &[i32]| format!("[{}]", joined(ids.iter(), ", "));
        [
            ("replicas", list(&of.replicas)),
            ("isr", list(&of.isr)),
            ("leader", of.leader.to_string()),
            (
                "leaderRecoveryState",
                if of.leader_recovery_state == RECOVERING { "RECOVERING" } else { "RECOVERED" }.into(),
            ),
            ("leaderEpoch", of.leader_epoch.to_string()),
            ("elr", list(&of.elr)),
            ("lastKnownElr", list(&of.last_known_elr)),
            ("partitionEpoch", of.partition_epoch.to_string()),
        ]
    };
    let changes = parts(old).into_iter().zip(parts(&new)).filter(|(old, new)| old != new);
    let changes = changes.map(|((name, old), (_, new))| format!("{name}: {old} -> {new}"));
    let (name, partition, id) = (&topic.name, record.partition_id, record.topic_id);
    Some(format!("UNCLEAN partition change for {name}-{partition} with topic ID {id}: {}", joined(changes, ", ")))
}

fn assignment_change(record: &PartitionChangeRecord, before: &MetadataImage) -> Option<String> {
    const NO_LEADER_CHANGE: i32 = -2;
    let topic = before.topic(record.topic_id)?;
    let old = topic.partitions.get(&record.partition_id)?;
    let list = |ids: &[i32]| format!("[{}]", joined(ids.iter(), ", "));
    let optional = |ids: &Option<Vec<i32>>| ids.as_deref().map_or("null".to_string(), list);
    let directories = directories(record.directories.as_ref());
    let (isr, replicas) = (record.isr.as_ref().unwrap_or(&old.isr), record.replicas.as_ref().unwrap_or(&old.replicas));
    Some(format!(
        "Replayed partition assignment change PartitionChangeRecord(partitionId={}, topicId={}, isr={}, leader={}, \
         replicas={}, removingReplicas={}, addingReplicas={}, leaderRecoveryState={}, directories={directories}, \
         eligibleLeaderReplicas={}, lastKnownElr={}) for topic {}. (isr: {} -> {}, replicaSet: {} -> {}, \
         partitionEpoch: {}, leaderEpoch: {})",
        record.partition_id,
        record.topic_id,
        optional(&record.isr),
        record.leader,
        optional(&record.replicas),
        optional(&record.removing_replicas),
        optional(&record.adding_replicas),
        record.leader_recovery_state,
        optional(&record.eligible_leader_replicas),
        optional(&record.last_known_elr),
        topic.name,
        list(&old.isr),
        list(isr),
        list(&old.replicas),
        list(replicas),
        old.partition_epoch + 1,
        old.leader_epoch + i32::from(record.leader != NO_LEADER_CHANGE)
    ))
}

fn config(record: &ConfigRecord) -> String {
    let kind = match ResourceType::from_id(record.resource_type) {
        Some(ResourceType::Topic) => "TOPIC",
        Some(ResourceType::Broker) => "BROKER",
        Some(ResourceType::BrokerLogger) => "BROKER_LOGGER",
        Some(ResourceType::ClientMetrics) => "CLIENT_METRICS",
        Some(ResourceType::Group) => "GROUP",
        None => "UNKNOWN",
    };
    let value = record.value.as_deref().unwrap_or("null");
    format!(
        "Replayed ConfigRecord for ConfigResource(type={kind}, name='{}') which set configuration {} to {value}",
        record.resource_name, record.name
    )
}

fn registration(record: &RegisterBrokerRecord, before: &MetadataImage) -> String {
    let how = match before.broker(record.broker_id) {
        None => "initial RegisterBrokerRecord for",
        Some(known) if known.incarnation_id == record.incarnation_id => {
            "RegisterBrokerRecord modifying the registration for"
        }
        Some(_) => "RegisterBrokerRecord establishing a new incarnation of",
    };
    let end_points = record.end_points.iter().map(|at| {
        format!(
            "BrokerEndpoint(name='{}', host='{}', port={}, securityProtocol={})",
            at.name, at.host, at.port, at.security_protocol
        )
    });
    let features = record.features.iter().map(|feature| {
        let (min, max) = (feature.min_supported_version, feature.max_supported_version);
        format!("BrokerFeature(name='{}', minSupportedVersion={min}, maxSupportedVersion={max})", feature.name)
    });
    let rack = record.rack.as_ref().map_or("null".to_string(), |rack| format!("'{rack}'"));
    format!(
        "Replayed {how} broker {0}: RegisterBrokerRecord(brokerId={0}, isMigratingZkBroker=false, incarnationId={1}, \
         brokerEpoch={2}, endPoints=[{3}], features=[{4}], rack={rack}, fenced={5}, inControlledShutdown={6}, logDirs=[{7}], \
         cordonedLogDirs=null)",
        record.broker_id,
        record.incarnation_id,
        record.broker_epoch,
        joined(end_points, ", "),
        joined(features, ", "),
        record.fenced,
        record.in_controlled_shutdown,
        joined(&record.log_dirs, ", ")
    )
}

fn directories(ids: Option<&Vec<Uuid>>) -> String {
    ids.map_or("null".to_string(), |ids| format!("[{}]", joined(ids, ", ")))
}

fn registration_change(record: &BrokerRegistrationChangeRecord, before: &MetadataImage) -> Option<String> {
    let known = before.broker(record.broker_id)?;
    let mut next = BrokerRegistration::clone(known);
    next.change(record);
    if next == **known {
        return Some(unchanged(known));
    }
    Some(format!(
        "Replayed BrokerRegistrationChangeRecord modifying the registration for broker {0}: \
         BrokerRegistrationChangeRecord(brokerId={0}, brokerEpoch={1}, fenced={2}, inControlledShutdown={3}, logDirs=[{4}], \
         cordonedLogDirs={5})",
        record.broker_id,
        record.broker_epoch,
        record.fenced,
        record.in_controlled_shutdown,
        joined(&record.log_dirs, ", "),
        directories(record.cordoned_log_dirs.as_ref())
    ))
}

/// A broker is fenced that has been (its session times out after it left, for one).
fn unchanged(known: &BrokerRegistration) -> String {
    let listeners = known.endpoints.iter().map(|at| {
        let protocol = PROTOCOLS.get(at.security_protocol as usize).unwrap_or(&"UNKNOWN");
        let (name, host, port) = (&at.name, &at.host, at.port);
        format!("Endpoint(listenerName='{name}', securityProtocol={protocol}, host='{host}', port={port})")
    });
    let features = known.features.iter().map(|(name, (min, max))| format!("{name}: {min}-{max}"));
    let rack = known.rack.as_ref().map_or("Optional.empty".to_string(), |rack| format!("Optional[{rack}]"));
    format!(
        "Ignoring no-op registration change for BrokerRegistration(id={}, epoch={}, incarnationId={}, listeners=[{}], \
         supportedFeatures={{{}}}, rack={rack}, fenced={}, inControlledShutdown={}, isMigratingZkBroker=false, \
         directories={}, cordonedDirectories={})",
        known.id,
        known.epoch,
        known.incarnation_id,
        joined(listeners, ", "),
        joined(features, ", "),
        known.fenced,
        known.in_controlled_shutdown,
        directories(Some(&known.directories)),
        directories(known.cordoned_directories.as_ref())
    )
}

/// How many partitions a broker's coming or going changes (`generateLeaderAndIsrUpdates`).
pub(super) fn changing(context: &str, records: &[MetadataRecord]) -> Option<Line> {
    let count = records.iter().filter(|record| matches!(record, MetadataRecord::PartitionChange(_))).count();
    (count > 0).then(|| (logger::REPLICATION, format!("{context}: changing {count} partition(s)")))
}

impl ControlState {
    /// What `ClusterControlManager.registerBroker` logs of a registration that it accepts.
    pub(super) fn registration_line(&self, request: &BrokerRegistrationRequest, epoch: i64, records: usize) -> Line {
        let (id, incarnation) = (request.broker_id, request.incarnation_id);
        let cleaned = records.saturating_sub(1);
        let text = match self.image.broker(id) {
            None => format!(
                "No previous registration found for broker {id}. New incarnation ID is {incarnation}.  Generated {cleaned} \
                 record(s) to clean up previous incarnations. New broker epoch is {epoch}."
            ),
            Some(known) if known.incarnation_id == incarnation => format!(
                "Amending registration of broker {id}, incarnation ID {incarnation}. Broker epoch remains {}.",
                known.epoch
            ),
            Some(known) => format!(
                "Registering a new incarnation of broker {id}. Previous incarnation ID was {}; new incarnation ID is \
                 {incarnation}. Generated {cleaned} record(s) to clean up previous incarnations. Broker epoch will become \
                 {epoch}.",
                known.incarnation_id
            ),
        };
        (logger::CLUSTER, text)
    }

    /// What `BrokerHeartbeatManager.calculateNextBrokerState` logs when a heartbeat changes what the broker is.
    pub(super) fn heartbeat_line(
        &self,
        request: &BrokerHeartbeatRequest,
        registered_at: i64,
        (current, next): (BrokerControlState, BrokerControlState),
    ) -> Option<Line> {
        use BrokerControlState::*;
        let id = request.broker_id;
        let granted = |who: &str, what: &str| format!("{who} broker {id} has requested and been granted {what}");
        let text = match (current, next) {
            (Fenced, Unfenced) => format!(
                "The request from broker {id} to unfence has been granted because it has caught up with the offset of its \
                 register broker record {registered_at}."
            ),
            (Fenced, ShutdownNow) => granted("Fenced", "an immediate shutdown."),
            (Unfenced, ShutdownNow) => granted("Unfenced", "an immediate shutdown."),
            (Unfenced, Fenced) => granted("Unfenced", "fencing"),
            (Unfenced, ControlledShutdown) => granted("Unfenced", "a controlled shutdown."),
            (ControlledShutdown, ShutdownNow) => {
                let lowest = self.heartbeats.lowest_active_offset();
                let offset = self.heartbeats.session(id)?.controlled_shutdown_offset?;
                format!(
                    "The request from broker {id} to shut down has been granted since the lowest active offset {lowest} is \
                     now greater than the broker's controlled shutdown offset {offset}."
                )
            }
            _ => return None,
        };
        Some((logger::HEARTBEATS, text))
    }
}
