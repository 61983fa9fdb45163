//! A replica's role as Kafka's log prints it (`EpochState.toString` of each state).

use std::fmt::Display;

use super::election::EpochElection;
use super::role::Role;
use super::voters::{Listener, ReplicaKey, VoterNode};
use super::{Io, Raft};
use crate::server_log::{joined, logger};

impl Raft {
    pub(super) fn describe_role(&self) -> String {
        let (epoch, own) = (self.epoch, self.key());
        let high_watermark = optional(
            self.high_watermark.map(|offset| format!("LogOffsetMetadata(offset={offset}, metadata=Optional.empty)")),
        );
        let voters = joined(self.log.voter_set().ids(), ", ");
        let election_ms = self.config.election_timeout.as_ms();
        match &self.role {
            Role::Unattached(role) => format!(
                "UnattachedState(epoch={epoch}, leaderId={}, votedKey={}, voters=[{voters}], electionTimeoutMs={election_ms}, \
                 highWatermark={high_watermark})",
                optional_int(role.leader),
                optional(role.voted)
            ),
            Role::Prospective(role) => format!(
                "ProspectiveState(epoch={epoch}, leaderId={}, votedKey={}, epochElection={}, \
                 electionTimeoutMs={election_ms}, highWatermark={high_watermark})",
                optional_int(role.leader),
                optional(role.voted),
                role.election
            ),
            Role::Candidate(role) => format!(
                "CandidateState(localId={}, localDirectoryId={}, epoch={epoch}, epochElection={}, \
                 highWatermark={high_watermark}, electionTimeoutMs={election_ms})",
                own.id, own.directory_id, role.election
            ),
            Role::Follower(role) => format!(
                "FollowerState(fetchTimeoutMs={}, epoch={epoch}, leader={}, leaderEndpoints={}, votedKey={}, \
                 voters=[{voters}], highWatermark={high_watermark}, fetchingSnapshot={})",
                self.config.fetch_timeout.as_ms(),
                role.leader,
                endpoints(&role.leader_endpoint),
                optional(role.voted),
                optional(role.download.as_ref().map(|download| {
                    format!("OffsetAndEpoch[offset={}, epoch={}]", download.id.end_offset, download.id.epoch)
                }))
            ),
            Role::Leader(role) => format!(
                "Leader(localVoterNode=VoterNode(voterKey={own}, listeners={}, \
                 supportedKRaftVersion=SupportedVersionRange[min_version:0, max_version:1]), epoch={epoch}, \
                 epochStartOffset={}, highWatermark={high_watermark}, voterStates={{{}}})",
                endpoints(&self.own_listener()),
                role.epoch_start,
                joined(
                    role.voters().map(|voter| format!("{}=ReplicaState(replicaKey={})", voter.key.id, voter.key)),
                    ", "
                )
            ),
            Role::Resigned(role) => format!(
                "ResignedState(localId={}, epoch={epoch}, voters=[{voters}], electionTimeoutMs={election_ms}, \
                 unackedVoters=[{}], preferredSuccessors=[{}])",
                own.id,
                joined(&role.unacknowledged, ", "),
                joined(&role.successors, ", ")
            ),
        }
    }

    /// What a replica logs when it starts: whom it asks first, and who votes as far as it knows.
    pub(super) fn tell_start(&self, io: &mut Io<'_>) {
        let server = |(at, (host, port)): (usize, &(String, u16))| {
            format!("{host}:{port} (id: {} rack: null isFenced: false)", -2 - at as i64)
        };
        let servers = joined(self.config.bootstrap.iter().enumerate().map(server), ", ");
        io.info(format!("Starting request manager with bootstrap servers: [{servers}]"));
        io.info("Reading KRaft snapshot and log as part of the initialization".to_string());
        if let Some(id) = self.log.latest_snapshot() {
            io.info(format!(
                "Loading snapshot (OffsetAndEpoch[offset={}, epoch={}]) since log start offset ({}) is greater than the \
                 internal listener's next offset (-1)",
                id.end_offset,
                id.epoch,
                self.log.start()
            ));
        }
        let voter = |node: &VoterNode| {
            let (min, max) = node.kraft_versions;
            format!(
                "{}=VoterNode(voterKey={}, listeners={}, supportedKRaftVersion=SupportedVersionRange[min_version:{min}, \
                 max_version:{max}])",
                node.key.id,
                node.key,
                joined(node.listeners.iter().map(endpoints), ", ")
            )
        };
        let voters = joined(self.log.voter_set().nodes().map(voter), ", ");
        io.info(format!("Starting voters are VoterSet(voters={{{voters}}})"));
    }

    /// What Kafka logs when a replica takes another role. A role that promises something was written down before.
    pub(super) fn log_transition(&self, from: &str, is_durable: bool, io: &mut Io<'_>) {
        let to = self.describe_role();
        if is_durable {
            io.out.lines.push((
                "INFO",
                logger::QUORUM_STATE,
                format!("Attempting durable transition to {to} from {from}"),
            ));
        }
        io.out.lines.push(("INFO", logger::QUORUM_STATE, format!("Completed transition to {to} from {from}")));
    }
}

impl Display for EpochElection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let state = |(key, vote): (&ReplicaKey, &str)| format!("{}=VoterState(replicaKey={key}, state={vote})", key.id);
        write!(f, "EpochElection[voterStates={{{}}}]", joined(self.votes().map(state), ", "))
    }
}

fn endpoints(listener: &Listener) -> String {
    let Listener { name, host, port } = listener;
    format!("Endpoints(endpoints={{ListenerName({name})={host}/<unresolved>:{port}}})")
}

fn optional<T: Display>(value: Option<T>) -> String {
    value.map_or("Optional.empty".to_string(), |value| format!("Optional[{value}]"))
}

fn optional_int(value: Option<i32>) -> String {
    value.map_or("OptionalInt.empty".to_string(), |value| format!("OptionalInt[{value}]"))
}
