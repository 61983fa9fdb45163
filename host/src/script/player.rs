//! Plays a script and writes its transcript: the script's own lines, and after each everything that any terminal showed, t1
//! first.
//!
//! How long is waited after a line follows the way the recorded transcripts were made, where Kafka got real seconds: a command
//! is waited for; one that is left running gets until it has been quiet for a while. The world gets the same seconds virtually.

use std::collections::BTreeMap;

use super::format::{Action, Script};
use super::normalise::Normaliser;
use super::world::{ScriptWorld, ServerState};

const SECOND_US: u64 = 1_000_000;
/// How often a terminal is looked at while something is awaited.
const LOOK_US: u64 = SECOND_US / 10;
/// A cluster that has just started is left alone this long.
const AFTER_BOOT_US: u64 = 3 * SECOND_US;
/// A real tool starts a virtual machine before it does anything; scripts rely on the world having moved on meanwhile.
const TOOL_START_US: u64 = SECOND_US;
/// A command that is left running is looked after until it has been quiet this long.
const QUIET_AFTER_COMMAND_US: u64 = 7 * SECOND_US;
const QUIET_AFTER_TYPING_US: u64 = 2 * SECOND_US;
const QUIET_AFTER_FAULT_US: u64 = SECOND_US;
const QUIET_ELSEWHERE_US: u64 = SECOND_US * 6 / 10;
/// Whoever never gets quiet is left alone after this time.
const QUIET_LIMIT_US: u64 = 60 * SECOND_US;
/// A command that should end by itself and has not ended by then is the script's or the engine's mistake.
const COMMAND_LIMIT_US: u64 = 150 * SECOND_US;
const INTERRUPT_LIMIT_US: u64 = 60 * SECOND_US;
const START_LIMIT_US: u64 = 120 * SECOND_US;
const STOP_LIMIT_US: u64 = 180 * SECOND_US;
const AFTER_FAULT_US: u64 = SECOND_US;

/// A script that could not be played to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// What stood in the way, with the script's line.
    pub reason: String,
    /// The transcript until then.
    pub so_far: String,
}

/// Plays a script from its boot to its last line. The transcript has the form of the script's file.
pub fn play<W: ScriptWorld>(script: &Script, seed: u64) -> Result<String, Broken> {
    let mut out = Vec::new();
    let mut world = match W::boot(&script.header, seed) {
        Ok(world) => world,
        Err(reason) => {
            return Err(Broken { reason: format!("the cluster does not boot: {reason}"), so_far: String::new() });
        }
    };
    world.wait(AFTER_BOOT_US);
    let normaliser = Normaliser::knowing(world.cluster_id());
    let mut player = Player { world, terminals: BTreeMap::new(), normaliser };
    for (index, step) in script.steps.iter().enumerate() {
        out.push(step.line.clone());
        let played = player.step(script, index);
        player.flush(&mut out);
        if let Err(reason) = played {
            return Err(Broken { reason: format!("{}: {reason}", step.line), so_far: out.join("\n") });
        }
    }
    Ok(format!("{}\n---\n{}\n", script.head, out.join("\n")))
}

struct Player<W> {
    world: W,
    /// The terminals that the script has used so far, by number, so that t10 comes after t9.
    terminals: BTreeMap<u32, String>,
    normaliser: Normaliser,
}

impl<W: ScriptWorld> Player<W> {
    fn step(&mut self, script: &Script, index: usize) -> Result<(), String> {
        let action = &script.steps[index].action;
        if let Some(name) = action.terminal() {
            let number = name[1..].parse().map_err(|_| format!("{name} is no terminal"))?;
            self.terminals.entry(number).or_insert_with(|| name.to_owned());
        }
        match action {
            Action::Note => return Ok(()),
            Action::Do { words } => return self.change(words),
            Action::Command { terminal, text } => {
                if self.world.is_busy(terminal) {
                    return Err(format!("{terminal} is still busy"));
                }
                self.world.wait(TOOL_START_US);
                self.world.command(terminal, text)?;
                if script.is_held_open(index) {
                    self.settle(terminal, QUIET_AFTER_COMMAND_US);
                } else {
                    self.finish(terminal, COMMAND_LIMIT_US)?;
                }
            }
            Action::Type { terminal, text } => {
                self.running(terminal)?;
                self.world.type_text(terminal, text)?;
                self.settle(terminal, QUIET_AFTER_TYPING_US);
            }
            Action::Interrupt { terminal } => {
                self.running(terminal)?;
                self.world.interrupt(terminal)?;
                self.finish(terminal, INTERRUPT_LIMIT_US)?;
            }
            Action::EndOfInput { terminal } => {
                self.running(terminal)?;
                self.world.end_of_input(terminal)?;
                self.finish(terminal, INTERRUPT_LIMIT_US)?;
            }
        }
        self.settle_all(QUIET_ELSEWHERE_US);
        Ok(())
    }

    /// A line with `!`.
    fn change(&mut self, words: &[String]) -> Result<(), String> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["wait", time] => self.world.wait(parse_seconds(time)?),
            [verb @ ("kill" | "stop" | "pause" | "resume"), name]
                if self.terminals.values().any(|known| known == name) =>
            {
                self.running(name)?;
                self.world.signal(name, verb)?;
                if matches!(*verb, "kill" | "stop") {
                    self.finish(name, INTERRUPT_LIMIT_US)?;
                }
            }
            ["config", server, setting] => {
                let (key, value) = setting.split_once('=').unwrap_or((setting, ""));
                self.world.configure(server, key, value)?;
            }
            ["disk", server, words @ ..] => self.world.fault(server, &format!("disk {}", words.join(" ")))?,
            [verb, servers @ ..] if !servers.is_empty() => self.fault(verb, servers)?,
            _ => return Err("this line asks for nothing that is known".to_owned()),
        }
        self.settle_all(QUIET_AFTER_FAULT_US);
        Ok(())
    }

    /// All servers of a line are started together and stopped one after the other, as the recorder did.
    fn fault(&mut self, verb: &str, servers: &[&str]) -> Result<(), String> {
        for server in servers {
            self.world.fault(server, verb)?;
            if verb == "stop" {
                self.until(server, ServerState::Down, STOP_LIMIT_US)?;
            }
        }
        if verb == "start" {
            for server in servers {
                self.until(server, ServerState::Up, START_LIMIT_US)?;
            }
        }
        self.world.wait(AFTER_FAULT_US);
        Ok(())
    }

    fn until(&mut self, server: &str, state: ServerState, limit_us: u64) -> Result<(), String> {
        let mut waited_us = 0;
        while self.world.server(server) != state {
            if waited_us >= limit_us {
                return Err(format!("{server} is not {state:?} within {} s", limit_us / SECOND_US));
            }
            self.world.wait(LOOK_US);
            waited_us += LOOK_US;
        }
        Ok(())
    }

    fn running(&self, terminal: &str) -> Result<(), String> {
        if self.world.is_busy(terminal) { Ok(()) } else { Err(format!("{terminal}: nothing is running there")) }
    }

    /// Waits until the command of a terminal has ended.
    fn finish(&mut self, terminal: &str, limit_us: u64) -> Result<(), String> {
        let mut waited_us = 0;
        while self.world.is_busy(terminal) {
            if waited_us >= limit_us {
                return Err(format!("{terminal}: the command did not end within {} s", limit_us / SECOND_US));
            }
            self.world.wait(LOOK_US);
            waited_us += LOOK_US;
        }
        Ok(())
    }

    /// Waits until a terminal has shown nothing for a while, or its command has ended.
    fn settle(&mut self, terminal: &str, quiet_us: u64) {
        let (mut waited_us, mut quiet_since_us, mut size) = (0, 0, self.world.shown_bytes(terminal));
        while self.world.is_busy(terminal) && waited_us < QUIET_LIMIT_US && waited_us - quiet_since_us <= quiet_us {
            self.world.wait(LOOK_US);
            waited_us += LOOK_US;
            if self.world.shown_bytes(terminal) != size {
                (quiet_since_us, size) = (waited_us, self.world.shown_bytes(terminal));
            }
        }
    }

    fn settle_all(&mut self, quiet_us: u64) {
        for terminal in self.terminals.values().cloned().collect::<Vec<_>>() {
            self.settle(&terminal, quiet_us);
        }
    }

    /// Writes what every terminal showed since the last line.
    fn flush(&mut self, out: &mut Vec<String>) {
        for name in self.terminals.values() {
            let shown = self.world.take(name);
            let mark = if name == "t1" { "" } else { name };
            out.extend(
                self.normaliser.lines(&shown.text).iter().map(|line| format!("{mark}| {line}").trim_end().to_owned()),
            );
            if let Some(code) = shown.exit.filter(|code| *code != 0) {
                out.push(format!("{mark}[exit {code}]"));
            }
        }
    }
}

/// `12s`, `0.5s` or `3` as microseconds, without a detour over floating point.
fn parse_seconds(text: &str) -> Result<u64, String> {
    let digits = text.strip_suffix('s').unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let part_us = format!("{part:0<6}");
    let parsed = whole.parse::<u64>().ok().zip(part_us.parse::<u64>().ok()).filter(|_| part.len() <= 6);
    let (seconds, us) = parsed.ok_or_else(|| format!("{text} is no time; write it as 12s"))?;
    seconds.checked_mul(SECOND_US).and_then(|sum| sum.checked_add(us)).ok_or_else(|| format!("{text} is too long"))
}

#[cfg(test)]
mod tests;
