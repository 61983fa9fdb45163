//! Writing what was decided, and what happens when it is committed or lost.
//!
//! A decision is replayed as soon as it is in the log, so that the next one sees it; its answer and its events wait until
//! a majority has it. A controller that loses the leadership before that goes back to what is committed, and says
//! NOT_CONTROLLER to everybody who waits: whether the new leader keeps the records is not its to know.

use std::sync::Arc;

use bytes::Bytes;
use log::batch::BatchBuilder;
use protocol::metadata::MetadataRecord;
use protocol::{Request, Response};

use super::events::Cause;
use super::quorum_controller::{Process, QuorumController};
use super::replay_log::replayed;
use super::{Fx, decide};
use crate::broker::connections::ReplyTo;
use crate::metadata::{MetadataDelta, MetadataImage, record_version};
use crate::raft::Raft;
use crate::server_log::logger;

/// `QuorumController.MAX_RECORDS_PER_BATCH`
const RECORDS_PER_BATCH: usize = 10_000;

/// What an operation decided.
#[derive(Clone, Debug)]
pub(super) struct Decision {
    /// Appended in order.
    pub records: Vec<MetadataRecord>,
    pub response: Response,
    pub cause: Cause,
    /// A broker whose controlled shutdown waits until all have read this far.
    pub shutting_down: Option<i32>,
    /// Lines for the controller's log: class and text.
    pub lines: Vec<(&'static str, String)>,
}

impl Decision {
    pub fn new(records: Vec<MetadataRecord>, response: impl Into<Response>) -> Decision {
        Decision {
            records,
            response: response.into(),
            cause: Cause::Controller,
            shutting_down: None,
            lines: Vec::new(),
        }
    }

    pub fn because(mut self, cause: Cause) -> Decision {
        self.cause = cause;
        self
    }

    pub fn line(mut self, logger: &'static str, text: String) -> Decision {
        self.lines.push((logger, text));
        self
    }
}

/// Written and not yet committed.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    /// The offset after its last record.
    end: i64,
    /// What it changes, with the image after it; none for a mere answer.
    change: Option<(MetadataDelta, MetadataImage, Cause)>,
    answer: Option<(ReplyTo, Arc<Request>, Arc<Response>)>,
}

/// A delta follows from two images, the last of which is part of the controller's state.
impl std::hash::Hash for Pending {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.end.hash(state);
        self.change.as_ref().map(|(_, _, cause)| cause).hash(state);
        self.answer.hash(state);
    }
}

impl QuorumController {
    /// Carries a decision out. `reply` says who asked, if anybody did.
    pub(super) fn write(
        &mut self,
        decision: Decision,
        asked: Option<(ReplyTo, Arc<Request>)>,
        process: &mut Process<'_>,
        fx: &mut Fx<'_>,
    ) {
        for (logger, text) in &decision.lines {
            self.log_line("INFO", logger, text, fx);
        }
        for records in decision.records.chunks(RECORDS_PER_BATCH) {
            if !self.append(records, decision.cause, process, fx) {
                return;
            }
        }
        let end = process.raft.raft().log_end();
        if let Some(broker) = decision.shutting_down {
            self.state.heartbeats.begin_controlled_shutdown(broker, end - 1);
        }
        let Some((reply, request)) = asked else { return };
        // An answer never overtakes the records that it was made upon.
        match self.pending.back_mut() {
            Some(last) if last.answer.is_none() => {
                last.answer = Some((reply, request, decision.response.into()));
            }
            Some(last) => {
                let end = last.end;
                let answer = Some((reply, request, decision.response.into()));
                self.pending.push_back(Pending { end, change: None, answer });
            }
            None => self.connections.respond(&reply, decision.response, fx),
        }
    }

    /// One batch: appended, replayed, and remembered until it is committed. False when the process ends instead.
    fn append(&mut self, records: &[MetadataRecord], cause: Cause, process: &mut Process<'_>, fx: &mut Fx<'_>) -> bool {
        let base = process.raft.raft().log_end();
        let batch = match encode_batch(records, base, self.claim_epoch, process) {
            Ok(batch) => batch,
            Err(text) => {
                // Nothing of a batch counts when one of its records cannot be written.
                self.halt(&text, fx);
                return false;
            }
        };
        if !process.raft.append(process.now, batch, process.disk, fx) {
            return false;
        }
        let mut delta = MetadataDelta::new(self.state.image.clone());
        for (offset, record) in (base..).zip(records) {
            if let Some((logger, text)) = replayed(record, offset, &self.state.image) {
                self.log_line("INFO", logger, &text, fx);
            }
            if let Err(error) = self.state.replay(record, offset, &mut delta) {
                let text = format!("Unable to apply {} record at offset {offset}: {error}", record.name());
                self.log_line("ERROR", logger::CONTROLLER, &text, fx);
            }
        }
        let end = base + records.len() as i64;
        delta.end_offset = end;
        let change = Some((delta, self.state.image.clone(), cause));
        self.pending.push_back(Pending { end, change, answer: None });
        true
    }

    /// Tells and answers what the high watermark has passed.
    pub(super) fn complete_committed(&mut self, raft: &Raft, fx: &mut Fx<'_>) -> bool {
        if !self.is_active() {
            return false;
        }
        let high_watermark = raft.high_watermark();
        let mut any = false;
        while self.pending.front().is_some_and(|pending| pending.end <= high_watermark) {
            let Some(pending) = self.pending.pop_front() else { break };
            if let Some((delta, after, cause)) = &pending.change {
                self.tell(delta, after, *cause, fx);
                self.told_end = self.told_end.max(pending.end);
            }
            if let Some((reply, _, response)) = pending.answer {
                self.connections.respond_shared(&reply, response, fx);
            }
            any = true;
        }
        any
    }

    /// The leadership is gone: nothing that waits is known to be committed.
    pub(super) fn fail_pending(&mut self, fx: &mut Fx<'_>) {
        let words = "No controller appears to be active.";
        for pending in std::mem::take(&mut self.pending) {
            let Some((reply, request, _)) = pending.answer else { continue };
            match decide::refusal(&request, protocol::ErrorCode::NotController, words) {
                Some(response) => self.connections.respond(&reply, response, fx),
                None => self.connections.close(&reply, fx),
            }
        }
    }

    /// A controller that cannot write what it decided must not go on (`ProcessTerminatingFaultHandler`). The process ends
    /// before the caller's answer is sent, so no client is told of a success that is in no log.
    fn halt(&self, text: &str, fx: &mut Fx<'_>) {
        self.log_line("ERROR", logger::CONTROLLER, text, fx);
        fx.exit();
    }
}

fn encode_batch(records: &[MetadataRecord], base: i64, epoch: i32, process: &Process<'_>) -> Result<Bytes, String> {
    let now_ms = process.now.as_epoch_ms();
    let mut batch = BatchBuilder::new(base).with_leader_epoch(epoch);
    for record in records {
        let value = record
            .encode(record_version(record))
            .map_err(|error| format!("Unable to serialize {}: {error}", record.name()))?;
        batch.append(now_ms, None, Some(&value), &[]);
    }
    Ok(batch.build())
}
