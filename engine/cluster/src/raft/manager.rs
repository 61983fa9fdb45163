//! A replica of the metadata log on the simulated network (`KafkaRaftManager`, `KafkaRaftClientDriver`): carries out what
//! [`Raft`] asks for and keeps its one timer. Controllers and brokers each have one; a node that is both shares it.

use std::sync::Arc;

use base::{ConnId, Micros, Rng};
use protocol::{Memo, Packet, Request, Response};
use sim::{Disk, Effects};

use super::channel::{Answer, RaftChannel};
use super::{Io, Output, Raft, RaftConfig};
use crate::broker::connections::{Connections, ReplyTo};
use crate::metadata::{MetadataImage, Shared};
use crate::server_log::logger;
use crate::spec::LOG_DIR;
use crate::{Event, Kafka, ServerTimer, Timer};

/// A shutdown that waits for another leader is given up after this (`SharedServer`).
const SHUTDOWN_TIMEOUT: Micros = Micros::from_secs(5);

#[derive(Clone, Debug, Hash)]
pub struct RaftManager {
    raft: Raft,
    channel: RaftChannel,
    /// Answers that are to go out, each with all who get it.
    replies: Vec<(Vec<ReplyTo>, Arc<Response>)>,
    /// What the last answer of the leader brought along, and from which offset on its records are.
    memo: (i64, Memo),
    failed: bool,
    /// When the timer goes off; `MAX` while it is not set.
    armed: Micros,
}

impl RaftManager {
    pub fn open(config: RaftConfig, disk: &mut Disk, clean_shutdown: bool, rng: Rng, now: Micros) -> Self {
        let channel = RaftChannel::new(config.node_id);
        let raft = Raft::open(config, disk, clean_shutdown, rng, now);
        RaftManager { raft, channel, replies: Vec::new(), memo: (0, Memo(None)), failed: false, armed: Micros::MAX }
    }

    pub fn raft(&self) -> &Raft {
        &self.raft
    }

    pub fn raft_mut(&mut self) -> &mut Raft {
        &mut self.raft
    }

    /// Whether a connection is one that this replica opened.
    pub fn owns(&self, conn: ConnId) -> bool {
        self.channel.owns(conn)
    }

    pub fn start(&mut self, now: Micros, disk: &mut Disk, fx: &mut Effects<'_, Kafka>) {
        let (log, raft) = (self.raft.log(), &self.raft);
        if log.log_end() > raft.log_start() {
            // Nothing says of this log that it was closed in order.
            let (dir, id) = (format!("/{}/{LOG_DIR}", raft.host()), log.partition());
            for segment in log.segments() {
                let base = segment.base_offset;
                let text = format!(
                    "[LogLoader partition={id}, dir={dir}] Recovering unflushed segment {base}. 0 recovered for {id}."
                );
                fx.emit(Event::Logged { level: "INFO", logger: logger::LOG_LOADER, text });
            }
        }
        self.step(now, disk, fx, |raft, io| raft.start(io));
    }

    /// The timer [`ServerTimer::Quorum`].
    pub fn on_timer(&mut self, now: Micros, disk: &mut Disk, fx: &mut Effects<'_, Kafka>) {
        self.armed = Micros::MAX;
        self.step(now, disk, fx, |_, _| ());
    }

    /// A request of the quorum's own; its answer is in [`RaftManager::send_replies`], now or later.
    pub fn on_request(
        &mut self,
        now: Micros,
        reply: ReplyTo,
        request: &Request,
        disk: &mut Disk,
        fx: &mut Effects<'_, Kafka>,
    ) {
        let answer = self.step(now, disk, fx, |raft, io| raft.on_request(reply, request, io));
        self.replies.extend(answer.map(|response| (vec![reply], response.into())));
    }

    pub fn on_message(
        &mut self,
        now: Micros,
        conn: ConnId,
        packet: &Packet,
        disk: &mut Disk,
        fx: &mut Effects<'_, Kafka>,
    ) {
        let Some(answer) = self.channel.on_message(conn, packet) else { return };
        if let Some(Response::Fetch(fetched)) = answer.response.as_deref() {
            let partition = fetched.responses.first().and_then(|topic| topic.partitions.first());
            let records = partition.and_then(|partition| partition.records.as_ref());
            let next = self.raft.log().log_end();
            self.memo = (next, records.map_or(Memo(None), |records| records.memo.clone()));
        }
        self.on_answer(now, answer, disk, fx);
    }

    /// A connection that this replica opened is gone.
    pub fn on_closed(&mut self, now: Micros, conn: ConnId, disk: &mut Disk, fx: &mut Effects<'_, Kafka>) {
        for lost in self.channel.on_closed(conn) {
            self.on_answer(now, lost, disk, fx);
        }
    }

    /// Appends a batch as the leader; false when that was not possible.
    pub fn append(&mut self, now: Micros, batch: bytes::Bytes, disk: &mut Disk, fx: &mut Effects<'_, Kafka>) -> bool {
        self.step(now, disk, fx, |raft, io| raft.append(batch, io))
    }

    pub fn create_snapshot(
        &mut self,
        now: Micros,
        end_offset: i64,
        records: &[protocol::metadata::MetadataRecord],
        disk: &mut Disk,
        fx: &mut Effects<'_, Kafka>,
    ) -> bool {
        self.step(now, disk, fx, |raft, io| raft.create_snapshot(end_offset, records, io))
    }

    /// What came along with the leader's last answer, and the offset of the first record in it.
    pub fn memo(&self) -> &(i64, Memo) {
        &self.memo
    }

    /// What came along was made use of.
    pub fn forget_memo(&mut self) {
        self.memo.1 = Memo(None);
    }

    /// Answers the requests whose time has come. `image` is what this node makes of the log.
    pub fn send_replies(&mut self, image: &MetadataImage, connections: &mut Connections, fx: &mut Effects<'_, Kafka>) {
        let replies = std::mem::take(&mut self.replies);
        if replies.is_empty() {
            return;
        }
        let memo = Memo(Some(Arc::new(Shared::new(image.clone()))));
        for (waiting, mut response) in replies {
            // An answer that a copy of this world holds too goes without the image; its receiver then makes its own.
            if let Some(Response::Fetch(fetched)) = Arc::get_mut(&mut response) {
                let partitions = fetched.responses.iter_mut().flat_map(|topic| &mut topic.partitions);
                partitions.filter_map(|partition| partition.records.as_mut()).for_each(|r| r.memo = memo.clone());
            }
            for reply in waiting {
                connections.respond_shared(&reply, response.clone(), fx);
            }
        }
    }

    /// SIGTERM. True when the process may end at once; else [`RaftManager::is_shut_down`] says when.
    pub fn begin_shutdown(&mut self, now: Micros, disk: &mut Disk, fx: &mut Effects<'_, Kafka>) -> bool {
        self.step(now, disk, fx, |raft, io| {
            io.info("Beginning graceful shutdown".to_string());
            raft.begin_shutdown(now + SHUTDOWN_TIMEOUT);
        });
        self.is_shut_down(now)
    }

    /// The process ends: the log is closed.
    pub fn end(&mut self, disk: &mut Disk, now: Micros, fx: &mut Effects<'_, Kafka>) {
        self.raft.close(disk, now);
        let lines = [
            (logger::RAFT, "Graceful shutdown completed"),
            (logger::RAFT_DRIVER, "Completed graceful shutdown of RaftClient"),
        ];
        for (logger, text) in lines {
            let text = format!("[RaftManager id={}] {text}", self.raft.node_id());
            fx.emit(Event::Logged { level: "INFO", logger, text });
        }
    }

    pub fn is_shut_down(&self, now: Micros) -> bool {
        self.raft.is_shut_down(now)
    }

    /// The process is about to end because the replica cannot go on.
    pub fn has_failed(&self) -> bool {
        self.failed
    }

    fn on_answer(&mut self, now: Micros, answer: Answer, disk: &mut Disk, fx: &mut Effects<'_, Kafka>) {
        self.step(now, disk, fx, |raft, io| {
            raft.on_response(answer.peer, answer.correlation_id, answer.response.as_deref(), io);
        });
    }

    /// One input, what the state machine does upon it, and what that sends.
    fn step<R>(
        &mut self,
        now: Micros,
        disk: &mut Disk,
        fx: &mut Effects<'_, Kafka>,
        input: impl FnOnce(&mut Raft, &mut Io<'_>) -> R,
    ) -> R {
        let mut out = Output::default();
        let mut io = Io { now, disk, out: &mut out };
        let result = input(&mut self.raft, &mut io);
        let mut next = self.raft.poll(&mut io);
        // A peer that does not exist answers at once; that may lead to the next request.
        loop {
            let mut unknown = Vec::new();
            let mut io = Io { now, disk, out: &mut out };
            for peer in std::mem::take(&mut io.out.disconnects) {
                self.channel.disconnect(peer, fx);
            }
            for request in std::mem::take(&mut io.out.sends) {
                unknown.extend(self.channel.send(request, fx));
            }
            if unknown.is_empty() {
                break;
            }
            for answer in unknown {
                self.raft.on_response(answer.peer, answer.correlation_id, None, &mut io);
            }
            next = self.raft.poll(&mut io);
        }
        for (level, logger, text) in out.lines {
            let text = format!("[RaftManager id={}] {text}", self.raft.node_id());
            fx.emit(Event::Logged { level, logger, text });
        }
        self.replies.extend(out.replies.into_iter().map(|(waiting, response)| (waiting, response.into())));
        if out.fault.is_some() {
            self.failed = true;
            fx.exit();
        }
        self.arm(self.raft.shutdown_deadline().map_or(next, |deadline| next.min(deadline)), fx);
        result
    }

    /// A timer that goes off earlier stays: each answer puts the next deadline off, and whoever then finds nothing to do
    /// sets it anew.
    fn arm(&mut self, at: Micros, fx: &mut Effects<'_, Kafka>) {
        let timer = Timer::Server(ServerTimer::Quorum);
        if at == Micros::MAX {
            fx.cancel_timer(timer);
        } else if self.armed <= at {
            return;
        } else {
            fx.set_timer(timer, at);
        }
        self.armed = at;
    }
}
