//! What the active controller does from time to time (`PeriodicTaskControlManager`).

use base::Micros;
use protocol::metadata::NoOpRecord;

use super::{Cause, Controller, Fx, timer};
use crate::ServerTimer;

impl Controller {
    pub(super) fn start_timers(&mut self, fx: &mut Fx<'_>) {
        for name in [ServerTimer::SessionCheck, ServerTimer::NoOp, ServerTimer::Balance, ServerTimer::UncleanElection] {
            self.schedule(name, fx);
        }
    }

    pub(super) fn on_timer(&mut self, name: ServerTimer, fx: &mut Fx<'_>) {
        match name {
            ServerTimer::Delayed(id) => return self.on_fetch_due(id, fx),
            ServerTimer::SessionCheck => self.fence_stale_brokers(fx),
            ServerTimer::NoOp => self.on_idle_check(fx),
            ServerTimer::Balance => {
                let (records, more) = self.state.balance_leaders();
                self.commit(records, Cause::Balance, fx);
                if more {
                    return fx.set_timer_after(timer(name), Micros::ZERO);
                }
            }
            ServerTimer::UncleanElection => {
                let (records, more) = self.state.elect_unclean_leaders();
                self.commit(records, Cause::Controller, fx);
                if more {
                    return fx.set_timer_after(timer(name), Micros::ZERO);
                }
            }
            // Timers of brokers.
            _ => return,
        }
        self.schedule(name, fx);
    }

    /// A quarter of a session is as late as a fencing may be.
    fn schedule(&self, name: ServerTimer, fx: &mut Fx<'_>) {
        let config = &self.state.config;
        let interval = match name {
            ServerTimer::SessionCheck => Micros(self.state.heartbeats.session_timeout().0 / 4),
            ServerTimer::NoOp => Micros::from_ms(config.amount("metadata.max.idle.interval.ms")),
            ServerTimer::Balance if config.flag("auto.leader.rebalance.enable") => {
                Micros::from_secs(config.amount("leader.imbalance.check.interval.seconds"))
            }
            ServerTimer::UncleanElection => Micros::from_ms(config.amount("unclean.leader.election.interval.ms")),
            _ => Micros::ZERO,
        };
        // An interval of zero switches the task off.
        if interval > Micros::ZERO {
            fx.set_timer_after(timer(name), interval);
        }
    }

    fn fence_stale_brokers(&mut self, fx: &mut Fx<'_>) {
        loop {
            let (records, more) = self.state.fence_one_stale_broker();
            self.commit(records, Cause::Controller, fx);
            if !more {
                return;
            }
        }
    }

    /// Nothing was written since the last look: a record that says nothing shows that the quorum lives (KIP-835).
    fn on_idle_check(&mut self, fx: &mut Fx<'_>) {
        if self.log.log_end() == self.end_at_last_tick {
            self.commit(vec![NoOpRecord::default().into()], Cause::Controller, fx);
        }
        self.end_at_last_tick = self.log.log_end();
    }
}
