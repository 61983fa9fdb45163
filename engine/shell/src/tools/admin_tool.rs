//! A tool around the admin client: it asks, waits for the answer, and asks again or ends. One call at a time.

use std::fmt::Debug;
use std::hash::Hash;

use base::{ConnId, Micros};
use clients::KafkaError;
use clients::News;
use clients::admin::call::{AdminCall, AdminReply};
use clients::admin::{Admin, AdminOutput, NewClientError};
use clients::config::{AdminConfig, Properties};

use super::jopt::Opt;
use super::usage::Stop;
use crate::process::{ClientRole, ClientStatus, Io, Process};

/// What a tool does next.
pub enum Next {
    Call(AdminCall),
    Exit(i32),
}

/// The part of a tool that differs from the others.
pub trait Script: Clone + Debug + Hash {
    const TABLE: &'static [Opt];

    /// The script's name.
    const NAME: &'static str;

    /// Checks the command line and gives the client's properties.
    fn configure(&mut self, arguments: &[String], io: &mut Io<'_, '_>) -> Result<Properties, Stop>;

    /// The client is there.
    fn begin(&mut self, io: &mut Io<'_, '_>) -> Next;

    fn on_reply(&mut self, reply: Result<AdminReply, KafkaError>, io: &mut Io<'_, '_>) -> Next;

    /// Prints an exception that ended the tool before or while the client was made.
    fn print_thrown(error: KafkaError, io: &mut Io<'_, '_>);
}

#[derive(Clone, Debug, Hash)]
pub struct AdminTool<S> {
    arguments: Vec<String>,
    script: S,
    admin: Option<Admin>,
    client_id: String,
}

impl<S: Script> AdminTool<S> {
    pub fn new(script: S, arguments: &[String]) -> AdminTool<S> {
        AdminTool { arguments: arguments.to_vec(), script, admin: None, client_id: String::new() }
    }

    fn begin(&mut self, io: &mut Io<'_, '_>) -> Result<(), Stop> {
        let properties = self.script.configure(&self.arguments, io)?;
        let wrap = |error| NewClientError { log: Vec::new(), error };
        let made = AdminConfig::parse(&properties).map_err(wrap).and_then(|config| {
            self.client_id = config.common.client_id.to_string();
            Admin::new(config, io.seed, io.now, io.fx)
        });
        match made {
            Ok(admin) => self.admin = Some(admin),
            Err(failed) => {
                failed.log.iter().for_each(|line| io.eprint(line.to_string()));
                return Err(Stop::Thrown(failed.error.at(super::frames::of(S::NAME))));
            }
        }
        let next = self.script.begin(io);
        self.follow(next, io);
        Ok(())
    }

    /// Does what the script wants until it has to wait.
    fn follow(&mut self, mut next: Next, io: &mut Io<'_, '_>) {
        loop {
            match next {
                Next::Exit(status) => {
                    self.show_log(io);
                    if let Some(admin) = &mut self.admin {
                        admin.close(io.fx);
                    }
                    return io.exit(status);
                }
                Next::Call(call) => {
                    if let Some(admin) = &mut self.admin {
                        admin.call(call, io.now, io.fx);
                    }
                }
            }
            match self.reply(io) {
                Some(reply) => next = self.script.on_reply(reply, io),
                None => return,
            }
        }
    }

    /// Shows the log and takes the answer, if it has come.
    fn reply(&mut self, io: &mut Io<'_, '_>) -> Option<Result<AdminReply, KafkaError>> {
        let mut reply = None;
        for output in self.admin.as_mut()?.take_outputs() {
            match output {
                AdminOutput::Log(line) => io.eprint(line.to_string()),
                AdminOutput::Done { result, .. } => reply = Some(result),
            }
        }
        reply
    }

    fn show_log(&mut self, io: &mut Io<'_, '_>) {
        let outputs = self.admin.as_mut().map(Admin::take_outputs).unwrap_or_default();
        for output in outputs {
            if let AdminOutput::Log(line) = output {
                io.eprint(line.to_string());
            }
        }
    }

    fn go_on(&mut self, io: &mut Io<'_, '_>) {
        if let Some(reply) = self.reply(io) {
            let next = self.script.on_reply(reply, io);
            self.follow(next, io);
        }
    }
}

impl<S: Script> Process for AdminTool<S> {
    fn start(&mut self, io: &mut Io<'_, '_>) {
        if let Err(stop) = self.begin(io) {
            stop.print(S::TABLE, S::print_thrown, io);
        }
    }

    fn on_interrupt(&mut self, io: &mut Io<'_, '_>) {
        self.abandon(io);
        io.exit(130);
    }

    fn on_terminate(&mut self, io: &mut Io<'_, '_>) {
        self.abandon(io);
        io.exit(143);
    }

    fn on_broken_pipe(&mut self, _io: &mut Io<'_, '_>) {
        // A Java program learns of it only by checking, which these do not.
    }

    fn abandon(&mut self, io: &mut Io<'_, '_>) {
        if let Some(admin) = &mut self.admin {
            admin.close(io.fx);
        }
    }

    fn owns(&self, conn: ConnId) -> bool {
        self.admin.as_ref().is_some_and(|admin| admin.owns(conn))
    }

    fn on_news(&mut self, news: News, io: &mut Io<'_, '_>) {
        if let Some(admin) = &mut self.admin {
            admin.on_news(news, io.now, io.fx);
        }
        self.go_on(io);
    }

    fn next_deadline(&self) -> Option<Micros> {
        self.admin.as_ref()?.next_deadline()
    }

    fn client(&self) -> Option<ClientStatus> {
        let admin = self.admin.as_ref()?;
        Some(status(admin, &self.client_id))
    }
}

/// What the stage shows of an admin client.
pub fn status(admin: &Admin, client_id: &str) -> ClientStatus {
    ClientStatus {
        role: ClientRole::Admin,
        client_id: client_id.to_string(),
        topic: None,
        acks: None,
        sent: 0,
        acked: 0,
        waiting: u64::from(admin.is_busy()),
        failed: 0,
        positions: Vec::new(),
        last_error: None,
        retry_at: None,
        group: None,
        connections: admin.connections(),
    }
}

/// The error of a call or of its first failed item (`all().get()`), or the items.
pub fn all<K: Ord, V>(items: clients::admin::call::PerItem<K, V>) -> Result<Vec<(K, V)>, KafkaError> {
    items.into_iter().map(|(key, result)| result.map(|value| (key, value))).collect()
}

/// For a reply that does not belong to the call: a broken client, not a user's mistake.
pub fn unexpected() -> KafkaError {
    KafkaError::new(clients::error::ILLEGAL_STATE, "The client answered another call")
}
