//! From time to place. One axis for the lanes and for the charts.

use crate::store::Events;

/// The shortest axis, in microseconds: a young cluster's first second must not fill the page.
const SPAN_MIN_US: u64 = 10_000_000;
/// And the fewest events.
const EVENTS_MIN: u64 = 40;

/// From time to place: half by the clock, half by what happened. By the clock alone the milliseconds in which everything
/// happens would be one spot between the seconds in which nothing does. Charts stand on the same axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// Left edge, and width.
    pub left: f64,
    pub width: f64,
    /// Share of the width that is time; steps to come have the rest.
    pub share: f64,
    pub end_us: u64,
    /// Events the axis has room for.
    pub count: f64,
    pub events: Events,
}

impl Axis {
    /// All of a width is time.
    pub fn new(left: f64, width: f64, end_us: u64, events: Events) -> Self {
        let count = stretched(EVENTS_MIN, events.all().len() as u64) as f64;
        Self { left, width, share: 1.0, end_us: stretched(SPAN_MIN_US, end_us), count, events }
    }

    pub fn x(&self, us: u64) -> f64 {
        self.left + self.width * self.share * self.part(us)
    }

    fn part(&self, us: u64) -> f64 {
        0.5 * us as f64 / self.end_us as f64 + 0.5 * self.rank(us) / self.count
    }

    /// Events until a time; between two of them it rises evenly.
    fn rank(&self, us: u64) -> f64 {
        let list = self.events.all();
        let done = list.partition_point(|event| event.at_us <= us);
        let (Some(next), Some(last)) = (list.get(done), done.checked_sub(1).map(|last| &list[last])) else {
            return done as f64;
        };
        done as f64 + (us - last.at_us) as f64 / (next.at_us - last.at_us) as f64
    }

    /// The time at a place: what `x` undoes.
    pub fn time(&self, x: f64) -> u64 {
        let part = (x - self.left) / (self.width * self.share);
        let (mut low, mut high) = (0, self.end_us);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.part(middle) < part {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}

/// The end of an axis: some room to the right, grown in steps, so that ticks stand still while time runs.
fn stretched(least: u64, end: u64) -> u64 {
    let mut span = least;
    while span < end.saturating_add(end / 12) {
        span += span / 4;
    }
    span
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::{EventView, Lane, Tone};

    fn event(at_us: u64) -> EventView {
        EventView {
            index: at_us,
            ordinal: 0,
            at_us,
            lane: Lane::You,
            tone: Tone::Plain,
            kind: String::new(),
            sentence: String::new(),
            partition: None,
            actor: String::new(),
            beat: true,
        }
    }

    #[test]
    fn a_time_and_its_place_agree() {
        let mut events = Events::default();
        events.replace(0, &[2_000_000, 2_000_400, 9_000_000].map(event), true);
        let axis = Axis { share: 0.6, ..Axis::new(96.0, 1328.0, 20_000_000, events) };
        assert!(axis.time(axis.x(8_200_000)).abs_diff(8_200_000) < 2);
        // Two events of one moment do not stand on one spot.
        assert!(axis.x(2_000_400) - axis.x(2_000_000) > 5.0);
    }
}
