//! The house rules that no compiler checks: who may use whom, how long things may get, and words that must not come in.
//! They hold from the first day, because a rule with exceptions is no rule.

mod architecture;
mod coverage;
mod rules;
mod scan;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use rules::{
    BANNED_EVERYWHERE, ENGINE_ALLOWED, ENGINE_BANNED, FILE_LINES_MAX, FLOORS, FUNCTION_LINES_MAX, PAGE_BANNED,
};

/// A text file of the repository.
struct File {
    /// From the root, with slashes.
    path: String,
    text: String,
}

impl File {
    fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Part of what is built for users: not a test of any kind.
    fn is_engine_source(&self) -> bool {
        let is_test = self.path.contains("/tests/") || self.path.ends_with("/tests.rs");
        self.is_rust() && self.path.starts_with("engine/") && self.path.contains("/src/") && !is_test
    }

    fn is_page(&self) -> bool {
        self.path.starts_with("app/") || self.path.starts_with("static/") || self.path == "index.html"
    }
}

#[test]
fn engine_crates_use_only_crates_above_them() {
    let mut wrong = Vec::new();
    for (floor, name) in FLOORS.iter().enumerate() {
        for used in dependencies(&root().join(format!("engine/{name}/Cargo.toml"))) {
            if let Some(other) = FLOORS.iter().position(|crate_name| *crate_name == used)
                && other > floor
            {
                wrong.push(format!("engine/{name} uses {used}, which is a floor below it"));
            }
            if ["oz", "app", "worker", "yew", "web-sys", "wasm-bindgen", "js-sys", "getrandom", "rand"]
                .contains(&used.as_str())
            {
                wrong.push(format!("engine/{name} uses {used}, which the engine knows nothing of"));
            }
        }
    }
    none(wrong);
}

#[test]
fn every_engine_crate_has_a_floor() {
    let folders = fs::read_dir(root().join("engine")).unwrap().filter_map(|entry| {
        let entry = entry.unwrap();
        entry.path().is_dir().then(|| entry.file_name().into_string().unwrap())
    });
    none(
        folders
            .filter(|name| !FLOORS.contains(&name.as_str()))
            .map(|name| format!("engine/{name} is on no floor"))
            .collect(),
    );
}

#[test]
fn the_page_knows_only_the_contract_of_the_engine() {
    let engine: BTreeSet<&str> = FLOORS.into_iter().collect();
    let uses = |path: &str| {
        dependencies(&root().join(path)).into_iter().filter(|used| engine.contains(used.as_str())).collect::<Vec<_>>()
    };
    assert_eq!(uses("app/Cargo.toml"), ["wire"], "the app holds no engine type but the contract's");
    assert_eq!(uses("app/worker/Cargo.toml"), ["wire", "session"], "the worker holds one session");
}

#[test]
fn files_are_rooms_of_one_size() {
    let files = files();
    let long = files.iter().filter(|file| file.is_rust()).map(|file| (file, file.text.lines().count()));
    none(
        long.filter(|(_, lines)| *lines > FILE_LINES_MAX)
            .map(|(file, lines)| format!("{} has {lines} lines", file.path))
            .collect(),
    );
}

#[test]
fn functions_can_be_seen_at_once() {
    let mut wrong = Vec::new();
    for file in files().iter().filter(|file| file.is_rust()) {
        let functions = scan::functions(&scan::code_only(&file.text));
        let long = functions.iter().filter(|function| function.lines > FUNCTION_LINES_MAX);
        wrong.extend(long.map(|f| format!("{}:{}: {} has {} lines", file.path, f.line, f.name, f.lines)));
    }
    none(wrong);
}

#[test]
fn the_engine_uses_nothing_that_differs_from_run_to_run() {
    let mut wrong = Vec::new();
    let mut used = BTreeSet::new();
    for file in files().iter().filter(|file| file.is_engine_source()) {
        let code = scan::without_tests(&scan::code_only(&file.text));
        for (number, line) in code.lines().enumerate() {
            for (word, reason) in ENGINE_BANNED.iter().filter(|(word, _)| scan::has_word(line, word)) {
                match ENGINE_ALLOWED.iter().find(|(path, allowed, _)| *path == file.path && allowed == word) {
                    Some(entry) => drop(used.insert(*entry)),
                    None => wrong.push(format!("{}:{}: {word}: {reason}", file.path, number + 1)),
                }
            }
        }
    }
    let needless = ENGINE_ALLOWED.iter().filter(|entry| !used.contains(*entry));
    wrong.extend(needless.map(|(path, word, _)| format!("{path} has no {word} any more: take it off the list")));
    none(wrong);
}

#[test]
fn every_module_says_what_it_is_for() {
    let files = files();
    let silent = files.iter().filter(|file| file.is_rust() && !file.text.starts_with("//!"));
    none(silent.map(|file| format!("{} does not begin with //!", file.path)).collect());
}

#[test]
fn nothing_unfinished_and_no_machine_is_spoken_of() {
    let mut wrong = Vec::new();
    for file in &files() {
        for (number, line) in file.text.lines().enumerate() {
            for word in BANNED_EVERYWHERE.map(|parts| parts.concat()) {
                if scan::has_word(line, &word) {
                    wrong.push(format!("{}:{}: {word}", file.path, number + 1));
                }
            }
        }
    }
    none(wrong);
}

#[test]
fn the_page_has_nothing_that_its_policy_refuses() {
    let mut wrong = Vec::new();
    for file in files().iter().filter(|file| file.is_page()) {
        let text = if file.is_rust() { without_comments(&file.text) } else { file.text.clone() };
        for (number, line) in text.lines().enumerate() {
            let found = PAGE_BANNED.iter().filter(|(word, _)| scan::has_word(line, word));
            wrong.extend(found.map(|(word, reason)| format!("{}:{}: {word}: {reason}", file.path, number + 1)));
        }
    }
    none(wrong);
}

#[test]
fn the_page_has_its_policy() {
    let index = fs::read_to_string(root().join("index.html")).unwrap();
    for part in ["default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "base-uri 'none'", "form-action 'none'"]
    {
        assert!(index.contains(part), "index.html lost {part}");
    }
}

#[test]
fn tool_and_library_are_the_same_wasm_bindgen() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let trunk = fs::read_to_string(root().join("Trunk.toml")).unwrap();
    let locked =
        lock.split("name = \"wasm-bindgen\"\nversion = \"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    assert!(
        trunk.contains(&format!("wasm_bindgen = \"{locked}\"")),
        "Trunk.toml names another than Cargo.lock's {locked}"
    );
}

/// Fails with all that is wrong, a line each.
fn none(wrong: Vec<String>) {
    assert!(wrong.is_empty(), "\n{} wrong:\n  {}\n", wrong.len(), wrong.join("\n  "));
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The names under `[dependencies]` of a manifest.
fn dependencies(manifest: &Path) -> Vec<String> {
    let text = fs::read_to_string(manifest).unwrap();
    let section = text.split("[dependencies]").nth(1).unwrap_or_default();
    let lines = section.lines().take_while(|line| !line.starts_with('['));
    lines
        .filter_map(|line| line.split(['.', '=', ' ']).next())
        .filter(|name| !name.is_empty() && !name.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

/// Line comments only; strings stay, because an inline style is one.
fn without_comments(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// All text files that people write: no build output, no lock file, no answers that were recorded from a real Kafka.
fn files() -> Vec<File> {
    const SKIPPED: [&str; 8] = [".git", "target", "dist", "node_modules", "Cargo.lock", "vectors", "tidy", "LICENSE"];
    const KINDS: [&str; 12] =
        ["rs", "toml", "md", "html", "css", "js", "json", "kafka", "txt", "svg", "run", "gitignore"];
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let kind = name.rsplit('.').next().unwrap_or_default();
            if SKIPPED.contains(&name) {
                // Vectors as a folder of sources are engine code like any other.
                if name != "vectors" || !path.join("mod.rs").is_file() {
                    continue;
                }
            }
            if path.is_dir() {
                folders.push(path);
            } else if KINDS.contains(&kind) && !name.starts_with(".index-") {
                let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                let path = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
                found.push(File { path, text });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(found.len() > 100, "the files of the repository are not where they were looked for");
    found
}
