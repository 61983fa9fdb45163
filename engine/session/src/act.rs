//! The acts that make history: what a person does to the world. A session is its cluster, its seed and these.

use serde::{Deserialize, Serialize};
use wire::Fault;

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Act {
    Type { terminal: String, line: String },
    Interrupt { terminal: String },
    EndOfInput { terminal: String },
    Fault(Fault),
}

impl Act {
    /// The command line that this act stands for: every click prints its command.
    pub fn words(&self) -> String {
        match self {
            Act::Type { line, .. } => line.clone(),
            Act::Interrupt { .. } => "^C".to_string(),
            Act::EndOfInput { .. } => "^D".to_string(),
            Act::Fault(fault) => match fault {
                Fault::Kill(target) => format!("kill {target}"),
                Fault::Stop(target) => format!("stop {target}"),
                Fault::Start(target) => format!("start {target}"),
                Fault::Pause(target) => format!("pause {target}"),
                Fault::Resume(target) => format!("resume {target}"),
                Fault::Wipe(target) => format!("wipe {target}"),
                Fault::Config { target, key, value } => format!("config {target} {key}={value}"),
                Fault::Cut { from, to } => format!("cut {from} {to}"),
                Fault::Heal => "heal".to_string(),
            },
        }
    }
}
