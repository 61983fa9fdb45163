//! What stands beside the stage follows it a frame later where time stands still, so that the answer to a key is seen sooner.

use gloo_render::{AnimationFrame, request_animation_frame};
use gloo_timers::callback::Timeout;
use yew::html::Scope;

use super::{App, Msg};
use crate::store::Model;

/// The model that lesson and inspector show.
#[derive(Default)]
pub(super) struct Beside {
    pub model: Model,
    waits: Option<AnimationFrame>,
}

impl Beside {
    /// The stage shows a newer model: the rest will once that is painted. All of it at once if `whole`.
    pub fn follow(&mut self, model: &Model, whole: bool, link: &Scope<App>) {
        if whole {
            *self = Self { model: model.clone(), waits: None };
        } else if self.waits.is_none() {
            let link = link.clone();
            self.waits = Some(request_animation_frame(move |_| {
                // A frame's callbacks come before its painting, a task after it.
                Timeout::new(0, move || link.send_message(Msg::Painted)).forget();
            }));
        }
    }

    /// Takes the model over. False: what is beside the stage shows nothing of what changed.
    pub fn catch_up(&mut self, model: &Model) -> bool {
        self.waits = None;
        std::mem::replace(&mut self.model, model.clone()).seq != model.seq
    }
}
