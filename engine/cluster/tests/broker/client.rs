//! A client that sends raw requests, one connection for each, and keeps the answers. It is driven by commands:
//! `produce b1 orders 0 -1 hello`, `fetch b1 orders 0 5`.

use base::{ConnId, Map, Micros, Uuid};
use std::sync::Arc;

use cluster::{Control, Kafka};
use log::batch::BatchBuilder;
use protocol::messages::fetch_request::{FetchPartition, FetchTopic, ForgottenTopic};
use protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use protocol::messages::*;
use protocol::{Packet, Records, Request, Response};
use sim::{Disk, Effects, Input};

#[derive(Clone, Debug, Default, Hash)]
pub struct Client {
    disk: Disk,
    sent: Map<ConnId, u64>,
    next: u64,
    /// By number of the request; `None` when the connection was closed instead.
    pub answers: Map<u64, Option<Arc<Response>>>,
}

impl Client {
    pub fn boot(disk: Disk) -> Client {
        Client { disk, ..Client::default() }
    }

    pub fn disk(&self) -> &Disk {
        &self.disk
    }

    pub fn disk_mut(&mut self) -> &mut Disk {
        &mut self.disk
    }

    pub fn into_disk(self) -> Disk {
        self.disk
    }

    /// The answer to the latest request.
    pub fn last(&self) -> Option<&Response> {
        self.answers.get(&self.next.checked_sub(1)?)?.as_deref()
    }

    pub fn on_input(&mut self, _now: Micros, input: Input<Kafka>, fx: &mut Effects<'_, Kafka>) {
        match input {
            Input::Control { control: Control::Type(line) } => {
                let (host, version, body) = parse(&line);
                let node = fx.resolve(&host).expect("a host");
                let conn = fx.connect(node, 9092);
                let body = Arc::new(body);
                fx.send(
                    conn,
                    Packet::Request { correlation_id: 7, client_id: "test".into(), api_version: version, body },
                );
                self.sent.insert(conn, self.next);
                self.next += 1;
            }
            Input::Message { conn, message: Packet::Response { body, correlation_id: 7, .. } } => {
                let number = self.sent.remove(&conn).expect("an asked question");
                self.answers.insert(number, Some(body));
                fx.close(conn);
            }
            Input::Closed { conn, .. } => {
                if let Some(number) = self.sent.remove(&conn) {
                    self.answers.insert(number, None);
                }
            }
            _ => {}
        }
    }
}

/// Host, version and body of a request.
fn parse(line: &str) -> (String, i16, Request) {
    let words: Vec<&str> = line.split_whitespace().collect();
    let number = |text: &str| text.parse::<i64>().expect("a number");
    let (version, body): (i16, Request) = match words.as_slice() {
        ["produce", _, topic, partition, acks, value] => {
            let mut batch = BatchBuilder::new(0);
            batch.append(base::time::EPOCH_START_MS, None, Some(value.as_bytes()), &[]);
            let data = PartitionProduceData {
                index: number(partition) as i32,
                records: Some(Records::of(vec![batch.build()])),
                ..Default::default()
            };
            let topic = TopicProduceData { name: topic.to_string(), partition_data: vec![data], ..Default::default() };
            let request = ProduceRequest {
                acks: number(acks) as i16,
                timeout_ms: 5_000,
                topic_data: vec![topic],
                ..Default::default()
            };
            (12, request.into())
        }
        ["fetch", _, topic, partition, offset, rack @ ..] => {
            let asked = FetchPartition {
                partition: number(partition) as i32,
                fetch_offset: number(offset),
                partition_max_bytes: 1 << 20,
                ..Default::default()
            };
            let topic = FetchTopic { topic: topic.to_string(), partitions: vec![asked], ..Default::default() };
            let request = FetchRequest {
                max_wait_ms: 500,
                min_bytes: 1,
                topics: vec![topic],
                rack_id: rack.concat(),
                ..Default::default()
            };
            (12, request.into())
        }
        ["session", _, id, epoch, topic, asked, forgotten @ ..] => {
            let request = FetchRequest {
                session_id: number(id) as i32,
                session_epoch: number(epoch) as i32,
                ..of_session(topic, asked, forgotten)
            };
            (12, request.into())
        }
        ["offsets", _, topic, partition, timestamp] => {
            let asked = ListOffsetsPartition {
                partition_index: number(partition) as i32,
                timestamp: number(timestamp),
                ..Default::default()
            };
            let topic = ListOffsetsTopic { name: topic.to_string(), partitions: vec![asked], ..Default::default() };
            (10, ListOffsetsRequest { replica_id: -1, topics: vec![topic], ..Default::default() }.into())
        }
        ["delete", ..] | ["create", ..] => change(&words),
        ["metadata", ..] | ["describe", ..] | ["configs", ..] | ["versions", ..] => question(&words),
        ["coordinator", ..] | ["join", ..] | ["sync", ..] | ["beat", ..] | ["commit", ..] | ["committed", ..] => {
            group_request(&words)
        }
        ["producer-id", _] => (5, InitProducerIdRequest { transactional_id: None, ..Default::default() }.into()),
        _ => panic!("unknown request {line}"),
    };
    (words[1].to_string(), version, body)
}

/// Changes to topics.
fn change(words: &[&str]) -> (i16, Request) {
    let number = |text: &str| text.parse::<i64>().expect("a number");
    match words {
        ["delete", _, topic, partition, offset] => {
            let asked = delete_records_request::DeleteRecordsPartition {
                partition_index: number(partition) as i32,
                offset: number(offset),
                ..Default::default()
            };
            let topic = delete_records_request::DeleteRecordsTopic {
                name: topic.to_string(),
                partitions: vec![asked],
                ..Default::default()
            };
            (2, DeleteRecordsRequest { topics: vec![topic], timeout_ms: 5_000, ..Default::default() }.into())
        }
        ["create", _, topic, replicas @ ..] => {
            let assignment = |(index, text): (usize, &&str)| create_topics_request::CreatableReplicaAssignment {
                partition_index: index as i32,
                broker_ids: text.split(',').map(|id| id.parse().expect("an id")).collect(),
                ..Default::default()
            };
            let topic = create_topics_request::CreatableTopic {
                name: topic.to_string(),
                num_partitions: -1,
                replication_factor: -1,
                assignments: replicas.iter().enumerate().map(assignment).collect(),
                ..Default::default()
            };
            (7, CreateTopicsRequest { topics: vec![topic], ..Default::default() }.into())
        }
        _ => panic!("unknown request {words:?}"),
    }
}

/// Questions about topics and the broker.
fn question(words: &[&str]) -> (i16, Request) {
    match words {
        ["metadata", _, topic] => {
            let name = Some(topic.to_string());
            let topic = metadata_request::MetadataRequestTopic { name, topic_id: Uuid::ZERO, ..Default::default() };
            (13, MetadataRequest { topics: Some(vec![topic]), ..Default::default() }.into())
        }
        ["describe", _, topic] => {
            let name = topic.to_string();
            let topics = vec![describe_topic_partitions_request::TopicRequest { name, ..Default::default() }];
            (0, DescribeTopicPartitionsRequest { topics, ..Default::default() }.into())
        }
        ["configs", _, topic, key] => {
            let resource = describe_configs_request::DescribeConfigsResource {
                resource_type: 2,
                resource_name: topic.to_string(),
                configuration_keys: Some(vec![key.to_string()]),
                ..Default::default()
            };
            let request =
                DescribeConfigsRequest { resources: vec![resource], include_synonyms: true, ..Default::default() };
            (4, request.into())
        }
        ["versions", _] => (4, ApiVersionsRequest::default().into()),
        _ => panic!("unknown request {words:?}"),
    }
}

/// What members of consumer groups say.
fn group_request(words: &[&str]) -> (i16, Request) {
    let number = |text: &str| text.parse::<i64>().expect("a number");
    match words {
        ["coordinator", _, group] => {
            (6, FindCoordinatorRequest { coordinator_keys: vec![group.to_string()], ..Default::default() }.into())
        }
        ["join", _, group, member] => {
            let protocol = join_group_request::JoinGroupRequestProtocol {
                name: "range".to_string(),
                metadata: bytes::Bytes::from_static(b"subscription"),
                ..Default::default()
            };
            let request = JoinGroupRequest {
                group_id: group.to_string(),
                member_id: if *member == "-" { String::new() } else { member.to_string() },
                session_timeout_ms: 10_000,
                rebalance_timeout_ms: 20_000,
                protocol_type: "consumer".to_string(),
                protocols: vec![protocol],
                ..Default::default()
            };
            (9, request.into())
        }
        ["sync", _, group, generation, member, assignments @ ..] => {
            let assignment = |text: &&str| {
                let (member, bytes) = text.split_once('=').expect("member=assignment");
                sync_group_request::SyncGroupRequestAssignment {
                    member_id: member.to_string(),
                    assignment: bytes::Bytes::copy_from_slice(bytes.as_bytes()),
                    ..Default::default()
                }
            };
            let request = SyncGroupRequest {
                group_id: group.to_string(),
                generation_id: number(generation) as i32,
                member_id: member.to_string(),
                assignments: assignments.iter().map(assignment).collect(),
                ..Default::default()
            };
            (5, request.into())
        }
        ["beat", _, group, generation, member] => {
            let request = HeartbeatRequest {
                group_id: group.to_string(),
                generation_id: number(generation) as i32,
                member_id: member.to_string(),
                ..Default::default()
            };
            (4, request.into())
        }
        _ => offset_request(words),
    }
}

/// What they commit and ask about.
fn offset_request(words: &[&str]) -> (i16, Request) {
    let number = |text: &str| text.parse::<i64>().expect("a number");
    match words {
        ["commit", _, group, generation, member, topic, offset] => {
            let partition = offset_commit_request::OffsetCommitRequestPartition {
                committed_offset: number(offset),
                ..Default::default()
            };
            let topic = offset_commit_request::OffsetCommitRequestTopic {
                name: topic.to_string(),
                partitions: vec![partition],
                ..Default::default()
            };
            let request = OffsetCommitRequest {
                group_id: group.to_string(),
                generation_id_or_member_epoch: number(generation) as i32,
                member_id: member.to_string(),
                topics: vec![topic],
                ..Default::default()
            };
            (9, request.into())
        }
        ["committed", _, group] => {
            let group = offset_fetch_request::OffsetFetchRequestGroup {
                group_id: group.to_string(),
                topics: None,
                ..Default::default()
            };
            (9, OffsetFetchRequest { groups: vec![group], ..Default::default() }.into())
        }
        _ => panic!("unknown request {words:?}"),
    }
}

/// A request of a fetch session: partitions and offsets as in `0:5,1:0`, and those that are forgotten.
fn of_session(topic: &str, asked: &str, forgotten: &[&str]) -> FetchRequest {
    let number = |text: &str| text.parse().expect("a number");
    let pair = |text: &str| {
        let (partition, offset) = text.split_once(':').expect("a partition and an offset");
        FetchPartition {
            partition: number(partition),
            fetch_offset: i64::from(number(offset)),
            partition_max_bytes: 1 << 20,
            ..Default::default()
        }
    };
    let partitions = asked.split(',').filter(|text| *text != "-").map(pair).collect();
    let asked = FetchTopic { topic: topic.to_string(), partitions, ..Default::default() };
    let partitions = forgotten.iter().map(|text| number(text)).collect();
    let forgotten = ForgottenTopic { topic: topic.to_string(), partitions, ..Default::default() };
    FetchRequest {
        max_wait_ms: 500,
        min_bytes: 1,
        topics: vec![asked],
        forgotten_topics_data: vec![forgotten],
        ..Default::default()
    }
}
