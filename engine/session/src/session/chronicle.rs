//! What happened on the branch shown, in words: the events of the engine and the acts of the person, in one order.
//!
//! The list is kept as marks of a few bytes; the words are made when they are sent. A place is counted in kernel steps
//! and acts together, so that what stands between two acts has a place of its own.

use cluster::Event;
use sim::timeline::{Position, Recorded};
use wire::{EventView, Fault, Lane, Tone};

use crate::act::Act;
use crate::player::Place;
use crate::sentence::{self, Said};
use crate::stage::Stage;

/// The event index of a position, as the page knows it.
pub fn index_of(position: Position) -> u64 {
    position.index + u64::from(position.commands)
}

/// What the page is told of an event. Kafka's own topics are not on the stage: of the fifty partitions of
/// `__consumer_offsets` only what went wrong is told.
pub fn said(event: &Event) -> Option<Said> {
    let is_own =
        |partition: &str| partition.rsplit_once('-').is_some_and(|(topic, _)| protocol::topic::is_internal(topic));
    sentence::of(event).filter(|said| said.tone != Tone::Plain || !said.partition.as_deref().is_some_and(is_own))
}

/// An event that has words.
#[derive(Clone, Copy, Debug)]
struct Mark {
    index: u64,
    beat: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Chronicle {
    /// The number of the branch that the marks belong to.
    branch: u32,
    marks: Vec<Mark>,
    /// Events and acts of the branch that were read already.
    events_read: u64,
    acts_read: u32,
}

impl Chronicle {
    /// Reads on. What the page is to replace: from which ordinal on, and by what.
    pub fn read(&mut self, stage: &Stage) -> (u32, Vec<EventView>) {
        self.follow_branch(stage);
        let from = self.marks.len() as u32;
        let timeline = stage.timeline();
        let (known, end) = (timeline.known_index(), timeline.event_count());
        let acts: Vec<&Recorded<Act>> = timeline.commands().skip(self.acts_read as usize).collect();
        let mut acts = acts.into_iter().take_while(|act| act.index <= known).peekable();
        let mut told = Vec::new();
        for (ordinal, stamped) in timeline.events_by_ordinal(self.events_read..end) {
            while let Some(act) = acts.next_if(|act| act.index < stamped.index) {
                self.tell_act(act, &mut told);
            }
            self.events_read = ordinal + 1;
            let Some(said) = said(&stamped.event) else { continue };
            let mut event = self.view(stamped.index + u64::from(self.acts_read), said.sentence);
            (event.at_us, event.lane, event.tone, event.kind) =
                (stamped.at.0, said.lane, said.tone, said.kind.to_string());
            (event.partition, event.actor, event.beat) = (said.partition, said.actor, said.beat);
            self.push(event, &mut told);
        }
        for act in acts {
            self.tell_act(act, &mut told);
        }
        (from, told)
    }

    /// Events with words that were read.
    pub fn len(&self) -> u32 {
        self.marks.len() as u32
    }

    /// The place of the next event after `index`, or of the last before it.
    pub fn neighbour(&self, index: u64, forward: bool, beats_only: bool) -> Option<u64> {
        let wanted = |mark: &&Mark| mark.beat || !beats_only;
        if forward {
            let first = self.marks.partition_point(|mark| mark.index <= index);
            self.marks[first..].iter().find(wanted).map(|mark| mark.index)
        } else {
            let end = self.marks.partition_point(|mark| mark.index < index);
            self.marks[..end].iter().rev().find(wanted).map(|mark| mark.index)
        }
    }

    /// When the stage is on another branch than the one read, what both have in common stays.
    fn follow_branch(&mut self, stage: &Stage) {
        let here = Place::here(stage.timeline()).branch;
        if here == self.branch {
            return;
        }
        const END: Position = Position { index: u64::MAX, commands: u32::MAX, at: base::Micros::MAX };
        let shared = Place { branch: self.branch, position: END }.meet(stage.timeline());
        self.branch = here;
        let shared_index = shared.index.saturating_add(u64::from(shared.commands));
        self.marks.truncate(self.marks.partition_point(|mark| mark.index <= shared_index));
        self.events_read = self.events_read.min(stage.timeline().events_before(shared.index.saturating_add(1)));
        self.acts_read = self.acts_read.min(shared.commands);
    }

    fn tell_act(&mut self, act: &Recorded<Act>, told: &mut Vec<EventView>) {
        self.acts_read += 1;
        // A typed line is told by the terminal that takes it.
        let Some((kind, actor, sentence)) = words(&act.command) else { return };
        let mut event = self.view(act.index + u64::from(self.acts_read), sentence);
        (event.at_us, event.kind, event.actor) = (act.at.0, kind.to_string(), actor);
        self.push(event, told);
    }

    /// An act of the person, until it is filled in otherwise.
    fn view(&self, index: u64, sentence: String) -> EventView {
        EventView {
            index,
            ordinal: self.marks.len() as u32,
            at_us: 0,
            lane: Lane::You,
            tone: Tone::Plain,
            kind: String::new(),
            sentence,
            partition: None,
            actor: String::new(),
            beat: true,
        }
    }

    fn push(&mut self, event: EventView, told: &mut Vec<EventView>) {
        self.marks.push(Mark { index: event.index, beat: event.beat });
        told.push(event);
    }
}

/// Kind, actor and sentence of an act that no node tells of.
fn words(act: &Act) -> Option<(&'static str, String, String)> {
    let fault = match act {
        Act::Type { .. } => return None,
        Act::Interrupt { terminal } => {
            return Some(("Interrupted", terminal.clone(), format!("You press Ctrl-C in {terminal}.")));
        }
        Act::EndOfInput { terminal } => {
            return Some(("EndOfInput", terminal.clone(), format!("You press Ctrl-D in {terminal}.")));
        }
        Act::Kernel(fault) => return Some(("Fault", String::new(), format!("A fault of the plan: {fault}."))),
        Act::Fault(fault) => fault,
    };
    let (kind, host, sentence) = match fault {
        Fault::Kill(host) => ("Killed", host, format!("You kill {host} (SIGKILL).")),
        Fault::Stop(host) => ("Stopped", host, format!("You stop {host} (SIGTERM).")),
        Fault::Start(host) => ("Started", host, format!("You start {host}.")),
        Fault::Pause(host) => ("Paused", host, format!("You pause {host} (SIGSTOP).")),
        Fault::Resume(host) => ("Resumed", host, format!("You resume {host} (SIGCONT).")),
        Fault::Wipe(host) => ("Wiped", host, format!("You wipe the disk of {host}.")),
        Fault::Config { target, key, value } => ("Configured", target, format!("You set {key}={value} for {target}.")),
        Fault::Cut { from, to } => ("Cut", from, format!("You cut the link from {from} to {to}.")),
        Fault::Disk { target, .. } => {
            let what = act.words();
            let what = what.split_once(&format!("{target} ")).map_or("well again", |(_, words)| words);
            ("Disk", target, format!("The disk of {target} is {what}."))
        }
        Fault::Heal => return Some(("Healed", String::new(), "You mend all links.".to_string())),
    };
    Some((kind, host.clone(), sentence))
}
