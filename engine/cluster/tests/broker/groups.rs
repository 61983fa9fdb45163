//! Consumer groups of the classic protocol.

use protocol::messages::{JoinGroupResponse, SyncGroupResponse};
use protocol::{ErrorCode, Response};

use crate::world::Stage;

/// Finds the coordinator of group `g`; its topic is made at the first question.
fn coordinator(stage: &mut Stage) -> String {
    for _ in 0..20 {
        if let Some(Response::FindCoordinator(answer)) = stage.ask("coordinator b1 g")
            && answer.coordinators[0].error_code == 0
        {
            return answer.coordinators[0].host.clone();
        }
        stage.run_ms(100);
    }
    panic!("no coordinator");
}

fn join(stage: &mut Stage, line: &str) -> JoinGroupResponse {
    match stage.ask(line) {
        Some(Response::JoinGroup(answer)) => answer,
        other => panic!("{line}: {other:?}"),
    }
}

fn sync(stage: &mut Stage, line: &str) -> SyncGroupResponse {
    match stage.ask(line) {
        Some(Response::SyncGroup(answer)) => answer,
        other => panic!("{line}: {other:?}"),
    }
}

/// A member of its own: the id, and generation 1.
fn one_member(stage: &mut Stage, host: &str) -> String {
    let first = join(stage, &format!("join {host} g -"));
    assert_eq!(first.error_code, ErrorCode::MemberIdRequired.code());
    let id = first.member_id;
    let before = stage.world.now();
    let joined = join(stage, &format!("join {host} g {id}"));
    assert!(stage.world.now().as_ms() - before.as_ms() >= 3_000, "group.initial.rebalance.delay.ms");
    assert_eq!((joined.error_code, joined.generation_id, joined.leader.as_str()), (0, 1, id.as_str()));
    assert_eq!(joined.members.len(), 1);
    let synced = sync(stage, &format!("sync {host} g 1 {id} {id}=all"));
    assert_eq!((synced.error_code, &synced.assignment[..]), (0, &b"all"[..]));
    id
}

#[test]
fn a_member_joins_commits_and_is_found_again_by_another_coordinator() {
    let mut stage = Stage::with_brokers(3);
    stage.dictate("topic orders 1");
    let host = coordinator(&mut stage);
    let id = one_member(&mut stage, &host);
    let Some(Response::OffsetCommit(answer)) = stage.ask(&format!("commit {host} g 1 {id} orders 5")) else { panic!() };
    assert_eq!(answer.topics[0].partitions[0].error_code, 0);
    let committed = |stage: &mut Stage, host: &str| {
        let Some(Response::OffsetFetch(answer)) = stage.ask(&format!("committed {host} g")) else { panic!() };
        answer.groups[0].topics.first().map(|topic| topic.partitions[0].committed_offset)
    };
    assert_eq!(committed(&mut stage, &host), Some(5));
    // The coordinator's partition gets another leader: it has the records.
    let partition = (protocol::java::java_string_hash("g") & i32::MAX) % 50;
    stage.run_ms(1_500);
    stage.dictate(&format!("leader __consumer_offsets {partition} 2 isr 1,2,3"));
    stage.run_ms(100);
    let host = coordinator(&mut stage);
    assert_eq!(host, "b2");
    assert_eq!(committed(&mut stage, &host), Some(5));
    let Some(Response::Heartbeat(beat)) = stage.ask(&format!("beat b2 g 1 {id}")) else { panic!() };
    assert_eq!(beat.error_code, 0);
}

#[test]
fn a_second_member_makes_the_group_rebalance() {
    let mut stage = Stage::with_brokers(1);
    let host = coordinator(&mut stage);
    let first = one_member(&mut stage, &host);
    let second = join(&mut stage, &format!("join {host} g -")).member_id;
    let number = stage.client().answers.len() as u64;
    stage.send(&format!("join {host} g {second}"));
    stage.run_ms(100);
    let Some(Response::Heartbeat(beat)) = stage.ask(&format!("beat {host} g 1 {first}")) else { panic!() };
    assert_eq!(beat.error_code, ErrorCode::RebalanceInProgress.code());
    let again = join(&mut stage, &format!("join {host} g {first}"));
    assert_eq!((again.generation_id, again.members.len()), (2, 2));
    let Some(Response::JoinGroup(other)) = stage.answer(number) else { panic!() };
    assert_eq!((other.generation_id, other.members.len(), other.leader), (2, 0, first.clone()));
    stage.send(&format!("sync {host} g 2 {second}"));
    stage.run_ms(10);
    let synced = sync(&mut stage, &format!("sync {host} g 2 {first} {first}=one {second}=two"));
    assert_eq!(&synced.assignment[..], b"one");
    let Some(Response::SyncGroup(other)) = stage.answer(number + 3) else { panic!() };
    assert_eq!(&other.assignment[..], b"two");
}

#[test]
fn a_silent_member_is_put_out() {
    let mut stage = Stage::with_brokers(1);
    let host = coordinator(&mut stage);
    let id = one_member(&mut stage, &host);
    stage.run_ms(11_000);
    let Some(Response::Heartbeat(beat)) = stage.ask(&format!("beat {host} g 1 {id}")) else { panic!() };
    assert_eq!(beat.error_code, ErrorCode::UnknownMemberId.code());
    let group = stage.broker(1).groups().next().expect("the group stays, empty");
    assert_eq!((group.state.name(), group.generation), ("Empty", 2));
}
