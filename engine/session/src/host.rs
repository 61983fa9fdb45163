//! Everything that can be a node of a session's world, as one closed enum.

use base::Micros;
use cluster::broker::Broker;
use cluster::config::{Refused, ServerConfig, check_server};
use cluster::controller::Controller;
use cluster::{BrokerSpec, ControllerSpec, Kafka};
use shell::{Terminal, TerminalSpec};
use sim::{Boot, Disk, Effects, Input, Node};

/// A server or a terminal.
#[derive(Clone, Debug, Hash)]
pub enum Host {
    Broker(Box<Broker>),
    Controller(Box<Controller>),
    Terminal(Box<Terminal>),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum HostSpec {
    Broker(BrokerSpec),
    Controller(ControllerSpec),
    Terminal(TerminalSpec),
}

impl HostSpec {
    /// True for the nodes that a person can stop and start.
    pub fn is_server(&self) -> bool {
        !matches!(self, HostSpec::Terminal(_))
    }

    /// Why a server with this property file would not start.
    pub fn refusal(&self) -> Option<Refused> {
        let (id, file) = match self {
            HostSpec::Broker(spec) => (spec.node_id, spec.file()),
            HostSpec::Controller(spec) => (spec.node_id, spec.file()),
            HostSpec::Terminal(_) => return None,
        };
        check_server(&ServerConfig::new(id, file)).err()
    }
}

impl Node for Host {
    type Domain = Kafka;
    type Spec = HostSpec;

    fn boot(spec: &HostSpec, boot: Boot) -> Host {
        match spec {
            HostSpec::Broker(spec) => Host::Broker(Box::new(Broker::boot(spec, boot))),
            HostSpec::Controller(spec) => Host::Controller(Box::new(Controller::boot(spec, boot))),
            HostSpec::Terminal(spec) => Host::Terminal(Box::new(Terminal::boot(spec, boot))),
        }
    }

    fn on_input(&mut self, now: Micros, input: Input<Kafka>, fx: &mut Effects<'_, Kafka>) {
        match self {
            Host::Broker(broker) => broker.on_input(now, input, fx),
            Host::Controller(controller) => controller.on_input(now, input, fx),
            Host::Terminal(terminal) => terminal.on_input(now, input, fx),
        }
    }

    fn disk(&self) -> &Disk {
        match self {
            Host::Broker(broker) => broker.disk(),
            Host::Controller(controller) => controller.disk(),
            Host::Terminal(terminal) => terminal.disk(),
        }
    }

    fn disk_mut(&mut self) -> &mut Disk {
        match self {
            Host::Broker(broker) => broker.disk_mut(),
            Host::Controller(controller) => controller.disk_mut(),
            Host::Terminal(terminal) => terminal.disk_mut(),
        }
    }

    fn into_disk(self) -> Disk {
        match self {
            Host::Broker(broker) => broker.into_disk(),
            Host::Controller(controller) => controller.into_disk(),
            Host::Terminal(terminal) => terminal.into_disk(),
        }
    }
}
