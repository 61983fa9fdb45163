//! Broker sessions: when each was last heard of, how far it has read the metadata, whether it is shutting down
//! (`BrokerHeartbeatManager`, `BrokerHeartbeatTracker`).
//!
//! Soft state of the active controller only; a new active controller starts all sessions afresh.

use base::{Map, Micros};

use protocol::messages::BrokerHeartbeatRequest;

/// What a broker is to the controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BrokerControlState {
    Fenced,
    Unfenced,
    ControlledShutdown,
    /// It may end now; it is fenced.
    ShutdownNow,
}

impl BrokerControlState {
    pub fn is_fenced(self) -> bool {
        matches!(self, BrokerControlState::Fenced | BrokerControlState::ShutdownNow)
    }
}

/// One broker's session, as the why-chain shows it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BrokerSession {
    pub fenced: bool,
    /// The last metadata offset that the broker said it has applied; -1 before its first heartbeat.
    pub metadata_offset: i64,
    /// The metadata offset that all active brokers must reach before this one may end, while it shuts down.
    pub controlled_shutdown_offset: Option<i64>,
}

impl BrokerSession {
    fn is_active(&self) -> bool {
        !self.fenced && self.controlled_shutdown_offset.is_none()
    }

    fn state(&self) -> BrokerControlState {
        match (self.controlled_shutdown_offset, self.fenced) {
            (Some(_), _) => BrokerControlState::ControlledShutdown,
            (None, true) => BrokerControlState::Fenced,
            (None, false) => BrokerControlState::Unfenced,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HeartbeatManager {
    session_timeout: Micros,
    sessions: Map<i32, BrokerSession>,
    /// When a broker was last heard of, by id and epoch: a former incarnation's session runs out on its own.
    contacts: Map<(i32, i64), Micros>,
}

impl HeartbeatManager {
    pub fn new(session_timeout: Micros) -> HeartbeatManager {
        HeartbeatManager { session_timeout, sessions: Map::new(), contacts: Map::new() }
    }

    /// A heartbeat arrived, whatever will become of it.
    pub fn contact(&mut self, broker: i32, epoch: i64, now: Micros) {
        self.contacts.insert((broker, epoch), now);
    }

    pub fn last_contact(&self, broker: i32, epoch: i64) -> Option<Micros> {
        self.contacts.get(&(broker, epoch)).copied()
    }

    pub fn session(&self, broker: i32) -> Option<&BrokerSession> {
        self.sessions.get(&broker)
    }

    pub fn session_timeout(&self) -> Micros {
        self.session_timeout
    }

    /// Whether a broker of this epoch was heard of within the session time-out.
    pub fn has_valid_session(&self, broker: i32, epoch: i64, now: Micros) -> bool {
        self.last_contact(broker, epoch).is_some_and(|at| !self.is_expired(at, now))
    }

    fn is_expired(&self, contact: Micros, now: Micros) -> bool {
        contact + self.session_timeout < now
    }

    /// Takes one session out whose time is up.
    pub fn remove_expired(&mut self, now: Micros) -> Option<(i32, i64)> {
        let expired = self.contacts.iter().find(|(_, at)| self.is_expired(**at, now)).map(|(key, _)| *key)?;
        self.contacts.remove(&expired);
        Some(expired)
    }

    /// A registration was replayed: the broker is known, and fenced or not.
    pub fn register(&mut self, broker: i32, fenced: bool) {
        let offset = match self.sessions.get(&broker) {
            Some(session) if session.fenced != fenced => session.metadata_offset,
            _ => -1,
        };
        self.touch(broker, fenced, offset);
    }

    /// Notes what a heartbeat said. A fenced broker is out of its controlled shutdown.
    pub fn touch(&mut self, broker: i32, fenced: bool, metadata_offset: i64) {
        let session = self.sessions.entry(broker).or_insert(BrokerSession {
            fenced,
            metadata_offset,
            controlled_shutdown_offset: None,
        });
        session.fenced = fenced;
        session.metadata_offset = metadata_offset;
        if fenced {
            session.controlled_shutdown_offset = None;
        }
    }

    pub fn fence(&mut self, broker: i32) {
        if let Some(session) = self.sessions.get_mut(&broker) {
            session.fenced = true;
        }
    }

    pub fn remove(&mut self, broker: i32) {
        self.sessions.remove(&broker);
    }

    pub fn is_shutting_down(&self, broker: i32) -> bool {
        self.sessions.get(&broker).is_some_and(|s| s.controlled_shutdown_offset.is_some())
    }

    /// The first offset counts: later heartbeats of the same shutdown change nothing.
    pub fn begin_controlled_shutdown(&mut self, broker: i32, offset: i64) {
        if let Some(session) = self.sessions.get_mut(&broker) {
            session.controlled_shutdown_offset.get_or_insert(offset);
        }
    }

    /// The metadata offset that every active broker has reached.
    pub fn lowest_active_offset(&self) -> i64 {
        self.sessions.values().filter(|s| s.is_active()).map(|s| s.metadata_offset).min().unwrap_or(i64::MAX)
    }

    /// What a broker is, and what its heartbeat makes of it. `registered_at` is the offset of its registration.
    pub fn next_state(
        &self,
        request: &BrokerHeartbeatRequest,
        registered_at: i64,
        has_leaderships: impl Fn() -> bool,
    ) -> (BrokerControlState, BrokerControlState) {
        use BrokerControlState::*;
        let session = self.sessions.get(&request.broker_id);
        let current = session.map_or(Fenced, BrokerSession::state);
        let next = match current {
            Fenced if request.want_shut_down => ShutdownNow,
            Fenced if !request.want_fence && request.current_metadata_offset >= registered_at => Unfenced,
            Fenced => Fenced,
            Unfenced if request.want_fence && request.want_shut_down => ShutdownNow,
            Unfenced if request.want_fence => Fenced,
            Unfenced if request.want_shut_down && has_leaderships() => ControlledShutdown,
            Unfenced if request.want_shut_down => ShutdownNow,
            Unfenced => Unfenced,
            ControlledShutdown if has_leaderships() => ControlledShutdown,
            ControlledShutdown => {
                let offset = session.and_then(|s| s.controlled_shutdown_offset).unwrap_or(0);
                if offset <= self.lowest_active_offset() { ShutdownNow } else { ControlledShutdown }
            }
            ShutdownNow => ShutdownNow,
        };
        (current, next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(want_fence: bool, want_shut_down: bool, offset: i64) -> BrokerHeartbeatRequest {
        BrokerHeartbeatRequest {
            broker_id: 1,
            want_fence,
            want_shut_down,
            current_metadata_offset: offset,
            ..Default::default()
        }
    }

    #[test]
    fn a_session_ends_after_its_time() {
        let mut manager = HeartbeatManager::new(Micros::from_ms(9_000));
        manager.contact(1, 5, Micros::from_ms(1_000));
        assert!(manager.has_valid_session(1, 5, Micros::from_ms(10_000)));
        assert!(!manager.has_valid_session(1, 4, Micros::from_ms(10_000)));
        assert_eq!(manager.remove_expired(Micros::from_ms(10_000)), None);
        assert_eq!(manager.remove_expired(Micros(10_000_001)), Some((1, 5)));
    }

    #[test]
    fn a_broker_is_unfenced_when_it_has_read_its_own_registration() {
        let mut manager = HeartbeatManager::new(Micros::from_ms(9_000));
        manager.register(1, true);
        let next =
            |manager: &HeartbeatManager, offset| manager.next_state(&request(false, false, offset), 7, || false).1;
        assert_eq!(next(&manager, 6), BrokerControlState::Fenced);
        assert_eq!(next(&manager, 7), BrokerControlState::Unfenced);
    }

    #[test]
    fn a_shutdown_waits_for_leaderships_and_for_the_other_brokers() {
        let mut manager = HeartbeatManager::new(Micros::from_ms(9_000));
        manager.touch(1, false, 10);
        manager.touch(2, false, 10);
        let next = |manager: &HeartbeatManager, leads| manager.next_state(&request(false, true, 10), 0, || leads).1;
        assert_eq!(next(&manager, false), BrokerControlState::ShutdownNow);
        assert_eq!(next(&manager, true), BrokerControlState::ControlledShutdown);
        manager.begin_controlled_shutdown(1, 12);
        manager.begin_controlled_shutdown(1, 99);
        assert_eq!(next(&manager, true), BrokerControlState::ControlledShutdown);
        assert_eq!(next(&manager, false), BrokerControlState::ControlledShutdown);
        manager.touch(2, false, 12);
        assert_eq!(next(&manager, false), BrokerControlState::ShutdownNow);
    }
}
