//! Fetch sessions (KIP-227): what a leader leaves out, and what it refuses.

use protocol::messages::FetchResponse;
use protocol::{ErrorCode, Records, Response};

use crate::world::Stage;

/// The error, the session, and of each partition in the answer its number and its records' bytes.
fn ask(stage: &mut Stage, line: &str) -> (ErrorCode, i32, Vec<(i32, bool)>) {
    let Some(Response::Fetch(FetchResponse { error_code, session_id, responses, .. })) = stage.ask(line) else {
        panic!("no answer to {line}")
    };
    let has_records = |records: &Option<Records>| records.as_ref().is_some_and(|records| !records.is_empty());
    let partitions = responses.iter().flat_map(|topic| &topic.partitions);
    let told = partitions.map(|data| (data.partition_index, has_records(&data.records))).collect();
    (ErrorCode::from_code(error_code), session_id, told)
}

fn two_partitions() -> (Stage, i32) {
    let mut stage = Stage::with_brokers(1);
    stage.dictate("topic orders 1 1");
    let (error, id, told) = ask(&mut stage, "session b1 0 0 orders 0:0,1:0");
    assert_eq!((error, told), (ErrorCode::None, vec![(0, false), (1, false)]));
    assert!(id > 0);
    (stage, id)
}

#[test]
fn what_has_not_changed_is_left_out() {
    let (mut stage, id) = two_partitions();
    assert_eq!(ask(&mut stage, &format!("session b1 {id} 1 orders -")), (ErrorCode::None, id, vec![]));
    stage.produce("produce b1 orders 1 1 a");
    assert_eq!(ask(&mut stage, &format!("session b1 {id} 2 orders -")), (ErrorCode::None, id, vec![(1, true)]));
    // The offset goes on; the high watermark is known.
    assert_eq!(ask(&mut stage, &format!("session b1 {id} 3 orders 1:1")), (ErrorCode::None, id, vec![]));
    stage.produce("produce b1 orders 0 1 b");
    assert_eq!(ask(&mut stage, &format!("session b1 {id} 4 orders - 0")), (ErrorCode::None, id, vec![]));
    // A partition that comes back is new.
    assert_eq!(ask(&mut stage, &format!("session b1 {id} 5 orders 0:1")), (ErrorCode::None, id, vec![(0, false)]));
}

#[test]
fn a_session_without_partitions_is_over() {
    let (mut stage, id) = two_partitions();
    assert_eq!(ask(&mut stage, &format!("session b1 {id} 1 orders - 0 1")), (ErrorCode::None, 0, vec![]));
    let gone = (ErrorCode::FetchSessionIdNotFound, 0, vec![]);
    assert_eq!(ask(&mut stage, &format!("session b1 {id} 2 orders 0:0")), gone);
}

#[test]
fn another_epoch_or_session_is_refused() {
    let (mut stage, id) = two_partitions();
    let refused = |error| (error, 0, vec![]);
    assert_eq!(ask(&mut stage, &format!("session b1 {id} 2 orders -")), refused(ErrorCode::InvalidFetchSessionEpoch));
    assert_eq!(ask(&mut stage, "session b1 77 1 orders -"), refused(ErrorCode::FetchSessionIdNotFound));
    // A full request closes the session it names.
    let both = vec![(0, false), (1, false)];
    assert_eq!(ask(&mut stage, &format!("session b1 {id} -1 orders 0:0,1:0")), (ErrorCode::None, 0, both));
    assert_eq!(ask(&mut stage, &format!("session b1 {id} 1 orders -")), refused(ErrorCode::FetchSessionIdNotFound));
}
