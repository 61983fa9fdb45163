//! Options of the tools that are read by the library argparse4j: sub-commands, `--name value`, `--name=value`, groups of
//! which one must be given. Its messages, to the letter; the help in our own words.

use base::Map;

use super::straight::{Halt, Run};

/// How an option is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// No value.
    Flag,
    Text,
    Integer,
    /// A text that may be given several times.
    Repeated,
}

#[derive(Clone, Copy, Debug)]
pub struct Arg {
    /// `--id`, and perhaps `-i`.
    pub names: &'static [&'static str],
    pub kind: Kind,
    pub required: bool,
    /// Of the options of one group at most one is given; exactly one if they are `required`.
    pub grouped: bool,
    pub help: &'static str,
}

/// An option that may be left out.
pub const fn arg(names: &'static [&'static str], kind: Kind, help: &'static str) -> Arg {
    Arg { names, kind, required: false, grouped: false, help }
}

pub const fn required(arg: Arg) -> Arg {
    Arg { required: true, ..arg }
}

pub const fn grouped(arg: Arg) -> Arg {
    Arg { grouped: true, ..arg }
}

pub struct Command {
    pub name: &'static str,
    pub help: &'static str,
    pub args: &'static [Arg],
}

pub struct Parser {
    /// `kafka-cluster`
    pub program: &'static str,
    pub about: &'static str,
    pub args: &'static [Arg],
    pub commands: &'static [Command],
}

/// What a command line says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    pub command: &'static str,
    values: Map<&'static str, Vec<String>>,
    /// What is missing is told at the end, and only what was found last.
    missing: Option<String>,
}

impl Parsed {
    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name)?.last().map(String::as_str)
    }

    /// Checked when it was parsed.
    pub fn integer(&self, name: &str) -> Option<i32> {
        self.text(name)?.parse().ok()
    }

    pub fn all(&self, name: &str) -> Vec<&str> {
        self.values.get(name).map(|values| values.iter().map(String::as_str).collect()).unwrap_or_default()
    }
}

/// Why there is nothing to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The whole help.
    Help(String),
    Error(String),
}

impl Parser {
    /// What a tool was told. A request for help, and a mistake, end it with what is to be said.
    pub fn of(&self, tool: &mut Run<'_, '_, '_>) -> Result<Parsed, Halt> {
        match self.parse(&tool.arguments()) {
            Ok(parsed) => Ok(parsed),
            Err(Stop::Help(text)) => {
                tool.print(text);
                Err(Halt::Exit(0))
            }
            Err(Stop::Error(words)) => Err(self.refused(&words, tool)),
        }
    }

    /// Says the usage and what is wrong; the tool ends with 1.
    pub fn refused(&self, words: &str, tool: &mut Run<'_, '_, '_>) -> Halt {
        tool.eprintln(self.usage());
        tool.eprintln(format!("{}: error: {words}", self.program));
        Halt::Exit(1)
    }

    pub fn parse(&self, arguments: &[String]) -> Result<Parsed, Stop> {
        let mut parsed = Parsed::default();
        let mut rest = arguments.iter();
        self.scan(self.args, &mut rest, &mut parsed, true)?;
        if parsed.command.is_empty() {
            return Err(Stop::Error("too few arguments".to_string()));
        }
        check_required(self.args, &mut parsed);
        match parsed.missing.take() {
            Some(words) => Err(Stop::Error(words)),
            None => Ok(parsed),
        }
    }

    /// Reads options until a sub-command takes over or the line ends.
    fn scan(
        &self,
        args: &'static [Arg],
        rest: &mut std::slice::Iter<'_, String>,
        parsed: &mut Parsed,
        is_main: bool,
    ) -> Result<(), Stop> {
        while let Some(token) = rest.next() {
            if !token.starts_with('-') || token == "-" {
                if !is_main {
                    return Err(Stop::Error(format!("unrecognized arguments: '{token}'")));
                }
                let command = self.command(token)?;
                parsed.command = command.name;
                self.scan(command.args, rest, parsed, false)?;
                check_required(command.args, parsed);
                return Ok(());
            }
            if token == "--help" || token == "-h" {
                return Err(Stop::Help(self.help(if is_main { None } else { Some(parsed.command) })));
            }
            self.option(args, token, rest, parsed)?;
        }
        Ok(())
    }

    fn command(&self, token: &str) -> Result<&'static Command, Stop> {
        self.commands.iter().find(|command| command.name == token).ok_or_else(|| {
            let names: Vec<String> = self.commands.iter().map(|command| format!("'{}'", command.name)).collect();
            Stop::Error(format!("invalid choice: '{token}' (choose from {})", names.join(", ")))
        })
    }

    fn option(
        &self,
        args: &'static [Arg],
        token: &str,
        rest: &mut std::slice::Iter<'_, String>,
        parsed: &mut Parsed,
    ) -> Result<(), Stop> {
        let (name, attached) = match token.split_once('=') {
            Some((name, value)) if token.starts_with("--") => (name, Some(value.to_string())),
            _ => (token, None),
        };
        let Some(arg) = args.iter().find(|arg| arg.names.contains(&name)) else {
            return Err(Stop::Error(format!("unrecognized arguments: '{token}'")));
        };
        let shown = arg.names.join("/");
        let other = args.iter().find(|a| arg.grouped && a.grouped && a.names != arg.names && parsed.has(a.names[0]));
        if let Some(other) = other {
            let words = format!("argument {shown}: not allowed with argument {}", other.names.join("/"));
            return Err(Stop::Error(words));
        }
        if arg.kind == Kind::Flag {
            if let Some(value) = attached {
                return Err(Stop::Error(format!("argument {shown}: ignored implicit argument '{value}'")));
            }
            parsed.values.insert(arg.names[0], Vec::new());
            return Ok(());
        }
        let next = || rest.as_slice().first().filter(|word| !word.starts_with('-') || word.parse::<i64>().is_ok());
        let value = match attached {
            Some(value) => value,
            None => match next().cloned() {
                Some(value) => {
                    rest.next();
                    value
                }
                None => return Err(Stop::Error(format!("argument {shown}: expected one argument"))),
            },
        };
        if arg.kind == Kind::Integer && value.parse::<i32>().is_err() {
            let words =
                format!("argument {shown}: could not convert '{value}' to Integer (For input string: \"{value}\")");
            return Err(Stop::Error(words));
        }
        let values = parsed.values.entry(arg.names[0]).or_default();
        if arg.kind != Kind::Repeated {
            values.clear();
        }
        values.push(value);
        Ok(())
    }

    /// `usage: kafka-cluster [-h] {cluster-id,...} ...`
    pub fn usage(&self) -> String {
        let names: Vec<&str> = self.commands.iter().map(|command| command.name).collect();
        let options: String = self.args.iter().map(|arg| format!(" [{}]", arg.names[0])).collect();
        format!("usage: {} [-h]{options} {{{}}} ...", self.program, names.join(","))
    }

    fn help(&self, command: Option<&str>) -> String {
        let list = |args: &[Arg]| -> String {
            let help = "  -h, --help\n      Show this help.\n".to_string();
            let rows = args.iter().map(|arg| format!("  {}\n      {}\n", arg.names.join(", "), arg.help));
            std::iter::once(help).chain(rows).collect()
        };
        if let Some(command) = self.commands.iter().find(|c| command == Some(c.name)) {
            let (program, name) = (self.program, command.name);
            return format!(
                "usage: {program} {name} [options]\n\n{}\n\noptions:\n{}",
                command.help,
                list(command.args)
            );
        }
        let commands: String =
            self.commands.iter().map(|command| format!("  {}\n      {}\n", command.name, command.help)).collect();
        format!("{}\n\n{}\n\ncommands:\n{commands}\noptions:\n{}", self.usage(), self.about, list(self.args))
    }
}

/// Needed options, then groups of which one is needed.
fn check_required(args: &'static [Arg], parsed: &mut Parsed) {
    let missing = |arg: &&Arg| arg.required && !parsed.has(arg.names[0]);
    let last = args.iter().rev().filter(|arg| !arg.grouped).find(missing);
    let group: Vec<&Arg> = args.iter().filter(|arg| arg.grouped && arg.required).collect();
    if !group.is_empty() && group.iter().all(missing) {
        let names: Vec<String> = group.iter().map(|arg| arg.names.join("/")).collect();
        parsed.missing = Some(format!("one of the arguments {} is required", names.join(" ")));
    } else if let Some(arg) = last {
        parsed.missing = Some(format!("argument {} is required", arg.names.join("/")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: Arg = required(grouped(arg(&["--bootstrap-server", "-b"], Kind::Text, "Brokers.")));
    const CONTROLLER: Arg = required(grouped(arg(&["--bootstrap-controller"], Kind::Text, "Controllers.")));
    const PARSER: Parser = Parser {
        program: "kafka-test",
        about: "A test.",
        args: &[SERVER, CONTROLLER],
        commands: &[Command {
            name: "describe",
            help: "Describes.",
            args: &[
                arg(&["--all"], Kind::Flag, "All."),
                arg(&["--id", "-i"], Kind::Integer, "An id."),
                arg(&["--feature"], Kind::Repeated, "Some."),
            ],
        }],
    };

    fn parse(line: &str) -> Result<Parsed, Stop> {
        let words: Vec<String> = line.split(' ').filter(|word| !word.is_empty()).map(str::to_string).collect();
        PARSER.parse(&words)
    }

    fn error(line: &str) -> String {
        match parse(line) {
            Err(Stop::Error(words)) => words,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn lines_are_read_as_argparse4j_reads_them() {
        let parsed = parse("-b b1:9092 describe --all --id=3 --feature a=1 --feature b=2").unwrap();
        assert_eq!((parsed.command, parsed.text("--bootstrap-server")), ("describe", Some("b1:9092")));
        assert!(parsed.has("--all"));
        assert_eq!((parsed.integer("--id"), parsed.all("--feature")), (Some(3), vec!["a=1", "b=2"]));
        assert!(matches!(parse("describe --help"), Err(Stop::Help(_))));
    }

    #[test]
    fn mistakes_have_its_words() {
        assert_eq!(error(""), "too few arguments");
        assert_eq!(error("describe"), "one of the arguments --bootstrap-server/-b --bootstrap-controller is required");
        assert_eq!(error("elect"), "invalid choice: 'elect' (choose from 'describe')");
        assert_eq!(error("-b x describe --id"), "argument --id/-i: expected one argument");
        assert_eq!(
            error("-b x describe --id x"),
            "argument --id/-i: could not convert 'x' to Integer (For input string: \"x\")"
        );
        assert_eq!(error("-b x describe --nope"), "unrecognized arguments: '--nope'");
        assert_eq!(
            error("-b x --bootstrap-controller c1:9093 describe"),
            "argument --bootstrap-controller: not allowed with argument --bootstrap-server/-b"
        );
    }
}
