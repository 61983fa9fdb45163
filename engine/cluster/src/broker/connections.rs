//! Connections that others opened to this server (Kafka: `SocketServer`).
//!
//! A connection is muted while one of its requests is being worked on, so a client that sends several at once gets them
//! answered one after the other, in order. A produce that waits for replicas therefore holds up what the same
//! connection sent behind it.

use base::{ConnId, Map};
use std::collections::VecDeque;
use std::sync::Arc;

use protocol::{Packet, Request, Response};

use super::Fx;

/// Where an answer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ReplyTo {
    pub conn: ConnId,
    pub correlation_id: i32,
    pub api_version: i16,
    /// The number of the listener through which the request came, in the order of the configuration.
    pub listener: u8,
}

/// A request to be handled.
#[derive(Clone, Debug)]
pub struct Incoming {
    pub reply: ReplyTo,
    pub client_id: Arc<str>,
    pub body: Arc<Request>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Connections {
    open: Map<ConnId, Inbound>,
    /// What is to be handled next of each connection that is not muted.
    ready: Map<ConnId, Packet>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Inbound {
    listener: u8,
    /// Behind the one that is ready or being worked on.
    waiting: VecDeque<Packet>,
    muted: bool,
}

impl Inbound {
    /// Its last request is done with; the next has its turn.
    fn unmute(&mut self, conn: ConnId, ready: &mut Map<ConnId, Packet>) {
        self.muted = false;
        if let Some(next) = self.waiting.pop_front() {
            ready.insert(conn, next);
        }
    }
}

impl Connections {
    pub fn accept(&mut self, conn: ConnId, listener: u8) {
        self.open.insert(conn, Inbound { listener, waiting: VecDeque::new(), muted: false });
    }

    /// Nothing more can be answered here.
    pub fn on_closed(&mut self, conn: ConnId) {
        self.open.remove(&conn);
        self.ready.remove(&conn);
    }

    /// Every connection there was; they are to be closed.
    pub fn take_all(&mut self) -> Vec<ConnId> {
        self.ready.clear();
        std::mem::take(&mut self.open).into_keys().collect()
    }

    pub fn is_open(&self, conn: ConnId) -> bool {
        self.open.contains_key(&conn)
    }

    /// Queues what arrived; a packet on a connection that is not open is late and means nothing any more.
    pub fn receive(&mut self, conn: ConnId, packet: Packet) {
        let Some(inbound) = self.open.get_mut(&conn) else { return };
        if inbound.muted || self.ready.contains_key(&conn) {
            inbound.waiting.push_back(packet);
        } else {
            self.ready.insert(conn, packet);
        }
    }

    /// The next request, its connection muted until the answer.
    pub fn next_request(&mut self) -> Option<Incoming> {
        while let Some((conn, packet)) = self.ready.pop_first() {
            let Some(inbound) = self.open.get_mut(&conn) else { continue };
            if let Packet::Request { correlation_id, client_id, api_version, body } = packet {
                inbound.muted = true;
                let reply = ReplyTo { conn, correlation_id, api_version, listener: inbound.listener };
                return Some(Incoming { reply, client_id, body });
            }
            // A response nobody asked for: Kafka's parser would fail on it; the next packet has its turn.
            if let Some(next) = inbound.waiting.pop_front() {
                self.ready.insert(conn, next);
            }
        }
        None
    }

    pub fn respond(&mut self, reply: &ReplyTo, body: impl Into<Response>, fx: &mut Fx<'_>) {
        let response = Packet::Response {
            correlation_id: reply.correlation_id,
            api_version: reply.api_version,
            body: Arc::new(body.into()),
        };
        self.respond_packet(reply, response, fx);
    }

    /// Passes an answer of the controller on as it is.
    pub fn respond_shared(&mut self, reply: &ReplyTo, body: Arc<Response>, fx: &mut Fx<'_>) {
        let response = Packet::Response { correlation_id: reply.correlation_id, api_version: reply.api_version, body };
        self.respond_packet(reply, response, fx);
    }

    fn respond_packet(&mut self, reply: &ReplyTo, response: Packet, fx: &mut Fx<'_>) {
        let Some(inbound) = self.open.get_mut(&reply.conn) else { return };
        fx.send(reply.conn, response);
        inbound.unmute(reply.conn, &mut self.ready);
    }

    /// The request needs no answer (acks=0); the connection goes on.
    pub fn unmute(&mut self, reply: &ReplyTo) {
        if let Some(inbound) = self.open.get_mut(&reply.conn) {
            inbound.unmute(reply.conn, &mut self.ready);
        }
    }

    /// Closes the connection of a request: the only way to tell an acks=0 producer of an error.
    pub fn close(&mut self, reply: &ReplyTo, fx: &mut Fx<'_>) {
        if self.is_open(reply.conn) {
            fx.close(reply.conn);
            self.on_closed(reply.conn);
        }
    }
}
