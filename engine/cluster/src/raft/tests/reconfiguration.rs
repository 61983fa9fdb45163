//! Voters come and go while the quorum runs (KIP-853).

use protocol::messages::add_raft_voter_request::Listener;
use protocol::messages::{AddRaftVoterRequest, RemoveRaftVoterRequest};
use protocol::{ErrorCode, Request, Response};

use crate::raft::tests::net::Net;

fn remove(id: i32) -> Request {
    let key = Net::key(id);
    let voter_directory_id = key.directory_id;
    RemoveRaftVoterRequest { cluster_id: None, voter_id: id, voter_directory_id, ..Default::default() }.into()
}

fn add(id: i32) -> Request {
    let listener =
        Listener { name: "CONTROLLER".to_string(), host: format!("c{id}"), port: 9093, ..Default::default() };
    AddRaftVoterRequest {
        cluster_id: None,
        voter_id: id,
        voter_directory_id: Net::key(id).directory_id,
        listeners: vec![listener],
        ack_when_committed: true,
        ..Default::default()
    }
    .into()
}

fn outcome(net: &Net, conn: base::ConnId) -> Option<(ErrorCode, Option<String>)> {
    let (code, words) = match net.answer(conn)? {
        Response::AddRaftVoter(answer) => (answer.error_code, answer.error_message.clone()),
        Response::RemoveRaftVoter(answer) => (answer.error_code, answer.error_message.clone()),
        other => panic!("{other:?}"),
    };
    Some((ErrorCode::from_code(code), words))
}

#[test]
fn an_observer_becomes_a_voter_and_a_voter_an_observer() {
    let mut net = Net::new(4, 3, 11);
    let leader = net.run_until_led();
    net.run_ms(1_000);
    let conn = net.ask(leader, &add(4));
    net.run_ms(1_000);
    assert_eq!(outcome(&net, conn), Some((ErrorCode::None, None)));
    assert_eq!(net.raft(3).voters().ids().into_iter().collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(net.raft(3).state_name(), "follower");

    let again = net.ask(leader, &add(4));
    let (code, words) = outcome(&net, again).expect("at once");
    assert_eq!(code, ErrorCode::DuplicateVoter);
    assert!(words.expect("words").starts_with("The voter id for ReplicaKey(id=4, directoryId="));

    let other = (1..=4).find(|id| *id != leader as i32 + 1).expect("others");
    let conn = net.ask(leader, &remove(other));
    net.run_ms(1_000);
    assert_eq!(outcome(&net, conn), Some((ErrorCode::None, None)));
    assert_eq!(net.raft(leader).voters().len(), 3);
    assert_eq!(net.raft(other as usize - 1).state_name(), "observer");
}

#[test]
fn a_leader_takes_itself_out_and_resigns() {
    let mut net = Net::new(3, 3, 12);
    let leader = net.run_until_led();
    let conn = net.ask(leader, &remove(leader as i32 + 1));
    net.run_ms(6_000);
    assert_eq!(outcome(&net, conn), Some((ErrorCode::None, None)));
    let next = net.leader().expect("one of the other two");
    assert_ne!(next, leader);
    assert_eq!(net.raft(next).voters().len(), 2);
}

#[test]
fn changes_that_cannot_be() {
    let mut net = Net::new(4, 3, 13);
    let leader = net.run_until_led();
    let follower = (leader + 1) % 3;
    let conn = net.ask(follower, &remove(1));
    assert_eq!(outcome(&net, conn).map(|(code, _)| code), Some(ErrorCode::NotLeaderOrFollower));
    let conn = net.ask(leader, &RemoveRaftVoterRequest { cluster_id: None, voter_id: 3, ..Default::default() }.into());
    let words = "Remove voter request didn't include a valid voter".to_string();
    assert_eq!(outcome(&net, conn), Some((ErrorCode::InvalidRequest, Some(words))));
    let conn = net.ask(leader, &remove(9));
    assert_eq!(outcome(&net, conn).map(|(code, _)| code), Some(ErrorCode::VoterNotFound));
    // Who does not run cannot become a voter.
    net.kill(3);
    let conn = net.ask(leader, &add(4));
    net.run_ms(3_000);
    assert_eq!(outcome(&net, conn).map(|(code, _)| code), Some(ErrorCode::RequestTimedOut));
    assert_eq!(net.raft(leader).voters().len(), 3);
}
