//! The rules, as functions of what there is: the replicas of one partition and what is registered of it, log ends, books.
//!
//! Comparing whole logs after every event would cost too much. Each batch carries its leader epoch and the checksum of its
//! records, and LogMatching is checked at every append; so two replicas that agree on the batch at an offset agree on all
//! below it, and one look is enough.

use cluster::metadata::{NO_LEADER, PartitionRegistration};
use log::UnifiedLog;
use sim::{Imbalance, Violation};

/// One replica as a running broker holds it.
#[derive(Clone, Copy, Debug)]
pub struct Replica<'a> {
    pub broker: i32,
    /// It believes to lead; others may know better.
    pub leads: bool,
    pub leader_epoch: i32,
    pub log: &'a UnifiedLog,
}

type Verdict = Result<(), String>;

/// S1.
pub fn leader_in_isr(registration: &PartitionRegistration) -> Verdict {
    let PartitionRegistration { leader, isr, .. } = registration;
    if *leader == NO_LEADER || isr.contains(leader) {
        return Ok(());
    }
    Err(format!("the leader, broker {leader}, is not in the ISR {isr:?}"))
}

/// S2, for one that believes to lead and one member of the registered ISR.
pub fn strong_isr(leader: &Replica<'_>, member: &Replica<'_>) -> Verdict {
    let Some(last) = leader.log.high_watermark().checked_sub(1) else { return Ok(()) };
    if last < leader.log.log_start().max(member.log.log_start()) {
        return Ok(());
    }
    let (ours, theirs) = (leader.log.fingerprint_at(last), member.log.fingerprint_at(last));
    // Each replica is cleaned in its own time; S17 says what must be left.
    let is_compacted = leader.log.config().compact && member.log.log_end() > last;
    if ours == theirs || is_compacted {
        return Ok(());
    }
    let Replica { broker, leader_epoch, .. } = leader;
    let held = match theirs.filter(|_| last < member.log.log_end()) {
        Some((epoch, _)) => format!("another record of leader epoch {epoch}"),
        None => format!("nothing: its log ends at {}", member.log.log_end()),
    };
    Err(format!(
        "broker {broker}, leader in epoch {leader_epoch}, shows offset {last} as committed; broker {}, in the ISR, has \
         {held}",
        member.broker
    ))
}

/// S3, for one member of the registered ISR. `exposed` is one above the last offset that was ever shown as committed.
pub fn valid_high_watermark(exposed: i64, member: &Replica<'_>) -> Verdict {
    let end = member.log.log_end();
    if end >= exposed {
        return Ok(());
    }
    Err(format!(
        "offset {} was shown as committed; broker {}, in the ISR, has a log that ends at {end}",
        exposed - 1,
        member.broker
    ))
}

/// S4, for what `replica` appended in `from..end`: wherever `other` has the same offset and epoch, it must be the same
/// batch, and the batch before it must be the same too.
pub fn log_matching(replica: &Replica<'_>, from: i64, other: &Replica<'_>) -> Verdict {
    if other.log.log_end() <= from || replica.log.config().compact {
        return Ok(());
    }
    let mut is_first_shared = true;
    for batch in replica.log.batches_between(from, other.log.log_end()) {
        let (base, here) = (batch.base_offset(), (batch.leader_epoch(), batch.crc()));
        let Some(there) = other.log.fingerprint_at(base) else { continue };
        if there.0 != here.0 {
            continue;
        }
        if there.1 != here.1 {
            return Err(differ(replica, other, base, here.0));
        }
        if std::mem::take(&mut is_first_shared) {
            let before = base - 1;
            let reaches_both = before >= replica.log.log_start().max(other.log.log_start());
            if reaches_both && replica.log.fingerprint_at(before) != other.log.fingerprint_at(before) {
                return Err(format!(
                    "brokers {} and {} share offset {base} of leader epoch {}, but differ at {before}",
                    replica.broker, other.broker, here.0
                ));
            }
        }
    }
    Ok(())
}

fn differ(replica: &Replica<'_>, other: &Replica<'_>, offset: i64, epoch: i32) -> String {
    format!(
        "brokers {} and {} hold different records at offset {offset} of leader epoch {epoch}",
        replica.broker, other.broker
    )
}

/// S4, at the beginning of a leader's epoch: where that begins must be known before there are records of it, or a
/// follower that asks where an older one ended is told of records that are none of its own.
pub fn epoch_is_begun(leader: &Replica<'_>) -> Verdict {
    match leader.log.latest_epoch() {
        Some(epoch) if epoch == leader.leader_epoch => Ok(()),
        noted => Err(format!(
            "broker {} leads in epoch {}, but the newest epoch that its log knows is {noted:?}",
            leader.broker, leader.leader_epoch
        )),
    }
}

/// S3, for what a leader takes for a follower's log end: only a fetch in the same leader epoch shows one.
pub fn counts_in_its_epoch(leader: i32, leader_epoch: i32, follower: i32, follower_epoch: i32) -> Verdict {
    if follower_epoch >= leader_epoch {
        return Ok(());
    }
    Err(format!(
        "broker {leader}, leader in epoch {leader_epoch}, counts a fetch of broker {follower}, which has not heard of an \
         epoch after {follower_epoch}"
    ))
}

/// S7: the order of a leader's offsets.
pub fn offsets_in_order(log: &UnifiedLog) -> Verdict {
    in_order([log.log_start(), log.last_stable_offset(), log.high_watermark(), log.log_end()])
}

/// Log start, last stable offset, high watermark, log end.
pub fn in_order(offsets: [i64; 4]) -> Verdict {
    if offsets.is_sorted() {
        return Ok(());
    }
    let [start, stable, high_watermark, end] = offsets;
    Err(format!(
        "log start {start}, last stable offset {stable}, high watermark {high_watermark} and log end {end} are not in \
         order"
    ))
}

/// S9.
pub fn no_truncate_below(exposed: i64, broker: i32, to_end: i64) -> Verdict {
    if to_end >= exposed {
        return Ok(());
    }
    Err(format!("broker {broker}, in the ISR, cut its log at {to_end}; offset {} was shown as committed", exposed - 1))
}

/// S8, over the log ends of all voters.
pub fn majority_reached(committed: i64, ends: &[i64]) -> Verdict {
    let have = ends.iter().filter(|end| **end >= committed).count();
    if have > ends.len() / 2 {
        return Ok(());
    }
    Err(format!("the metadata below {committed} is committed, but only {have} of {} controllers hold it", ends.len()))
}

/// S10, when the start of a metadata log has moved.
pub fn begins_at_snapshot(server: i32, log_start: i64, has_snapshot: bool, loaded_as_leader: bool) -> Verdict {
    if loaded_as_leader {
        return Err(format!("server {server} leads, and its metadata log was replaced by a snapshot at {log_start}"));
    }
    if log_start == 0 || has_snapshot {
        return Ok(());
    }
    Err(format!("the metadata log of server {server} begins at {log_start}, where it has no snapshot"))
}

/// S18: the kernel's own books.
pub fn conservation(books: Result<(), Imbalance>) -> Verdict {
    books.map_err(|imbalance| imbalance.to_string())
}

/// S20: the kernel refuses what would pass a cap, and remembers that it did.
pub fn bounded(violations: &[Violation]) -> Verdict {
    violations.first().map_or(Ok(()), |violation| Err(violation.to_string()))
}

/// S5, for one kind of epoch.
pub fn never_back(what: &str, before: i64, now: i64) -> Verdict {
    if now >= before {
        return Ok(());
    }
    Err(format!("{what} went from {before} back to {now}"))
}
