//! A KRaft controller: the one place where the cluster's metadata is decided (`QuorumController`).
//!
//! The quorum is of one: what this controller has appended to `__cluster_metadata` and flushed is committed. A decision
//! reads [`ControlState`] and gives records; they are appended, folded into the image, told as events and served to the
//! brokers that wait for them; then the answer goes out.
//!
//! ```text
//! request -> decision (records, response) -> append -> replay -> events, parked fetches -> response
//! ```

mod alter_partition;
mod brokers;
mod control;
mod create_topics;
mod directories;
mod elections;
mod events;
mod fetches;
mod heartbeat;
mod isr_updates;
mod partition_change;
mod quorum;
mod reassignments;
mod requests;
mod timers;
mod topics;

use base::{Micros, Rng, Uuid};
use log::UnifiedLog;
use sim::{Boot, Disk, Effects, Input};

use crate::broker::connections::Connections;
use crate::metadata::MetadataImage;
use crate::{Control, ControllerSpec, Event, Kafka, ServerTimer, Timer};

use control::ControlState;
use events::Cause;
use fetches::Parked;

pub use heartbeat::{BrokerSession, HeartbeatManager};

/// The way out of an input.
type Fx<'a> = Effects<'a, Kafka>;

fn timer(name: ServerTimer) -> Timer {
    Timer::Server(name)
}

/// A controller node.
#[derive(Clone, Debug, Hash)]
pub struct Controller {
    spec: ControllerSpec,
    disk: Disk,
    rng: Rng,
    directory_id: Uuid,
    log: UnifiedLog,
    connections: Connections,
    state: ControlState,
    /// 0 until this controller leads.
    epoch: i32,
    parked: Parked,
    /// The log end when the last NoOp timer fired: an idle log gets a record.
    end_at_last_tick: i64,
}

impl Controller {
    /// The controller as its process starts: its log was read, it does not lead yet.
    pub fn boot(spec: &ControllerSpec, boot: Boot) -> Controller {
        quorum::boot(spec, boot)
    }

    /// One thing happened.
    pub fn on_input(&mut self, now: Micros, input: Input<Kafka>, fx: &mut Effects<'_, Kafka>) {
        self.state.now = now;
        match input {
            Input::Start => self.on_start(fx),
            Input::Accepted { conn, from, .. } => {
                let host = fx.surroundings().host_of(from).unwrap_or_default().to_string();
                self.connections.accept(conn, &host);
            }
            // This controller opens no connections.
            Input::Connected { .. } => {}
            Input::Closed { conn, .. } => {
                self.connections.on_closed(conn);
                self.parked.forget_connection(conn, fx);
            }
            Input::Message { conn, message } => self.connections.receive(conn, message),
            Input::Timer { timer: Timer::Server(timer) } => self.on_timer(timer, fx),
            // The alarms of a terminal's processes belong to another kind of node.
            Input::Timer { timer: Timer::Process(_) } => {}
            Input::Control { control: Control::Terminate } => self.shut_down(fx),
            // Keys and signals of a terminal mean nothing to a server without one.
            Input::Control { .. } => {}
        }
        while let Some(incoming) = self.connections.next_request() {
            self.handle(incoming, fx);
        }
    }

    pub fn disk(&self) -> &Disk {
        &self.disk
    }

    pub fn into_disk(self) -> Disk {
        self.disk
    }

    /// SIGTERM: everything is on the disk already; the log is closed in order and the process ends.
    fn shut_down(&mut self, fx: &mut Fx<'_>) {
        self.log.close(&mut self.disk, self.state.now);
        self.epoch = 0;
        fx.exit();
    }

    /// Reports a line of the controller's own log file.
    fn log_line(&self, level: &'static str, logger: &'static str, text: String, fx: &mut Fx<'_>) {
        fx.emit(Event::Logged { host: self.spec.host.clone(), level, logger, text });
    }
}

/// What views and the invariant checker may see.
impl Controller {
    pub fn spec(&self) -> &ControllerSpec {
        &self.spec
    }

    pub fn node_id(&self) -> i32 {
        self.spec.node_id
    }

    pub fn image(&self) -> &MetadataImage {
        &self.state.image
    }

    /// The controller epoch; 0 while this controller does not lead.
    pub fn epoch(&self) -> i32 {
        self.epoch
    }

    pub fn is_active(&self) -> bool {
        self.epoch > 0
    }

    /// The offset after the last record of the metadata log.
    pub fn metadata_end(&self) -> i64 {
        self.log.log_end()
    }

    pub fn metadata_log(&self) -> &UnifiedLog {
        &self.log
    }

    /// Sessions of brokers.
    pub fn heartbeats(&self) -> &HeartbeatManager {
        &self.state.heartbeats
    }
}
