//! Lessons: a file becomes a cluster and a player.

use lesson::Mistake;

use super::{Done, Outcome, Running, Session, problem};
use crate::player::Player;
use crate::stage::Stage;

impl Session {
    pub(super) fn load_lesson(&mut self, name: &str, text: &str, seed: Option<u64>) -> Outcome {
        let cannot = |details| problem("This lesson cannot be loaded", details);
        let mut player = Player::load(name, text).map_err(|mistakes| cannot(words(name, &mistakes)))?;
        let (spec, seed) = (player.cluster(), seed.unwrap_or_else(|| player.seed()));
        let mut stage = Stage::boot(&spec, seed).map_err(|words| cannot(vec![words]))?;
        player.set_up(&mut stage).map_err(|words| cannot(vec![words]))?;
        self.take_over(Running { spec, seed, stage, lesson: Some(player) });
        Ok(Done::changed())
    }
}

/// Does something with the lesson that is being taken.
pub fn with(running: &mut Running, act: impl FnOnce(&mut Player, &mut Stage) -> Result<(), String>) -> Outcome {
    let Some(player) = &mut running.lesson else {
        return Err(problem("No lesson is open", vec!["Take one from the home page or open a file.".to_string()]));
    };
    act(player, &mut running.stage).map_err(|words| problem("This cannot be done now", vec![words]))?;
    Ok(Done::changed())
}

fn words(name: &str, mistakes: &[Mistake]) -> Vec<String> {
    mistakes.iter().map(|mistake| format!("{name}:{}: {}", mistake.line, mistake.words)).collect()
}
