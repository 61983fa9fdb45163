//! The connections that carry a replica's own requests (`KafkaNetworkChannel`): one to each peer, opened when it is first
//! needed, closed when the peer does not answer in time.

use base::{ConnId, Set};
use std::sync::Arc;

use protocol::{Packet, Response};
use sim::Effects;

use super::Outgoing;
use super::requests::Peer;
use crate::Kafka;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Link {
    peer: Peer,
    conn: ConnId,
    in_flight: Set<i32>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RaftChannel {
    client_id: Arc<str>,
    /// One to each peer; a broker has one in all.
    links: Vec<Link>,
}

/// The answer to a request of this replica, or that there will be none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub peer: i32,
    pub correlation_id: i32,
    pub response: Option<Arc<Response>>,
}

impl RaftChannel {
    pub fn new(node_id: i32) -> RaftChannel {
        RaftChannel { client_id: format!("raft-client-{node_id}").into(), links: Vec::new() }
    }

    pub fn owns(&self, conn: ConnId) -> bool {
        self.links.iter().any(|link| link.conn == conn)
    }

    /// Sends a request. The answer at once is that there is no such host.
    pub fn send(&mut self, request: Outgoing, fx: &mut Effects<'_, Kafka>) -> Option<Answer> {
        let Outgoing { peer, correlation_id, api_version, body } = request;
        let known = self.links.iter_mut().find(|link| link.peer == peer);
        let conn = match known {
            Some(link) => {
                link.in_flight.insert(correlation_id);
                link.conn
            }
            None => {
                // It may be known at another address.
                self.disconnect(peer.id, fx);
                let Some(node) = fx.resolve(&peer.host) else {
                    return Some(Answer { peer: peer.id, correlation_id, response: None });
                };
                let conn = fx.connect(node, peer.port);
                self.links.push(Link { peer, conn, in_flight: [correlation_id].into_iter().collect() });
                conn
            }
        };
        let client_id = self.client_id.clone();
        fx.send(conn, Packet::Request { correlation_id, client_id, api_version, body });
        None
    }

    pub fn on_message(&mut self, conn: ConnId, packet: &Packet) -> Option<Answer> {
        let link = self.links.iter_mut().find(|link| link.conn == conn)?;
        let Packet::Response { correlation_id, body, .. } = packet else { return None };
        let awaited = link.in_flight.remove(correlation_id);
        awaited.then(|| Answer { peer: link.peer.id, correlation_id: *correlation_id, response: Some(body.clone()) })
    }

    /// The other side is gone: whatever was under way is lost.
    pub fn on_closed(&mut self, conn: ConnId) -> Vec<Answer> {
        let Some(at) = self.links.iter().position(|link| link.conn == conn) else { return Vec::new() };
        let link = self.links.remove(at);
        let lost = |correlation_id| Answer { peer: link.peer.id, correlation_id, response: None };
        link.in_flight.iter().copied().map(lost).collect()
    }

    pub fn disconnect(&mut self, peer: i32, fx: &mut Effects<'_, Kafka>) {
        if let Some(at) = self.links.iter().position(|link| link.peer.id == peer) {
            fx.close(self.links.remove(at).conn);
        }
    }
}
