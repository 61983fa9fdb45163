//! `jq`, for answers in JSON.

mod calls;
mod eval;
mod functions;
mod number;
mod parse;
mod paths;

use super::Usage;
use super::filter::{Filter, Out};
use super::filters::Kind;
use crate::json::Value;
use eval::{Stop, Variables};
use parse::Expr;

/// Errors of a program, of its input, and of the call.
const STATUS_ERROR: i32 = 5;
const STATUS_INPUT: i32 = 4;
const STATUS_PROGRAM: i32 = 3;
const STATUS_USAGE: i32 = 2;

#[derive(Clone, Debug, Hash)]
pub struct Jq {
    program: Expr,
    variables: Variables,
    /// Spaces a level; `None` is one line, `Some(0)` stands for a tab.
    indent: Option<usize>,
    raw: bool,
    joined: bool,
    sorted: bool,
    slurp: bool,
    raw_input: bool,
    no_input: bool,
    ascii: bool,
    /// The status tells of the last output (`-e`).
    status: bool,
    text: String,
}

pub(super) fn make(arguments: &[String]) -> Result<Filter, Usage> {
    let mut jq = Jq {
        program: Expr::Identity,
        variables: Variables::new(),
        indent: Some(2),
        raw: false,
        joined: false,
        sorted: false,
        slurp: false,
        raw_input: false,
        no_input: false,
        ascii: false,
        status: false,
        text: String::new(),
    };
    let mut rest: Vec<String> = Vec::new();
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        if !word.starts_with('-') || word == "-" {
            rest.push(word.clone());
        } else if word.starts_with("--") {
            jq.long(word, &mut words)?;
        } else {
            word[1..].chars().try_for_each(|letter| jq.short(letter))?;
        }
    }
    if rest.is_empty() {
        let words = "Usage:\tjq [OPTIONS] FILTER [FILES...]\n\nFilters the JSON values that it reads and prints what the \
                     filter gives.\nOptions: -c compact, -r raw strings, -S sorted keys, -s one list of all inputs, -n \
                     no input, -e status of the last output";
        return Err(Usage::new(words, STATUS_USAGE));
    }
    let program = rest.remove(0);
    jq.program = parse::parse(&program).and_then(|parsed| calls::check(&parsed).map(|()| parsed)).map_err(|why| {
        let place = if why.contains("not defined") { "" } else { "syntax error, " };
        let hint = if place.is_empty() { "" } else { " (Unix shell quoting issues?)" };
        Usage::new(
            format!("jq: error: {place}{why}{hint} at <top-level>, line 1:\n{program}\njq: 1 compile error"),
            STATUS_PROGRAM,
        )
    })?;
    Ok(Filter::new("jq", Kind::Jq(Box::new(jq)), rest))
}

fn unknown(option: &str) -> Usage {
    let words = format!(
        "jq: Unknown option {option}\nUse jq --help for help with command-line options,\nor see the jq manpage, or \
         online docs  at https://stedolan.github.io/jq"
    );
    Usage::new(words, STATUS_USAGE)
}

impl Jq {
    fn short(&mut self, letter: char) -> Result<(), Usage> {
        match letter {
            'c' => self.indent = None,
            'r' => self.raw = true,
            'j' => (self.raw, self.joined) = (true, true),
            'S' => self.sorted = true,
            's' => self.slurp = true,
            'R' => self.raw_input = true,
            'n' => self.no_input = true,
            'a' => self.ascii = true,
            'e' => self.status = true,
            'M' | 'C' => {}
            other => return Err(unknown(&format!("-{other}"))),
        }
        Ok(())
    }

    fn long<'a>(&mut self, option: &str, words: &mut impl Iterator<Item = &'a String>) -> Result<(), Usage> {
        let letter = match option {
            "--compact-output" => 'c',
            "--raw-output" => 'r',
            "--join-output" => 'j',
            "--sort-keys" => 'S',
            "--slurp" => 's',
            "--raw-input" => 'R',
            "--null-input" => 'n',
            "--ascii-output" => 'a',
            "--exit-status" => 'e',
            "--monochrome-output" => 'M',
            "--tab" => {
                self.indent = Some(0);
                return Ok(());
            }
            "--indent" => {
                let count = words.next().and_then(|word| word.parse().ok());
                self.indent = count.filter(|count| *count > 0);
                return Ok(());
            }
            "--arg" | "--argjson" => {
                let (Some(name), Some(text)) = (words.next(), words.next()) else {
                    return Err(Usage::new(format!("jq: {option} takes two parameters"), STATUS_USAGE));
                };
                let value = if option == "--arg" {
                    Value::text(text.clone())
                } else {
                    let invalid = || Usage::new("jq: Invalid JSON text passed to --argjson".to_string(), STATUS_USAGE);
                    parse::canonical(crate::json::parse(text).map_err(|_| invalid())?)
                };
                self.variables.insert(name.clone(), value);
                return Ok(());
            }
            other => return Err(unknown(other)),
        };
        self.short(letter)
    }

    pub(super) fn line(&mut self, line: &str, ended: bool) {
        self.text.push_str(line);
        self.text.push_str(if ended { "\n" } else { "" });
    }

    pub(super) fn end(&mut self, out: &mut Out) {
        let text = std::mem::take(&mut self.text);
        let (inputs, broken) = self.inputs(&text);
        let (mut status, mut last) = (0, Value::Null);
        for (input, line) in inputs {
            status = 0;
            let result = eval::eval(&self.program, &input, &self.variables, &mut |value| {
                self.print(&value, &mut out.text);
                last = value;
                Ok(())
            });
            if let Err(Stop::Error(error)) = result {
                let words = match error {
                    Value::Text(words) => words,
                    other => format!("{other} (not a string)"),
                };
                out.errors.push_str(&format!("jq: error (at <stdin>:{line}): {words}\n"));
                status = STATUS_ERROR;
            }
        }
        if let Some(words) = broken {
            out.errors.push_str(&format!("parse error: {words}\n"));
            status = STATUS_INPUT;
        } else if self.status && status == 0 && !functions::is_true(&last) {
            status = 1;
        }
        out.done = Some(status);
    }

    /// The inputs, each with the count of lines read so far, and what is wrong with the rest.
    fn inputs(&self, text: &str) -> (Vec<(Value, usize)>, Option<String>) {
        if self.no_input {
            return (vec![(Value::Null, 0)], None);
        }
        if self.raw_input {
            let lines = text.lines().enumerate();
            let all = || vec![(Value::text(text), text.lines().count())];
            return (if self.slurp { all() } else { lines.map(|(at, l)| (Value::text(l), at + 1)).collect() }, None);
        }
        let (values, error) = parse::values(text);
        let broken = error.map(|error| match error.why.contains("end-of-input") {
            true => format!("Unfinished JSON term at EOF at line {}, column 0", text.lines().count() + 1),
            false => format!("Invalid numeric literal at line {}, column {}", error.line, error.column),
        });
        if self.slurp {
            let count = text.lines().count();
            let list = Value::List(values.into_iter().map(|(value, _)| value).collect());
            return (if broken.is_some() { Vec::new() } else { vec![(list, count)] }, broken);
        }
        let line_of = |end: usize| {
            let before: usize = text.chars().take(end).filter(|c| *c == '\n').count();
            let ends_line = text.chars().skip(end).any(|c| c == '\n');
            before + usize::from(ends_line)
        };
        (values.into_iter().map(|(value, end)| (value, line_of(end))).collect(), broken)
    }

    fn print(&self, value: &Value, text: &mut String) {
        let sorted = if self.sorted { functions::with_sorted_keys(value) } else { value.clone() };
        match (&sorted, self.raw) {
            (Value::Text(words), true) => text.push_str(words),
            (value, _) => {
                let mut shown = match self.indent {
                    None => value.to_string(),
                    Some(0) => value.pretty_with("\t"),
                    Some(count) => value.pretty_with(&" ".repeat(count)),
                };
                if self.ascii {
                    shown = functions::ascii(&shown);
                }
                text.push_str(&shown);
            }
        }
        text.push_str(if self.joined { "" } else { "\n" });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(arguments: &[&str], input: &str) -> (String, String, i32) {
        let words: Vec<String> = arguments.iter().map(|word| word.to_string()).collect();
        let filter = match make(&words) {
            Ok(filter) => filter,
            Err(usage) => return (String::new(), usage.words, usage.status),
        };
        let Kind::Jq(mut jq) = filter.kind else { unreachable!("jq") };
        jq.text = input.to_string();
        let mut out = Out::default();
        jq.end(&mut out);
        (out.text, out.errors, out.done.unwrap_or(0))
    }

    fn ok(program: &str, input: &str) -> String {
        let (text, errors, _) = run(&["-c", program], input);
        assert_eq!(errors, "", "{program}");
        text.trim_end().replace('\n', " ; ")
    }

    #[test]
    fn programs_of_the_recorded_scripts() {
        let dirs = r#"{"brokers":[{"broker":1,"logDirs":[{"partitions":[{"partition":"a-0","size":7}]}]}]}"#;
        assert_eq!(ok(".brokers[] | [.broker, (.logDirs[].partitions[].partition)]", dirs), r#"[1,"a-0"]"#);
        let select = r#"[.brokers[].logDirs[].partitions[] | select(.partition == "a-0") | .size, .isFuture]"#;
        assert_eq!(ok(select, dirs), "[7,null]");
        assert_eq!(ok("[.brokers[].logDirs[].partitions | length]", dirs), "[1]");
        assert_eq!(ok(".a + \" \" + .b", r#"{"a":"x","b":"y"}"#), r#""x y""#);
        assert_eq!(ok("[.a, .b] | join(\" \")", r#"{"a":1,"b":null}"#), r#""1 ""#);
        assert_eq!(ok("keys[]", r#"{"b":1,"a":2}"#), r#""a" ; "b""#);
        assert_eq!(ok("del(.a,.b[0])", r#"{"a":1,"b":[1,2]}"#), r#"{"b":[2]}"#);
        assert_eq!(ok(".[] | select(.c | test(\"de\")) | .c", r#"[{"c":"demo"},{"c":"x"}]"#), r#""demo""#);
        assert_eq!(ok(".[-1], .[1:]", "[1,2,3]"), "3 ; [2,3]");
        let many = r#".v | select(.e | length > 0) | .n + ": " + (.e | join("; "))"#;
        assert_eq!(ok(many, r#"{"v":{"n":"x","e":["p","q"]}}"#), r#""x: p; q""#);
    }

    #[test]
    fn what_jq_itself_says() {
        assert_eq!(
            ok("with_entries(.value |= tostring), {x:.a, b, (.a|tostring): 5}, (.b // 9)", r#"{"a":1,"b":[]}"#),
            r#"{"a":"1","b":"[]"} ; {"x":1,"b":[],"1":5} ; []"#
        );
        assert_eq!(
            ok("sort, add, map(add), (reduce .[][] as $i (0; . + $i))", "[[1,2],[0,5]]"),
            "[[0,5],[1,2]] ; [1,2,0,5] ; [3,5] ; 8"
        );
        assert_eq!(
            ok("\"x\\(.a)y\", (.a / 3), [limit(2; range(9))]", r#"{"a":1}"#),
            r#""x1y" ; 0.3333333333333333 ; [0,1]"#
        );
        assert_eq!(ok("if .a == 1 then \"one\" elif .a then 2 else 3 end", r#"{"a":1}"#), r#""one""#);
        assert_eq!(ok("[paths], (.. | numbers)", r#"{"a":[5]}"#), r#"[["a"],["a",0]] ; 5"#);
        assert_eq!(ok(".a?, (try error(\"x\") catch .)", "5"), r#""x""#);
    }

    #[test]
    fn mistakes_and_statuses() {
        let (_, errors, status) = run(&[".a.b"], "{\"a\":1}\n");
        assert_eq!((errors.as_str(), status), ("jq: error (at <stdin>:1): Cannot index number with string \"b\"\n", 5));
        let (_, errors, status) = run(&["."], "{\"a\":1\n");
        assert_eq!((errors.as_str(), status), ("parse error: Unfinished JSON term at EOF at line 2, column 0\n", 4));
        let (_, errors, status) = run(&["foo"], "1");
        assert_eq!(
            (errors.as_str(), status),
            ("jq: error: foo/0 is not defined at <top-level>, line 1:\nfoo\njq: 1 compile error", 3)
        );
        let (_, errors, status) = run(&["keys"], "\"x\"\n");
        assert_eq!((errors.as_str(), status), ("jq: error (at <stdin>:1): string (\"x\") has no keys\n", 5));
        assert_eq!(run(&["-z", "."], "").2, 2);
        assert_eq!(run(&["-r", "."], "\"a\\nb\"").0, "a\nb\n");
        assert_eq!(run(&["-S", "."], "{\"b\":1,\"a\":[]}").0, "{\n  \"a\": [],\n  \"b\": 1\n}\n");
    }
}
