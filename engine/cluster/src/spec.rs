//! What a server is started with: its properties and its profile. The kernel keeps this beside the node, as a file
//! system keeps `server.properties`, so that a restart reads what was edited meanwhile.

use base::{Map, Micros, Rng, Uuid};

use sim::Disk;

use crate::broker::log_files::open_directory;

/// A property file: key to value, as text.
pub type Properties = Map<String, String>;

/// The Kafka version that a cluster behaves as. A profile is data; code asks it a named question and never compares
/// version numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Profile {
    #[default]
    V4_3,
    /// 4.3 with one rule broken on purpose, so that the tests can show that the invariant checker notices. No version
    /// that a person may ask for parses to it.
    Mutant(Mutant),
}

/// One rule of Kafka's replication that a server does not keep: bugs that Kafka had, or would have without the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mutant {
    /// acks=all is answered when the leader has the records.
    AckBeforeReplication,
    /// A follower of a new leader cuts its log at its own high watermark (before KIP-101).
    TruncateToHighWatermark,
    /// A leader does not compare the epoch of a follower's last record with its own log (KIP-595, KIP-279).
    NoDivergenceCheck,
    /// A new leader takes its log end for committed.
    LeaderTrustsOwnLogEnd,
    /// A follower that has not caught up may join the ISR.
    ExpandWithoutCatchingUp,
    /// Only the committed ISR counts for the high watermark, not who is being added or about to be (KIP-497).
    IgnorePendingExpansion,
    /// A member that is to be removed counts no more, though the controller has not agreed (KIP-497).
    TrustPendingShrink,
    /// A leader goes on committing with an ISR below its minimum, so that ELR members lack records (KAFKA-15583).
    AdvanceBelowMinIsr,
    /// The controller takes ISR changes of leaders that it has replaced (KIP-497).
    UnfencedAlterPartition,
    /// The controller believes that a broker which was killed still has what it had (KIP-966).
    TrustUncleanShutdown,
    /// The controller elects any live replica, and does not say so.
    ElectOutsideIsr,
    /// A leader takes a batch of an idempotent producer that it has already, and one that leaves a gap (KIP-98).
    DropDedupWindow,
    /// A follower takes the answer to a fetch that it would not send any more.
    TakeStaleFetchAnswer,
    /// A metadata record counts as committed when most replicas have it, whether they may vote or not.
    QuorumCountsObservers,
    /// A new leader does not note where its epoch begins (KIP-101, KIP-279).
    ForgottenEpochStart,
    /// A leader takes a fetch that names an older leader epoch (KIP-320).
    UnfencedFetch,
    /// The cleaner takes tombstones before `delete.retention.ms` has passed.
    CleanerDropsTombstones,
}

impl Mutant {
    pub const ALL: [Mutant; 17] = [
        Mutant::AckBeforeReplication,
        Mutant::TruncateToHighWatermark,
        Mutant::NoDivergenceCheck,
        Mutant::LeaderTrustsOwnLogEnd,
        Mutant::ExpandWithoutCatchingUp,
        Mutant::IgnorePendingExpansion,
        Mutant::TrustPendingShrink,
        Mutant::AdvanceBelowMinIsr,
        Mutant::UnfencedAlterPartition,
        Mutant::TrustUncleanShutdown,
        Mutant::ElectOutsideIsr,
        Mutant::DropDedupWindow,
        Mutant::TakeStaleFetchAnswer,
        Mutant::QuorumCountsObservers,
        Mutant::ForgottenEpochStart,
        Mutant::UnfencedFetch,
        Mutant::CleanerDropsTombstones,
    ];
}

impl Profile {
    pub fn parse(version: &str) -> Option<Profile> {
        match version {
            "4.3" | "4.3.1" => Some(Profile::V4_3),
            _ => None,
        }
    }

    pub fn version(self) -> &'static str {
        match self {
            Profile::V4_3 | Profile::Mutant(_) => "4.3.1",
        }
    }

    /// Whether this rule is the one that is broken.
    pub fn breaks(self, mutant: Mutant) -> bool {
        self == Profile::Mutant(mutant)
    }

    /// Eligible leader replicas (KIP-966) are on in a freshly formatted cluster.
    pub fn elr_enabled(self) -> bool {
        true
    }

    /// The leader holds its high watermark while the ISR is below its minimum (KAFKA-15583, since 3.7).
    pub fn high_watermark_waits_for_min_isr(self) -> bool {
        true
    }

    /// An ISR that a leader proposes is written in ascending order of ids (4.x; older ones append).
    pub fn leader_isr_is_sorted(self) -> bool {
        true
    }
}

/// Where the controller of a broker's process listens.
pub const CONTROLLER_PORT: u16 = 9093;

/// A KRaft controller as others reach it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Voter {
    pub id: i32,
    pub host: String,
    pub port: u16,
    /// The disk that it is formatted with: who lost it has lost the vote.
    pub directory_id: Uuid,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BrokerSpec {
    pub profile: Profile,
    pub cluster_id: Uuid,
    pub node_id: i32,
    /// `b1`; it listens on `b1:9092`.
    pub host: String,
    pub port: u16,
    pub voters: Vec<Voter>,
    /// Only what was set; defaults come from the table of configs.
    pub properties: Properties,
}

impl BrokerSpec {
    /// All that `server.properties` says: who the server is and where it listens, and what was set.
    pub fn file(&self) -> Properties {
        let advertised = format!("PLAINTEXT://{}:{}", self.host, self.port);
        let (roles, listeners) = match self.own_voter() {
            Some(own) => ("broker,controller", format!("{advertised},CONTROLLER://{}:{}", self.host, own.port)),
            None => ("broker", advertised.clone()),
        };
        let mut file = identity(self.node_id, &self.host, roles, &listeners, &self.voters);
        file.insert("advertised.listeners".to_string(), advertised);
        file.extend(self.properties.clone());
        file
    }

    /// What is done before a server's first start, as far as its disk lacks it: the property file is written and the log
    /// directory formatted.
    pub fn prepare(&self, disk: &mut Disk, rng: &mut Rng, now: Micros) {
        write_properties(disk, &self.file(), now);
        open_directory(disk, self.cluster_id, self.node_id, &self.voters, rng, now);
    }

    fn own_voter(&self) -> Option<&Voter> {
        self.voters.iter().find(|voter| voter.id == self.node_id)
    }

    /// The controller of the same process: this broker is one of the voters (`process.roles=broker,controller`).
    pub fn controller(&self) -> Option<ControllerSpec> {
        let voter = self.own_voter()?;
        Some(ControllerSpec {
            profile: self.profile,
            cluster_id: self.cluster_id,
            node_id: self.node_id,
            host: self.host.clone(),
            port: voter.port,
            voters: self.voters.clone(),
            // One file for both roles.
            properties: self.file(),
        })
    }
}

/// The properties that a server needs to be one.
fn identity(node_id: i32, host: &str, roles: &str, listener: &str, voters: &[Voter]) -> Properties {
    let controllers: Vec<String> = voters.iter().map(|voter| format!("{}:{}", voter.host, voter.port)).collect();
    const PROTOCOLS: &str =
        "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL";
    let pairs = [
        ("log.dirs", format!("/{host}/{LOG_DIR}")),
        ("node.id", node_id.to_string()),
        ("process.roles", roles.to_string()),
        ("controller.listener.names", "CONTROLLER".to_string()),
        ("listeners", listener.to_string()),
        ("listener.security.protocol.map", PROTOCOLS.to_string()),
        ("controller.quorum.bootstrap.servers", controllers.join(",")),
    ];
    pairs.into_iter().map(|(name, value)| (name.to_string(), value)).collect()
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ControllerSpec {
    pub profile: Profile,
    pub cluster_id: Uuid,
    pub node_id: i32,
    /// `c1`; it listens on `c1:9093`.
    pub host: String,
    pub port: u16,
    pub voters: Vec<Voter>,
    pub properties: Properties,
}

impl ControllerSpec {
    /// All that `server.properties` says.
    pub fn file(&self) -> Properties {
        let listener = format!("CONTROLLER://{}:{}", self.host, self.port);
        let mut file = identity(self.node_id, &self.host, "controller", &listener, &self.voters);
        file.extend(self.properties.clone());
        file
    }

    /// As [`BrokerSpec::prepare`].
    pub fn prepare(&self, disk: &mut Disk, rng: &mut Rng, now: Micros) {
        write_properties(disk, &self.file(), now);
        open_directory(disk, self.cluster_id, self.node_id, &self.voters, rng, now);
    }
}

/// Beside the log directory on a server's disk.
pub const PROPERTIES_FILE: &str = "server.properties";
/// Who the server is stands at the head of the file; what was set besides follows.
const FILE_HEAD: [&str; 8] = [
    "log.dirs",
    "node.id",
    "process.roles",
    "controller.listener.names",
    "listeners",
    "advertised.listeners",
    "listener.security.protocol.map",
    "controller.quorum.bootstrap.servers",
];

/// Writes the property file unless it says this already.
pub(crate) fn write_properties(disk: &mut Disk, file: &Properties, now: Micros) {
    let head = FILE_HEAD.iter().filter_map(|name| file.get_key_value(*name));
    let rest = file.iter().filter(|(name, _)| !FILE_HEAD.contains(&name.as_str()));
    let text: String = head.chain(rest).map(|(name, value)| format!("{name}={value}\n")).collect();
    if disk.file(PROPERTIES_FILE).is_none_or(|known| known.contents() != text.as_bytes()) {
        disk.write(PROPERTIES_FILE, text.into(), now);
    }
}

/// The folder of a server's `log.dirs` on its virtual disk, as the terminals see it below the server's own folder
/// (`b1/kafka-logs`). Kafka itself calls it `/b1/kafka-logs`.
pub const LOG_DIR: &str = "kafka-logs";
