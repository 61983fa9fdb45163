//! Becoming the active controller, and being it no more (`QuorumController.claim`, `renounce`).

use protocol::messages::ApiVersionsResponse;
use protocol::metadata::{
    AbortTransactionRecord, BeginTransactionRecord, ConfigRecord, EndTransactionRecord, FeatureLevelRecord,
    MetadataRecord,
};

use super::Fx;
use super::quorum_controller::{Process, QuorumController};
use super::write::Decision;
use crate::Event;
use crate::features::MetadataVersion;
use crate::metadata::ResourceType;
use crate::raft::format;
use crate::server_log::logger;

const ELR_VERSION: &str = "eligible.leader.replicas.version";
const METADATA_VERSION: &str = "metadata.version";
const MIN_ISR: &str = "min.insync.replicas";

/// The version of metadata that a record sets.
fn version_name(record: &MetadataRecord) -> Option<String> {
    let MetadataRecord::FeatureLevel(record) = record else { return None };
    let level = Some(record.feature_level).filter(|_| record.name == METADATA_VERSION)?;
    Some(MetadataVersion::of_level(level)?.name())
}

impl QuorumController {
    /// Follows what the quorum says of its leader. True if anything changed.
    pub(super) fn follow_leadership(&mut self, process: &mut Process<'_>, fx: &mut Fx<'_>) -> bool {
        let raft = process.raft.raft();
        let (epoch, leader) = (raft.epoch(), raft.leader());
        let was_active = self.is_active();
        if was_active && raft.is_leader() && epoch == self.claim_epoch {
            return false;
        }
        // The epoch's first record is committed, and all before it replayed: nothing is missing to decide upon.
        if !was_active && raft.leader_state().is_some_and(|leader| process.loader.loaded_end() > leader.epoch_start) {
            self.known_leader = (epoch, leader);
            self.claim(epoch, process, fx);
            return true;
        }
        let news = self.news_of_leader(was_active, process);
        if let Some((level, text)) = &news {
            self.log_line(level, logger::CONTROLLER, text, fx);
        }
        if was_active {
            self.renounce(process, fx);
        }
        was_active || news.is_some()
    }

    /// What there is to say of the quorum's leader, and how loudly.
    fn news_of_leader(&mut self, was_active: bool, process: &Process<'_>) -> Option<(&'static str, String)> {
        let raft = process.raft.raft();
        let (epoch, leader) = (raft.epoch(), raft.leader());
        let (own, end) = (Some(self.spec.node_id), process.loader.loaded_end() - 1);
        if leader == own {
            // A leader that has resigned, or was one before it was started, hears of nothing new before the next epoch;
            // but one that has lost its majority hears of that when it writes again.
            let lost = was_active && raft.shutdown_deadline().is_none();
            return lost.then(|| {
                self.known_leader = (self.claim_epoch, None);
                let text = format!(
                    "writeNoOpRecord: event failed with NotLeaderException in 0 microseconds. Renouncing leadership and \
                     reverting to the last committed offset {end}. Exception message: Append failed because the replica is \
                     not the current leader"
                );
                ("INFO", text)
            });
        }
        let (claimed, known) = std::mem::replace(&mut self.known_leader, (epoch, leader));
        if (claimed, known) == (epoch, leader) {
            return None;
        }
        let leader = leader.map_or("(none)".to_string(), |leader| leader.to_string());
        if known == own {
            let text = format!(
                "Renouncing the leadership due to a metadata log event. We were the leader at epoch {claimed}, but in the new \
                 epoch {epoch}, the leader is {leader}. Reverting to last stable offset {end}."
            );
            return Some(("WARN", text));
        }
        Some(("INFO", format!("In the new epoch {epoch}, the leader is {leader}.")))
    }

    fn claim(&mut self, epoch: i32, process: &mut Process<'_>, fx: &mut Fx<'_>) {
        let end = process.raft.raft().log_end();
        let text = format!("Becoming the active controller at epoch {epoch}, next write offset {end}.");
        self.log_line("INFO", logger::CONTROLLER, &text, fx);
        self.claim_epoch = epoch;
        self.state.image = process.loader.image.clone();
        fx.emit(Event::ControllerElected { controller: self.spec.node_id, epoch });
        self.state.restart_sessions();
        let (records, text) = self.activation_records(process);
        self.log_line("WARN", logger::CONTROLLER, &text, fx);
        self.write(Decision::new(records, ApiVersionsResponse::default()), None, process, fx);
        self.start_timers(fx);
    }

    fn renounce(&mut self, process: &Process<'_>, fx: &mut Fx<'_>) {
        self.claim_epoch = 0;
        self.fail_pending(fx);
        self.stop_timers(fx);
        // What was written but is not known to be committed is taken back.
        self.state.image = process.loader.image.clone();
    }

    /// What an active controller writes before anything else (`ActivationRecordsGenerator`).
    fn activation_records(&self, process: &Process<'_>) -> (Vec<MetadataRecord>, String) {
        let mut records: Vec<MetadataRecord> = Vec::new();
        let mut text = "Performing controller activation.".to_string();
        let open_transaction = self.state.image.in_transaction();
        if open_transaction {
            let reason = Some("Controller failover".to_string());
            records.push(AbortTransactionRecord { reason, ..Default::default() }.into());
            text.push_str(" Aborting in-progress metadata transaction.");
        }
        if self.state.image.feature(METADATA_VERSION) > 0 {
            return (records, text);
        }
        let bootstrap = format::read_bootstrap(process.disk);
        text.push_str(&format!(
            " The metadata log appears to be empty. Appending {} bootstrap record(s) in metadata transaction at \
             metadata.version {} from bootstrap source 'the binary bootstrap metadata file: /{}/{}'.",
            bootstrap.len(),
            bootstrap.iter().find_map(version_name).unwrap_or_default(),
            self.spec.host,
            format_args!("{}/{}", crate::spec::LOG_DIR, format::BOOTSTRAP_FILE)
        ));
        let name = Some("Bootstrap records".to_string());
        records.push(BeginTransactionRecord { name, ..Default::default() }.into());
        records.extend(bootstrap.iter().cloned());
        let sets_elr = |record: &FeatureLevelRecord| record.name == ELR_VERSION && record.feature_level > 0;
        if bootstrap.iter().any(|r| matches!(r, MetadataRecord::FeatureLevel(level) if sets_elr(level))) {
            records.push(self.min_isr_record());
        }
        records.push(EndTransactionRecord::default().into());
        (records, text)
    }

    /// With ELR the cluster's minimum is a config of the cluster (KIP-966).
    fn min_isr_record(&self) -> MetadataRecord {
        ConfigRecord {
            resource_type: ResourceType::Broker.id(),
            resource_name: String::new(),
            name: MIN_ISR.to_string(),
            value: Some(self.state.config.number(MIN_ISR).to_string()),
            ..Default::default()
        }
        .into()
    }
}
