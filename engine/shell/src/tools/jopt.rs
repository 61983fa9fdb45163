//! Options of Kafka's Scala and Java tools, as the library jopt-simple reads them: `--name value`, `--name=value`,
//! `-name value`; no abbreviations; stray words are ignored; an option that needs a value takes whatever comes next.

use clients::KafkaError;

/// Whether an option takes a value, and how the help table calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    None,
    /// Type and description: `<String: topic>`.
    Required(&'static str, &'static str),
    Optional(&'static str, &'static str),
}

/// One row of a tool's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opt {
    pub name: &'static str,
    pub argument: Argument,
    pub default: Option<&'static str>,
    /// In our words, not Kafka's.
    pub help: &'static str,
}

pub const fn flag(name: &'static str, help: &'static str) -> Opt {
    Opt { name, argument: Argument::None, default: None, help }
}

pub const fn text(name: &'static str, what: &'static str, help: &'static str) -> Opt {
    Opt { name, argument: Argument::Required("String", what), default: None, help }
}

pub const fn integer(name: &'static str, what: &'static str, help: &'static str) -> Opt {
    Opt { name, argument: Argument::Required("Integer", what), default: None, help }
}

pub const fn long(name: &'static str, what: &'static str, help: &'static str) -> Opt {
    Opt { name, argument: Argument::Required("Long", what), default: None, help }
}

/// The same option with a default.
pub const fn or(opt: Opt, default: &'static str) -> Opt {
    Opt { default: Some(default), ..opt }
}

/// `CommandDefaultOptions`: every tool has these.
const HELP: Opt = flag("help", "Print usage information.");
const VERSION: Opt = flag("version", "Display Kafka version.");

/// What was typed, by a table.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Options {
    /// Name and value of each option given, in order.
    given: Vec<(&'static str, Option<String>)>,
    others: Vec<String>,
}

/// An exception of jopt-simple.
pub fn exception(class: &str, message: String) -> KafkaError {
    KafkaError::new(&format!("joptsimple.{class}"), message)
}

impl Options {
    pub fn parse(table: &'static [Opt], arguments: &[String]) -> Result<Options, KafkaError> {
        let (mut given, mut others) = (Vec::new(), Vec::new());
        let mut rest = arguments.iter().peekable();
        while let Some(token) = rest.next() {
            if token == "--" {
                others.extend(rest.cloned());
                break;
            }
            let name = token.strip_prefix("--").or_else(|| token.strip_prefix('-'));
            let Some(name) = name.filter(|name| !name.is_empty()) else {
                others.push(token.clone());
                continue;
            };
            let (name, attached) = match name.split_once('=') {
                Some((name, value)) => (name, Some(value.to_string())),
                None => (name, None),
            };
            let Some(opt) = find(table, name) else {
                let why = format!("{name} is not a recognized option");
                return Err(exception("UnrecognizedOptionException", why));
            };
            let value = match opt.argument {
                // A value for a flag is accepted and does not matter.
                Argument::None => None,
                Argument::Required(..) => match attached.or_else(|| rest.next().cloned()) {
                    Some(value) => Some(value),
                    None => {
                        let why = format!("Option {name} requires an argument");
                        return Err(exception("OptionMissingRequiredArgumentException", why));
                    }
                },
                Argument::Optional(..) => attached.or_else(|| rest.next_if(|next| !next.starts_with('-')).cloned()),
            };
            given.push((opt.name, value));
        }
        Ok(Options { given, others })
    }

    /// What belongs to no option (`nonOptionArguments`).
    pub fn others(&self) -> &[String] {
        &self.others
    }

    pub fn has(&self, name: &str) -> bool {
        self.given.iter().any(|(given, _)| *given == name)
    }

    /// The values of an option that may be repeated, in order.
    pub fn values(&self, name: &str) -> Vec<&str> {
        let of_name = self.given.iter().filter(|(given, _)| *given == name);
        of_name.filter_map(|(_, value)| value.as_deref()).collect()
    }

    /// The options that were given, in the order of the command line.
    pub fn names(&self) -> Vec<&'static str> {
        self.given.iter().map(|(name, _)| *name).collect()
    }

    /// What some options were given, in the order typed across all of them; an option without a value gives the empty
    /// text.
    pub fn in_order(&self, names: &[&str]) -> Vec<String> {
        let of_names = self.given.iter().filter(|(given, _)| names.contains(given));
        of_names.map(|(_, value)| value.clone().unwrap_or_default()).collect()
    }

    /// The value of an option that may be given once.
    pub fn value(&self, name: &str) -> Result<Option<&str>, KafkaError> {
        match self.values(name).as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(*one)),
            _ => {
                let why = format!("Found multiple arguments for option {name}, but you asked for only one");
                Err(exception("MultipleArgumentsForOptionException", why))
            }
        }
    }

    /// The same as a number of Java's type `Integer`.
    pub fn integer(&self, name: &str) -> Result<Option<i32>, KafkaError> {
        self.number(name)
    }

    pub fn long(&self, name: &str) -> Result<Option<i64>, KafkaError> {
        self.number(name)
    }

    fn number<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, KafkaError> {
        let Some(text) = self.value(name)? else { return Ok(None) };
        // Java takes a leading plus sign as well, and so does Rust.
        text.parse().map(Some).map_err(|_| {
            let why = format!("Cannot parse argument '{text}' of option {name}");
            let number = not_a_number(text);
            let cause =
                KafkaError::new("joptsimple.internal.ReflectionException", number.to_string()).caused_by(number);
            exception("OptionArgumentConversionException", why).caused_by(cause)
        })
    }
}

/// What `Integer.parseInt` and its like throw.
pub fn not_a_number(text: &str) -> KafkaError {
    KafkaError::new("java.lang.NumberFormatException", format!("For input string: \"{text}\""))
}

fn find(table: &'static [Opt], name: &str) -> Option<&'static Opt> {
    const DEFAULTS: &[Opt] = &[HELP, VERSION];
    table.iter().chain(DEFAULTS).find(|opt| opt.name == name)
}

/// The table that follows a usage error, as jopt-simple lays it out: rows by name, descriptions from column 39.
pub fn help(table: &'static [Opt]) -> String {
    const LEFT: usize = 38;
    const WIDTH: usize = 77;
    let mut rows: Vec<Opt> = table.iter().chain([&HELP, &VERSION]).copied().collect();
    base::ordered::sort_by_key(&mut rows, |opt| opt.name);
    let mut text = format!("{:<LEFT$}{:<39}\n{:<LEFT$}{:<39}\n", "Option", "Description", "------", "-----------");
    for opt in rows {
        let argument = match opt.argument {
            Argument::None => String::new(),
            Argument::Required(kind, "") => format!(" <{kind}>"),
            Argument::Required(kind, what) => format!(" <{kind}: {what}>"),
            Argument::Optional(kind, "") => format!(" [{kind}]"),
            Argument::Optional(kind, what) => format!(" [{kind}: {what}]"),
        };
        let described = match opt.default {
            Some(default) => format!("{} (default: {default})", opt.help),
            None => opt.help.to_string(),
        };
        let left = wrap(&format!("--{}{argument}", opt.name), LEFT - 1);
        let right = wrap(&described, WIDTH - LEFT);
        for line in 0..left.len().max(right.len()) {
            let cell = |column: &[String]| column.get(line).cloned().unwrap_or_default();
            text.push_str(&format!("{:<LEFT$}{:<39}\n", cell(&left), cell(&right)));
        }
    }
    text
}

/// Words into lines of at most `width`; lines after the first are indented by 2.
fn wrap(words: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words.split(' ') {
        let last = lines.last_mut().expect("there is always a line");
        if last.trim().is_empty() {
            last.push_str(word);
        } else if last.chars().count() + 1 + word.chars().count() <= width {
            last.push(' ');
            last.push_str(word);
        } else {
            lines.push(format!("  {word}"));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[Opt] =
        &[text("topic", "topic", "A topic."), flag("list", "All."), integer("partitions", "n", "How many.")];

    fn parse(line: &str) -> Result<Options, KafkaError> {
        let words: Vec<String> = line.split(' ').map(str::to_string).collect();
        Options::parse(TABLE, &words)
    }

    #[test]
    fn options_are_read_as_jopt_reads_them() {
        let options = parse("--topic=a stray -partitions 3 --list=x").unwrap();
        assert_eq!(options.value("topic").unwrap(), Some("a"));
        assert_eq!(options.integer("partitions").unwrap(), Some(3));
        assert!(options.has("list") && !options.has("help"));
        assert_eq!(parse("--topic --list").unwrap().value("topic").unwrap(), Some("--list"));
    }

    #[test]
    fn mistakes_have_its_words() {
        let words = |line: &str| parse(line).unwrap_err().to_string();
        assert_eq!(words("--nope"), "joptsimple.UnrecognizedOptionException: nope is not a recognized option");
        assert_eq!(
            words("--topic"),
            "joptsimple.OptionMissingRequiredArgumentException: Option topic requires an argument"
        );
        let many = parse("--partitions many").unwrap().integer("partitions").unwrap_err();
        assert_eq!(many.message(), "Cannot parse argument 'many' of option partitions");
        let two = parse("--topic a --topic b").unwrap();
        let why = two.value("topic").unwrap_err();
        assert_eq!(why.message(), "Found multiple arguments for option topic, but you asked for only one");
    }

    #[test]
    fn the_help_table_starts_with_its_header() {
        let table = help(TABLE);
        assert!(table.starts_with("Option                                Description"));
        assert!(table.contains("--partitions <Integer: n>             How many."));
    }
}
