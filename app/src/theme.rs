//! Dark and light, and whether motion is wanted.

use gloo_utils::{document, window};

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
        if media("(prefers-color-scheme: light)") { Self::Light } else { Self::Dark }
    }

    /// Dresses the document.
    pub fn wear(self) {
        if let Some(root) = document().document_element() {
            // Setting a known attribute of the document's own element cannot fail.
            let _ = root.set_attribute("data-theme", self.name());
        }
    }
}

pub fn reduced_motion() -> bool {
    media("(prefers-reduced-motion: reduce)")
}

/// A page too narrow for panels beside the stage.
pub fn narrow() -> bool {
    media("(max-width: 899px)")
}

fn media(query: &str) -> bool {
    window().match_media(query).ok().flatten().is_some_and(|list| list.matches())
}
