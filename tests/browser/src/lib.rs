//! The built page in a real Chromium, as a person would use it: clicks at places, keys, what can be read on the screen.
//!
//! ```no_run
//! use oz_browser::{Options, in_tab};
//!
//! in_tab(Options::default(), async |tab| {
//!     tab.wait_for("h1").await?;
//!     tab.click("text=Quickstart").await?;
//!     tab.type_text("kafka-topics.sh --list").await?;
//!     tab.press("Enter").await?;
//!     tab.screenshot("quickstart").await
//! });
//! ```
//!
//! Whatever the test itself asks, a tab fails on an error or a warning in the console, on an exception that nobody caught, on a
//! file that is not there, and on a request to any other host.
//!
//! Run with `cargo oz test`, or after `trunk build --release` with `cargo test --profile dev -p oz-browser`. `OZ_DIST` names another folder
//! than `dist`, `OZ_CHROMIUM` another browser than the one on the search path.

pub mod axe;
mod frames;
mod keys;
mod launch;
pub mod lessons;
pub mod parity;
mod server;
mod session;
mod tab;
mod watch;

pub use frames::{Frame, frames};
pub use launch::{Options, Theme, in_tab};
pub use server::Server;
pub use session::Hands;
pub use tab::Tab;
