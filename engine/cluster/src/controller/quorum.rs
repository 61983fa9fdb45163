//! Leading a quorum of one: opening the metadata log, taking the next epoch, the records of a new cluster, appending.

use base::{Micros, Rng, Uuid};
use bytes::Bytes;
use log::batch::{BatchBuilder, ControlRecordType};
use log::checkpoint::{META_PROPERTIES_FILE, MetaProperties};
use log::{AppendOrigin, LogConfig, UnifiedLog};
use protocol::Records;
use protocol::embedded::{KRaftVersionRecord, LeaderChangeMessage, leader_change_message};
use protocol::metadata::{
    BeginTransactionRecord, ConfigRecord, EndTransactionRecord, FeatureLevelRecord, MetadataRecord,
};
use sim::{Boot, Disk};

use super::control::ControlState;
use super::heartbeat::HeartbeatManager;
use super::{Cause, Controller, Fx};
use crate::broker::connections::Connections;
use crate::broker::log_files::{in_log_dir, partition_dir};
use crate::broker::metadata_loader::{decode_batch, metadata_partition};
use crate::broker::server_log::date;
use crate::config::ServerConfig;
use crate::metadata::{MetadataDelta, MetadataImage, record_version};
use crate::placement::{JavaRandom, StripedReplicaPlacer};
use crate::{ControllerSpec, Event};

/// Levels that `kafka-storage.sh format` of 4.3 gives a new cluster, in the order of its bootstrap records.
const BOOTSTRAP_FEATURES: [(&str, i16); 6] = [
    ("metadata.version", 30),
    ("eligible.leader.replicas.version", 1),
    ("group.version", 1),
    ("share.version", 1),
    ("streams.version", 1),
    ("transaction.version", 2),
];

/// Reads the log directory (makes it if there is none) and folds the whole log: in a quorum of one it is committed.
pub fn boot(spec: &ControllerSpec, boot: Boot) -> Controller {
    let Boot { node, now, seed, mut disk, .. } = boot;
    let mut rng = Rng::new(seed, u64::from(node.0), "controller");
    let config = ServerConfig::new(spec.node_id, spec.properties.clone());
    let directory_id = open_directory(&mut disk, spec, &mut rng, now);
    let partition = metadata_partition();
    let log_config = LogConfig { retention_ms: -1, ..LogConfig::default() };
    let dir = partition_dir(&partition);
    let mut log = UnifiedLog::open(&mut disk, &dir, partition, Uuid::METADATA_TOPIC, log_config, now, false, 0, 0);
    log.update_high_watermark(log.log_end());
    let mut image = MetadataImage::default();
    let batches: Vec<_> = log.batches_between(0, log.log_end()).map(|batch| decode_batch(&batch)).collect();
    image.apply(&batches);
    let session_timeout = Micros::from_ms(config.amount("broker.session.timeout.ms"));
    let state = ControlState {
        profile: spec.profile,
        cluster_id: spec.cluster_id,
        heartbeats: HeartbeatManager::new(session_timeout),
        placer: StripedReplicaPlacer::new(JavaRandom::new(rng.next_u64() as i64)),
        ids: Rng::new(seed, u64::from(node.0), "topic ids"),
        voter_ids: spec.voters.iter().map(|voter| voter.id).collect(),
        config,
        image,
        now,
    };
    Controller {
        spec: spec.clone(),
        disk,
        rng,
        directory_id,
        end_at_last_tick: log.log_end(),
        log,
        connections: Connections::default(),
        state,
        epoch: 0,
        parked: Default::default(),
    }
}

fn open_directory(disk: &mut Disk, spec: &ControllerSpec, rng: &mut Rng, now: Micros) -> Uuid {
    let path = in_log_dir(META_PROPERTIES_FILE);
    if let Some(id) = MetaProperties::read(disk, &path).ok().flatten().and_then(|known| known.directory_id) {
        return id;
    }
    let directory_id = Uuid::random(rng);
    let cluster_id = spec.cluster_id.to_string();
    let properties = MetaProperties { cluster_id, node_id: spec.node_id, directory_id: Some(directory_id) };
    disk.write(&path, properties.to_text(&date(now)).into(), now);
    directory_id
}

impl Controller {
    /// A quorum of one needs no election: the next epoch is this controller's.
    pub(super) fn on_start(&mut self, fx: &mut Fx<'_>) {
        let is_new = self.log.log_end() == 0;
        self.epoch = self.log.latest_epoch().unwrap_or(0) + 1;
        self.append_control(is_new, fx);
        fx.emit(Event::ControllerElected { controller: self.spec.node_id, epoch: self.epoch });
        self.state.restart_sessions();
        if is_new {
            self.commit(bootstrap_records(), Cause::Controller, fx);
        }
        self.end_at_last_tick = self.log.log_end();
        self.start_timers(fx);
    }

    /// The first record of an epoch says who leads; the first of the log also which protocol the quorum speaks.
    fn append_control(&mut self, is_new: bool, fx: &mut Fx<'_>) {
        let now_ms = self.state.now.as_epoch_ms();
        let voter = || leader_change_message::Voter {
            voter_id: self.spec.node_id,
            voter_directory_id: self.directory_id,
            ..Default::default()
        };
        let message = LeaderChangeMessage {
            version: 1,
            leader_id: self.spec.node_id,
            voters: vec![voter()],
            granting_voters: vec![voter()],
            ..Default::default()
        };
        let mut batch = BatchBuilder::new(self.log.log_end()).with_leader_epoch(self.epoch).control();
        let mut value = Vec::new();
        let mut sound = message.encode(1, &mut value).is_ok();
        batch.append(now_ms, Some(&ControlRecordType::LeaderChange.key()), Some(&value), &[]);
        if is_new {
            let record = KRaftVersionRecord { version: 0, kraft_version: 1, ..Default::default() };
            let mut value = Vec::new();
            sound &= record.encode(0, &mut value).is_ok();
            batch.append(now_ms, Some(&ControlRecordType::KraftVersion.key()), Some(&value), &[]);
        }
        if sound {
            self.append_batch(batch.build(), fx);
        }
    }

    /// Appends records as one batch, flushed and thereby committed; folds them in, and tells of what they changed.
    /// The offset of the last of them; none when there is nothing to append.
    pub(super) fn commit(&mut self, records: Vec<MetadataRecord>, cause: Cause, fx: &mut Fx<'_>) -> Option<i64> {
        if records.is_empty() {
            return None;
        }
        let base = self.log.log_end();
        let now_ms = self.state.now.as_epoch_ms();
        let mut batch = BatchBuilder::new(base).with_leader_epoch(self.epoch);
        for record in &records {
            match record.encode(record_version(record)) {
                Ok(value) => batch.append(now_ms, None, Some(&value), &[]),
                Err(error) => {
                    // Nothing of a batch counts when one of its records cannot be written.
                    let text = format!("Unable to serialize {}: {error:?}", record.name());
                    self.halt("QuorumController", text, fx);
                    return None;
                }
            }
        }
        if !self.append_batch(batch.build(), fx) {
            return None;
        }
        let mut delta = MetadataDelta::new(self.state.image.clone());
        for (offset, record) in (base..).zip(&records) {
            if let Err(error) = self.state.replay(record, offset, &mut delta) {
                let text = format!("Unable to apply {} at offset {offset}: {error}", record.name());
                self.log_line("ERROR", "QuorumController", text, fx);
            }
        }
        delta.end_offset = self.log.log_end();
        self.tell(&delta, cause, fx);
        self.serve_parked(fx);
        Some(self.log.log_end() - 1)
    }

    /// A controller that cannot write what it decided must not go on (`ProcessTerminatingFaultHandler`). The process ends
    /// before the caller's answer is sent, so no client is told of a success that is in no log.
    fn halt(&mut self, logger: &'static str, text: String, fx: &mut Fx<'_>) {
        self.log_line("ERROR", logger, text, fx);
        fx.exit();
    }

    fn append_batch(&mut self, batch: Bytes, fx: &mut Fx<'_>) -> bool {
        let records = Records { batches: vec![batch] };
        let now = self.state.now;
        match self.log.append_as_leader(&mut self.disk, &records, self.epoch, now, AppendOrigin::RaftLeader) {
            Ok(_) => {
                self.log.flush(&mut self.disk);
                self.log.update_high_watermark(self.log.log_end());
                true
            }
            Err(error) => {
                self.halt("KafkaRaftClient", error.message, fx);
                false
            }
        }
    }
}

/// The records of a freshly formatted cluster, in a transaction (KIP-868).
fn bootstrap_records() -> Vec<MetadataRecord> {
    let begin = BeginTransactionRecord { name: Some("Bootstrap records".to_string()), ..Default::default() };
    let mut records: Vec<MetadataRecord> = vec![begin.into()];
    records.extend(BOOTSTRAP_FEATURES.iter().map(|(name, level)| {
        FeatureLevelRecord { name: name.to_string(), feature_level: *level, ..Default::default() }.into()
    }));
    // With ELR the cluster's minimum is a config of the cluster (KIP-966).
    let min_isr = ConfigRecord {
        resource_type: 4,
        resource_name: String::new(),
        name: "min.insync.replicas".to_string(),
        value: Some("1".to_string()),
        ..Default::default()
    };
    records.push(min_isr.into());
    records.push(EndTransactionRecord::default().into());
    records
}
