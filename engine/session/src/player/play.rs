//! Playing script lines in a running cluster: set-up, solutions, futures and wrong paths.

use base::Micros;
use lesson::script::Line;
use wire::Fault;

use crate::act::{Act, find};
use crate::host::Host;
use crate::stage::{Readiness, Stage};

/// How often a terminal is looked at while something is awaited.
const LOOK: Micros = Micros::from_ms(50);
/// A command that is left running is looked after until it has been quiet this long.
const QUIET: Micros = Micros::from_ms(1_000);
/// The other terminals get this long to show what a line brought them.
const ELSEWHERE: Micros = Micros::from_ms(500);
/// Who never gets quiet is left alone after this time.
const QUIET_LIMIT: Micros = Micros::from_secs(3);
/// A command that another one waits for: longer than any timeout of a producer.
const COMMAND_LIMIT: Micros = Micros::from_secs(150);
const SERVER_LIMIT: Micros = Micros::from_secs(180);

/// Plays lines one after the other. The error names the line that could not be done; those before it are done. A command
/// for a terminal in which another one runs cannot be done: it would be that one's input.
pub fn play(lines: &[Line], stage: &mut Stage) -> Result<(), String> {
    for (at, line) in lines.iter().enumerate() {
        if let Line::Command { terminal, line } = line
            && stage.is_busy(terminal)
        {
            return Err(format!("{terminal} is busy, so `{line}` cannot be typed there"));
        }
        one(line, &lines[at + 1..], stage)?;
    }
    Ok(())
}

/// Plays lines in a world that a learner has used: what still runs where a command belongs gets Ctrl-C first.
pub fn play_over(lines: &[Line], stage: &mut Stage) -> Result<(), String> {
    for (at, line) in lines.iter().enumerate() {
        if let Line::Command { terminal, .. } = line
            && stage.is_busy(terminal)
        {
            stage.act(Act::Interrupt { terminal: terminal.clone() })?;
            finish(terminal, stage)?;
        }
        one(line, &lines[at + 1..], stage)?;
    }
    Ok(())
}

fn one(line: &Line, rest: &[Line], stage: &mut Stage) -> Result<(), String> {
    match line {
        Line::Wait { us } => stage.run_for(Micros(*us)),
        Line::Command { terminal, line } => {
            stage.act(Act::Type { terminal: terminal.clone(), line: line.clone() })?;
            after_command(terminal, rest, stage)?;
        }
        Line::Text { terminal, text } => {
            running(terminal, stage)?;
            stage.act(Act::Type { terminal: terminal.clone(), line: text.clone() })?;
            settle(terminal, QUIET, stage);
        }
        Line::Interrupt { terminal } => {
            running(terminal, stage)?;
            stage.act(Act::Interrupt { terminal: terminal.clone() })?;
            finish(terminal, stage)?;
        }
        Line::EndOfInput { terminal } => {
            running(terminal, stage)?;
            stage.act(Act::EndOfInput { terminal: terminal.clone() })?;
            finish(terminal, stage)?;
        }
        Line::Config { target, key, value } => {
            let (target, key, value) = (target.clone(), key.clone(), value.clone());
            stage.act(Act::Fault(Fault::Config { target, key, value }))?;
        }
        Line::Fault { verb, target } => fault(verb, target, stage)?,
    }
    stage.run_for(ELSEWHERE);
    Ok(())
}

/// The next line of the terminal tells whether this command is to end: another command waits for it, what is typed does not.
fn after_command(terminal: &str, rest: &[Line], stage: &mut Stage) -> Result<(), String> {
    let next = rest.iter().find(|line| match line {
        Line::Command { terminal: other, .. }
        | Line::Text { terminal: other, .. }
        | Line::Interrupt { terminal: other }
        | Line::EndOfInput { terminal: other } => other == terminal,
        Line::Fault { target, .. } => target == terminal,
        Line::Config { .. } | Line::Wait { .. } => false,
    });
    if matches!(next, Some(Line::Command { .. })) {
        return finish(terminal, stage);
    }
    settle(terminal, QUIET, stage);
    Ok(())
}

fn fault(verb: &str, target: &str, stage: &mut Stage) -> Result<(), String> {
    let name = target.to_string();
    let fault = match verb {
        "kill" => Fault::Kill(name),
        "stop" => Fault::Stop(name),
        "start" => Fault::Start(name),
        "pause" => Fault::Pause(name),
        "resume" => Fault::Resume(name),
        "wipe" => Fault::Wipe(name),
        other => return Err(format!("`{other}` is nothing that can be done to a server")),
    };
    stage.act(Act::Fault(fault))?;
    let wanted = match verb {
        "stop" => Readiness::Down,
        "start" => Readiness::Ready,
        _ => return Ok(()),
    };
    let until = stage.now() + SERVER_LIMIT;
    while stage.readiness(target) != wanted && !target.starts_with('t') {
        if stage.now() >= until {
            return Err(format!("{target} did not {verb} within {} s", SERVER_LIMIT.as_ms() / 1_000));
        }
        stage.run_for(LOOK);
    }
    Ok(())
}

fn running(terminal: &str, stage: &Stage) -> Result<(), String> {
    if stage.is_busy(terminal) { Ok(()) } else { Err(format!("nothing runs in {terminal}")) }
}

/// Waits until the command of a terminal has ended.
fn finish(terminal: &str, stage: &mut Stage) -> Result<(), String> {
    let until = stage.now() + COMMAND_LIMIT;
    while stage.is_busy(terminal) {
        if stage.now() >= until {
            return Err(format!("the command in {terminal} did not end within {} s", COMMAND_LIMIT.as_ms() / 1_000));
        }
        stage.run_for(LOOK);
    }
    Ok(())
}

/// Waits until a terminal has shown nothing for a while, or its command has ended.
fn settle(terminal: &str, quiet: Micros, stage: &mut Stage) {
    let until = stage.now() + QUIET_LIMIT;
    let (mut size, mut since) = (shown(terminal, stage), stage.now());
    while stage.is_busy(terminal) && stage.now() < until && stage.now() <= since + quiet {
        stage.run_for(LOOK);
        let now = shown(terminal, stage);
        if now != size {
            (size, since) = (now, stage.now());
        }
    }
}

/// Grows with everything that a terminal shows.
fn shown(terminal: &str, stage: &Stage) -> (u32, usize) {
    let node = find(stage.world(), terminal).and_then(|node| stage.world().node(node));
    let Some(Host::Terminal(terminal)) = node else { return (0, 0) };
    let lines = terminal.screen().lines().last().map_or(0, |(number, _)| number + 1);
    (lines, terminal.screen().open_line().len())
}
