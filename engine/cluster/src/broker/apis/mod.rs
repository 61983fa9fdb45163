//! What a broker answers (Kafka: `KafkaApis`): one file a family of requests.

mod alter_configs;
mod api_versions;
pub(crate) mod configs;
mod coordinators;
pub(super) mod delete_records;
pub(super) mod fetch;
mod forward;
mod list_offsets;
mod metadata;
pub(super) mod produce;
pub(crate) mod security;
mod topics;

pub(super) use alter_configs::Outcomes;
pub(crate) use alter_configs::alter_outcome;
pub(super) use coordinators::partition_for;

use std::sync::Arc;

use base::Micros;
use protocol::{ApiKey, Request};

use super::connections::{Incoming, ReplyTo};
use super::purgatory::Waiter;
use super::{Broker, Fx};
use crate::metadata::{Endpoint, MetadataImage};

impl Broker {
    /// Handles one request: answers it, passes it on, or keeps it waiting.
    pub(super) fn handle(&mut self, now: Micros, incoming: Incoming, fx: &mut Fx<'_>) {
        let reply = incoming.reply;
        let api = incoming.body.api_key();
        let offered = reply.api_version >= api.min_version() && reply.api_version <= api.max_version();
        if !offered && api != ApiKey::ApiVersions {
            return self.connections.close(&reply, fx);
        }
        if matches!(&*incoming.body, Request::Produce(_)) {
            // What nobody else holds is moved into the log.
            let request = match Arc::try_unwrap(incoming.body) {
                Ok(Request::Produce(request)) => request,
                Ok(_) => return,
                Err(shared) => match &*shared {
                    Request::Produce(request) => request.clone(),
                    _ => return,
                },
            };
            return self.handle_produce(now, reply, &incoming.client_id, request, fx);
        }
        let body = incoming.body.clone();
        match &*body {
            Request::ApiVersions(_) => self.handle_api_versions(&reply, fx),
            Request::Fetch(request) => self.handle_fetch(now, &incoming, request, fx),
            Request::ListOffsets(request) => self.handle_list_offsets(&reply, request, fx),
            Request::OffsetForLeaderEpoch(request) => self.handle_leader_epochs(&reply, request, fx),
            Request::Metadata(request) => self.handle_metadata(&reply, request, fx),
            Request::DescribeTopicPartitions(request) => self.handle_describe_topic_partitions(&reply, request, fx),
            Request::DescribeCluster(request) => self.handle_describe_cluster(&reply, request, fx),
            Request::DescribeConfigs(request) => self.handle_describe_configs(&reply, request, fx),
            Request::ListConfigResources(request) => self.handle_list_configs(&reply, request, fx),
            Request::IncrementalAlterConfigs(request) => self.handle_alter_configs(&reply, request, fx),
            Request::DescribeLogDirs(request) => self.handle_describe_log_dirs(&reply, request, fx),
            Request::AlterReplicaLogDirs(request) => self.handle_alter_log_dirs(&reply, request, fx),
            Request::DescribeUserScramCredentials(request) => self.handle_describe_scram(&reply, request, fx),
            Request::DescribeClientQuotas(request) => self.handle_describe_quotas(&reply, request, fx),
            Request::DescribeAcls(request) => self.handle_describe_acls(&reply, request, fx),
            Request::DeleteRecords(request) => self.handle_delete_records(now, &reply, request, fx),
            Request::FindCoordinator(request) => self.handle_find_coordinator(&reply, request, fx),
            Request::InitProducerId(request) => self.handle_init_producer_id(&reply, request, fx),
            Request::CreateTopics(_)
            | Request::DeleteTopics(_)
            | Request::CreatePartitions(_)
            | Request::ElectLeaders(_)
            | Request::AlterPartitionReassignments(_)
            | Request::ListPartitionReassignments(_)
            | Request::UnregisterBroker(_)
            | Request::AddRaftVoter(_)
            | Request::RemoveRaftVoter(_)
            | Request::UpdateFeatures(_)
            | Request::AlterUserScramCredentials(_)
            | Request::AlterClientQuotas(_)
            | Request::CreateAcls(_)
            | Request::DeleteAcls(_)
            | Request::DescribeQuorum(_) => self.forward(reply, &body),
            _ => self.handle_group(now, &incoming, fx),
        }
    }

    /// Something that this waiting request waits for changed.
    pub(super) fn try_complete(&mut self, now: Micros, id: u64, fx: &mut Fx<'_>) {
        match self.purgatory.get(id) {
            Some(Waiter::Produce(_)) => self.try_complete_produce(id, fx),
            Some(Waiter::Fetch(_)) => self.try_complete_fetch(now, id, fx),
            Some(Waiter::Delete(_)) => self.try_complete_delete(id, fx),
            None => {}
        }
    }

    /// A waiting request has run out of time.
    pub(super) fn on_delayed_expired(&mut self, now: Micros, id: u64, fx: &mut Fx<'_>) {
        match self.purgatory.take(id, fx) {
            Some(Waiter::Produce(waiter)) => self.expire_produce(waiter, fx),
            Some(Waiter::Fetch(waiter)) => self.complete_fetch(now, waiter, fx),
            Some(Waiter::Delete(waiter)) => self.expire_deletes(waiter, fx),
            None => {}
        }
    }
}

/// The cluster as clients of one listener see it: they are told the addresses of that listener.
#[derive(Clone, Copy)]
struct Seen<'a> {
    image: &'a MetadataImage,
    listener: &'a str,
}

impl<'a> Seen<'a> {
    /// Where a registered, unfenced broker can be reached.
    fn alive_endpoint(self, broker: i32) -> Option<&'a Endpoint> {
        self.image.broker(broker).filter(|broker| !broker.fenced)?.endpoint(self.listener)
    }

    /// Where a registered broker can be reached, fenced or not.
    fn endpoint(self, broker: i32) -> Option<&'a Endpoint> {
        self.image.broker(broker)?.endpoint(self.listener)
    }
}

impl Broker {
    /// What the sender of a request sees.
    fn seen_by(&self, reply: &ReplyTo) -> Seen<'_> {
        let listener = self.settings.listeners.bound.get(usize::from(reply.listener));
        Seen { image: &self.metadata.image, listener: listener.map_or("", |(name, _)| name) }
    }
}
