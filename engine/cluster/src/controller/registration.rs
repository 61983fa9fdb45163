//! How a controller makes itself known in the metadata (KIP-919, `ControllerRegistrationManager`), and what it says of
//! itself and of the others.

use base::Uuid;
use protocol::messages::controller_registration_request::{Feature, Listener};
use protocol::messages::describe_cluster_response::DescribeClusterBroker;
use protocol::messages::{
    ApiVersionsResponse, ControllerRegistrationRequest, DescribeClusterRequest, DescribeClusterResponse,
    api_versions_response,
};
use protocol::{ApiKey, ErrorCode, Response};

use super::Fx;
use super::quorum_controller::{Process, QuorumController};
use crate::broker::membership::FEATURES;
use crate::broker::to_controller::{Lane, Purpose};
use crate::metadata::{Loaded, MetadataLoader};
use crate::raft::CONTROLLER_LISTENER;

const CONTROLLER_REGISTRATION_VERSION: i16 = 0;
/// `EndpointType.CONTROLLER`
const CONTROLLER_ENDPOINT: i8 = 2;
const RETRY_TIMER: &str = "controller-registration";

/// Where this controller's registration stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Registration {
    /// Made anew at every start of the process.
    incarnation_id: Uuid,
    in_log: bool,
    in_flight: bool,
    failures: u32,
    backing_off: bool,
}

impl Registration {
    pub fn new(incarnation_id: Uuid) -> Registration {
        Registration { incarnation_id, in_log: false, in_flight: false, failures: 0, backing_off: false }
    }
}

impl QuorumController {
    pub(super) fn note_registration(&mut self, loaded: &Loaded, loader: &MetadataLoader) {
        if loaded.delta.controllers.contains(&self.spec.node_id) {
            let own = self.registration.incarnation_id;
            let mut known = loader.image.controllers();
            self.registration.in_log = known.any(|c| c.id == self.spec.node_id && c.incarnation_id == own);
        }
    }

    /// Registers as soon as the cluster's metadata version is known, unless that was done.
    pub(super) fn register_if_due(&mut self, loader: &MetadataLoader) {
        let registration = &mut self.registration;
        let waits = registration.in_log || registration.in_flight || registration.backing_off;
        if waits || loader.image.feature("metadata.version") == 0 {
            return;
        }
        registration.in_flight = true;
        let feature = |(name, min, max): &(&str, i16, i16)| Feature {
            name: name.to_string(),
            min_supported_version: *min,
            max_supported_version: *max,
            ..Default::default()
        };
        let listener = Listener {
            name: CONTROLLER_LISTENER.to_string(),
            host: self.spec.host.clone(),
            port: self.spec.port,
            security_protocol: 0,
            ..Default::default()
        };
        let request = ControllerRegistrationRequest {
            controller_id: self.spec.node_id,
            incarnation_id: registration.incarnation_id,
            zk_migration_ready: false,
            listeners: vec![listener],
            features: FEATURES.iter().map(feature).collect(),
            ..Default::default()
        };
        let lane = Lane::ControllerRegistration;
        self.to_controller.submit(lane, Purpose::ControllerRegistration, CONTROLLER_REGISTRATION_VERSION, request);
    }

    /// The active controller answered the registration.
    pub(super) fn on_registered(&mut self, response: &Response, fx: &mut Fx<'_>) {
        let registration = &mut self.registration;
        registration.in_flight = false;
        let refused = match response {
            Response::ControllerRegistration(answer) => answer.error_code != ErrorCode::None.code(),
            _ => true,
        };
        if !refused {
            registration.failures = 0;
            // Until the record comes back through the log there is nothing more to do.
            registration.in_log = true;
            return;
        }
        // `resendExponentialBackoff`: 100 ms, doubled up to a minute.
        let wait = (100u64 << registration.failures.min(10)).min(60_000);
        registration.failures = registration.failures.saturating_add(1);
        registration.backing_off = true;
        let name = crate::ServerTimer::Named(RETRY_TIMER, 0);
        fx.set_timer_after(super::timer(name), base::Micros::from_ms(wait));
    }

    pub(super) fn on_registration_timer(&mut self, name: &str) -> bool {
        let is_own = name == RETRY_TIMER;
        if is_own {
            self.registration.backing_off = false;
        }
        is_own
    }

    pub(super) fn api_versions(&self, version: i16, process: &Process<'_>) -> ApiVersionsResponse {
        let mut response = ApiVersionsResponse::default();
        if !ApiKey::ApiVersions.versions().contains(version) {
            response.error_code = ErrorCode::UnsupportedVersion.code();
        }
        let range = |api: &&ApiKey| api_versions_response::ApiVersion {
            api_key: api.code(),
            min_version: api.min_version(),
            max_version: api.max_stable_version(),
            ..Default::default()
        };
        response.api_keys = SERVED.iter().map(|api| range(&api)).collect();
        let feature = |(name, min, max): &(&str, i16, i16)| api_versions_response::SupportedFeatureKey {
            name: name.to_string(),
            min_version: *min,
            max_version: *max,
            ..Default::default()
        };
        response.supported_features = FEATURES.iter().map(feature).collect();
        let finalized = |(name, level): (&String, &i16)| api_versions_response::FinalizedFeatureKey {
            name: name.clone(),
            max_version_level: *level,
            min_version_level: *level,
            ..Default::default()
        };
        let image = &process.loader.image;
        response.finalized_features = image.features().iter().map(finalized).collect();
        let kraft_version = process.raft.raft().kraft_version();
        if kraft_version > 0 {
            response.finalized_features.push(finalized((&"kraft.version".to_string(), &kraft_version)));
        }
        response.finalized_features_epoch = process.loader.loaded_end() - 1;
        response
    }

    /// The controllers that registered, for a client that talks to them directly.
    pub(super) fn describe_cluster(
        &self,
        request: &DescribeClusterRequest,
        process: &Process<'_>,
    ) -> DescribeClusterResponse {
        let cluster_id = self.spec.cluster_id.to_string();
        if request.endpoint_type != CONTROLLER_ENDPOINT {
            return DescribeClusterResponse {
                error_code: ErrorCode::MismatchedEndpointType.code(),
                error_message: Some(
                    "The request was sent to an endpoint of type CONTROLLER, but we wanted an endpoint of type BROKER"
                        .to_string(),
                ),
                cluster_id,
                endpoint_type: CONTROLLER_ENDPOINT,
                ..Default::default()
            };
        }
        let node = |controller: &std::sync::Arc<crate::metadata::ControllerRegistration>| {
            let at = controller.endpoints.iter().find(|endpoint| endpoint.name == CONTROLLER_LISTENER)?;
            Some(DescribeClusterBroker {
                broker_id: controller.id,
                host: at.host.clone(),
                port: i32::from(at.port),
                ..Default::default()
            })
        };
        DescribeClusterResponse {
            cluster_id,
            endpoint_type: CONTROLLER_ENDPOINT,
            controller_id: process.raft.raft().leader().unwrap_or(-1),
            brokers: process.loader.image.controllers().filter_map(node).collect(),
            ..Default::default()
        }
    }
}

/// What a controller answers (`ControllerApis`).
const SERVED: [ApiKey; 32] = [
    ApiKey::Fetch,
    ApiKey::ApiVersions,
    ApiKey::CreateTopics,
    ApiKey::DeleteTopics,
    ApiKey::DescribeAcls,
    ApiKey::DescribeConfigs,
    ApiKey::CreateAcls,
    ApiKey::DeleteAcls,
    ApiKey::CreatePartitions,
    ApiKey::ElectLeaders,
    ApiKey::IncrementalAlterConfigs,
    ApiKey::AlterPartitionReassignments,
    ApiKey::ListPartitionReassignments,
    ApiKey::AlterClientQuotas,
    ApiKey::AlterUserScramCredentials,
    ApiKey::Vote,
    ApiKey::BeginQuorumEpoch,
    ApiKey::EndQuorumEpoch,
    ApiKey::DescribeQuorum,
    ApiKey::AlterPartition,
    ApiKey::UpdateFeatures,
    ApiKey::FetchSnapshot,
    ApiKey::DescribeCluster,
    ApiKey::BrokerRegistration,
    ApiKey::BrokerHeartbeat,
    ApiKey::UnregisterBroker,
    ApiKey::AllocateProducerIds,
    ApiKey::ControllerRegistration,
    ApiKey::AssignReplicasToDirs,
    ApiKey::AddRaftVoter,
    ApiKey::RemoveRaftVoter,
    ApiKey::UpdateRaftVoter,
];
