//! Who votes: replicas by id and directory, and the set of them that a `KRaftVoters` record holds (`VoterSet`).

use base::{Map, Set, Uuid};
use std::fmt;
use std::sync::Arc;

use protocol::embedded::{VotersRecord, voters_record};

use crate::spec::Voter;

/// The listener that controllers are reached by.
pub const CONTROLLER_LISTENER: &str = "CONTROLLER";
/// `kraft.version`s that a 4.3 server supports.
pub const SUPPORTED_KRAFT_VERSION: (i16, i16) = (0, 1);

/// A replica of the metadata log. Two disks of one node are two replicas: a controller that lost its disk lost its vote
/// with it (KIP-853).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplicaKey {
    pub id: i32,
    /// `Uuid::ZERO` when nobody said.
    pub directory_id: Uuid,
}

impl ReplicaKey {
    pub fn new(id: i32, directory_id: Uuid) -> ReplicaKey {
        ReplicaKey { id, directory_id }
    }

    /// Whether `other` is this replica. Who does not say its directory is taken at its word.
    pub fn matches(&self, other: ReplicaKey) -> bool {
        self.id == other.id && (self.directory_id == Uuid::ZERO || self.directory_id == other.directory_id)
    }
}

/// As Kafka's messages print it.
impl fmt::Display for ReplicaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.directory_id {
            Uuid::ZERO => write!(f, "ReplicaKey(id={}, directoryId=<undefined>)", self.id),
            directory => write!(f, "ReplicaKey(id={}, directoryId={directory})", self.id),
        }
    }
}

/// A listener by name, host and port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Listener {
    pub name: String,
    pub host: Arc<str>,
    pub port: u16,
}

impl Listener {
    /// The controller listener at this address.
    pub fn controller(host: &str, port: u16) -> Listener {
        Listener { name: CONTROLLER_LISTENER.to_string(), host: host.into(), port }
    }
}

/// One voter with its addresses and the `kraft.version`s that it supports.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct VoterNode {
    pub key: ReplicaKey,
    pub listeners: Vec<Listener>,
    pub kraft_versions: (i16, i16),
}

impl VoterNode {
    /// Where the other controllers reach it.
    pub fn endpoint(&self) -> Option<&Listener> {
        self.listeners.iter().find(|listener| listener.name == CONTROLLER_LISTENER)
    }
}

/// The voters, by id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct VoterSet(Map<i32, VoterNode>);

impl VoterSet {
    pub const EMPTY: VoterSet = VoterSet(Map::new());

    /// The voters that a disk is formatted with (`--initial-controllers`).
    pub fn of_spec(voters: &[Voter], listener: &str) -> VoterSet {
        let node = |voter: &Voter| VoterNode {
            key: ReplicaKey::new(voter.id, voter.directory_id),
            listeners: vec![Listener { name: listener.to_string(), ..Listener::controller(&voter.host, voter.port) }],
            kraft_versions: SUPPORTED_KRAFT_VERSION,
        };
        VoterSet(voters.iter().map(|voter| (voter.id, node(voter))).collect())
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// More than half.
    pub fn majority(&self) -> usize {
        self.0.len() / 2 + 1
    }

    pub fn ids(&self) -> Set<i32> {
        self.0.keys().copied().collect()
    }

    /// In order of ids.
    pub fn nodes(&self) -> impl Iterator<Item = &VoterNode> {
        self.0.values()
    }

    pub fn node(&self, id: i32) -> Option<&VoterNode> {
        self.0.get(&id)
    }

    pub fn endpoint(&self, id: i32) -> Option<&Listener> {
        self.0.get(&id)?.endpoint()
    }

    pub fn is_voter(&self, key: ReplicaKey) -> bool {
        self.0.get(&key.id).is_some_and(|node| node.key.matches(key))
    }

    pub fn is_only_voter(&self, key: ReplicaKey) -> bool {
        self.0.len() == 1 && self.is_voter(key)
    }

    /// The set with one more; none if the id is a voter's already.
    pub fn with(&self, node: VoterNode) -> Option<VoterSet> {
        if self.0.contains_key(&node.key.id) {
            return None;
        }
        let mut voters = self.0.clone();
        voters.insert(node.key.id, node);
        Some(VoterSet(voters))
    }

    /// The set without one of its members; none if it is no member, or the last one.
    pub fn without(&self, key: ReplicaKey) -> Option<VoterSet> {
        let known = self.0.get(&key.id).is_some_and(|node| node.key == key);
        if !known || self.0.len() == 1 {
            return None;
        }
        let mut voters = self.0.clone();
        voters.remove(&key.id);
        Some(VoterSet(voters))
    }

    /// The set with another address or version range of one of its members.
    pub fn updated(&self, node: VoterNode) -> Option<VoterSet> {
        if !self.is_voter(node.key) {
            return None;
        }
        let mut voters = self.0.clone();
        voters.insert(node.key.id, node);
        Some(VoterSet(voters))
    }

    pub fn to_record(&self) -> VotersRecord {
        let endpoint = |listener: &Listener| voters_record::Endpoint {
            name: listener.name.clone(),
            host: listener.host.to_string(),
            port: listener.port,
            ..Default::default()
        };
        let voter = |node: &VoterNode| voters_record::Voter {
            voter_id: node.key.id,
            voter_directory_id: node.key.directory_id,
            endpoints: node.listeners.iter().map(endpoint).collect(),
            kraft_version_feature: voters_record::KRaftVersionFeature {
                min_supported_version: node.kraft_versions.0,
                max_supported_version: node.kraft_versions.1,
                ..Default::default()
            },
            ..Default::default()
        };
        // Kafka's set is a copy of a hash map, and comes out in its order.
        let nodes: Vec<&VoterNode> = self.nodes().collect();
        let room = nodes.len() * 4 / 3 + 1;
        let nodes = protocol::java::with_capacity(nodes, room, |node| node.key.id);
        VotersRecord { version: 0, voters: nodes.into_iter().map(voter).collect(), ..Default::default() }
    }

    pub fn from_record(record: &VotersRecord) -> VoterSet {
        let listener =
            |e: &voters_record::Endpoint| Listener { name: e.name.clone(), host: e.host.as_str().into(), port: e.port };
        let node = |voter: &voters_record::Voter| VoterNode {
            key: ReplicaKey::new(voter.voter_id, voter.voter_directory_id),
            listeners: voter.endpoints.iter().map(listener).collect(),
            kraft_versions: (
                voter.kraft_version_feature.min_supported_version,
                voter.kraft_version_feature.max_supported_version,
            ),
        };
        VoterSet(record.voters.iter().map(|voter| (voter.voter_id, node(voter))).collect())
    }

    /// `[ReplicaKey(...), ...]`, as error messages list the voters.
    pub fn keys_text(&self) -> String {
        let keys: Vec<String> = self.nodes().map(|node| node.key.to_string()).collect();
        format!("[{}]", keys.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three() -> VoterSet {
        let voter = |id: i32| Voter { id, host: format!("c{id}"), port: 9093, directory_id: Uuid(id as u128 + 1_000) };
        VoterSet::of_spec(&[voter(1), voter(2), voter(3)], CONTROLLER_LISTENER)
    }

    #[test]
    fn a_set_survives_its_record() {
        assert_eq!(VoterSet::from_record(&three().to_record()), three());
    }

    #[test]
    fn a_voter_is_known_by_its_disk() {
        let voters = three();
        assert!(voters.is_voter(ReplicaKey::new(2, Uuid(1_002))));
        assert!(!voters.is_voter(ReplicaKey::new(2, Uuid(7))));
        assert_eq!(voters.without(ReplicaKey::new(2, Uuid(7))), None);
        let two = voters.without(ReplicaKey::new(2, Uuid(1_002))).expect("a member");
        assert_eq!((two.len(), two.majority()), (2, 2));
        assert_eq!(two.with(voters.node(2).expect("a member").clone()), Some(three()));
    }

    #[test]
    fn the_last_voter_stays() {
        let one = VoterSet::of_spec(
            &[Voter { id: 1, host: "c1".into(), port: 9093, directory_id: Uuid(9) }],
            CONTROLLER_LISTENER,
        );
        assert_eq!(one.without(ReplicaKey::new(1, Uuid(9))), None);
    }
}
