//! What the kernel promises, one behaviour a test, with nodes that do what they are told and say what they see.

mod connections;
mod fingerprint;
mod limits;
mod links;
mod order;
mod probe;
mod processes;
mod sharing;
