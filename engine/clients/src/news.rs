//! What the host of a client, or of a program with a client in it, hands on to it.

use base::ConnId;
use protocol::Packet;
use sim::CloseReason;

#[derive(Clone, Debug)]
pub enum News {
    Connected {
        conn: ConnId,
    },
    Closed {
        conn: ConnId,
        reason: CloseReason,
    },
    Message {
        conn: ConnId,
        packet: Packet,
    },
    /// The time has come that the client named last.
    Wakeup,
}

impl News {
    /// The connection that it is of; none for the time.
    pub fn conn(&self) -> Option<ConnId> {
        match self {
            News::Connected { conn } | News::Closed { conn, .. } | News::Message { conn, .. } => Some(*conn),
            News::Wakeup => None,
        }
    }
}
