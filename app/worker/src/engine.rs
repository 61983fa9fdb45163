//! The worker's half: one session, asked one request at a time.

use std::cell::RefCell;

use gloo_worker::{HandlerId, Worker, WorkerScope};

use crate::{FromEngine, ToEngine};

pub struct EngineWorker {
    session: session::Session,
}

thread_local! {
    /// Whom to tell when the engine panics. Set with every request; read by the panic hook, which has no other way in.
    static LISTENER: RefCell<Option<(WorkerScope<EngineWorker>, HandlerId)>> = const { RefCell::new(None) };
}

impl Worker for EngineWorker {
    type Message = ();
    type Input = ToEngine;
    type Output = FromEngine;

    fn create(_: &WorkerScope<Self>) -> Self {
        install_panic_hook();
        Self { session: session::Session::new() }
    }

    fn update(&mut self, _: &WorkerScope<Self>, (): ()) {}

    fn received(&mut self, scope: &WorkerScope<Self>, said: ToEngine, id: HandlerId) {
        LISTENER.with(|listener| *listener.borrow_mut() = Some((scope.clone(), id)));
        let answer = match said {
            ToEngine::Ask(request) => FromEngine::Reply(Box::new(self.session.handle(request))),
            ToEngine::Ping => FromEngine::Pong { wire_version: wire::WIRE_VERSION },
        };
        scope.respond(id, answer);
    }
}

/// A panic aborts a wasm instance, so its text must leave before the trap: posting is synchronous and needs nothing of
/// the engine. `try_borrow` because the hook may run while anything is borrowed.
fn install_panic_hook() {
    std::panic::set_hook(Box::new(|info| {
        console_error_panic_hook::hook(info);
        let text = info.to_string();
        LISTENER.with(|listener| {
            if let Ok(slot) = listener.try_borrow()
                && let Some((scope, id)) = slot.as_ref()
            {
                scope.respond(*id, FromEngine::Panicked { text });
            }
        });
    }));
}
