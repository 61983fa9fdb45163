//! The icons of the chrome: one path each on a 16 px square, drawn with the text's colour.

use yew::{Html, html};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    Chevron,
    Down,
    Up,
    Seed,
    Undo,
    Redo,
    Share,
    Check,
    Cross,
    BeatBack,
    StepBack,
    Play,
    Pause,
    StepForward,
    BeatForward,
    Fork,
    Terminal,
    Question,
    Sun,
    Plus,
    File,
    Present,
}

impl Icon {
    fn path(self) -> &'static str {
        match self {
            Self::Chevron => "M6 3.8 10 8l-4 4.2",
            Self::Down => "M4.5 6 8 9.7 11.5 6",
            Self::Up => "M4.5 10 8 6.3l3.5 3.7",
            Self::Seed => "M3 3h10v10H3zM6 6h.01M10 10h.01M10 6h.01M6 10h.01",
            Self::Undo => "M6 3 2.8 6.2 6 9.4M3 6.2h6.2a3.6 3.6 0 0 1 0 7.2H6",
            Self::Redo => "M10 3l3.2 3.2L10 9.4M13 6.2H6.8a3.6 3.6 0 0 0 0 7.2H10",
            Self::Share => "M8 10V2.5M5 5.2 8 2.3l3 2.9M3 9v4.2h10V9",
            Self::Check => "M3.2 8.4 6.4 11.6 12.8 4.6",
            Self::Cross => "M4 4l8 8M12 4l-8 8",
            Self::BeatBack => "M13.5 3.5v9l-5-4.5zM7.5 3.5v9L2.5 8z",
            Self::StepBack => "M12 3.5v9L6 8zM4 3.5v9",
            Self::Play => "M4.5 2.8v10.4a.6.6 0 0 0 .92.5l8-5.2a.6.6 0 0 0 0-1l-8-5.2a.6.6 0 0 0-.92.5z",
            Self::Pause => "M4.4 3h2.4v10H4.4zM9.2 3h2.4v10H9.2z",
            Self::StepForward => "M4 3.5v9l6-4.5zM12 3.5v9",
            Self::BeatForward => "M2.5 3.5v9l5-4.5zM8.5 3.5v9l5-4.5z",
            Self::Fork => "M4.5 2.5v11M4.5 9.5c0-3 7-1.5 7-5M11.5 2.5v2",
            Self::Terminal => "M2 3h12v10H2zM4.5 6.2 6.6 8l-2.1 1.8M8 10h3",
            Self::Question => {
                "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM6.3 6.4a1.8 1.8 0 1 1 2.4 1.7c-.5.2-.7.5-.7 1M8 11.3h.01"
            }
            Self::Sun => {
                "M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6zM8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9\
                 M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9"
            }
            Self::Plus => "M8 3v10M3 8h10",
            Self::File => "M4 2h5l3 3v9H4zM9 2v3h3",
            Self::Present => "M2 3h12v8H2zM8 11v3M5.5 14h5",
        }
    }

    fn filled(self) -> bool {
        matches!(self, Self::Play | Self::Pause)
    }
}

/// An icon beside or instead of words; the words are the control's own.
pub fn icon(icon: Icon) -> Html {
    let class = if icon.filled() { "i f" } else { "i" };
    html! { <svg class={class} viewBox="0 0 16 16" aria-hidden="true"><path d={icon.path()}/></svg> }
}

/// A status mark: a ring with a tick, a ring of dashes, a square with a cross, a triangle. Shape and word, never hue alone.
pub fn mark(state: Mark) -> Html {
    let inner = match state {
        Mark::Ok => icon(Icon::Check),
        Mark::Error => icon(Icon::Cross),
        Mark::Warn => html! { {"!"} },
        Mark::Open => html! {},
    };
    html! { <span class={state.class()} aria-hidden="true">{inner}</span> }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    Ok,
    Open,
    Warn,
    Error,
}

impl Mark {
    fn class(self) -> &'static str {
        match self {
            Self::Ok => "mk ok",
            Self::Open => "mk todo",
            Self::Warn => "mk warn",
            Self::Error => "mk err",
        }
    }
}
