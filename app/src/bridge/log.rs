//! What has to be said again to a fresh engine so that it stands where the lost one stood.
//!
//! The engine's own link holds a whole session in a few hundred bytes, so the log is the last exported link and the
//! commands since. Runs are kept as how far they came, not as they were asked for: how far a budgeted run comes depends
//! on the machine, where it came does not. One that stopped at an event is kept as a number of events, one that went its
//! whole time as time: between the last event and the end of a run there is time without events.

use wire::{Command, Reply};

/// Further than any run of events comes, in microseconds.
const FAR_US: u64 = 1_000_000_000_000;

#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    Did(Command),
    /// Kernel events that went by, up to the last of them.
    Events(u64),
    /// Microseconds that went by, with everything in them.
    Time(u64),
}

impl Entry {
    /// As it is called towards people.
    pub fn words(&self) -> String {
        match self {
            Entry::Did(Command::Type { line, .. }) => line.clone(),
            Entry::Did(Command::Fault(_)) => "the last fault".into(),
            Entry::Did(Command::Seek { .. } | Command::StepEvent { .. } | Command::StepBeat { .. }) => {
                "the last step in time".into()
            }
            Entry::Did(_) => "the last action".into(),
            Entry::Events(_) | Entry::Time(_) => "the time that went by last".into(),
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct SessionLog {
    /// The lesson the session is in; a link names it and does not hold its text.
    lesson: Option<Command>,
    /// The last exported link, without `#`; what `tail` starts from.
    link: Option<String>,
    tail: Vec<Entry>,
    index: u64,
    now_us: u64,
}

impl SessionLog {
    /// Takes note of a command that was done. Refused ones changed nothing and are not kept.
    pub fn record(&mut self, command: &Command, reply: &Reply) {
        if reply.problem.is_none() {
            match command {
                Command::Boot { .. } => {
                    (self.lesson, self.link) = (None, None);
                    self.tail = vec![Entry::Did(command.clone())];
                }
                Command::LoadLesson { .. } => {
                    (self.lesson, self.link) = (Some(command.clone()), None);
                    self.tail.clear();
                }
                Command::Import { fragment, preview: false } => {
                    self.link = Some(fragment.clone());
                    self.tail.clear();
                }
                Command::Run { us, events_max } | Command::Pass { us, events_max } => {
                    self.advance(*us, *events_max, reply);
                }
                Command::Export => self.exported(reply),
                Command::Why(_)
                | Command::Complete { .. }
                | Command::ReadFile { .. }
                | Command::ReadLog { .. }
                | Command::ReadFlight { .. }
                | Command::ReadMetrics
                | Command::Import { preview: true, .. }
                | Command::Continue
                | Command::Digest => {}
                other => self.tail.push(Entry::Did(other.clone())),
            }
        }
        self.index = reply.index;
        self.now_us = reply.now_us;
    }

    /// The commands that bring a fresh engine to the same place.
    pub fn replay(&self) -> Vec<Command> {
        let link = self.link.iter().map(|fragment| Command::Import { fragment: fragment.clone(), preview: false });
        let tail = self.tail.iter().map(|entry| match entry {
            Entry::Did(command) => command.clone(),
            Entry::Events(events) => {
                Command::Run { us: FAR_US, events_max: u32::try_from(*events).unwrap_or(u32::MAX) }
            }
            Entry::Time(us) => Command::Run { us: *us, events_max: u32::MAX },
        });
        self.lesson.iter().cloned().chain(link).chain(tail).collect()
    }

    /// Takes off the last entry: the command that ended the engine twice. Returns it for the words to the person.
    pub fn drop_last(&mut self) -> Option<Entry> {
        self.tail.pop()
    }

    /// How many steps would be played again.
    pub fn len(&self) -> usize {
        self.tail.len() + usize::from(self.link.is_some()) + usize::from(self.lesson.is_some())
    }

    fn advance(&mut self, wanted_us: u64, events_max: u32, reply: &Reply) {
        let events = reply.index.saturating_sub(self.index);
        let us = reply.now_us.saturating_sub(self.now_us);
        let whole = us == wanted_us && events < u64::from(events_max);
        match self.tail.last_mut() {
            _ if events == 0 && us == 0 => {}
            Some(Entry::Time(before)) if whole => *before += us,
            Some(Entry::Events(before)) if !whole => *before += events,
            _ => self.tail.push(if whole { Entry::Time(us) } else { Entry::Events(events) }),
        }
    }

    fn exported(&mut self, reply: &Reply) {
        if let wire::reply::Answer::Link { fragment, .. } = &reply.answer {
            self.link = Some(fragment.clone());
            self.tail.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::reply::Answer;

    fn reply(index: u64, now_us: u64) -> Reply {
        Reply {
            seq: 0,
            index,
            now_us,
            end_index: index,
            end_us: now_us,
            digest: 0,
            more: false,
            reset: false,
            deltas: vec![],
            events_from: 0,
            events: vec![],
            branches: vec![],
            lesson: None,
            answer: Answer::Nothing,
            problem: None,
        }
    }

    fn typed(line: &str) -> Command {
        Command::Type { terminal: "t1".into(), line: line.into() }
    }

    #[test]
    fn runs_are_kept_as_the_way_they_came() {
        let mut log = SessionLog::default();
        log.record(&typed("a"), &reply(10, 100));
        // Two that stopped at their last event, two that went their whole time.
        for (us, events_max, index, now_us) in
            [(1_000, 4, 14, 300), (1_000, 1, 15, 450), (50, 9, 15, 500), (50, 9, 17, 550)]
        {
            log.record(&Command::Run { us, events_max }, &reply(index, now_us));
        }
        log.record(&typed("b"), &reply(18, 550));
        let (far, all) = (FAR_US, u32::MAX);
        let runs = [Command::Run { us: far, events_max: 5 }, Command::Run { us: 100, events_max: all }];
        assert_eq!(log.replay(), [vec![typed("a")], runs.to_vec(), vec![typed("b")]].concat());
    }

    #[test]
    fn a_link_replaces_what_went_before() {
        let mut log = SessionLog::default();
        log.record(&typed("a"), &reply(1, 1));
        let mut exported = reply(1, 1);
        exported.answer = Answer::Link { fragment: "abc".into(), commands: 1 };
        log.record(&Command::Export, &exported);
        log.record(&typed("b"), &reply(2, 2));
        let import = Command::Import { fragment: "abc".into(), preview: false };
        assert_eq!(log.replay(), vec![import, typed("b")]);
    }

    #[test]
    fn looking_and_refused_commands_are_not_played_again() {
        let mut log = SessionLog::default();
        log.record(&Command::Digest, &reply(1, 1));
        let mut refused = reply(1, 1);
        refused.problem = Some(wire::Problem { title: "No".into(), details: vec![] });
        log.record(&typed("x"), &refused);
        assert_eq!(log.len(), 0);
    }
}
