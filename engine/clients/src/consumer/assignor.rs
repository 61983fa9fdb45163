//! Who reads what in a group: `RangeAssignor`, and the bytes in which members tell the leader what they want and the
//! leader tells them what they get (`ConsumerProtocol`).

use base::{Map, Set};

use bytes::Bytes;
use protocol::embedded::{ConsumerProtocolAssignment, ConsumerProtocolSubscription, consumer_protocol_assignment};
use protocol::{TopicPartition, java};

/// The version of the consumer protocol that 4.3's consumers write.
const VERSION: i16 = 3;

/// A member as the leader sees it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Member {
    pub id: String,
    /// Static members are ordered by this.
    pub instance: Option<String>,
    pub topics: Vec<String>,
}

/// A member's subscription for one assignor.
pub fn subscription(topics: &[String], generation: i32, user_data: Option<Bytes>) -> Bytes {
    let subscription = ConsumerProtocolSubscription {
        topics: topics.to_vec(),
        user_data,
        owned_partitions: Vec::new(),
        generation_id: generation,
        rack_id: None,
    };
    versioned(VERSION, |out| subscription.encode(VERSION, out))
}

/// Topics of a subscription of any version; none if it cannot be read.
pub fn topics_of(bytes: &Bytes) -> Vec<String> {
    let Some((version, mut body)) = split_version(bytes) else { return Vec::new() };
    ConsumerProtocolSubscription::decode(&mut body, version.min(VERSION)).map(|s| s.topics).unwrap_or_default()
}

pub fn assignment(partitions: &[TopicPartition]) -> Bytes {
    let mut topics: Vec<consumer_protocol_assignment::TopicPartition> = Vec::new();
    for tp in partitions {
        match topics.last_mut() {
            Some(topic) if topic.topic == tp.topic => topic.partitions.push(tp.partition),
            _ => topics.push(consumer_protocol_assignment::TopicPartition {
                topic: tp.topic.to_string(),
                partitions: vec![tp.partition],
            }),
        }
    }
    let assignment = ConsumerProtocolAssignment { assigned_partitions: topics, user_data: None };
    versioned(VERSION, |out| assignment.encode(VERSION, out))
}

pub fn partitions_of(bytes: &Bytes) -> Vec<TopicPartition> {
    let Some((version, mut body)) = split_version(bytes) else { return Vec::new() };
    let assignment = ConsumerProtocolAssignment::decode(&mut body, version.min(VERSION)).unwrap_or_default();
    let of = |topic: &consumer_protocol_assignment::TopicPartition| -> Vec<TopicPartition> {
        topic.partitions.iter().map(|partition| TopicPartition::new(topic.topic.clone(), *partition)).collect()
    };
    assignment.assigned_partitions.iter().flat_map(of).collect()
}

/// `RangeAssignor`: of each topic every member gets a run of partitions, the first ones one more if it does not divide.
/// `counts` has the number of partitions of the topics that exist.
pub fn range(members: &[Member], counts: &Map<String, i32>) -> Map<String, Vec<TopicPartition>> {
    let mut result: Map<String, Vec<TopicPartition>> =
        members.iter().map(|member| (member.id.clone(), Vec::new())).collect();
    let topics: Set<&String> = members.iter().flat_map(|member| &member.topics).collect();
    // Kafka goes through a hash map of those that exist, and an assignment names its topics in that order.
    let known: Vec<String> = topics.into_iter().filter(|topic| counts.contains_key(*topic)).cloned().collect();
    for topic in &java::hash_order(&known) {
        let Some(count) = counts.get(topic).and_then(|count| usize::try_from(*count).ok()) else { continue };
        let mut subscribers: Vec<&Member> = members.iter().filter(|member| member.topics.contains(topic)).collect();
        // Static members first, by instance id; then the others by member id (`MemberInfo.compareTo`).
        base::ordered::sort_by_key(&mut subscribers, |member| {
            (member.instance.is_none(), member.instance.clone(), member.id.clone())
        });
        let (each, extra) = (count / subscribers.len(), count % subscribers.len());
        let mut next = 0;
        for (place, member) in subscribers.iter().enumerate() {
            let share = each + usize::from(place < extra);
            let run = (next..next + share).filter_map(|partition| i32::try_from(partition).ok());
            let partitions = run.map(|partition| TopicPartition::new(topic.clone(), partition));
            if let Some(list) = result.get_mut(&member.id) {
                list.extend(partitions);
            }
            next += share;
        }
    }
    result
}

fn versioned<E>(version: i16, encode: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Bytes {
    let mut out = version.to_be_bytes().to_vec();
    // The fields set above exist in this version, so this cannot fail; an empty body would be refused by the reader.
    let _ = encode(&mut out);
    out.into()
}

fn split_version(bytes: &Bytes) -> Option<(i16, Bytes)> {
    let head = bytes.first_chunk::<2>()?;
    Some((i16::from_be_bytes(*head), bytes.slice(2..)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(id: &str, topics: &[&str]) -> Member {
        Member { id: id.to_string(), instance: None, topics: topics.iter().map(|t| t.to_string()).collect() }
    }

    #[test]
    fn ranges_are_runs_and_the_first_members_get_one_more() {
        let counts = Map::from([("t1".to_string(), 3), ("t2".to_string(), 3)]);
        let assigned = range(&[member("c2", &["t1", "t2"]), member("c1", &["t1", "t2"])], &counts);
        let names = |id: &str| assigned[id].iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(names("c1"), ["t1-0", "t1-1", "t2-0", "t2-1"]);
        assert_eq!(names("c2"), ["t1-2", "t2-2"]);
    }

    #[test]
    fn what_is_written_can_be_read() {
        let topics = vec!["orders".to_string(), "payments".to_string()];
        assert_eq!(topics_of(&subscription(&topics, 4, None)), topics);
        let partitions = vec![TopicPartition::new("orders", 0), TopicPartition::new("orders", 2)];
        assert_eq!(partitions_of(&assignment(&partitions)), partitions);
        assert!(partitions_of(&Bytes::new()).is_empty());
    }
}
