//! The lines of a chart: whose values they are, and what is drawn at a time.

use wire::reply::SeriesView;

use super::WINDOW_US;
use super::kinds::{Form, Kind};

pub type Points = [(u64, Option<u64>)];

/// One line: its label, and whose values add up to it.
pub struct Line<'a> {
    pub who: &'a str,
    pub parts: Vec<&'a Points>,
}

pub fn at(points: &Points, us: u64) -> Option<u64> {
    points[..points.partition_point(|point| point.0 <= us)].last()?.1
}

impl Line<'_> {
    /// What is drawn at a time; nothing while nobody reports.
    pub fn value(&self, form: Form, us: u64, window: u64) -> Option<u64> {
        let of = |points: &&Points| {
            let now = at(points, us)?;
            Some(match form {
                Form::Each | Form::Sum => now,
                // A process that was started anew counts from zero.
                _ => {
                    now - us.checked_sub(window).and_then(|us| at(points, us)).filter(|then| *then <= now).unwrap_or(0)
                }
            })
        };
        let sum = self.parts.iter().filter_map(of).reduce(|a, b| a + b)?;
        Some(if form == Form::Rate { sum * WINDOW_US / window } else { sum })
    }

    /// The times at which it may change, in order.
    pub fn times(&self, form: Form, window: u64, now: u64) -> Vec<u64> {
        let mut times: Vec<u64> = self.parts.iter().flat_map(|points| points.iter().map(|point| point.0)).collect();
        if matches!(form, Form::Rate | Form::Delta) {
            let ends: Vec<u64> = times.iter().map(|us| us + window).collect();
            times.extend(ends);
        }
        times.retain(|us| *us <= now);
        crate::order::by(&mut times, |us| *us);
        times.dedup();
        times
    }
}

pub fn lines<'a>(kind: &Kind, series: &'a [SeriesView]) -> Vec<Line<'a>> {
    let mine = series.iter().filter(|one| one.bean == kind.bean);
    if matches!(kind.form, Form::Sum) {
        return vec![Line { who: "", parts: mine.map(|one| one.points.as_slice()).collect() }];
    }
    mine.map(|one| Line { who: &one.who, parts: vec![&one.points] }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_drawn_as_what_it_grew_by() {
        let points = [(0, Some(3)), (2_000_000, Some(5)), (9_000_000, None), (12_000_000, Some(1))];
        let line = Line { who: "1", parts: vec![&points] };
        let grew = |us| line.value(Form::Delta, us, WINDOW_US);
        assert_eq!(line.times(Form::Delta, WINDOW_US, 3_000_000), [0, 1_000_000, 2_000_000, 3_000_000]);
        assert_eq!([grew(0), grew(1_500_000), grew(2_500_000), grew(3_500_000)], [Some(3), Some(0), Some(2), Some(0)]);
        assert_eq!([grew(9_500_000), grew(12_500_000)], [None, Some(1)]);
    }
}
