//! Processes: start, kill, pause, power, disks. Each is one method, and says whether it changed anything.

use base::{ConnId, Map, Micros, NodeId, Rng};
use std::sync::Arc;

use crate::Disk;
use crate::connections::End;
use crate::disk::Ailment;
use crate::node::{Boot, CloseReason, Node};
use crate::queue::Handle;
use crate::world::{Control, Item, Timer, What, World};

/// A node's place in the world, whether its process runs or not.
#[derive(Clone, Debug)]
pub(crate) struct Slot<N: Node> {
    pub host: Arc<str>,
    pub spec: Arc<N::Spec>,
    pub process: Process<N>,
    /// How often it was started.
    pub incarnation: u32,
    pub paused: bool,
    /// When it last started, stopped, was paused or resumed. Tells, and decides nothing.
    pub since: Micros,
    /// What came while the process was paused, in order.
    pub parked: Vec<Handle>,
    /// Where each timer that is set waits in the queue.
    pub timers: Arc<Map<Timer<N>, Handle>>,
}

#[derive(Clone, Debug, Hash)]
pub(crate) enum Process<N: Node> {
    Up(Arc<N>),
    Down(Disk),
    /// Only while the kernel runs this very node.
    Running,
}

impl<N: Node> Slot<N> {
    pub fn new(host: &str, spec: N::Spec) -> Slot<N> {
        Slot {
            host: Arc::from(host),
            spec: Arc::new(spec),
            process: Process::Down(Disk::new()),
            incarnation: 0,
            paused: false,
            since: Micros::ZERO,
            parked: Vec::new(),
            timers: Arc::default(),
        }
    }

    pub fn disk(&self) -> Option<&Disk> {
        match &self.process {
            Process::Up(state) => Some(state.disk()),
            Process::Down(disk) => Some(disk),
            Process::Running => None,
        }
    }
}

impl<N: Node> World<N> {
    /// Starts the process of a node that is down. Nothing happens to one that is up.
    pub fn start(&mut self, node: NodeId) -> bool {
        let now = self.now;
        // The stream is the node's own, the incarnation stirs it: a restart must not repeat the draws before it.
        let own = Rng::new(self.seed, u64::from(node.0), "boot").next_u64();
        let Some(slot) = self.slots.get_mut(node.0 as usize) else { return false };
        let Process::Down(disk) = &mut slot.process else { return false };
        let disk = std::mem::take(disk);
        let incarnation = slot.incarnation;
        let seed = own ^ u64::from(incarnation).wrapping_mul(0x9E37_79B9);
        let state = N::boot(&slot.spec, Boot { node, now, incarnation, seed, disk });
        slot.process = Process::Up(Arc::new(state));
        slot.incarnation += 1;
        slot.paused = false;
        slot.since = now;
        self.touched = Some(node);
        self.push(node, now, What::Start);
        true
    }

    /// SIGKILL: the process is gone at once; its connections break; its disk keeps all that was written.
    pub fn kill(&mut self, node: NodeId) -> bool {
        self.stop_process(node)
    }

    /// The machine loses power: like a kill, but bytes that were never synced are gone. A node that is down already
    /// loses them too.
    pub fn power_cut(&mut self, node: NodeId) -> bool {
        let stopped = self.stop_process(node);
        if let Some(disk) = self.disk_mut(node) {
            disk.lose_unsynced();
        }
        stopped
    }

    /// The disk of a node that is down is replaced by an empty one.
    pub fn wipe(&mut self, node: NodeId) -> bool {
        let Some(disk) = self.disk_mut(node) else { return false };
        *disk = Disk::new();
        true
    }

    /// The disk of a node is as bad as this from now on, whether its process runs or not. `false`: it is so already.
    pub fn ail(&mut self, node: NodeId, ailment: Ailment) -> bool {
        let Some(slot) = self.slots.get_mut(node.0 as usize) else { return false };
        if slot.disk().is_none_or(|disk| disk.ailment() == ailment) {
            return false;
        }
        match &mut slot.process {
            Process::Up(state) => Arc::make_mut(state).disk_mut().ail(ailment),
            Process::Down(disk) => disk.ail(ailment),
            Process::Running => return false,
        }
        self.touched = Some(node);
        true
    }

    /// SIGSTOP: the process stands still; what arrives waits. Its host still accepts connections, as an operating
    /// system does for a process that is stopped.
    pub fn pause(&mut self, node: NodeId) -> bool {
        let Some(slot) = self.slots.get_mut(node.0 as usize) else { return false };
        if slot.paused || !matches!(slot.process, Process::Up(_)) {
            return false;
        }
        slot.paused = true;
        slot.since = self.now;
        self.touched = Some(node);
        true
    }

    /// SIGCONT: what has waited is delivered now, in its order.
    pub fn resume(&mut self, node: NodeId) -> bool {
        let Some(slot) = self.slots.get_mut(node.0 as usize) else { return false };
        if !std::mem::take(&mut slot.paused) {
            return false;
        }
        slot.since = self.now;
        for handle in std::mem::take(&mut slot.parked) {
            self.queue.release(handle);
        }
        self.touched = Some(node);
        true
    }

    /// Hands a person's act to a node, in order with everything else that happens now. `false`: the node is down, and
    /// nothing will come of it.
    pub fn control(&mut self, node: NodeId, control: Control<N>) -> bool {
        if !self.is_up(node) {
            self.network.counters.controls_dropped += 1;
            return false;
        }
        self.push(node, self.now, What::Control { control }).is_some()
    }

    /// Everything is well again: links and disks healed, paused processes resumed, stopped ones started.
    pub fn heal_all(&mut self) {
        self.heal();
        for node in self.node_ids() {
            self.ail(node, Ailment::default());
            self.resume(node);
            self.start(node);
        }
    }

    pub(crate) fn stop_process(&mut self, node: NodeId) -> bool {
        let Some(slot) = self.slots.get_mut(node.0 as usize) else { return false };
        if matches!(slot.process, Process::Down(_)) {
            return false;
        }
        let Process::Up(state) = std::mem::replace(&mut slot.process, Process::Running) else {
            unreachable!("a node is stopped from outside, or after its input was carried out");
        };
        slot.process = Process::Down(Arc::unwrap_or_clone(state).into_disk());
        slot.paused = false;
        slot.since = self.now;
        let parked = std::mem::take(&mut slot.parked);
        let timers = std::mem::take(&mut slot.timers);
        for handle in parked {
            if let Some(item) = self.queue.take_held(handle) {
                self.conclude_unread(&item);
            }
        }
        // A parked timer was taken above; for it the handle finds nothing.
        for handle in timers.values() {
            self.queue.take(*handle);
        }
        self.drop_unsent(node);
        for conn in self.connections.open_ends_of(node) {
            self.close(conn, node, CloseReason::Closed);
        }
        self.touched = Some(node);
        true
    }

    /// A message that a cut holds, that was lost and waits for its retransmission, or that waits for a slow disk has not
    /// left the machine for the last time, and nobody is left to send it. Were it to arrive all the same, minutes later, a
    /// controller would take the registration of the dead process for a new one, and the living one would never again
    /// have the epoch that its heartbeats need: Kafka's controller refuses such a registration only after a heartbeat.
    #[cold]
    fn drop_unsent(&mut self, node: NodeId) {
        let mut cut = std::mem::take(&mut self.cut);
        cut.retain(|handle| {
            let is_unsent = self.queue.get(*handle).is_some_and(|due| self.is_message_of(&due.item, node));
            if is_unsent && let Some(item) = self.queue.take_held(*handle) {
                self.conclude_unread(&item);
            }
            !is_unsent
        });
        self.cut = cut;
        let unsent = self.queue.find(|due| {
            let rule = self.network.rule(node, due.item.to);
            // What is due has arrived, and may wait for a process that is paused.
            let is_unsent = due.at > self.now && (rule.cut || due.at > self.now + rule.slowest());
            is_unsent && self.is_message_of(&due.item, node)
        });
        for handle in unsent {
            if let Some(item) = self.queue.take(handle) {
                self.conclude_unread(&item);
            }
        }
    }

    fn is_message_of(&self, item: &Item<N>, node: NodeId) -> bool {
        matches!(item.what, What::Message { .. }) && self.sender_of(item) == Some(node)
    }

    /// `node` is done with the connection; the other side hears of it after what was sent before.
    pub(crate) fn close(&mut self, conn: ConnId, node: NodeId, reason: CloseReason) {
        let Some(place) = self.connections.find(conn, node) else { return };
        if self.connections.end(place) != End::Open {
            return;
        }
        self.connections.close(place);
        if self.connections.end(place.peer()) != End::Closed {
            self.send_packet(place, |conn| What::Closed { conn, reason });
        }
    }

    /// Notes that nobody will read this any more.
    pub(crate) fn conclude_unread(&mut self, item: &Item<N>) {
        match &item.what {
            What::Control { .. } => self.network.counters.controls_dropped += 1,
            what if what.packet().is_some() => {
                self.network.counters.in_flight -= 1;
                self.network.counters.closed += 1;
            }
            _ => {}
        }
    }
}
