//! Fetches of the metadata log: answered at once when there is something new, else parked (`KafkaRaftClient`).

use std::collections::BTreeMap;

use base::{ConnId, Micros};
use protocol::messages::fetch_request::FetchPartition;
use protocol::messages::fetch_response::{EpochEndOffset, FetchableTopicResponse, LeaderIdAndEpoch, PartitionData};
use protocol::messages::{FetchRequest, FetchResponse};
use protocol::{ErrorCode, Records};

use super::{Controller, Fx, timer};
use crate::ServerTimer;
use crate::broker::connections::ReplyTo;

/// `KafkaRaftClient.MAX_FETCH_SIZE_BYTES`
const MAX_FETCH_BYTES: usize = 8 * 1024 * 1024;

/// Fetches that wait for records.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Parked {
    fetches: BTreeMap<u64, (ReplyTo, FetchPartition)>,
    next: u64,
}

impl Parked {
    fn park(&mut self, reply: ReplyTo, asked: FetchPartition, wait: Micros, fx: &mut Fx<'_>) {
        let id = self.next;
        self.next += 1;
        self.fetches.insert(id, (reply, asked));
        fx.set_timer_after(timer(ServerTimer::Delayed(id)), wait);
    }

    fn take(&mut self, id: u64, fx: &mut Fx<'_>) -> Option<(ReplyTo, FetchPartition)> {
        fx.cancel_timer(timer(ServerTimer::Delayed(id)));
        self.fetches.remove(&id)
    }

    pub fn forget_connection(&mut self, conn: ConnId, fx: &mut Fx<'_>) {
        let gone: Vec<u64> =
            self.fetches.iter().filter(|(_, (reply, _))| reply.conn == conn).map(|(id, _)| *id).collect();
        for id in gone {
            self.take(id, fx);
        }
    }
}

impl Controller {
    pub(super) fn on_fetch(&mut self, reply: ReplyTo, request: &FetchRequest, fx: &mut Fx<'_>) {
        let asked = request.topics.first().and_then(|topic| topic.partitions.first());
        let Some(asked) = asked else {
            let error_code = ErrorCode::InvalidRequest.code();
            let response = FetchResponse { error_code, ..Default::default() };
            return self.connections.respond(&reply, response, fx);
        };
        if request.cluster_id.as_ref().is_some_and(|id| *id != self.spec.cluster_id.to_string()) {
            let error_code = ErrorCode::InconsistentClusterId.code();
            return self.connections.respond(&reply, FetchResponse { error_code, ..Default::default() }, fx);
        }
        let answer = self.read_for(asked);
        // A fetcher that knows a lower high watermark is told at once (KIP-1166).
        let has_news = answer.records.as_ref().is_some_and(|records| !records.is_empty())
            || answer.error_code != 0
            || answer.diverging_epoch.epoch >= 0
            || asked.high_watermark < self.log.high_watermark();
        if has_news || request.max_wait_ms <= 0 {
            return self.connections.respond(&reply, fetched(answer), fx);
        }
        let wait = Micros::from_ms(u64::from(request.max_wait_ms.unsigned_abs()));
        self.parked.park(reply, asked.clone(), wait, fx);
    }

    /// The log grew: everybody who waits gets it.
    pub(super) fn serve_parked(&mut self, fx: &mut Fx<'_>) {
        for id in self.parked.fetches.keys().copied().collect::<Vec<u64>>() {
            self.on_fetch_due(id, fx);
        }
    }

    /// Answers a parked fetch with what there is.
    pub(super) fn on_fetch_due(&mut self, id: u64, fx: &mut Fx<'_>) {
        if let Some((reply, asked)) = self.parked.take(id, fx) {
            let answer = self.read_for(&asked);
            self.connections.respond(&reply, fetched(answer), fx);
        }
    }

    fn read_for(&self, asked: &FetchPartition) -> PartitionData {
        let mut answer = PartitionData {
            high_watermark: self.log.high_watermark(),
            last_stable_offset: self.log.high_watermark(),
            log_start_offset: self.log.log_start(),
            current_leader: LeaderIdAndEpoch {
                leader_id: if self.is_active() { self.spec.node_id } else { -1 },
                leader_epoch: self.epoch,
                ..Default::default()
            },
            records: Some(Records::default()),
            ..Default::default()
        };
        if let Err(error) = self.check_fetch(asked) {
            answer.error_code = error.code();
            return answer;
        }
        if let Some((epoch, end_offset)) = self.divergence(asked) {
            answer.diverging_epoch = EpochEndOffset { epoch, end_offset, ..Default::default() };
            return answer;
        }
        match self.log.read(asked.fetch_offset, MAX_FETCH_BYTES, true, self.log.log_end()) {
            Ok(records) => answer.records = Some(records),
            Err(error) => answer.error_code = error.code(),
        }
        answer
    }

    /// `validateLeaderOnlyRequest`. A fetcher that knows no epoch yet asks who leads with an epoch of 0.
    fn check_fetch(&self, asked: &FetchPartition) -> Result<(), ErrorCode> {
        if !self.is_active() {
            return Err(ErrorCode::NotLeaderOrFollower);
        }
        match asked.current_leader_epoch {
            epoch if epoch < self.epoch => Err(ErrorCode::FencedLeaderEpoch),
            epoch if epoch > self.epoch => Err(ErrorCode::UnknownLeaderEpoch),
            _ => Ok(()),
        }
    }

    /// Where the fetcher's log leaves this one's, if it does.
    fn divergence(&self, asked: &FetchPartition) -> Option<(i32, i64)> {
        if asked.fetch_offset == 0 {
            return None;
        }
        let (epoch, end_offset) = self.log.end_offset_for_epoch(asked.last_fetched_epoch);
        let differs = epoch != asked.last_fetched_epoch || end_offset < asked.fetch_offset;
        differs.then_some((epoch.max(0), end_offset.max(0)))
    }
}

fn fetched(answer: PartitionData) -> FetchResponse {
    let topic = FetchableTopicResponse {
        topic: protocol::topic::CLUSTER_METADATA_TOPIC_NAME.to_string(),
        topic_id: base::Uuid::METADATA_TOPIC,
        partitions: vec![answer],
        ..Default::default()
    };
    FetchResponse { responses: vec![topic], ..Default::default() }
}
