//! Which server configs stand behind a topic config (`ServerTopicConfigSynonyms`), and which server configs are one thing
//! in other units (`DynamicBrokerConfig.brokerConfigSynonyms`).

/// How the server's value becomes the topic's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Converter {
    None,
    HoursToMs,
    MinutesToMs,
}

impl Converter {
    /// The converted text. What is no number stays as it is: it was refused where it was set.
    pub fn apply(self, text: &str) -> String {
        let factor = match self {
            Converter::None => return text.to_string(),
            Converter::HoursToMs => 3_600_000,
            Converter::MinutesToMs => 60_000,
        };
        match text.trim().parse::<i64>() {
            Ok(number) => number.saturating_mul(factor).to_string(),
            Err(_) => text.to_string(),
        }
    }
}

/// A server config that can stand for a topic config.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Synonym {
    pub name: &'static str,
    pub converter: Converter,
}

const fn same(name: &'static str) -> Synonym {
    Synonym { name, converter: Converter::None }
}

const fn hours(name: &'static str) -> Synonym {
    Synonym { name, converter: Converter::HoursToMs }
}

const fn minutes(name: &'static str) -> Synonym {
    Synonym { name, converter: Converter::MinutesToMs }
}

/// The server configs behind a topic config, the first that is set counts. Empty for configs that only topics have.
pub fn topic_synonyms(topic_key: &str) -> &'static [Synonym] {
    TOPIC_SYNONYMS.iter().find(|(name, _)| *name == topic_key).map_or(&[], |(_, synonyms)| synonyms)
}

static TOPIC_SYNONYMS: &[(&str, &[Synonym])] = &[
    ("segment.bytes", &[same("log.segment.bytes")]),
    ("segment.ms", &[same("log.roll.ms"), hours("log.roll.hours")]),
    ("segment.jitter.ms", &[same("log.roll.jitter.ms"), hours("log.roll.jitter.hours")]),
    ("segment.index.bytes", &[same("log.index.size.max.bytes")]),
    ("flush.messages", &[same("log.flush.interval.messages")]),
    ("flush.ms", &[same("log.flush.interval.ms"), same("log.flush.scheduler.interval.ms")]),
    ("retention.bytes", &[same("log.retention.bytes")]),
    ("retention.ms", &[same("log.retention.ms"), minutes("log.retention.minutes"), hours("log.retention.hours")]),
    ("max.message.bytes", &[same("message.max.bytes")]),
    ("index.interval.bytes", &[same("log.index.interval.bytes")]),
    ("delete.retention.ms", &[same("log.cleaner.delete.retention.ms")]),
    ("min.compaction.lag.ms", &[same("log.cleaner.min.compaction.lag.ms")]),
    ("max.compaction.lag.ms", &[same("log.cleaner.max.compaction.lag.ms")]),
    ("file.delete.delay.ms", &[same("log.segment.delete.delay.ms")]),
    ("min.cleanable.dirty.ratio", &[same("log.cleaner.min.cleanable.ratio")]),
    ("cleanup.policy", &[same("log.cleanup.policy")]),
    ("unclean.leader.election.enable", &[same("unclean.leader.election.enable")]),
    ("min.insync.replicas", &[same("min.insync.replicas")]),
    ("compression.type", &[same("compression.type")]),
    ("compression.gzip.level", &[same("compression.gzip.level")]),
    ("compression.lz4.level", &[same("compression.lz4.level")]),
    ("compression.zstd.level", &[same("compression.zstd.level")]),
    ("preallocate", &[same("log.preallocate")]),
    ("message.timestamp.type", &[same("log.message.timestamp.type")]),
    ("message.timestamp.before.max.ms", &[same("log.message.timestamp.before.max.ms")]),
    ("message.timestamp.after.max.ms", &[same("log.message.timestamp.after.max.ms")]),
    ("local.retention.ms", &[same("log.local.retention.ms")]),
    ("local.retention.bytes", &[same("log.local.retention.bytes")]),
];

/// The names under which one server setting can be given, the first that is set counts; the name itself for most.
pub fn broker_synonyms(name: &str) -> Vec<&str> {
    const GROUPS: [&[&str]; 3] = [
        &["log.roll.ms", "log.roll.hours"],
        &["log.roll.jitter.ms", "log.roll.jitter.hours"],
        &["log.retention.ms", "log.retention.minutes", "log.retention.hours"],
    ];
    // The scheduler's interval is only the default of the flush interval, and no synonym when asked for itself.
    if name == "log.flush.interval.ms" {
        return vec![name, "log.flush.scheduler.interval.ms"];
    }
    GROUPS.iter().find(|group| group.contains(&name)).map_or(vec![name], |group| group.to_vec())
}
