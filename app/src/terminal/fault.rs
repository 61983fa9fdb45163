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
    let (verb, host) = (words.next()?, words.next()?);
    let number = host.strip_prefix(['b', 'c'])?;
    let named = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    if verb == "disk" && named {
        return Fault::disk(host.to_owned(), line.split_once(host)?.1);
    }
    if words.next().is_some() {
        return None;
    }
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
        let ill = Fault::Disk { target: "b1".into(), size: 200_000, delay_ms: 40 };
        assert_eq!(parse("disk b1 size=200KB delay=40ms"), Some(ill));
        assert_eq!(parse("disk b1"), Some(Fault::Disk { target: "b1".into(), size: 0, delay_ms: 0 }));
        for line in [
            "disk",
            "disk t1",
            "disk b1 big",
            "disk b1 size=9GB",
            "kill",
            "kill t1",
            "kill b",
            "kill b2 b3",
            "start over",
            "echo kill b2",
        ] {
            assert_eq!(parse(line), None, "{line}");
        }
    }
}
