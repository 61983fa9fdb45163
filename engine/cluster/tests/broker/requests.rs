//! What clients ask, beside producing.

use protocol::{ErrorCode, Response};

use crate::world::Stage;

#[test]
fn a_consumer_reads_below_the_high_watermark_and_waits_at_it() {
    let mut stage = Stage::with_brokers(1);
    stage.dictate("topic orders 1");
    stage.produce("produce b1 orders 0 1 a");
    let Some(Response::Fetch(read)) = stage.ask("fetch b1 orders 0 0") else { panic!("no answer") };
    let data = &read.responses[0].partitions[0];
    assert_eq!((data.error_code, data.high_watermark, data.records.as_ref().unwrap().batches.len()), (0, 1, 1));
    let before = stage.world.now();
    stage.send("fetch b1 orders 0 1");
    stage.run_ms(100);
    assert!(stage.client().last().is_none(), "it waits");
    let Some(Response::Fetch(read)) = stage.ask("fetch b1 orders 0 1") else { panic!("no answer") };
    assert!(read.responses[0].partitions[0].records.as_ref().unwrap().is_empty());
    assert!(stage.world.now().as_ms() - before.as_ms() >= 500);
    let Some(Response::Fetch(read)) = stage.ask("fetch b1 orders 0 9") else { panic!("no answer") };
    assert_eq!(read.responses[0].partitions[0].error_code, ErrorCode::OffsetOutOfRange.code());
}

#[test]
fn new_data_ends_the_wait() {
    let mut stage = Stage::with_brokers(1);
    stage.dictate("topic orders 1");
    stage.send("fetch b1 orders 0 0");
    stage.run_ms(100);
    stage.send("produce b1 orders 0 1 a");
    stage.run_ms(10);
    let answers: Vec<_> = stage.client().answers.values().flatten().collect();
    assert!(answers.iter().any(|answer| matches!(&***answer, Response::Fetch(read)
        if read.responses[0].partitions[0].records.as_ref().is_some_and(|records| !records.is_empty()))));
}

#[test]
fn offsets_by_time() {
    let mut stage = Stage::with_brokers(1);
    stage.dictate("topic orders 1");
    stage.produce("produce b1 orders 0 1 a");
    let mut offset = |time: &str| {
        let Some(Response::ListOffsets(answer)) = stage.ask(&format!("offsets b1 orders 0 {time}")) else {
            panic!("no answer")
        };
        answer.topics[0].partitions[0].offset
    };
    assert_eq!((offset("-1"), offset("-2"), offset("-3")), (1, 0, 0));
    assert_eq!((offset("5"), offset("9999999999999")), (0, -1));
}

#[test]
fn metadata_creates_an_unknown_topic() {
    let mut stage = Stage::with_brokers(1);
    let mut ask = || {
        let Some(Response::Metadata(answer)) = stage.ask("metadata b1 fresh") else { panic!("no answer") };
        assert_eq!((answer.brokers[0].host.as_str(), answer.brokers[0].port), ("b1", 9092));
        ErrorCode::from_code(answer.topics[0].error_code)
    };
    assert_eq!(ask(), ErrorCode::UnknownTopicOrPartition);
    assert_eq!(ask(), ErrorCode::None);
}

#[test]
fn descriptions() {
    let mut stage = Stage::with_brokers(2);
    stage.dictate("topic orders 1,2 2,1");
    let Some(Response::DescribeTopicPartitions(answer)) = stage.ask("describe b2 orders") else { panic!("no answer") };
    let topic = &answer.topics[0];
    assert_eq!(topic.partitions.iter().map(|p| p.leader_id).collect::<Vec<_>>(), [1, 2]);
    let mut config = |name: &str| {
        let Some(Response::DescribeConfigs(answer)) = stage.ask(&format!("configs b1 orders {name}")) else {
            panic!("no answer")
        };
        let config = answer.results[0].configs[0].clone();
        let synonyms: Vec<String> = config.synonyms.into_iter().map(|synonym| synonym.name).collect();
        (config.value.unwrap_or_default(), config.config_source, synonyms)
    };
    // `log.retention.ms` has no default, so none is named; the default comes from the hours.
    assert_eq!(config("retention.ms"), ("604800000".to_string(), 5, vec![]));
    assert_eq!(config("segment.bytes"), ("1073741824".to_string(), 5, vec!["log.segment.bytes".to_string()]));
    let Some(Response::ApiVersions(answer)) = stage.ask("versions b1") else { panic!("no answer") };
    assert!(answer.api_keys.iter().any(|api| api.api_key == 75));
}

#[test]
fn producer_ids_are_distinct() {
    let mut stage = Stage::with_brokers(1);
    let mut id = || {
        let Some(Response::InitProducerId(answer)) = stage.ask("producer-id b1") else { panic!("no answer") };
        answer.producer_id
    };
    assert_eq!((id(), id()), (0, 1));
}

#[test]
fn deleted_records_are_gone_on_every_replica() {
    let mut stage = Stage::with_brokers(2);
    stage.dictate("topic orders 1,2");
    stage.produce("produce b1 orders 0 -1 a");
    stage.produce("produce b1 orders 0 -1 b");
    stage.run_ms(1_200);
    let Some(Response::DeleteRecords(answer)) = stage.ask("delete b1 orders 0 1") else { panic!("no answer") };
    let partition = &answer.topics[0].partitions[0];
    assert_eq!((partition.error_code, partition.low_watermark), (0, 1));
    assert_eq!((stage.values(1, "orders").as_str(), stage.values(2, "orders").as_str()), ("b |", "b |"));
}

#[test]
fn a_consumer_is_sent_to_the_replica_in_its_rack() {
    let mut stage = Stage::with_properties(
        2,
        &[("replica.selector.class", "org.apache.kafka.common.replica.RackAwareReplicaSelector")],
    );
    stage.dictate("rack 2 west");
    stage.dictate("topic orders 1,2");
    stage.produce("produce b1 orders 0 -1 a");
    stage.run_ms(1_200);
    let Some(Response::Fetch(read)) = stage.ask("fetch b1 orders 0 0 west") else { panic!("no answer") };
    let data = &read.responses[0].partitions[0];
    assert_eq!((data.preferred_read_replica, data.records.as_ref().unwrap().is_empty()), (2, true));
    let Some(Response::Fetch(read)) = stage.ask("fetch b2 orders 0 0 west") else { panic!("no answer") };
    assert_eq!(read.responses[0].partitions[0].records.as_ref().unwrap().batches.len(), 1);
}

#[test]
fn what_no_controller_takes_is_refused_after_a_minute() {
    let mut stage = Stage::with_brokers(1);
    stage.world.kill(stage.node("c1"));
    let refused = |stage: &Stage, number: u64| {
        let answer = stage.client().answers.get(&number)?.as_deref();
        let Some(Response::CreateTopics(answer)) = answer else { panic!("{answer:?}") };
        Some(ErrorCode::from_code(answer.topics[0].error_code))
    };
    stage.send("create b1 orders 1");
    stage.run_ms(10_000);
    stage.send("create b1 payments 1");
    stage.run_ms(49_900);
    assert_eq!((refused(&stage, 0), refused(&stage, 1)), (None, None));
    stage.run_ms(200);
    assert_eq!((refused(&stage, 0), refused(&stage, 1)), (Some(ErrorCode::RequestTimedOut), None));
    // Each has a minute of its own, however long it stood behind another.
    stage.run_ms(9_700);
    assert_eq!(refused(&stage, 1), None);
    stage.run_ms(400);
    assert_eq!(refused(&stage, 1), Some(ErrorCode::RequestTimedOut));
}
