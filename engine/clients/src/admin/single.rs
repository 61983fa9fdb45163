//! Calls that are one request to one kind of node and one answer: no look-ups, no pages. What each asks and how it reads
//! the answer stands side by side.

mod answers;
mod requests;

use protocol::messages::metadata_response::MetadataResponseBroker;
use protocol::{ErrorCode, Request, Response};

use super::call::{AdminCall, AdminReply, PerItem};
use super::operation::{Operation, Reaction, Step, Target};
use crate::error::{self, KafkaError};

const LOGGER: &str = "org.apache.kafka.clients.admin.KafkaAdminClient";

/// The first requests of such a call; `None` if the call is of another kind.
pub(crate) fn start(operation: &mut Operation) -> Option<Vec<Step>> {
    let ask = |name, target| vec![Step::Ask { name, target }];
    Some(match &operation.call {
        AdminCall::AlterPartitionReassignments { .. } => ask("alterPartitionReassignments", Target::Controller),
        AdminCall::DescribeLogDirs { brokers } => {
            let step = |broker: &i32| Step::Ask { name: "describeLogDirs", target: Target::Broker(*broker) };
            let steps = brokers.iter().map(step).collect();
            operation.reply = Some(AdminReply::LogDirs(PerItem::new()));
            steps
        }
        AdminCall::AlterReplicaLogDirs { directories } => {
            let mut brokers: Vec<i32> = directories.keys().map(|(broker, _)| *broker).collect();
            brokers.dedup();
            operation.reply = Some(AdminReply::PerReplica(PerItem::new()));
            let step = |broker: i32| Step::Ask { name: "alterReplicaLogDirs", target: Target::Broker(broker) };
            brokers.into_iter().map(step).collect()
        }
        AdminCall::DescribeFeatures { node } => {
            ask("describeFeatures", node.map_or(Target::LeastLoaded, Target::Broker))
        }
        AdminCall::UpdateFeatures { .. } => ask("updateFeatures", Target::Controller),
        AdminCall::DescribeMetadataQuorum => ask("describeMetadataQuorum", Target::LeastLoaded),
        AdminCall::AddRaftVoter { .. } => ask("addRaftVoter", Target::LeastLoaded),
        AdminCall::RemoveRaftVoter { .. } => ask("removeRaftVoter", Target::LeastLoaded),
        AdminCall::UnregisterBroker { .. } => ask("unregisterBroker", Target::LeastLoaded),
        AdminCall::DescribeClientQuotas { .. } => ask("describeClientQuotas", Target::LeastLoaded),
        AdminCall::AlterClientQuotas { .. } => ask("alterClientQuotas", Target::LeastLoaded),
        AdminCall::DescribeUserScramCredentials { .. } => ask("describeUserScramCredentials", Target::LeastLoaded),
        AdminCall::AlterUserScramCredentials { .. } => ask("alterUserScramCredentials", Target::Controller),
        AdminCall::DescribeAcls { .. } => ask("describeAcls", Target::LeastLoaded),
        AdminCall::CreateAcls { .. } => ask("createAcls", Target::LeastLoaded),
        AdminCall::DeleteAcls { .. } => ask("deleteAcls", Target::LeastLoaded),
        AdminCall::ListConfigResources { .. } => ask("listConfigResources", Target::LeastLoaded),
        AdminCall::ListGroups => ask("findAllBrokers", Target::LeastLoaded),
        AdminCall::NodeVersions { node } => ask("apiVersions", Target::Broker(*node)),
        _ => return None,
    })
}

pub(crate) fn request(operation: &Operation, target: Target, timeout_ms: i32) -> Request {
    requests::request(&operation.call, target, timeout_ms)
}

/// Takes an answer in; `None` if it is no answer to such a call.
pub(crate) fn on_response(operation: &mut Operation, step: &Step, response: &Response) -> Option<Reaction> {
    let Step::Ask { target, .. } = step else { return None };
    if let (AdminCall::ListGroups, Response::Metadata(response)) = (&operation.call, response) {
        // Each broker knows those that it coordinates.
        operation.reply = Some(AdminReply::Groups(Vec::new()));
        let ask =
            |broker: &MetadataResponseBroker| Step::Ask { name: "listGroups", target: Target::Broker(broker.node_id) };
        return Some(Reaction::then(response.brokers.iter().map(ask).collect()));
    }
    Some(match answers::read(operation, *target, response)? {
        Ok(()) => Reaction::done(),
        Err(error) if error.code == ErrorCode::NotController => Reaction::not_controller(),
        Err(error) if error.retriable && !is_final(&operation.call, &error) => Reaction::again(error),
        Err(error) => {
            fail(operation, *target, &error);
            let mut reaction = Reaction::done();
            if let AdminCall::UnregisterBroker { broker } = &operation.call {
                let text = format!("Unregister broker request for broker ID {broker} failed: {}", error.message());
                reaction.errors.push((LOGGER, text));
            }
            reaction
        }
    })
}

/// A change of voters that a leader gave up is not tried again.
fn is_final(call: &AdminCall, error: &KafkaError) -> bool {
    matches!(call, AdminCall::AddRaftVoter { .. } | AdminCall::RemoveRaftVoter { .. })
        && error.code == ErrorCode::RequestTimedOut
}

/// A request failed for good: the item that it stood for, or the call as a whole.
pub(crate) fn fail(operation: &mut Operation, target: Target, error: &KafkaError) {
    match (&mut operation.reply, target, &operation.call) {
        (Some(AdminReply::LogDirs(items)), Target::Broker(broker), _) => {
            items.insert(broker, Err(error.clone()));
        }
        (
            Some(AdminReply::PerReplica(items)),
            Target::Broker(broker),
            AdminCall::AlterReplicaLogDirs { directories },
        ) => {
            let of_broker = directories.keys().filter(|(on, _)| *on == broker);
            items.extend(of_broker.map(|replica| (replica.clone(), Err(error.clone()))));
        }
        (_, Target::LeastLoaded, AdminCall::ListGroups) => {
            let why = "Failed to find brokers to send ListGroups";
            operation.failure = Some(KafkaError::new(error::KAFKA, why).caused_by(error.clone()));
        }
        _ => operation.failure = Some(error.clone()),
    }
}
