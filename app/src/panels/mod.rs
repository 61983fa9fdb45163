//! What stands around the stage: top bar, inspector, layers over the page.

pub mod inspector;
pub mod not_real;
pub mod overlays;
pub mod topbar;
mod what_if;
