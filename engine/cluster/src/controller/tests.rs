//! Decisions of the active controller, upon a state that records made.

use base::{Micros, Rng, Uuid};
use protocol::messages::alter_partition_reassignments_request::{ReassignablePartition, ReassignableTopic};
use protocol::messages::alter_partition_request::{BrokerState, PartitionData, TopicData};
use protocol::messages::create_partitions_request::{CreatePartitionsAssignment, CreatePartitionsTopic};
use protocol::messages::delete_topics_request::DeleteTopicState;
use protocol::messages::elect_leaders_request::TopicPartitions;
use protocol::messages::update_features_request::FeatureUpdateKey;
use protocol::messages::*;
use protocol::metadata::*;
use protocol::{ErrorCode, Request, Response};

use super::control::ControlState;
use super::heartbeat::HeartbeatManager;
use crate::Profile;
use crate::config::ServerConfig;
use crate::metadata::{MetadataDelta, MetadataImage, PartitionRegistration, TopicIdPartition};
use crate::placement::{JavaRandom, StripedReplicaPlacer};

const ORDERS: Uuid = Uuid(9_001);

/// A controller with id 101 and unfenced brokers 1 to `brokers`, and a topic `orders` with partition 0 on `replicas`.
struct Desk {
    state: ControlState,
    next: i64,
}

impl Desk {
    fn new(brokers: i32, replicas: &[i32]) -> Desk {
        let config = ServerConfig::new(101, Default::default());
        let state = ControlState {
            profile: Profile::V4_3,
            cluster_id: Uuid(77),
            node_id: 101,
            heartbeats: HeartbeatManager::new(Micros::from_ms(9_000)),
            placer: StripedReplicaPlacer::new(JavaRandom::new(1)),
            ids: Rng::new(1, 1, "test"),
            voter_ids: vec![101],
            config,
            image: MetadataImage::default(),
            kraft_version: 1,
            now: Micros::ZERO,
        };
        let mut desk = Desk { state, next: 0 };
        for (name, feature_level) in [("metadata.version", 30), ("eligible.leader.replicas.version", 1)] {
            desk.replay(FeatureLevelRecord { name: name.to_string(), feature_level, ..Default::default() });
        }
        for broker_id in 1..=brokers {
            let features = crate::broker::membership::FEATURES.iter();
            let feature = |(name, min, max): &(&str, i16, i16)| register_broker_record::BrokerFeature {
                name: name.to_string(),
                min_supported_version: *min,
                max_supported_version: *max,
                ..Default::default()
            };
            let features = features.map(feature).collect();
            let broker_epoch = desk.next;
            desk.replay(RegisterBrokerRecord {
                broker_id,
                broker_epoch,
                features,
                fenced: false,
                ..Default::default()
            });
        }
        desk.replay(TopicRecord { name: "orders".to_string(), topic_id: ORDERS, ..Default::default() });
        let (replicas, isr) = (replicas.to_vec(), replicas.to_vec());
        let leader = isr[0];
        desk.replay(PartitionRecord {
            partition_id: 0,
            topic_id: ORDERS,
            replicas,
            isr,
            leader,
            leader_epoch: 0,
            partition_epoch: 0,
            ..Default::default()
        });
        desk
    }

    fn replay(&mut self, record: impl Into<MetadataRecord>) {
        let mut delta = MetadataDelta::new(self.state.image.clone());
        self.state.replay(&record.into(), self.next, &mut delta).expect("a record that fits");
        self.next += 1;
    }

    /// Decides and replays what was decided.
    fn ask(&mut self, request: impl Into<Request>, version: i16) -> Response {
        let decision = self.state.decide(&request.into(), version, self.next).expect("controllers serve it");
        for record in decision.records {
            self.replay(record);
        }
        decision.response
    }

    fn fence(&mut self, broker: i32) {
        let mut records = Vec::new();
        self.state.fence_broker(broker, &mut records);
        records.into_iter().for_each(|record| self.replay(record));
    }

    fn unfence(&mut self, broker: i32) {
        let (mut records, epoch) = (Vec::new(), self.state.image.broker(broker).expect("registered").epoch);
        self.state.unfence_broker(broker, epoch, &mut records);
        records.into_iter().for_each(|record| self.replay(record));
    }

    fn partition(&self) -> PartitionRegistration {
        let id = TopicIdPartition { topic_id: ORDERS, partition: 0 };
        (**self.state.image.partition(id).expect("it is there")).clone()
    }

    /// The leader proposes another ISR.
    fn alter_isr(&mut self, isr: &[i32]) -> ErrorCode {
        let now = self.partition();
        let broker_epoch = self.state.image.broker(now.leader).expect("registered").epoch;
        let member = |id: &i32| BrokerState { broker_id: *id, broker_epoch: -1, ..Default::default() };
        let data = PartitionData {
            partition_index: 0,
            leader_epoch: now.leader_epoch,
            partition_epoch: now.partition_epoch,
            new_isr_with_epochs: isr.iter().map(member).collect(),
            ..Default::default()
        };
        let topic = TopicData { topic_id: ORDERS, partitions: vec![data], ..Default::default() };
        let request =
            AlterPartitionRequest { broker_id: now.leader, broker_epoch, topics: vec![topic], ..Default::default() };
        let Response::AlterPartition(answer) = self.ask(request, 3) else { panic!("another answer") };
        ErrorCode::from_code(answer.topics[0].partitions[0].error_code)
    }

    fn reassign(&mut self, replicas: Option<&[i32]>, allow_factor_change: bool) -> (ErrorCode, String) {
        let replicas = replicas.map(<[i32]>::to_vec);
        let partition = ReassignablePartition { partition_index: 0, replicas, ..Default::default() };
        let topic = ReassignableTopic { name: "orders".into(), partitions: vec![partition], ..Default::default() };
        let request = AlterPartitionReassignmentsRequest {
            topics: vec![topic],
            allow_replication_factor_change: allow_factor_change,
            ..Default::default()
        };
        let Response::AlterPartitionReassignments(answer) = self.ask(request, 1) else { panic!("another answer") };
        let result = &answer.responses[0].partitions[0];
        (ErrorCode::from_code(result.error_code), result.error_message.clone().unwrap_or_default())
    }

    fn elect(&mut self, topic: &str, partition: i32, election_type: i8) -> (ErrorCode, String) {
        let asked = TopicPartitions { topic: topic.to_string(), partitions: vec![partition], ..Default::default() };
        let topic_partitions = Some(vec![asked]);
        let Response::ElectLeaders(answer) =
            self.ask(ElectLeadersRequest { election_type, topic_partitions, ..Default::default() }, 2)
        else {
            panic!("another answer")
        };
        let result = &answer.replica_election_results[0].partition_result[0];
        (ErrorCode::from_code(result.error_code), result.error_message.clone().unwrap_or_default())
    }

    fn grow(&mut self, count: i32, assignments: Option<&[&[i32]]>) -> (ErrorCode, String) {
        let assignment =
            |brokers: &&[i32]| CreatePartitionsAssignment { broker_ids: brokers.to_vec(), ..Default::default() };
        let assignments = assignments.map(|all| all.iter().map(assignment).collect());
        let topic = CreatePartitionsTopic { name: "orders".into(), count, assignments, ..Default::default() };
        let request = CreatePartitionsRequest { topics: vec![topic], ..Default::default() };
        let Response::CreatePartitions(answer) = self.ask(request, 3) else { panic!("another answer") };
        let result = &answer.results[0];
        (ErrorCode::from_code(result.error_code), result.error_message.clone().unwrap_or_default())
    }

    fn delete(&mut self, name: Option<&str>, topic_id: Uuid) -> ErrorCode {
        let topic = DeleteTopicState { name: name.map(str::to_string), topic_id, ..Default::default() };
        let request = DeleteTopicsRequest { topics: vec![topic], ..Default::default() };
        let Response::DeleteTopics(answer) = self.ask(request, 6) else { panic!("another answer") };
        ErrorCode::from_code(answer.responses[0].error_code)
    }

    fn set_feature(&mut self, name: &str, level: i16, upgrade_type: i8) -> (ErrorCode, String) {
        let update =
            FeatureUpdateKey { feature: name.into(), max_version_level: level, upgrade_type, ..Default::default() };
        let request = UpdateFeaturesRequest { feature_updates: vec![update], ..Default::default() };
        let Response::UpdateFeatures(answer) = self.ask(request, 2) else { panic!("another answer") };
        (ErrorCode::from_code(answer.error_code), answer.error_message.clone().unwrap_or_default())
    }

    fn set_config(&mut self, name: &str, value: &str) {
        self.replay(ConfigRecord {
            resource_type: 2,
            resource_name: "orders".to_string(),
            name: name.to_string(),
            value: Some(value.to_string()),
            ..Default::default()
        });
    }
}

#[test]
fn a_reassignment_completes_with_the_last_newcomer() {
    let mut desk = Desk::new(4, &[1, 2]);
    assert_eq!(desk.reassign(Some(&[3, 4]), true).0, ErrorCode::None);
    let under_way = desk.partition();
    assert_eq!(under_way.replicas, [3, 4, 1, 2]);
    assert_eq!((&under_way.adding_replicas[..], &under_way.removing_replicas[..]), (&[3, 4][..], &[1, 2][..]));
    assert_eq!(under_way.leader_epoch, 0, "nobody lost a replica yet");
    assert_eq!(desk.alter_isr(&[1, 2, 3]), ErrorCode::None);
    assert!(desk.partition().is_reassigning());
    // The leader itself goes: it is told so.
    assert_eq!(desk.alter_isr(&[1, 2, 3, 4]), ErrorCode::NewLeaderElected);
    let done = desk.partition();
    assert_eq!((&done.replicas[..], &done.isr[..], done.leader), (&[3, 4][..], &[3, 4][..], 3));
    assert!(!done.is_reassigning() && done.leader_epoch == 1);
}

#[test]
fn a_smaller_factor_waits_for_all_that_stay() {
    let mut desk = Desk::new(3, &[1, 2, 3]);
    desk.alter_isr(&[1]);
    assert_eq!(desk.reassign(Some(&[1, 2]), true).0, ErrorCode::None);
    assert!(desk.partition().is_reassigning(), "2 is not in sync");
    assert_eq!(desk.alter_isr(&[1, 2]), ErrorCode::None);
    assert_eq!(desk.partition().replicas, [1, 2]);
}

#[test]
fn a_reassignment_is_cancelled_or_refused() {
    let mut desk = Desk::new(4, &[1, 2]);
    assert_eq!(desk.reassign(None, true).0, ErrorCode::NoReassignmentInProgress);
    assert_eq!(desk.reassign(Some(&[1, 9]), true).0, ErrorCode::InvalidReplicaAssignment);
    let (code, words) = desk.reassign(Some(&[1, 2, 3]), false);
    assert_eq!(code, ErrorCode::InvalidReplicationFactor);
    assert_eq!(words, "The replication factor is changed from 2 to 3");
    desk.reassign(Some(&[3, 4]), true);
    assert_eq!(desk.reassign(None, true).0, ErrorCode::None);
    let back = desk.partition();
    assert_eq!((&back.replicas[..], back.is_reassigning()), (&[1, 2][..], false));
}

#[test]
fn a_cancellation_that_would_lose_records_needs_leave() {
    let mut desk = Desk::new(4, &[1, 2]);
    desk.reassign(Some(&[3, 4]), true);
    desk.alter_isr(&[1, 3]);
    desk.fence(1);
    assert_eq!(desk.partition().isr, [3]);
    let (code, words) = desk.reassign(None, true);
    assert_eq!(code, ErrorCode::InvalidReplicaAssignment);
    assert!(words.ends_with("because it would require an unclean leader election."), "{words}");
    desk.set_config("unclean.leader.election.enable", "true");
    assert_eq!(desk.reassign(None, true).0, ErrorCode::None);
    assert_eq!(desk.partition().replicas, [1, 2]);
}

#[test]
fn elections_and_their_refusals() {
    let mut desk = Desk::new(2, &[1, 2]);
    assert_eq!(desk.elect("orders", 0, 0).0, ErrorCode::ElectionNotNeeded);
    assert_eq!(desk.elect("nope", 0, 0), (ErrorCode::UnknownTopicOrPartition, "No such topic as nope".to_string()));
    let (code, words) = desk.elect("orders", 7, 0);
    assert_eq!((code, words.as_str()), (ErrorCode::UnknownTopicOrPartition, "No such partition as orders-7"));
    desk.fence(1);
    assert_eq!(desk.partition().leader, 2);
    assert_eq!(desk.elect("orders", 0, 0).0, ErrorCode::PreferredLeaderNotAvailable);
    desk.unfence(1);
    assert_eq!(desk.elect("orders", 0, 0).0, ErrorCode::PreferredLeaderNotAvailable, "it is not in sync");
    desk.alter_isr(&[1, 2]);
    assert_eq!(desk.elect("orders", 0, 0).0, ErrorCode::None);
    assert_eq!((desk.partition().leader, desk.partition().leader_epoch), (1, 2));
}

#[test]
fn the_last_in_sync_stays_eligible_and_another_leads_only_uncleanly() {
    let mut desk = Desk::new(2, &[1, 2]);
    desk.alter_isr(&[1]);
    desk.fence(1);
    let leaderless = desk.partition();
    assert_eq!((leaderless.leader, &leaderless.elr[..], leaderless.isr.len()), (-1, &[1][..], 0));
    // The flag alone elects nobody until the next look.
    desk.set_config("unclean.leader.election.enable", "true");
    assert_eq!(desk.partition().leader, -1);
    let (records, more) = desk.state.elect_unclean_leaders();
    assert!(!more && records.len() == 1);
    records.into_iter().for_each(|record| desk.replay(record));
    let unclean = desk.partition();
    assert_eq!((unclean.leader, &unclean.isr[..], unclean.leader_recovery_state), (2, &[2][..], 1));
    assert!(unclean.elr.is_empty());
}

#[test]
fn an_eligible_replica_leads_again_when_it_is_back() {
    let mut desk = Desk::new(2, &[1, 2]);
    desk.alter_isr(&[1]);
    desk.fence(1);
    desk.fence(2);
    desk.unfence(2);
    assert_eq!(desk.partition().leader, -1, "2 was not eligible");
    desk.unfence(1);
    assert_eq!((desk.partition().leader, &desk.partition().isr[..]), (1, &[1][..]));
}

#[test]
fn leaders_are_balanced_where_that_is_clean() {
    let mut desk = Desk::new(2, &[1, 2]);
    desk.fence(1);
    desk.unfence(1);
    assert!(desk.state.balance_leaders().0.is_empty());
    desk.alter_isr(&[1, 2]);
    let (records, _) = desk.state.balance_leaders();
    records.into_iter().for_each(|record| desk.replay(record));
    assert!(desk.partition().has_preferred_leader());
}

#[test]
fn partitions_are_added_or_refused_in_kafkas_words() {
    let mut desk = Desk::new(2, &[1, 2]);
    assert_eq!(desk.grow(1, None).1, "Topic already has 1 partition(s).");
    let words = "The topic orders currently has 1 partition(s); 0 would not be an increase.";
    assert_eq!(desk.grow(0, None), (ErrorCode::InvalidPartitions, words.to_string()));
    let words = "Attempted to add 2 additional partition(s), but only 1 assignment(s) were specified.";
    assert_eq!(desk.grow(3, Some(&[&[1, 2]])), (ErrorCode::InvalidReplicaAssignment, words.to_string()));
    let (code, words) = desk.grow(2, Some(&[&[1]]));
    assert_eq!(code, ErrorCode::InvalidReplicaAssignment);
    assert!(words.contains("not consistent with previous partitions, which have 2 replica(s)"), "{words}");
    assert_eq!(desk.grow(2, Some(&[&[2, 1]])).0, ErrorCode::None);
    assert_eq!(desk.state.image.topic(ORDERS).expect("it is there").partitions[&1].leader, 2);
    desk.fence(1);
    desk.fence(2);
    let (code, words) = desk.grow(3, None);
    assert_eq!(code, ErrorCode::InvalidReplicationFactor);
    assert!(words.starts_with("All brokers are currently fenced"), "the placer's own words: {words}");
    let words = "All brokers specified in the manual partition assignment for partition 2 are fenced or in controlled \
                 shutdown.";
    assert_eq!(desk.grow(3, Some(&[&[2, 1]])), (ErrorCode::InvalidReplicaAssignment, words.to_string()));
}

#[test]
fn topics_are_deleted_by_name_or_id() {
    let mut desk = Desk::new(2, &[1, 2]);
    assert_eq!(desk.delete(Some("nope"), Uuid::ZERO), ErrorCode::UnknownTopicOrPartition);
    assert_eq!(desk.delete(None, Uuid(4_711)), ErrorCode::UnknownTopicId);
    assert_eq!(desk.delete(Some("orders"), ORDERS), ErrorCode::InvalidRequest, "not both");
    desk.set_config("retention.ms", "5");
    assert_eq!(desk.delete(None, ORDERS), ErrorCode::None);
    assert!(desk.state.image.topic(ORDERS).is_none());
    assert_eq!(desk.state.image.config_resources().count(), 0, "its configs go with it");
}

#[test]
fn features_go_up_and_down_in_kafkas_words() {
    let mut desk = Desk::new(1, &[1]);
    let prefix = "The update failed for all features since the following feature had an error: ";
    assert_eq!(desk.set_feature("transaction.version", 2, 1).0, ErrorCode::None);
    assert_eq!(desk.state.image.feature("transaction.version"), 2);
    let refused = [
        (
            "transaction.version",
            9,
            1,
            "Invalid update version 9 for feature transaction.version. Local controller 101 only supports versions 0-2",
        ),
        (
            "nosuch.version",
            1,
            1,
            "Invalid update version 1 for feature nosuch.version. Local controller 101 does not support this feature.",
        ),
        (
            "metadata.version",
            21,
            2,
            "Unsupported metadata.version downgrade from 30 to 21. Refusing to perform the requested downgrade because it might delete metadata information.",
        ),
        (
            "metadata.version",
            29,
            3,
            "Unsupported metadata.version downgrade from 30 to 29. Unsafe metadata downgrade is not supported in this version.",
        ),
        (
            "kraft.version",
            0,
            2,
            "Invalid update version 0 for feature kraft.version. Can't downgrade the version of this feature.",
        ),
    ];
    for (name, level, kind, words) in refused {
        let expected = (ErrorCode::InvalidUpdateVersion, format!("{prefix}{words}"));
        assert_eq!(desk.set_feature(name, level, kind), expected);
    }
    assert_eq!(desk.set_feature("transaction.version", 1, 2).0, ErrorCode::None);
    assert_eq!(desk.set_feature("transaction.version", 0, 3).0, ErrorCode::None);
    assert_eq!(desk.state.image.feature("transaction.version"), 0);
    assert_eq!(desk.set_feature("kraft.version", 1, 1).0, ErrorCode::None);
}
