//! FindCoordinator, and producer ids for idempotent producers.

use protocol::messages::find_coordinator_response::Coordinator;
use protocol::messages::{
    FindCoordinatorRequest, FindCoordinatorResponse, InitProducerIdRequest, InitProducerIdResponse,
};
use protocol::{ErrorCode, TopicPartition, topic};

use crate::broker::connections::ReplyTo;
use crate::broker::{Broker, Fx};

/// `CoordinatorType`
const GROUP: i8 = 0;
const TRANSACTION: i8 = 1;

impl Broker {
    pub(super) fn handle_find_coordinator(
        &mut self,
        reply: &ReplyTo,
        request: &FindCoordinatorRequest,
        fx: &mut Fx<'_>,
    ) {
        let keys = if reply.api_version < 4 { vec![request.key.clone()] } else { request.coordinator_keys.clone() };
        let found: Vec<Coordinator> =
            keys.into_iter().map(|key| self.find_coordinator(reply, request.key_type, key, fx)).collect();
        let mut response = FindCoordinatorResponse::default();
        if reply.api_version >= 4 {
            response.coordinators = found;
        } else if let Some(only) = found.into_iter().next() {
            (response.error_code, response.error_message) = (only.error_code, only.error_message);
            (response.node_id, response.host, response.port) = (only.node_id, only.host, only.port);
        }
        self.connections.respond(reply, response, fx);
    }

    /// The broker that leads the partition of the internal topic to which a group or transaction belongs. The topic is
    /// created at the first question.
    fn find_coordinator(&mut self, reply: &ReplyTo, key_type: i8, key: String, fx: &mut Fx<'_>) -> Coordinator {
        let none = |key: String, error: ErrorCode| Coordinator {
            key,
            node_id: -1,
            host: String::new(),
            port: -1,
            error_code: error.code(),
            error_message: Some(error.message().to_string()),
            ..Default::default()
        };
        let name = match key_type {
            GROUP => topic::GROUP_METADATA_TOPIC_NAME,
            TRANSACTION => topic::TRANSACTION_STATE_TOPIC_NAME,
            _ => return none(key, ErrorCode::InvalidRequest),
        };
        let Some(found) = self.metadata.image.topic_by_name(name) else {
            self.create_topics(vec![name.to_string()], fx);
            return none(key, ErrorCode::CoordinatorNotAvailable);
        };
        let partition = partition_for(&key, found.partitions.len());
        let id = TopicPartition::new(name, partition);
        let leader = self.metadata.image.partition_by_name(&id).map(|registration| registration.leader);
        let endpoint = leader.and_then(|id| Some((id, self.seen_by(reply).alive_endpoint(id)?)));
        match endpoint {
            Some((node_id, endpoint)) => Coordinator {
                key,
                node_id,
                host: endpoint.host.clone(),
                port: i32::from(endpoint.port),
                ..Default::default()
            },
            None => none(key, ErrorCode::CoordinatorNotAvailable),
        }
    }

    /// An idempotent producer without transactions gets the next free id and epoch 0.
    pub(super) fn handle_init_producer_id(
        &mut self,
        reply: &ReplyTo,
        request: &InitProducerIdRequest,
        fx: &mut Fx<'_>,
    ) {
        if request.transactional_id.is_some() {
            // There is no transaction coordinator on this broker.
            let error_code = ErrorCode::CoordinatorNotAvailable.code();
            let response =
                InitProducerIdResponse { error_code, producer_id: -1, producer_epoch: -1, ..Default::default() };
            return self.connections.respond(reply, response, fx);
        }
        self.producer_ids.wait(*reply);
        self.serve_producer_ids(fx);
    }
}

/// The partition of `__consumer_offsets` or `__transaction_state` that a key belongs to (`Utils.abs(key.hashCode)`).
pub(in crate::broker) fn partition_for(key: &str, partitions: usize) -> i32 {
    let count = i32::try_from(partitions).unwrap_or(i32::MAX).max(1);
    (protocol::java::java_string_hash(key) & i32::MAX) % count
}
