//! What breaks and mends servers, as lines: `kill b2`, `start b2`. A click prints its line, and the line does what the
//! click does. They are not Kafka's, so they are the page's and not the engine's shell's.

use wire::{EventView, Fault};

const VERBS: [(&str, &str, fn(String) -> Fault); 6] = [
    ("kill", "Killed", Fault::Kill),
    ("stop", "Stopped", Fault::Stop),
    ("start", "Started", Fault::Start),
    ("pause", "Paused", Fault::Pause),
    ("resume", "Resumed", Fault::Resume),
    ("wipe", "Wiped", Fault::Wipe),
];

/// The fault that a line asks for, if it is one of these lines.
pub fn parse(line: &str) -> Option<Fault> {
    let mut words = line.split_whitespace();
    let (verb, host, None) = (words.next()?, words.next()?, words.next()) else { return None };
    let number = host.strip_prefix(['b', 'c'])?;
    let named = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let (_, _, fault) = VERBS.iter().find(|(name, _, _)| *name == verb && named)?;
    Some(fault(host.to_owned()))
}

/// The line that an event of this kind stands for.
pub fn line_of(event: &EventView) -> Option<String> {
    let (verb, _, _) = VERBS.iter().find(|(_, kind, _)| *kind == event.kind)?;
    Some(format!("{verb} {}", event.actor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verb_and_a_server_make_a_fault_and_nothing_else_does() {
        assert_eq!(parse(" kill  b2 "), Some(Fault::Kill("b2".into())));
        assert_eq!(parse("resume c1"), Some(Fault::Resume("c1".into())));
        for line in ["kill", "kill t1", "kill b", "kill b2 b3", "start over", "echo kill b2"] {
            assert_eq!(parse(line), None, "{line}");
        }
    }
}
