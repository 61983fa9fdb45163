//! What changed since the page was last told.

use base::{Map, NodeId};
use std::sync::Arc;

use sim::World;
use wire::view::LampView;
use wire::{Delta, Entity, Key, View};

use super::offline::Disks;
use super::{Scene, cluster_of, terminals};
use crate::host::Host;

/// Remembers what the page knows.
#[derive(Debug, Default)]
pub struct Viewer {
    shown: View,
    /// Entities of terminals, with the state that they were made from: the same state has the same screen.
    screens: Map<NodeId, (Arc<Host>, terminals::Entities)>,
    disks: Disks,
}

impl Viewer {
    /// The changes that bring the page from what it knows to this world.
    pub fn look(&mut self, world: &World<Host>, lamps: Vec<LampView>) -> Vec<Delta> {
        let mut view = cluster_of(&Scene::of(world), &mut self.disks);
        view.extend(lamps.into_iter().map(|lamp| (Key::Lamp(lamp.id.clone()), Entity::Lamp(lamp))));
        let mut deltas = differences(&self.shown, &view);
        self.shown = view;
        self.look_at_terminals(world, &mut deltas);
        deltas
    }

    /// The page knows nothing any more.
    pub fn forget(&mut self) {
        *self = Viewer::default();
    }

    fn look_at_terminals(&mut self, world: &World<Host>, deltas: &mut Vec<Delta>) {
        for node in world.node_ids() {
            let Some(state) = world.node_arc(node) else { continue };
            let Host::Terminal(terminal) = &**state else { continue };
            if self.screens.get(&node).is_some_and(|(known, _)| Arc::ptr_eq(known, state)) {
                continue;
            }
            let entities = terminals::entities(terminal);
            let before = self.screens.get(&node).map(|(_, entities)| entities.as_slice()).unwrap_or_default();
            let (old, new): (View, View) = (before.iter().cloned().collect(), entities.iter().cloned().collect());
            deltas.extend(differences(&old, &new));
            self.screens.insert(node, (Arc::clone(state), entities));
        }
    }
}

fn differences(old: &View, new: &View) -> Vec<Delta> {
    let gone = old.keys().filter(|key| !new.contains_key(key)).map(|key| Delta::Remove(key.clone()));
    let put = new
        .iter()
        .filter(|(key, entity)| old.get(key) != Some(entity))
        .map(|(key, entity)| Delta::Put(key.clone(), entity.clone()));
    gone.chain(put).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::view::{LampState, LampView};

    fn lamp(id: &str, detail: &str) -> (Key, Entity) {
        let lamp = LampView {
            id: id.into(),
            name: String::new(),
            meaning: String::new(),
            safety: true,
            state: LampState::Holds,
            detail: detail.into(),
        };
        (Key::Lamp(id.into()), Entity::Lamp(lamp))
    }

    #[test]
    fn what_is_gone_new_or_different_is_told_and_nothing_else() {
        let old: View = [lamp("S1", "a"), lamp("S2", "a"), lamp("S3", "a")].into();
        let new: View = [lamp("S2", "a"), lamp("S3", "b"), lamp("S4", "a")].into();
        let told: Vec<Key> = differences(&old, &new)
            .into_iter()
            .map(|delta| match delta {
                Delta::Put(key, _) | Delta::Remove(key) => key,
            })
            .collect();
        assert_eq!(told, ["S1", "S3", "S4"].map(|id| Key::Lamp(id.into())));
    }
}
