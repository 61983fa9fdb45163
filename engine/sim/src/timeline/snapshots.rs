//! Copies of the world along a branch: many near the end, ever fewer towards the beginning.

use std::sync::Arc;

use crate::node::Node;
use crate::timeline::Position;
use crate::world::World;

/// Snapshots of one branch in order of their positions. The first, the beginning of the world, is never thinned out.
#[derive(Clone, Debug)]
pub(crate) struct Snapshots<N: Node> {
    list: Vec<Arc<Snapshot<N>>>,
    max: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct Snapshot<N: Node> {
    pub position: Position,
    pub world: World<N>,
}

/// A command costs about as much to replay as this many events.
const COMMAND_WEIGHT: u64 = 64;

impl<N: Node> Snapshots<N> {
    pub fn new(first: Snapshot<N>, max: usize) -> Snapshots<N> {
        Snapshots { list: vec![Arc::new(first)], max: max.max(2) }
    }

    pub fn len(&self) -> usize {
        self.list.len()
    }

    pub fn last_position(&self) -> Position {
        self.list[self.list.len() - 1].position
    }

    /// Adds a snapshot behind all others; one at the position of the last, or before it, is not needed.
    pub fn push(&mut self, position: Position, world: &World<N>) {
        if position.order() <= self.last_position().order() {
            return;
        }
        self.list.push(Arc::new(Snapshot { position, world: world.clone() }));
        if self.list.len() > self.max {
            self.thin();
        }
    }

    /// The last snapshot of which `before` is true, for a property that never becomes true again.
    pub fn latest(&self, before: impl Fn(&Position) -> bool) -> &Arc<Snapshot<N>> {
        let after = self.list.partition_point(|snapshot| before(&snapshot.position));
        &self.list[after.saturating_sub(1)]
    }

    /// Those that a fork at `position` shares.
    pub fn prefix(&self, position: Position) -> Snapshots<N> {
        let kept = self.list.partition_point(|snapshot| snapshot.position.order() <= position.order());
        Snapshots { list: self.list[..kept.max(1)].to_vec(), max: self.max }
    }

    /// Removes the one whose removal hurts least: the gap it leaves is small against its distance from the end. What
    /// remains has gaps that grow in proportion to the distance, so a seek costs a fixed share of how far it goes.
    fn thin(&mut self) {
        let weight =
            |snapshot: &Snapshot<N>| snapshot.position.index + u64::from(snapshot.position.commands) * COMMAND_WEIGHT;
        let end = weight(&self.list[self.list.len() - 1]);
        let least = (1..self.list.len() - 1).min_by_key(|i| {
            let gap = weight(&self.list[i + 1]) - weight(&self.list[i - 1]);
            let distance = end - weight(&self.list[*i]) + 1;
            // Thousandths, because integers are all there is.
            gap.saturating_mul(1_000) / distance
        });
        if let Some(least) = least {
            self.list.remove(least);
        }
    }
}
