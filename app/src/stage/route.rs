//! The way a message takes across the stage: along the wires of clients, up and down a column between brokers, along
//! the left edge to the controller.

use wire::view::FlightView;

use super::layout::{Layout, RACK_X};
use crate::store::{Model, Shown, Tp};
use crate::ui::label;

/// Height of the flags under a lane, and of half a mark below them.
const FLAGS: f64 = 33.0;

/// Points of a line, and how loud it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    pub points: Vec<(f64, f64)>,
    /// Between two brokers: drawn as an arrow with a label.
    pub column: bool,
    /// Right edge of the racks: a label ends before it.
    pub right: f64,
    /// Small dot without words: heartbeats, metadata, empty fetches outside the focus.
    pub quiet: bool,
}

impl Route {
    /// The point at a share of the way.
    pub fn at(&self, share: f64) -> (f64, f64) {
        let lengths: Vec<f64> = self.points.windows(2).map(|pair| distance(pair[0], pair[1])).collect();
        let mut left = lengths.iter().sum::<f64>() * share.clamp(0.0, 1.0);
        for (pair, length) in self.points.windows(2).zip(&lengths) {
            if left <= *length && *length > 0.0 {
                let k = left / length;
                return (pair[0].0 + (pair[1].0 - pair[0].0) * k, pair[0].1 + (pair[1].1 - pair[0].1) * k);
            }
            left -= length;
        }
        self.points.last().copied().unwrap_or_default()
    }
}

fn distance(a: (f64, f64), b: (f64, f64)) -> f64 {
    (a.0 - b.0).hypot(a.1 - b.1)
}

enum End {
    Broker(i32),
    Controller,
    /// A terminal's client: the point where its wire begins, and whether that is left of the racks.
    Client((f64, f64), bool),
}

pub fn route(view: &FlightView, model: &Model, layout: &Layout, focus: Option<&Tp>, shown: Shown) -> Option<Route> {
    let tp = view.partition.as_ref().and_then(|name| model.partitions.keys().find(|tp| label(tp) == *name));
    let about = tp.or(focus);
    let (from, to) = (end(&view.from, view, model, layout)?, end(&view.to, view, model, layout)?);
    let in_focus = tp.is_some() && tp == focus;
    let to_controller = matches!((&from, &to), (End::Controller, _) | (_, End::Controller));
    let loud = !to_controller
        && (view.error || !view.keys.is_empty() || view.api == "Produce" || (in_focus && view.api == "Fetch"));
    let points = match (&from, &to) {
        (End::Broker(a), End::Broker(b)) => column(layout, model, about, *a, *b),
        (End::Broker(a), End::Controller) => reversed(controller_way(layout, *a)),
        (End::Controller, End::Broker(b)) => controller_way(layout, *b),
        (End::Client(at, left), End::Broker(b)) => client_way(layout, about, *at, *left, *b),
        (End::Broker(a), End::Client(at, left)) => reversed(client_way(layout, about, *at, *left, *a)),
        _ => return None,
    };
    let hidden = match (&from, &to) {
        (End::Controller, _) | (_, End::Controller) => !shown.controller,
        (End::Client(..), _) | (_, End::Client(..)) => !shown.clients,
        _ => false,
    };
    let between = matches!((&from, &to), (End::Broker(_), End::Broker(_)));
    (!hidden && points.len() > 1).then_some(Route {
        points,
        column: between && loud,
        right: layout.rack_right(),
        quiet: !loud,
    })
}

fn end(host: &str, view: &FlightView, model: &Model, layout: &Layout) -> Option<End> {
    let host_of = |endpoint: &str| endpoint.split(':').next().map(str::to_owned);
    if let Some(broker) = model.brokers.values().find(|broker| host_of(&broker.endpoint).as_deref() == Some(host)) {
        return Some(End::Broker(broker.id));
    }
    if model.controllers.values().any(|controller| host_of(&controller.endpoint).as_deref() == Some(host)) {
        return Some(End::Controller);
    }
    let consumes = view.api == "Fetch" || view.api == "ListOffsets";
    let on = |boxes: &[super::layout::ClientBox]| boxes.iter().find(|place| place.key.0 == host).cloned();
    let right = on(&layout.consumers).map(|place| End::Client((place.x - 2.0, place.y + place.h / 2.0), false));
    let left = on(&layout.producers).map(|place| End::Client((place.x + place.w, place.y + place.h / 2.0), true));
    if consumes { right.or(left) } else { left.or(right) }
}

/// Up or down the column of the newest record, outside the lanes themselves.
fn column(layout: &Layout, model: &Model, about: Option<&Tp>, a: i32, b: i32) -> Vec<(f64, f64)> {
    let lane = |broker: i32| {
        let named = about.and_then(|tp| layout.lane(broker, tp)).map(|lane| (lane.y, lane.h));
        named.or_else(|| layout.rack(broker).map(|rack| (rack.y + 25.0, rack.h - 50.0)))
    };
    let (Some(from), Some(to)) = (lane(a), lane(b)) else { return vec![] };
    let x = match about {
        Some(tp) => {
            let leader = model.partitions.get(tp).and_then(|view| view.leader);
            let end = leader.and_then(|leader| model.replica(&tp.0, tp.1, leader)).map_or(1, |replica| replica.log_end);
            // Pairs of brokers keep to the two sides of the column, so that two answers do not cover each other.
            layout.cell_mid(tp, (end - 1).max(0))
        }
        None => layout.rack_right() - 60.0,
    };
    // Under a lane stand the flags of its offsets: no message's mark lies on them.
    let below = to.0 > from.0;
    if below {
        vec![(x, from.0 + from.1 + FLAGS), (x, to.0 - 4.0)]
    } else {
        vec![(x, from.0 - 4.0), (x, to.0 + to.1 + FLAGS)]
    }
}

/// From the controller down the left edge into a rack.
fn controller_way(layout: &Layout, broker: i32) -> Vec<(f64, f64)> {
    let Some(rack) = layout.rack(broker) else { return vec![] };
    let (y, _) = layout.controller();
    vec![(RACK_X + 1.0, y), (148.0, y), (148.0, rack.y + 20.0), (RACK_X, rack.y + 20.0)]
}

/// Along a client's wire, which is the same curve the picture draws.
fn client_way(layout: &Layout, about: Option<&Tp>, at: (f64, f64), left: bool, broker: i32) -> Vec<(f64, f64)> {
    let lane = about.and_then(|tp| layout.lane(broker, tp)).map(|lane| lane.y + lane.h / 2.0);
    let Some(y) = lane.or_else(|| layout.rack(broker).map(|rack| rack.y + 20.0)) else { return vec![] };
    if left { curve(at, (RACK_X - 1.0, y), 28.5) } else { reversed(curve((layout.rack_right(), y), at, 30.0)) }
}

fn curve(a: (f64, f64), b: (f64, f64), pull: f64) -> Vec<(f64, f64)> {
    let (c, d) = ((a.0 + pull, a.1), (b.0 - pull, b.1));
    let point = |t: f64| {
        let u = 1.0 - t;
        let mix =
            |p: f64, q: f64, r: f64, s: f64| u * u * u * p + 3.0 * u * u * t * q + 3.0 * u * t * t * r + t * t * t * s;
        (mix(a.0, c.0, d.0, b.0), mix(a.1, c.1, d.1, b.1))
    };
    (0..=16).map(|step| point(f64::from(step) / 16.0)).collect()
}

fn reversed(mut points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    points.reverse();
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_the_way_is_measured_along_it() {
        let route =
            Route { points: vec![(0.0, 0.0), (10.0, 0.0), (10.0, 30.0)], column: false, right: 0.0, quiet: false };
        assert_eq!(route.at(0.0), (0.0, 0.0));
        assert_eq!(route.at(0.5), (10.0, 10.0));
        assert_eq!(route.at(1.0), (10.0, 30.0));
    }
}
