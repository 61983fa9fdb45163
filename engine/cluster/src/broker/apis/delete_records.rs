//! DeleteRecords: raises log starts, and answers when every live replica has followed (Kafka: `DelayedDeleteRecords`).

use base::{Micros, Uuid};
use protocol::messages::delete_records_response::{DeleteRecordsPartitionResult, DeleteRecordsTopicResult};
use protocol::messages::{DeleteRecordsRequest, DeleteRecordsResponse};
use protocol::{ErrorCode, TopicPartition, topic};

use crate::Event;
use crate::broker::connections::ReplyTo;
use crate::broker::purgatory::Waiter;
use crate::broker::{Broker, Fx};

/// One partition of the request, and its answer so far.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DeleteStatus {
    pub partition: TopicPartition,
    /// What every replica's log start must reach; `None` when the answer is final.
    pub required_offset: Option<i64>,
    pub low_watermark: i64,
    pub error: ErrorCode,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DeleteWaiter {
    pub reply: ReplyTo,
    pub statuses: Vec<DeleteStatus>,
}

impl DeleteWaiter {
    pub fn partitions(&self) -> impl Iterator<Item = &TopicPartition> {
        self.statuses.iter().map(|status| &status.partition)
    }
}

impl Broker {
    pub(super) fn handle_delete_records(
        &mut self,
        now: Micros,
        reply: &ReplyTo,
        request: &DeleteRecordsRequest,
        fx: &mut Fx<'_>,
    ) {
        let mut statuses = Vec::new();
        for topic in &request.topics {
            for asked in &topic.partitions {
                let partition = TopicPartition::new(topic.name.clone(), asked.partition_index);
                let deleted = self.delete_records(now, &partition, asked.offset, fx);
                statuses.push(DeleteStatus {
                    partition,
                    required_offset: deleted.ok(),
                    low_watermark: -1,
                    error: deleted.err().unwrap_or(ErrorCode::None),
                });
            }
        }
        let mut waiter = DeleteWaiter { reply: *reply, statuses };
        if self.check_deletes(&mut waiter) {
            return self.answer_deletes(waiter, fx);
        }
        let timeout = Micros::from_ms(request.timeout_ms.max(0) as u64);
        self.purgatory.watch(Waiter::Delete(waiter), timeout, fx);
    }

    /// Raises the log start on the leader; the offset that the other replicas must reach too.
    fn delete_records(
        &mut self,
        now: Micros,
        id: &TopicPartition,
        offset: i64,
        fx: &mut Fx<'_>,
    ) -> Result<i64, ErrorCode> {
        if topic::is_internal(&id.topic) {
            return Err(ErrorCode::InvalidTopicException);
        }
        let held = self.replicas.get_mut_or_error(id, Uuid::ZERO, &self.metadata.image)?;
        held.check_leader(-1, true)?;
        if held.log.config().compact && !held.log.config().delete {
            return Err(ErrorCode::PolicyViolation);
        }
        // -1 stands for the high watermark.
        let offset = if offset == -1 { held.log.high_watermark() } else { offset };
        if offset < 0 {
            return Err(ErrorCode::OffsetOutOfRange);
        }
        let from = held.log.log_start();
        let moved = held.log.increment_log_start(&mut self.disk, offset, now)?;
        let to = held.log.log_start();
        if moved {
            fx.emit(Event::LogStartAdvanced { partition: id.clone(), broker: self.spec.node_id, from, to });
            self.log_start_raised(id, to, "client delete records request", fx);
            self.purgatory.touch(id);
        }
        Ok(offset)
    }

    /// True when every partition is through, or cannot be.
    fn check_deletes(&self, waiter: &mut DeleteWaiter) -> bool {
        for status in &mut waiter.statuses {
            let Some(required) = status.required_offset else { continue };
            let low_watermark = self.low_watermark(&status.partition);
            match low_watermark {
                Ok(low) if low >= required => (status.required_offset, status.low_watermark) = (None, low),
                Ok(_) => {}
                Err(error) => (status.required_offset, status.error) = (None, error),
            }
        }
        waiter.statuses.iter().all(|status| status.required_offset.is_none())
    }

    /// The smallest log start over the leader and its live followers.
    fn low_watermark(&self, id: &TopicPartition) -> Result<i64, ErrorCode> {
        let held = self.replicas.get_or_error(id, Uuid::ZERO, &self.metadata.image)?;
        let leader = held.leader_state().ok_or(ErrorCode::NotLeaderOrFollower)?;
        let is_alive = |id: &i32| self.metadata.image.broker(*id).is_some_and(|broker| !broker.fenced);
        let followers = leader.followers.iter().filter(|(id, _)| is_alive(id));
        let starts = followers.map(|(_, follower)| follower.log_start.unwrap_or(-1));
        Ok(starts.fold(held.log.log_start(), i64::min))
    }

    pub(super) fn try_complete_delete(&mut self, id: u64, fx: &mut Fx<'_>) {
        let Some(Waiter::Delete(waiter)) = self.purgatory.get(id) else { return };
        let mut waiter = waiter.clone();
        if self.check_deletes(&mut waiter) {
            self.purgatory.take(id, fx);
            self.answer_deletes(waiter, fx);
        }
    }

    pub(super) fn expire_deletes(&mut self, mut waiter: DeleteWaiter, fx: &mut Fx<'_>) {
        self.check_deletes(&mut waiter);
        for status in waiter.statuses.iter_mut().filter(|status| status.required_offset.is_some()) {
            status.error = ErrorCode::RequestTimedOut;
        }
        self.answer_deletes(waiter, fx);
    }

    fn answer_deletes(&mut self, waiter: DeleteWaiter, fx: &mut Fx<'_>) {
        let mut topics: Vec<DeleteRecordsTopicResult> = Vec::new();
        for status in waiter.statuses {
            let result = DeleteRecordsPartitionResult {
                partition_index: status.partition.partition,
                low_watermark: status.low_watermark,
                error_code: status.error.code(),
                ..Default::default()
            };
            match topics.iter_mut().find(|topic| topic.name == status.partition.topic) {
                Some(topic) => topic.partitions.push(result),
                None => topics.push(DeleteRecordsTopicResult {
                    name: status.partition.topic.into(),
                    partitions: vec![result],
                    ..Default::default()
                }),
            }
        }
        self.connections.respond(&waiter.reply, DeleteRecordsResponse { topics, ..Default::default() }, fx);
    }
}
