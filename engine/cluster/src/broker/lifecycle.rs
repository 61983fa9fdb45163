//! The life of a broker in the cluster: registration, heartbeats, fencing, controlled shutdown (Kafka:
//! `BrokerLifecycleManager`).
//!
//! ```text
//! STARTING -(metadata caught up)-> RECOVERY -(unfenced)-> RUNNING -(SIGTERM)-> PENDING_CONTROLLED_SHUTDOWN -> SHUTTING_DOWN
//! ```

use base::{Micros, Uuid};
use protocol::ErrorCode;
use protocol::messages::{BrokerHeartbeatResponse, BrokerRegistrationResponse};

/// `BrokerState`, with Kafka's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BrokerState {
    NotRunning,
    /// Registering, then catching up with the metadata log.
    Starting,
    /// Caught up; loading logs, waiting to be unfenced.
    Recovery,
    Running,
    PendingControlledShutdown,
    ShuttingDown,
}

impl BrokerState {
    /// As the metric `BrokerState` and the log files name it.
    pub fn name(self) -> &'static str {
        match self {
            BrokerState::NotRunning => "NOT_RUNNING",
            BrokerState::Starting => "STARTING",
            BrokerState::Recovery => "RECOVERY",
            BrokerState::Running => "RUNNING",
            BrokerState::PendingControlledShutdown => "PENDING_CONTROLLED_SHUTDOWN",
            BrokerState::ShuttingDown => "SHUTTING_DOWN",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Lifecycle {
    pub state: BrokerState,
    /// Made anew at every start, so that the controller can tell two runs of one broker apart.
    pub incarnation_id: Uuid,
    /// Given by the controller at registration; -1 before it. Every request to others carries it.
    pub broker_epoch: i64,
    /// The epoch of the run before, if it ended cleanly (`.kafka_cleanshutdown`), else -1.
    pub previous_broker_epoch: i64,
    registered: bool,
    ready_to_unfence: bool,
    /// A request was sent and not yet answered.
    in_flight: bool,
    next_is_immediate: bool,
    got_controlled_shutdown_response: bool,
    heartbeat_interval_ms: i64,
}

/// What to send next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Communication {
    Register,
    Heartbeat { want_fence: bool, want_shut_down: bool },
}

/// What an answer of the controller brought about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    None,
    /// Registered with this broker epoch.
    Registered,
    /// The metadata is caught up: load the logs and publish it.
    CaughtUp,
    /// Clients may come now.
    Unfenced,
    /// The controller lets the broker go.
    ShutDown,
    /// The controller refused; it is asked again later.
    Refused(ErrorCode),
}

/// While it catches up, a broker asks often, so that a start takes little time.
const STARTING_INTERVAL_MS: i64 = 10;
/// After the first answer to a controlled shutdown, the next is asked for a little sooner.
const SHUTDOWN_INTERVAL_MS: i64 = 50;

impl Lifecycle {
    pub fn new(incarnation_id: Uuid, previous_broker_epoch: i64, heartbeat_interval_ms: i64) -> Lifecycle {
        Lifecycle {
            state: BrokerState::NotRunning,
            incarnation_id,
            broker_epoch: -1,
            previous_broker_epoch,
            registered: false,
            ready_to_unfence: false,
            in_flight: false,
            next_is_immediate: false,
            got_controlled_shutdown_response: false,
            heartbeat_interval_ms,
        }
    }

    pub fn is_registered(&self) -> bool {
        self.registered
    }

    /// Requests of clients are served.
    pub fn is_serving(&self) -> bool {
        matches!(self.state, BrokerState::Running | BrokerState::PendingControlledShutdown)
    }

    /// From SIGTERM on (`ReplicaManager.isInControlledShutdown`).
    pub fn is_leaving(&self) -> bool {
        matches!(self.state, BrokerState::PendingControlledShutdown | BrokerState::ShuttingDown)
    }

    pub fn start(&mut self) {
        self.state = BrokerState::Starting;
    }

    /// The timer for the next communication fired. `None` when an answer is still awaited; the next one then follows it
    /// at once.
    pub fn next_communication(&mut self) -> Option<Communication> {
        if self.in_flight {
            self.next_is_immediate = true;
            return None;
        }
        self.in_flight = true;
        if !self.registered {
            return Some(Communication::Register);
        }
        Some(Communication::Heartbeat {
            want_fence: !self.ready_to_unfence,
            want_shut_down: self.state == BrokerState::PendingControlledShutdown,
        })
    }

    pub fn on_registration(&mut self, response: &BrokerRegistrationResponse) -> (Progress, Micros) {
        self.in_flight = false;
        match ErrorCode::from_code(response.error_code) {
            ErrorCode::None => {
                self.broker_epoch = response.broker_epoch;
                self.registered = true;
                (Progress::Registered, self.after(0))
            }
            error => (Progress::Refused(error), self.after_failure()),
        }
    }

    pub fn on_heartbeat(&mut self, response: &BrokerHeartbeatResponse) -> (Progress, Micros) {
        self.in_flight = false;
        match ErrorCode::from_code(response.error_code) {
            ErrorCode::None => self.on_accepted_heartbeat(response),
            error => (Progress::Refused(error), self.after_failure()),
        }
    }

    fn on_accepted_heartbeat(&mut self, response: &BrokerHeartbeatResponse) -> (Progress, Micros) {
        match self.state {
            BrokerState::Starting if response.is_caught_up => {
                self.state = BrokerState::Recovery;
                (Progress::CaughtUp, self.after(STARTING_INTERVAL_MS))
            }
            BrokerState::Starting => (Progress::None, self.after(STARTING_INTERVAL_MS)),
            BrokerState::Recovery if !response.is_fenced => {
                self.state = BrokerState::Running;
                (Progress::Unfenced, self.after(self.heartbeat_interval_ms))
            }
            BrokerState::PendingControlledShutdown if response.should_shut_down => {
                self.state = BrokerState::ShuttingDown;
                (Progress::ShutDown, self.after(self.heartbeat_interval_ms))
            }
            BrokerState::PendingControlledShutdown => {
                let first = !std::mem::replace(&mut self.got_controlled_shutdown_response, true);
                let interval = if first { SHUTDOWN_INTERVAL_MS } else { self.heartbeat_interval_ms };
                (Progress::None, self.after(interval))
            }
            _ => (Progress::None, self.after(self.heartbeat_interval_ms)),
        }
    }

    /// Logs are loaded and metadata is applied: the next heartbeat asks to be unfenced, at once.
    pub fn set_ready_to_unfence(&mut self) {
        self.ready_to_unfence = true;
    }

    /// SIGTERM. True when a controlled shutdown begins (ask the controller at once); false when the broker is not yet
    /// running and can simply end.
    pub fn begin_controlled_shutdown(&mut self) -> bool {
        match self.state {
            BrokerState::Running => {
                self.state = BrokerState::PendingControlledShutdown;
                true
            }
            BrokerState::PendingControlledShutdown => true,
            _ => false,
        }
    }

    fn after(&mut self, interval_ms: i64) -> Micros {
        let interval_ms = if std::mem::take(&mut self.next_is_immediate) { 0 } else { interval_ms };
        Micros::from_ms(interval_ms.max(0) as u64)
    }

    /// Never at once after a failure.
    fn after_failure(&mut self) -> Micros {
        self.next_is_immediate = false;
        Micros::from_ms(self.heartbeat_interval_ms.max(0) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lifecycle() -> Lifecycle {
        let mut lifecycle = Lifecycle::new(Uuid(7), -1, 2_000);
        lifecycle.start();
        assert_eq!(lifecycle.next_communication(), Some(Communication::Register));
        let (progress, wait) =
            lifecycle.on_registration(&BrokerRegistrationResponse { broker_epoch: 12, ..Default::default() });
        assert_eq!((progress, wait), (Progress::Registered, Micros::ZERO));
        lifecycle
    }

    fn beat(lifecycle: &mut Lifecycle, caught_up: bool, fenced: bool, shut_down: bool) -> (Progress, Micros) {
        assert!(lifecycle.next_communication().is_some());
        lifecycle.on_heartbeat(&BrokerHeartbeatResponse {
            is_caught_up: caught_up,
            is_fenced: fenced,
            should_shut_down: shut_down,
            ..Default::default()
        })
    }

    #[test]
    fn from_start_to_controlled_shutdown() {
        let mut lifecycle = lifecycle();
        assert_eq!(beat(&mut lifecycle, false, true, false), (Progress::None, Micros::from_ms(10)));
        assert_eq!(beat(&mut lifecycle, true, true, false).0, Progress::CaughtUp);
        lifecycle.set_ready_to_unfence();
        assert_eq!(
            lifecycle.next_communication(),
            Some(Communication::Heartbeat { want_fence: false, want_shut_down: false })
        );
        let unfenced = BrokerHeartbeatResponse { is_fenced: false, ..Default::default() };
        assert_eq!(lifecycle.on_heartbeat(&unfenced), (Progress::Unfenced, Micros::from_ms(2_000)));
        assert!(lifecycle.begin_controlled_shutdown());
        assert_eq!(beat(&mut lifecycle, true, false, false).1, Micros::from_ms(50));
        assert_eq!(beat(&mut lifecycle, true, false, true).0, Progress::ShutDown);
    }

    #[test]
    fn a_refused_registration_is_tried_again_after_a_heartbeat_interval() {
        let mut lifecycle = Lifecycle::new(Uuid(7), -1, 2_000);
        lifecycle.start();
        lifecycle.next_communication();
        let code = ErrorCode::DuplicateBrokerRegistration;
        let answer = BrokerRegistrationResponse { error_code: code.code(), ..Default::default() };
        assert_eq!(lifecycle.on_registration(&answer), (Progress::Refused(code), Micros::from_ms(2_000)));
        assert_eq!(lifecycle.next_communication(), Some(Communication::Register));
    }
}
