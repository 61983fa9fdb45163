//! `kafka-console-consumer.sh`: prints records as they come (`ConsoleConsumer`).

mod formatter;
mod options;

use std::collections::VecDeque;

use base::{ConnId, Micros};
use clients::News;
use clients::config::ConsumerConfig;
use clients::consumer::{Consumer, ConsumerOutput, ConsumerRecord, Seek, Topics};
use clients::{KafkaError, LogLine};
use cluster::event::ClientRef;
use protocol::TopicPartition;
use regex_lite::Regex;

use super::usage::{Stop, bad_pattern};
use crate::process::{ClientRole, ClientStatus, Io, Process};
use formatter::Formatter;
pub use options::TABLE;
use options::Wanted;

const LOGGER: &str = "org.apache.kafka.tools.consumer.ConsoleConsumer";
const PROTOCOL_NOTICE: &str = "The consumer rebalance protocol (KIP-848) is production-ready! Set \
    group.protocol=consumer to try it out. See https://kafka.apache.org/documentation/#consumer_rebalance_protocol";

#[derive(Clone, Debug, Hash)]
pub struct ConsoleConsumer {
    arguments: Vec<String>,
    wanted: Option<Wanted>,
    formatter: Formatter,
    client_id: String,
    consumer: Option<Consumer>,
    /// Records of the last poll that are not printed yet.
    fetched: VecDeque<ConsumerRecord>,
    count: u64,
    /// Since when it waits for the next record.
    waiting_since: Micros,
    /// What ended it: the status once the consumer is closed, and what `main` then logs.
    status: Option<i32>,
    fatal: Option<KafkaError>,
    reader_gone: bool,
    last_error: Option<String>,
}

impl ConsoleConsumer {
    pub fn new(arguments: &[String]) -> ConsoleConsumer {
        ConsoleConsumer {
            arguments: arguments.to_vec(),
            wanted: None,
            formatter: Formatter::Nothing,
            client_id: String::new(),
            consumer: None,
            fetched: VecDeque::new(),
            count: 0,
            waiting_since: Micros::ZERO,
            status: None,
            fatal: None,
            reader_gone: false,
            last_error: None,
        }
    }

    fn begin(&mut self, io: &mut Io<'_, '_>) -> Result<(), Stop> {
        let wanted = options::parse(&self.arguments, io)?;
        for class in Formatter::missing_deserializers(&wanted.formatter_properties) {
            let (words, cause) = formatter::missing(&class);
            let logger = "org.apache.kafka.tools.consumer.DefaultMessageFormatter";
            io.eprint(LogLine::error(io.now, logger, words).with(cause).to_string());
        }
        if let Some(formatter) = Formatter::find(&wanted.formatter, &wanted.formatter_properties) {
            self.formatter = formatter;
        }
        self.waiting_since = io.now;
        if let Err(error) = self.make(&wanted, io) {
            self.log_unknown(error, io);
            io.exit(1);
            return Ok(());
        }
        self.wanted = Some(wanted);
        self.settle(io);
        Ok(())
    }

    fn make(&mut self, wanted: &Wanted, io: &mut Io<'_, '_>) -> Result<(), KafkaError> {
        let config = ConsumerConfig::parse(&wanted.consumer)?;
        self.client_id = config.common.client_id.to_string();
        let client = ClientRef { terminal: io.terminal.to_string(), pid: io.pid, client_id: self.client_id.clone() };
        let made = Consumer::new(config, client, io.seed, io.now, io.fx);
        let mut consumer = made.map_err(|failed| {
            failed.log.iter().for_each(|line| io.eprint(line.to_string()));
            failed.error
        })?;
        for output in consumer.take_outputs() {
            if let ConsumerOutput::Log(line) = output {
                io.eprint(line.to_string());
            }
        }
        let protocol = wanted.consumer.get("group.protocol");
        let classic = protocol.is_none_or(|protocol| protocol.eq_ignore_ascii_case("classic"));
        if wanted.partition.is_none() && classic {
            io.eprintln(PROTOCOL_NOTICE);
        }
        match (&wanted.topic, wanted.partition, &wanted.include) {
            (Some(topic), Some(partition), _) => {
                let tp = TopicPartition::new(topic.clone(), partition);
                consumer.assign(std::slice::from_ref(&tp), io.now, io.fx);
                consumer.seek(&tp, wanted.start, io.now, io.fx);
            }
            (Some(topic), None, _) => consumer.subscribe(Topics::Names(vec![topic.clone()]), io.now, io.fx),
            (None, _, Some(pattern)) => {
                if Regex::new(pattern).is_err() {
                    return Err(bad_pattern(pattern));
                }
                consumer.subscribe(Topics::Pattern(pattern.clone()), io.now, io.fx);
            }
            (None, _, None) => {}
        }
        if let Some(error) = &wanted.bad_count {
            io.eprintln("Processed a total of 0 messages");
            return Err(error.clone());
        }
        self.consumer = Some(consumer);
        Ok(())
    }

    /// Prints what has come, as far as it is wanted; shows what the client said.
    fn settle(&mut self, io: &mut Io<'_, '_>) {
        loop {
            self.take_outputs(io);
            if self.status.is_some() || io.exit.is_some() {
                return;
            }
            if self.is_done() {
                return self.finish(0, io);
            }
            if self.fetched.is_empty() {
                let Some(consumer) = &mut self.consumer else { return };
                self.fetched.extend(consumer.poll(io.now, io.fx));
                if self.fetched.is_empty() {
                    self.take_outputs(io);
                    if self.status.is_none() {
                        self.check_timeout(io);
                    }
                    return;
                }
            }
            if let Some(record) = self.fetched.pop_front() {
                self.print(&record, io);
            }
        }
    }

    fn is_done(&self) -> bool {
        let most = self.wanted.as_ref().and_then(|wanted| wanted.max_messages);
        most.is_some_and(|most| self.count >= most)
    }

    fn print(&mut self, record: &ConsumerRecord, io: &mut Io<'_, '_>) {
        self.count += 1;
        self.waiting_since = io.now;
        self.last_error = None;
        match self.formatter.format(record) {
            Ok(text) => io.print(text),
            Err(error) if self.wanted.as_ref().is_some_and(|wanted| wanted.skip_on_error) => {
                let words = "Error processing message, skipping this message: ";
                io.eprint(LogLine::error(io.now, LOGGER, words).with(error).to_string());
            }
            Err(error) => {
                self.fatal = Some(error);
                return self.finish(1, io);
            }
        }
        if self.reader_gone {
            io.eprintln("Unable to write to standard out, closing consumer.");
            self.finish(0, io);
        }
    }

    fn check_timeout(&mut self, io: &mut Io<'_, '_>) {
        if self.timeout_at().is_some_and(|at| io.now >= at) {
            self.end_with(formatter::timeout(), io);
        }
    }

    /// Java looks whether more than the time-out has passed: a millisecond later than a clock that is exact.
    fn timeout_at(&self) -> Option<Micros> {
        let timeout = self.wanted.as_ref()?.timeout_ms?;
        Some(self.waiting_since + Micros::from_ms(timeout) + Micros::from_ms(1))
    }

    /// `process` caught something: it is logged and the tool ends as if nothing had been.
    fn end_with(&mut self, error: KafkaError, io: &mut Io<'_, '_>) {
        self.last_error = error.class.rsplit('.').next().map(str::to_string);
        let words = "Error processing message, terminating consumer process: ";
        io.eprint(LogLine::error(io.now, LOGGER, words).with(error).to_string());
        self.finish(0, io);
    }

    /// Nothing more is printed. Records that were fetched and not printed are not committed.
    fn finish(&mut self, status: i32, io: &mut Io<'_, '_>) {
        if self.status.is_some() {
            return;
        }
        self.status = Some(status);
        let mut rewound: Vec<TopicPartition> = Vec::new();
        let left = std::mem::take(&mut self.fetched);
        let Some(consumer) = &mut self.consumer else { return io.exit(status) };
        for record in left {
            let tp = TopicPartition::new(record.topic, record.partition);
            if !rewound.contains(&tp) {
                consumer.seek(&tp, Seek::Offset(record.offset), io.now, io.fx);
                rewound.push(tp);
            }
        }
        consumer.close(io.now, io.fx);
        self.take_outputs(io);
    }

    fn take_outputs(&mut self, io: &mut Io<'_, '_>) {
        let outputs = self.consumer.as_mut().map(Consumer::take_outputs).unwrap_or_default();
        for output in outputs {
            match output {
                ConsumerOutput::Log(line) => io.eprint(line.to_string()),
                ConsumerOutput::Assigned(_) => {}
                ConsumerOutput::Thrown(error) if self.status.is_none() => self.end_with(error, io),
                ConsumerOutput::Thrown(_) => {}
                ConsumerOutput::Closed => self.on_end(io),
            }
        }
    }

    fn on_end(&mut self, io: &mut Io<'_, '_>) {
        io.eprintln(format!("Processed a total of {} messages", self.count));
        if let Some(error) = self.fatal.take() {
            self.log_unknown(error, io);
        }
        if self.wanted.as_ref().is_some_and(|wanted| wanted.system_events) {
            io.println("shutdown_complete");
        }
        io.exit(self.status.unwrap_or(0));
    }

    fn log_unknown(&self, error: KafkaError, io: &mut Io<'_, '_>) {
        let (words, error) = formatter::unknown(error);
        io.eprint(LogLine::error(io.now, LOGGER, words).with(error).to_string());
    }
}

impl Process for ConsoleConsumer {
    fn start(&mut self, io: &mut Io<'_, '_>) {
        if let Err(stop) = self.begin(io) {
            let thrown = |error: KafkaError, io: &mut Io<'_, '_>| {
                io.eprint(format!("Exception in thread \"main\" {}", error.stack_trace()));
            };
            stop.print(TABLE, thrown, io);
        }
    }

    fn on_interrupt(&mut self, io: &mut Io<'_, '_>) {
        self.finish(130, io);
    }

    fn on_terminate(&mut self, io: &mut Io<'_, '_>) {
        self.finish(143, io);
    }

    fn on_broken_pipe(&mut self, _io: &mut Io<'_, '_>) {
        self.reader_gone = true;
    }

    fn abandon(&mut self, io: &mut Io<'_, '_>) {
        if let Some(consumer) = &mut self.consumer {
            consumer.abandon(io.fx);
        }
    }

    fn owns(&self, conn: ConnId) -> bool {
        self.consumer.as_ref().is_some_and(|consumer| consumer.owns(conn))
    }

    fn on_news(&mut self, news: News, io: &mut Io<'_, '_>) {
        if let Some(consumer) = &mut self.consumer {
            consumer.on_news(news, io.now, io.fx);
        }
        self.settle(io);
    }

    fn next_deadline(&self) -> Option<Micros> {
        let consumer = self.consumer.as_ref()?.next_deadline();
        let timeout = self.timeout_at().filter(|_| self.status.is_none());
        [consumer, timeout].into_iter().flatten().min()
    }

    fn client(&self) -> Option<ClientStatus> {
        let consumer = self.consumer.as_ref()?;
        let wanted = self.wanted.as_ref();
        let positions = consumer.positions_view().into_iter();
        Some(ClientStatus {
            role: ClientRole::Consumer,
            client_id: self.client_id.clone(),
            topic: wanted.and_then(|wanted| wanted.topic.clone()),
            acks: None,
            sent: 0,
            acked: self.count,
            waiting: self.fetched.len() as u64,
            failed: 0,
            positions: positions
                .map(|p| (p.partition.topic.into(), p.partition.partition, p.position, p.committed))
                .collect(),
            last_error: self.last_error.clone(),
            retry_at: None,
            group: consumer.group_view(),
            connections: consumer.connections(),
        })
    }
}
