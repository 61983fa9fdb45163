//! A broker among others, with metadata dictated by a test: every scenario of leaders, epochs and failures can be
//! brought about exactly, without waiting for a controller's decisions.

mod client;
mod decided;
mod dictator;
mod groups;
mod replication;
mod requests;
mod restart;
mod sessions;
mod world;
