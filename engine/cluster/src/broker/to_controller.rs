//! Requests to the active controller (Kafka: `NodeToControllerChannelManager`): one lane for each purpose, one request
//! under way in each, sent again until a controller answers.

use base::{ConnId, Map, Micros};
use std::collections::VecDeque;
use std::sync::Arc;

use protocol::{ErrorCode, Request, Response};

use super::apis::Outcomes;
use super::client::Client;
use super::connections::ReplyTo;
use super::isr::SentChange;
use super::{Fx, named_timer};

/// Purposes have connections of their own, so that a slow one does not hold up a heartbeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    Heartbeat,
    AlterPartition,
    Forwarding,
    Directories,
    /// A controller's own registration; brokers have no such lane.
    ControllerRegistration,
}

impl Lane {
    /// How long a request waits for a controller, if not for ever (`retryTimeoutMs` of Kafka's channels): what a client
    /// asked is answered in any case.
    fn retry_timeout(self) -> Option<Micros> {
        (self == Lane::Forwarding).then_some(Micros::from_secs(60))
    }
}

/// What an answer is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    Registration,
    Heartbeat,
    AlterPartition(Vec<SentChange>),
    /// A client's request, passed on; its answer is passed back.
    Forward(ReplyTo),
    /// A client's changes of configs, less those that this broker has decided.
    AlterConfigs(ReplyTo, Outcomes),
    /// Topics that a client asked about and that do not exist yet.
    AutoCreate(Vec<String>),
    ProducerIds,
    /// Replicas that are in another directory than the metadata says.
    Directories,
    ControllerRegistration,
}

impl Purpose {
    /// The API that is asked.
    pub fn name(&self) -> &'static str {
        match self {
            Purpose::Registration => "BROKER_REGISTRATION",
            Purpose::Heartbeat => "BROKER_HEARTBEAT",
            Purpose::AlterPartition(_) => "ALTER_PARTITION",
            Purpose::Forward(_) => "a forwarded request",
            Purpose::AlterConfigs(..) => "INCREMENTAL_ALTER_CONFIGS",
            Purpose::AutoCreate(_) => "CREATE_TOPICS",
            Purpose::ProducerIds => "ALLOCATE_PRODUCER_IDS",
            Purpose::Directories => "ASSIGN_REPLICAS_TO_DIRS",
            Purpose::ControllerRegistration => "CONTROLLER_REGISTRATION",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Item {
    purpose: Purpose,
    api_version: i16,
    body: Arc<Request>,
    /// Since when it waits.
    since: Option<Micros>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct LaneState {
    client: Client,
    /// An answer that takes longer is waited for no more.
    timeout: Micros,
    /// The first is under way when the client is busy.
    queue: VecDeque<Item>,
    failures: u32,
    backing_off: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ToController {
    lanes: Map<Lane, LaneState>,
    /// In all queues together. A broker at rest has none, and need not look at each.
    queued: usize,
}

/// Kafka waits 50 ms before it connects again; longer after repeated failures, so that an orphaned broker stays quiet.
const RECONNECT_BACKOFF_MS: u64 = 50;
const RECONNECT_BACKOFF_MAX_MS: u64 = 1_000;
const TIMEOUT_TIMER: &str = "controller-request-timeout";
const BACKOFF_TIMER: &str = "controller-reconnect";

impl ToController {
    /// Lanes with their time-outs in milliseconds.
    pub fn new(node_id: i32, lanes: &[(Lane, i64)]) -> ToController {
        let state = |timeout_ms: i64| LaneState {
            client: Client::new(&node_id.to_string()),
            timeout: Micros::from_ms(timeout_ms.max(0) as u64),
            queue: VecDeque::new(),
            failures: 0,
            backing_off: false,
        };
        let lanes = lanes.iter().map(|(lane, timeout_ms)| (*lane, state(*timeout_ms))).collect();
        ToController { lanes, queued: 0 }
    }

    /// Queues a request; [`ToController::pump`] sends it.
    pub fn submit(&mut self, lane: Lane, purpose: Purpose, api_version: i16, body: impl Into<Request>) {
        let item = Item { purpose, api_version, body: Arc::new(body.into()), since: None };
        self.lane(lane).queue.push_back(item);
        self.queued += 1;
    }

    /// Sends what can be sent to `controller` (host and port). Returns what nobody took within its lane's time.
    pub fn pump(
        &mut self,
        now: Micros,
        controller: Option<(&str, u16)>,
        fx: &mut Fx<'_>,
    ) -> Vec<(Purpose, Arc<Request>)> {
        let mut expired = Vec::new();
        if self.queued == 0 {
            return expired;
        }
        for (lane, state) in &mut self.lanes {
            state.expire(*lane, now, &mut expired);
            state.send_first(*lane, now, controller, fx);
        }
        self.queued -= expired.len();
        expired
    }

    pub fn owner_of(&self, conn: ConnId) -> Option<Lane> {
        self.lanes.iter().find(|(_, state)| state.client.owns(conn)).map(|(lane, _)| *lane)
    }

    /// The answer to the request at the head of a lane. `None` if it was none, or if the one that answered is not the
    /// controller any more: then the request goes out again.
    pub fn on_response(
        &mut self,
        lane: Lane,
        packet: &protocol::Packet,
        fx: &mut Fx<'_>,
    ) -> Option<(Purpose, Arc<Response>)> {
        let state = self.lane(lane);
        let response = state.client.take_response(packet)?;
        fx.cancel_timer(named_timer(TIMEOUT_TIMER, lane as u64));
        if says_not_controller(&response) {
            state.client.disconnect(fx);
            back_off(lane, state, fx);
            return None;
        }
        state.failures = 0;
        let item = state.queue.pop_front()?;
        self.queued -= 1;
        Some((item.purpose, response))
    }

    pub fn on_closed(&mut self, lane: Lane, fx: &mut Fx<'_>) {
        let state = self.lane(lane);
        let lost = state.client.on_closed();
        fx.cancel_timer(named_timer(TIMEOUT_TIMER, lane as u64));
        if lost {
            back_off(lane, state, fx);
        }
    }

    /// One of this module's timers; false if it is none.
    pub fn on_timer(&mut self, name: &str, number: u64, fx: &mut Fx<'_>) -> bool {
        let Some(lane) = self.lanes.keys().copied().find(|lane| *lane as u64 == number) else { return false };
        match name {
            TIMEOUT_TIMER => {
                let state = self.lane(lane);
                state.client.disconnect(fx);
                back_off(lane, state, fx);
            }
            BACKOFF_TIMER => self.lane(lane).backing_off = false,
            _ => return false,
        }
        true
    }

    fn lane(&mut self, lane: Lane) -> &mut LaneState {
        self.lanes.get_mut(&lane).expect("every lane is made in `new`")
    }
}

impl LaneState {
    /// Takes out what has waited too long. What is under way gets its answer.
    fn expire(&mut self, lane: Lane, now: Micros, expired: &mut Vec<(Purpose, Arc<Request>)>) {
        for item in &mut self.queue {
            item.since.get_or_insert(now);
        }
        while !self.client.is_busy() && self.time_left(lane, now) == Some(Micros::ZERO) {
            expired.extend(self.queue.pop_front().map(|item| (item.purpose, item.body)));
        }
    }

    /// How long the first may wait yet, if not for ever.
    fn time_left(&self, lane: Lane, now: Micros) -> Option<Micros> {
        let waited = now.saturating_sub(self.queue.front()?.since?);
        Some(lane.retry_timeout()?.saturating_sub(waited))
    }

    /// Sends the first, or waits for somebody to send it to. While no controller is known, who answered last is asked: one
    /// that has resigned still answers what is only read.
    fn send_first(&mut self, lane: Lane, now: Micros, controller: Option<(&str, u16)>, fx: &mut Fx<'_>) {
        let Some(item) = self.queue.front().filter(|_| !self.client.is_busy()) else { return };
        let known = controller.map(|(host, port)| (host.to_string(), port));
        let target = known.or_else(|| self.client.target().cloned()).filter(|_| !self.backing_off);
        let sent = target.map(|(host, port)| self.client.send(&host, port, item.api_version, item.body.clone(), fx));
        if let Some(Err(_)) = sent {
            back_off(lane, self, fx);
        }
        let wait = if let Some(Ok(())) = sent { Some(self.timeout) } else { self.time_left(lane, now) };
        if let Some(wait) = wait {
            fx.set_timer_after(named_timer(TIMEOUT_TIMER, lane as u64), wait);
        }
    }
}

fn back_off(lane: Lane, state: &mut LaneState, fx: &mut Fx<'_>) {
    let wait = (RECONNECT_BACKOFF_MS << state.failures.min(10)).min(RECONNECT_BACKOFF_MAX_MS);
    state.failures += 1;
    state.backing_off = true;
    fx.set_timer_after(named_timer(BACKOFF_TIMER, lane as u64), Micros::from_ms(wait));
}

/// An inactive controller answered. The request was not carried out; the active one is asked instead.
fn says_not_controller(response: &Response) -> bool {
    let code = match response {
        Response::BrokerRegistration(r) => r.error_code,
        Response::BrokerHeartbeat(r) => r.error_code,
        Response::AlterPartition(r) => r.error_code,
        Response::AllocateProducerIds(r) => r.error_code,
        Response::AssignReplicasToDirs(r) => r.error_code,
        Response::ElectLeaders(r) => r.error_code,
        Response::ListPartitionReassignments(r) => r.error_code,
        Response::AlterPartitionReassignments(r) => r.error_code,
        Response::UpdateFeatures(r) => r.error_code,
        Response::UnregisterBroker(r) => r.error_code,
        Response::ControllerRegistration(r) => r.error_code,
        Response::CreateTopics(r) => return r.topics.iter().any(|t| is_not_controller(t.error_code)),
        Response::DeleteTopics(r) => return r.responses.iter().any(|t| is_not_controller(t.error_code)),
        Response::CreatePartitions(r) => return r.results.iter().any(|t| is_not_controller(t.error_code)),
        Response::IncrementalAlterConfigs(r) => return r.responses.iter().any(|t| is_not_controller(t.error_code)),
        _ => return false,
    };
    is_not_controller(code)
}

fn is_not_controller(code: i16) -> bool {
    code == ErrorCode::NotController.code()
}
