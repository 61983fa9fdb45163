//! One session as the page's worker drives it: a request in, exactly one reply out.
//!
//! What needs no running cluster is answered: a link is read and shown part by part. Everything else is refused in words,
//! with the world as it was, until the brokers, the controller and the terminals are joined into one world here.

use wire::reply::{Answer, Problem};
use wire::{Command, Reply, Request};

use crate::link;

#[derive(Debug, Default)]
pub struct Session {}

impl Session {
    pub fn new() -> Session {
        Session::default()
    }

    pub fn handle(&mut self, request: Request) -> Reply {
        let (answer, problem) = match request.command {
            Command::Import { fragment, preview: true } => (preview(&fragment), None),
            _ => (Answer::Nothing, Some(not_joined())),
        };
        Reply {
            seq: request.seq,
            index: 0,
            now_us: 0,
            end_index: 0,
            end_us: 0,
            digest: 0,
            more: false,
            reset: false,
            deltas: Vec::new(),
            events: Vec::new(),
            branches: Vec::new(),
            lesson: None,
            answer,
            problem,
        }
    }
}

fn preview(fragment: &str) -> Answer {
    let report = match link::decode(fragment) {
        Ok((_, report)) | Err(report) => report,
    };
    Answer::Preview { summary: report.summary, problems: report.problems }
}

fn not_joined() -> Problem {
    Problem {
        title: "No cluster can run in this page yet".to_string(),
        details: vec![
            "The kernel, the log, the brokers and the clients are built and tested on their own.".to_string(),
            "They are not joined to the page. Nothing of yours was changed.".to_string(),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_link_is_named_and_a_boot_is_refused_in_words() {
        let mut session = Session::new();
        let reply =
            session.handle(Request { seq: 7, command: Command::Import { fragment: "!!".into(), preview: true } });
        assert_eq!((reply.seq, reply.problem), (7, None));
        assert!(matches!(reply.answer, Answer::Preview { problems, .. } if problems.len() == 1));
        let reply = session.handle(Request { seq: 8, command: Command::Undo });
        assert_eq!(reply.problem.map(|problem| problem.title), Some("No cluster can run in this page yet".to_string()));
    }
}
