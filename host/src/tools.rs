//! The tools that turn the workspace into a page: the wasm target of the compiler, trunk, wasm-bindgen and wasm-opt.
//! What is there in the right version is used; what is missing goes into `target/tools`, never into the system.

use std::fs;
use std::path::Path;

use crate::place;
use crate::process::{self, Outcome};
use crate::steps::{Steps, duration};

/// The trunk that the page is built with.
pub const TRUNK_VERSION: &str = "0.21.14";
/// The major version of Binaryen, whose `wasm-opt` makes the files a third smaller. Debian's 108 and the crate's 116 refuse
/// what wasm-bindgen writes (`table.fill`), so an older one does not count as there.
const BINARYEN_VERSION: u32 = 132;
/// The axe-core that the screens are judged with.
const AXE_VERSION: &str = "4.14.1";
/// What the page is compiled for.
pub const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// How many steps [`install`] takes.
pub const STEPS: usize = 4;

/// What can be built with, after [`install`].
pub struct Tools {
    /// Without wasm-opt the page works and is larger.
    pub has_wasm_opt: bool,
}

/// Looks for every tool and installs what is missing. An error says what to do about it.
pub fn install(root: &Path, steps: &mut Steps) -> Result<Tools, String> {
    steps.next(&format!("the compiler's target {WASM_TARGET}"));
    wasm_target(root, steps)?;
    steps.next(&format!("trunk {TRUNK_VERSION}, which builds and serves the page"));
    cargo_tool(root, steps, "trunk", "trunk", TRUNK_VERSION, "4 minutes")?;
    let version = locked_version(root, "wasm-bindgen")?;
    steps.next(&format!("wasm-bindgen {version}, the version that Cargo.lock names"));
    cargo_tool(root, steps, "wasm-bindgen-cli", "wasm-bindgen", &version, "2 minutes")?;
    steps.next(&format!("wasm-opt {BINARYEN_VERSION}, which makes the downloads smaller"));
    Ok(Tools { has_wasm_opt: wasm_opt(root, steps)? })
}

/// The trunk arguments that stand for the page: its index file, or where wasm-opt is missing a copy of it that does not ask
/// for wasm-opt (trunk has no switch for that and would try to download one).
pub fn index_arguments(root: &Path, tools: &Tools) -> Result<Vec<&'static str>, String> {
    if tools.has_wasm_opt {
        return Ok(vec!["index.html"]);
    }
    const PLAIN: &str = ".index-without-wasm-opt.html";
    let index = root.join("index.html");
    let text = fs::read_to_string(&index).map_err(|error| format!("{}: {error}", index.display()))?;
    let plain = text.replace(" data-wasm-opt=\"z\"", "").replace(" data-wasm-opt=\"s\"", "");
    fs::write(root.join(PLAIN), plain).map_err(|error| format!("{PLAIN}: {error}"))?;
    Ok(vec![PLAIN, "--html-output", "index.html"])
}

fn wasm_target(root: &Path, steps: &Steps) -> Result<(), String> {
    let sysroot = process::ask(root, "rustc", &["--print", "sysroot"])
        .ok_or("rustc does not answer. Install Rust from https://rustup.rs and try again")?;
    let library = Path::new(&sysroot).join("lib/rustlib").join(WASM_TARGET).join("lib");
    if library.is_dir() {
        steps.say("is there");
        return Ok(());
    }
    if place::find_program(root, "rustup").is_none() {
        return Err(format!(
            "the compiler has no {WASM_TARGET} and rustup is not there to add it.\n\
             Either install Rust from https://rustup.rs, which brings rustup; or, on Debian and its kin:\n  \
             apt-get install rustc-web cargo-web rust-web-src lld-22\n  \
             export PATH=/usr/bin:$PATH RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1\n  \
             export CARGO_UNSTABLE_BUILD_STD=std,panic_abort CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=wasm-ld-22\n  \
             trunk serve --release"
        ));
    }
    let command = process::command(root, "rustup", &["target", "add", WASM_TARGET]);
    let outcome = steps.run(root, command, "rustup", "rustup is downloading it")?;
    finished(steps, &outcome, "rustup could not add the target. Is this machine connected? Its words:")
}

/// A program that is installed with `cargo install`, unless it is there in exactly this version.
fn cargo_tool(
    root: &Path,
    steps: &Steps,
    package: &str,
    program: &str,
    version: &str,
    time: &str,
) -> Result<(), String> {
    let there = process::ask(root, program, &["--version"]);
    if there.as_deref().and_then(version_in) == Some(version) {
        steps.say("is there");
        return Ok(());
    }
    if let Some(other) = there {
        steps.say(&format!("{other} is installed, which is another version"));
    }
    steps.say(&format!("cargo builds it into target/tools, once; this takes about {time} on two cores"));
    let target = place::tools(root);
    let target = target.to_str().ok_or("the path of this clone is not valid Unicode, which cargo install needs")?;
    let exact = format!("={version}");
    let mut last = None;
    // The lock file of the tool's authors first. It may name a release that the registry at hand does not have (yet);
    // then the newest versions that fit, which in turn may not fit each other.
    for locked in [true, false] {
        let mut arguments = vec!["install", package, "--version", &exact, "--root", target, "--force"];
        arguments.extend(locked.then_some("--locked"));
        let mut command = process::command(root, "cargo", &arguments);
        // Their authors' profiles squeeze out the last bit of speed with minutes of linking; here each runs a few times.
        for (setting, value) in [("LTO", "off"), ("CODEGEN_UNITS", "16"), ("OPT_LEVEL", "1")] {
            command.env(format!("CARGO_PROFILE_RELEASE_{setting}"), value);
        }
        let outcome =
            steps.run(root, command, &format!("install-{program}"), &format!("cargo is building {package}"))?;
        if outcome.ok {
            steps.say(&format!("built in {}", duration(outcome.took)));
            return Ok(());
        }
        last = Some(outcome);
    }
    let outcome = last.ok_or("cargo install was not tried")?;
    finished(
        steps,
        &outcome,
        &format!(
            "cargo could not build {package} {version}. A C compiler and a connection are needed. Its last words:"
        ),
    )
}

/// Whether wasm-opt can be had. Its absence is no error.
fn wasm_opt(root: &Path, steps: &Steps) -> Result<bool, String> {
    let found = |root: &Path| {
        let said = process::ask(root, "wasm-opt", &["--version"])?;
        said.split_whitespace().find_map(|word| word.parse::<u32>().ok())
    };
    match found(root) {
        Some(version) if version >= BINARYEN_VERSION => {
            steps.say("is there");
            return Ok(true);
        }
        Some(version) => steps.say(&format!("{version} is installed, which is too old for this page")),
        None => {}
    }
    if npm(root, steps, &format!("binaryen@{BINARYEN_VERSION}"))? && found(root).is_some() {
        return Ok(true);
    }
    steps.say("the page is built without, and its files are a third larger");
    Ok(false)
}

/// Brings axe-core, which the browser tests judge every screen with. Without it that test fails and says so.
pub fn axe(root: &Path, steps: &mut Steps) -> Result<(), String> {
    steps.next(&format!("axe-core {AXE_VERSION}, which judges whether everybody can use the page"));
    if place::tools(root).join("npm/node_modules/axe-core/axe.min.js").is_file() {
        steps.say("is there");
        return Ok(());
    }
    npm(root, steps, &format!("axe-core@{AXE_VERSION}")).map(drop)
}

/// Installs a package of npm beside the other tools. That it cannot be had is said, and no error.
fn npm(root: &Path, steps: &Steps, package: &str) -> Result<bool, String> {
    if place::find_program(root, "npm").is_none() {
        steps.say(&format!("npm is not there to install {package}"));
        return Ok(false);
    }
    let folder = place::tools(root).join("npm");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let prefix = folder.to_string_lossy().into_owned();
    let arguments = ["install", "--prefix", &prefix, "--no-audit", "--no-fund", package];
    let outcome = steps.run(root, process::command(root, "npm", &arguments), "npm", "npm is downloading it")?;
    let how = if outcome.ok { "installed in" } else { "could not be installed; npm ran for" };
    steps.say(&format!("{how} {}", duration(outcome.took)));
    if !outcome.ok {
        steps.say(&outcome.tail(12));
    }
    Ok(outcome.ok)
}

fn finished(steps: &Steps, outcome: &Outcome, what: &str) -> Result<(), String> {
    if outcome.ok {
        steps.say(&format!("done in {}", duration(outcome.took)));
        return Ok(());
    }
    Err(format!("{what}\n{}\n(all of it: {})", outcome.tail(12), outcome.log.display()))
}

/// The version of a package in Cargo.lock.
pub fn locked_version(root: &Path, package: &str) -> Result<String, String> {
    let lock = root.join("Cargo.lock");
    let text = fs::read_to_string(&lock).map_err(|error| format!("{}: {error}", lock.display()))?;
    version_in_lock(&text, package).ok_or_else(|| format!("Cargo.lock names no version of {package}"))
}

fn version_in_lock(text: &str, package: &str) -> Option<String> {
    let heading = format!("name = \"{package}\"");
    let mut lines = text.lines().skip_while(|line| *line != heading);
    lines.next()?;
    lines.next()?.strip_prefix("version = \"")?.strip_suffix('"').map(str::to_owned)
}

/// `trunk 0.21.14` and `wasm-bindgen 0.2.130 (abc)` name their version as the second word.
fn version_in(said: &str) -> Option<&str> {
    said.split_whitespace().nth(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_out_of_the_lock_file() {
        let lock = "[[package]]\nname = \"wasm-bindgen-macro\"\nversion = \"0.2.9\"\n\n[[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";
        assert_eq!(version_in_lock(lock, "wasm-bindgen").as_deref(), Some("0.2.130"));
        assert_eq!(version_in_lock(lock, "trunk"), None);
    }

    #[test]
    fn versions_are_read_out_of_what_a_tool_says() {
        assert_eq!(version_in("trunk 0.21.14"), Some("0.21.14"));
        assert_eq!(version_in("wasm-bindgen 0.2.130 (0123abc)"), Some("0.2.130"));
        assert_eq!(version_in(""), None);
    }
}
