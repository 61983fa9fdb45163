//! What the page shows besides the world: which screen, what is selected, what is open. Nothing here is Kafka's.

use crate::store::{Model, Tp};
use crate::theme::Theme;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Screen {
    #[default]
    Home,
    /// Stage, timeline, terminal; with a lesson beside them if one is loaded.
    Session,
    /// "What is not real yet".
    NotReal,
}

/// What the inspector is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    Partition(Tp),
    Broker(i32),
    Controller(i32),
    Client(String, u32),
    /// On its way.
    Message(u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlay {
    /// A link that was followed here, before it is run.
    Found,
    Keys,
    Share,
    /// One change, and the same seed.
    WhatIf,
    Lamps,
    /// What has happened, in words.
    Log,
}

/// What is read out to those who listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    Nothing,
    Beats,
    Everything,
}

impl Said {
    pub const ALL: [(Self, &'static str); 3] =
        [(Self::Nothing, "Nothing"), (Self::Beats, "Beats"), (Self::Everything, "Every event")];
}

/// How near the stage is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Zoom {
    #[default]
    Cluster,
    /// One broker with all of its partitions.
    Broker,
    /// One replica's log on its disk.
    Log,
    /// One batch of it.
    Bytes,
}

impl Zoom {
    pub const ALL: [(Self, &'static str); 4] =
        [(Self::Cluster, "Cluster"), (Self::Broker, "Broker"), (Self::Log, "Log"), (Self::Bytes, "Bytes")];

    pub fn nearer(self) -> Self {
        Self::ALL[(self as usize + 1).min(Self::ALL.len() - 1)].0
    }

    pub fn farther(self) -> Self {
        Self::ALL[(self as usize).saturating_sub(1)].0
    }
}

/// What the sheet of a narrow page shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sheet {
    Lesson,
    Inspector,
    Terminal,
}

/// How much of a narrow page its sheet takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Height {
    Low,
    Middle,
    High,
}

impl Height {
    pub fn higher(self) -> Self {
        if self == Self::Low { Self::Middle } else { Self::High }
    }

    pub fn lower(self) -> Self {
        if self == Self::High { Self::Middle } else { Self::Low }
    }

    /// Round and round: what a tap does.
    pub fn next(self) -> Self {
        if self == Self::High { Self::Low } else { self.higher() }
    }

    pub fn class(self) -> &'static str {
        match self {
            Self::Low => "sheet-low",
            Self::Middle => "sheet-mid",
            Self::High => "sheet-high",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Ui {
    pub screen: Screen,
    /// The stage large and nothing at its sides, for a room to look at.
    pub present: bool,
    /// Hands counted for each option of the question that is shown.
    pub hands: Vec<u32>,
    /// In front on a narrow page while the terminal is closed.
    pub sheet: Sheet,
    pub sheet_height: Height,
    pub selection: Option<Selection>,
    pub zoom: Zoom,
    /// The broker and the offset that are looked at closely; the newest of the leader's if nobody said.
    pub on: Option<i32>,
    pub at: Option<i64>,
    pub overlay: Option<Overlay>,
    pub terminal_open: bool,
    /// The terminal in front.
    pub terminal: String,
    pub theme: Theme,
    /// Single-key shortcuts answer; some assistive tools need them off.
    pub single_keys: bool,
    pub said: Said,
    /// The option of a prediction that is marked and not yet committed to.
    pub marked: Option<u32>,
    /// What a followed link holds.
    pub found: Option<crate::share::Found>,
    /// Bars with something to know, newest last: title, details.
    pub bars: Vec<Bar>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    pub tone: wire::Tone,
    pub title: String,
    pub details: Vec<String>,
    /// Offers the session as a file or link.
    pub export: bool,
}

/// A wish of a component about the page.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    Screen(Screen),
    Select(Selection),
    Deselect,
    Zoom(Zoom),
    /// Looks closely at a broker, or at an offset of the log that is open.
    On(i32),
    At(i64),
    Overlay(Option<Overlay>),
    ToggleTerminal,
    Present(bool),
    /// Another branch beside the one shown, and an end of it.
    Compare(String),
    EndTwin,
    /// Puts the branch that is shown aside: the other half of a twin.
    Aside,
    /// Plays on from here with one change, beside what was played without it.
    WhatIf(wire::Command),
    /// A hand for an option.
    Hand(u32),
    /// Shows what the engine says of the open question.
    Reveal,
    Sheet(Sheet),
    SheetHeight(Height),
    Terminal(String),
    /// Breaks or mends something.
    Fault(wire::Fault),
    /// Types a line into a terminal, as a click on it promises.
    Run {
        terminal: String,
        line: wire::lesson::ConsoleLine,
    },
    Theme(Theme),
    SingleKeys(bool),
    Said(Said),
    Mark(Option<u32>),
    Found(crate::share::Found),
    Bar(Bar),
    CloseBar(usize),
}

impl Default for Ui {
    fn default() -> Self {
        Self {
            screen: Screen::Home,
            present: false,
            hands: vec![],
            sheet: Sheet::Lesson,
            sheet_height: Height::Middle,
            selection: None,
            zoom: Zoom::Cluster,
            on: None,
            at: None,
            overlay: None,
            terminal_open: false,
            terminal: "t1".into(),
            theme: Theme::Dark,
            single_keys: true,
            said: Said::Everything,
            marked: None,
            found: None,
            bars: vec![],
        }
    }
}

impl Ui {
    /// What a narrow page's sheet shows.
    pub fn in_sheet(&self, model: &Model) -> Sheet {
        match self.sheet {
            _ if self.terminal_open => Sheet::Terminal,
            Sheet::Lesson if model.lesson.is_none() => Sheet::Inspector,
            sheet => sheet,
        }
    }

    /// The broker that is looked at closely: the one chosen, or the leader of what is in focus.
    pub fn broker(&self, model: &Model) -> Option<i32> {
        let leader = || self.focus(model).and_then(|tp| model.partitions.get(&tp)?.leader);
        let chosen = self.on.filter(|id| model.brokers.contains_key(id));
        chosen.or_else(leader).or_else(|| model.brokers.keys().next().copied())
    }

    /// The partition the stage shows large: the selected one, the lesson's, or the first with records.
    pub fn focus(&self, model: &Model) -> Option<Tp> {
        if let Some(Selection::Partition(tp)) = &self.selection
            && model.partitions.contains_key(tp)
        {
            return Some(tp.clone());
        }
        let lesson = model.lesson.as_deref();
        let wished =
            lesson.and_then(|lesson| lesson.steps.get(lesson.step as usize)).and_then(|step| step.focus.clone());
        let named = wished.and_then(|name| model.partitions.keys().find(|tp| label(tp) == name).cloned());
        let own = |tp: &&Tp| !model.topics.get(&tp.0).is_some_and(|view| view.internal);
        let written = |tp: &&Tp| {
            let copies = model.replicas.range((tp.0.clone(), tp.1, i32::MIN)..=(tp.0.clone(), tp.1, i32::MAX));
            copies.into_iter().any(|(_, replica)| replica.log_end > 0)
        };
        let first = || model.partitions.keys().filter(own).find(written).or(model.partitions.keys().find(own)).cloned();
        named.or_else(first)
    }
}

/// `orders-1`.
pub fn label(tp: &Tp) -> String {
    format!("{}-{}", tp.0, tp.1)
}
