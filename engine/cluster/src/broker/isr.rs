//! ISR changes on their way to the controller (Kafka: `AlterPartitionManager`): one request under way, one change for a
//! partition, all that wait travel together.

use base::{Map, Uuid};

use protocol::messages::alter_partition_request::{BrokerState, PartitionData, TopicData};
use protocol::messages::{AlterPartitionRequest, AlterPartitionResponse};
use protocol::{ErrorCode, Response};
use std::sync::Arc;

use super::partition::{Committed, IsrProposal};
use crate::metadata::{RECOVERED, RECOVERING, TopicIdPartition};

/// Answers about more partitions come before the metadata is applied, which takes its time for each.
const FEW: usize = 8;

/// A change that a request carries.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SentChange {
    pub partition: TopicIdPartition,
    pub proposal: IsrProposal,
}

/// The answer about one partition: leader epoch, ISR and partition epoch, or an error.
pub type Answer = Result<(i32, Committed, i32), ErrorCode>;

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AlterPartitionManager {
    /// By partition; a change stays here until it is answered.
    unsent: Map<TopicIdPartition, IsrProposal>,
    in_flight: bool,
    /// A request failed as a whole; the next one waits a little.
    backing_off: bool,
    /// An answer that came and is not looked at yet.
    parked: Option<(Vec<SentChange>, Arc<Response>)>,
}

/// What an answer to a whole request means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Answers, each with the change it is about.
    Answered(Vec<(SentChange, Answer)>),
    /// Nothing was decided; the same changes go out again after a while.
    Retry,
}

impl AlterPartitionManager {
    /// Takes a change in. False when one about the same partition still waits: the caller must give this one up
    /// (OPERATION_NOT_ATTEMPTED).
    pub fn submit(&mut self, partition: TopicIdPartition, proposal: IsrProposal) -> bool {
        let free = !self.unsent.contains_key(&partition);
        if free {
            self.unsent.insert(partition, proposal);
        }
        free
    }

    /// The request to send now, if any, with what it carries.
    pub fn next_request(
        &mut self,
        broker_id: i32,
        broker_epoch: i64,
    ) -> Option<(AlterPartitionRequest, Vec<SentChange>)> {
        if self.in_flight || self.backing_off || self.unsent.is_empty() {
            return None;
        }
        self.in_flight = true;
        let mut topics: Vec<TopicData> = Vec::new();
        for (partition, proposal) in &self.unsent {
            if topics.last().is_none_or(|topic| topic.topic_id != partition.topic_id) {
                topics.push(TopicData { topic_id: partition.topic_id, ..Default::default() });
            }
            let topic = topics.last_mut().expect("pushed above");
            topic.partitions.push(partition_data(partition.partition, proposal));
        }
        let changes = self
            .unsent
            .iter()
            .map(|(partition, proposal)| SentChange { partition: *partition, proposal: proposal.clone() })
            .collect();
        Some((AlterPartitionRequest { broker_id, broker_epoch, topics, ..Default::default() }, changes))
    }

    /// An answer arrived. True when it waits for [`AlterPartitionManager::take_parked`]: the metadata that says the same
    /// goes another way, and in Kafka it usually wins while it is about a few partitions (seen on 4.3.1).
    pub fn park(&mut self, sent: Vec<SentChange>, response: Arc<Response>) -> bool {
        let waits = sent.len() <= FEW;
        self.parked = Some((sent, response));
        waits
    }

    pub fn take_parked(&mut self) -> Option<(Vec<SentChange>, Arc<Response>)> {
        self.parked.take()
    }

    pub fn on_response(&mut self, sent: Vec<SentChange>, response: &AlterPartitionResponse) -> Outcome {
        self.in_flight = false;
        if response.error_code != ErrorCode::None.code() {
            self.backing_off = true;
            return Outcome::Retry;
        }
        let mut answers: Map<(Uuid, i32), Answer> = Map::new();
        for topic in &response.topics {
            for partition in &topic.partitions {
                let answer = match ErrorCode::from_code(partition.error_code) {
                    ErrorCode::None => {
                        let recovering = partition.leader_recovery_state == RECOVERING;
                        let committed = Committed { isr: partition.isr.iter().copied().collect(), recovering };
                        Ok((partition.leader_epoch, committed, partition.partition_epoch))
                    }
                    error => Err(error),
                };
                answers.insert((topic.topic_id, partition.partition_index), answer);
            }
        }
        // A partition that the answer left out stays and travels again.
        let mut answered = Vec::new();
        for change in sent {
            if let Some(answer) = answers.remove(&(change.partition.topic_id, change.partition.partition)) {
                self.unsent.remove(&change.partition);
                answered.push((change, answer));
            }
        }
        Outcome::Answered(answered)
    }

    /// The wait after a refused request is over.
    pub fn on_back_off_over(&mut self) {
        self.backing_off = false;
    }
}

fn partition_data(partition: i32, proposal: &IsrProposal) -> PartitionData {
    let member = |(broker_id, broker_epoch): &(i32, i64)| BrokerState {
        broker_id: *broker_id,
        broker_epoch: *broker_epoch,
        ..Default::default()
    };
    PartitionData {
        partition_index: partition,
        leader_epoch: proposal.leader_epoch,
        new_isr_with_epochs: proposal.isr.iter().map(member).collect(),
        leader_recovery_state: if proposal.recovering { RECOVERING } else { RECOVERED },
        partition_epoch: proposal.partition_epoch,
        ..Default::default()
    }
}
