//! The session as a link, and back.

use base::Micros;
use sim::timeline::{Goal, Position, Recorded, Saved, SavedBranch, Timeline};
use wire::Problem;
use wire::command::ClusterSpec;
use wire::reply::Answer;

use super::{Outcome, Running, Session, problem};
use crate::act::Act;
use crate::link::{self, Branch, ClusterPart, HistoryPart, Link, Place};
use crate::setup;
use crate::stage::Stage;

/// What a link holds, and what of it cannot be read.
pub fn preview(fragment: &str) -> Answer {
    let report = match link::decode(fragment) {
        Ok((_, report)) | Err(report) => report,
    };
    Answer::Preview { summary: report.summary, problems: report.problems }
}

pub fn export(running: &Running) -> Result<Answer, Problem> {
    let saved = running.stage.timeline().save();
    let commands = saved.branches.iter().map(|branch| branch.commands.len() as u32).sum();
    let link = Link {
        cluster: ClusterPart { spec: running.spec.clone(), seed: running.seed },
        lesson: running.lesson.as_ref().map(|player| player.part()),
        history: history(&saved),
    };
    let fragment = link::encode(&link).map_err(|words| problem("This session is too long for a link", vec![words]))?;
    Ok(Answer::Link { fragment, commands })
}

/// The link to a cluster on which these acts were done at these times, at `end`.
pub fn link_to(spec: &ClusterSpec, seed: u64, acts: &[(Micros, Act)], end: Micros) -> Result<String, String> {
    let mut timeline = Timeline::new(setup::build(spec, seed)?);
    for (at, act) in acts {
        timeline.run_while(*at, |_, _| true);
        timeline.do_now(act.clone()).map_err(|refused| refused.to_string())?;
    }
    timeline.run_while(end, |_, _| true);
    let cluster = ClusterPart { spec: spec.clone(), seed };
    link::encode(&Link { cluster, lesson: None, history: history(&timeline.save()) })
}

impl Session {
    /// Opens a link. Nothing of it is taken over unless all of it can be.
    pub(super) fn import(&mut self, fragment: &str) -> Outcome {
        let cannot = |details| problem("This link cannot be opened", details);
        let (link, _) = link::decode(fragment).map_err(|report| cannot(report.problems))?;
        let lesson = match &link.lesson {
            None => None,
            Some(part) => {
                // A link names its lesson and does not hold its text: the page loads that first.
                let open = self.running.as_ref().and_then(|running| running.lesson.as_ref());
                let Some(open) = open.filter(|player| player.name() == part.name) else {
                    return Err(cannot(vec![format!("it belongs to the lesson {}, which is not open", part.name)]));
                };
                let mut player = open.clone();
                player.resume(part).map_err(|words| cannot(vec![words]))?;
                Some(player)
            }
        };
        let ClusterPart { spec, seed } = link.cluster;
        let saved = saved(link.history);
        let stage = Stage::restore(&spec, seed, &saved).map_err(|words| cannot(vec![words]))?;
        self.replaced = self.running.take();
        self.take_over(Running { spec, seed, stage, lesson });
        // Played to its end once, so that what lies ahead is known, then back to where it was left.
        self.seek(vec![Goal::End, Goal::Position(saved.position)])
    }
}

fn history(saved: &Saved<Act>) -> HistoryPart {
    let branch = |branch: &SavedBranch<Act>| Branch {
        name: branch.name.clone(),
        parent: branch.parent,
        fork: place(branch.fork),
        commands: branch.commands.iter().map(|act| (act.index, act.at.0, act.command.clone())).collect(),
        end: place(branch.end),
    };
    HistoryPart {
        branches: saved.branches.iter().map(branch).collect(),
        current: saved.current,
        position: place(saved.position),
    }
}

fn saved(part: HistoryPart) -> Saved<Act> {
    let branch = |branch: Branch| SavedBranch {
        name: branch.name,
        parent: branch.parent,
        fork: position(branch.fork),
        commands: branch
            .commands
            .into_iter()
            .map(|(index, at, command)| Recorded { index, at: Micros(at), command })
            .collect(),
        end: position(branch.end),
    };
    Saved {
        branches: part.branches.into_iter().map(branch).collect(),
        current: part.current,
        position: position(part.position),
    }
}

fn place(position: Position) -> Place {
    (position.index, position.commands, position.at.0)
}

fn position((index, commands, at): Place) -> Position {
    Position { index, commands, at: Micros(at) }
}
