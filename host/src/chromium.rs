//! Chromium for the tests of the page: where it is, and how it is installed where it is not.

use std::env;
use std::path::{Path, PathBuf};

use crate::place;
use crate::process;
use crate::steps::{Steps, duration};

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// The browser's program: the one that `OZ_CHROMIUM` names, or one on the search path, or one that apt-get installs.
pub fn find_or_install(root: &Path, steps: &Steps) -> Result<PathBuf, String> {
    if let Some(path) = find(root) {
        steps.say(&format!("{} is there", path.display()));
        return Ok(path);
    }
    let hint = "Install Chromium or Google Chrome, or name one: OZ_CHROMIUM=/path/to/chromium cargo oz test. \
                To test all the rest: cargo oz test --skip-browser";
    if place::find_program(root, "apt-get").is_none() {
        return Err(format!("no Chromium is there, and no apt-get to install it.\n{hint}"));
    }
    let Some(prefix) = privilege(root) else {
        return Err(format!(
            "no Chromium is there, and only root may install it (sudo asks for a password here).\n{hint}"
        ));
    };
    apt_get(root, steps, prefix, &["update"])?;
    apt_get(root, steps, prefix, &["install", "-y", "--no-install-recommends", "chromium", "brotli"])?;
    find(root).ok_or_else(|| {
        format!("apt-get installed Chromium, but no program of that name is on the search path.\n{hint}")
    })
}

/// Where the browser is, if it is.
pub fn find(root: &Path) -> Option<PathBuf> {
    let named = env::var_os("OZ_CHROMIUM").map(PathBuf::from).filter(|path| path.is_file());
    named.or_else(|| NAMES.iter().find_map(|name| place::find_program(root, name)))
}

/// What to put before a command that needs root: nothing for root, sudo where it asks no password.
fn privilege(root: &Path) -> Option<&'static [&'static str]> {
    if process::ask(root, "id", &["-u"]).as_deref() == Some("0") {
        return Some(&[]);
    }
    process::ask(root, "sudo", &["-n", "true"]).map(|_| ["sudo", "-n"].as_slice())
}

fn apt_get(root: &Path, steps: &Steps, prefix: &[&str], arguments: &[&str]) -> Result<(), String> {
    let mut words = prefix.to_vec();
    words.push("apt-get");
    words.extend(arguments);
    let mut command = process::command(root, words[0], &words[1..]);
    command.env("DEBIAN_FRONTEND", "noninteractive");
    let outcome =
        steps.run(root, command, &format!("apt-get-{}", arguments[0]), &format!("apt-get {}", arguments[0]))?;
    if outcome.ok {
        steps.say(&format!("apt-get {} took {}", arguments[0], duration(outcome.took)));
        return Ok(());
    }
    Err(format!("apt-get {} failed. Its last words:\n{}", arguments.join(" "), outcome.tail(12)))
}
