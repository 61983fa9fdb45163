//! The list of scripts that the engine does not pass, each with its reason. It can only shrink: a script of the list that
//! passes fails the tests until its line is taken off.

use std::collections::BTreeMap;

/// Reads the list: `first/errors.kafka: what differs, and why`, one script a line; `#` begins a comment.
pub fn parse(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut known = BTreeMap::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (path, reason) =
            line.split_once(": ").ok_or_else(|| format!("a script and its reason belong here: {line}"))?;
        if known.insert(path.trim().to_owned(), reason.trim().to_owned()).is_some() {
            return Err(format!("{path} is listed twice"));
        }
    }
    Ok(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_script_has_a_reason() {
        let known = parse("# why\n\na/b.kafka: no such tool: yet\n").unwrap();
        assert_eq!(known["a/b.kafka"], "no such tool: yet");
        assert!(parse("a/b.kafka\n").unwrap_err().contains("reason"));
        assert!(parse("a: x\na: y\n").unwrap_err().contains("twice"));
    }
}
