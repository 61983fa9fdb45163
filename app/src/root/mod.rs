//! The root of the page: holds the model and the page's own state, and hands each part what it needs.

mod bars;
mod beside;
mod keep;
mod keyboard;
mod presenter;
mod sheet;
mod twin;

pub use presenter::button as present_button;

use std::rc::Rc;

use gloo_events::EventListener;
use wire::{Command, Reply};
use yew::prelude::*;

use crate::bridge::{Bridge, Heard, Trouble};
use crate::charts;
use crate::ctx::Handle;
use crate::home::Home;
use crate::lesson::LessonPanel;
use crate::microscope::Microscope;
use crate::panels::inspector;
use crate::panels::not_real::NotReal;
use crate::panels::overlays::Overlays;
use crate::panels::topbar;
use crate::player::Player;
use crate::share::Arrival;
use crate::stage::Stage;
use crate::store::Model;
use crate::terminal::TerminalDrawer;
use crate::theme::{Theme, narrow, wide};
use crate::timeline;
use crate::ui::{Ask, Bar, Height, Overlay, Screen, Selection, Sheet, Ui, Zoom};

/// Cluster time that runs after a fault, in microseconds: a session of 9 s runs out, a new leader is found, a log is
/// caught up; or only the first effects are seen.
const FOLLOWED_US: u64 = 12_000_000;
const SEEN_US: u64 = 500_000;

pub enum Msg {
    Heard(Heard),
    Ask(Ask),
    Key(web_sys::KeyboardEvent),
    /// The player started, stopped or changed its speed.
    Player,
    /// It is time for what stands beside the stage.
    Painted,
}

pub struct App {
    model: Model,
    beside: beside::Beside,
    ui: Ui,
    handle: Handle,
    /// Writes the session after a quiet moment.
    keeping: Option<gloo_timers::callback::Timeout>,
    /// It was said that nothing is being saved; once is enough.
    told_unsaved: bool,
    twin: Option<twin::Twin>,
    _keys: EventListener,
}

impl Component for App {
    type Message = Msg;
    type Properties = ();

    fn create(ctx: &Context<Self>) -> Self {
        let bridge = Bridge::new(ctx.link().callback(Msg::Heard));
        let player = Player::new(bridge.clone(), ctx.link().callback(|()| Msg::Player));
        let handle = Handle { bridge, player, ui: ctx.link().callback(Msg::Ask) };
        let theme = crate::home::storage::theme().unwrap_or_else(Theme::preferred);
        theme.wear();
        let pressed = ctx.link().callback(Msg::Key);
        let keys = EventListener::new_with_options(
            &gloo_utils::document(),
            "keydown",
            gloo_events::EventListenerOptions::enable_prevent_default(),
            move |event| {
                if let Some(event) = wasm_bindgen::JsCast::dyn_ref::<web_sys::KeyboardEvent>(event) {
                    pressed.emit(event.clone());
                }
            },
        );
        Self {
            model: Model::default(),
            beside: beside::Beside::default(),
            ui: Ui { theme, ..Ui::default() },
            handle,
            keeping: None,
            told_unsaved: false,
            twin: None,
            _keys: keys,
        }
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        match msg {
            Msg::Heard(Heard::Reply(reply, command)) => {
                self.on_reply(&reply, &command);
                self.beside.follow(&self.model, reply.reset || self.handle.player.playing(), ctx.link());
            }
            Msg::Painted => return self.beside.catch_up(&self.model),
            Msg::Heard(Heard::Trouble(trouble)) => self.on_trouble(trouble),
            Msg::Ask(ask) => return self.on_ask(ask),
            Msg::Key(event) => return self.on_key(&event),
            Msg::Player => {
                if self.model.booted && !self.handle.player.playing() {
                    // The engine does not work out a digest for every frame of a run.
                    self.handle.send(Command::Digest);
                    self.keep_soon();
                }
            }
        }
        true
    }

    fn view(&self, _: &Context<Self>) -> Html {
        let (model, ui, handle) = (&self.model, &self.ui, &self.handle);
        let screen = match ui.screen {
            Screen::Home => html! { <Home handle={handle.clone()} theme={ui.theme}/> },
            Screen::NotReal => html! { <NotReal handle={handle.clone()}/> },
            Screen::Session if ui.present => self.presenter(),
            Screen::Session if self.twin.is_some() => {
                self.twin.as_ref().map(|twin| self.twin(twin)).unwrap_or_default()
            }
            Screen::Session => self.session(),
        };
        html! {
            <>
                {bars::bars(&bars::Props { bars: ui.bars.clone(), handle: handle.clone() })}
                {screen}
                <Overlays overlay={ui.overlay} single_keys={ui.single_keys} said={ui.said} lamps={model.lamps.clone()} found={ui.found.clone()} model={(ui.overlay == Some(Overlay::WhatIf)).then(|| model.clone())}
                    events={ui.overlay.map(|_| model.events.clone())} index={ui.overlay.map_or(0, |_| model.index)} handle={handle.clone()}/>
                <Arrival handle={handle.clone()}/>
            </>
        }
    }
}

impl App {
    /// Stage with everything around it. The order in the document is the order of the Tab key (ui.md, section 6).
    fn session(&self) -> Html {
        let (model, beside, ui, handle) = (&self.model, &self.beside.model, &self.ui, &self.handle);
        let focus = ui.focus(model);
        let playing = handle.player.playing();
        let in_sheet = ui.in_sheet(model);
        let class = classes!(
            "app",
            model.lesson.is_none().then_some("no-lesson"),
            ui.terminal_open.then_some("term-open"),
            ui.selection.is_some().then_some("selected"),
            (ui.zoom == Zoom::Log).then_some("zoom-log"),
            sheet_class(in_sheet),
            ui.sheet_height.class()
        );
        html! {
            <div class={class} data-seq={beside.seq.to_string()}>
                <nav class="skips" aria-label="Skip links">
                    if model.lesson.is_some() { <a href="#lesson">{"Skip to the lesson"}</a> }<a href="#stage">{"Skip to the stage"}</a>
                    <a href="#terminal">{"Skip to the terminal"}</a>
                </nav>
                {topbar::top_bar(&topbar::Props { lesson: model.lesson.clone(), versions: topbar_facts(model), theme: ui.theme, handle: handle.clone() })}
                if let Some(lesson) = &beside.lesson {
                    <LessonPanel lesson={lesson.clone()} marked={ui.marked} handle={handle.clone()}/>
                }
                if matches!(ui.zoom, Zoom::Log | Zoom::Bytes) {
                    <Microscope model={model.clone()} focus={focus.clone()} zoom={ui.zoom} broker={ui.on} offset={ui.at} {playing} handle={handle.clone()}/>
                } else {
                    <Stage model={model.clone()} focus={focus.clone()} selection={ui.selection.clone()} theme={ui.theme} {playing}
                        only={(ui.zoom == Zoom::Broker).then(|| ui.broker(model)).flatten()} handle={handle.clone()}/>
                    {inspector::inspector(&inspector::Props { model: beside.clone(), selection: ui.selection.clone(), focus: ui.focus(beside), playing, handle: handle.clone() })}
                }
                {self.timeline()}
                {self.charts()}
                {sheet::tabs(&sheet::Props { shown: in_sheet, height: ui.sheet_height, lesson: model.lesson.clone(), focus: focus.clone(), handle: handle.clone() })}
                {sheet::chips(&sheet::ChipProps { model: model.clone(), focus: focus.clone(), handle: handle.clone() })}
                <TerminalDrawer {playing} terminals={model.terminals.clone()} lines={model.lines.clone()} open={ui.terminal_open}
                    current={ui.terminal.clone()} echo={echo(model)} handle={handle.clone()}/>
            </div>
        }
    }

    /// Beside the open terminal of a sandbox, where the page has room (picture 07).
    fn charts(&self) -> Html {
        let (model, handle) = (&self.model, &self.handle);
        if !self.ui.terminal_open || model.lesson.is_some() || !wide() {
            return html! {};
        }
        let charts = charts::Props {
            index: model.index,
            now_us: model.now_us,
            end_us: model.end_us,
            playing: handle.player.playing(),
            events: model.events.clone(),
            most: 4,
            alerts: false,
            height: chart_height(self.ui.selection.is_some()),
            handle: handle.clone(),
        };
        html! { <charts::Plots {charts} metrics={model.metrics.clone()}/> }
    }

    fn timeline(&self) -> Html {
        let (model, ui, handle) = (&self.model, &self.ui, &self.handle);
        let playing = handle.player.playing();
        let step = model.lesson.as_ref().and_then(|lesson| lesson.steps.get(lesson.step as usize));
        let locked = step.is_some_and(|step| step.predict.as_ref().is_some_and(|predict| predict.chosen.is_none()));
        timeline::timeline(&timeline::Props {
            index: model.index,
            now_us: model.now_us,
            end_index: model.end_index,
            end_us: model.end_us,
            events: model.events.clone(),
            branches: model.branches.clone(),
            playing,
            locked,
            low: ui.terminal_open || narrow(),
            begun: begun(model),
            to_come: to_come(model),
            speed: handle.player.speed(),
            said: ui.said,
            handle: handle.clone(),
        })
    }

    fn on_reply(&mut self, reply: &Rc<Reply>, command: &Command) {
        self.model.apply(reply);
        self.handle.player.on_reply(&self.model, reply);
        if let Some(problem) = &reply.problem {
            self.bar(wire::Tone::Warn, &problem.title, problem.details.clone(), false);
        }
        if keep::changes(command) && self.model.booted && reply.problem.is_none() && !self.handle.player.playing() {
            self.keep_soon();
        }
        match command {
            Command::Export => self.on_exported(reply),
            Command::Boot { .. } | Command::LoadLesson { .. } | Command::Import { preview: false, .. }
                if reply.problem.is_none() =>
            {
                self.ui.screen = Screen::Session;
                self.twin = None;
                if let (Command::LoadLesson { name, .. }, Some(lesson)) = (command, &self.model.lesson) {
                    crate::home::storage::know(name, &lesson.id);
                }
                (self.ui.selection, self.ui.zoom, self.ui.on, self.ui.at) = (None, Zoom::Cluster, None, None);
            }
            _ => {}
        }
    }

    fn on_trouble(&mut self, trouble: Trouble) {
        if matches!(trouble, Trouble::Restored { .. }) {
            self.handle.send(Command::Digest);
        }
        let (tone, title, details, export) = bars::words(trouble);
        self.bar(tone, &title, details, export);
    }

    fn bar(&mut self, tone: wire::Tone, title: &str, details: Vec<String>, export: bool) {
        let bar = Bar { tone, title: title.to_owned(), details, export };
        if !self.ui.bars.contains(&bar) {
            self.ui.bars.push(bar);
        }
    }

    /// Returns whether anything changed.
    fn on_ask(&mut self, ask: Ask) -> bool {
        let before = self.ui.clone();
        match ask {
            Ask::Screen(screen) => {
                self.handle.player.pause();
                self.ui.present = false;
                self.ui.screen = screen;
            }
            Ask::Select(selection) => {
                self.select(selection);
            }
            Ask::Present(on) => self.present(on),
            Ask::Compare(name) => {
                self.compare(name);
                return true;
            }
            Ask::Aside => {
                self.aside();
                return true;
            }
            Ask::WhatIf(change) => self.what_if(change),
            Ask::EndTwin => {
                self.twin = None;
                return true;
            }
            Ask::Hand(option) => self.count(option),
            Ask::Reveal => self.reveal(),
            Ask::Sheet(sheet) => {
                self.ui.terminal_open = sheet == Sheet::Terminal;
                self.ui.sheet = sheet;
                if self.ui.sheet_height == Height::Low {
                    self.ui.sheet_height = Height::Middle;
                }
            }
            Ask::SheetHeight(height) => self.ui.sheet_height = height,
            Ask::Deselect => self.ui.selection = None,
            Ask::Zoom(zoom) => self.zoom(zoom),
            Ask::On(broker) if self.ui.zoom == Zoom::Broker => self.select(Selection::Broker(broker)),
            Ask::On(broker) => self.ui.on = Some(broker),
            Ask::At(offset) => self.ui.at = Some(offset),
            Ask::Overlay(overlay) => self.ui.overlay = overlay,
            Ask::ToggleTerminal => self.ui.terminal_open = !self.ui.terminal_open,
            Ask::Terminal(name) => {
                self.ui.terminal = name;
                self.ui.terminal_open = true;
            }
            Ask::Fault(fault) => self.fault(fault),
            Ask::Run { terminal, line } => self.run(terminal, &line),
            Ask::Theme(theme) => {
                theme.wear();
                crate::home::storage::keep_theme(theme);
                self.ui.theme = theme;
            }
            Ask::Mark(option) => self.ui.marked = option,
            Ask::Found(found) => {
                self.ui.found = Some(found);
                self.ui.overlay = Some(Overlay::Found);
            }
            Ask::SingleKeys(on) => self.ui.single_keys = on,
            Ask::Said(said) => self.ui.said = said,
            Ask::Bar(bar) => self.bar(bar.tone, &bar.title.clone(), bar.details, bar.export),
            Ask::CloseBar(at) if at < self.ui.bars.len() => drop(self.ui.bars.remove(at)),
            Ask::CloseBar(_) => {}
        }
        before != self.ui
    }

    /// A death, a shutdown and a start are followed to their end. While a server hangs, somebody is in the middle of
    /// something that has to be done within its session, and time stands still again soon.
    fn fault(&self, fault: wire::Fault) {
        use wire::Fault;
        let lasts = matches!(fault, Fault::Kill(_) | Fault::Stop(_) | Fault::Start(_));
        let hangs = self.model.brokers.values().any(|broker| broker.state == wire::view::ServerState::Paused);
        self.handle.player.pause();
        self.handle.send(Command::Fault(fault));
        self.handle.player.play_for(if lasts && !hangs { FOLLOWED_US } else { SEEN_US });
    }

    /// A command needs the prompt: what stays in its terminal is stopped first, as a person would with Ctrl-C, and what
    /// ends by itself is given the time.
    fn run(&mut self, terminal: String, line: &wire::lesson::ConsoleLine) {
        let handle = self.handle.clone();
        handle.player.make_way(&terminal);
        let running = self.model.terminals.get(&terminal).filter(|view| view.running.is_some() && !line.input);
        if let Some(view) = running {
            let consumes = |client: &wire::view::ClientView| {
                client.terminal == terminal && client.kind == wire::view::ClientKind::Consumer
            };
            if view.reads_input || self.model.clients.values().any(|client| consumes(client)) {
                handle.send(Command::Interrupt { terminal: terminal.clone() });
            }
            handle.send(Command::RunUntilIdle { terminal: terminal.clone() });
        }
        handle.type_line(&terminal, &line.text);
        // On a narrow page the terminal would take the lesson's place.
        self.ui.terminal_open |= !narrow();
        self.ui.terminal = terminal;
    }

    pub(super) fn zoom(&mut self, zoom: Zoom) {
        self.ui.zoom = zoom;
        self.ui.on = self.ui.broker(&self.model);
        if let (Zoom::Broker, Some(broker)) = (zoom, self.ui.on) {
            self.ui.selection = Some(Selection::Broker(broker));
        }
    }

    fn select(&mut self, selection: Selection) {
        match &selection {
            Selection::Broker(id) => self.ui.on = Some(*id),
            // Another log has other offsets.
            Selection::Partition(tp) if self.ui.focus(&self.model).as_ref() != Some(tp) => self.ui.at = None,
            _ => {}
        }
        self.ui.selection = Some(selection);
        self.ui.sheet = Sheet::Inspector;
    }

    fn close(&mut self) {
        if self.ui.overlay.is_some() {
            self.ui.overlay = None;
        } else if self.ui.present {
            self.present(false);
        } else if self.twin.take().is_some() {
            // The branch that was played stays.
        } else if self.ui.terminal_open {
            self.ui.terminal_open = false;
        } else if self.ui.zoom != Zoom::Cluster {
            self.ui.zoom = Zoom::Cluster;
        } else {
            self.ui.selection = None;
        }
    }

    fn open(&mut self, overlay: Overlay) {
        self.ui.overlay = if self.ui.overlay == Some(overlay) { None } else { Some(overlay) };
    }
}

/// Four charts share the page's height, below the top bar and their tabs; with the inspector above them they are low.
fn chart_height(low: bool) -> f64 {
    let page = gloo_utils::window().inner_height().ok().and_then(|height| height.as_f64());
    page.filter(|_| !low).map_or(76.0, |page| ((page - 150.0) / 4.0 - 43.0).max(76.0))
}

/// The command that the last click on a server stands for, until something is typed.
fn echo(model: &Model) -> Option<String> {
    let list = model.events.all();
    let end = list.partition_point(|event| event.index <= model.index);
    let mine = list[..end].iter().rfind(|event| event.lane == wire::Lane::You)?;
    crate::terminal::fault::line_of(mine)
}

/// Titles of the lesson's steps after the one shown.
fn to_come(model: &Model) -> Rc<Vec<String>> {
    let steps = model.lesson.iter().flat_map(|lesson| (1..).zip(&lesson.steps).skip(lesson.step as usize + 1));
    // A title that names what is not introduced yet would give it away.
    let known = steps.filter(|(_, step)| model.shown().knows(&step.title));
    Rc::new(known.map(|(number, step)| format!("{number} {}", step.title)).collect())
}

/// The lesson's steps up to the one shown, as far as they began in this line of history.
fn begun(model: &Model) -> Rc<Vec<(u32, u64, String)>> {
    let steps = model.lesson.iter().flat_map(|lesson| (1..).zip(&lesson.steps).take(lesson.step as usize + 1));
    Rc::new(steps.filter_map(|(number, step)| Some((number, step.begin_us?, step.title.clone()))).collect())
}

fn sheet_class(sheet: Sheet) -> &'static str {
    match sheet {
        Sheet::Lesson => "in-lesson",
        Sheet::Inspector => "in-insp",
        Sheet::Terminal => "in-term",
    }
}

fn topbar_facts(model: &Model) -> topbar::Facts {
    topbar::Facts { kraft: !model.controllers.is_empty(), digest: model.digest }
}
