//! What the flags of Kafka's tools are for, in a few words of our own: shown beside each as it is offered.

/// Of flags that mean one thing in every tool that has them.
const REASONS: [(&str, &str); 39] = [
    ("add-config", "settings to set, KEY=VALUE"),
    ("alter", "changes what is there"),
    ("at-min-isr-partitions", "one more loss and writes stop"),
    ("bootstrap-controller", "a controller to ask first"),
    ("bootstrap-server", "a broker to ask first"),
    ("command-property", "a setting of the client"),
    ("config", "a setting of the topic, KEY=VALUE"),
    ("create", "makes a topic"),
    ("delete", "takes it away for good"),
    ("delete-config", "settings to take back"),
    ("describe", "how it stands"),
    ("election-type", "preferred, or unclean"),
    ("entity-name", "which one"),
    ("entity-type", "topics, brokers, users, clients"),
    ("execute", "does it"),
    ("files", "segment files to read"),
    ("formatter-property", "how records are printed"),
    ("from-beginning", "from the oldest that is kept"),
    ("generate", "proposes a plan"),
    ("group", "shares the work, remembers offsets"),
    ("if-exists", "no error where there is none"),
    ("if-not-exists", "no error where there is one"),
    ("list", "their names"),
    ("max-messages", "ends after so many"),
    ("offset", "where to begin"),
    ("partition", "one partition alone"),
    ("partitions", "how many logs share the topic"),
    ("print-data-log", "keys and values, too"),
    ("producer-property", "a setting of the producer"),
    ("reader-property", "how lines become records"),
    ("replica-assignment", "which broker holds what"),
    ("replication-factor", "how many copies of each"),
    ("request-required-acks", "who must have it before it counts"),
    ("time", "-1 the end, -2 the beginning"),
    ("timeout-ms", "ends when nothing comes"),
    ("topic", "which topic"),
    ("unavailable-partitions", "no leader at all"),
    ("under-min-isr-partitions", "acks=all writes are refused"),
    ("under-replicated-partitions", "the ISR is short"),
];

/// Of a flag without its dashes.
pub fn of(flag: &str) -> Option<&'static str> {
    let at = REASONS.binary_search_by_key(&flag, |(name, _)| *name).ok()?;
    Some(REASONS[at].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_can_be_searched_and_every_flag_in_it_is_one() {
        assert!(REASONS.is_sorted_by_key(|(name, _)| *name));
        let all: Vec<String> = shell::program::names()
            .iter()
            .flat_map(|tool| shell::tools::flags(tool))
            .map(|flag| flag.to_string())
            .collect();
        for (name, _) in REASONS {
            assert!(all.iter().any(|flag| flag.trim_start_matches('-') == name), "no tool has --{name}");
            assert!(of(name).is_some());
        }
    }
}
