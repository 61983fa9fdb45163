//! The engine's session as the world that scripts are played in.

use base::Micros;
use session::act::Act;
use session::stage::{Readiness, Stage};
use wire::Fault;
use wire::command::ClusterSpec;

use super::format::Header;
use super::world::{ScriptWorld, ServerState, Shown};

/// A cluster that a script plays in.
pub struct SessionWorld {
    stage: Stage,
    cluster_id: String,
}

impl ScriptWorld for SessionWorld {
    fn boot(header: &Header, seed: u64) -> Result<SessionWorld, String> {
        if !header.kraft {
            return Err("ZooKeeper cannot be simulated yet".to_owned());
        }
        if header.connect > 0 {
            return Err("Connect cannot be simulated yet".to_owned());
        }
        let config = header.config.iter();
        let target = |target: &str| Some(target.to_owned()).filter(|target| !target.is_empty());
        let spec = ClusterSpec {
            version: header.version.clone(),
            brokers: header.brokers,
            controllers: header.controllers,
            config: config.map(|line| (target(&line.target), line.key.clone(), line.value.clone())).collect(),
        };
        let cluster_id = session::setup::cluster_id(seed).to_string();
        Ok(SessionWorld { stage: Stage::boot(&spec, seed)?, cluster_id })
    }

    fn cluster_id(&self) -> Option<String> {
        Some(self.cluster_id.clone())
    }

    fn wait(&mut self, us: u64) {
        self.stage.run_for(Micros(us));
    }

    fn command(&mut self, terminal: &str, line: &str) -> Result<(), String> {
        self.stage.act(Act::Type { terminal: terminal.to_owned(), line: line.to_owned() })
    }

    fn type_text(&mut self, terminal: &str, text: &str) -> Result<(), String> {
        self.command(terminal, text)
    }

    fn interrupt(&mut self, terminal: &str) -> Result<(), String> {
        self.stage.act(Act::Interrupt { terminal: terminal.to_owned() })
    }

    fn end_of_input(&mut self, terminal: &str) -> Result<(), String> {
        self.stage.act(Act::EndOfInput { terminal: terminal.to_owned() })
    }

    fn is_busy(&self, terminal: &str) -> bool {
        self.stage.is_busy(terminal)
    }

    fn shown_bytes(&self, terminal: &str) -> usize {
        self.stage.said_bytes(terminal)
    }

    fn take(&mut self, terminal: &str) -> Shown {
        let said = self.stage.take_said(terminal);
        Shown { text: said.text, exit: said.exit }
    }

    fn signal(&mut self, terminal: &str, verb: &str) -> Result<(), String> {
        self.fault(terminal, verb)
    }

    fn fault(&mut self, server: &str, verb: &str) -> Result<(), String> {
        let target = server.to_owned();
        let fault = match verb {
            "kill" => Fault::Kill(target),
            "stop" => Fault::Stop(target),
            "start" => Fault::Start(target),
            "pause" => Fault::Pause(target),
            "resume" => Fault::Resume(target),
            "wipe" => Fault::Wipe(target),
            _ if verb.starts_with("disk") => {
                Fault::disk(target, &verb[4..]).ok_or_else(|| format!("`{verb}` is no disk"))?
            }
            other => return Err(format!("`{other}` is nothing that can be done to a server")),
        };
        self.stage.act(Act::Fault(fault))
    }

    fn configure(&mut self, server: &str, key: &str, value: &str) -> Result<(), String> {
        let target = server.to_owned();
        self.stage.act(Act::Fault(Fault::Config { target, key: key.to_owned(), value: value.to_owned() }))
    }

    fn server(&self, server: &str) -> ServerState {
        match self.stage.readiness(server) {
            Readiness::Down => ServerState::Down,
            Readiness::Starting => ServerState::Changing,
            Readiness::Ready => ServerState::Up,
        }
    }
}
