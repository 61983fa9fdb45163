//! One copy of a partition on one broker: label, crown, cells on the offset axis, rail and flags.

use std::rc::Rc;

use crate::svg::{N, dot, object, path, rect, text};
use wire::view::{CELLS_MAX, PartitionView, ReplicaView, Role, ServerState};
use yew::prelude::*;

use super::cells::{Ink, Place, cell};
use super::layout::{AXIS_X, CELL_W, Form, LaneBox, PITCH, RACK_X};
use super::{CROWN, Shown, clipped};
use crate::ctx::Handle;
use crate::store::Glyphs;
use crate::ui::{Ask, Selection, label};

/// A consumer's mark on a lane: position, and what it has committed.
#[derive(Clone, Debug, PartialEq)]
pub struct Pin {
    pub position: i64,
    pub committed: Option<i64>,
}

#[derive(Properties, PartialEq)]
pub struct Props {
    pub place: LaneBox,
    pub broker: i32,
    pub state: ServerState,
    pub partition: Rc<PartitionView>,
    pub replica: Option<Rc<ReplicaView>>,
    /// The partition before the last beat: who led it then.
    pub before: Option<Rc<PartitionView>>,
    /// Right edge of the rack.
    pub right: f64,
    pub base: i64,
    pub slots: i64,
    /// Log end of the leader's copy.
    pub leader_end: i64,
    /// On a dead broker's disk: the first record that the leader does not have. It is cut when the broker comes back.
    pub lost: Option<i64>,
    pub pins: Vec<Pin>,
    pub glyphs: Rc<Glyphs>,
    pub shown: Shown,
    pub slim: bool,
    pub handle: Handle,
}

impl Props {
    fn x_of(&self, offset: i64) -> f64 {
        AXIS_X + PITCH * (offset - self.base).clamp(0, self.slots) as f64
    }

    fn ink(&self) -> Ink {
        match self.replica.as_ref().map_or(Role::Offline, |replica| replica.role) {
            Role::Offline => Ink::Offline,
            _ if self.state == ServerState::Down => Ink::Offline,
            Role::Leader => Ink::Leader,
            _ if self.shown.isr && !self.partition.isr.contains(&self.broker) => Ink::Out,
            _ => Ink::Follower,
        }
    }

    fn leads(&self) -> bool {
        self.partition.leader == Some(self.broker)
    }

    fn focused(&self) -> bool {
        self.place.form == Form::Focus
    }

    /// Where stripes begin: the leader's high watermark, or what this copy knows of it.
    fn watermark(&self) -> Option<i64> {
        self.partition.high_watermark.or_else(|| self.replica.as_ref().map(|replica| replica.high_watermark))
    }
}

#[component]
pub fn Lane(props: &Props) -> Html {
    let place = &props.place;
    let tp = place.tp.clone();
    let select = props.handle.ui.reform(move |()| Ask::Select(Selection::Partition(tp.clone())));
    let (onclick, onkeydown) = super::navigate::press(select);
    let class = classes!("lane", (!props.focused()).then_some("dim"), (props.ink() == Ink::Offline).then_some("off"));
    let groove = classes!(
        "groove",
        (props.focused() && props.ink() != Ink::Offline).then_some("focus"),
        (place.form == Form::Thin).then_some("thin")
    );
    let (x, w) = (RACK_X + 39.0, props.right - RACK_X - 45.0);
    let rx = if place.form == Form::Thin { 4.0 } else { 7.0 };
    html! {
        <g {class} {onclick} {onkeydown}>
            {object("lane", false, spoken(props), (x, place.y, w, place.h), rx, groove)}
            {name(props)}
            {cells(props)}
            if props.focused() && !props.slim { {rail(props)}{lost(props)} } else if props.shown.hw { {small_marks(props)} }
            {crown(props)}
        </g>
    }
}

/// "orders-1 on broker 2, leader, epoch 4, high watermark 7, log end 9".
fn spoken(props: &Props) -> String {
    let role = match props.ink() {
        Ink::Leader => "leader",
        Ink::Follower => "follower",
        Ink::Out => "follower, out of the ISR",
        Ink::Offline => "offline",
    };
    let mut words = format!("{} on broker {}, {role}", label(&props.place.tp), props.broker);
    if props.shown.epoch {
        words += &format!(", epoch {}", props.partition.leader_epoch);
    }
    if let Some(replica) = &props.replica {
        if props.shown.hw {
            words += &format!(", high watermark {}", replica.high_watermark);
        }
        words += &format!(", log end {}", replica.log_end);
    }
    words
}

fn name(props: &Props) -> Html {
    let place = &props.place;
    let text = label(&place.tp);
    let off = props.ink() == Ink::Offline;
    let (dy, class, letters) = match place.form {
        Form::Thin => (9.0, "f11 q3", 11),
        Form::Folded => (20.5, if off { "f12 q3" } else { "f12" }, 9),
        Form::Focus if props.slim => (20.5, if off { "f12 q3" } else { "f12 b" }, 9),
        Form::Focus => (19.0, if off { "f13 q3" } else { "f13 b" }, if text.chars().count() > 8 { 7 } else { 8 }),
    };
    let words = crate::svg::text(RACK_X + 47.0, place.y + dy, class, clipped(&text, letters));
    if place.form == Form::Focus && !props.slim {
        html! { <>{words}{role_line(props)}</> }
    } else {
        words
    }
}

/// Under the name: the leader's epoch (inverted while it is new), or the role.
fn role_line(props: &Props) -> Html {
    let (x, y) = (RACK_X + 47.0, props.place.y + 37.0);
    let was = props.before.as_ref().is_some_and(|before| before.leader == Some(props.broker));
    let fresh = props.before.as_ref().is_some_and(|before| before.leader_epoch != props.partition.leader_epoch);
    let quiet = |words: &'static str| text(x, y - 1.0, "f11 q3", words);
    match (props.leads() && props.ink() != Ink::Offline, props.ink()) {
        (true, _) if !props.shown.epoch => quiet("leader"),
        (true, _) if fresh => {
            let epoch = props.partition.leader_epoch.to_string();
            let w = 8.0 + 8.0 * epoch.len() as f64;
            html! {
                <>
                    {text(x, y + 1.0, "f11 ik", "epoch")}
                    {rect(x + 36.0, y - 12.0, w, 17.0, 3.0, "pill-ink")}
                    {text(x + 36.0 + w / 2.0, y + 1.0, "mid m f13 pill-ink-t", epoch)}
                </>
            }
        }
        (true, _) => text(x, y, "f11", format!("epoch {}", props.partition.leader_epoch)),
        (false, Ink::Offline) if was => quiet("was leader"),
        (false, Ink::Offline) => quiet("offline"),
        (false, Ink::Out) => quiet("out of ISR"),
        (false, _) => quiet("follower"),
    }
}

fn cells(props: &Props) -> Html {
    let place = &props.place;
    let (y, h) = match place.form {
        Form::Thin => (place.y, place.h),
        _ => (place.y + 3.0, place.h - 6.0),
    };
    let ink = props.ink();
    let mark = props.watermark().filter(|_| props.shown.hw);
    let visible = |offset: i64| (props.base..props.base + props.slots).contains(&offset);
    let records = props.replica.iter().flat_map(|replica| replica.cells.iter()).filter(|record| visible(record.offset));
    let drawn = records.map(|record| {
        let past = mark.is_some_and(|mark| record.offset >= mark);
        let at = Place { x: props.x_of(record.offset) - 0.5, y, h, form: place.form, ink, past };
        html! { <g key={record.offset} class="cell" data-obj={props.focused().then_some("cell")} tabindex={props.focused().then_some("-1")}
            role={props.focused().then_some("img")} aria-label={props.focused().then(|| spoken_cell(props, record))}>{cell(record, at, &props.glyphs)}</g> }
    });
    html! { <>{for drawn}{gaps(props, y, h)}{earlier(props)}{ghosts(props, y, h)}</> }
}

/// Offsets whose records the cleaner took out: a dot, and the number stays.
fn gaps(props: &Props, y: f64, h: f64) -> Html {
    let Some(replica) = props.replica.as_ref().filter(|_| props.focused() && props.ink() != Ink::Offline) else {
        return html! {};
    };
    // Of older offsets the view says nothing.
    let from = props.base.max(replica.log_start).max(replica.log_end - CELLS_MAX as i64);
    let there = |offset: i64| replica.cells.iter().any(|cell| cell.offset == offset);
    let gap = |offset: i64| {
        let mid = props.x_of(offset) + CELL_W / 2.0 - 0.5;
        html! { <>{dot(mid, y + h / 2.0 - 5.0, 1.6, "f-q3")}{text(mid, y + h - 4.5, "mid m f12 q3", offset.to_string())}</> }
    };
    let end = replica.log_end.min(props.base + props.slots);
    html! { <g aria-hidden="true">{for (from..end).filter(|at| !there(*at)).map(gap)}</g> }
}

fn spoken_cell(props: &Props, record: &wire::view::CellView) -> String {
    let key = record.key.as_deref().unwrap_or("null");
    let value = record.value.as_deref().unwrap_or("null");
    format!("offset {}, key {key}, value {value}, broker {}", record.offset, props.broker)
}

/// Records before those that are drawn: counted where there is room for words.
fn earlier(props: &Props) -> Html {
    let Some(replica) = props.replica.as_ref().filter(|replica| props.focused() && !replica.cells.is_empty()) else {
        return html! {};
    };
    let first = replica.cells[0].offset;
    let (x, y) = (props.x_of(first), props.place.y + props.place.h / 2.0);
    if x > AXIS_X + 2.0 * PITCH && first > replica.log_start {
        return text(x - 10.0, y + 4.0, "end f11 q3", format!("{} earlier", first - replica.log_start));
    }
    if props.base == 0 {
        html! {}
    } else {
        path(format!("M{} {}l-3 5 3 5", N(x - 1.5), N(y - 5.0)), "more")
    }
}

/// Under the lane of a dead broker: what only its disk has.
fn lost(props: &Props) -> Html {
    let (Some(at), Some(replica)) = (props.lost, &props.replica) else { return html! {} };
    let last = replica.log_end - 1;
    let which = if at == last { format!("offset {at}") } else { format!("offsets {at} to {last}") };
    let words = format!("{which} lived only here: cut on return");
    let (w, y) = (5.7 * words.len() as f64 + 8.0, props.place.y + props.place.h + 3.0);
    let right = (props.x_of(last + 1) + 4.0).max(AXIS_X + w);
    html! { <>{rect(right - w, y, w, 17.0, 4.0, "f-rack")}{text(right - 5.0, y + 12.5, "end f11", words)}</> }
}

/// Columns without a record: what a follower does not have yet, or the leader's next slot.
fn ghosts(props: &Props, y: f64, h: f64) -> Html {
    let Some(replica) = props.replica.as_ref().filter(|_| props.focused() && props.ink() != Ink::Offline) else {
        return html! {};
    };
    let window_end = props.base + props.slots;
    let end = props.leader_end.max(replica.log_end + 1).min(window_end);
    let word = props.ink() == Ink::Leader && !props.slim;
    let slot = |offset: i64| {
        let x = props.x_of(offset) - 0.5;
        html! {
            <>
                {rect(x, y, CELL_W, h, 4.0, "c-ghost")}
                if word { {text(x + CELL_W / 2.0, y + 24.0, "mid f10 q3", "next")} }
            </>
        }
    };
    html! { <>{for (replica.log_end.max(props.base)..end).map(slot)}</> }
}

fn crown(props: &Props) -> Html {
    let x = RACK_X + if props.focused() { 108.5 } else { 106.5 };
    let y = props.place.y + if props.focused() && !props.slim { 10.0 } else { 11.5 };
    let k = if props.focused() && !props.slim { ".855" } else { ".738" };
    let moved = props.before.as_ref().is_some_and(|before| before.leader == Some(props.broker)) && !props.leads();
    if props.place.form == Form::Thin {
        return html! { if props.leads() { <path d={CROWN} transform={format!("translate({x} {}) scale(.6)", N(props.place.y + 2.0), x = N(x))} class="crown"/> } };
    }
    let transform = format!("translate({x} {y}) scale({k})", x = N(x), y = N(y));
    html! {
        if props.leads() { <path d={CROWN} {transform} class="crown"/> }
        else if moved && props.focused() { <path d={CROWN} {transform} class="crown-was"/> }
    }
}

/// Under the focused lane: how far the log goes, how far it is safe, and the flags for both.
fn rail(props: &Props) -> Html {
    let Some(replica) = props.replica.as_ref().filter(|_| props.ink() != Ink::Offline) else { return html! {} };
    let y = props.place.y + props.place.h + 5.0;
    let leader = props.ink() == Ink::Leader;
    let mark =
        if leader { props.partition.high_watermark.unwrap_or(replica.high_watermark) } else { replica.high_watermark };
    let (end_x, mark_x) = (props.x_of(replica.log_end), props.x_of(mark));
    let start = N(AXIS_X);
    let flags = Flags::new(props, mark, replica.log_end, leader);
    html! {
        <g>
            if replica.log_end > props.base { {path(format!("M{start} {y}H{end_x}", y = N(y), end_x = N(end_x)), "rail")} }
            if props.shown.hw {
                if mark > props.base { {path(format!("M{start} {y}H{mark_x}", y = N(y), mark_x = N(mark_x)), "rail-on")} }
                {flags.mark(mark_x, y, leader)}
                // What it is beside is introduced with it; before that the empty slot says where the next record goes.
                {text(flags.end_x, y + 12.5, if leader { "m f11 ik" } else { "m f11 q3" }, flags.end)}
            }
            if leader { {pins(props, y, (flags.mark_x, flags.mark_x + flags.mark_w))} }
        </g>
    }
}

/// Width of a letter on a flag.
const LETTER: f64 = 6.7;

/// The flags of the high watermark and of the log end: what they say and where they begin. The second keeps clear of the
/// first, and where the rack ends both move to the left.
struct Flags {
    words: String,
    mark_x: f64,
    mark_w: f64,
    end: String,
    end_x: f64,
}

impl Flags {
    fn new(props: &Props, mark: i64, end: i64, leader: bool) -> Self {
        let held = leader && props.partition.high_watermark_held;
        let words = if held { format!("HW {mark} held") } else { format!("HW {mark}") };
        let mark_w = LETTER * words.len() as f64 + if leader { 10.0 } else { 0.0 };
        let at = props.x_of(mark);
        // A follower's stands before its tick, unless the lane begins there.
        let mark_x = match leader {
            true => at,
            false if mark - props.base < 2 => at + 4.0,
            false => at - 5.0 - mark_w,
        };
        let end = format!("LEO {end}");
        let wish =
            (props.x_of(props.replica.as_ref().map_or(0, |replica| replica.log_end)) + 5.0).max(mark_x + mark_w + 6.0);
        let end_x = wish.min(props.right - 6.0 - LETTER * end.len() as f64);
        Self { mark_x: mark_x.min(end_x - 6.0 - mark_w), words, mark_w, end, end_x }
    }

    /// The high watermark: an inverted flag on the leader, a quiet one on a follower.
    fn mark(&self, x: f64, y: f64, leader: bool) -> Html {
        let at = self.mark_x - x;
        html! {
            <g class="slide" transform={format!("translate({x} {y})", x = N(x), y = N(y))}>
                if leader {
                    <path d="M0 -52V9" class="hw"/>
                    {rect(at, 2.0, self.mark_w, 14.0, 3.0, "pill-ink")}
                    {text(at + self.mark_w / 2.0, 12.5, "mid m f11 pill-ink-t", self.words.clone())}
                } else {
                    <path d="M0 -6V5" class="hw"/>{text(at, 12.5, "m f11 q3", self.words.clone())}
                }
            </g>
        }
    }
}

/// Half the width of a reader's caret.
const CARET: f64 = 6.0;

/// Where a caret for `at` stands: beside the watermark's flag, not under it.
fn beside(at: f64, flag: (f64, f64)) -> f64 {
    let clear = flag.0 - CARET - 2.0;
    if at > clear && at < flag.1 + CARET { clear } else { at }
}

/// Bookmark at the committed offset, caret at the position, between them what would be read again.
fn pins(props: &Props, y: f64, flag: (f64, f64)) -> Html {
    let pin = |pin: &Pin| {
        let x = beside(props.x_of(pin.position), flag);
        let committed = pin.committed.filter(|at| *at != pin.position).map(|at| {
            let cx = props.x_of(at);
            let (from, to) = (cx.min(x), cx.max(x));
            html! {
                <>
                    {rect(from + 3.0, y + 4.0, (to - from - 9.0).max(0.0), 7.0, 0.0, "redeliver")}
                    {path(format!("M{} {}h10v13l-5 -4-5 4z", N(cx - 7.0), N(y - 1.0)), "bm")}
                    {text(cx - 11.0, y + 12.5, "end f11", format!("committed {at}"))}
                </>
            }
        });
        html! { <>{committed}{path(format!("M{x} {}l6 10h-12z", N(y + 2.0), x = N(x)), "pos")}</> }
    };
    html! { <g class="pins">{for props.pins.iter().map(pin)}</g> }
}

/// On a small lane: the leader's high watermark as a line, a consumer's place as a caret.
fn small_marks(props: &Props) -> Html {
    if !props.leads() || props.ink() == Ink::Offline {
        return html! {};
    }
    let (y, h) = (props.place.y, props.place.h);
    let mark = props.partition.high_watermark.filter(|mark| (props.base..=props.base + props.slots).contains(mark));
    html! {
        <>
            if let Some(mark) = mark { {path(format!("M{} {y}v{h}", N(props.x_of(mark)), y = N(y), h = N(h)), "hw quiet")} }
            if props.place.form == Form::Folded && props.shown.clients {
                {for props.pins.iter().map(|pin| small_pin(props, pin, y + h))}
            }
            if props.partition.isr.len() < props.partition.replicas.len() && props.place.form == Form::Folded { {under(props)} }
        </>
    }
}

/// A consumer's caret at the lower edge of a small lane, and the bookmark of what it has committed.
fn small_pin(props: &Props, pin: &Pin, low: f64) -> Html {
    let committed = pin
        .committed
        .filter(|at| *at != pin.position)
        .map(|at| path(format!("M{} {}h8v10l-4 -3-4 3z", N(props.x_of(at) - 5.0), N(low - 9.0)), "bm"));
    html! { <>{committed}{path(format!("M{} {}l5 9h-10z", N(props.x_of(pin.position)), N(low - 8.0)), "pos")}</> }
}

/// Under-replicated: a triangle and the count.
fn under(props: &Props) -> Html {
    let (x, y) = (props.right - 66.0, props.place.y);
    let words = format!("{} of {}", props.partition.isr.len(), props.partition.replicas.len());
    html! {
        <>
            {rect(x - 10.0, y + 6.0, 66.0, 20.0, 4.0, "plate")}
            {path(format!("M{x} {}l6.5 11.5h-13z", N(y + 10.0), x = N(x)), "warn-tri")}
            {text(x + 10.0, y + 20.5, "f11 warn-t", words)}
        </>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_readers_mark_keeps_clear_of_the_flag() {
        let flag = (400.0, 446.0);
        for at in (300..=600).map(f64::from) {
            let x = beside(at, flag);
            assert!(x + CARET <= flag.0 || x - CARET >= flag.1, "{at} at {x}");
            assert!(x == at || (at > flag.0 - 2.0 * CARET && at < flag.1 + CARET), "{at} is moved to {x} for nothing");
        }
    }
}
