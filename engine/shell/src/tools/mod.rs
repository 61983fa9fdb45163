//! Kafka's command-line tools, one file per tool. Each is a table of options, a state machine around a client, and the
//! words that Kafka prints.

mod acls;
mod admin_tool;
mod argparse;
mod broker_api_versions;
mod client_metrics;
mod cluster_tool;
mod configs;
pub mod console_consumer;
pub mod console_producer;
mod delete_records;
mod dump_log;
mod features;
mod frames;
pub mod get_offsets;
pub mod jopt;
mod json_input;
mod leader_election;
mod log_dirs;
mod meta_file;
mod metadata_quorum;
mod metadata_shell;
pub mod producer_perf;
mod reassign;
mod server_file;
mod server_start;
mod storage;
pub mod straight;
pub mod topics;
mod usage;

use base::{ConnId, Micros};
use clients::News;

use crate::process::{ClientStatus, Io, Process};
use straight::{StraightTool, ToolSpec};

/// Tools that are state machines of their own.
const OWN: [&str; 5] =
    ["kafka-console-consumer.sh", "kafka-console-producer.sh", "kafka-get-offsets.sh", PERF, "kafka-topics.sh"];
const PERF: &str = "kafka-producer-perf-test.sh";

/// Tools that run straight down.
const STRAIGHT: &[&ToolSpec] = &[
    &acls::SPEC,
    &broker_api_versions::SPEC,
    &client_metrics::SPEC,
    &cluster_tool::SPEC,
    &configs::SPEC,
    &delete_records::SPEC,
    &dump_log::SPEC,
    &features::SPEC,
    &leader_election::SPEC,
    &log_dirs::SPEC,
    &metadata_quorum::SPEC,
    &metadata_shell::SPEC,
    &reassign::SPEC,
    &server_start::SPEC,
    &server_start::STOP,
    &storage::SPEC,
];

/// Scripts that can be typed.
pub fn names() -> impl Iterator<Item = &'static str> {
    OWN.into_iter().chain(STRAIGHT.iter().map(|spec| spec.name))
}

/// A Kafka tool that runs.
#[derive(Clone, Debug, Hash)]
pub enum KafkaTool {
    Topics(topics::Tool),
    GetOffsets(get_offsets::Tool),
    ConsoleProducer(Box<console_producer::ConsoleProducer>),
    ConsoleConsumer(Box<console_consumer::ConsoleConsumer>),
    Perf(Box<producer_perf::ProducerPerf>),
    Straight(Box<StraightTool>),
}

/// The tool behind a script's name.
pub fn find(name: &str, arguments: &[String]) -> Option<KafkaTool> {
    match name {
        "kafka-topics.sh" => Some(KafkaTool::Topics(topics::tool(arguments))),
        "kafka-get-offsets.sh" => Some(KafkaTool::GetOffsets(get_offsets::tool(arguments))),
        "kafka-console-producer.sh" => {
            let tool = console_producer::ConsoleProducer::new(arguments);
            Some(KafkaTool::ConsoleProducer(Box::new(tool)))
        }
        "kafka-console-consumer.sh" => {
            let tool = console_consumer::ConsoleConsumer::new(arguments);
            Some(KafkaTool::ConsoleConsumer(Box::new(tool)))
        }
        PERF => Some(KafkaTool::Perf(Box::new(producer_perf::ProducerPerf::new(arguments)))),
        _ => {
            let spec = STRAIGHT.iter().find(|spec| spec.name == name)?;
            Some(KafkaTool::Straight(Box::new(StraightTool::new(spec.name, arguments))))
        }
    }
}

/// The flags of a script, for completion.
pub fn flags(name: &str) -> Vec<&'static str> {
    let table = match name {
        "kafka-topics.sh" => topics::TABLE,
        "kafka-get-offsets.sh" => get_offsets::TABLE,
        "kafka-console-producer.sh" => console_producer::TABLE,
        "kafka-console-consumer.sh" => console_consumer::TABLE,
        PERF => producer_perf::TABLE,
        _ => STRAIGHT.iter().find(|spec| spec.name == name).map_or(&[][..], |spec| spec.table),
    };
    table.iter().map(|opt| opt.name).collect()
}

macro_rules! each {
    ($self:expr, $p:ident => $call:expr) => {
        match $self {
            KafkaTool::Topics($p) => $call,
            KafkaTool::GetOffsets($p) => $call,
            KafkaTool::ConsoleProducer($p) => $call,
            KafkaTool::ConsoleConsumer($p) => $call,
            KafkaTool::Perf($p) => $call,
            KafkaTool::Straight($p) => $call,
        }
    };
}

impl Process for KafkaTool {
    fn start(&mut self, io: &mut Io<'_, '_>) {
        each!(self, p => p.start(io));
    }

    fn on_stdin(&mut self, text: &str, io: &mut Io<'_, '_>) {
        each!(self, p => p.on_stdin(text, io));
    }

    fn on_eof(&mut self, io: &mut Io<'_, '_>) {
        each!(self, p => p.on_eof(io));
    }

    fn on_interrupt(&mut self, io: &mut Io<'_, '_>) {
        each!(self, p => p.on_interrupt(io));
    }

    fn on_terminate(&mut self, io: &mut Io<'_, '_>) {
        each!(self, p => p.on_terminate(io));
    }

    fn on_broken_pipe(&mut self, io: &mut Io<'_, '_>) {
        each!(self, p => p.on_broken_pipe(io));
    }

    fn abandon(&mut self, io: &mut Io<'_, '_>) {
        each!(self, p => p.abandon(io));
    }

    fn reads_stdin(&self) -> bool {
        each!(self, p => p.reads_stdin())
    }

    fn owns(&self, conn: ConnId) -> bool {
        each!(self, p => p.owns(conn))
    }

    fn on_news(&mut self, news: News, io: &mut Io<'_, '_>) {
        each!(self, p => p.on_news(news, io));
    }

    fn next_deadline(&self) -> Option<Micros> {
        each!(self, p => p.next_deadline())
    }

    fn client(&self) -> Option<ClientStatus> {
        each!(self, p => p.client())
    }
}
