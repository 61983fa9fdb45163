//! What the active controller does from time to time (`PeriodicTaskControlManager`).

use base::Micros;
use protocol::messages::ApiVersionsResponse;
use protocol::metadata::{MetadataRecord, NoOpRecord};

use super::events::Cause;
use super::quorum_controller::{Process, QuorumController};
use super::replay_log::changing;
use super::write::Decision;
use super::{Fx, timer};
use crate::ServerTimer;
use crate::server_log::logger;

const TASKS: [ServerTimer; 4] =
    [ServerTimer::SessionCheck, ServerTimer::NoOp, ServerTimer::Balance, ServerTimer::UncleanElection];

impl QuorumController {
    pub(super) fn start_timers(&mut self, fx: &mut Fx<'_>) {
        for name in TASKS {
            self.schedule(&name, fx);
        }
    }

    pub(super) fn stop_timers(&mut self, fx: &mut Fx<'_>) {
        for name in TASKS {
            fx.cancel_timer(timer(name));
        }
    }

    /// Whether the timer was one of the periodic tasks'.
    pub(super) fn on_periodic(&mut self, name: &ServerTimer, process: &mut Process<'_>, fx: &mut Fx<'_>) -> bool {
        if !TASKS.contains(name) {
            return false;
        }
        if !self.is_active() {
            return true;
        }
        let mut more = false;
        match name {
            ServerTimer::SessionCheck => self.fence_stale_brokers(process, fx),
            // A record that says nothing shows that the quorum lives (KIP-835).
            ServerTimer::NoOp => self.write_task(vec![NoOpRecord::default().into()], Cause::Controller, process, fx),
            ServerTimer::Balance => {
                let records;
                (records, more) = self.state.balance_leaders();
                self.write_task(records, Cause::Balance, process, fx);
            }
            _ => {
                let records;
                (records, more) = self.state.elect_unclean_leaders();
                self.write_task(records, Cause::Controller, process, fx);
            }
        }
        match more {
            true => fx.set_timer_after(timer(name.clone()), Micros::ZERO),
            false => self.schedule(name, fx),
        }
        true
    }

    fn schedule(&self, name: &ServerTimer, fx: &mut Fx<'_>) {
        let config = &self.state.config;
        let interval = match name {
            // An eighth of a session is as late as a fencing may be.
            ServerTimer::SessionCheck => Micros(self.state.heartbeats.session_timeout().0 / 8).max(Micros::from_ms(1)),
            ServerTimer::NoOp => Micros::from_ms(config.amount("metadata.max.idle.interval.ms")),
            ServerTimer::Balance if config.flag("auto.leader.rebalance.enable") => {
                Micros::from_secs(config.amount("leader.imbalance.check.interval.seconds"))
            }
            ServerTimer::UncleanElection => Micros::from_ms(config.amount("unclean.leader.election.interval.ms")),
            _ => Micros::ZERO,
        };
        // An interval of zero switches the task off.
        if interval > Micros::ZERO {
            fx.set_timer_after(timer(name.clone()), interval);
        }
    }

    fn write_task(&mut self, records: Vec<MetadataRecord>, cause: Cause, process: &mut Process<'_>, fx: &mut Fx<'_>) {
        self.write(Decision::new(records, ApiVersionsResponse::default()).because(cause), None, process, fx);
    }

    fn fence_stale_brokers(&mut self, process: &mut Process<'_>, fx: &mut Fx<'_>) {
        loop {
            let (records, fenced, more) = self.state.fence_one_stale_broker();
            if let Some((id, epoch)) = fenced {
                let text = format!("Fencing broker {id} at epoch {epoch} because its session has timed out.");
                self.log_line("INFO", logger::REPLICATION, &text, fx);
                if let Some((logger, text)) = changing("handleBrokerFenced", &records) {
                    self.log_line("INFO", logger, &text, fx);
                }
            }
            self.write_task(records, Cause::Controller, process, fx);
            if !more {
                return;
            }
        }
    }
}
