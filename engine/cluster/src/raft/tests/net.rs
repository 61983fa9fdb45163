//! A few replicas and what travels between them. After every step the invariants of a quorum are looked at.

use std::sync::Arc;

use base::{ConnId, Map, Micros, Rng, Set, Uuid};

use log::batch::BatchBuilder;
use protocol::messages::ApiVersionsResponse;
use protocol::messages::api_versions_response::SupportedFeatureKey;
use protocol::metadata::NoOpRecord;
use protocol::{Request, Response};
use sim::Disk;

use crate::broker::connections::ReplyTo;
use crate::raft::{Io, Output, Peer, Raft, RaftConfig, ReplicaKey};
use crate::spec::Voter;

const LATENCY_US: u64 = 500;

pub struct Node {
    pub raft: Option<Raft>,
    pub disk: Disk,
    config: RaftConfig,
    next_poll: Micros,
    starts: u64,
    /// Where its log ended when it was last up.
    last_end: i64,
    /// Its committed batches below it were compared.
    checked_end: i64,
}

#[allow(clippy::large_enum_variant, reason = "a test holds a handful of them")]
enum Message {
    Request {
        to: usize,
        conn: ConnId,
        correlation_id: i32,
        body: Arc<Request>,
    },
    /// None: the other side is down.
    Response {
        conn: ConnId,
        body: Option<Response>,
    },
}

/// A request under way: who sent it, in which of its lives, and to whom.
struct Asked {
    from: usize,
    starts: u64,
    peer: Peer,
    correlation_id: i32,
}

pub struct Net {
    pub now: Micros,
    pub nodes: Vec<Node>,
    pub replies: Vec<(ConnId, Response)>,
    voters: Vec<Voter>,
    messages: Map<(Micros, u64), Message>,
    asked: Map<ConnId, Asked>,
    cut: Set<(usize, usize)>,
    rng: Rng,
    next: u64,
    /// The leader of every epoch that had one.
    leaders: Map<i32, i32>,
    epochs: Map<usize, i32>,
    /// Epoch and checksum of the batch at an offset that was committed once.
    committed: Map<i64, (i32, u32)>,
}

impl Net {
    /// Node 0 has id 1 and so on; the first `voters` of them vote.
    pub fn new(count: usize, voters: usize, seed: u64) -> Net {
        let voter = |id: i32| Voter { id, host: format!("c{id}"), port: 9093, directory_id: Uuid(id as u128 + 1_000) };
        let voters: Vec<Voter> = (1..=voters as i32).map(voter).collect();
        let mut net = Net {
            now: Micros::ZERO,
            nodes: Vec::new(),
            replies: Vec::new(),
            voters: voters.clone(),
            messages: Map::new(),
            asked: Map::new(),
            cut: Set::new(),
            rng: Rng::new(seed, 0, "net"),
            next: 0,
            leaders: Map::new(),
            epochs: Map::new(),
            committed: Map::new(),
        };
        for id in 1..=count as i32 {
            let server = crate::config::ServerConfig::new(id, Default::default());
            let directory_id = Uuid(id as u128 + 1_000);
            let mut config = RaftConfig::of(&server, Uuid(7), directory_id, (&format!("c{id}"), 9093), &voters);
            config.can_become_voter = true;
            let mut disk = Disk::new();
            crate::raft::format::format(&mut disk, id, &voters, Micros::ZERO);
            net.nodes.push(Node {
                raft: None,
                disk,
                config,
                next_poll: Micros::MAX,
                starts: 0,
                last_end: 0,
                checked_end: 0,
            });
        }
        for node in 0..count {
            net.start(node);
        }
        net
    }

    pub fn key(id: i32) -> ReplicaKey {
        ReplicaKey::new(id, Uuid(id as u128 + 1_000))
    }

    pub fn start(&mut self, node: usize) {
        let seed = self.rng.next_u64();
        let it = &mut self.nodes[node];
        if it.raft.is_some() {
            return;
        }
        it.starts += 1;
        it.checked_end = 0;
        let rng = Rng::new(seed, node as u64, "raft");
        it.raft = Some(Raft::open(it.config.clone(), &mut it.disk, false, rng, self.now));
        self.step(node, |raft, io| raft.start(io));
    }

    pub fn kill(&mut self, node: usize) {
        self.nodes[node].raft = None;
        self.nodes[node].next_poll = Micros::MAX;
    }

    /// Loses the disk of a node that is down; it is formatted anew.
    pub fn wipe(&mut self, node: usize) {
        let voters: Vec<Voter> = self.voters.clone();
        let it = &mut self.nodes[node];
        (it.disk, it.last_end) = (Disk::new(), 0);
        crate::raft::format::format(&mut it.disk, it.config.node_id, &voters, self.now);
        self.epochs.remove(&node);
    }

    pub fn shut_down(&mut self, node: usize) {
        let deadline = self.now + Micros::from_secs(5);
        self.step(node, |raft, _| raft.begin_shutdown(deadline));
    }

    pub fn snapshot(&mut self, node: usize, end: i64, records: &[protocol::metadata::MetadataRecord]) -> bool {
        self.step(node, |raft, io| raft.create_snapshot(end, records, io))
    }

    /// Nothing gets from `from` to `to`.
    pub fn cut(&mut self, from: usize, to: usize) {
        self.cut.insert((from, to));
    }

    pub fn isolate(&mut self, node: usize) {
        for other in 0..self.nodes.len() {
            self.cut(node, other);
            self.cut(other, node);
        }
    }

    pub fn heal(&mut self) {
        self.cut.clear();
    }

    pub fn raft(&self, node: usize) -> &Raft {
        self.nodes[node].raft.as_ref().expect("the node is up")
    }

    /// The leader of the highest epoch among those who are up.
    pub fn leader(&self) -> Option<usize> {
        let leads = |node: &usize| self.nodes[*node].raft.as_ref().is_some_and(Raft::is_leader);
        (0..self.nodes.len()).filter(leads).max_by_key(|node| self.raft(*node).epoch())
    }

    /// The leader writes a record. The offset after it.
    pub fn append(&mut self) -> Option<i64> {
        let leader = self.leader()?;
        let (base, epoch) = (self.raft(leader).log_end(), self.raft(leader).epoch());
        let now_ms = self.now.as_epoch_ms();
        let mut batch = BatchBuilder::new(base).with_leader_epoch(epoch);
        let record: protocol::metadata::MetadataRecord = NoOpRecord::default().into();
        batch.append(now_ms, None, Some(&record.encode(0).expect("a record")), &[]);
        self.step(leader, |raft, io| raft.append(batch.build(), io));
        Some(base + 1)
    }

    /// Asks a node as a client would; the answer is in `replies` in time.
    pub fn ask(&mut self, node: usize, request: &Request) -> ConnId {
        let conn = self.new_conn();
        let reply = ReplyTo { conn, correlation_id: 0, api_version: 0, listener: 0 };
        if let Some(response) = self.step(node, |raft, io| raft.on_request(reply, request, io)) {
            self.replies.push((conn, response));
        }
        conn
    }

    pub fn answer(&self, conn: ConnId) -> Option<&Response> {
        self.replies.iter().find(|(of, _)| *of == conn).map(|(_, response)| response)
    }

    pub fn run_ms(&mut self, ms: u64) {
        let until = self.now + Micros::from_ms(ms);
        loop {
            let poll = (0..self.nodes.len()).map(|node| (self.nodes[node].next_poll, node)).min();
            let message = self.messages.keys().next().copied();
            let (poll_at, node) = poll.expect("there are nodes");
            let message_at = message.map_or(Micros::MAX, |(at, _)| at);
            if poll_at.min(message_at) > until {
                break;
            }
            self.now = self.now.max(poll_at.min(message_at));
            match message.filter(|_| message_at <= poll_at) {
                Some(key) => {
                    let message = self.messages.remove(&key).expect("it is there");
                    self.deliver(message);
                }
                None => self.step(node, |_, _| ()),
            }
        }
        self.now = until;
    }

    /// Runs until there is a leader that has committed something of its epoch; gives up after a while.
    pub fn run_until_led(&mut self) -> usize {
        for _ in 0..300 {
            self.run_ms(100);
            if let Some(leader) = self.leader().filter(|leader| self.raft(*leader).known_high_watermark().is_some()) {
                return leader;
            }
        }
        panic!("nobody leads after {:?}", self.now);
    }

    fn new_conn(&mut self) -> ConnId {
        self.next += 1;
        ConnId(self.next)
    }

    fn post(&mut self, message: Message) {
        self.next += 1;
        let latency = Micros(LATENCY_US + self.rng.below(LATENCY_US));
        self.messages.insert((self.now + latency, self.next), message);
    }

    fn deliver(&mut self, message: Message) {
        match message {
            Message::Request { to, conn, correlation_id, body } => {
                if self.nodes[to].raft.is_none() {
                    return self.respond(to, conn, None);
                }
                if let Request::ApiVersions(_) = *body {
                    return self.respond(to, conn, Some(api_versions()));
                }
                let reply = ReplyTo { conn, correlation_id, api_version: 0, listener: 0 };
                if let Some(response) = self.step(to, |raft, io| raft.on_request(reply, &body, io)) {
                    self.respond(to, conn, Some(response));
                }
            }
            Message::Response { conn, body } => {
                let Some(asked) = self.asked.remove(&conn) else { return };
                let node = &self.nodes[asked.from];
                if node.raft.is_some() && node.starts == asked.starts {
                    self.step(asked.from, |raft, io| {
                        raft.on_response(asked.peer.id, asked.correlation_id, body.as_ref(), io);
                    });
                }
            }
        }
    }

    fn respond(&mut self, from: usize, conn: ConnId, body: Option<Response>) {
        match self.asked.get(&conn).map(|asked| asked.from) {
            Some(to) if self.cut.contains(&(from, to)) => {}
            Some(_) => self.post(Message::Response { conn, body }),
            None => self.replies.extend(body.map(|body| (conn, body))),
        }
    }

    fn step<R>(&mut self, node: usize, input: impl FnOnce(&mut Raft, &mut Io<'_>) -> R) -> R {
        let mut out = Output::default();
        let it = &mut self.nodes[node];
        let raft = it.raft.as_mut().expect("the node is up");
        let mut io = Io { now: self.now, disk: &mut it.disk, out: &mut out };
        let result = input(raft, &mut io);
        it.next_poll = raft.poll(&mut io);
        let starts = it.starts;
        assert_eq!(out.fault, None, "node {} at {:?}", node + 1, self.now);
        for sent in out.sends {
            let to = self.nodes.iter().position(|other| *other.config.host == *sent.peer.host).expect("a known host");
            let conn = self.new_conn();
            let correlation_id = sent.correlation_id;
            self.asked.insert(conn, Asked { from: node, starts, peer: sent.peer, correlation_id });
            if !self.cut.contains(&(node, to)) {
                self.post(Message::Request { to, conn, correlation_id, body: sent.body });
            }
        }
        for (waiting, response) in out.replies {
            waiting.iter().for_each(|reply| self.respond(node, reply.conn, Some(response.clone())));
        }
        self.check(node);
        result
    }

    /// S5 MonotonicEpoch, S6 SingleLeader, S8 MajorityReachedHW, and that nothing committed changes or goes.
    fn check(&mut self, node: usize) {
        let raft = self.nodes[node].raft.as_ref().expect("the node is up");
        let (id, epoch, high_watermark) = (node as i32 + 1, raft.epoch(), raft.high_watermark());
        let log_end = raft.log_end();
        let before = self.epochs.insert(node, epoch).unwrap_or(0);
        assert!(epoch >= before, "S5: the epoch of node {id} fell from {before} to {epoch}");
        if raft.is_leader() {
            let leader = *self.leaders.entry(epoch).or_insert(id);
            assert_eq!(leader, id, "S6: two leaders in epoch {epoch}");
        }
        self.nodes[node].last_end = log_end;
        let checked_end = std::mem::replace(&mut self.nodes[node].checked_end, high_watermark);
        let raft = self.nodes[node].raft.as_ref().expect("the node is up");
        for batch in raft.log().batches_between(checked_end, high_watermark) {
            let found = (batch.leader_epoch(), batch.crc());
            let known = *self.committed.entry(batch.last_offset()).or_insert(found);
            assert_eq!(known, found, "node {id} has another committed batch at {}", batch.last_offset());
        }
        if let Some(high_watermark) = raft.known_high_watermark().filter(|_| raft.is_leader()) {
            let reached = |voter: &i32| self.nodes[*voter as usize - 1].last_end >= high_watermark;
            let voters = raft.voters();
            let count = voters.ids().iter().filter(|voter| reached(voter)).count();
            assert!(count >= voters.majority(), "S8: {count} of {} voters have {high_watermark}", voters.len());
        }
    }
}

/// What the server around a replica says of it.
fn api_versions() -> Response {
    let kraft_version =
        SupportedFeatureKey { name: "kraft.version".to_string(), min_version: 0, max_version: 1, ..Default::default() };
    ApiVersionsResponse { supported_features: vec![kraft_version], ..Default::default() }.into()
}
