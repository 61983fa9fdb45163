//! Every cap of the engine, in one place (invariant S20: no queue, ring or map grows past its cap).
//!
//! A cap exists so that bad input or a wild fault plan ends in a clear error and not in a full memory.

/// Nodes in one world: servers and terminals together.
pub const NODES_MAX: usize = 1_200;
/// Events and messages that may wait in the kernel's queue.
pub const QUEUE_MAX: usize = 2_000_000;
/// Streams open at the same time.
pub const CONNECTIONS_MAX: usize = 100_000;
/// Bytes of one virtual disk.
pub const DISK_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// Files on one virtual disk.
pub const DISK_FILES_MAX: usize = 100_000;
/// Characters in one terminal line.
pub const SHELL_LINE_MAX: usize = 64 * 1024;
/// Lines that a terminal keeps.
pub const SCROLLBACK_MAX: usize = 2_000;
/// Bytes of a session link as it stands in the URL fragment, and after it is inflated.
pub const LINK_ENCODED_MAX: usize = 16 * 1024;
pub const LINK_DECODED_MAX: usize = 256 * 1024;
/// Commands in one session log, on any one branch.
pub const SESSION_COMMANDS_MAX: usize = 20_000;
/// Branches of one session.
pub const BRANCHES_MAX: usize = 256;
/// Bytes of one lesson file.
pub const LESSON_BYTES_MAX: usize = 256 * 1024;
/// Steps of one lesson.
pub const LESSON_STEPS_MAX: usize = 64;
/// Events that a branch keeps for the timeline.
pub const HISTORY_MAX: usize = 2_000_000;
/// Bytes of one record batch after it is unpacked: a small batch may claim to hold gigabytes.
pub const DECOMPRESSED_BATCH_MAX: usize = 64 * 1024 * 1024;
/// Bytes of a server's own log file; the older half goes when it is longer.
pub const SERVER_LOG_MAX: u64 = 256 * 1024;
/// Bytes of the log files of all servers together: with many of them, each keeps less.
pub const SERVER_LOGS_MAX: u64 = 16 * 1024 * 1024;
