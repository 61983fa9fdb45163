//! Terminals: what runs, what is on the screen.

use std::sync::Arc;

use shell::Terminal;
use shell::screen::LineKind as ScreenKind;
use sim::World;
use wire::view::{LineKind, LineView, TerminalView};
use wire::{Entity, Key};

use crate::host::Host;

/// The entities of one terminal.
pub type Entities = Vec<(Key, Entity)>;

/// Every terminal with the state that its entities were made from.
pub fn all(world: &World<Host>) -> impl Iterator<Item = (Arc<Host>, Entities)> + '_ {
    world.node_ids().filter_map(|node| {
        let state = world.node_arc(node)?;
        match &**state {
            Host::Terminal(terminal) => Some((Arc::clone(state), entities(terminal))),
            _ => None,
        }
    })
}

/// Every terminal without its lines.
pub fn heads(world: &World<Host>) -> impl Iterator<Item = (Key, Entity)> + '_ {
    world.node_ids().filter_map(|node| match world.node(node)? {
        Host::Terminal(terminal) => Some(head(terminal)),
        _ => None,
    })
}

pub fn entities(terminal: &Terminal) -> Entities {
    let name = terminal.name().to_string();
    let lines = terminal.screen().lines().map(|(number, line)| {
        let kind = match line.kind {
            ScreenKind::Command => LineKind::Command,
            ScreenKind::Typed => LineKind::Typed,
            ScreenKind::Output => LineKind::Output,
            ScreenKind::Exit => LineKind::Exit,
        };
        let line = LineView { terminal: name.clone(), number, kind, text: line.text.to_string() };
        (Key::Line(name.clone(), number), Entity::Line(line))
    });
    std::iter::once(head(terminal)).chain(lines).collect()
}

fn head(terminal: &Terminal) -> (Key, Entity) {
    let view = TerminalView {
        name: terminal.name().to_string(),
        running: terminal.running().map(str::to_string),
        reads_input: terminal.reads_input(),
        open_line: terminal.screen().open_line().to_string(),
        last_exit: terminal.last_exit(),
    };
    (Key::Terminal(view.name.clone()), Entity::Terminal(view))
}
