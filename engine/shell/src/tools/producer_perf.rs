//! `kafka-producer-perf-test.sh`: sends records as fast as it may and says how long they took (`ProducerPerformance`).

mod options;
mod stats;

use base::{ConnId, Map, Micros};
use bytes::Bytes;
use clients::News;
use clients::config::ProducerConfig;
use clients::producer::{Producer, ProducerOutput, ProducerRecord, SendId};
use clients::{KafkaError, LogLine};
use cluster::event::ClientRef;

use crate::process::{ClientRole, ClientStatus, Io, Process};
use options::{Payload, Plan, Stop};
use stats::Stats;

pub use options::TABLE;

/// A sleep that is shorter is put off (`ThroughputThrottler.MIN_SLEEP_NS`).
const SLEEP_MIN: Micros = Micros::from_ms(2);
/// Records that are made in one go; then the world gets its turn.
const RECORDS_AT_ONCE: u32 = 2_000;

#[derive(Clone, Debug, Hash)]
pub struct ProducerPerf {
    arguments: Vec<String>,
    plan: Option<Plan>,
    producer: Option<Producer>,
    random: SplittableRandom,
    /// Records handed to the producer.
    made: u64,
    stats: Option<Stats>,
    /// Those after the warm-up.
    steady: Option<Stats>,
    /// When each was handed over, and the bytes of its value.
    waiting: Map<SendId, (Micros, u64)>,
    started: Micros,
    /// What the throttler still owes in sleep.
    deficit: Micros,
    sleeps_until: Option<Micros>,
    closing: bool,
    status: i32,
    failed: u64,
    last_error: Option<String>,
    /// When a refused batch is tried again.
    retry_at: Option<Micros>,
    client_id: String,
    acks: String,
}

impl ProducerPerf {
    pub fn new(arguments: &[String]) -> ProducerPerf {
        ProducerPerf {
            arguments: arguments.to_vec(),
            plan: None,
            producer: None,
            random: SplittableRandom(0),
            made: 0,
            stats: None,
            steady: None,
            waiting: Map::new(),
            started: Micros::ZERO,
            deficit: Micros::ZERO,
            sleeps_until: None,
            closing: false,
            status: 0,
            failed: 0,
            last_error: None,
            retry_at: None,
            client_id: String::new(),
            acks: String::new(),
        }
    }

    fn begin(&mut self, io: &mut Io<'_, '_>) -> Result<(), Stop> {
        let plan = options::parse(&self.arguments, io)?;
        let config = ProducerConfig::parse(&plan.properties).map_err(Stop::Thrown)?;
        self.client_id = config.common.client_id.to_string();
        self.acks = plan.properties.get("acks").map_or("all".to_string(), |acks| acks.replace("-1", "all"));
        let client = ClientRef { terminal: io.terminal.to_string(), pid: io.pid, client_id: self.client_id.clone() };
        match Producer::new(config, client, io.seed, io.now, io.fx) {
            Ok(producer) => self.producer = Some(producer),
            Err(failed) => {
                failed.log.iter().for_each(|line: &LogLine| io.eprint(line.to_string()));
                return Err(Stop::Thrown(failed.error));
            }
        }
        if plan.warmup > 0 {
            io.println(format!(
                "Warmup first {} records. Steady state results will print after the complete test summary.",
                plan.warmup
            ));
        }
        self.stats = Some(Stats::new(plan.records, plan.reporting_ms, false, io.now));
        self.started = io.now;
        self.plan = Some(plan);
        self.settle(io);
        Ok(())
    }

    /// Takes what came, and sends on as far as Java's thread would.
    fn settle(&mut self, io: &mut Io<'_, '_>) {
        for _ in 0..RECORDS_AT_ONCE {
            self.take_outputs(io);
            if io.exit.is_some() || !self.send_next(io) {
                return;
            }
        }
        self.take_outputs(io);
        // The rest in a moment, so that no single step takes long.
        self.sleeps_until.get_or_insert(io.now);
    }

    fn send_next(&mut self, io: &mut Io<'_, '_>) -> bool {
        let (Some(plan), Some(producer)) = (&self.plan, &mut self.producer) else { return false };
        if self.closing || producer.is_blocked() || self.sleeps_until.is_some_and(|until| until > io.now) {
            return false;
        }
        self.sleeps_until = None;
        if self.made == plan.records {
            self.closing = true;
            producer.close(io.now, io.fx);
            return true;
        }
        if plan.warmup > 0 && self.made == plan.warmup {
            self.steady = Some(Stats::new(plan.records - plan.warmup, plan.reporting_ms, true, io.now));
            self.stats.as_mut().into_iter().for_each(Stats::suppress);
        }
        let value = plan.payload.make(self.made, &mut self.random);
        let size = value.len() as u64;
        let record = ProducerRecord {
            topic: plan.topic.as_str().into(),
            partition: None,
            timestamp: None,
            key: None,
            value: Some(value),
            headers: Vec::new(),
        };
        let id = producer.send(record, io.now, io.fx);
        self.waiting.insert(id, (io.now, size));
        self.throttle(io.now);
        self.made += 1;
        true
    }

    /// `ThroughputThrottler`: when more was sent than the time allows, it sleeps, but only when that is worth it.
    fn throttle(&mut self, now: Micros) {
        let Some(per_1000_seconds) = self.plan.as_ref().and_then(|plan| plan.throughput) else { return };
        let elapsed = now.saturating_sub(self.started);
        let is_ahead = elapsed > Micros::ZERO
            && u128::from(self.made) * 1_000_000_000 > u128::from(per_1000_seconds) * u128::from(elapsed.0);
        if !is_ahead {
            return;
        }
        if per_1000_seconds == 0 {
            self.sleeps_until = Some(Micros::MAX);
            return;
        }
        self.deficit += Micros(1_000_000_000 / per_1000_seconds);
        if self.deficit >= SLEEP_MIN {
            self.sleeps_until = Some(now + self.deficit);
            self.deficit = Micros::ZERO;
        }
    }

    fn take_outputs(&mut self, io: &mut Io<'_, '_>) {
        let outputs = self.producer.as_mut().map(Producer::take_outputs).unwrap_or_default();
        for output in outputs {
            match output {
                ProducerOutput::Log(line) => io.eprint(line.to_string()),
                ProducerOutput::Acked { id, .. } => self.on_acked(id, io),
                ProducerOutput::Refused { code, retry_at } => {
                    self.last_error = Some(code.name().to_string());
                    self.retry_at = Some(retry_at);
                }
                ProducerOutput::Failed { id, error, .. } => {
                    self.retry_at = None;
                    self.waiting.remove(&id);
                    self.failed += 1;
                    self.last_error = Some(error.class.rsplit('.').next().unwrap_or_default().to_string());
                    io.eprint(error.stack_trace());
                }
                ProducerOutput::Thrown { error, .. } => {
                    io.eprint(format!("Exception in thread \"main\" {}", error.stack_trace()));
                    self.abandon(io);
                    io.exit(1);
                }
                ProducerOutput::Closed => {
                    for stats in self.stats.iter().chain(&self.steady).filter(|_| self.status == 0) {
                        io.println(stats.total(io.now));
                    }
                    io.exit(self.status);
                }
            }
        }
    }

    fn on_acked(&mut self, id: SendId, io: &mut Io<'_, '_>) {
        (self.last_error, self.retry_at) = (None, None);
        let Some((sent_at, bytes)) = self.waiting.remove(&id) else { return };
        let latency = io.now.saturating_sub(sent_at).as_ms();
        for stats in self.stats.iter_mut().chain(&mut self.steady) {
            if let Some(line) = stats.record(latency, bytes, io.now) {
                io.print(line);
            }
        }
    }

    fn end(&mut self, status: i32, io: &mut Io<'_, '_>) {
        self.status = status;
        self.closing = true;
        match &mut self.producer {
            Some(producer) => producer.close(io.now, io.fx),
            None => io.exit(status),
        }
        self.settle(io);
    }
}

impl Process for ProducerPerf {
    fn start(&mut self, io: &mut Io<'_, '_>) {
        match self.begin(io) {
            Ok(()) => {}
            Err(Stop::Help(text)) => {
                io.print(text);
                io.exit(0);
            }
            Err(Stop::Error(words)) => {
                io.eprintln(options::usage());
                io.eprintln(format!("kafka-producer-perf-test: error: {words}"));
                io.exit(1);
            }
            Err(Stop::Thrown(error)) => {
                io.eprint(format!("Exception in thread \"main\" {}", error.stack_trace()));
                io.exit(1);
            }
        }
    }

    fn on_interrupt(&mut self, io: &mut Io<'_, '_>) {
        self.end(130, io);
    }

    fn on_terminate(&mut self, io: &mut Io<'_, '_>) {
        self.end(143, io);
    }

    fn on_broken_pipe(&mut self, _io: &mut Io<'_, '_>) {}

    fn abandon(&mut self, io: &mut Io<'_, '_>) {
        if let Some(producer) = &mut self.producer {
            producer.abandon(io.fx);
        }
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
        let producer = self.producer.as_ref()?.next_deadline();
        producer.into_iter().chain(self.sleeps_until.filter(|until| *until < Micros::MAX)).min()
    }

    fn client(&self) -> Option<ClientStatus> {
        let (producer, plan) = (self.producer.as_ref()?, self.plan.as_ref()?);
        let waiting = self.waiting.len() as u64;
        Some(ClientStatus {
            role: ClientRole::Producer,
            client_id: self.client_id.clone(),
            topic: Some(plan.topic.clone()),
            acks: Some(self.acks.clone()),
            sent: self.made,
            acked: self.made.saturating_sub(waiting + self.failed),
            waiting,
            failed: self.failed,
            positions: Vec::new(),
            last_error: self.last_error.clone(),
            retry_at: self.retry_at,
            group: None,
            connections: producer.connections(),
        })
    }
}

/// `java.util.SplittableRandom` with the seed 0, from which the tool makes its payloads.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct SplittableRandom(u64);

impl SplittableRandom {
    fn next_int(&mut self) -> i32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 33)).wrapping_mul(0x62a9_d9ed_7997_05f5);
        ((z ^ (z >> 28)).wrapping_mul(0xcb24_d0a5_c88c_35b3) >> 32) as i32
    }

    /// `nextInt(bound)`
    fn below(&mut self, bound: i32) -> i32 {
        let (mut random, most) = (self.next_int(), bound - 1);
        if bound & most == 0 {
            return random & most;
        }
        loop {
            let upper = ((random as u32) >> 1) as i32;
            let rest = upper % bound;
            if upper.wrapping_add(most).wrapping_sub(rest) >= 0 {
                return rest;
            }
            random = self.next_int();
        }
    }
}

impl Payload {
    /// The value of the record with this number.
    fn make(&self, number: u64, random: &mut SplittableRandom) -> Bytes {
        match self {
            Payload::Size(size) => (0..*size).map(|_| (random.below(26) + 65) as u8).collect(),
            Payload::Lines(lines) => lines[random.below(lines.len() as i32) as usize].clone(),
            Payload::Monotonic => Bytes::from(number.to_string()),
        }
    }
}

fn thrown(class: &str, why: impl Into<String>) -> Stop {
    Stop::Thrown(KafkaError::new(class, why.into()))
}
