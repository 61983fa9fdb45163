//! Quorums without network and servers: only replicas, their disks, and messages that arrive late, or not at all.

mod elections;
mod net;
mod reconfiguration;
mod snapshots;
mod storms;
