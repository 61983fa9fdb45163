//! The work of the crate `oz-parity`, done natively by `oz parity` and in a tab by the same crate as wasm.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use serde::Deserialize;

use crate::Tab;
use crate::launch::root;

/// Where the server of a tab has the wasm file; for [`Options::beside`](crate::Options).
pub const ADDRESS: &str = "/oz_parity.wasm";
/// The optimisation of the engine that ships.
const PROFILE: &str = "worker-release";
const TARGET: &str = "wasm32-unknown-unknown";

/// A piece of work, and what it came to natively.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    /// The function is `oz_` and this; the numbers are its arguments.
    pub kind: String,
    pub first: u64,
    pub second: u32,
    pub digest: String,
    pub events: u64,
    pub us: u64,
}

impl Work {
    /// A name for messages.
    pub fn name(&self) -> String {
        format!("{} {} {}", self.kind, self.first, self.second)
    }
}

/// What a piece of work came to in the tab.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Done {
    pub digest: String,
    pub events: u64,
    pub us: f64,
}

/// Does all the work natively, in a release build.
pub fn native(seeds: u64) -> Result<Vec<Work>, String> {
    let seeds = seeds.to_string();
    let output = cargo(&["run", "--quiet", "--release", "--package", "oz", "--", "parity", "--seeds", &seeds])?;
    output.lines().map(|line| read(line).ok_or_else(|| format!("oz parity says {line:?}"))).collect()
}

/// Builds the wasm file and says where it is.
pub fn wasm() -> Result<PathBuf, String> {
    let profile = ["rustc", "--quiet", "--profile", PROFILE, "--target", TARGET];
    cargo(&[&profile[..], &["--package", "oz-parity", "--lib", "--crate-type", "cdylib"]].concat())?;
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    Ok(target.join(TARGET).join(PROFILE).join("oz_parity.wasm"))
}

/// Does a piece of work in the tab. JavaScript has no unsigned 64-bit integers; they travel as hexadecimal digits.
pub async fn in_tab(tab: &Tab, work: &Work) -> Result<Done, String> {
    let Work { kind, first, second, .. } = work;
    let call = format!(
        "(async () => {{
          globalThis.parity ??= (await WebAssembly.instantiateStreaming(fetch('{ADDRESS}'))).instance.exports;
          if ('{kind}' === 'speed') parity.oz_prepare({first}n, {second});
          const started = performance.now();
          const digest = parity.oz_{kind}({first}n, {second});
          const us = (performance.now() - started) * 1000;
          const hex = BigInt.asUintN(64, digest).toString(16).padStart(16, '0');
          return {{ digest: hex, events: Number(parity.oz_events()), us }};
        }})()"
    );
    tab.evaluate(&call).await
}

fn read(line: &str) -> Option<Work> {
    let mut words = line.split(' ');
    Some(Work {
        kind: words.next()?.to_owned(),
        first: words.next()?.parse().ok()?,
        second: words.next()?.parse().ok()?,
        digest: words.next()?.to_owned(),
        events: words.next()?.parse().ok()?,
        us: words.next()?.parse().ok()?,
    })
}

/// What a command of cargo prints. `CARGO` is set where cargo itself has started this program.
fn cargo(arguments: &[&str]) -> Result<String, String> {
    let program = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(program)
        .args(arguments)
        .current_dir(root())
        .output()
        .map_err(|error| format!("cargo cannot be started: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!("cargo {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr)))
}
