//! What is under way, on one canvas above the picture, drawn in animation frames without Yew.
//!
//! A token's place is a function of the view and the time: the share of its way that has passed. While time runs it is drawn
//! for every frame, at the player's moment. After a single step the time itself glides from where it was to where it is,
//! so a step is seen as a move. While paused everything stands.

use std::cell::RefCell;
use std::rc::Rc;

use gloo_render::{AnimationFrame, request_animation_frame};
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};
use wire::view::FlightView;
use yew::prelude::*;

use super::paint::{Palette, token};
use super::route::{Route, route};
use super::{Layout, press};
use crate::ctx::Handle;
use crate::player::Player;
use crate::store::{Model, Shown, Tp};
use crate::svg::object;
use crate::theme::{Theme, reduced_motion};
use crate::ui::{Ask, Selection};

/// Wall time a single step takes to show, in milliseconds.
const GLIDE_MS: f64 = 420.0;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub model: Model,
    pub layout: Rc<Layout>,
    pub focus: Option<Tp>,
    /// Of the picture below.
    pub zoom: f64,
    pub shown: Shown,
    pub theme: Theme,
    pub playing: bool,
    pub handle: Handle,
}

/// One message and the way it takes on this stage.
struct Token {
    view: Rc<FlightView>,
    route: Route,
    /// Share of the way at which a glide begins, and where it ends.
    from: f64,
    to: f64,
}

#[derive(Default)]
struct Scene {
    tokens: Vec<Token>,
    glide_start_ms: Option<f64>,
    gliding: bool,
    /// The moment that was drawn last, in microseconds of the cluster.
    moment_us: Option<u64>,
    /// Reading the style sheet's colours makes the browser work out all styles, so it is done once for a theme.
    palette: Palette,
    theme: Option<Theme>,
    size: (f64, f64),
    zoom: f64,
    glyphs: Rc<crate::store::Glyphs>,
    frame: Option<AnimationFrame>,
}

#[component]
pub fn Flights(props: &Props) -> Html {
    let canvas = use_node_ref();
    let scene = use_mut_ref(Scene::default);
    {
        let (scene, canvas) = (scene.clone(), canvas.clone());
        let (model, layout, focus, handle) =
            (props.model.clone(), props.layout.clone(), props.focus.clone(), props.handle.clone());
        let (shown, zoom, theme) = (props.shown, props.zoom, props.theme);
        let moment = (props.model.flights.clone(), props.model.index, props.model.now_us, props.playing);
        use_effect_with((moment, layout.clone(), props.theme, shown, zoom.to_bits()), move |_| {
            let player = handle.player;
            let glides = player.take_step() && !reduced_motion();
            let mut learning = scene.borrow_mut();
            learning.zoom = zoom;
            if learning.theme != Some(theme) {
                (learning.theme, learning.palette) = (Some(theme), Palette::read());
            }
            let was_empty = learning.tokens.is_empty();
            learning.learn(&model, &layout, focus.as_ref(), shown, glides);
            // An empty sheet over an empty sheet: the browser would draw all that is below it anew.
            let stays_empty = was_empty && learning.tokens.is_empty();
            drop(learning);
            if let (false, Some(canvas)) = (stays_empty, canvas.cast::<HtmlCanvasElement>()) {
                paint_soon(&scene, &canvas, &player);
            }
        });
    }
    html! { <canvas ref={canvas} class="flights" aria-hidden="true"/> }
}

impl Scene {
    fn learn(&mut self, model: &Model, layout: &Layout, focus: Option<&Tp>, shown: Shown, glides: bool) {
        let before: Vec<_> = self.tokens.drain(..).collect();
        for view in model.flights.values() {
            let Some(route) = route(view, model, layout, focus, shown) else { continue };
            let to = share(view, model.now_us);
            let known = before.iter().find(|token| token.view.id == view.id);
            let from = if glides { known.map_or(0.0, |token| token.to) } else { to };
            self.tokens.push(Token { view: view.clone(), route, from, to });
        }
        if glides {
            // What has arrived in this step is seen to arrive.
            let gone = before.into_iter().filter(|token| token.to < 1.0 && !model.flights.contains_key(&token.view.id));
            let arriving: Vec<_> = gone.filter(|token| token.view.arrives_us <= model.now_us).collect();
            for token in arriving {
                self.tokens.push(Token { from: token.to, to: 1.0, ..token });
            }
        }
        self.gliding = glides;
        (self.glide_start_ms, self.moment_us) = (None, None);
        self.size = (layout.width, layout.height);
        self.glyphs = model.glyphs.clone();
    }

    /// Draws a moment, if it is another than the one that is there.
    fn draw(&mut self, canvas: &HtmlCanvasElement, at_ms: f64, moment_us: u64) {
        if !self.gliding && self.moment_us == Some(moment_us) {
            return;
        }
        self.moment_us = Some(moment_us);
        let ratio = gloo_utils::window().device_pixel_ratio().max(1.0) * self.zoom;
        let (w, h) = ((self.size.0 * ratio) as u32, (self.size.1 * ratio) as u32);
        if canvas.width() != w || canvas.height() != h {
            canvas.set_width(w);
            canvas.set_height(h);
        }
        let Some(pen) =
            canvas.get_context("2d").ok().flatten().and_then(|c| c.dyn_into::<CanvasRenderingContext2d>().ok())
        else {
            return;
        };
        // A canvas without its context has nothing to draw on; transforms of finite numbers cannot fail.
        let _ = pen.set_transform(ratio, 0.0, 0.0, ratio, 0.0, 0.0);
        pen.clear_rect(0.0, 0.0, self.size.0, self.size.1);
        let gone = if self.gliding {
            let start = *self.glide_start_ms.get_or_insert(at_ms);
            ease(((at_ms - start) / GLIDE_MS).clamp(0.0, 1.0))
        } else {
            1.0
        };
        for item in &self.tokens {
            let to = if self.gliding { item.to } else { share(&item.view, moment_us) };
            let at = item.from + (to - item.from) * gone;
            // What has arrived has its place in the picture; the token would hide it.
            if at < 1.0 || gone < 1.0 {
                token(&pen, &self.palette, &self.glyphs, &item.view, &item.route, at);
            }
        }
        self.gliding &= gone < 1.0;
    }
}

/// Share of its way that a message has behind it.
fn share(view: &FlightView, now_us: u64) -> f64 {
    let whole = view.arrives_us.saturating_sub(view.sent_us).max(1) as f64;
    (now_us.saturating_sub(view.sent_us) as f64 / whole).clamp(0.0, 1.0)
}

/// While time stands each message can be taken up: its place has a name and opens what the message says.
pub fn handles(props: &super::Props, layout: &Layout, shown: Shown) -> Html {
    let handle = |view: &Rc<FlightView>| {
        let (x, y) =
            route(view, &props.model, layout, props.focus.as_ref(), shown)?.at(share(view, props.model.now_us));
        let chosen = Selection::Message(view.id);
        let class = classes!("message", (props.selection.as_ref() == Some(&chosen)).then_some("sel"));
        let kind = if view.response { "response" } else { "request" };
        let spoken = format!("{} {kind} from {} to {}, {}", view.api, view.from, view.to, view.label);
        let (onclick, onkeydown) = press(props.handle.ui.reform(move |()| Ask::Select(chosen.clone())));
        let place = (x - 12.0, y - 12.0, 24.0, 24.0);
        Some(
            html! { <g key={view.id} {onclick} {onkeydown}>{object("message", false, spoken, place, 12.0, class)}</g> },
        )
    };
    html! { <g>{for props.model.flights.values().filter_map(handle)}</g> }
}

/// Draws in the next frame, and in the ones after while something glides or time runs.
fn paint_soon(scene: &Rc<RefCell<Scene>>, canvas: &HtmlCanvasElement, player: &Player) {
    let (again, sheet, clock) = (scene.clone(), canvas.clone(), player.clone());
    let frame = request_animation_frame(move |at_ms| {
        let more = {
            let mut scene = again.borrow_mut();
            scene.draw(&sheet, at_ms, clock.moment_us());
            scene.gliding || (clock.playing() && !scene.tokens.is_empty())
        };
        if more {
            paint_soon(&again, &sheet, &clock);
        }
    });
    // Replacing the handle cancels a frame that was asked for before; one drawing is enough.
    scene.borrow_mut().frame = Some(frame);
}

/// Slow at both ends (the flight curve of ui.md, near enough without a solver).
fn ease(t: f64) -> f64 {
    t * t * (3.0 - 2.0 * t)
}
