//! Requests that only the active controller can carry out are passed on to it, and its answers back.
//!
//! Kafka wraps them into Envelope requests that name the client's principal; without security there is nothing to name,
//! and the request travels as it is.

use protocol::Request;

use crate::broker::Broker;
use crate::broker::connections::ReplyTo;
use crate::broker::to_controller::{Lane, Purpose};

impl Broker {
    pub(super) fn forward(&mut self, reply: ReplyTo, body: &Request) {
        self.to_controller.submit(Lane::Forwarding, Purpose::Forward(reply), reply.api_version, body.clone());
    }
}
