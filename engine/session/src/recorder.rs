//! Kafka's metrics over virtual time: what a chart is drawn of.
//!
//! Looked at in fixed intervals while history is made for the first time, whether by running on or by playing a link; so
//! who goes back finds the very values that were there. Each branch has its own record, begun as a copy of what it shares
//! with another. Only changes are kept, and when a record grows long every second interval goes.

use base::{Map, Micros};

use sim::World;
use sim::timeline::Timeline;
use wire::reply::SeriesView;

use crate::act::Act;
use crate::host::Host;
use crate::player::Place;
use crate::view;

/// The first interval, and the most of them.
const EVERY: Micros = Micros::from_ms(200);
const INTERVALS_MAX: u64 = 600;

/// Bean, and who reports it.
type Name = (&'static str, String);
type Points = Vec<(u64, Option<u64>)>;

/// What was seen on one branch.
#[derive(Clone, Debug)]
struct Record {
    every: Micros,
    /// When the metrics are looked at next.
    next: Micros,
    lines: Map<Name, Points>,
}

/// The records of all branches that were played.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    branch: u32,
    current: Record,
    others: Map<u32, Record>,
}

impl Default for Record {
    fn default() -> Record {
        Record { every: EVERY, next: Micros::ZERO, lines: Map::new() }
    }
}

impl Recorder {
    /// The branch with this number is played from now on.
    pub fn follow(&mut self, timeline: &Timeline<Host, Act>, branch: u32) {
        if branch == self.branch {
            return;
        }
        let known = self.others.remove(&branch);
        let shared = Place::parting(timeline, self.branch, branch).at;
        let next = known.unwrap_or_else(|| self.current.until(shared));
        self.others.insert(self.branch, std::mem::replace(&mut self.current, next));
        self.branch = branch;
    }

    /// Looks at the world if it is time to. What lies before was seen already.
    pub fn look(&mut self, world: &World<Host>) {
        if world.now() >= self.current.next {
            self.current.note(world);
        }
    }

    /// All lines of the branch that is played.
    pub fn series(&self) -> Vec<SeriesView> {
        let line = |((bean, who), points): (&Name, &Points)| SeriesView {
            bean: bean.to_string(),
            who: who.clone(),
            points: points.clone(),
        };
        self.current.lines.iter().map(line).collect()
    }
}

impl Record {
    fn note(&mut self, world: &World<Host>) {
        let now = world.now();
        if now.0 / self.every.0 > INTERVALS_MAX {
            self.thin_out();
        }
        self.next = Micros((now.0 / self.every.0 + 1) * self.every.0);
        let readings = view::readings(world);
        let mut seen: Map<Name, u64> = Map::new();
        for reading in readings {
            seen.insert((reading.bean, reading.who), reading.value);
        }
        for (name, points) in &mut self.lines {
            put(points, now, seen.remove(name));
        }
        for (name, value) in seen {
            self.lines.insert(name, vec![(now.0, Some(value))]);
        }
    }

    /// Every second interval goes; of those that are left, the last value counts.
    fn thin_out(&mut self) {
        self.every = Micros(self.every.0 * 2);
        let every = self.every.0;
        for points in self.lines.values_mut() {
            let mut kept: Points = Vec::new();
            for point in points.drain(..) {
                match kept.last_mut().filter(|last| last.0 / every == point.0 / every) {
                    Some(last) => *last = point,
                    None => kept.push(point),
                }
            }
            *points = kept;
        }
    }

    /// What was seen before a moment.
    fn until(&self, at: Micros) -> Record {
        let mut record = Record { next: self.next.min(at), ..self.clone() };
        for points in record.lines.values_mut() {
            points.truncate(points.partition_point(|point| point.0 < at.0));
        }
        record.lines.retain(|_, points| !points.is_empty());
        record
    }
}

fn put(points: &mut Points, now: Micros, value: Option<u64>) {
    if points.last().is_none_or(|last| last.1 != value) {
        points.push((now.0, value));
    }
}
