//! A reader's side of its session with one leader (`org.apache.kafka.clients.FetchSessionHandler`).

use base::{Map, Uuid};

use protocol::messages::FetchResponse;
use protocol::messages::fetch_request::{FetchPartition, FetchTopic, ForgottenTopic};
use protocol::{ErrorCode, TopicPartition};

use super::{FetchMetadata, NO_SESSION};

/// What a reader wants of one partition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Asked {
    pub topic_id: Uuid,
    pub fetch: FetchPartition,
}

/// The part of a request that the session decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchRequestData {
    pub metadata: FetchMetadata,
    /// New ones and those that are asked otherwise than before.
    pub topics: Vec<FetchTopic>,
    pub forgotten: Vec<ForgottenTopic>,
}

/// What the leader knows by now of this reader's wishes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FetchSessionHandler {
    next: FetchMetadata,
    /// All that the session covers.
    partitions: Map<TopicPartition, Asked>,
}

impl Default for FetchSessionHandler {
    fn default() -> FetchSessionHandler {
        FetchSessionHandler { next: FetchMetadata::INITIAL, partitions: Map::new() }
    }
}

impl FetchSessionHandler {
    /// The next request, which is to ask for just these partitions. `None`: the leader has nothing to be told and nothing
    /// to answer.
    pub fn build(&mut self, wanted: Map<TopicPartition, Asked>) -> Option<FetchRequestData> {
        let before = std::mem::replace(&mut self.partitions, wanted);
        let is_full = self.next.is_full();
        let mut data = FetchRequestData { metadata: self.next, topics: Vec::new(), forgotten: Vec::new() };
        for (partition, asked) in self.partitions.iter() {
            if is_full || before.get(partition) != Some(asked) {
                add_topic(&mut data.topics, asked);
            }
        }
        // A topic that was made anew under its name has another id: the old one is forgotten.
        let is_gone = |partition: &TopicPartition, asked: &Asked| {
            self.partitions.get(partition).is_none_or(|now| now.topic_id != asked.topic_id)
        };
        for (partition, asked) in before.iter().filter(|(partition, asked)| !is_full && is_gone(partition, asked)) {
            add_forgotten(&mut data.forgotten, partition, asked);
        }
        (!self.partitions.is_empty() || !data.forgotten.is_empty()).then_some(data)
    }

    /// What the last request asked of a partition.
    pub fn asked(&self, partition: &TopicPartition) -> Option<&Asked> {
        self.partitions.get(partition)
    }

    /// Whether the answer can be used. What it says of the session decides about the next request.
    pub fn on_response(&mut self, response: &FetchResponse) -> bool {
        let (error, session_id) = (ErrorCode::from_code(response.error_code), response.session_id);
        if error != ErrorCode::None {
            let is_unknown = error == ErrorCode::FetchSessionIdNotFound;
            self.next = if is_unknown { FetchMetadata::INITIAL } else { self.next.anew() };
            return false;
        }
        let (answered, strange) = self.count_answered(response);
        let is_full = self.next.is_full();
        if strange || (is_full && answered != self.partitions.len()) {
            self.next = if is_full { FetchMetadata::INITIAL } else { self.next.anew() };
            return false;
        }
        self.next = match session_id {
            NO_SESSION => FetchMetadata::INITIAL,
            session_id if is_full => FetchMetadata { session_id, ..FetchMetadata::INITIAL }.next(),
            _ => self.next.next(),
        };
        true
    }

    /// The connection failed: the session is closed with the next request.
    pub fn on_error(&mut self) {
        self.next = self.next.anew();
    }

    /// Of how many partitions the answer speaks, and whether nobody asked for one of them.
    fn count_answered(&self, response: &FetchResponse) -> (usize, bool) {
        let (mut answered, mut strange) = (0, false);
        for topic in &response.responses {
            answered += topic.partitions.len();
            let is_asked = |asked: &Asked| asked.topic_id == topic.topic_id;
            let mut indexes = topic.partitions.iter().map(|data| data.partition_index);
            strange |= indexes
                .any(|index| !self.partitions.iter().any(|(name, asked)| name.partition == index && is_asked(asked)));
        }
        (answered, strange)
    }
}

/// Brokers name topics by their ids alone.
fn add_topic(topics: &mut Vec<FetchTopic>, asked: &Asked) {
    if topics.last().is_none_or(|topic| topic.topic_id != asked.topic_id) {
        topics.push(FetchTopic { topic_id: asked.topic_id, ..Default::default() });
    }
    if let Some(topic) = topics.last_mut() {
        topic.partitions.push(asked.fetch.clone());
    }
}

fn add_forgotten(topics: &mut Vec<ForgottenTopic>, partition: &TopicPartition, asked: &Asked) {
    if topics.last().is_none_or(|topic| topic.topic_id != asked.topic_id) {
        topics.push(ForgottenTopic { topic_id: asked.topic_id, ..Default::default() });
    }
    if let Some(topic) = topics.last_mut() {
        topic.partitions.push(partition.partition);
    }
}

#[cfg(test)]
mod tests {
    use protocol::messages::fetch_response::{FetchableTopicResponse, PartitionData};

    use super::*;

    fn wanted(partitions: &[(i32, i64)]) -> Map<TopicPartition, Asked> {
        let asked = |(partition, fetch_offset): &(i32, i64)| {
            let fetch = FetchPartition { partition: *partition, fetch_offset: *fetch_offset, ..Default::default() };
            (TopicPartition::new("orders", *partition), Asked { topic_id: Uuid(9), fetch })
        };
        partitions.iter().map(asked).collect()
    }

    fn answer(session_id: i32, partitions: &[i32]) -> FetchResponse {
        let data = |partition_index: &i32| PartitionData { partition_index: *partition_index, ..Default::default() };
        let partitions = partitions.iter().map(data).collect();
        let topic = FetchableTopicResponse { topic_id: Uuid(9), partitions, ..Default::default() };
        FetchResponse { session_id, responses: vec![topic], ..Default::default() }
    }

    fn asked_for(data: &FetchRequestData) -> Vec<i32> {
        data.topics.iter().flat_map(|topic| topic.partitions.iter().map(|p| p.partition)).collect()
    }

    #[test]
    fn only_what_has_changed_is_asked_again() {
        let mut handler = FetchSessionHandler::default();
        let first = handler.build(wanted(&[(0, 5), (1, 5)])).unwrap();
        assert_eq!((first.metadata, asked_for(&first)), (FetchMetadata::INITIAL, vec![0, 1]));
        assert!(handler.on_response(&answer(44, &[0, 1])));
        let second = handler.build(wanted(&[(0, 5), (1, 6), (2, 0)])).unwrap();
        assert_eq!(second.metadata, FetchMetadata { session_id: 44, epoch: 1 });
        assert_eq!(asked_for(&second), [1, 2]);
        assert!(handler.on_response(&answer(44, &[])), "nothing has changed there");
        let third = handler.build(wanted(&[(2, 0)])).unwrap();
        assert_eq!((third.metadata.epoch, asked_for(&third)), (2, vec![]));
        assert_eq!(third.forgotten[0].partitions, [0, 1]);
    }

    #[test]
    fn a_lost_session_is_asked_for_anew() {
        let mut handler = FetchSessionHandler::default();
        handler.build(wanted(&[(0, 5)]));
        handler.on_response(&answer(44, &[0]));
        handler.build(wanted(&[(0, 5)]));
        let error_code = ErrorCode::FetchSessionIdNotFound.code();
        assert!(!handler.on_response(&FetchResponse { error_code, ..Default::default() }));
        let next = handler.build(wanted(&[(0, 5)])).unwrap();
        assert_eq!((next.metadata, asked_for(&next)), (FetchMetadata::INITIAL, vec![0]));
        handler.on_response(&answer(45, &[0]));
        handler.on_error();
        let next = handler.build(wanted(&[(0, 5)])).unwrap();
        assert_eq!((next.metadata, asked_for(&next)), (FetchMetadata { session_id: 45, epoch: 0 }, vec![0]));
    }

    #[test]
    fn a_full_answer_speaks_of_every_partition_and_of_no_other() {
        for partitions in [&[0][..], &[0, 2], &[0, 1, 2]] {
            let mut handler = FetchSessionHandler::default();
            handler.build(wanted(&[(0, 5), (1, 5)]));
            assert!(!handler.on_response(&answer(44, partitions)), "{partitions:?}");
            assert_eq!(handler.next, FetchMetadata::INITIAL);
        }
    }
}
