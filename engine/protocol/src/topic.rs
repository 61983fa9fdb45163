//! Names of topics (`org.apache.kafka.common.internals.Topic`) and topic-partitions.

use std::fmt;

use crate::Name;

/// Where consumer groups keep their offsets and members.
pub const GROUP_METADATA_TOPIC_NAME: &str = "__consumer_offsets";
/// Where transaction coordinators keep their transactions.
pub const TRANSACTION_STATE_TOPIC_NAME: &str = "__transaction_state";
/// Where share coordinators keep the state of share groups.
pub const SHARE_GROUP_STATE_TOPIC_NAME: &str = "__share_group_state";
/// The metadata log of KRaft: not a topic that a client sees.
pub const CLUSTER_METADATA_TOPIC_NAME: &str = "__cluster_metadata";
/// The longest name of a topic: a folder `name-partition` and its suffixes must fit into 255 bytes.
pub const NAME_LENGTH_MAX: usize = 249;

/// A partition of a topic by name. Ordered by topic, then partition.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicPartition {
    pub topic: Name,
    pub partition: i32,
}

impl TopicPartition {
    pub fn new(topic: impl Into<Name>, partition: i32) -> TopicPartition {
        TopicPartition { topic: topic.into(), partition }
    }
}

/// As Kafka prints it and as its folder is called: `orders-0`.
impl fmt::Display for TopicPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.topic, self.partition)
    }
}

/// Why a name cannot be that of a topic, in Kafka's words after `Topic name is invalid: `.
fn invalid_reason(name: &str) -> Option<String> {
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    match name {
        "" => Some("the empty string is not allowed".to_string()),
        "." | ".." => Some(format!("'{name}' is not allowed")),
        // Java counts UTF-16 units.
        _ if name.encode_utf16().count() > NAME_LENGTH_MAX => {
            Some(format!("the length of '{name}' is longer than the max allowed length {NAME_LENGTH_MAX}"))
        }
        _ if !name.bytes().all(is_legal) => {
            Some(format!("'{name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"))
        }
        _ => None,
    }
}

/// Whether a topic may have this name; the error is the whole message of Kafka's `InvalidTopicException`.
pub fn validate(name: &str) -> Result<(), String> {
    validate_named(name, "Topic name")
}

/// The same for another thing that follows the rule for topics, such as `Logger name`.
pub fn validate_named(name: &str, thing: &str) -> Result<(), String> {
    invalid_reason(name).map_or(Ok(()), |reason| Err(format!("{thing} is invalid: {reason}")))
}

/// Whether Kafka itself owns the topic.
pub fn is_internal(name: &str) -> bool {
    [GROUP_METADATA_TOPIC_NAME, TRANSACTION_STATE_TOPIC_NAME, SHARE_GROUP_STATE_TOPIC_NAME].contains(&name)
}

/// Whether the name has a character that metric names turn into another one.
pub fn has_collision_chars(name: &str) -> bool {
    name.contains(['.', '_'])
}

/// Whether two names are the same once metric names have made `_` of every `.`.
pub fn has_collision(a: &str, b: &str) -> bool {
    let unify = |name: &str| name.replace('.', "_");
    unify(a) == unify(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kafkas_words_for_bad_names() {
        let words = |name: &str| validate(name).unwrap_err();
        assert_eq!(words(""), "Topic name is invalid: the empty string is not allowed");
        assert_eq!(words(".."), "Topic name is invalid: '..' is not allowed");
        assert_eq!(
            words("a b"),
            "Topic name is invalid: 'a b' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"
        );
        let long = "x".repeat(250);
        assert!(words(&long).ends_with("' is longer than the max allowed length 249"));
        assert_eq!(validate(&long[1..]), Ok(()));
        assert_eq!(validate("orders.v1_eu-3"), Ok(()));
    }

    #[test]
    fn collisions() {
        assert!(has_collision("a.b", "a_b") && !has_collision("a.b", "a-b"));
        assert!(is_internal("__consumer_offsets") && !is_internal("__cluster_metadata"));
    }
}
