//! The native side of Offset Zero: what the `oz` program does, as a library, so that the tests use the same script
//! runner, the same rules of normalisation and the same comparison that a person at the command line uses.
//!
//! Nothing here is part of a simulated state: this crate may read clocks, start processes and print.

pub mod bench;
pub mod chromium;
pub mod fuzz;
pub mod lesson;
pub mod parity;
pub mod place;
pub mod play;
pub mod process;
pub mod run;
pub mod script;
pub mod steps;
pub mod swarm;
pub mod test;
pub mod tools;
pub mod vectors;
