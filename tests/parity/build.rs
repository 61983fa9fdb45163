//! Lists the lessons, because wasm has no files: `OUT_DIR/lessons.rs` holds name and text of each.

use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo names the crate's folder"));
    let lessons = root.join("../../lessons");
    println!("cargo::rerun-if-changed={}", lessons.display());
    let mut files = Vec::new();
    for chapter in entries(&lessons).into_iter().filter(|path| path.is_dir()) {
        files.extend(entries(&chapter).into_iter().filter(|path| path.extension().is_some_and(|kind| kind == "md")));
    }
    let mut text = String::from("&[\n");
    for file in files {
        let name = file.strip_prefix(&lessons).expect("it was found there").to_string_lossy().replace('\\', "/");
        text += &format!("    ({name:?}, include_str!({:?})),\n", file.display().to_string());
    }
    text += "]\n";
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo names the output folder"));
    fs::write(out.join("lessons.rs"), text).expect("the output folder can be written");
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    paths.sort();
    paths
}
