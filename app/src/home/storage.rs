//! What outlives the tab: theme, progress, the last session. Storage may be blocked or full; then the page says so and
//! goes on without.

use gloo_storage::{LocalStorage, Storage};

use crate::theme::Theme;

const THEME: &str = "oz.theme";

pub fn theme() -> Option<Theme> {
    LocalStorage::get::<String>(THEME).ok().and_then(|name| Theme::named(&name))
}

/// A theme that cannot be kept is only asked of the system again.
pub fn keep_theme(theme: Theme) {
    let _ = LocalStorage::set(THEME, theme.name());
}
