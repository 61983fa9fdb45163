//! The table of stream connections: who holds which end open, and what order their packets keep.

use std::cmp::Ordering;

use base::{ConnId, Micros, NodeId};

/// One end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum End {
    /// The acceptor's end until the first packet has reached its host: no process owns it yet, so a restart of the
    /// acceptor meanwhile does not break it.
    Pending,
    Open,
    Closed,
}

/// Index of the opener's end in the pairs of a [`Connection`]; the acceptor's is the other.
pub(crate) const OPENER: usize = 0;
pub(crate) const ACCEPTOR: usize = 1;

#[derive(Clone, Copy, Debug, Hash)]
pub(crate) struct Connection {
    pub id: ConnId,
    /// Opener, acceptor.
    pub nodes: [NodeId; 2],
    pub port: u16,
    pub ends: [End; 2],
    /// No later packet from this end may arrive before this.
    pub order: [Micros; 2],
}

impl Connection {
    /// What the process at that end calls the connection. A node that connects to itself holds both ends and must tell
    /// them apart, so the accepting end has the next id.
    pub fn name(&self, end: usize) -> ConnId {
        if end == ACCEPTOR && self.is_loop() { ConnId(self.id.0 + 1) } else { self.id }
    }

    pub fn is_dead(&self) -> bool {
        self.ends == [End::Closed; 2]
    }

    fn is_loop(&self) -> bool {
        self.nodes[OPENER] == self.nodes[ACCEPTOR]
    }
}

/// A place in the table, and which end a node holds there. Valid until the next insertion or sweep.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub at: usize,
    pub end: usize,
}

impl Place {
    pub fn peer(self) -> Place {
        Place { at: self.at, end: 1 - self.end }
    }
}

/// Connections in order of their ids, which only grow: a new one goes to the end, a look-up is a binary search, and a
/// copy is one `memcpy`. Dead ones are swept out when they outnumber the living.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connections {
    list: Vec<Connection>,
    dead: usize,
}

impl Connections {
    pub fn len(&self) -> usize {
        self.list.len() - self.dead
    }

    pub fn iter(&self) -> impl Iterator<Item = &Connection> {
        self.list.iter().filter(|connection| !connection.is_dead())
    }

    pub fn insert(&mut self, connection: Connection) {
        debug_assert!(self.list.last().is_none_or(|last| last.id < connection.id));
        self.list.push(connection);
    }

    /// The connection that `node` calls `conn`, unless both ends are done with it.
    pub fn find(&self, conn: ConnId, node: NodeId) -> Option<Place> {
        if let Some(at) = self.search(conn) {
            let connection = &self.list[at];
            let end = if connection.nodes[OPENER] == node { OPENER } else { ACCEPTOR };
            return (connection.nodes[end] == node && !connection.is_dead()).then_some(Place { at, end });
        }
        let at = self.search(ConnId(conn.0.checked_sub(1)?))?;
        let connection = &self.list[at];
        (connection.is_loop() && connection.nodes[ACCEPTOR] == node && !connection.is_dead())
            .then_some(Place { at, end: ACCEPTOR })
    }

    pub fn get(&self, at: usize) -> &Connection {
        &self.list[at]
    }

    /// The end at `place`, to be read.
    pub fn end(&self, place: Place) -> End {
        self.list[place.at].ends[place.end]
    }

    pub fn open(&mut self, place: Place) {
        self.list[place.at].ends[place.end] = End::Open;
    }

    pub fn close(&mut self, place: Place) {
        let connection = &mut self.list[place.at];
        if connection.ends[place.end] != End::Closed {
            connection.ends[place.end] = End::Closed;
            self.dead += usize::from(connection.is_dead());
        }
    }

    /// Pushes `at` behind the last packet from this end, and remembers it.
    pub fn in_order(&mut self, place: Place, at: Micros) -> Micros {
        let order = &mut self.list[place.at].order[place.end];
        *order = at.max(*order);
        *order
    }

    /// Forgets the dead when they outnumber the living. No place is valid afterwards.
    pub fn sweep(&mut self) {
        if self.dead > self.len() + 32 {
            self.list.retain(|connection| !connection.is_dead());
            self.dead = 0;
        }
    }

    /// The ends that a process on this node holds open, by the names it knows them by.
    pub fn open_ends_of(&self, node: NodeId) -> Vec<ConnId> {
        let mut names = Vec::new();
        for connection in &self.list {
            for end in [OPENER, ACCEPTOR] {
                if connection.nodes[end] == node && connection.ends[end] == End::Open {
                    names.push(connection.name(end));
                }
            }
        }
        names
    }

    /// A look where an even spread of the ids would put it, then between there and its like: what was swept out leaves gaps
    /// that are alike, and each look into the middle of thousands is memory that no cache holds.
    fn search(&self, conn: ConnId) -> Option<usize> {
        const LOOKS: usize = 4;
        let id = |at: usize| self.list[at].id.0;
        let (mut low, mut high) = (0, self.list.len().checked_sub(1)?);
        for _ in 0..LOOKS {
            let (first, last) = (id(low), id(high));
            let (before, all) = (conn.0.checked_sub(first)?, last.checked_sub(first)?);
            if before > all {
                return None;
            }
            let at = low + (before * (high - low) as u64 / all.max(1)) as usize;
            match id(at).cmp(&conn.0) {
                Ordering::Equal => return Some(at),
                Ordering::Less => low = at + 1,
                Ordering::Greater => high = at.checked_sub(1)?,
            }
            if low > high {
                return None;
            }
        }
        let rest = self.list.get(low..=high)?;
        rest.binary_search_by_key(&conn, |connection| connection.id).ok().map(|at| low + at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Rng;

    #[test]
    fn a_connection_is_found_whatever_gaps_the_dead_leave() {
        let mut rng = Rng::new(5, 0, "connections");
        for spread in [1, 3, 1_000] {
            let mut connections = Connections::default();
            let mut ids = vec![];
            let mut id = rng.below(10);
            for _ in 0..rng.between(1, 500) {
                id += if rng.below(20) == 0 { 1 + rng.below(spread * 50) } else { 1 + rng.below(spread) };
                let ends = [End::Open; 2];
                let nodes = [NodeId(0), NodeId(1)];
                connections.insert(Connection { id: ConnId(id), nodes, port: 1, ends, order: [Micros::ZERO; 2] });
                ids.push(id);
            }
            for id in 0..=id + 2 {
                let found = connections.search(ConnId(id));
                assert_eq!(found, ids.iter().position(|known| *known == id), "{id} of {ids:?}");
            }
        }
        assert_eq!(Connections::default().search(ConnId(3)), None);
    }
}
