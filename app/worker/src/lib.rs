//! The worker that holds the engine, and the words spoken across its border.
//!
//! The page must never wait for the engine, and a panic of the engine must not take the page with it; so the engine
//! lives in a worker of its own. The page builds this crate without the feature `engine`: then only the message types
//! are left, and no engine code is compiled into the page.

mod codec;
#[cfg(feature = "engine")]
mod engine;

use gloo_worker::{HandlerId, Worker, WorkerScope};
use serde::{Deserialize, Serialize};

pub use codec::Postcard;
#[cfg(feature = "engine")]
pub use engine::EngineWorker;

/// What the page says to the worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ToEngine {
    /// Answered by exactly one [`FromEngine::Reply`] with the same number.
    Ask(wire::Request),
    /// Answered at once by [`FromEngine::Pong`]: a worker that is silent for long hangs or was killed by the browser.
    Ping,
}

/// What the worker says to the page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum FromEngine {
    Reply(Box<wire::Reply>),
    /// Carries the version of the contract, so that a page left open over an update notices it.
    Pong {
        wire_version: u32,
    },
    /// Last words: the panic's text. This instance must not be asked again.
    Panicked {
        text: String,
    },
}

/// The page's half of the worker: gloo wants one type for both ends, and of this one only the message types are used.
pub struct PageHalf;

impl Worker for PageHalf {
    type Message = ();
    type Input = ToEngine;
    type Output = FromEngine;

    fn create(_: &WorkerScope<Self>) -> Self {
        Self
    }

    fn update(&mut self, _: &WorkerScope<Self>, (): ()) {}

    fn received(&mut self, _: &WorkerScope<Self>, _: ToEngine, _: HandlerId) {}
}
