//! A connection of this server to another one, with one request under way (Kafka: a `NetworkClient` with
//! `max.in.flight.requests.per.connection=1`, as every channel between brokers and controllers has it).

use std::sync::Arc;

use base::ConnId;
use protocol::{Packet, Request, Response};

use super::Fx;

/// Who sends and what is known of the connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Client {
    client_id: Arc<str>,
    conn: Option<ConnId>,
    /// Where `conn` leads to.
    target: Option<(String, u16)>,
    next_correlation_id: i32,
    awaited: Option<i32>,
}

/// The host has no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownHost;

impl Client {
    pub fn new(client_id: &str) -> Client {
        Client { client_id: client_id.into(), conn: None, target: None, next_correlation_id: 0, awaited: None }
    }

    /// Where the standing connection leads to.
    pub fn target(&self) -> Option<&(String, u16)> {
        self.target.as_ref()
    }

    /// A request waits for its answer.
    pub fn is_busy(&self) -> bool {
        self.awaited.is_some()
    }

    pub fn owns(&self, conn: ConnId) -> bool {
        self.conn == Some(conn)
    }

    /// Sends a request, over the standing connection if it leads to `host`. Nothing may be under way.
    pub fn send(
        &mut self,
        host: &str,
        port: u16,
        api_version: i16,
        body: Arc<Request>,
        fx: &mut Fx<'_>,
    ) -> Result<(), UnknownHost> {
        debug_assert!(!self.is_busy(), "one request at a time");
        let same_target = self.target.as_ref().is_some_and(|(h, p)| h == host && *p == port);
        if !same_target {
            self.disconnect(fx);
        }
        let conn = match self.conn {
            Some(conn) => conn,
            None => {
                let node = fx.resolve(host).ok_or(UnknownHost)?;
                self.target = Some((host.to_string(), port));
                fx.connect(node, port)
            }
        };
        self.conn = Some(conn);
        let correlation_id = self.next_correlation_id;
        self.next_correlation_id = self.next_correlation_id.wrapping_add(1) & i32::MAX;
        self.awaited = Some(correlation_id);
        let client_id = self.client_id.clone();
        fx.send(conn, Packet::Request { correlation_id, client_id, api_version, body });
        Ok(())
    }

    /// The awaited answer, if this packet is it; an answer that is no longer awaited is none.
    pub fn take_response(&mut self, packet: &Packet) -> Option<Arc<Response>> {
        match packet {
            Packet::Response { correlation_id, body, .. } if self.awaited == Some(*correlation_id) => {
                self.awaited = None;
                Some(body.clone())
            }
            _ => None,
        }
    }

    /// The other side closed. True when a request was under way and is lost.
    pub fn on_closed(&mut self) -> bool {
        self.conn = None;
        self.target = None;
        self.awaited.take().is_some()
    }

    /// Closes from this side; what is under way is forgotten.
    pub fn disconnect(&mut self, fx: &mut Fx<'_>) {
        if let Some(conn) = self.conn.take() {
            fx.close(conn);
        }
        self.target = None;
        self.awaited = None;
    }
}
