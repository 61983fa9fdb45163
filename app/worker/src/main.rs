//! Entry of the worker's wasm file.

#[cfg(target_arch = "wasm32")]
mod memory;

use gloo_worker::Registrable;

fn main() {
    worker::EngineWorker::registrar().encoding::<worker::Postcard>().register();
}
