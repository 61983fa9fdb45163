//! What the tools do before they do anything: check options (`CommandLineUtils`), read property files.

use base::Uuid;
use clients::KafkaError;
use clients::config::Properties;

use super::jopt::{self, Opt, Options};
use crate::files::FileError;
use crate::process::Io;

/// A tool that ends before it began: what it prints, and its status.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Stop {
    /// A message and the help table on stderr, status 1.
    Usage(String),
    /// Text on stdout, status 0.
    Answer(String),
    /// An exception that the tool's `main` prints in its own way.
    Thrown(KafkaError),
    /// Text on stderr, status 1.
    Refused(String),
}

impl From<KafkaError> for Stop {
    fn from(error: KafkaError) -> Stop {
        Stop::Thrown(error)
    }
}

impl Stop {
    /// Prints everything but a thrown exception, which only the tool knows how to print, and exits.
    pub fn print(self, table: &'static [Opt], thrown: impl FnOnce(KafkaError, &mut Io<'_, '_>), io: &mut Io<'_, '_>) {
        match self {
            Stop::Usage(message) => {
                io.eprintln(message);
                io.eprint(jopt::help(table));
                io.exit(1);
            }
            Stop::Answer(text) => {
                io.println(text);
                io.exit(0);
            }
            Stop::Thrown(error) => {
                thrown(error, io);
                io.exit(1);
            }
            Stop::Refused(text) => {
                io.eprintln(text);
                io.exit(1);
            }
        }
    }
}

/// `maybePrintHelpOrVersion`: no arguments at all is a call for help too.
pub fn help_or_version(options: &Options, arguments: &[String], words: &str) -> Result<(), Stop> {
    if arguments.is_empty() || options.has("help") {
        return Err(Stop::Usage(words.to_string()));
    }
    if options.has("version") {
        return Err(Stop::Answer(cluster::Profile::default().version().to_string()));
    }
    Ok(())
}

/// `checkRequiredArgs`.
pub fn require(options: &Options, names: &[&str]) -> Result<(), Stop> {
    match names.iter().find(|name| !options.has(name)) {
        Some(name) => Err(Stop::Usage(format!("Missing required argument \"[{name}]\""))),
        None => Ok(()),
    }
}

/// `checkInvalidArgs`.
pub fn forbid(options: &Options, used: &str, invalid: &[&str]) -> Result<(), Stop> {
    if !options.has(used) {
        return Ok(());
    }
    match invalid.iter().find(|name| options.has(name)) {
        Some(name) => Err(Stop::Usage(format!("Option \"[{used}]\" can't be used with option \"[{name}]\""))),
        None => Ok(()),
    }
}

/// `ToolsUtils.validateBootstrapServer`.
pub fn check_servers(servers: Option<&str>) -> Result<(), Stop> {
    let Some(servers) = servers.filter(|servers| !servers.trim().is_empty()) else {
        return Err(Stop::Usage("Error while validating the bootstrap address\n".to_string()));
    };
    let all_good = servers.split(',').all(|server| clients::node::split_address(server).is_some());
    if all_good {
        return Ok(());
    }
    Err(Stop::Usage("Please provide valid host:port like host1:9091,host2:9092\n".to_string()))
}

/// `Utils.loadProps`: a property file of the working directory.
pub fn load_properties(path: &str, io: &Io<'_, '_>) -> Result<Properties, KafkaError> {
    match io.files.read(io.fx.surroundings(), path) {
        Ok(bytes) => Ok(parse_properties(&String::from_utf8_lossy(&bytes))),
        Err(FileError::IsDirectory) => Err(KafkaError::new("java.io.IOException", "Is a directory")),
        Err(_) => Err(KafkaError::new("java.nio.file.NoSuchFileException", path)),
    }
}

/// The lines of a Java property file: `key=value`, `key: value` or `key value`; `#` and `!` begin comments.
pub fn parse_properties(text: &str) -> Properties {
    let mut properties = Properties::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let mut line = line.trim_start().to_string();
        if line.is_empty() || line.starts_with(['#', '!']) {
            continue;
        }
        while line.ends_with('\\') && !line.ends_with("\\\\") {
            line.pop();
            line.push_str(lines.next().map_or("", str::trim_start));
        }
        let end = line.find(|c: char| c == '=' || c == ':' || c.is_whitespace()).unwrap_or(line.len());
        let (key, rest) = line.split_at(end);
        let rest = rest.trim_start();
        let value = rest.strip_prefix(['=', ':']).unwrap_or(rest).trim_start();
        properties.insert(key.to_string(), value.replace("\\t", "\t").replace("\\n", "\n").replace("\\\\", "\\"));
    }
    properties
}

/// `Uuid.fromString`, with the words of its refusal: its own of the length, or those of `Base64.getUrlDecoder`.
pub fn parse_uuid(text: &str) -> Result<Uuid, String> {
    let count = text.chars().count();
    if count > 24 {
        let start: String = text.chars().take(24).collect();
        return Err(format!("Input string with prefix `{start}` is too long to be decoded as a base64 UUID"));
    }
    if count == 1 {
        return Err("Input byte[] should at least have 2 bytes for base64 bytes".to_string());
    }
    let body = text.trim_end_matches('=');
    let strange = body.chars().find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_'));
    if let Some(odd) = strange {
        return Err(format!("Illegal base64 character {:x}", u32::from(odd)));
    }
    if body.len() % 4 == 1 {
        return Err("Last unit does not have enough valid bits".to_string());
    }
    body.parse().map_err(|_| {
        let bytes = body.len() * 3 / 4;
        format!(
            "Input string `{text}` decoded as {bytes} bytes, which is not equal to the expected 16 bytes of a \
             base64-encoded UUID"
        )
    })
}

/// `parseKeyValueArgs`: `key=value` each; a missing value is the empty text.
pub fn key_values(arguments: &[&str]) -> Properties {
    let pair = |argument: &&str| {
        let (key, value) = argument.split_once('=').unwrap_or((argument, ""));
        (key.to_string(), value.to_string())
    };
    arguments.iter().map(pair).collect()
}

/// What Java says of a pattern that is none: why, where, the pattern and a mark below the place.
pub fn bad_pattern(pattern: &str) -> KafkaError {
    let (why, at) = match pattern.chars().next() {
        Some(first @ ('*' | '+' | '?')) => (format!("Dangling meta character '{first}'"), 0),
        _ if pattern.contains('[') && !pattern.contains(']') => {
            ("Unclosed character class".to_string(), pattern.len() - 1)
        }
        _ => ("Unclosed group".to_string(), pattern.len()),
    };
    let mark = if at < pattern.len() { format!("\n{}^", " ".repeat(at)) } else { String::new() };
    KafkaError::new("java.util.regex.PatternSyntaxException", format!("{why} near index {at}\n{pattern}{mark}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn property_files_read_as_java_reads_them() {
        let properties = parse_properties("# a comment\nacks=all\nlinger.ms : 5\nkey.separator=\\t\n");
        assert_eq!(properties["acks"], "all");
        assert_eq!(properties["linger.ms"], "5");
        assert_eq!(properties["key.separator"], "\t");
        assert_eq!(properties.len(), 3);
    }

    #[test]
    fn an_id_that_is_none_is_refused_in_javas_words() {
        let long = parse_uuid("abc").unwrap_err();
        assert_eq!(
            long,
            "Input string `abc` decoded as 2 bytes, which is not equal to the expected 16 bytes of a base64-encoded UUID"
        );
        assert_eq!(parse_uuid("short").unwrap_err(), "Last unit does not have enough valid bits");
        assert_eq!(parse_uuid("a!").unwrap_err(), "Illegal base64 character 21");
        assert_eq!(parse_uuid("AAAAAAAAAAAAAAAAAAAAAA==").unwrap(), Uuid::ZERO);
    }

    #[test]
    fn servers_need_a_port() {
        assert!(check_servers(Some("b1:9092,b2:9092")).is_ok());
        assert!(matches!(check_servers(Some("b1")), Err(Stop::Usage(words)) if words.starts_with("Please provide")));
        assert!(matches!(check_servers(None), Err(Stop::Usage(words)) if words.starts_with("Error while validating")));
    }
}
