//! Where everything of the stage stands. Pure: the same view, size and focus give the same places.
//!
//! One rule shapes it: the same offset of a partition has the same x on every broker. Replication is then a vertical
//! move, lag a missing column, and the high watermark one line through all racks.

use wire::view::ClientKind;

use crate::store::{Model, Ordered, Tp};

/// Pixels between two offsets, and the width of a cell.
pub const PITCH: f64 = 36.0;
pub const CELL_W: f64 = 33.0;
/// Left edge of the racks, and of the offset axis from there.
pub const RACK_X: f64 = 158.0;
pub const AXIS_X: f64 = 283.0;
/// Right of the racks: the ISR bracket, then the consumers. On a tablet they give way until ten offsets fit a lane.
const RIGHT_W: f64 = 179.0;
const RIGHT_W_MIN: f64 = 171.0;
const BRACKET_W: f64 = 40.0;
const RACK_W_MIN: f64 = 330.0;
const TEN_W: f64 = 491.0;
/// Top of the racks: above them stand the controller and the words of the high watermark.
const TOP: f64 = 92.0;
/// The same where the page is low, as with an open terminal.
const TOP_LOW: f64 = 60.0;
const LOW: f64 = 560.0;
const LEGEND_H: f64 = 29.0;
const GAP: f64 = 7.0;
const TITLE_H: f64 = 25.0;
const FOCUS_H: f64 = 46.0;
/// The focused lane with its rail and flags.
const FOCUS_PITCH: f64 = 67.0;
const FOLDED_H: f64 = 32.0;
const FOLDED_PITCH: f64 = 36.0;
const THIN_H: f64 = 10.0;
const THIN_PITCH: f64 = 13.0;
const SLIM_H: f64 = 42.0;
/// Height of the card under a client whose send was refused.
pub const ERROR_H: f64 = 96.0;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The one partition in focus: large cells, rail, flags.
    Focus,
    /// Readable, quiet.
    Folded,
    /// Cells without letters: there are too many partitions for more.
    Thin,
}

#[derive(Clone, Debug, PartialEq)]
pub struct LaneBox {
    pub tp: Tp,
    pub form: Form,
    pub y: f64,
    pub h: f64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct RackBox {
    pub broker: i32,
    pub y: f64,
    pub h: f64,
    pub lanes: Vec<LaneBox>,
    /// Partitions that have a replica here and no room.
    pub hidden: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ClientBox {
    pub key: (String, u32),
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
    /// Top of its error card, if its last send was refused.
    pub error_y: Option<f64>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    pub width: f64,
    pub height: f64,
    pub rack_w: f64,
    /// Top of the racks.
    pub top: f64,
    /// Without title rows: many brokers.
    pub slim: bool,
    /// Offsets that fit a lane.
    pub slots: i64,
    pub racks: Vec<RackBox>,
    pub producers: Vec<ClientBox>,
    pub consumers: Vec<ClientBox>,
    pub consumers_x: f64,
    /// First offset shown, by partition.
    pub bases: Ordered<Tp, i64>,
}

impl Layout {
    pub fn new(model: &Model, focus: Option<&Tp>, width: f64, height: f64, legend: bool, only: Option<i32>) -> Self {
        let below = if legend { LEGEND_H } else { 4.0 };
        let ten = TEN_W.min(width - RACK_X - RIGHT_W_MIN);
        let rack_w = (width - RACK_X - RIGHT_W).max(ten).max(RACK_W_MIN);
        let slots = ((RACK_X + rack_w - 6.0 - AXIS_X + 0.5) / PITCH).floor().max(1.0) as i64;
        let mut layout = Self {
            width: width.max(RACK_X + rack_w + RIGHT_W_MIN),
            rack_w,
            top: if height < LOW { TOP_LOW } else { TOP },
            slots,
            consumers_x: RACK_X + rack_w + BRACKET_W,
            bases: bases(model, slots),
            ..Self::default()
        };
        layout.place_racks(model, focus, height - layout.top - below, only);
        layout.height = (layout.racks_bottom() + below).max(height);
        layout.place_clients(model);
        layout
    }

    pub fn racks_bottom(&self) -> f64 {
        self.racks.last().map_or(self.top + 165.0, |rack| rack.y + rack.h)
    }

    /// Middle of the controller, from the top, and its radius.
    pub fn controller(&self) -> (f64, f64) {
        if self.top < TOP { (22.0, 15.0) } else { (34.0, 19.0) }
    }

    pub fn rack_right(&self) -> f64 {
        RACK_X + self.rack_w
    }

    pub fn rack(&self, broker: i32) -> Option<&RackBox> {
        self.racks.iter().find(|rack| rack.broker == broker)
    }

    pub fn lane(&self, broker: i32, tp: &Tp) -> Option<&LaneBox> {
        self.rack(broker)?.lanes.iter().find(|lane| lane.tp == *tp)
    }

    pub fn base(&self, tp: &Tp) -> i64 {
        self.bases.get(tp).copied().unwrap_or(0)
    }

    /// Left edge of an offset's column; an offset outside the window stands at the window's edge.
    pub fn x_of(&self, tp: &Tp, offset: i64) -> f64 {
        let column = (offset - self.base(tp)).clamp(0, self.slots);
        AXIS_X + PITCH * column as f64
    }

    /// Middle of a cell.
    pub fn cell_mid(&self, tp: &Tp, offset: i64) -> f64 {
        self.x_of(tp, offset).min(AXIS_X + PITCH * (self.slots - 1) as f64) + CELL_W / 2.0 - 0.5
    }

    fn place_racks(&mut self, model: &Model, focus: Option<&Tp>, room: f64, only: Option<i32>) {
        let shown = || model.brokers.keys().copied().filter(|id| only.is_none_or(|only| only == *id));
        let count = shown().count().max(1) as f64;
        let each = (room - GAP * (count - 1.0)) / count;
        self.slim = each < TITLE_H + FOCUS_PITCH && count > 1.0;
        let mut y = self.top;
        let lanes: Vec<_> = shown().map(|id| (id, lanes_of(model, focus, id))).collect();
        let most = lanes.iter().map(|(_, tps)| tps.len()).max().unwrap_or(0);
        // A broker that is looked at alone shows all it has, and the stage scrolls.
        let each =
            if only.is_some() { each.max(TITLE_H + FOCUS_PITCH + 1.0 + FOLDED_PITCH * most as f64) } else { each };
        let large = only.is_some() && TITLE_H + FOCUS_PITCH * most as f64 <= each;
        let mut plan = Plan::new(most, each, self.slim);
        if large {
            plan.form = Form::Focus;
            plan.rack_h = (TITLE_H + FOCUS_PITCH * most as f64 + 1.0).max(plan.rack_h);
        }
        for (broker, tps) in lanes {
            let mut rack = plan.rack(broker, y, &tps, focus);
            rack.h = if self.slim { SLIM_H } else { plan.rack_h };
            y += rack.h + if self.slim { 5.0 } else { GAP };
            self.racks.push(rack);
        }
    }

    fn place_clients(&mut self, model: &Model) {
        let (mut left, mut right) = (vec![], vec![]);
        for (key, client) in model.clients.iter() {
            match client.kind {
                ClientKind::Consumer => {
                    right.push((key.clone(), 38.0 + 21.0 * client.positions.len().min(4) as f64, false))
                }
                _ => left.push((key.clone(), 72.0, client.last_error.is_some())),
            }
        }
        let (top, bottom) = (self.top, self.racks_bottom().max(self.top + 300.0));
        self.producers = stack(left, 14.0, 102.0, top, bottom);
        let w = self.width - self.consumers_x - 30.0;
        self.consumers = stack(right, self.consumers_x + 8.0, w, top + 48.0, bottom - 20.0);
        let lowest = self.producers.iter().chain(&self.consumers).map(|b| b.error_y.map_or(b.y + b.h, |y| y + ERROR_H));
        self.height = lowest.fold(self.height, |height, low| height.max(low + 12.0));
    }
}

/// How tall lanes may be so that the racks fit.
struct Plan {
    form: Form,
    /// Lanes besides the focused one that fit.
    others: usize,
    rack_h: f64,
}

impl Plan {
    fn new(lanes: usize, each: f64, slim: bool) -> Self {
        if slim {
            return Self { form: Form::Folded, others: 0, rack_h: SLIM_H };
        }
        let rest = (each - TITLE_H - FOCUS_PITCH - 1.0).max(0.0);
        let others = lanes.saturating_sub(1);
        let folded = (rest / FOLDED_PITCH) as usize;
        let thin = (rest / THIN_PITCH) as usize;
        let (form, others, pitch) = if folded >= others {
            (Form::Folded, others, FOLDED_PITCH)
        } else if thin >= others {
            (Form::Thin, others, THIN_PITCH)
        } else {
            (Form::Thin, thin, THIN_PITCH)
        };
        // Room for three lanes is kept even where there are fewer, so that creating a topic does not move the racks.
        let rack_h = TITLE_H + FOCUS_PITCH + 1.0 + (others as f64 * pitch).max((2.0 * FOLDED_PITCH).min(rest));
        Self { form, others, rack_h }
    }

    fn rack(&self, broker: i32, top: f64, tps: &[Tp], focus: Option<&Tp>) -> RackBox {
        let slim = self.rack_h == SLIM_H;
        let mut y = top + if slim { 5.0 } else { TITLE_H };
        let mut lanes = vec![];
        let mut others = 0;
        for tp in tps {
            let focused = focus == Some(tp);
            if !focused {
                if others == self.others {
                    continue;
                }
                others += 1;
            }
            let (form, h, pitch) = match (focused, self.form) {
                (true, _) if slim => (Form::Focus, FOLDED_H, FOLDED_PITCH),
                (true, _) | (false, Form::Focus) => (Form::Focus, FOCUS_H, FOCUS_PITCH),
                (false, Form::Thin) => (Form::Thin, THIN_H, THIN_PITCH),
                (false, _) => (Form::Folded, FOLDED_H, FOLDED_PITCH),
            };
            lanes.push(LaneBox { tp: tp.clone(), form, y, h });
            y += pitch;
        }
        let hidden = tps.len() - lanes.len();
        RackBox { broker, y: top, h: self.rack_h, lanes, hidden }
    }
}

/// Partitions with a replica on a broker. Those of Kafka's own topics stay away unless one is in focus.
fn lanes_of(model: &Model, focus: Option<&Tp>, broker: i32) -> Vec<Tp> {
    let internal = |topic: &str| model.topics.get(topic).is_some_and(|view| view.internal);
    model
        .partitions
        .iter()
        .filter(|(tp, view)| {
            let here = view.replicas.contains(&broker) || model.replica(&tp.0, tp.1, broker).is_some();
            here && (!internal(&tp.0) || focus == Some(*tp))
        })
        .map(|(tp, _)| tp.clone())
        .collect()
}

/// First offset shown per partition: zero until the log outgrows the lane, then in steps of half a lane, so that cells
/// stand still between two steps.
fn bases(model: &Model, slots: i64) -> Ordered<Tp, i64> {
    let mut ends: Ordered<Tp, i64> = Ordered::new();
    for ((topic, p, _), replica) in model.replicas.iter() {
        let end = ends.entry((topic.clone(), *p)).or_default();
        *end = (*end).max(replica.log_end);
    }
    let step = (slots / 2).max(1);
    ends.into_iter()
        .map(|(tp, end)| {
            // One slot stays free: the next record's.
            let over = (end + 1 - slots).max(0);
            (tp, (over + step - 1) / step * step)
        })
        .collect()
}

/// Spreads boxes over a column, each near the middle of its share, none on another.
fn stack(of: Vec<((String, u32), f64, bool)>, x: f64, w: f64, top: f64, bottom: f64) -> Vec<ClientBox> {
    let share = (bottom - top) / of.len().max(1) as f64;
    let mut free = top;
    let mut boxes = vec![];
    for (at, (key, h, error)) in of.into_iter().enumerate() {
        let whole = if error { h + 12.0 + ERROR_H } else { h };
        let wish = top + share * at as f64 + ((share - whole) / 2.0).max(0.0);
        let y = wish.max(free).round();
        free = y + whole + 10.0;
        boxes.push(ClientBox { key, x, y, w, h, error_y: error.then_some(y + h + 12.0) });
    }
    boxes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_never_overlap() {
        let of = (0..9).map(|n| (("t1".to_owned(), n), 72.0, n % 2 == 0)).collect();
        let boxes = stack(of, 0.0, 10.0, 0.0, 300.0);
        for pair in boxes.windows(2) {
            let low = pair[0].error_y.map_or(pair[0].y + pair[0].h, |y| y + ERROR_H);
            assert!(low <= pair[1].y, "{pair:?}");
        }
    }

    #[test]
    fn lanes_that_do_not_fit_are_thin_and_then_counted() {
        assert_eq!(Plan::new(3, 165.0, false).form, Form::Folded);
        let crowded = Plan::new(6, 165.0, false);
        assert_eq!((crowded.form, crowded.others), (Form::Thin, 5));
        let packed = Plan::new(50, 165.0, false);
        assert_eq!(packed.form, Form::Thin);
        assert!(packed.others < 49 && packed.rack_h <= 165.0);
    }
}
