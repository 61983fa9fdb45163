//! The twin stage: two branches of history side by side at the same time, and where they first part.
//!
//! The left one stands as it was when it was put there; the right one is the branch that is played.

use std::rc::Rc;

use wire::view::PartitionView;
use wire::{Command, EventView};
use yew::prelude::*;

use super::App;
use crate::panels::topbar::logo;
use crate::stage::Stage;
use crate::store::{Events, Model, Shown};
use crate::text::el;
use crate::timeline::clock;
use crate::ui::{Ask, label};

/// Rows of what differs; who wants more looks at the stages.
const ROWS_MAX: usize = 6;

/// A branch as it was at one moment.
pub struct Twin {
    name: String,
    model: Model,
}

impl App {
    /// Puts the branch that is shown aside and goes to another one, at the same time.
    pub(super) fn compare(&mut self, name: String) {
        self.handle.player.pause();
        self.aside();
        self.handle.send(Command::SwitchBranch { name });
    }

    /// Puts the branch that is shown aside.
    pub(super) fn aside(&mut self) {
        let model = Model { events: self.model.events.frozen(), ..self.model.clone() };
        self.twin = Some(Twin { name: branch(&model), model });
    }

    /// From here on twice, with one change and without: first as it goes by itself, which is put aside, then the change on
    /// a branch of its own, as far.
    pub(super) fn what_if(&mut self, change: Command) {
        self.handle.player.pause();
        (self.ui.overlay, self.ui.present) = (None, false);
        let index = self.model.index;
        let until = self.model.end_us.max(self.model.now_us + super::FOLLOWED_US);
        self.handle.send(Command::Seek { index: self.model.end_index });
        let handle = self.handle.clone();
        self.handle.run_to(
            move |_| until,
            move || {
                handle.show(Ask::Aside);
                handle.send(Command::Seek { index });
                handle.send(Command::Fork { name: String::new() });
                handle.send(change.clone());
                handle.run_to(move |_| until, || ());
            },
        );
    }

    pub(super) fn twin(&self, twin: &Twin) -> Html {
        let (model, ui, handle) = (&self.model, &self.ui, &self.handle);
        let exit = handle.ui.reform(|_: MouseEvent| Ask::EndTwin);
        let focus = ui.focus(model);
        let parting = parting(&twin.model.events, &model.events);
        let side = |name: &str, model: &Model, frozen: bool, event: &Option<Rc<EventView>>| {
            let said = event.as_ref().map_or("Nothing more.".to_owned(), |event| model.shown().words(event));
            html! {
                <section aria-label={name.to_owned()}>
                    <h2>{name}{el("span", "muted", format!(" at {} s", clock(model.now_us)))}</h2>
                    <Stage model={model.clone()} focus={focus.clone()} selection={ui.selection.clone()} theme={ui.theme} {frozen}
                        playing={!frozen && handle.player.playing()} present=true handle={handle.clone()}/>
                    if parting.is_some() { {el("p", "parts", said)} }
                </section>
            }
        };
        let (left, right) = parting.clone().unwrap_or_default();
        let go = parting.as_ref().map(|(left, right)| {
            let index = right.as_ref().map_or(model.end_index, |event| event.index);
            let at_us = left.as_ref().or(right.as_ref()).map_or(0, |event| event.at_us);
            let (handle, name) = (handle.clone(), twin.name.clone());
            let onclick = Callback::from(move |_: MouseEvent| {
                let (ui, name) = (handle.ui.clone(), name.clone());
                handle.player.pause();
                handle.ask(Command::Seek { index }, move |_| ui.emit(Ask::Compare(name.clone())));
            });
            html! { <>{el("b", "", format!("First difference at {} s", clock(at_us)))}<button class="btn sm" {onclick}>{"Go there"}</button></> }
        });
        html! {
            <div class="pz twin" data-seq={model.seq.to_string()}>
                <header class="pt"><span class="brand">{logo()}{"Offset Zero"}</span><span class="vr"/>{el("b", "", "Two branches")}<span class="grow"/>
                    {go.unwrap_or_else(|| html! { {"No difference so far"} })}<span class="vr"/>
                    <button class="btn" onclick={exit}>{"Exit"}<kbd>{"Esc"}</kbd></button></header>
                <div class="both">{side(&twin.name, &twin.model, true, &left)}{side(&branch(model), model, false, &right)}</div>
                {differing(&twin.model, model)}
                {self.timeline()}
            </div>
        }
    }
}

/// Name of the branch that is shown.
fn branch(model: &Model) -> String {
    model.branches.iter().find(|branch| branch.current).map_or("main".to_owned(), |branch| branch.name.clone())
}

type Parting = (Option<Rc<EventView>>, Option<Rc<EventView>>);

/// The first event of each that the other has not.
fn parting(left: &Events, right: &Events) -> Option<Parting> {
    let (a, b) = (left.all(), right.all());
    let same = a.iter().zip(b.iter()).take_while(|(a, b)| a.at_us == b.at_us && a.sentence == b.sentence).count();
    let next = (a.get(same).cloned(), b.get(same).cloned());
    (next.0.is_some() || next.1.is_some()).then_some(next)
}

/// Partitions that stand differently now.
fn differing(left: &Model, right: &Model) -> Html {
    let shown = right.shown();
    let row = |(tp, view): (&crate::store::Tp, &Rc<PartitionView>)| {
        let (a, b) = (left.partitions.get(tp).map(|view| standing(view, shown)), standing(view, shown));
        let a = a.unwrap_or_else(|| "not there".to_owned());
        (a != b).then(|| html! { <tr>{el("th", "", label(tp))}{el("td", "", a)}{el("td", "", b)}</tr> })
    };
    html! { <table class="differs"><tbody>{for right.partitions.iter().filter_map(row).take(ROWS_MAX)}</tbody></table> }
}

fn standing(view: &PartitionView, shown: Shown) -> String {
    let mut words = view.leader.map_or("no leader".to_owned(), |id| format!("leader {id}"));
    if shown.epoch {
        words += &format!(", epoch {}", view.leader_epoch);
    }
    if shown.isr {
        let isr: Vec<String> = view.isr.iter().map(i32::to_string).collect();
        words += &format!(", ISR {}", isr.join(", "));
    }
    if let (true, Some(mark)) = (shown.hw, view.high_watermark) {
        words += &format!(", HW {mark}");
    }
    words
}
