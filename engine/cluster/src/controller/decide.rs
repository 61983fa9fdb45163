//! Which request is decided where, and the error that an answer carries as a whole (`ControllerApis`).

use protocol::messages::*;
use protocol::{ErrorCode, Request, Response};

use super::brokers::controller_record;
use super::control::{ApiError, ControlState};
use super::events::Cause;
use super::write::Decision;
use crate::server_log::logger;

impl ControlState {
    /// What the active controller answers, and what it writes before that. `next_offset` is where its next record goes.
    /// None for a request that controllers do not serve.
    pub(super) fn decide(&mut self, request: &Request, version: i16, next_offset: i64) -> Option<Decision> {
        Some(match request {
            Request::BrokerRegistration(request) => self.decide_registration(request, version, next_offset),
            Request::BrokerHeartbeat(request) => self.decide_heartbeat(request),
            Request::AlterPartition(request) => self.decide_alter_partition(request, version),
            Request::AssignReplicasToDirs(request) => self.decide_directories(request),
            Request::ElectLeaders(request) => self.decide_elections(request),
            Request::CreateTopics(request) => self.create_topics(request),
            Request::DeleteTopics(request) => self.delete_topics(request, version),
            Request::CreatePartitions(request) => self.create_partitions(request),
            Request::IncrementalAlterConfigs(request) => self.alter_configs(request),
            Request::AllocateProducerIds(request) => self.allocate_producer_ids(request),
            Request::ControllerRegistration(request) => {
                Decision::new(vec![controller_record(request)], ControllerRegistrationResponse::default())
            }
            Request::UnregisterBroker(request) => self.decide_unregistration(request),
            Request::AlterPartitionReassignments(request) => self.alter_reassignments(request),
            Request::UpdateFeatures(request) => self.update_features(request, version),
            Request::AlterUserScramCredentials(request) => self.alter_scram(request),
            Request::AlterClientQuotas(request) => self.alter_quotas(request),
            Request::CreateAcls(request) => self.create_acls(request),
            Request::DeleteAcls(request) => self.delete_acls(request),
            _ => return None,
        })
    }

    fn decide_registration(&self, request: &BrokerRegistrationRequest, version: i16, next_offset: i64) -> Decision {
        match self.register_broker(request, version, next_offset) {
            Ok(result) => {
                let (logger, text) =
                    self.registration_line(request, result.response.broker_epoch, result.records.len());
                Decision::new(result.records, result.response).line(logger, text)
            }
            Err(error) => {
                let error_code = error.code.code();
                let response = BrokerRegistrationResponse { error_code, ..Default::default() };
                refused("registerBroker", &error, response)
            }
        }
    }

    fn decide_heartbeat(&mut self, request: &BrokerHeartbeatRequest) -> Decision {
        self.heartbeats.contact(request.broker_id, request.broker_epoch, self.now);
        let mut lines = Vec::new();
        match self.process_heartbeat(request, &mut lines) {
            Ok((result, shutting_down)) => {
                let mut decision = Decision::new(result.records, result.response);
                decision.lines = lines;
                decision.shutting_down = shutting_down.then_some(request.broker_id);
                decision
            }
            Err(error) => {
                let error_code = error.code.code();
                let response = BrokerHeartbeatResponse { error_code, ..Default::default() };
                refused("processBrokerHeartbeat", &error, response)
            }
        }
    }

    fn decide_alter_partition(&self, request: &AlterPartitionRequest, version: i16) -> Decision {
        match self.alter_partition(request, version) {
            Ok(result) => Decision::new(result.records, result.response).because(Cause::Leader(request.broker_id)),
            Err(error) => {
                let error_code = error.code.code();
                let response = AlterPartitionResponse { error_code, ..Default::default() };
                refused("alterPartition", &error, response)
            }
        }
    }

    fn decide_directories(&self, request: &AssignReplicasToDirsRequest) -> Decision {
        match self.assign_replicas_to_dirs(request) {
            Ok(result) => Decision::new(result.records, result.response),
            Err(error) => {
                let error_code = error.code.code();
                let response = AssignReplicasToDirsResponse { error_code, ..Default::default() };
                refused("assignReplicasToDirs", &error, response)
            }
        }
    }

    fn decide_elections(&self, request: &ElectLeadersRequest) -> Decision {
        match self.elect_leaders(request) {
            Ok(result) => {
                let cause = if request.election_type == 0 { Cause::Balance } else { Cause::Controller };
                Decision::new(result.records, result.response).because(cause)
            }
            Err(error) => {
                let error_code = error.code.code();
                let response = ElectLeadersResponse { error_code, ..Default::default() };
                refused("electLeaders", &error, response)
            }
        }
    }

    fn decide_unregistration(&self, request: &UnregisterBrokerRequest) -> Decision {
        match self.unregister_broker(request.broker_id) {
            Ok(result) => Decision::new(result.records, UnregisterBrokerResponse::default()),
            Err(error) => {
                let response = UnregisterBrokerResponse {
                    error_code: error.code.code(),
                    error_message: error.message.clone(),
                    ..Default::default()
                };
                refused("unregisterBroker", &error, response)
            }
        }
    }
}

/// The line that Kafka's controller writes when an operation fails as a whole.
fn refused(operation: &str, error: &ApiError, response: impl Into<Response>) -> Decision {
    let words = error.message.as_deref().unwrap_or_else(|| error.code.message());
    let class = error.code.exception_simple_name();
    let text = format!("{operation}: event failed with {class} in 0 microseconds. Exception message: {words}");
    Decision::new(Vec::new(), response).line(logger::CONTROLLER, text)
}

/// The answer that says `code` of every part of a request; none for one that has no answer.
pub(crate) fn refusal(request: &Request, code: ErrorCode, words: &str) -> Option<Response> {
    let error_code = code.code();
    let error_message = Some(words.to_string());
    Some(match request {
        Request::BrokerRegistration(_) => BrokerRegistrationResponse { error_code, ..Default::default() }.into(),
        Request::BrokerHeartbeat(_) => BrokerHeartbeatResponse { error_code, ..Default::default() }.into(),
        Request::AlterPartition(_) => AlterPartitionResponse { error_code, ..Default::default() }.into(),
        Request::AssignReplicasToDirs(_) => AssignReplicasToDirsResponse { error_code, ..Default::default() }.into(),
        Request::AllocateProducerIds(_) => AllocateProducerIdsResponse { error_code, ..Default::default() }.into(),
        Request::ControllerRegistration(_) => {
            ControllerRegistrationResponse { error_code, error_message, ..Default::default() }.into()
        }
        Request::UnregisterBroker(_) => {
            UnregisterBrokerResponse { error_code, error_message, ..Default::default() }.into()
        }
        Request::AlterPartitionReassignments(_) => {
            AlterPartitionReassignmentsResponse { error_code, error_message, ..Default::default() }.into()
        }
        Request::ListPartitionReassignments(_) => {
            ListPartitionReassignmentsResponse { error_code, error_message, ..Default::default() }.into()
        }
        Request::DescribeQuorum(_) => DescribeQuorumResponse { error_code, error_message, ..Default::default() }.into(),
        Request::UpdateFeatures(_) => UpdateFeaturesResponse { error_code, error_message, ..Default::default() }.into(),
        Request::ElectLeaders(_) => ElectLeadersResponse { error_code, ..Default::default() }.into(),
        _ => return refusal_by_part(request, error_code, error_message),
    })
}

/// Answers without a place for an error of their own say it of each part.
fn refusal_by_part(request: &Request, error_code: i16, error_message: Option<String>) -> Option<Response> {
    Some(match request {
        Request::CreateTopics(request) => {
            let topic = |name: &String| create_topics_response::CreatableTopicResult {
                name: name.clone(),
                error_code,
                error_message: error_message.clone(),
                ..Default::default()
            };
            let topics = request.topics.iter().map(|asked| topic(&asked.name)).collect();
            CreateTopicsResponse { topics, ..Default::default() }.into()
        }
        Request::DeleteTopics(request) => {
            let topic = |name: Option<String>, topic_id| delete_topics_response::DeletableTopicResult {
                name,
                topic_id,
                error_code,
                error_message: error_message.clone(),
                ..Default::default()
            };
            let by_name = request.topic_names.iter().map(|name| topic(Some(name.clone()), base::Uuid::ZERO));
            let either = request.topics.iter().map(|asked| topic(asked.name.clone(), asked.topic_id));
            DeleteTopicsResponse { responses: by_name.chain(either).collect(), ..Default::default() }.into()
        }
        Request::CreatePartitions(request) => {
            let topic = |name: &String| create_partitions_response::CreatePartitionsTopicResult {
                name: name.clone(),
                error_code,
                error_message: error_message.clone(),
                ..Default::default()
            };
            let results = request.topics.iter().map(|asked| topic(&asked.name)).collect();
            CreatePartitionsResponse { results, ..Default::default() }.into()
        }
        Request::IncrementalAlterConfigs(request) => {
            let resource =
                |resource_type, name: &String| incremental_alter_configs_response::AlterConfigsResourceResponse {
                    error_code,
                    error_message: error_message.clone(),
                    resource_type,
                    resource_name: name.clone(),
                    ..Default::default()
                };
            let responses =
                request.resources.iter().map(|asked| resource(asked.resource_type, &asked.resource_name)).collect();
            IncrementalAlterConfigsResponse { responses, ..Default::default() }.into()
        }
        request => return refusal_of_entries(request, error_code, error_message),
    })
}

/// As [`refusal_by_part`], for credentials, quotas and access control.
fn refusal_of_entries(request: &Request, error_code: i16, error_message: Option<String>) -> Option<Response> {
    Some(match request {
        Request::AlterUserScramCredentials(request) => {
            let deleted = request.deletions.iter().map(|deletion| &deletion.name);
            let users = deleted.chain(request.upsertions.iter().map(|upsertion| &upsertion.name));
            let result = |user: &String| alter_user_scram_credentials_response::AlterUserScramCredentialsResult {
                user: user.clone(),
                error_code,
                error_message: error_message.clone(),
                ..Default::default()
            };
            AlterUserScramCredentialsResponse { results: users.map(result).collect(), ..Default::default() }.into()
        }
        Request::AlterClientQuotas(request) => {
            let entry = |_| alter_client_quotas_response::EntryData {
                error_code,
                error_message: error_message.clone(),
                ..Default::default()
            };
            AlterClientQuotasResponse { entries: request.entries.iter().map(entry).collect(), ..Default::default() }
                .into()
        }
        Request::CreateAcls(request) => {
            let result = |_| create_acls_response::AclCreationResult {
                error_code,
                error_message: error_message.clone(),
                ..Default::default()
            };
            CreateAclsResponse { results: request.creations.iter().map(result).collect(), ..Default::default() }.into()
        }
        Request::DeleteAcls(request) => {
            let result = |_| delete_acls_response::DeleteAclsFilterResult {
                error_code,
                error_message: error_message.clone(),
                ..Default::default()
            };
            let filter_results = request.filters.iter().map(result).collect();
            DeleteAclsResponse { filter_results, ..Default::default() }.into()
        }
        _ => return None,
    })
}
