//! Dark and light, and whether motion is wanted.

use std::cell::OnceCell;

use gloo_utils::{document, window};
use web_sys::MediaQueryList;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    #[default]
    Dark,
    Light,
}

impl Theme {
    pub fn name(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
        }
    }

    pub fn other(self) -> Self {
        match self {
            Self::Dark => Self::Light,
            Self::Light => Self::Dark,
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        [Self::Dark, Self::Light].into_iter().find(|theme| theme.name() == name)
    }

    /// What the system asks for.
    pub fn preferred() -> Self {
        let light = Asked::new("(prefers-color-scheme: light)").holds();
        if light { Self::Light } else { Self::Dark }
    }

    /// Dresses the document.
    pub fn wear(self) {
        if let Some(root) = document().document_element() {
            // Setting a known attribute of the document's own element cannot fail.
            let _ = root.set_attribute("data-theme", self.name());
        }
    }
}

/// A question about the page that is asked in every frame; looking it up anew each time makes the browser work out styles.
struct Asked {
    query: &'static str,
    list: OnceCell<Option<MediaQueryList>>,
}

impl Asked {
    const fn new(query: &'static str) -> Self {
        Self { query, list: OnceCell::new() }
    }

    fn holds(&self) -> bool {
        let list = self.list.get_or_init(|| window().match_media(self.query).ok().flatten());
        list.as_ref().is_some_and(MediaQueryList::matches)
    }
}

thread_local! {
    static MOTION: Asked = const { Asked::new("(prefers-reduced-motion: reduce)") };
    static WIDE: Asked = const { Asked::new("(min-width: 1200px)") };
    static NARROW: Asked = const { Asked::new("(max-width: 899px)") };
}

pub fn reduced_motion() -> bool {
    MOTION.with(Asked::holds)
}

/// A page too narrow for panels beside the stage.
pub fn narrow() -> bool {
    NARROW.with(Asked::holds)
}

/// A page with room for charts beside the terminal.
pub fn wide() -> bool {
    WIDE.with(Asked::holds)
}
