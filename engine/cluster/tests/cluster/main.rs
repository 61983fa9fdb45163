//! Whole clusters: controllers and brokers, no fakes.

mod quorum;
mod single;
mod world;
