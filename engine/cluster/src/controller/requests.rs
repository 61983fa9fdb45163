//! Which request is decided where, and the error that an answer carries as a whole (`ControllerApis`).

use protocol::messages::*;
use protocol::{ApiKey, ErrorCode, Request, Response};

use super::brokers::controller_record;
use super::control::ApiError;
use super::{Cause, Controller, Fx};
use crate::broker::connections::Incoming;
use crate::broker::membership::FEATURES;

impl Controller {
    pub(super) fn handle(&mut self, incoming: Incoming, fx: &mut Fx<'_>) {
        let Incoming { reply, body, .. } = incoming;
        let version = reply.api_version;
        let response: Response = match &*body {
            Request::Fetch(request) => return self.on_fetch(reply, request, fx),
            Request::ApiVersions(_) => self.api_versions(version).into(),
            Request::BrokerRegistration(request) => self.on_registration(request, version, fx).into(),
            Request::BrokerHeartbeat(request) => self.on_heartbeat(request, fx).into(),
            Request::AlterPartition(request) => self.on_alter_partition(request, version, fx).into(),
            Request::AssignReplicasToDirs(request) => self.on_assign_directories(request, fx).into(),
            Request::ElectLeaders(request) => self.on_elect_leaders(request, fx).into(),
            Request::CreateTopics(request) => self.on_create_topics(request, fx).into(),
            Request::DeleteTopics(request) => self.on_delete_topics(request, version, fx).into(),
            Request::CreatePartitions(request) => self.on_create_partitions(request, fx).into(),
            Request::IncrementalAlterConfigs(request) => self.on_alter_configs(request, fx).into(),
            Request::AllocateProducerIds(request) => self.on_allocate_producer_ids(request, fx).into(),
            Request::ControllerRegistration(request) => {
                self.commit(vec![controller_record(request)], Cause::Controller, fx);
                ControllerRegistrationResponse::default().into()
            }
            Request::UnregisterBroker(request) => self.on_unregister(request, fx).into(),
            Request::ListPartitionReassignments(request) => self.on_list_reassignments(request).into(),
            // Kafka's server closes a connection that asks what it does not serve.
            _ => return self.connections.close(&reply, fx),
        };
        self.connections.respond(&reply, response, fx);
    }

    fn api_versions(&self, version: i16) -> ApiVersionsResponse {
        let mut response = ApiVersionsResponse::default();
        if !ApiKey::ApiVersions.versions().contains(version) {
            response.error_code = ErrorCode::UnsupportedVersion.code();
        }
        let served = [
            ApiKey::Fetch,
            ApiKey::ApiVersions,
            ApiKey::CreateTopics,
            ApiKey::DeleteTopics,
            ApiKey::CreatePartitions,
            ApiKey::ElectLeaders,
            ApiKey::IncrementalAlterConfigs,
            ApiKey::AlterPartition,
            ApiKey::BrokerRegistration,
            ApiKey::BrokerHeartbeat,
            ApiKey::UnregisterBroker,
            ApiKey::AllocateProducerIds,
            ApiKey::ListPartitionReassignments,
            ApiKey::ControllerRegistration,
            ApiKey::AssignReplicasToDirs,
        ];
        response.api_keys = served
            .iter()
            .map(|api| api_versions_response::ApiVersion {
                api_key: api.code(),
                min_version: api.min_version(),
                max_version: api.max_stable_version(),
                ..Default::default()
            })
            .collect();
        let feature = |(name, min, max): &(&str, i16, i16)| api_versions_response::SupportedFeatureKey {
            name: name.to_string(),
            min_version: *min,
            max_version: *max,
            ..Default::default()
        };
        response.supported_features = FEATURES.iter().map(feature).collect();
        response
    }

    fn on_registration(
        &mut self,
        request: &BrokerRegistrationRequest,
        version: i16,
        fx: &mut Fx<'_>,
    ) -> BrokerRegistrationResponse {
        let features = self.state.image.features().clone();
        match self.state.register_broker(request, version, self.log.log_end(), &features) {
            Ok(result) => {
                self.commit(result.records, Cause::Controller, fx);
                result.response
            }
            Err(error) => {
                let error_code = self.refused("registration", request.broker_id, &error, fx);
                BrokerRegistrationResponse { error_code, ..Default::default() }
            }
        }
    }

    fn on_heartbeat(&mut self, request: &BrokerHeartbeatRequest, fx: &mut Fx<'_>) -> BrokerHeartbeatResponse {
        let now = self.state.now;
        self.state.heartbeats.contact(request.broker_id, request.broker_epoch, now);
        match self.state.process_heartbeat(request) {
            Ok((result, shutting_down)) => {
                let end = self.commit(result.records, Cause::Controller, fx);
                if shutting_down {
                    let offset = end.unwrap_or(self.log.log_end() - 1);
                    self.state.heartbeats.begin_controlled_shutdown(request.broker_id, offset);
                }
                result.response
            }
            Err(error) => {
                let error_code = self.refused("heartbeat", request.broker_id, &error, fx);
                BrokerHeartbeatResponse { error_code, ..Default::default() }
            }
        }
    }

    fn on_alter_partition(
        &mut self,
        request: &AlterPartitionRequest,
        version: i16,
        fx: &mut Fx<'_>,
    ) -> AlterPartitionResponse {
        match self.state.alter_partition(request, version) {
            Ok(result) => {
                self.commit(result.records, Cause::Leader(request.broker_id), fx);
                result.response
            }
            Err(error) => {
                let error_code = self.refused("AlterPartition", request.broker_id, &error, fx);
                AlterPartitionResponse { error_code, ..Default::default() }
            }
        }
    }

    fn on_assign_directories(
        &mut self,
        request: &AssignReplicasToDirsRequest,
        fx: &mut Fx<'_>,
    ) -> AssignReplicasToDirsResponse {
        match self.state.assign_replicas_to_dirs(request) {
            Ok(result) => {
                self.commit(result.records, Cause::Controller, fx);
                result.response
            }
            Err(error) => {
                let error_code = self.refused("AssignReplicasToDirs", request.broker_id, &error, fx);
                AssignReplicasToDirsResponse { error_code, ..Default::default() }
            }
        }
    }

    fn on_elect_leaders(&mut self, request: &ElectLeadersRequest, fx: &mut Fx<'_>) -> ElectLeadersResponse {
        match self.state.elect_leaders(request) {
            Ok(result) => {
                let cause = if request.election_type == 0 { Cause::Balance } else { Cause::Controller };
                self.commit(result.records, cause, fx);
                result.response
            }
            Err(error) => ElectLeadersResponse { error_code: error.code.code(), ..Default::default() },
        }
    }

    fn on_unregister(&mut self, request: &UnregisterBrokerRequest, fx: &mut Fx<'_>) -> UnregisterBrokerResponse {
        match self.state.unregister_broker(request.broker_id) {
            Ok(result) => {
                self.commit(result.records, Cause::Controller, fx);
                UnregisterBrokerResponse::default()
            }
            Err(error) => UnregisterBrokerResponse {
                error_code: error.code.code(),
                error_message: error.message,
                ..Default::default()
            },
        }
    }

    /// These answers have no room for words, so they stand in the controller's own log.
    fn refused(&self, what: &str, broker: i32, error: &ApiError, fx: &mut Fx<'_>) -> i16 {
        let words = error.message.as_deref().unwrap_or_else(|| error.code.message());
        self.log_line("INFO", "QuorumController", format!("{what} of broker {broker} refused: {words}"), fx);
        error.code.code()
    }
}
