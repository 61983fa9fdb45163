//! Gathers the lessons' texts, so that they travel in the app's own file: together they compress a quarter better than
//! one by one, and a lesson opens without the network.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo says where the crate is")).join("../lessons");
    println!("cargo::rerun-if-changed={}", root.display());
    let mut files = Vec::new();
    for folder in entries(&root).into_iter().filter(|path| path.is_dir()) {
        println!("cargo::rerun-if-changed={}", folder.display());
        files.extend(entries(&folder).into_iter().filter(|path| path.extension().is_some_and(|ext| ext == "md")));
    }
    let mut source = String::from("const LESSONS: &[(&str, &str)] = &[\n");
    for file in files {
        println!("cargo::rerun-if-changed={}", file.display());
        let name = file.strip_prefix(&root).expect("it was found there").to_string_lossy().replace('\\', "/");
        let path = fs::canonicalize(&file).expect("it was just listed");
        writeln!(source, "    ({name:?}, include_str!({path:?})),").expect("a string takes all");
    }
    source.push_str("];\n");
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo says where to write"));
    fs::write(out.join("lessons.rs"), source).expect("the folder for it can be written");
}

/// What a folder holds, by name.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let found = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = found.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    paths
}
