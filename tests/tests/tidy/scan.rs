//! Rust source as tidy sees it: without what stands in comments and strings, and cut into functions.
//!
//! This is no parser. It knows where a comment, a string or a character begins and ends, and counts braces; that is enough to
//! measure functions and to look for words without being misled by prose.

/// The source with every letter of comments, strings and characters replaced by a blank; line ends stay.
pub fn code_only(source: &str) -> String {
    let letters: Vec<char> = source.chars().collect();
    let mut out = String::with_capacity(source.len());
    let mut at = 0;
    while at < letters.len() {
        let end = skipped_end(&letters, at);
        if end == at {
            out.push(letters[at]);
            at += 1;
        } else {
            out.extend(letters[at..end].iter().map(|letter| if *letter == '\n' { '\n' } else { ' ' }));
            at = end;
        }
    }
    out
}

/// Where the comment, string or character that begins here ends; the same place if none begins here.
fn skipped_end(letters: &[char], at: usize) -> usize {
    let rest = &letters[at..];
    let after_word = at > 0 && (letters[at - 1].is_alphanumeric() || letters[at - 1] == '_');
    match rest {
        ['/', '/', ..] => at + rest.iter().position(|letter| *letter == '\n').unwrap_or(rest.len()),
        ['/', '*', ..] => block_comment_end(letters, at),
        ['"', ..] => string_end(letters, at + 1),
        ['r', '"' | '#', ..] if !after_word => raw_string_end(letters, at + 1).unwrap_or(at),
        ['b', 'r', '"' | '#', ..] if !after_word => raw_string_end(letters, at + 2).unwrap_or(at),
        // A character, unless it is a lifetime: '\n', '{', but not 'a in <'a>.
        ['\'', '\\', _, ..] => at + 3 + rest[3..].iter().position(|letter| *letter == '\'').map_or(0, |more| more + 1),
        ['\'', _, '\'', ..] => at + 3,
        _ => at,
    }
}

fn block_comment_end(letters: &[char], start: usize) -> usize {
    let (mut depth, mut at) = (0, start);
    while at < letters.len() {
        match &letters[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    at
}

fn string_end(letters: &[char], start: usize) -> usize {
    let mut at = start;
    while at < letters.len() {
        match letters[at] {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    letters.len()
}

/// `start` is at the first `#` or the quote. `r#type` is a name and no string.
fn raw_string_end(letters: &[char], start: usize) -> Option<usize> {
    let hashes = letters[start..].iter().take_while(|letter| **letter == '#').count();
    if letters.get(start + hashes) != Some(&'"') {
        return None;
    }
    let mut at = start + hashes + 1;
    while at < letters.len() {
        let closes = letters[at] == '"'
            && letters[at + 1..].iter().take(hashes).filter(|letter| **letter == '#').count() == hashes;
        if closes {
            return Some(at + 1 + hashes);
        }
        at += 1;
    }
    Some(at)
}

/// A function and how long it is, from its `fn` to its closing brace.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    /// Counted from 1.
    pub line: usize,
    pub name: String,
    pub lines: usize,
}

/// All functions with a body, the nested ones too, in code that [`code_only`] has made.
pub fn functions(code: &str) -> Vec<Function> {
    let letters: Vec<char> = code.chars().collect();
    let mut found = Vec::new();
    let (mut line, mut depth) = (1, 0_i32);
    // Functions whose body is not over: where they began, and how deep. `None` until the body begins.
    let mut open: Vec<(usize, String, Option<i32>)> = Vec::new();
    for at in 0..letters.len() {
        match letters[at] {
            '\n' => line += 1,
            '{' => {
                depth += 1;
                if let Some((_, _, body @ None)) = open.last_mut() {
                    *body = Some(depth);
                }
            }
            '}' => {
                if open.last().is_some_and(|(_, _, body)| *body == Some(depth)) {
                    let (start, name, _) = open.pop().unwrap_or_default();
                    found.push(Function { line: start, name, lines: line - start + 1 });
                }
                depth -= 1;
            }
            // A declaration without a body, in a trait; a `;` inside of `[u8; 4]` is followed by no line end.
            ';' if matches!(open.last(), Some((_, _, None))) && letters.get(at + 1) == Some(&'\n') => drop(open.pop()),
            'f' if is_fn(&letters, at) => open.push((line, name_at(&letters, at + 3), None)),
            _ => {}
        }
    }
    found
}

/// `fn name`, and not the type `fn(u8)`.
fn is_fn(letters: &[char], at: usize) -> bool {
    let alone = at == 0 || !(letters[at - 1].is_alphanumeric() || letters[at - 1] == '_');
    let named = letters.get(at + 3).is_some_and(|letter| letter.is_alphabetic() || *letter == '_');
    alone && letters[at..].starts_with(&['f', 'n', ' ']) && named
}

fn name_at(letters: &[char], at: usize) -> String {
    letters[at..].iter().take_while(|letter| letter.is_alphanumeric() || **letter == '_').collect()
}

/// The code with the bodies of `#[cfg(test)] mod ... { }` blanked; a file whose first attribute is for tests only is all blank.
pub fn without_tests(code: &str) -> String {
    let mut out: Vec<&str> = Vec::new();
    let mut lines = code.lines();
    while let Some(line) = lines.next() {
        if line.trim() != "#[cfg(test)]" {
            out.push(line);
            continue;
        }
        out.push("");
        let mut depth = 0_i32;
        for line in lines.by_ref() {
            out.push("");
            depth += line.matches('{').count() as i32 - line.matches('}').count() as i32;
            if depth <= 0 && (line.contains('}') || line.contains(';')) {
                break;
            }
        }
    }
    out.join("\n")
}

/// Whether a word stands in a line by itself, not as a part of a longer name.
pub fn has_word(line: &str, word: &str) -> bool {
    let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    line.match_indices(word).any(|(start, _)| {
        let before = line[..start].chars().next_back().is_some_and(is_name) && word.starts_with(is_name);
        let after = line[start + word.len()..].chars().next().is_some_and(is_name) && word.ends_with(is_name);
        !before && !after
    })
}

#[test]
fn prose_and_texts_are_no_code() {
    let source = "let a = \"HashMap { \\\" \"; // HashMap\n/* { /* } */ { */ let b = r#\"x\"{\"#; let c = '{'; let d: &'a str = '\\'';";
    let code = code_only(source);
    assert!(!code.contains("HashMap") && !code.contains('{'), "{code}");
    assert!(code.contains("let b =") && code.contains("let d: &'a str ="), "{code}");
    assert_eq!(code.lines().count(), 2);
}

#[test]
fn functions_are_measured_with_the_nested_ones() {
    let code = "trait T {\n    fn declared(&self) -> u8;\n    fn given(&self) {\n        fn inner() {\n        }\n    }\n}\nconst F: fn(u8) = g;\n";
    let names: Vec<(String, usize, usize)> = functions(code).into_iter().map(|f| (f.name, f.line, f.lines)).collect();
    assert_eq!(names, [("inner".to_owned(), 4, 2), ("given".to_owned(), 3, 4)]);
}

#[test]
fn tests_are_cut_out() {
    let code = "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\nfn c() {}\n#[cfg(test)]\nmod more;\nfn d() {}";
    let kept = without_tests(code);
    assert!(kept.contains("fn a") && kept.contains("fn c") && kept.contains("fn d"), "{kept}");
    assert!(!kept.contains("fn b") && !kept.contains("more"), "{kept}");
    assert_eq!(kept.lines().count(), code.lines().count());
}

#[test]
fn words_are_whole() {
    assert!(has_word("x: HashMap<u8>", "HashMap") && has_word("a.unwrap()", ".unwrap()"));
    assert!(!has_word("MyHashMap", "HashMap") && !has_word("threads", "thread"));
}
