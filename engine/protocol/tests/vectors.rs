//! Every recorded answer of Kafka's own classes about messages, errors, APIs and the key hash.

use protocol::vectors::{NAMES, check};

#[test]
fn the_codec_agrees_with_kafka() {
    for name in NAMES {
        let path = format!("{}/../../tests/vectors/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let report = check(name, &text).expect("one of ours").expect("readable");
        assert!(report.is_clean(), "{name}: {} of {}: {:?}", report.agree, report.total, report.first_difference);
    }
}

#[test]
fn a_wrong_answer_is_noticed() {
    let wrong = r#"{"cases":[{"text":"a","hex":"61","murmur2":1,"positive":584102524,"partition":{}}]}"#;
    let report = check("murmur2", wrong).expect("one of ours").expect("readable");
    assert_eq!((report.agree, report.total), (0, 1));
    assert!(report.first_difference.is_some_and(|text| text.starts_with("hash: -1563381124 but Kafka has 1")));
    assert!(check("murmur2", "not json").expect("one of ours").is_err());
    assert!(check("append", "{}").is_none());
}
