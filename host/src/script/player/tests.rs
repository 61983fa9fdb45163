//! The player against a world of paper: terminals that say what the test wrote down.

use super::*;
use crate::script::format::{Header, parse};
use crate::script::world::Shown;

/// Knows three commands: `say WORDS` ends at once, `fail` ends with 1, `cat` repeats after half a second what is typed.
#[derive(Default)]
struct Paper {
    now_us: u64,
    running: BTreeMap<String, &'static str>,
    shown: BTreeMap<String, Shown>,
    pending: Vec<(u64, String, String)>,
    down_until: BTreeMap<String, u64>,
}

impl ScriptWorld for Paper {
    fn boot(header: &Header, _seed: u64) -> Result<Paper, String> {
        if header.brokers == 0 { Err("no brokers".to_owned()) } else { Ok(Paper::default()) }
    }

    fn wait(&mut self, us: u64) {
        self.now_us += us;
        let now_us = self.now_us;
        for (_, terminal, text) in self.pending.extract_if(.., |(at_us, ..)| *at_us <= now_us) {
            self.shown.entry(terminal).or_default().text.push_str(&text);
        }
    }

    fn command(&mut self, terminal: &str, line: &str) -> Result<(), String> {
        let shown = self.shown.entry(terminal.to_owned()).or_default();
        match line.split_once(' ').unwrap_or((line, "")) {
            ("say", words) => *shown = Shown { text: format!("{words}\n"), exit: Some(0) },
            ("fail", _) => shown.exit = Some(1),
            ("cat", _) => drop(self.running.insert(terminal.to_owned(), "cat")),
            _ => return Err("unknown".to_owned()),
        }
        Ok(())
    }

    fn type_text(&mut self, terminal: &str, text: &str) -> Result<(), String> {
        self.pending.push((self.now_us + SECOND_US / 2, terminal.to_owned(), format!("{text}\n")));
        Ok(())
    }

    fn interrupt(&mut self, terminal: &str) -> Result<(), String> {
        self.signal(terminal, "interrupt")
    }

    fn end_of_input(&mut self, terminal: &str) -> Result<(), String> {
        self.running.remove(terminal);
        Ok(())
    }

    fn is_busy(&self, terminal: &str) -> bool {
        self.running.contains_key(terminal)
    }

    fn shown_bytes(&self, terminal: &str) -> usize {
        self.shown.get(terminal).map_or(0, |shown| shown.text.len())
    }

    fn take(&mut self, terminal: &str) -> Shown {
        self.shown.remove(terminal).unwrap_or_default()
    }

    fn signal(&mut self, terminal: &str, _verb: &str) -> Result<(), String> {
        self.running.remove(terminal);
        self.shown.entry(terminal.to_owned()).or_default().exit = Some(130);
        Ok(())
    }

    fn fault(&mut self, server: &str, verb: &str) -> Result<(), String> {
        if verb == "start" {
            self.down_until.insert(server.to_owned(), self.now_us + 5 * SECOND_US);
        }
        Ok(())
    }

    fn configure(&mut self, _server: &str, _key: &str, _value: &str) -> Result<(), String> {
        Ok(())
    }

    fn server(&self, server: &str) -> ServerState {
        let until_us = self.down_until.get(server).copied().unwrap_or(0);
        if until_us > self.now_us { ServerState::Changing } else { ServerState::Up }
    }
}

fn transcript(body: &str) -> Result<String, Broken> {
    play::<Paper>(&parse(&format!("brokers: 1\n---\n{body}")).unwrap(), 1)
}

#[test]
fn answers_are_written_below_their_lines() {
    let text =
        "$ say hello\n| hello\n# note\n$ fail\n[exit 1]\nt2$ cat\nt2< one\nt2| one\n$ say x\n| x\nt2^C\nt2[exit 130]\n";
    assert_eq!(transcript(text).unwrap(), format!("brokers: 1\n---\n{text}"));
}

#[test]
fn wrong_answers_are_replaced() {
    assert_eq!(transcript("$ say a\n| b\n[exit 2]\n").unwrap(), "brokers: 1\n---\n$ say a\n| a\n");
}

#[test]
fn terminals_answer_in_the_order_of_their_numbers() {
    let text = "t10$ cat\nt9$ cat\nt10< a\nt10| a\nt9< b\nt9| b\n! kill t9\nt9[exit 130]\nt10^D\n";
    assert_eq!(transcript(text).unwrap(), format!("brokers: 1\n---\n{text}"));
}

#[test]
fn a_started_server_is_waited_for() {
    assert!(transcript("! start b1\n! wait 0.5s\n").is_ok());
}

#[test]
fn impossible_scripts_end_with_the_line_that_is_wrong() {
    assert_eq!(transcript("t3< x\n").unwrap_err().reason, "t3< x: t3: nothing is running there");
    assert_eq!(
        transcript("t2$ cat\n! kill t2\nt2$ cat\n").unwrap_err().reason,
        "t2$ cat: t2: the command did not end within 150 s"
    );
    assert_eq!(transcript("! wait long\n").unwrap_err().reason, "! wait long: long is no time; write it as 12s");
    let broken = play::<Paper>(&parse("brokers: 0\n---\n").unwrap(), 1).unwrap_err();
    assert_eq!(broken.reason, "the cluster does not boot: no brokers");
}

#[test]
fn times_are_whole_microseconds() {
    assert_eq!(parse_seconds("12s"), Ok(12_000_000));
    assert_eq!(parse_seconds("0.25s"), Ok(250_000));
    assert_eq!(parse_seconds("3"), Ok(3_000_000));
    assert!(parse_seconds("-1s").is_err());
    assert!(parse_seconds("99999999999999999s").is_err());
}
