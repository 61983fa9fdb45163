//! The file `quorum-state`: the epoch, who leads it and whom this node gave its vote (`FileQuorumStateStore`). It is
//! what keeps a node from voting twice in one epoch, so it is on the disk before the vote is told.

use base::{Micros, Uuid};
use sim::Disk;

use super::voters::ReplicaKey;

/// What is remembered of an epoch across a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ElectionState {
    pub epoch: i32,
    pub leader: Option<i32>,
    pub voted: Option<ReplicaKey>,
}

impl ElectionState {
    /// What a new node knows.
    pub const UNKNOWN: ElectionState = ElectionState { epoch: 0, leader: None, voted: None };

    pub fn to_text(self) -> String {
        let voted = self.voted.unwrap_or(ReplicaKey { id: -1, directory_id: Uuid::ZERO });
        format!(
            "{{\"leaderId\":{},\"leaderEpoch\":{},\"votedId\":{},\"votedDirectoryId\":\"{}\",\"data_version\":1}}",
            self.leader.unwrap_or(-1),
            self.epoch,
            voted.id,
            voted.directory_id
        )
    }

    /// None for a text that is damaged or of another version.
    pub fn parse(text: &str) -> Option<ElectionState> {
        let number = |name: &str| field(text, name)?.parse::<i32>().ok();
        let directory_id = field(text, "votedDirectoryId")?.trim_matches('"').parse().ok()?;
        let at_least_zero = |id: i32| (id >= 0).then_some(id);
        if number("data_version")? != 1 {
            return None;
        }
        Some(ElectionState {
            epoch: number("leaderEpoch")?,
            leader: at_least_zero(number("leaderId")?),
            voted: at_least_zero(number("votedId")?).map(|id| ReplicaKey { id, directory_id }),
        })
    }

    pub fn read(disk: &Disk, path: &str) -> Option<ElectionState> {
        let bytes = disk.file(path)?.contents();
        ElectionState::parse(std::str::from_utf8(&bytes).ok()?)
    }

    /// False when the disk took it not, or not all of it.
    pub fn write(self, disk: &mut Disk, path: &str, now: Micros) -> bool {
        let written = disk.write(path, self.to_text().into(), now);
        disk.sync(path);
        written
    }
}

/// The value of a field of a flat JSON object.
fn field<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(&format!("\"{name}\":"))?;
    rest.split([',', '}']).next().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let states = [
            ElectionState::UNKNOWN,
            ElectionState { epoch: 3, leader: Some(101), voted: None },
            ElectionState { epoch: 4, leader: None, voted: Some(ReplicaKey::new(102, Uuid(77))) },
        ];
        for state in states {
            assert_eq!(ElectionState::parse(&state.to_text()), Some(state));
        }
        assert_eq!(ElectionState::parse("{\"leaderId\":1"), None);
    }
}
