//! What trunk leaves undone when it builds the page for others: the scripts without comments and long names (trunk's own
//! minifier does not read those of wasm-bindgen), short names for what passes between them and their wasm, and one style
//! sheet instead of ten. Trunk calls it (`Trunk.toml`); a build for the developer alone is left as it is.

mod imports;
mod scripts;
mod styles;

use std::path::PathBuf;
use std::process::ExitCode;
use std::{env, fs};

fn main() -> ExitCode {
    if env::var("TRUNK_PROFILE").as_deref() != Ok("release") {
        return ExitCode::SUCCESS;
    }
    match pack() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the page could not be packed: {error}");
            ExitCode::FAILURE
        }
    }
}

fn pack() -> Result<(), String> {
    let stage = env::var("TRUNK_STAGING_DIR").map_err(|_| "TRUNK_STAGING_DIR is not set; trunk calls this program")?;
    let stage = PathBuf::from(stage);
    let index = stage.join("index.html");
    let html = fs::read_to_string(&index).map_err(|error| format!("{}: {error}", index.display()))?;
    let html = styles::join(&stage, &html)?;
    fs::write(&index, html).map_err(|error| format!("{}: {error}", index.display()))?;
    scripts::shorten_all(&stage)?;
    imports::shorten_all(&stage)
}
