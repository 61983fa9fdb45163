//! Proofs that the kernel itself is sound: nothing lost (S18), nothing without bounds (S20), equal states equal digests.

use std::fmt;
use std::hash::{Hash, Hasher};

use base::{Digest, NodeId};

use crate::network::Counters;
use crate::node::Node;
use crate::process::Process;
use crate::world::World;

/// A cap that was passed (invariant S20). What would have passed it was refused, so the world goes on, but what it shows
/// from here on is no longer what the nodes asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Violation {
    TooManyNodes,
    /// A message, timer or control was dropped.
    QueueFull,
    /// A connection was refused.
    TooManyConnections,
    /// A write was refused, in bytes or in files.
    DiskFull {
        node: NodeId,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Violation::TooManyNodes => write!(f, "more nodes than a world may hold"),
            Violation::QueueFull => write!(f, "more messages and timers wait than a world may hold; one was dropped"),
            Violation::TooManyConnections => write!(f, "more connections are open than a world may hold"),
            Violation::DiskFull { node } => write!(f, "the disk of node {} is full; a write was refused", node.0),
        }
    }
}

/// Packets that are unaccounted for (invariant S18).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Imbalance {
    pub counters: Counters,
    /// Packets that were found in the queue, if they were counted one by one.
    pub found_in_flight: Option<u64>,
}

impl fmt::Display for Imbalance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counters { sent, delivered, lost, duplicates_dropped, closed, in_flight, .. } = self.counters;
        write!(
            f,
            "{sent} packets sent, but {delivered} delivered + {lost} lost + {duplicates_dropped} duplicates + {closed} \
             closed + {in_flight} in flight"
        )?;
        self.found_in_flight.map_or(Ok(()), |found| write!(f, " ({found} found)"))
    }
}

impl<N: Node> World<N> {
    /// S18 at the price of an addition, to be asked after every step: packets sent = delivered + lost + duplicates
    /// dropped + closed + in flight.
    pub fn conservation(&self) -> Result<(), Imbalance> {
        let counters = self.network.counters;
        let Counters { sent, delivered, lost, duplicates_dropped, closed, in_flight, .. } = counters;
        if sent == delivered + lost + duplicates_dropped + closed + in_flight {
            Ok(())
        } else {
            Err(Imbalance { counters, found_in_flight: None })
        }
    }

    /// S18 with the packets in flight counted one by one.
    pub fn recount(&self) -> Result<(), Imbalance> {
        self.conservation()?;
        let found = self.queue.iter().filter(|due| due.item.what.packet().is_some()).count() as u64;
        if found == self.network.counters.in_flight {
            Ok(())
        } else {
            Err(Imbalance { counters: self.network.counters, found_in_flight: Some(found) })
        }
    }

    /// The caps that were passed since the world began, each once.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    pub(crate) fn violate(&mut self, violation: Violation) {
        if let Err(at) = self.violations.binary_search(&violation) {
            self.violations.insert(at, violation);
        }
    }

    /// A digest of how the world came here and of what it keeps: every step with what was due, and every disk. It is
    /// cheap, and it is what a page shows: [`World::digest`] reads all that every process holds in memory, and needs the
    /// code for it.
    pub fn fingerprint(&self) -> u64 {
        let mut digest = self.trace.clone();
        (self.seed, self.now, self.index, self.queue.sequence()).hash(&mut digest);
        for slot in &self.slots {
            (slot.incarnation, slot.paused).hash(&mut digest);
            match &slot.process {
                Process::Up(node) => node.disk().hash(&mut digest),
                Process::Down(disk) => disk.hash(&mut digest),
                Process::Running => {}
            }
        }
        digest.finish()
    }

    /// A digest over everything that decides the future. Equal digests mean equal futures.
    pub fn digest(&self) -> u64 {
        let slots: Vec<_> =
            self.slots.iter().map(|s| (&s.host, &s.spec, &s.process, s.incarnation, s.paused)).collect();
        // Where an entry lies in the slab decides nothing; when it comes does.
        let mut waiting: Vec<_> = self.queue.iter().map(|due| ((due.at, due.sequence), &due.item)).collect();
        base::ordered::sort_by_key(&mut waiting, |(key, _)| *key);
        let held: Vec<Vec<u64>> = std::iter::once(&self.cut)
            .chain(self.slots.iter().map(|slot| &slot.parked))
            .map(|held| held.iter().map(|handle| handle.sequence()).collect())
            .collect();
        let connections: Vec<_> = self.connections.iter().collect();
        let clocks = (self.seed, self.now, self.index, self.next_conn, self.queue.sequence());
        Digest::of(&(clocks, slots, &self.names, &self.network, connections, waiting, held))
    }
}
