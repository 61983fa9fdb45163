//! Entry of the worker's wasm file.

use gloo_worker::Registrable;

fn main() {
    worker::EngineWorker::registrar().encoding::<worker::Postcard>().register();
}
