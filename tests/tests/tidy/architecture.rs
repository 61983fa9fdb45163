//! ARCHITECTURE.md is compared with the repository, as far as that can be: a map that lies is worse than none.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::{none, root};

#[test]
fn every_foreign_crate_has_its_reason() {
    let (used, own) = (foreign_crates(), own_crates());
    let section = section("## 4.");
    // The first cell of each row is what the row gives reasons for.
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let named: BTreeSet<String> =
        rows.flat_map(|row| quoted(row.split('|').nth(1).unwrap_or_default())).map(str::to_owned).collect();
    let silent = used.difference(&named).map(|name| format!("{name} is used, and section 4 does not say why"));
    let gone = named.difference(&used).map(|name| format!("section 4 speaks of {name}, which no Cargo.toml names"));
    assert!(used.len() > 20 && own.len() > 10, "the manifests are not read as they are written");
    none(silent.chain(gone).collect());
}

#[test]
fn every_invariant_names_tests_that_exist() {
    let section = section("## 2.");
    let mut wrong = Vec::new();
    let mut rows = 0;
    for row in section.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| nr")) {
        rows += 1;
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let (number, guards) = (cells[1], cells.get(3).copied().unwrap_or_default());
        if number != rows.to_string() {
            wrong.push(format!("invariant {number} stands where {rows} belongs"));
        }
        let mut tests = 0;
        for group in guards.split(';') {
            // `path`: `test`, `test`; whatever else is said in words.
            let Some((path, names)) = group.split_once(": ") else { continue };
            let path = path.trim().trim_matches('`');
            let text = fs::read_to_string(root().join(path)).unwrap_or_default();
            for name in quoted(names) {
                tests += 1;
                if !is_test(&text, name) {
                    wrong.push(format!("invariant {number}: {path} has no test {name}"));
                }
            }
        }
        if tests == 0 {
            wrong.push(format!("invariant {number} is guarded by no test"));
        }
    }
    assert!(rows > 10, "the invariants are not read as they are written");
    none(wrong);
}

#[test]
fn every_crate_is_on_the_map() {
    let section = section("## 1.");
    let rows: Vec<Vec<&str>> =
        section.lines().filter(|line| line.starts_with("| `")).map(|row| quoted(row).take(2).collect()).collect();
    let named: BTreeSet<(String, String)> =
        rows.iter().filter_map(|row| Some((row.first()?.to_string(), row.get(1)?.to_string()))).collect();
    let there = own_crates();
    let silent = there.difference(&named).map(|(folder, name)| format!("{folder} ({name}) is not on the map"));
    let gone = named.difference(&there).map(|(folder, name)| format!("the map shows {folder} ({name})"));
    none(silent.chain(gone).collect());
}

/// A section of the page, from its heading to the next.
fn section(heading: &str) -> String {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let from = text.find(heading).unwrap_or_else(|| panic!("ARCHITECTURE.md has no section {heading}"));
    let rest = &text[from..];
    rest[..rest[2..].find("\n## ").map_or(rest.len(), |end| end + 2)].to_owned()
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Whether a source has a function of this name that is a test.
fn is_test(source: &str, name: &str) -> bool {
    let function = format!("fn {name}(");
    source
        .match_indices(&function)
        .any(|(at, _)| source[..at].lines().rev().take(3).any(|line| line.trim() == "#[test]"))
}

/// The folders of the workspace's members.
fn members() -> Vec<String> {
    let text = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let list = text.split("members = [").nth(1).unwrap().split(']').next().unwrap();
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Folder and package name of each member.
fn own_crates() -> BTreeSet<(String, String)> {
    let name = |folder: &str| {
        let manifest = fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap();
        manifest.split("name = \"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    members().into_iter().map(|folder| (folder.clone(), name(&folder))).collect()
}

/// Every crate that a manifest takes from elsewhere, in any of its tables of dependencies.
fn foreign_crates() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for folder in members().into_iter().chain([String::new()]) {
        let manifest = fs::read_to_string(root().join(&folder).join("Cargo.toml")).unwrap();
        let mut inside = false;
        for line in manifest.lines() {
            if line.starts_with('[') {
                inside = line.trim_end_matches(']').ends_with("dependencies");
            } else if inside && line.starts_with(|first: char| first.is_ascii_alphanumeric()) {
                let name = line.split(['.', '=', ' ']).next().unwrap_or_default();
                let is_own = line.contains("path = ") || is_own_alias(name);
                found.extend((!is_own).then(|| name.to_owned()));
            }
        }
    }
    found
}

/// Whether the workspace gives a name to a crate of its own.
fn is_own_alias(name: &str) -> bool {
    let text = fs::read_to_string(Path::new(&root()).join("Cargo.toml")).unwrap();
    text.lines().any(|line| line.starts_with(&format!("{name} = {{ path = ")))
}
