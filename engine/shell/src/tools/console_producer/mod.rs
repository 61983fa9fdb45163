//! `kafka-console-producer.sh`: every line of standard input is a record (`ConsoleProducer`).
//!
//! Java reads, sends and prompts in one thread: while `send` blocks for metadata, or waits for its acknowledgement with
//! `--sync`, no further line is read and no prompt is shown.

mod options;
mod reader;

use base::{ConnId, Map, Micros};
use std::collections::VecDeque;

use clients::News;
use clients::config::ProducerConfig;
use clients::producer::{Producer, ProducerOutput, ProducerRecord, SendId};
use clients::{KafkaError, LogLine, error};
use cluster::event::ClientRef;

use super::jopt::Options;
use super::usage::Stop;
use crate::process::{ClientRole, ClientStatus, Io, Process};
pub use options::TABLE;
use reader::LineReader;

const CALLBACK: &str = "org.apache.kafka.clients.producer.internals.ErrorLoggingCallback";

/// Sizes of a record's key and value as the error log tells them.
#[derive(Clone, Debug, Hash)]
struct Sent {
    key: String,
    value: String,
}

#[derive(Clone, Debug, Hash)]
pub struct ConsoleProducer {
    arguments: Vec<String>,
    topic: String,
    acks: String,
    client_id: String,
    sync: bool,
    prompts: bool,
    prompt_shown: bool,
    reader: Option<LineReader>,
    producer: Option<Producer>,
    /// Input that has no line end yet.
    unfinished: String,
    lines: VecDeque<String>,
    end_of_input: bool,
    /// Set when nothing more is read: what the tool exits with once the producer is closed.
    status: Option<i32>,
    waiting: Map<SendId, Sent>,
    sent: u64,
    acked: u64,
    failed: u64,
    last_error: Option<String>,
    retry_at: Option<Micros>,
}

impl ConsoleProducer {
    pub fn new(arguments: &[String]) -> ConsoleProducer {
        ConsoleProducer {
            arguments: arguments.to_vec(),
            topic: String::new(),
            acks: String::new(),
            client_id: String::new(),
            sync: false,
            prompts: false,
            prompt_shown: false,
            reader: None,
            producer: None,
            unfinished: String::new(),
            lines: VecDeque::new(),
            end_of_input: false,
            status: None,
            waiting: Map::new(),
            sent: 0,
            acked: 0,
            failed: 0,
            last_error: None,
            retry_at: None,
        }
    }

    fn begin(&mut self, io: &mut Io<'_, '_>) -> Result<(), Stop> {
        let parsed = options::parse(&self.arguments, io)?;
        self.make(&parsed, io).map_err(Stop::Thrown)?;
        self.prompts = io.stdin_is_terminal && io.stdout_is_terminal;
        self.settle(io);
        Ok(())
    }

    fn make(&mut self, options: &Options, io: &mut Io<'_, '_>) -> Result<(), KafkaError> {
        let class = options.value("line-reader")?.unwrap_or("org.apache.kafka.tools.LineMessageReader");
        if class != "org.apache.kafka.tools.LineMessageReader" {
            return Err(KafkaError::new("java.lang.ClassNotFoundException", class));
        }
        self.reader = Some(LineReader::new(&options::reader_properties(options, io)?)?);
        self.topic = options.value("topic")?.unwrap_or_default().to_string();
        self.sync = options.has("sync");
        let properties = options::producer_properties(options, io)?;
        let config = ProducerConfig::parse(&properties)?;
        self.acks = properties.get("acks").cloned().unwrap_or_default().replace("-1", "all");
        self.client_id = config.common.client_id.to_string();
        let client = ClientRef { terminal: io.terminal.to_string(), pid: io.pid, client_id: self.client_id.clone() };
        match Producer::new(config, client, io.seed, io.now, io.fx) {
            Ok(producer) => self.producer = Some(producer),
            Err(failed) => {
                failed.log.iter().for_each(|line| io.eprint(line.to_string()));
                return Err(failed.error);
            }
        }
        Ok(())
    }

    /// Shows what the client said, then reads on as far as Java's thread would.
    fn settle(&mut self, io: &mut Io<'_, '_>) {
        loop {
            self.take_outputs(io);
            if io.exit.is_some() || !self.read_next(io) {
                return;
            }
        }
    }

    /// Sends the next line, if there is one and the thread is free. False when there is nothing to do now.
    fn read_next(&mut self, io: &mut Io<'_, '_>) -> bool {
        let Some(producer) = &mut self.producer else { return false };
        let busy = producer.is_blocked() || (self.sync && !self.waiting.is_empty());
        if self.status.is_some() || busy {
            return false;
        }
        if self.prompts && !self.prompt_shown {
            self.prompt_shown = true;
            io.print(">");
        }
        let Some(line) = self.lines.pop_front() else {
            if self.end_of_input {
                self.finish(0, io);
                return true;
            }
            return false;
        };
        self.prompt_shown = false;
        let Some(reader) = &mut self.reader else { return false };
        match reader.read(&line) {
            Ok(record) => self.send(record, io),
            Err(error) => {
                io.eprint(error.stack_trace());
                self.finish(1, io);
            }
        }
        true
    }

    fn send(&mut self, record: ProducerRecord, io: &mut Io<'_, '_>) {
        let bytes = |data: &Option<bytes::Bytes>| {
            data.as_ref().map_or("null".to_string(), |data| format!("{} bytes", data.len()))
        };
        let sent = Sent { key: bytes(&record.key), value: bytes(&record.value) };
        let Some(producer) = &mut self.producer else { return };
        let id = producer.send(record, io.now, io.fx);
        self.waiting.insert(id, sent);
        self.sent += 1;
    }

    /// Nothing more is read; the tool exits when the producer has sent what it has.
    fn finish(&mut self, status: i32, io: &mut Io<'_, '_>) {
        self.status.get_or_insert(status);
        match &mut self.producer {
            Some(producer) => producer.close(io.now, io.fx),
            None => io.exit(status),
        }
    }

    fn take_outputs(&mut self, io: &mut Io<'_, '_>) {
        let outputs = self.producer.as_mut().map(Producer::take_outputs).unwrap_or_default();
        let is_more = !outputs.is_empty();
        for output in outputs {
            match output {
                ProducerOutput::Log(line) => io.eprint(line.to_string()),
                ProducerOutput::Acked { id, .. } => {
                    self.waiting.remove(&id);
                    self.acked += 1;
                    self.last_error = None;
                    self.retry_at = None;
                }
                ProducerOutput::Refused { code, retry_at } => {
                    self.last_error = Some(code.name().to_string());
                    self.retry_at = Some(retry_at);
                }
                ProducerOutput::Failed { id, error, .. } => self.on_failed(id, error, io),
                ProducerOutput::Thrown { error, .. } => {
                    io.eprint(error.stack_trace());
                    self.finish(1, io);
                }
                ProducerOutput::Closed => io.exit(self.status.unwrap_or(0)),
            }
        }
        // To end it closes the producer, which may be done with that at once.
        if is_more {
            self.take_outputs(io);
        }
    }

    fn on_failed(&mut self, id: SendId, error: KafkaError, io: &mut Io<'_, '_>) {
        self.failed += 1;
        self.retry_at = None;
        self.last_error = Some(error.class.rsplit('.').next().unwrap_or_default().to_string());
        let Some(sent) = self.waiting.remove(&id) else { return };
        if self.sync {
            let wrapped = KafkaError::new(error::EXECUTION, error.to_string()).caused_by(error);
            io.eprint(wrapped.stack_trace());
            return self.finish(1, io);
        }
        let text = format!(
            "Error when sending message to topic {} with key: {}, value: {} with error:",
            self.topic, sent.key, sent.value
        );
        io.eprint(LogLine::error(io.now, CALLBACK, text).with(error).to_string());
    }
}

impl Process for ConsoleProducer {
    fn start(&mut self, io: &mut Io<'_, '_>) {
        if let Err(stop) = self.begin(io) {
            let thrown = |error: KafkaError, io: &mut Io<'_, '_>| match error.class.starts_with("joptsimple.") {
                true => io.eprintln(error.message()),
                false => io.eprint(error.stack_trace()),
            };
            stop.print(TABLE, thrown, io);
        }
    }

    fn on_stdin(&mut self, text: &str, io: &mut Io<'_, '_>) {
        self.unfinished.push_str(text);
        while let Some(end) = self.unfinished.find('\n') {
            let rest = self.unfinished.split_off(end + 1);
            let mut line = std::mem::replace(&mut self.unfinished, rest);
            line.pop();
            if line.ends_with('\r') {
                line.pop();
            }
            self.lines.push_back(line);
        }
        self.settle(io);
    }

    fn on_eof(&mut self, io: &mut Io<'_, '_>) {
        if !self.unfinished.is_empty() {
            self.lines.push_back(std::mem::take(&mut self.unfinished));
        }
        self.end_of_input = true;
        self.settle(io);
    }

    fn on_interrupt(&mut self, io: &mut Io<'_, '_>) {
        self.finish(130, io);
        self.settle(io);
    }

    fn on_terminate(&mut self, io: &mut Io<'_, '_>) {
        self.finish(143, io);
        self.settle(io);
    }

    fn on_broken_pipe(&mut self, _io: &mut Io<'_, '_>) {}

    fn abandon(&mut self, io: &mut Io<'_, '_>) {
        if let Some(producer) = &mut self.producer {
            producer.abandon(io.fx);
        }
    }

    fn reads_stdin(&self) -> bool {
        self.producer.is_some() && self.status.is_none()
    }

    fn owns(&self, conn: ConnId) -> bool {
        self.producer.as_ref().is_some_and(|producer| producer.owns(conn))
    }

    fn on_news(&mut self, news: News, io: &mut Io<'_, '_>) {
        if let Some(producer) = &mut self.producer {
            producer.on_news(news, io.now, io.fx);
        }
        self.settle(io);
    }

    fn next_deadline(&self) -> Option<Micros> {
        self.producer.as_ref()?.next_deadline()
    }

    fn client(&self) -> Option<ClientStatus> {
        let producer = self.producer.as_ref()?;
        Some(ClientStatus {
            role: ClientRole::Producer,
            client_id: self.client_id.clone(),
            topic: Some(self.topic.clone()),
            acks: Some(self.acks.clone()),
            sent: self.sent,
            acked: self.acked,
            waiting: self.waiting.len() as u64,
            failed: self.failed,
            positions: Vec::new(),
            last_error: self.last_error.clone(),
            retry_at: self.retry_at,
            group: None,
            connections: producer.connections(),
        })
    }
}
