//! Work that must come out the same natively and in wasm, to the bit of every reply.
//!
//! The work is a session asked as the page asks it. What is compared is a digest over the encoded replies: views, events,
//! lessons, answers and the digest of the whole world in each. `oz parity` does the work natively; the tests in
//! `tests/browser` do it in Chromium with this crate built for `wasm32-unknown-unknown`, and `oz bench` takes the time.

#[cfg(target_arch = "wasm32")]
mod exports;
mod lessons;
mod load;
mod speed;
mod storm;

use std::hash::Hasher;

use base::Digest;
use session::Session;
use wire::{Command, Reply, Request};

pub use lessons::{LESSONS, lesson};
pub use load::Cluster;
pub use speed::{BATCH_RECORDS, Bench, Work};
pub use storm::storm;

/// What some work came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Over every reply.
    pub digest: u64,
    /// How far the session came, in steps of the kernel and acts.
    pub events: u64,
}

/// The kernel alone: pairs of nodes that return a ball.
pub fn kernel(nodes: u32, messages: u64) -> Outcome {
    let events = sim::bench::ping_pong(nodes, messages);
    Outcome { digest: events, events }
}

/// A session whose every reply is noted.
struct Watched {
    session: Session,
    digest: Digest,
    seq: u32,
}

impl Watched {
    fn new() -> Watched {
        Watched { session: Session::new(), digest: Digest::new(), seq: 0 }
    }

    /// Asks until nothing is left over, as the page does.
    fn ask(&mut self, command: Command) -> Reply {
        let is_run = matches!(command, Command::Run { .. });
        let mut reply = self.once(command.clone());
        let begin = reply.now_us;
        while reply.more {
            let next = match &command {
                Command::Run { us, events_max } if is_run => {
                    Command::Run { us: us.saturating_sub(reply.now_us - begin), events_max: *events_max }
                }
                _ => Command::Continue,
            };
            reply = self.once(next);
        }
        reply
    }

    fn once(&mut self, command: Command) -> Reply {
        self.seq += 1;
        let is_run = matches!(command, Command::Run { .. });
        let reply = self.session.handle(Request { seq: self.seq, command });
        // All that every process holds, which the page's own digest leaves out.
        if !is_run {
            self.digest.write_u64(self.session.world_digest());
        }
        let bytes = postcard::to_allocvec(&reply).expect("plain data has an encoding");
        self.digest.write(&bytes);
        reply
    }

    fn outcome(mut self) -> Outcome {
        let last = self.ask(Command::Digest);
        Outcome { digest: self.digest.finish(), events: last.end_index }
    }
}
