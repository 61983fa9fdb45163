//! What a fetch reads from one partition: fencing, divergence, bounds.

use protocol::{ErrorCode, Records};

use super::Partition;
use crate::metadata::MetadataImage;

/// How far a reader may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReadBound {
    /// A follower: up to the log end offset.
    LogEnd,
    /// A consumer that reads uncommitted: up to the high watermark.
    HighWatermark,
    /// A consumer that reads committed: up to the last stable offset.
    LastStableOffset,
}

/// One partition of a fetch request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ReadRequest {
    pub fetch_offset: i64,
    /// -1: not given.
    pub current_leader_epoch: i32,
    /// -1: not given. The epoch of the last record that the follower has (KIP-595).
    pub last_fetched_epoch: i32,
    /// The follower's log start offset, -1 for a consumer.
    pub log_start_offset: i64,
    pub max_bytes: i32,
}

/// What was read. The offsets are those before the read and before what the fetch itself brings about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FetchRead {
    pub records: Records,
    /// Epoch and end offset to truncate to; then `records` is empty.
    pub diverging_epoch: Option<(i32, i64)>,
    pub high_watermark: i64,
    pub log_start: i64,
    pub log_end: i64,
    pub last_stable_offset: i64,
    /// Producer id and first offset of aborted transactions in what was read; only for who reads committed.
    pub aborted: Option<Vec<(i64, i64)>>,
    /// A follower nearer to the consumer that it should rather read from (KIP-392); then `records` is empty.
    pub preferred_read_replica: Option<i32>,
}

impl Partition {
    /// Reads for a follower or a consumer. The first batch is given whole, however large, if `min_one_batch`.
    pub fn read(
        &self,
        request: &ReadRequest,
        bound: ReadBound,
        leader_only: bool,
        max_bytes: i32,
        min_one_batch: bool,
    ) -> Result<FetchRead, ErrorCode> {
        self.check_leader(request.current_leader_epoch, leader_only)?;
        let mut read = FetchRead {
            high_watermark: self.log.high_watermark(),
            log_start: self.log.log_start(),
            log_end: self.log.log_end(),
            last_stable_offset: self.log.last_stable_offset(),
            ..FetchRead::default()
        };
        if let Some(diverging) = self.diverging_epoch(request)? {
            read.diverging_epoch = Some(diverging);
            return Ok(read);
        }
        if request.fetch_offset < read.log_start || request.fetch_offset > read.log_end {
            return Err(ErrorCode::OffsetOutOfRange);
        }
        let end = self.end_of(bound);
        let max_bytes = max_bytes.min(request.max_bytes).max(0) as usize;
        if request.fetch_offset < end {
            read.records = self.log.read(request.fetch_offset, max_bytes, min_one_batch, end)?;
        }
        if bound == ReadBound::LastStableOffset {
            let aborted = self.log.aborted_transactions(request.fetch_offset, end);
            read.aborted = Some(aborted.iter().map(|txn| (txn.producer_id, txn.first_offset)).collect());
        }
        Ok(read)
    }

    /// The first offset that a reader may not see.
    pub fn end_of(&self, bound: ReadBound) -> i64 {
        match bound {
            ReadBound::LogEnd => self.log.log_end(),
            ReadBound::HighWatermark => self.log.high_watermark(),
            ReadBound::LastStableOffset => self.log.last_stable_offset(),
        }
    }

    /// Whether the log of the fetcher has parted from this one: its last epoch ends here earlier than where it fetches.
    pub fn diverging_epoch(&self, request: &ReadRequest) -> Result<Option<(i32, i64)>, ErrorCode> {
        if request.last_fetched_epoch == -1 {
            return Ok(None);
        }
        let (epoch, end_offset) = self.log.end_offset_for_epoch(request.last_fetched_epoch);
        if epoch < 0 || end_offset < 0 || request.fetch_offset < self.log.log_start() {
            return Err(ErrorCode::OffsetOutOfRange);
        }
        let diverges = epoch < request.last_fetched_epoch || end_offset < request.fetch_offset;
        Ok(diverges.then_some((epoch, end_offset)))
    }

    /// What an answer says that sends a consumer to another replica.
    pub fn redirect(&self, replica: i32) -> FetchRead {
        FetchRead {
            high_watermark: self.log.high_watermark(),
            log_start: self.log.log_start(),
            log_end: self.log.log_end(),
            last_stable_offset: self.log.last_stable_offset(),
            preferred_read_replica: Some(replica),
            ..FetchRead::default()
        }
    }

    /// The replica that a consumer in `rack` should read `offset` from (`RackAwareReplicaSelector`): the leader if it is
    /// in that rack, else the follower there that has most. `None` when that is the leader, or nobody is there.
    pub fn rack_aware_replica(&self, leader_id: i32, offset: i64, rack: &str, image: &MetadataImage) -> Option<i32> {
        let leader = self.leader_state()?;
        let is_near = |id: &i32| image.broker(*id).and_then(|broker| broker.rack.as_deref()) == Some(rack);
        if is_near(&leader_id) {
            return None;
        }
        let near = leader.followers.iter().filter(|(id, follower)| {
            let has_it = follower.log_end.is_some_and(|end| offset <= end)
                && follower.log_start.is_some_and(|start| start <= offset);
            has_it && leader.isr.isr().contains(id) && is_near(id)
        });
        near.max_by_key(|(id, follower)| (follower.log_end, follower.last_caught_up_time_ms, -**id)).map(|(id, _)| *id)
    }
}
