//! A leader's side of all its sessions (`FetchManager`, `FetchSession`, `FetchSessionCacheShard`).

use base::{Map, Micros, Rng, Uuid};

use protocol::messages::FetchRequest;
use protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use protocol::messages::fetch_response::{FetchableTopicResponse, PartitionData};
use protocol::{ErrorCode, Name, Records};

use super::{FINAL_EPOCH, FetchMetadata, INITIAL_EPOCH, NO_SESSION, next_epoch};

/// `BrokerServer.NumFetchSessionCacheShards`. A session's id says which shard it is in.
const SHARDS: i32 = 8;
const IDS_PER_SHARD: i32 = i32::MAX / SHARDS;
/// `MIN_INCREMENTAL_FETCH_SESSION_EVICTION_MS`: a session as old as that may give way, and one as long unused does.
const EVICTION: Micros = Micros::from_secs(120);
/// The first Fetch version that names topics by id.
const TOPIC_ID_VERSION: i16 = 13;

/// A partition that is asked for, as the request names it: by its topic's id, or with a zero id by its name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AskedPartition {
    pub topic: Name,
    pub topic_id: Uuid,
    pub fetch: FetchPartition,
}

impl AskedPartition {
    fn new(topic: &FetchTopic, fetch: &FetchPartition) -> AskedPartition {
        AskedPartition { topic: topic.topic.as_str().into(), topic_id: topic.topic_id, fetch: fetch.clone() }
    }

    fn is(&self, topic: &str, topic_id: Uuid, partition: i32) -> bool {
        let is_same_topic = self.topic_id == topic_id && (topic_id != Uuid::ZERO || self.topic == topic);
        is_same_topic && self.fetch.partition == partition
    }
}

/// What a request is in terms of sessions (`FetchContext`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FetchContext {
    /// It wants none.
    Sessionless,
    /// Its answer may open one.
    Full { by_id: bool },
    /// One of a session; its answer leaves out what has not changed.
    Incremental(FetchMetadata),
}

/// A partition of a session, with what its reader was told last (`FetchSession.CachedPartition`); -1 is never.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct CachedPartition {
    asked: AskedPartition,
    high_watermark: i64,
    log_start: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct FetchSession {
    /// A follower's.
    is_privileged: bool,
    by_id: bool,
    created: Micros,
    last_used: Micros,
    /// Of the next request.
    epoch: i32,
    /// In the order in which they are read: whoever got records goes to the end.
    partitions: Vec<CachedPartition>,
}

/// The sessions of a broker.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FetchSessions {
    sessions: Map<i32, FetchSession>,
    /// `max.incremental.fetch.session.cache.slots`.
    slots: usize,
    /// Shards take turns.
    turn: i32,
    rng: Rng,
}

impl FetchSessions {
    pub fn new(slots: usize, rng: Rng) -> FetchSessions {
        FetchSessions { sessions: Map::new(), slots, turn: 0, rng }
    }

    /// What the request is, and the partitions that it asks for by itself: those of a session are [`Self::asked_by`] it.
    pub fn open(
        &mut self,
        request: &FetchRequest,
        api_version: i16,
        now: Micros,
    ) -> Result<(FetchContext, Vec<AskedPartition>), ErrorCode> {
        let metadata = FetchMetadata { session_id: request.session_id, epoch: request.session_epoch };
        if metadata.is_full() {
            let asked = asked_of(request);
            self.sessions.remove(&metadata.session_id);
            let by_id = api_version >= TOPIC_ID_VERSION;
            let wants_one = metadata.epoch != FINAL_EPOCH;
            return Ok((if wants_one { FetchContext::Full { by_id } } else { FetchContext::Sessionless }, asked));
        }
        let session = self.sessions.get_mut(&metadata.session_id).ok_or(ErrorCode::FetchSessionIdNotFound)?;
        if session.epoch != metadata.epoch {
            return Err(ErrorCode::InvalidFetchSessionEpoch);
        }
        if session.by_id != (api_version >= TOPIC_ID_VERSION) {
            return Err(ErrorCode::FetchSessionTopicIdError);
        }
        session.update(request);
        if session.partitions.is_empty() {
            self.sessions.remove(&metadata.session_id);
            return Ok((FetchContext::Sessionless, asked_of(request)));
        }
        session.last_used = now;
        session.epoch = next_epoch(session.epoch);
        Ok((FetchContext::Incremental(metadata), Vec::new()))
    }

    /// All that a session covers, in the order in which it is read.
    pub fn asked_by(&self, session: &FetchMetadata) -> impl Iterator<Item = &AskedPartition> {
        let partitions = self.sessions.get(&session.session_id).map_or(&[][..], |session| &session.partitions);
        partitions.iter().map(|cached| &cached.asked)
    }

    /// Ends a request: the id of the session that its answer names. Of a session's answer, what has not changed since the
    /// last one is taken out.
    pub fn close(
        &mut self,
        context: FetchContext,
        responses: &mut Vec<FetchableTopicResponse>,
        asked: &[AskedPartition],
        is_follower: bool,
        now: Micros,
    ) -> Result<i32, ErrorCode> {
        match context {
            FetchContext::Sessionless => Ok(NO_SESSION),
            FetchContext::Full { by_id } => Ok(self.create(by_id, responses, asked, is_follower, now)),
            FetchContext::Incremental(metadata) => {
                // A session that was closed meanwhile is gone; this last answer of it is given whole.
                if let Some(session) = self.sessions.get_mut(&metadata.session_id) {
                    if session.epoch != next_epoch(metadata.epoch) {
                        return Err(ErrorCode::InvalidFetchSessionEpoch);
                    }
                    session.leave_out_known(responses);
                }
                Ok(metadata.session_id)
            }
        }
    }

    /// Opens a session if there is room, or another gives way.
    fn create(
        &mut self,
        by_id: bool,
        responses: &[FetchableTopicResponse],
        asked: &[AskedPartition],
        is_privileged: bool,
        now: Micros,
    ) -> i32 {
        let shard = self.turn % SHARDS;
        self.turn = (self.turn + 1) % SHARDS;
        let ids = (shard * IDS_PER_SHARD).max(1)..(shard + 1) * IDS_PER_SHARD;
        let room = self.slots / SHARDS as usize;
        if self.sessions.range(ids.clone()).count() >= room {
            match self.least_valuable(ids.clone(), is_privileged, asked.len(), now) {
                Some(id) => self.sessions.remove(&id),
                None => return NO_SESSION,
            };
        }
        let id = loop {
            let id = self.rng.between(ids.start as u64, ids.end as u64 - 1) as i32;
            if !self.sessions.contains_key(&id) {
                break id;
            }
        };
        let mut session = FetchSession {
            is_privileged,
            by_id,
            created: now,
            last_used: now,
            epoch: next_epoch(INITIAL_EPOCH),
            partitions: Vec::with_capacity(asked.len()),
        };
        session.partitions.extend(asked.iter().map(|asked| CachedPartition::new(asked.clone())));
        session.note(responses);
        self.sessions.insert(id, session);
        id
    }

    /// Which session of a full shard gives way to a new one, if any does (`tryEvict`): one that nobody uses any more, or
    /// the smallest of those that have had their time, or for a follower of any consumer's.
    fn least_valuable(&self, ids: std::ops::Range<i32>, is_privileged: bool, size: usize, now: Micros) -> Option<i32> {
        let shard = || self.sessions.range(ids.clone());
        let (oldest, session) = shard().min_by_key(|(id, session)| (session.last_used, **id))?;
        if now - session.last_used > EVICTION {
            return Some(*oldest);
        }
        let may_go = |session: &FetchSession| {
            session.last_used - session.created > EVICTION || (is_privileged && !session.is_privileged)
        };
        let value = |id: i32, session: &FetchSession| (session.is_privileged, session.partitions.len(), id);
        let worth = shard().filter(|(_, session)| may_go(session)).map(|(id, session)| value(*id, session)).min()?;
        ((is_privileged, size, 0) >= worth).then_some(worth.2)
    }
}

impl CachedPartition {
    fn new(asked: AskedPartition) -> CachedPartition {
        CachedPartition { asked, high_watermark: -1, log_start: -1 }
    }

    /// Whether the reader must hear of this (`maybeUpdateResponseData`); then it is what it was told last.
    fn tell(&mut self, data: &PartitionData) -> bool {
        let is_error = data.error_code != ErrorCode::None.code();
        let is_news = size_of(data) > 0
            || self.high_watermark != data.high_watermark
            || self.log_start != data.log_start_offset
            || data.preferred_read_replica != -1
            || data.diverging_epoch.epoch != -1
            || is_error;
        self.high_watermark = if is_error { -1 } else { data.high_watermark };
        self.log_start = data.log_start_offset;
        is_news
    }
}

impl FetchSession {
    /// Takes over what the request says has changed.
    fn update(&mut self, request: &FetchRequest) {
        for topic in &request.topics {
            for fetch in &topic.partitions {
                let is_same =
                    |cached: &&mut CachedPartition| cached.asked.is(&topic.topic, topic.topic_id, fetch.partition);
                match self.partitions.iter_mut().find(is_same) {
                    Some(cached) => cached.asked.fetch.clone_from(fetch),
                    None => self.partitions.push(CachedPartition::new(AskedPartition::new(topic, fetch))),
                }
            }
        }
        for topic in &request.forgotten_topics_data {
            let is_forgotten = |cached: &CachedPartition| {
                topic.partitions.iter().any(|index| cached.asked.is(&topic.topic, topic.topic_id, *index))
            };
            self.partitions.retain(|cached| !is_forgotten(cached));
        }
    }

    /// Where a partition stands. Answers come in nearly the order of the session: from `hint` on it is found soon.
    fn position(&self, hint: usize, topic: &str, topic_id: Uuid, partition: i32) -> Option<usize> {
        let is_it = |at: &usize| self.partitions[*at].asked.is(topic, topic_id, partition);
        (hint..self.partitions.len()).chain(0..hint.min(self.partitions.len())).find(is_it)
    }

    /// Remembers what the first answer tells.
    fn note(&mut self, responses: &[FetchableTopicResponse]) {
        let mut next = 0;
        for topic in responses {
            for data in &topic.partitions {
                if let Some(at) = self.position(next, &topic.topic, topic.topic_id, data.partition_index) {
                    self.partitions[at].tell(data);
                    next = at + 1;
                }
            }
        }
    }

    fn leave_out_known(&mut self, responses: &mut Vec<FetchableTopicResponse>) {
        let mut next = 0;
        for topic in &mut *responses {
            let (name, topic_id) = (&topic.topic, topic.topic_id);
            topic.partitions.retain(|data| {
                let Some(at) = self.position(next, name, topic_id, data.partition_index) else { return true };
                next = at + 1;
                if !self.partitions[at].tell(data) {
                    return false;
                }
                if size_of(data) > 0 {
                    // So that a limit on the whole answer does not starve whoever comes late in it.
                    self.partitions[at..].rotate_left(1);
                    next = at;
                }
                true
            });
        }
        responses.retain(|topic| !topic.partitions.is_empty());
    }
}

fn size_of(data: &PartitionData) -> usize {
    data.records.as_ref().map_or(0, Records::len)
}

fn asked_of(request: &FetchRequest) -> Vec<AskedPartition> {
    let mut asked = Vec::new();
    for topic in &request.topics {
        asked.extend(topic.partitions.iter().map(|fetch| AskedPartition::new(topic, fetch)));
    }
    asked
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As many asked partitions, and the session that the answer opens for them.
    fn open(sessions: &mut FetchSessions, size: i32, is_follower: bool, now: Micros) -> i32 {
        let fetch = |partition| FetchPartition { partition, ..Default::default() };
        let asked = |partition| AskedPartition { topic: Name::default(), topic_id: Uuid(9), fetch: fetch(partition) };
        let asked: Vec<_> = (0..size).map(asked).collect();
        sessions.turn = 0;
        let context = FetchContext::Full { by_id: true };
        sessions.close(context, &mut Vec::new(), &asked, is_follower, now).unwrap()
    }

    fn one_slot_for_each_shard() -> FetchSessions {
        FetchSessions::new(SHARDS as usize, Rng::new(7, 1, "fetch sessions"))
    }

    #[test]
    fn a_full_shard_takes_nobody_in_and_a_cache_without_slots_never() {
        let mut sessions = one_slot_for_each_shard();
        let first = open(&mut sessions, 2, false, Micros(0));
        assert!((1..IDS_PER_SHARD).contains(&first), "the id says the shard");
        assert_eq!(open(&mut sessions, 9, false, EVICTION), NO_SESSION, "the first has its time");
        let mut none = FetchSessions::new(0, Rng::new(7, 1, "fetch sessions"));
        assert_eq!(open(&mut none, 2, true, Micros(0)), NO_SESSION);
    }

    #[test]
    fn a_follower_takes_a_consumers_place_and_not_another_followers() {
        let mut sessions = one_slot_for_each_shard();
        let consumer = open(&mut sessions, 9, false, Micros(0));
        let follower = open(&mut sessions, 1, true, Micros(1));
        assert!(follower != NO_SESSION && !sessions.sessions.contains_key(&consumer));
        assert_eq!(open(&mut sessions, 9, true, Micros(2)), NO_SESSION);
    }

    #[test]
    fn whoever_is_long_unused_gives_way() {
        let mut sessions = one_slot_for_each_shard();
        let follower = open(&mut sessions, 9, true, Micros(0));
        let later = open(&mut sessions, 1, false, EVICTION + Micros(1));
        assert!(later != NO_SESSION && !sessions.sessions.contains_key(&follower));
    }
}
