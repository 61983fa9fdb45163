//! Features and their levels: `metadata.version` with a name for each level, and the others with the release that turns
//! each level on (`MetadataVersion`, `Feature`).

pub const METADATA_VERSION: &str = "metadata.version";
pub const KRAFT_VERSION: &str = "kraft.version";

/// A level of `metadata.version`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MetadataVersion {
    pub level: i16,
    release: &'static str,
    sub: &'static str,
    /// Brokers of the level below cannot read what this one writes.
    pub changes_metadata: bool,
}

const fn version(level: i16, release: &'static str, sub: &'static str, changes_metadata: bool) -> MetadataVersion {
    MetadataVersion { level, release, sub, changes_metadata }
}

const VERSIONS: [MetadataVersion; 25] = [
    version(7, "3.3", "IV3", true),
    version(8, "3.4", "IV0", true),
    version(9, "3.5", "IV0", false),
    version(10, "3.5", "IV1", false),
    version(11, "3.5", "IV2", true),
    version(12, "3.6", "IV0", false),
    version(13, "3.6", "IV1", true),
    version(14, "3.6", "IV2", true),
    version(15, "3.7", "IV0", true),
    version(16, "3.7", "IV1", false),
    version(17, "3.7", "IV2", true),
    version(18, "3.7", "IV3", false),
    version(19, "3.7", "IV4", false),
    version(20, "3.8", "IV0", false),
    version(21, "3.9", "IV0", false),
    version(22, "4.0", "IV0", false),
    version(23, "4.0", "IV1", true),
    version(24, "4.0", "IV2", false),
    version(25, "4.0", "IV3", false),
    version(26, "4.1", "IV0", false),
    version(27, "4.1", "IV1", false),
    version(28, "4.2", "IV0", false),
    version(29, "4.2", "IV1", false),
    version(30, "4.3", "IV0", true),
    version(31, "4.4", "IV0", false),
];

impl MetadataVersion {
    pub const MINIMUM: MetadataVersion = VERSIONS[0];
    /// `isScramSupported` from here on.
    pub const SCRAM: MetadataVersion = VERSIONS[4];
    pub const LATEST_PRODUCTION: MetadataVersion = VERSIONS[23];

    /// `4.3-IV0`
    pub fn name(self) -> String {
        format!("{}-{}", self.release, self.sub)
    }

    pub fn of_level(level: i16) -> Option<MetadataVersion> {
        VERSIONS.into_iter().find(|version| version.level == level)
    }

    /// `fromVersionString`, unstable versions allowed: `4.3`, `4.3.1` (the last of its release) or `4.3-IV0`. The error
    /// is Kafka's words.
    pub fn parse(text: &str) -> Result<MetadataVersion, String> {
        let found = if text.contains("IV") {
            VERSIONS.into_iter().find(|version| version.name() == text)
        } else {
            let release = text.splitn(3, '.').take(2).collect::<Vec<_>>().join(".");
            // A release that is not out has no short name.
            let mut known = VERSIONS.into_iter().rev().filter(|version| *version <= Self::LATEST_PRODUCTION);
            known.find(|version| version.release == release)
        };
        found.ok_or_else(|| {
            let names: Vec<String> = VERSIONS.iter().map(|version| version.name()).collect();
            format!("Unknown metadata.version '{text}'. Supported metadata.version are: {}", names.join(", "))
        })
    }
}

/// A level of a feature: the `metadata.version` whose release turns it on, and the one that it cannot be without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FeatureLevel {
    pub level: i16,
    pub since_metadata: i16,
    pub needs_metadata: Option<i16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Feature {
    pub name: &'static str,
    levels: &'static [FeatureLevel],
}

const fn level(level: i16, since_metadata: i16) -> FeatureLevel {
    FeatureLevel { level, since_metadata, needs_metadata: None }
}

/// Every feature but `metadata.version`, in Kafka's order.
pub const FEATURES: [Feature; 6] = [
    Feature { name: KRAFT_VERSION, levels: &[level(0, 7), level(1, 21)] },
    Feature { name: "transaction.version", levels: &[level(0, 7), level(1, 24), level(2, 24)] },
    Feature { name: "group.version", levels: &[level(0, 7), level(1, 22)] },
    Feature {
        name: "eligible.leader.replicas.version",
        levels: &[level(0, 7), FeatureLevel { level: 1, since_metadata: 26, needs_metadata: Some(23) }],
    },
    Feature { name: "share.version", levels: &[level(0, 7), level(1, 28)] },
    Feature { name: "streams.version", levels: &[level(0, 7), level(1, 29)] },
];

impl Feature {
    /// The level that a cluster of this `metadata.version` is formatted with.
    pub fn default_level(&self, version: MetadataVersion) -> i16 {
        let on = self.levels.iter().rev().find(|level| level.since_metadata <= version.level);
        on.map_or(0, |level| level.level)
    }

    pub fn level(&self, level: i16) -> Option<FeatureLevel> {
        self.levels.iter().copied().find(|known| known.level == level)
    }

    pub fn latest(&self) -> i16 {
        self.levels.last().map_or(0, |level| level.level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_and_their_levels() {
        let parse = |text: &str| MetadataVersion::parse(text).map(|version| version.level);
        assert_eq!(parse("4.3"), Ok(30));
        assert_eq!(parse("3.9.2"), Ok(21));
        assert_eq!(parse("4.0-IV1"), Ok(23));
        assert!(parse("2.3").is_err_and(|words| words.starts_with("Unknown metadata.version '2.3'.")));
        let defaults = |text: &str| {
            let version = MetadataVersion::parse(text).unwrap();
            FEATURES.map(|feature| feature.default_level(version))
        };
        assert_eq!(defaults("4.3"), [1, 2, 1, 1, 1, 1]);
        assert_eq!(defaults("4.0"), [1, 2, 1, 0, 0, 0]);
        assert_eq!(defaults("3.3"), [0; 6]);
    }
}
