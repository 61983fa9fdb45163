//! The small cluster on the card of where you stopped: the paused state itself, kept beside the session, so that the first
//! screen can show it before an engine is started.

use wasm_bindgen::JsValue;
use wire::view::{ReplicaView, Role, ServerState};
use yew::prelude::*;

use crate::json::{self, Json};
use crate::stage::cells::outline;
use crate::store::{Glyph, Model, Shape, Tp};
use crate::svg::{N, path, px, rect, text};

/// Columns and rows that fit the card.
const COLUMNS: i64 = 9;
const ROWS: usize = 5;
const PITCH: f64 = 30.0;
const ROW: f64 = 34.0;
const LEFT: f64 = 36.0;

/// The copies of one partition.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Thumb {
    rows: Vec<ThumbRow>,
    /// The high watermark, in columns from the left.
    hw: Option<i64>,
}

#[derive(Clone, Debug, PartialEq)]
struct ThumbRow {
    broker: i32,
    leads: bool,
    in_sync: bool,
    down: bool,
    /// Letter and number of the shape of each record's key, from the left; a blank letter is no key.
    cells: Vec<(char, u8)>,
}

impl Thumb {
    pub fn read(kept: &Json) -> Option<Thumb> {
        let hw = kept.get("hw");
        let rows: Vec<ThumbRow> = kept.get("rows").items().iter().map(ThumbRow::read).collect();
        (!rows.is_empty()).then(|| Thumb { rows, hw: hw.is_there().then(|| hw.number().into()) })
    }

    pub fn write(&self) -> JsValue {
        let hw = self.hw.map_or(JsValue::NULL, |hw| (hw as f64).into());
        json::object([("rows", json::list(self.rows.iter().map(ThumbRow::write))), ("hw", hw)])
    }
}

impl ThumbRow {
    fn read(kept: &Json) -> ThumbRow {
        let letters: Vec<char> = kept.get("cells").text().chars().collect();
        let cell = |pair: &[char]| (pair[0], pair[1].to_digit(10).unwrap_or(0) as u8);
        ThumbRow {
            broker: kept.get("broker").number() as i32,
            leads: kept.get("leads").truth(),
            in_sync: kept.get("inSync").truth(),
            down: kept.get("down").truth(),
            cells: letters.chunks_exact(2).map(cell).collect(),
        }
    }

    /// The cells are one text, two letters each: the key's letter and the number of its shape.
    fn write(&self) -> JsValue {
        let cells: String = self.cells.iter().flat_map(|(letter, shape)| [*letter, (b'0' + shape) as char]).collect();
        json::object([
            ("broker", self.broker.into()),
            ("leads", self.leads.into()),
            ("inSync", self.in_sync.into()),
            ("down", self.down.into()),
            ("cells", cells.into()),
        ])
    }
}

const SHAPES: [Shape; 4] = [Shape::Circle, Shape::Square, Shape::Diamond, Shape::Triangle];

pub fn of(model: &Model, focus: Option<&Tp>) -> Option<Thumb> {
    let tp = focus?;
    let view = model.partitions.get(tp)?;
    let copies = || view.replicas.iter().filter_map(|broker| model.replica(&tp.0, tp.1, *broker));
    let end = copies().map(|copy| copy.log_end).max()?;
    let base = (end - COLUMNS).max(0);
    let row = |copy: &std::rc::Rc<ReplicaView>| ThumbRow {
        broker: copy.broker,
        leads: copy.role == Role::Leader,
        in_sync: view.isr.contains(&copy.broker),
        down: model.brokers.get(&copy.broker).is_none_or(|broker| broker.state == ServerState::Down),
        cells: copy
            .cells
            .iter()
            .filter(|cell| cell.offset >= base)
            .map(|cell| sign(model, cell.key.as_deref()))
            .collect(),
    };
    let mut rows: Vec<ThumbRow> = copies().take(ROWS).map(row).collect();
    crate::order::by(&mut rows, |row| row.broker);
    Some(Thumb { rows, hw: view.high_watermark.map(|hw| (hw - base).max(0)) })
}

fn sign(model: &Model, key: Option<&str>) -> (char, u8) {
    let glyph = key.and_then(|key| model.glyphs.get(key));
    glyph.map_or((' ', 0), |glyph| {
        (glyph.letter, SHAPES.iter().position(|shape| *shape == glyph.shape).unwrap_or(0) as u8)
    })
}

/// Without a session: three brokers that hold nothing yet, which is what a new cluster is.
pub fn picture(thumb: Option<&Thumb>) -> Html {
    let blank = Thumb {
        rows: (1..=3)
            .map(|broker| ThumbRow { broker, leads: false, in_sync: false, down: false, cells: vec![] })
            .collect(),
        hw: None,
    };
    let thumb = thumb.unwrap_or(&blank);
    let h = 16.0 + ROW * thumb.rows.len() as f64;
    let spoken = format!(
        "{} brokers, {} records",
        thumb.rows.len(),
        thumb.rows.iter().map(|row| row.cells.len()).max().unwrap_or(0)
    );
    html! {
        <svg class="th" viewBox={format!("0 0 350 {}", N(h))} role="img" aria-label={spoken}>
            {for thumb.rows.iter().enumerate().map(|(at, view)| row(view, thumb.hw, 10.0 + ROW * at as f64))}
            if let Some(hw) = thumb.hw { {path(format!("M{} 4V{}", N(LEFT + PITCH * hw as f64 - 1.5), N(h - 4.0)), "hwdash")} }
            {path(bracket(thumb), "brk")}
        </svg>
    }
}

fn row(view: &ThumbRow, hw: Option<i64>, y: f64) -> Html {
    let cell = |(at, (letter, shape)): (usize, &(char, u8))| {
        let x = LEFT + PITCH * at as f64;
        let past = hw.is_some_and(|hw| at as i64 >= hw);
        let (class, glyph, ink) = match (view.down, view.leads, past) {
            (true, ..) => ("c-off", "c-off", "mid f11 o-off"),
            (_, true, false) => ("c-lead", "g-on", "mid f11 gt-on"),
            (_, true, true) => ("c-lead-past", "g-on-past", "mid f11 gt-on"),
            (_, false, true) => ("c-fol-past", "g-off plate-f", "mid f11 gt-off"),
            (_, false, false) => ("c-fol", "g-off", "mid f11 gt-off"),
        };
        let key = Glyph { letter: *letter, shape: SHAPES[usize::from(*shape) % SHAPES.len()] };
        html! {
            <>
                {rect(x, y + 2.0, 27.0, 26.0, 4.0, class)}
                if key.letter != ' ' { {outline(key.shape, x + 13.5, y + 15.0, 8.0, glyph)}{text(x + 13.5, y + 18.8, ink, key.letter.to_string())} }
            </>
        }
    };
    html! {
        <>
            {rect(10.0, y - 1.0, 312.0, 32.0, 7.0, if view.leads { "groove focus" } else { "groove" })}
            {text(22.0, y + 19.5, if view.down { "mid b f13 earoff" } else { "mid b f13" }, view.broker.to_string())}
            {for view.cells.iter().enumerate().map(cell)}
            if view.cells.is_empty() { {rect(LEFT, y + 2.0, 27.0, 26.0, 4.0, "c-ghost")} }
        </>
    }
}

fn bracket(thumb: &Thumb) -> String {
    let arms: Vec<f64> =
        thumb.rows.iter().enumerate().filter(|(_, row)| row.in_sync).map(|(at, _)| 25.0 + ROW * at as f64).collect();
    let (Some(top), Some(low)) = (arms.first(), arms.last()) else { return String::new() };
    arms.iter().fold(format!("M336 {}V{}", px(*top), px(*low)), |d, y| d + &format!("M324 {}H336", px(*y)))
}
