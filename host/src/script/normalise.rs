//! What no two runs share (times, ids, ports, counters) is replaced before it is written or compared. A recorded transcript of
//! a real Kafka went through the same rules, so an answer of the engine and a recorded one can be held side by side.
//!
//! The order of the rules counts: a date must be gone before its digits could be taken for something else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex_lite::Regex;

use super::format::{is_answer, split_terminal};

/// Kafka's ids are 16 bytes in Base64 without padding.
const ID_LENGTH: usize = 22;

/// Gives the same id the same name through a whole transcript: `ID-1`, `UUID-2`.
pub struct Normaliser {
    rules: &'static Rules,
    /// Names given, by the prefix and the id itself.
    names: BTreeMap<(&'static str, String), String>,
    /// Words of 22 letters that stood where ids stand. Others (`min.insync` and the like have dots, but a topic may well have
    /// such a name) are left alone.
    known: BTreeSet<String>,
}

/// Compiled once: that takes longer than a transcript does.
static RULES: LazyLock<Rules> = LazyLock::new(Rules::new);

impl Default for Normaliser {
    fn default() -> Normaliser {
        Normaliser { rules: &RULES, names: BTreeMap::new(), known: BTreeSet::new() }
    }
}

impl Normaliser {
    /// With ids that are known beforehand.
    pub fn knowing(ids: impl IntoIterator<Item = String>) -> Normaliser {
        Normaliser { known: ids.into_iter().collect(), ..Normaliser::default() }
    }

    /// The lines of an answer after all rules.
    pub fn lines(&mut self, text: &str) -> Vec<String> {
        let mut text = self.rules.colour.replace_all(text, "").replace("\r\n", "\n").replace('\r', "");
        text = self.rules.date.replace_all(&text, "TIME").into_owned();
        text = self.uuids(&text);
        text = self.rules.console_group.replace_all(&text, "console-consumer-N").into_owned();
        self.learn(&text);
        text = self.ids(&text);
        for (rule, replacement) in &self.rules.rest {
            text = rule.replace_all(&text, *replacement).into_owned();
        }
        fold_help(self.drop_noise(&text))
    }

    fn name(&mut self, prefix: &'static str, value: &str) -> String {
        let next = self.names.keys().filter(|(other, _)| *other == prefix).count() + 1;
        self.names.entry((prefix, value.to_owned())).or_insert_with(|| format!("{prefix}-{next}")).clone()
    }

    fn uuids(&mut self, text: &str) -> String {
        let rule = self.rules.uuid.clone();
        rule.replace_all(text, |found: &regex_lite::Captures| self.name("UUID", &found[0])).into_owned()
    }

    /// Remembers the ids that stand in this text: beside a member's host, after a word that announces one, in lists.
    fn learn(&mut self, text: &str) {
        for (start, word) in id_words(text) {
            let after = &text[start + word.len()..];
            if after.starts_with(' ') && after.trim_start_matches(' ').starts_with("/127.0.") {
                self.known.insert(word.to_owned());
            }
        }
        for found in self.rules.announced_id.captures_iter(text) {
            self.known.insert(found[2].to_owned());
        }
        for found in self.rules.id_list.captures_iter(text) {
            self.known.extend(self.rules.id.find_iter(&found[1]).map(|id| id.as_str().to_owned()));
        }
    }

    fn ids(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut done = 0;
        for (start, word) in id_words(text) {
            if self.known.contains(word) {
                out.push_str(&text[done..start]);
                out.push_str(&self.name("ID", word));
                done = start + word.len();
            }
        }
        out.push_str(&text[done..]);
        out
    }

    /// Without stack frames, the JVM's warning about memory operations, repeats of one log line and empty lines at the end.
    fn drop_noise(&self, text: &str) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for line in text.split('\n') {
            let repeats = self.rules.log_line.is_match(line) && lines.last().is_some_and(|last| last == line);
            if repeats || self.rules.jvm_warning.is_match(line) || self.rules.stack_frame.is_match(line) {
                continue;
            }
            lines.push(line.to_owned());
        }
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        lines
    }
}

struct Rules {
    colour: Regex,
    date: Regex,
    uuid: Regex,
    console_group: Regex,
    announced_id: Regex,
    id_list: Regex,
    id: Regex,
    log_line: Regex,
    jvm_warning: Regex,
    stack_frame: Regex,
    rest: Vec<(Regex, &'static str)>,
}

/// Plain replacements, in this order, after the ids have their names.
const REST: [(&str, &str); 12] = [
    (r"\b1[6-9]\d{11}\b", "TIME_MS"),
    (r"(HighWatermark:\s+)\d+", "${1}N"),
    (r"\bcrc: \d+", "crc: N"),
    (r"(broker \d+ at epoch|lowest active offset|controlled shutdown offset) \d+", "${1} N"),
    (r#"("brokerEpoch":)\d+"#, "${1}N"),
    (r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d \w+ \d{4}\b", "TIME"),
    (r"\b0x1[0-9a-f]{14,15}\b", "SESSION"),
    (r"(?i)(zxid *[=:] *)0x[0-9a-f]+", "${1}ZXID"),
    (r"/127\.0\.\d\.\d:(3[2-9]|[4-6]\d)\d{3}", "/ADDRESS"),
    (r"recved=\d+,sent=\d+", "recved=N,sent=N"),
    (r"(?m)^(Received|Sent|Latency min/avg/max): .*$", "${1}: N"),
    (r"console-share-consumer-\d{1,6}", "console-share-consumer-N"),
];

impl Rules {
    fn new() -> Rules {
        // Every pattern is a constant of this file, and the tests below use each.
        let rule = |pattern: &str| Regex::new(pattern).expect("a rule of normalisation is a valid expression");
        Rules {
            colour: rule(r"\x1b\[[0-9;?]*[A-Za-z]"),
            date: rule(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d([,:.]\d{3})?Z?"),
            uuid: rule(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"),
            console_group: rule(r"console-consumer-\d{1,6}"),
            // The letter after the id is looked at by taking it along: nothing that begins there could be announced.
            announced_id: rule(r"(?i)(id|uuid|directory|version)\W{1,4}([A-Za-z0-9_-]{22})(?:[^A-Za-z0-9_-]|$)"),
            id_list: rule(r"(?i)(?:directories|logDirs)\W{1,4}((?:[A-Za-z0-9_-]{22}\W{1,4})+)"),
            id: rule(r"[A-Za-z0-9_-]{22}"),
            log_line: rule(r"^\[TIME\] (WARN|ERROR|INFO)"),
            jvm_warning: rule(r"^\[[\d.]+s\]\[warning\]\[perf,memops\]"),
            stack_frame: rule(r"^(\s+at [\w.$/<>]+\(|\s+\.\.\. \d+ (more|common frames))"),
            rest: REST.iter().map(|(pattern, replacement)| (rule(pattern), *replacement)).collect(),
        }
    }
}

/// Words of exactly 22 letters of the Base64 alphabet, with where they start.
fn id_words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_id_letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    text.split(move |letter| !is_id_letter(letter))
        .filter(|word| word.len() == ID_LENGTH)
        .map(move |word| (word.as_ptr() as usize - text.as_ptr() as usize, word))
}

/// A tool's help is prose and ours to write: from its first line to the end of the answer it becomes the word HELP. An error
/// that stands among it counts.
pub fn fold_help(lines: Vec<String>) -> Vec<String> {
    let begins = |line: &str| {
        let columns = line.strip_prefix("Option ").map(|rest| rest.trim_start_matches(' ').trim_end());
        line.starts_with("usage: ") || columns == Some("Description")
    };
    let counts = |line: &str| {
        line.contains("error:") || line.contains("Exception") || line.starts_with("[TIME]") || line.starts_with("Error")
    };
    let mut out = Vec::new();
    let mut folding = false;
    for line in lines {
        if begins(&line) {
            if !folding {
                out.push("HELP".to_owned());
            }
            folding = true;
        } else if !folding || counts(&line) {
            out.push(line);
        }
    }
    out
}

/// A transcript with every answer put through the rules (again). Nothing changes in one that was recorded with them.
pub fn retidy(transcript: &str) -> String {
    let (head, mark, body) = match transcript.split_once("\n---\n") {
        Some((head, body)) => (head, "\n---\n", body),
        None => (transcript, "", ""),
    };
    let mut normaliser = Normaliser::default();
    let mut out = Vec::new();
    let mut group: Vec<&str> = Vec::new();
    let mut prefix = "";
    for line in body.lines() {
        let (terminal, rest) = split_terminal(line);
        let answer = rest.strip_prefix('|').filter(|_| is_answer(line));
        let here = terminal.unwrap_or("");
        if answer.is_none() || here != prefix {
            close_group(&mut normaliser, prefix, &mut group, &mut out);
        }
        match answer {
            Some(text) => {
                prefix = here;
                group.push(text.strip_prefix(' ').unwrap_or(text));
            }
            None => out.push(line.trim_end().to_owned()),
        }
    }
    close_group(&mut normaliser, prefix, &mut group, &mut out);
    format!("{head}{mark}{}\n", out.join("\n"))
}

fn close_group(normaliser: &mut Normaliser, prefix: &str, group: &mut Vec<&str>, out: &mut Vec<String>) {
    if !group.is_empty() {
        let lines = normaliser.lines(&group.join("\n"));
        out.extend(lines.iter().map(|line| format!("{prefix}| {line}").trim_end().to_owned()));
        group.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tidy(text: &str) -> String {
        Normaliser::default().lines(text).join("\n")
    }

    #[test]
    fn times_become_words() {
        assert_eq!(tidy("[2026-11-25 04:34:55,123] WARN x"), "[TIME] WARN x");
        assert_eq!(tidy("CreateTime:1764045295123 a 12345"), "CreateTime:TIME_MS a 12345");
        assert_eq!(tidy("ctime = Wed Nov 25 04:34:55 UTC 2026"), "ctime = TIME");
    }

    #[test]
    fn ids_get_names_in_order_of_appearance() {
        let mut normaliser = Normaliser::default();
        let first = normaliser.lines("TopicId: AbCdEfGhIjKlMnOpQrStUv\tx\nTopicId: BBCdEfGhIjKlMnOpQrStU_");
        assert_eq!(first, ["TopicId: ID-1\tx", "TopicId: ID-2"]);
        assert_eq!(normaliser.lines("again AbCdEfGhIjKlMnOpQrStUv"), ["again ID-1"], "known by now");
        assert_eq!(normaliser.lines("a AAAAAAAAAAAAAAAAAAAAAA"), ["a AAAAAAAAAAAAAAAAAAAAAA"], "never announced");
        assert_eq!(tidy("member-AbCdEfGhIjKlMnOpQrStUv"), "member-AbCdEfGhIjKlMnOpQrStUv", "part of a longer word");
    }

    #[test]
    fn ids_are_announced_in_three_ways() {
        assert_eq!(tidy("AbCdEfGhIjKlMnOpQrStUv  /127.0.0.1"), "ID-1  /127.0.0.1");
        assert_eq!(tidy("{\"uuid\":\"AbCdEfGhIjKlMnOpQrStUv\"}"), "{\"uuid\":\"ID-1\"}");
        assert_eq!(tidy("directories=[AbCdEfGhIjKlMnOpQrStUv, BBCdEfGhIjKlMnOpQrStUv]"), "directories=[ID-1, ID-2]");
        assert_eq!(tidy("f81d4fae-7dec-11d0-a765-00a0c91e6bf6 x"), "UUID-1 x");
    }

    #[test]
    fn counters_and_addresses_lose_their_numbers() {
        let cases = [
            ("console-consumer-48213", "console-consumer-N"),
            ("console-share-consumer-123456", "console-share-consumer-N"),
            ("HighWatermark:          123", "HighWatermark:          N"),
            ("position: 0 crc: 4321 isvalid: true", "position: 0 crc: N isvalid: true"),
            ("broker 2 at epoch 41", "broker 2 at epoch N"),
            ("\"brokerEpoch\":12,", "\"brokerEpoch\":N,"),
            ("cZxid = 0x2f", "cZxid = ZXID"),
            ("0x10001f2e3d4c5b6a", "SESSION"),
            ("from /127.0.0.1:45678", "from /ADDRESS"),
            ("(queued=0,recved=1,sent=0)", "(queued=0,recved=N,sent=N)"),
            ("Received: 123", "Received: N"),
        ];
        for (before, after) in cases {
            assert_eq!(tidy(before), after);
        }
    }

    #[test]
    fn noise_is_dropped() {
        assert_eq!(tidy("\x1b[31mred\x1b[0m\r\n\n\n"), "red");
        assert_eq!(tidy("x\n\tat org.apache.Kafka.main(Kafka.scala:1)\n\t... 3 more\ny"), "x\ny");
        assert_eq!(tidy("[0.004s][warning][perf,memops] Cannot use file"), "");
        let repeated = "[2026-11-25 04:34:55,123] WARN x\n[2026-11-25 04:34:55,323] WARN x\nx\nx";
        assert_eq!(tidy(repeated), "[TIME] WARN x\nx\nx", "only log lines");
    }

    #[test]
    fn help_is_one_word() {
        let help = "Missing required argument\nOption                 Description            \n------\n--help   prints\nError: no";
        assert_eq!(tidy(help), "Missing required argument\nHELP\nError: no");
        assert_eq!(tidy("usage: tool [-h]\n\nmore\ntool: error: bad"), "HELP\ntool: error: bad");
    }

    #[test]
    fn a_tidy_transcript_stays_as_it_is() {
        let text =
            "brokers: 1\n---\n# note\n$ ls\n| a\nt2| b\nt2[exit 1]\n\n$ x\n|  (org.apache.kafka.tools.TopicCommand)\n";
        assert_eq!(retidy(text), text);
    }
}
