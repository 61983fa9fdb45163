//! The leader's side of Fetch: what a replica gets, what its asking proves, and who waits for more.

use base::{Map, Micros, Set};

use protocol::messages::fetch_request::FetchPartition;
use protocol::messages::fetch_response::{
    EpochEndOffset, FetchableTopicResponse, LeaderIdAndEpoch, NodeEndpoint, PartitionData, SnapshotId as WireSnapshotId,
};
use protocol::messages::{FetchRequest, FetchResponse};
use protocol::{ErrorCode, Records};

use super::log::Validity;
use super::role::Role;
use super::snapshot::SnapshotId;
use super::voters::ReplicaKey;
use super::{Io, Raft};
use crate::broker::connections::ReplyTo;
use crate::server_log::logger;
use crate::spec::Mutant;

/// A fetch that waits for records, or for the high watermark.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct ParkedFetch {
    reply: ReplyTo,
    replica: ReplicaKey,
    asked: FetchPartition,
    max_bytes: i32,
    deadline: Micros,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Parked {
    fetches: Map<u64, ParkedFetch>,
    deadlines: Set<(Micros, u64)>,
    next: u64,
}

impl Parked {
    fn park(&mut self, fetch: ParkedFetch) {
        let id = self.next;
        self.next += 1;
        self.deadlines.insert((fetch.deadline, id));
        self.fetches.insert(id, fetch);
    }

    fn take(&mut self, id: u64) -> Option<ParkedFetch> {
        let fetch = self.fetches.remove(&id)?;
        self.deadlines.remove(&(fetch.deadline, id));
        Some(fetch)
    }

    fn take_all(&mut self) -> Vec<ParkedFetch> {
        self.deadlines.clear();
        std::mem::take(&mut self.fetches).into_values().collect()
    }

    pub fn next_deadline(&self) -> Micros {
        self.deadlines.first().map_or(Micros::MAX, |(deadline, _)| *deadline)
    }

    pub fn forget_connection(&mut self, conn: base::ConnId) {
        let gone: Vec<u64> =
            self.fetches.iter().filter(|(_, fetch)| fetch.reply.conn == conn).map(|(id, _)| *id).collect();
        for id in gone {
            self.take(id);
        }
    }
}

impl Raft {
    /// A connection closed: who waited on it waits no more.
    pub fn forget_connection(&mut self, conn: base::ConnId) {
        self.parked.forget_connection(conn);
    }

    /// None when the answer waits.
    pub(super) fn on_fetch(
        &mut self,
        reply: ReplyTo,
        request: &FetchRequest,
        io: &mut Io<'_>,
    ) -> Option<FetchResponse> {
        if let Err(code) = self.check_cluster(request.cluster_id.as_ref()) {
            return Some(FetchResponse { error_code: code.code(), ..Default::default() });
        }
        let Some(asked) = request.topics.first().and_then(|topic| topic.partitions.first()) else {
            return Some(FetchResponse { error_code: ErrorCode::InvalidRequest.code(), ..Default::default() });
        };
        let sound = request.max_wait_ms >= 0
            && asked.fetch_offset >= 0
            && (0..=asked.current_leader_epoch).contains(&asked.last_fetched_epoch);
        if !sound {
            return Some(self.fetch_response(self.refused_fetch(ErrorCode::InvalidRequest)));
        }
        let replica = ReplicaKey::new(request.replica_state.replica_id, asked.replica_directory_id);
        let answer = self.answer_fetch(replica, asked, request.max_bytes, io);
        let has_records = answer.records.as_ref().is_some_and(|records| !records.is_empty());
        // A replica that knows a lower high watermark is told at once (KIP-1166).
        let has_news = has_records
            || answer.error_code != 0
            || answer.diverging_epoch.epoch >= 0
            || answer.snapshot_id.epoch >= 0
            || asked.high_watermark < answer.high_watermark;
        if has_news || request.max_wait_ms == 0 {
            return Some(self.fetch_response(answer));
        }
        let deadline = io.now + Micros::from_ms(u64::from(request.max_wait_ms.unsigned_abs()));
        let max_bytes = request.max_bytes;
        self.parked.park(ParkedFetch { reply, replica, asked: asked.clone(), max_bytes, deadline });
        None
    }

    fn answer_fetch(
        &mut self,
        replica: ReplicaKey,
        asked: &FetchPartition,
        max_bytes: i32,
        io: &mut Io<'_>,
    ) -> PartitionData {
        if let Err(code) = self.check_leader_only_request(asked.current_leader_epoch) {
            return self.refused_fetch(code);
        }
        let mut records = Records::default();
        let (mut diverging_epoch, mut snapshot_id) = (EpochEndOffset::default(), WireSnapshotId::default());
        match self.validate_fetch(asked) {
            Validity::Valid => {
                records = self.log.read(asked.fetch_offset, usize::try_from(max_bytes).unwrap_or(0));
                self.note_fetched(replica, asked.fetch_offset, io);
            }
            Validity::Diverging { epoch, end_offset } => {
                diverging_epoch = EpochEndOffset { epoch, end_offset, ..Default::default() };
            }
            Validity::Snapshot(id) => {
                snapshot_id = WireSnapshotId { end_offset: id.end_offset, epoch: id.epoch, ..Default::default() };
            }
        }
        PartitionData {
            records: Some(records),
            diverging_epoch,
            snapshot_id,
            high_watermark: self.high_watermark.unwrap_or(-1),
            log_start_offset: self.log.start(),
            ..self.refused_fetch(ErrorCode::None)
        }
    }

    /// An empty replica gets the newest snapshot rather than the whole log.
    fn validate_fetch(&self, asked: &FetchPartition) -> Validity {
        match self.log.latest_snapshot() {
            Some(latest) if asked.fetch_offset == 0 && latest != SnapshotId::BOOTSTRAP => Validity::Snapshot(latest),
            _ => self.log.validate(asked.fetch_offset, asked.last_fetched_epoch),
        }
    }

    /// Asking for an offset proves that everything below it is there.
    fn note_fetched(&mut self, replica: ReplicaKey, offset: i64, io: &mut Io<'_>) {
        if replica.id < 0 || replica.id == self.config.node_id {
            return;
        }
        let Role::Leader(leader) = &mut self.role else { return };
        if leader.update_replica(replica, offset, io.now) {
            self.update_leader_high_watermark(io);
        }
    }

    /// The leader's log grew: that may commit something, and those who wait get it.
    pub(super) fn on_leader_log_grew(&mut self, io: &mut Io<'_>) {
        let Role::Leader(leader) = &mut self.role else { return };
        leader.update_local(self.log.end(), self.log.voter_set());
        self.update_leader_high_watermark(io);
        self.serve_parked(io);
    }

    /// It rises when a majority of the voters has more, and never falls.
    pub(super) fn update_leader_high_watermark(&mut self, io: &mut Io<'_>) {
        let Role::Leader(leader) = &self.role else { return };
        let counted = match self.config.profile.breaks(Mutant::QuorumCountsObservers) {
            true => leader.majority_offset_of_all(),
            false => leader.majority_offset(),
        };
        let Some(reached) = counted else { return };
        if self.high_watermark.is_none_or(|known| reached > known) {
            if self.high_watermark.is_none() {
                let text = super::follow::first_high_watermark(reached, self.epoch);
                io.out.lines.push(("INFO", logger::LEADER_STATE, text));
            }
            self.high_watermark = Some(reached);
            self.log.update_high_watermark(reached);
            self.on_voter_change_committed(io);
            self.serve_parked(io);
        }
    }

    /// Answers everybody who waits with what there is now.
    fn serve_parked(&mut self, io: &mut Io<'_>) {
        let waiting = self.parked.take_all();
        self.complete(waiting, io);
    }

    pub(super) fn expire_parked(&mut self, io: &mut Io<'_>) {
        let mut late = Vec::new();
        while let Some((_, id)) = self.parked.deadlines.first().copied().filter(|(deadline, _)| *deadline <= io.now) {
            late.extend(self.parked.take(id));
        }
        self.complete(late, io);
    }

    pub(super) fn next_parked_deadline(&self) -> Micros {
        self.parked.next_deadline()
    }

    /// This node leads no more.
    pub(super) fn fail_parked(&mut self, io: &mut Io<'_>) {
        let waiting: Vec<ReplyTo> = self.parked.take_all().iter().map(|fetch| fetch.reply).collect();
        if !waiting.is_empty() {
            let response = self.fetch_response(self.refused_fetch(ErrorCode::NotLeaderOrFollower));
            io.out.replies.push((waiting, response.into()));
        }
    }

    /// Answers fetches. Replicas that have the same wait for the same, so most share one answer.
    fn complete(&mut self, waiting: Vec<ParkedFetch>, io: &mut Io<'_>) {
        let mut before = None;
        for fetch in waiting {
            let asked = &fetch.asked;
            let place = (asked.current_leader_epoch, asked.fetch_offset, asked.last_fetched_epoch, fetch.max_bytes);
            if before.is_some_and(|(known, _)| known == place) {
                self.note_fetched(fetch.replica, asked.fetch_offset, io);
            }
            // What its asking proved may have raised the high watermark: then the answer is another.
            if before == Some((place, self.high_watermark))
                && let Some((alike, _)) = io.out.replies.last_mut()
            {
                alike.push(fetch.reply);
                continue;
            }
            let answer = self.answer_fetch(fetch.replica, asked, fetch.max_bytes, io);
            let is_sound = answer.error_code == 0 && answer.diverging_epoch.epoch < 0 && answer.snapshot_id.epoch < 0;
            before = is_sound.then_some((place, self.high_watermark));
            let response = self.fetch_response(answer);
            io.out.replies.push((vec![fetch.reply], response.into()));
        }
    }

    /// `validateLeaderOnlyRequest`. A replica that knows no epoch yet asks who leads with an epoch of 0.
    pub(super) fn check_leader_only_request(&self, epoch: i32) -> Result<(), ErrorCode> {
        if epoch < self.epoch {
            return Err(ErrorCode::FencedLeaderEpoch);
        }
        if epoch > self.epoch {
            return Err(ErrorCode::UnknownLeaderEpoch);
        }
        if !self.is_leader() {
            return Err(ErrorCode::NotLeaderOrFollower);
        }
        if self.shutdown_deadline.is_some() { Err(ErrorCode::BrokerNotAvailable) } else { Ok(()) }
    }

    fn refused_fetch(&self, error: ErrorCode) -> PartitionData {
        PartitionData {
            error_code: error.code(),
            high_watermark: -1,
            log_start_offset: self.log.start(),
            current_leader: LeaderIdAndEpoch {
                leader_id: self.leader().unwrap_or(-1),
                leader_epoch: self.epoch,
                ..Default::default()
            },
            records: Some(Records::default()),
            ..Default::default()
        }
    }

    fn fetch_response(&self, answer: PartitionData) -> FetchResponse {
        let topic = FetchableTopicResponse {
            topic: protocol::topic::CLUSTER_METADATA_TOPIC_NAME.to_string(),
            topic_id: base::Uuid::METADATA_TOPIC,
            partitions: vec![answer],
            ..Default::default()
        };
        FetchResponse {
            responses: vec![topic],
            node_endpoints: leader_endpoints!(self, NodeEndpoint),
            ..Default::default()
        }
    }
}
