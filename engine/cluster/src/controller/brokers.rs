//! Registration, heartbeats, fencing and unregistration of brokers (`ClusterControlManager`, `ReplicationControlManager`).

use base::{Map, Uuid};

use protocol::ErrorCode;
use protocol::messages::{
    BrokerHeartbeatRequest, BrokerHeartbeatResponse, BrokerRegistrationRequest, BrokerRegistrationResponse,
    ControllerRegistrationRequest,
};
use protocol::metadata::register_broker_record::{BrokerEndpoint, BrokerFeature};
use protocol::metadata::register_controller_record::{ControllerEndpoint, ControllerFeature};
use protocol::metadata::{
    BrokerRegistrationChangeRecord, MetadataRecord, RegisterBrokerRecord, RegisterControllerRecord,
};

use super::control::{ApiError, ControlState, ControllerResult};
use super::heartbeat::BrokerControlState;
use super::replay_log::{Line, changing};
use crate::metadata::BrokerRegistration;
use crate::spec::Mutant;

/// The feature that every registration must name.
const METADATA_VERSION: &str = "metadata.version";
/// Finalized by the quorum itself.
const KRAFT_VERSION: &str = "kraft.version";
/// Directory ids below this are reserved.
const RESERVED_DIRECTORIES: u128 = 100;

impl ControlState {
    /// Registers a new incarnation, or amends the registration of the same one. The new broker epoch is the offset that
    /// the next record gets.
    pub fn register_broker(
        &self,
        request: &BrokerRegistrationRequest,
        version: i16,
        next_offset: i64,
    ) -> Result<ControllerResult<BrokerRegistrationResponse>, ApiError> {
        let mut features = self.image.features().clone();
        features.insert(KRAFT_VERSION.to_string(), self.kraft_version);
        self.check_registration(request, &features)?;
        let existing = self.image.broker(request.broker_id);
        let mut record = registration_record(request);
        let mut records = Vec::new();
        match existing {
            Some(existing) if existing.incarnation_id == request.incarnation_id => {
                record.fenced = existing.fenced;
                record.in_controlled_shutdown = existing.in_controlled_shutdown;
                record.broker_epoch = existing.epoch;
            }
            _ => {
                // A broker that stopped cleanly names the epoch that it had; after a kill it names none.
                let clean = version >= 3 && existing.is_some_and(|b| b.epoch == request.previous_broker_epoch)
                    || self.profile.breaks(Mutant::TrustUncleanShutdown);
                self.handle_shutdown(request.broker_id, clean, &mut records);
                record.broker_epoch = next_offset;
            }
        }
        let response = BrokerRegistrationResponse { broker_epoch: record.broker_epoch, ..Default::default() };
        // The registration comes last: if a failover cuts the batch, the broker registers again.
        records.push(record.into());
        Ok(ControllerResult::of(records, response))
    }

    fn check_registration(
        &self,
        request: &BrokerRegistrationRequest,
        features: &Map<String, i16>,
    ) -> Result<(), ApiError> {
        let expected = self.cluster_id.to_string();
        if request.cluster_id != expected {
            let got = &request.cluster_id;
            return Err(ApiError::new(
                ErrorCode::InconsistentClusterId,
                format!("Expected cluster ID {expected}, but got cluster ID {got}"),
            ));
        }
        if let Some(existing) = self.image.broker(request.broker_id)
            && existing.incarnation_id != request.incarnation_id
            && self.heartbeats.has_valid_session(existing.id, existing.epoch, self.now)
        {
            return Err(ApiError::new(
                ErrorCode::DuplicateBrokerRegistration,
                "Another broker is registered with that broker id. If the broker was recently restarted this should \
                 self-resolve once the heartbeat manager expires the broker's session.",
            ));
        }
        if request.is_migrating_zk_broker {
            return Err(ApiError::new(
                ErrorCode::BrokerIdNotRegistered,
                "Controller does not support registering ZK brokers.",
            ));
        }
        self.check_directories(request)?;
        check_features(request, features)
    }

    fn check_directories(&self, request: &BrokerRegistrationRequest) -> Result<(), ApiError> {
        let invalid = |words: String| Err(ApiError::new(ErrorCode::InvalidRegistration, words));
        let directories: &[Uuid] = &request.log_dirs;
        if directories.is_empty() {
            return invalid("No directories specified in request".to_string());
        }
        if directories.iter().any(|d| d.0 < RESERVED_DIRECTORIES) {
            return invalid("Reserved directory ID in request".to_string());
        }
        if (1..directories.len()).any(|i| directories[..i].contains(&directories[i])) {
            return invalid("Duplicate directory ID in request".to_string());
        }
        for directory in directories {
            let other = self.image.brokers().find(|b| b.id != request.broker_id && b.directories.contains(directory));
            if let Some(BrokerRegistration { id, .. }) = other.map(|b| &**b) {
                return invalid(format!("Broker {id} is already registered with directory {directory}"));
            }
        }
        Ok(())
    }

    /// A heartbeat, whose arrival was noted already. `Ok`'s second part says whether the broker is in its controlled
    /// shutdown after it; `lines` are for the log.
    pub(super) fn process_heartbeat(
        &mut self,
        request: &BrokerHeartbeatRequest,
        lines: &mut Vec<Line>,
    ) -> Result<(ControllerResult<BrokerHeartbeatResponse>, bool), ApiError> {
        let (id, epoch) = (request.broker_id, request.broker_epoch);
        let registered_at = match self.image.broker(id) {
            Some(broker) => broker.registered_at,
            None => {
                let words = format!("Receive a heartbeat from broker {id} before registration");
                return Err(ApiError::new(ErrorCode::StaleBrokerEpoch, words));
            }
        };
        self.check_broker_epoch(id, epoch)?;
        let (current, next) = self.heartbeats.next_state(request, registered_at, || self.leads_anything(id));
        let mut records = Vec::new();
        if current != next {
            match next {
                BrokerControlState::Fenced | BrokerControlState::ShutdownNow => self.fence_broker(id, &mut records),
                BrokerControlState::Unfenced => self.unfence_broker(id, epoch, &mut records),
                BrokerControlState::ControlledShutdown => self.begin_controlled_shutdown(id, epoch, &mut records),
            }
            lines.extend(self.heartbeat_line(request, registered_at, (current, next)));
            let context = match next {
                BrokerControlState::Unfenced => "handleBrokerUnfenced".to_string(),
                BrokerControlState::ControlledShutdown => format!("enterControlledShutdown[{id}]"),
                _ => "handleBrokerFenced".to_string(),
            };
            lines.extend(changing(&context, &records));
        }
        self.heartbeats.touch(id, next.is_fenced(), request.current_metadata_offset);
        self.take_directories_offline(request, &mut records);
        self.note_cordoned(request, &mut records);
        let response = BrokerHeartbeatResponse {
            is_caught_up: request.current_metadata_offset >= registered_at,
            is_fenced: next.is_fenced(),
            should_shut_down: next == BrokerControlState::ShutdownNow,
            ..Default::default()
        };
        let shutting_down = next == BrokerControlState::ControlledShutdown;
        Ok((ControllerResult::of(records, response), shutting_down))
    }

    /// Directories that failed (KIP-858): their replicas leave the ISRs.
    fn take_directories_offline(&self, request: &BrokerHeartbeatRequest, records: &mut Vec<MetadataRecord>) {
        let Some(registration) = self.image.broker(request.broker_id) else { return };
        let is_offline = |directory: &Uuid| request.offline_log_dirs.contains(directory);
        if !registration.directories.iter().any(is_offline) {
            return;
        }
        self.lose_directories(request.broker_id, &request.offline_log_dirs, records);
        let online = registration.directories.iter().copied().filter(|d| !is_offline(d)).collect();
        let record = BrokerRegistrationChangeRecord {
            broker_id: request.broker_id,
            broker_epoch: request.broker_epoch,
            log_dirs: online,
            ..Default::default()
        };
        records.push(record.into());
    }

    /// Directories that take no new replicas (KIP-1066); a broker says none of it until it has caught up.
    fn note_cordoned(&self, request: &BrokerHeartbeatRequest, records: &mut Vec<MetadataRecord>) {
        let Some(registration) = self.image.broker(request.broker_id) else { return };
        if request.cordoned_log_dirs.is_some() && request.cordoned_log_dirs != registration.cordoned_directories {
            let record = BrokerRegistrationChangeRecord {
                broker_id: request.broker_id,
                broker_epoch: request.broker_epoch,
                cordoned_log_dirs: request.cordoned_log_dirs.clone(),
                ..Default::default()
            };
            records.push(record.into());
        }
    }

    /// Fences one broker whose session has ended, and says which; `true` when there may be more of them. One at a time, so that each
    /// fencing sees what the one before it did.
    pub fn fence_one_stale_broker(&mut self) -> (Vec<MetadataRecord>, Option<(i32, i64)>, bool) {
        let mut records = Vec::new();
        let Some((id, epoch)) = self.heartbeats.remove_expired(self.now) else { return (records, None, false) };
        match self.image.broker(id) {
            None => self.heartbeats.remove(id),
            // A former incarnation's session.
            Some(broker) if broker.epoch != epoch => {}
            Some(_) => {
                self.fence_broker(id, &mut records);
                self.heartbeats.fence(id);
                return (records, Some((id, epoch)), true);
            }
        }
        (records, None, true)
    }

    pub fn unregister_broker(&self, broker: i32) -> Result<ControllerResult<()>, ApiError> {
        let Some(registration) = self.image.broker(broker) else {
            let words = format!("Broker ID {broker} is not currently registered");
            return Err(ApiError::new(ErrorCode::BrokerIdNotRegistered, words));
        };
        let mut records = Vec::new();
        self.unregister(broker, registration.epoch, &mut records);
        Ok(ControllerResult::of(records, ()))
    }
}

/// Every finalized feature must be one that the broker supports at its level.
fn check_features(request: &BrokerRegistrationRequest, finalized: &Map<String, i16>) -> Result<(), ApiError> {
    let check = |name: &str, min: i16, max: i16| {
        let level = finalized.get(name).copied().unwrap_or(0);
        if (min..=max).contains(&level) {
            return Ok(());
        }
        Err(ApiError::new(
            ErrorCode::UnsupportedVersion,
            format!(
                "Unable to register because the broker does not support finalized version {level} of {name}. The broker \
                 wants a version between {min} and {max}, inclusive."
            ),
        ))
    };
    for feature in &request.features {
        check(&feature.name, feature.min_supported_version, feature.max_supported_version)?;
    }
    if !request.features.iter().any(|feature| feature.name == METADATA_VERSION) {
        let words = format!("Request features do not contain '{METADATA_VERSION}'");
        return Err(ApiError::new(ErrorCode::InvalidRegistration, words));
    }
    for (name, level) in finalized {
        if *level != 0 && !request.features.iter().any(|feature| feature.name == *name) {
            check(name, 0, 0)?;
        }
    }
    Ok(())
}

fn registration_record(request: &BrokerRegistrationRequest) -> RegisterBrokerRecord {
    let endpoint = |l: &protocol::messages::broker_registration_request::Listener| BrokerEndpoint {
        name: l.name.clone(),
        host: l.host.clone(),
        port: l.port,
        security_protocol: l.security_protocol,
        ..Default::default()
    };
    let feature = |f: &protocol::messages::broker_registration_request::Feature| BrokerFeature {
        name: f.name.clone(),
        min_supported_version: f.min_supported_version,
        max_supported_version: f.max_supported_version,
        ..Default::default()
    };
    RegisterBrokerRecord {
        broker_id: request.broker_id,
        incarnation_id: request.incarnation_id,
        end_points: request.listeners.iter().map(endpoint).collect(),
        features: request.features.iter().map(feature).collect(),
        rack: request.rack.clone(),
        log_dirs: request.log_dirs.clone(),
        ..Default::default()
    }
}

/// The record of a controller that registers itself (KIP-919).
pub fn controller_record(request: &ControllerRegistrationRequest) -> MetadataRecord {
    let endpoint = |l: &protocol::messages::controller_registration_request::Listener| ControllerEndpoint {
        name: l.name.clone(),
        host: l.host.clone(),
        port: l.port,
        security_protocol: l.security_protocol,
        ..Default::default()
    };
    let feature = |f: &protocol::messages::controller_registration_request::Feature| ControllerFeature {
        name: f.name.clone(),
        min_supported_version: f.min_supported_version,
        max_supported_version: f.max_supported_version,
        ..Default::default()
    };
    RegisterControllerRecord {
        controller_id: request.controller_id,
        incarnation_id: request.incarnation_id,
        zk_migration_ready: false,
        end_points: request.listeners.iter().map(endpoint).collect(),
        features: request.features.iter().map(feature).collect(),
        ..Default::default()
    }
    .into()
}
