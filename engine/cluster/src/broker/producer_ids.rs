//! Producer ids, given out of blocks of a thousand that the controller allots (Kafka: `RPCProducerIdManager`).

use std::collections::VecDeque;

use base::Micros;
use protocol::ErrorCode;
use protocol::messages::{AllocateProducerIdsRequest, AllocateProducerIdsResponse, InitProducerIdResponse};

use super::connections::ReplyTo;
use super::to_controller::{Lane, Purpose};
use super::{Broker, Fx};

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ProducerIdManager {
    next: i64,
    /// Exclusive.
    end: i64,
    asked: bool,
    /// Producers that wait for a block.
    waiting: VecDeque<ReplyTo>,
}

impl ProducerIdManager {
    pub fn wait(&mut self, reply: ReplyTo) {
        self.waiting.push_back(reply);
    }

    fn take(&mut self) -> Option<i64> {
        let id = self.next;
        (id < self.end).then(|| {
            self.next += 1;
            id
        })
    }
}

impl Broker {
    /// Gives ids to who waits, and asks for another block when they have run out.
    pub(super) fn serve_producer_ids(&mut self, fx: &mut Fx<'_>) {
        while let Some(reply) = self.producer_ids.waiting.front().copied() {
            let Some(producer_id) = self.producer_ids.take() else { return self.ask_for_producer_ids() };
            self.producer_ids.waiting.pop_front();
            self.connections.respond(&reply, InitProducerIdResponse { producer_id, ..Default::default() }, fx);
        }
    }

    fn ask_for_producer_ids(&mut self) {
        if self.producer_ids.asked {
            return;
        }
        self.producer_ids.asked = true;
        let request = AllocateProducerIdsRequest {
            broker_id: self.spec.node_id,
            broker_epoch: self.lifecycle.broker_epoch,
            ..Default::default()
        };
        self.to_controller.submit(Lane::Forwarding, Purpose::ProducerIds, 0, request);
    }

    pub(super) fn on_producer_ids(&mut self, _now: Micros, response: &AllocateProducerIdsResponse, fx: &mut Fx<'_>) {
        self.producer_ids.asked = false;
        if response.error_code == ErrorCode::None.code() {
            self.producer_ids.next = response.producer_id_start;
            self.producer_ids.end = response.producer_id_start + i64::from(response.producer_id_len);
            return self.serve_producer_ids(fx);
        }
        // The producers ask again.
        for reply in std::mem::take(&mut self.producer_ids.waiting) {
            let error_code = ErrorCode::CoordinatorLoadInProgress.code();
            let response =
                InitProducerIdResponse { error_code, producer_id: -1, producer_epoch: -1, ..Default::default() };
            self.connections.respond(&reply, response, fx);
        }
    }
}
