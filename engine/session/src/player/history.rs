//! What has happened, counted: the events of the current branch up to where the world stands, folded once each.

use base::Map;

use cluster::Event;
use cluster::event::{ClientRef, ElectionKind};
use protocol::TopicPartition;
use sim::timeline::Timeline;

use super::place::{self, Place};
use crate::act::Act;
use crate::host::Host;

/// Characters of output kept per terminal; a consumer may print for hours.
const SHOWN_MAX: usize = 128 * 1024;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    Produced,
    Acked,
    Failed,
    Retried,
    Refused,
    Consumed,
    Elections,
    UncleanElections,
    IsrShrunk,
    IsrExpanded,
    Truncated,
    Ended,
}

/// What, in which terminal (empty for what servers did), and on which partition, if on one.
type Key = (What, String, Option<TopicPartition>);

/// The events from a place on.
#[derive(Clone, Debug)]
pub struct History {
    since: Option<Place>,
    branch: u32,
    /// Ordinals of the events folded so far.
    first: u64,
    end: u64,
    counts: Map<Key, i64>,
    consumed_from: Map<(String, TopicPartition), i64>,
    /// In the order of the commits.
    committed: Vec<(String, TopicPartition, i64)>,
    typed: Vec<(String, String)>,
    shown: Map<String, String>,
    /// The newest command of each terminal.
    commands: Map<String, Command>,
}

/// A command line and what it has shown.
#[derive(Clone, Debug)]
struct Command {
    /// Among all commands, so that the newest of all terminals can be told.
    number: u64,
    line: String,
    answer: String,
}

impl History {
    /// Everything since `since`; since the beginning of the world if that is `None`.
    pub fn new(since: Option<Place>) -> History {
        History {
            since,
            branch: u32::MAX,
            first: 0,
            end: 0,
            counts: Map::new(),
            consumed_from: Map::new(),
            committed: Vec::new(),
            typed: Vec::new(),
            shown: Map::new(),
            commands: Map::new(),
        }
    }

    /// Takes in what happened since the last call. After a step back or a change of branch it begins anew.
    pub fn catch_up(&mut self, timeline: &Timeline<Host, Act>) {
        let branch = place::current(timeline);
        let end = timeline.events_before(timeline.position().index + 1);
        if branch != self.branch || end < self.end {
            *self = History::new(self.since);
            self.branch = branch;
            self.first = self.since.map_or(0, |since| timeline.events_before(since.meet(timeline).index + 1));
            self.end = self.first.min(end);
        }
        for (_, stamped) in timeline.events_by_ordinal(self.end..end) {
            self.fold(&stamped.event);
        }
        self.end = end;
    }

    /// Commands of the branch that were given since.
    pub fn acts<'a>(&self, timeline: &'a Timeline<Host, Act>) -> impl Iterator<Item = &'a Act> {
        let from = self.since.map_or(0, |since| since.meet(timeline).commands) as usize;
        let to = timeline.position().commands as usize;
        timeline.commands().take(to).skip(from).map(|recorded| &recorded.command)
    }

    /// `terminal`: one, or `any`; empty for what servers did. `at`: a topic, a partition, or `None` for all.
    pub fn count(&self, what: What, terminal: &str, at: Option<&str>) -> i64 {
        let of_terminal = |name: &str| terminal == "any" || terminal == name;
        let counts = self.counts.iter().filter(|((w, t, p), _)| {
            *w == what && of_terminal(t) && at.is_none_or(|at| p.as_ref().is_some_and(|p| is_at(p, at)))
        });
        counts.map(|(_, n)| n).sum()
    }

    pub fn consumed_from(&self, terminal: &str, at: &str) -> Option<i64> {
        let reads =
            self.consumed_from.iter().filter(|((t, p), _)| (terminal == "any" || terminal == t) && is_at(p, at));
        reads.map(|(_, offset)| *offset).min()
    }

    /// The newest offset committed for a partition by consumers of a terminal.
    pub fn committed(&self, terminal: &str, at: &str) -> Option<i64> {
        let commits = self.committed.iter().filter(|(t, p, _)| (terminal == "any" || terminal == t) && is_at(p, at));
        commits.map(|(_, _, offset)| *offset).next_back()
    }

    pub fn typed(&self, terminal: &str, words: &str) -> bool {
        self.typed.iter().any(|(t, line)| (terminal == "any" || terminal == t) && line.contains(words))
    }

    pub fn shows(&self, terminal: &str, words: &str) -> bool {
        self.shown.iter().any(|(t, text)| (terminal == "any" || terminal == t) && text.contains(words))
    }

    /// The newest command line of a terminal, or of any, and what it has shown so far.
    pub fn last(&self, terminal: &str) -> Option<(&str, &str)> {
        let commands = self.commands.iter().filter(|(name, _)| terminal == "any" || terminal == name.as_str());
        let newest = commands.map(|(_, command)| command).max_by_key(|command| command.number)?;
        Some((&newest.line, &newest.answer))
    }

    fn fold(&mut self, event: &Event) {
        match event {
            Event::RecordsAppended { partition, leader: true, base_offset, last_offset, .. } => {
                self.add(What::Produced, "", Some(partition), last_offset - base_offset + 1);
            }
            Event::ProduceRefused { partition, .. } => self.add(What::Refused, "", Some(partition), 1),
            Event::LogTruncated { partition, from_end, to_end, .. } => {
                self.add(What::Truncated, "", Some(partition), from_end - to_end);
            }
            Event::LeaderElected { partition, kind, .. } => {
                if !matches!(kind, ElectionKind::Initial | ElectionKind::Leaderless) {
                    self.add(What::Elections, "", Some(partition), 1);
                }
                if *kind == ElectionKind::Unclean {
                    self.add(What::UncleanElections, "", Some(partition), 1);
                }
            }
            Event::IsrShrunk { partition, .. } => self.add(What::IsrShrunk, "", Some(partition), 1),
            Event::IsrExpanded { partition, .. } => self.add(What::IsrExpanded, "", Some(partition), 1),
            Event::RecordAcked { client, partition, base_offset, last_offset } => {
                self.of_client(What::Acked, client, Some(partition), last_offset - base_offset + 1);
            }
            Event::RecordFailed { client, partition, .. } => {
                self.of_client(What::Failed, client, partition.as_ref(), 1);
            }
            Event::SendRetried { client, partition, .. } => self.of_client(What::Retried, client, Some(partition), 1),
            Event::RecordsConsumed { client, partition, first_offset, next_offset } => {
                self.of_client(What::Consumed, client, Some(partition), next_offset - first_offset);
                let place = (client.terminal.clone(), partition.clone());
                let smallest = self.consumed_from.entry(place).or_insert(*first_offset);
                *smallest = (*smallest).min(*first_offset);
            }
            Event::OffsetCommitted { client, partition, offset } => {
                self.committed.retain(|(t, p, _)| (t, p) != (&client.terminal, partition));
                self.committed.push((client.terminal.clone(), partition.clone(), *offset));
            }
            Event::Typed { terminal, line } => self.typed.push((terminal.clone(), line.clone())),
            Event::Output { terminal, text } => self.show(terminal, text),
            Event::CommandStarted { terminal, command, .. } => {
                let number = self.commands.values().map(|command| command.number + 1).max().unwrap_or(0);
                let command = Command { number, line: command.clone(), answer: String::new() };
                self.commands.insert(terminal.clone(), command);
            }
            Event::CommandEnded { terminal, .. } => self.add(What::Ended, terminal, None, 1),
            _ => {}
        }
    }

    fn of_client(&mut self, what: What, client: &ClientRef, at: Option<&TopicPartition>, n: i64) {
        self.add(what, &client.terminal, at, n);
    }

    fn add(&mut self, what: What, terminal: &str, at: Option<&TopicPartition>, n: i64) {
        *self.counts.entry((what, terminal.to_string(), at.cloned())).or_insert(0) += n;
    }

    fn show(&mut self, terminal: &str, text: &str) {
        append(self.shown.entry(terminal.to_string()).or_default(), text);
        if let Some(command) = self.commands.get_mut(terminal) {
            append(&mut command.answer, text);
        }
    }
}

/// Adds at the end and, when there is too much, forgets at the beginning.
fn append(shown: &mut String, text: &str) {
    shown.push_str(text);
    if shown.len() > 2 * SHOWN_MAX {
        let mut from = shown.len() - SHOWN_MAX;
        while !shown.is_char_boundary(from) {
            from += 1;
        }
        shown.drain(..from);
    }
}

/// `orders` is every partition of the topic, `orders-0` is one.
fn is_at(partition: &TopicPartition, at: &str) -> bool {
    *partition.topic == *at
        || lesson::vocabulary::partition(at)
            .is_some_and(|(topic, number)| partition.topic == topic && partition.partition == number)
}
