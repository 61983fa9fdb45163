//! Every recorded answer of Kafka's own classes about logs and batches.

use log::vectors::{NAMES, check};

#[test]
fn the_log_agrees_with_kafka() {
    let mut differences = Vec::new();
    for name in NAMES {
        let path = format!("{}/../../tests/vectors/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let report = check(name, &text).expect("one of ours").expect("readable");
        if report.agree != report.total || report.total == 0 {
            let first = report.first_difference.unwrap_or_default();
            differences.push(format!("{name}: {} of {}: {first}", report.agree, report.total));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n\n"));
}

#[test]
fn a_wrong_answer_is_noticed() {
    let wrong = r#"{"cases":[{"steps":[["assign",1,0,[[1,0]]]],"log_end":4,"end_offset_for":[[1,1,5]],"file":""}]}"#;
    let report = check("leader-epochs", wrong).expect("one of ours").expect("readable");
    assert_eq!((report.agree, report.total), (0, 1));
    assert!(check("murmur2", "{}").is_none());
}
