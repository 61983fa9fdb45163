//! A controller that does what it is told: it serves the metadata log, admits brokers at once and grants ISR changes;
//! who leads is dictated by commands, such as `leader orders 0 2 isr 2,3`.

use base::{ConnId, Map, Micros, Uuid};
use std::sync::Arc;

use cluster::metadata::{LEADER_UNCHANGED, MetadataBatch, MetadataImage};
use cluster::{Control, Kafka, Timer};
use log::batch::BatchBuilder;
use protocol::messages::alter_partition_response::{PartitionData as AlteredPartition, TopicData as AlteredTopic};
use protocol::messages::fetch_response::{FetchableTopicResponse, LeaderIdAndEpoch, NodeEndpoint, PartitionData};
use protocol::messages::*;
use protocol::metadata::*;
use protocol::{ErrorCode, Packet, Records, Request, Response};
use sim::{Disk, Effects, Input};

const EPOCH: i32 = 1;

#[derive(Clone, Debug, Default, Hash)]
pub struct Dictator {
    disk: Disk,
    batches: Vec<bytes::Bytes>,
    image: MetadataImage,
    next_topic: u128,
    next_producer_id: i64,
    parked: Map<u64, (ConnId, i32, i16, i64)>,
    next_parked: u64,
    /// ISR changes are left unanswered while this is set.
    pub deaf_to_isr: bool,
    pub isr_requests: u32,
}

impl Dictator {
    pub fn boot(disk: Disk) -> Dictator {
        Dictator { disk, ..Dictator::default() }
    }

    pub fn image(&self) -> &MetadataImage {
        &self.image
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

    pub fn on_input(&mut self, now: Micros, input: Input<Kafka>, fx: &mut Effects<'_, Kafka>) {
        match input {
            Input::Message { conn, message: Packet::Request { correlation_id, api_version, body, .. } } => {
                if let Some(response) = self.answer(now, conn, correlation_id, api_version, &body, fx) {
                    let body = Arc::new(response);
                    fx.send(conn, Packet::Response { correlation_id, api_version, body });
                }
            }
            Input::Timer { timer: Timer::Process(number) } => self.serve_parked(u64::from(number), fx),
            Input::Control { control: Control::Type(line) } => self.obey(&line, fx),
            _ => {}
        }
    }

    fn answer(
        &mut self,
        _now: Micros,
        conn: ConnId,
        correlation_id: i32,
        version: i16,
        body: &Request,
        fx: &mut Effects<'_, Kafka>,
    ) -> Option<Response> {
        Some(match body {
            Request::Fetch(request) => {
                let asked = &request.topics[0].partitions[0];
                let behind = asked.high_watermark < self.batches.len() as i64;
                if asked.fetch_offset < self.batches.len() as i64 || behind || request.max_wait_ms == 0 {
                    return Some(self.fetched(asked.fetch_offset));
                }
                let id = self.next_parked;
                self.next_parked += 1;
                self.parked.insert(id, (conn, correlation_id, version, asked.fetch_offset));
                fx.set_timer_after(Timer::Process(id as u32), Micros::from_ms(request.max_wait_ms as u64));
                return None;
            }
            Request::BrokerRegistration(request) => self.register(request, fx),
            Request::BrokerHeartbeat(request) => {
                let fenced = self.image.broker(request.broker_id).is_none_or(|broker| broker.fenced);
                if fenced && !request.want_fence {
                    self.change_broker(request.broker_id, -1);
                    self.serve_all(fx);
                }
                BrokerHeartbeatResponse {
                    is_caught_up: request.current_metadata_offset >= request.broker_epoch,
                    is_fenced: request.want_fence,
                    should_shut_down: request.want_shut_down,
                    ..Default::default()
                }
                .into()
            }
            Request::AlterPartition(request) => {
                self.isr_requests += 1;
                if self.deaf_to_isr {
                    return None;
                }
                let response = self.alter(request).into();
                self.serve_all(fx);
                response
            }
            Request::AllocateProducerIds(_) => {
                let producer_id_start = self.next_producer_id;
                self.next_producer_id += 1_000;
                AllocateProducerIdsResponse { producer_id_start, producer_id_len: 1_000, ..Default::default() }.into()
            }
            Request::CreateTopics(request) => {
                for topic in &request.topics {
                    let factor = topic.replication_factor.max(1) as usize;
                    let brokers: Vec<i32> = self.image.brokers().map(|broker| broker.id).take(factor).collect();
                    let partitions = topic.num_partitions.max(1) as usize;
                    self.create_topic(&topic.name, vec![brokers; partitions]);
                }
                self.serve_all(fx);
                CreateTopicsResponse::default().into()
            }
            // It knows no directories and takes the broker's word.
            Request::AssignReplicasToDirs(_) => AssignReplicasToDirsResponse::default().into(),
            other => panic!("the dictator has no answer to {:?}", other.api_key()),
        })
    }

    fn register(&mut self, request: &BrokerRegistrationRequest, fx: &mut Effects<'_, Kafka>) -> Response {
        let broker_epoch = self.batches.len() as i64;
        let endpoint = |l: &broker_registration_request::Listener| register_broker_record::BrokerEndpoint {
            name: l.name.clone(),
            host: l.host.clone(),
            port: l.port,
            ..Default::default()
        };
        self.append(RegisterBrokerRecord {
            broker_id: request.broker_id,
            incarnation_id: request.incarnation_id,
            broker_epoch,
            end_points: request.listeners.iter().map(endpoint).collect(),
            fenced: true,
            ..Default::default()
        });
        self.serve_all(fx);
        BrokerRegistrationResponse { broker_epoch, ..Default::default() }.into()
    }

    fn fetched(&self, from: i64) -> Response {
        let end = self.batches.len() as i64;
        let data = PartitionData {
            high_watermark: end,
            log_start_offset: 0,
            current_leader: LeaderIdAndEpoch { leader_id: 100, leader_epoch: EPOCH, ..Default::default() },
            records: Some(Records::of(self.batches[from.min(end) as usize..].to_vec())),
            ..Default::default()
        };
        let topic =
            FetchableTopicResponse { topic_id: Uuid::METADATA_TOPIC, partitions: vec![data], ..Default::default() };
        let at = NodeEndpoint { node_id: 100, host: "c1".to_string(), port: 9093, ..Default::default() };
        FetchResponse { responses: vec![topic], node_endpoints: vec![at], ..Default::default() }.into()
    }

    fn serve_all(&mut self, fx: &mut Effects<'_, Kafka>) {
        for id in self.parked.keys().copied().collect::<Vec<_>>() {
            self.serve_parked(id, fx);
        }
    }

    fn serve_parked(&mut self, id: u64, fx: &mut Effects<'_, Kafka>) {
        let Some((conn, correlation_id, api_version, from)) = self.parked.remove(&id) else { return };
        fx.cancel_timer(Timer::Process(id as u32));
        let body = Arc::new(self.fetched(from));
        fx.send(conn, Packet::Response { correlation_id, api_version, body });
    }

    fn alter(&mut self, request: &AlterPartitionRequest) -> AlterPartitionResponse {
        let mut response = AlterPartitionResponse::default();
        for topic in &request.topics {
            let mut answers = Vec::new();
            for asked in &topic.partitions {
                let isr: Vec<i32> = asked.new_isr_with_epochs.iter().map(|member| member.broker_id).collect();
                let id =
                    cluster::metadata::TopicIdPartition { topic_id: topic.topic_id, partition: asked.partition_index };
                let known = self.image.partition(id).cloned().expect("a known partition");
                let mut answer = AlteredPartition { partition_index: asked.partition_index, ..Default::default() };
                if known.partition_epoch != asked.partition_epoch {
                    answer.error_code = ErrorCode::InvalidUpdateVersion.code();
                } else {
                    self.change(topic.topic_id, asked.partition_index, None, Some(isr.clone()));
                    (answer.leader_id, answer.leader_epoch, answer.isr) = (known.leader, known.leader_epoch, isr);
                    answer.partition_epoch = known.partition_epoch + 1;
                }
                answers.push(answer);
            }
            response.topics.push(AlteredTopic { topic_id: topic.topic_id, partitions: answers, ..Default::default() });
        }
        response
    }

    fn obey(&mut self, line: &str, fx: &mut Effects<'_, Kafka>) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let ids = |text: &str| text.split(',').map(|id| id.parse().expect("an id")).collect::<Vec<i32>>();
        match words.as_slice() {
            ["topic", name, replicas @ ..] => self.create_topic(name, replicas.iter().map(|text| ids(text)).collect()),
            ["delete", name] => {
                let topic_id = self.image.topic_id(name).expect("a topic");
                self.append(RemoveTopicRecord { topic_id, ..Default::default() });
            }
            ["config", topic, key, value] => self.append(ConfigRecord {
                resource_type: 2,
                resource_name: topic.to_string(),
                name: key.to_string(),
                value: Some(value.to_string()),
                ..Default::default()
            }),
            ["leader", topic, partition, leader, "isr", isr] => {
                let topic_id = self.image.topic_id(topic).expect("a topic");
                let partition = partition.parse().expect("a partition");
                self.change(topic_id, partition, Some(leader.parse().expect("a broker")), Some(ids(isr)));
            }
            // The broker is registered anew, with a rack.
            ["rack", broker, rack] => {
                let known = self.image.broker(broker.parse().expect("a broker")).expect("registered").clone();
                let endpoint = &known.endpoints[0];
                self.append(RegisterBrokerRecord {
                    broker_id: known.id,
                    incarnation_id: known.incarnation_id,
                    broker_epoch: known.epoch,
                    end_points: vec![register_broker_record::BrokerEndpoint {
                        name: endpoint.name.clone(),
                        host: endpoint.host.clone(),
                        port: endpoint.port,
                        ..Default::default()
                    }],
                    rack: Some(rack.to_string()),
                    ..Default::default()
                });
            }
            ["fence", broker] => self.change_broker(broker.parse().expect("a broker"), 1),
            ["deaf"] => self.deaf_to_isr = true,
            ["hear"] => self.deaf_to_isr = false,
            _ => panic!("unknown command {line}"),
        }
        self.serve_all(fx);
    }

    fn create_topic(&mut self, name: &str, replicas: Vec<Vec<i32>>) {
        self.next_topic += 1;
        let topic_id = Uuid(0x1000 + self.next_topic);
        self.append(TopicRecord { name: name.to_string(), topic_id, ..Default::default() });
        for (index, replicas) in replicas.into_iter().enumerate() {
            self.append(PartitionRecord {
                partition_id: index as i32,
                topic_id,
                isr: replicas.clone(),
                leader: replicas[0],
                leader_epoch: 0,
                partition_epoch: 0,
                leader_recovery_state: 0,
                directories: vec![Uuid::ZERO; replicas.len()],
                replicas,
                ..Default::default()
            });
        }
    }

    fn change(&mut self, topic_id: Uuid, partition_id: i32, leader: Option<i32>, isr: Option<Vec<i32>>) {
        let leader = leader.unwrap_or(LEADER_UNCHANGED);
        self.append(PartitionChangeRecord { topic_id, partition_id, leader, isr, ..Default::default() });
    }

    fn change_broker(&mut self, broker_id: i32, fenced: i8) {
        let broker_epoch = self.image.broker(broker_id).expect("a registered broker").epoch;
        self.append(BrokerRegistrationChangeRecord { broker_id, broker_epoch, fenced, ..Default::default() });
    }

    fn append(&mut self, record: impl Into<MetadataRecord>) {
        let record = record.into();
        let offset = self.batches.len() as i64;
        let mut batch = BatchBuilder::new(offset).with_leader_epoch(EPOCH);
        let value = record.encode(record.versions().max).expect("encodable");
        batch.append(0, None, Some(&value), &[]);
        self.batches.push(batch.build());
        let batch = MetadataBatch {
            base_offset: offset,
            last_offset: offset,
            epoch: EPOCH,
            timestamp_ms: 0,
            records: vec![record],
        };
        let delta = self.image.apply(&[batch]);
        assert!(delta.faults.is_empty(), "{:?}", delta.faults);
    }
}
