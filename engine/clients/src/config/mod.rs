//! Configuration of the three clients: the tables of keys, their checks, and the typed values that the clients use.

pub mod definition;
mod keys;

use base::{Map, Micros};
use std::sync::Arc;

use crate::backoff::ExponentialBackoff;
use crate::error::{self, KafkaError};
use crate::network::NetworkConfig;
use definition::{Values, invalid_value};

/// Properties as a tool collects them: key to text.
pub type Properties = Map<String, String>;

/// What every client's configuration says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CommonConfig {
    pub bootstrap_servers: Vec<String>,
    pub client_id: Arc<str>,
    pub request_timeout: Micros,
    pub retry_backoff: ExponentialBackoff,
    pub reconnect_backoff: ExponentialBackoff,
    pub connection_setup: ExponentialBackoff,
    pub metadata_max_age: Micros,
    /// `metadata.recovery.strategy` is `rebootstrap`.
    pub rebootstrap: bool,
}

impl CommonConfig {
    fn new(values: &Values) -> CommonConfig {
        let ms = |name: &str| Micros::from_ms(values.count(name));
        let backoff = |initial: &str, max: &str| ExponentialBackoff { initial: ms(initial), max: ms(max) };
        CommonConfig {
            bootstrap_servers: values.list("bootstrap.servers"),
            client_id: Arc::from(values.text("client.id")),
            request_timeout: ms("request.timeout.ms"),
            retry_backoff: backoff("retry.backoff.ms", "retry.backoff.max.ms"),
            reconnect_backoff: backoff("reconnect.backoff.ms", "reconnect.backoff.max.ms"),
            connection_setup: backoff("socket.connection.setup.timeout.ms", "socket.connection.setup.timeout.max.ms"),
            metadata_max_age: ms("metadata.max.age.ms"),
            rebootstrap: values.text("metadata.recovery.strategy").eq_ignore_ascii_case("rebootstrap"),
        }
    }

    pub fn network(&self, log_prefix: String, max_in_flight: Option<usize>) -> NetworkConfig {
        NetworkConfig {
            client_id: self.client_id.clone(),
            log_prefix,
            reconnect_backoff: self.reconnect_backoff,
            request_timeout: self.request_timeout,
            connection_setup: self.connection_setup,
            max_in_flight,
            is_admin: false,
        }
    }
}

/// `acks`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Acks {
    /// Done when written to the socket.
    None,
    /// Done when the leader has it.
    Leader,
    /// Done when all in-sync replicas have it.
    All,
}

impl Acks {
    pub fn code(self) -> i16 {
        match self {
            Acks::None => 0,
            Acks::Leader => 1,
            Acks::All => -1,
        }
    }
}

/// How records without a partition of their own get one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PartitionerKind {
    /// Keys by murmur2, the rest sticky (KIP-794).
    BuiltIn,
    /// `RoundRobinPartitioner`.
    RoundRobin,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProducerConfig {
    pub common: CommonConfig,
    pub acks: Acks,
    pub batch_size: usize,
    pub buffer_memory: u64,
    pub compression: String,
    pub gzip_level: i32,
    pub delivery_timeout: Micros,
    pub idempotence: bool,
    pub linger: Micros,
    pub max_block: Micros,
    pub max_in_flight: usize,
    pub max_request_size: usize,
    pub retries: u32,
    pub partitioner: PartitionerKind,
    pub ignore_keys: bool,
    pub adaptive_partitioning: bool,
    pub transactional_id: Option<String>,
}

impl ProducerConfig {
    pub fn parse(properties: &Properties) -> Result<ProducerConfig, KafkaError> {
        let mut values = Values::parse(&[keys::COMMON, keys::PRODUCER], properties)?;
        require(properties, "bootstrap.servers")?;
        let idempotence = check_idempotence(&values)?;
        if values.text("client.id").is_empty() {
            values.override_with("client.id", "producer-1");
        }
        let ms = |name: &str| Micros::from_ms(values.count(name));
        let (linger, request_timeout) = (ms("linger.ms"), ms("request.timeout.ms"));
        let mut delivery_timeout = ms("delivery.timeout.ms");
        if delivery_timeout < linger + request_timeout {
            if values.is_set("delivery.timeout.ms") {
                let why = "delivery.timeout.ms should be equal to or larger than linger.ms + request.timeout.ms";
                return Err(KafkaError::new(error::CONFIG, why));
            }
            delivery_timeout = linger + request_timeout;
        }
        Ok(ProducerConfig {
            acks: match values.text("acks") {
                "0" => Acks::None,
                "1" => Acks::Leader,
                _ => Acks::All,
            },
            batch_size: values.count("batch.size").max(1) as usize,
            buffer_memory: values.count("buffer.memory"),
            compression: values.text("compression.type").to_string(),
            gzip_level: values.number("compression.gzip.level") as i32,
            delivery_timeout,
            idempotence,
            linger,
            max_block: ms("max.block.ms"),
            max_in_flight: values.count("max.in.flight.requests.per.connection") as usize,
            max_request_size: values.count("max.request.size") as usize,
            retries: u32::try_from(values.count("retries")).unwrap_or(u32::MAX),
            partitioner: match values.optional("partitioner.class") {
                Some("org.apache.kafka.clients.producer.RoundRobinPartitioner") => PartitionerKind::RoundRobin,
                _ => PartitionerKind::BuiltIn,
            },
            ignore_keys: values.flag("partitioner.ignore.keys"),
            adaptive_partitioning: values.flag("partitioner.adaptive.partitioning.enable"),
            transactional_id: values.optional("transactional.id").map(str::to_string),
            common: CommonConfig::new(&values),
        })
    }
}

/// `ProducerConfig.postProcessAndValidateIdempotenceConfigs`: whether idempotence stays on.
fn check_idempotence(values: &Values) -> Result<bool, KafkaError> {
    let explicit = values.is_set("enable.idempotence");
    let wanted = values.flag("enable.idempotence");
    let fail = |why: &str| Err(KafkaError::new(error::CONFIG, why));
    let acks = values.text("acks");
    let conflicts = [
        (values.number("retries") == 0, "Must set retries to non-zero when using the idempotent producer."),
        (
            acks != "all" && acks != "-1",
            "Must set acks to all in order to use the idempotent producer. Otherwise we cannot guarantee idempotence.",
        ),
        (
            values.number("max.in.flight.requests.per.connection") > 5,
            "Must set max.in.flight.requests.per.connection to at most 5 to use the idempotent producer.",
        ),
    ];
    let conflict = conflicts.iter().find(|(is_so, _)| *is_so).map(|(_, why)| *why);
    if wanted
        && explicit
        && let Some(why) = conflict
    {
        return fail(why);
    }
    let stays = wanted && conflict.is_none();
    if !stays && values.optional("transactional.id").is_some() {
        return fail("Cannot set a transactional.id without also enabling idempotence.");
    }
    Ok(stays)
}

/// Where a consumer begins that has no position (`auto.offset.reset`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OffsetReset {
    Earliest,
    Latest,
    None,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConsumerConfig {
    pub common: CommonConfig,
    pub group_id: Option<String>,
    pub offset_reset: OffsetReset,
    pub fetch_min_bytes: i32,
    pub fetch_max_bytes: i32,
    pub fetch_max_wait: Micros,
    pub max_partition_fetch_bytes: i32,
    pub max_poll_records: usize,
    pub read_committed: bool,
    pub default_api_timeout: Micros,
    pub allow_auto_create: bool,
    pub auto_commit: bool,
    pub auto_commit_interval: Micros,
    pub session_timeout: Micros,
    pub heartbeat_interval: Micros,
    pub max_poll_interval: Micros,
    pub client_rack: String,
    pub group_instance_id: Option<String>,
    /// Classes of `partition.assignment.strategy`, in order of preference.
    pub assignors: Vec<String>,
}

impl ConsumerConfig {
    pub fn parse(properties: &Properties) -> Result<ConsumerConfig, KafkaError> {
        let mut values = Values::parse(&[keys::COMMON, keys::CONSUMER], properties)?;
        require(properties, "bootstrap.servers")?;
        let group = values.optional("group.id").filter(|group| !group.is_empty()).map(str::to_string);
        if group.is_none() && values.is_set("enable.auto.commit") && values.flag("enable.auto.commit") {
            let why = "enable.auto.commit cannot be set to true when default group id (null) is used.";
            return Err(KafkaError::new("org.apache.kafka.common.errors.InvalidConfigurationException", why));
        }
        if values.text("client.id").is_empty() {
            let name = group.as_deref().map_or("consumer-null-1".to_string(), |group| format!("consumer-{group}-1"));
            values.override_with("client.id", &name);
        }
        let ms = |name: &str| Micros::from_ms(values.count(name));
        let int = |name: &str| i32::try_from(values.number(name)).unwrap_or(i32::MAX);
        Ok(ConsumerConfig {
            offset_reset: match values.text("auto.offset.reset") {
                "earliest" => OffsetReset::Earliest,
                "none" => OffsetReset::None,
                _ => OffsetReset::Latest,
            },
            fetch_min_bytes: int("fetch.min.bytes"),
            fetch_max_bytes: int("fetch.max.bytes"),
            fetch_max_wait: ms("fetch.max.wait.ms"),
            max_partition_fetch_bytes: int("max.partition.fetch.bytes"),
            max_poll_records: values.count("max.poll.records") as usize,
            read_committed: values.text("isolation.level") == "read_committed",
            default_api_timeout: ms("default.api.timeout.ms"),
            allow_auto_create: values.flag("allow.auto.create.topics"),
            auto_commit: group.is_some() && values.flag("enable.auto.commit"),
            auto_commit_interval: ms("auto.commit.interval.ms"),
            session_timeout: ms("session.timeout.ms"),
            heartbeat_interval: ms("heartbeat.interval.ms"),
            max_poll_interval: ms("max.poll.interval.ms"),
            client_rack: values.text("client.rack").to_string(),
            group_instance_id: values.optional("group.instance.id").map(str::to_string),
            assignors: values.list("partition.assignment.strategy"),
            group_id: group,
            common: CommonConfig::new(&values),
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AdminConfig {
    pub common: CommonConfig,
    /// The servers are those of `bootstrap.controllers`.
    pub uses_controllers: bool,
    /// Time that one call may take in all.
    pub default_api_timeout: Micros,
    pub retries: u32,
}

/// What the constructor of the admin client throws reaches its caller so.
pub fn not_created(cause: KafkaError) -> KafkaError {
    KafkaError::new(error::KAFKA, "Failed to create new KafkaAdminClient").caused_by(cause).at(&[
        "org.apache.kafka.clients.admin.KafkaAdminClient.createInternal(KafkaAdminClient.java:573)",
        "org.apache.kafka.clients.admin.KafkaAdminClient.createInternal(KafkaAdminClient.java:518)",
        "org.apache.kafka.clients.admin.Admin.create(Admin.java:134)",
    ])
}

impl AdminConfig {
    pub fn parse(properties: &Properties) -> Result<AdminConfig, KafkaError> {
        let mut values = Values::parse(&[keys::COMMON, keys::ADMIN], properties)?;
        if !properties.contains_key("bootstrap.servers") && !properties.contains_key("bootstrap.controllers") {
            let why = "You must set either bootstrap.servers or bootstrap.controllers";
            return Err(not_created(KafkaError::new(error::CONFIG, why)));
        }
        let controllers = values.list("bootstrap.controllers");
        if !controllers.is_empty() && !values.list("bootstrap.servers").is_empty() {
            let why = "You cannot set both bootstrap.servers and bootstrap.controllers";
            return Err(not_created(KafkaError::new(error::CONFIG, why)));
        }
        if values.text("client.id").is_empty() {
            values.override_with("client.id", "adminclient-1");
        }
        let ms = |name: &str| Micros::from_ms(values.count(name));
        let (total, single) = (ms("default.api.timeout.ms"), ms("request.timeout.ms"));
        if total < single && values.is_set("default.api.timeout.ms") {
            let why = "The specified value of default.api.timeout.ms must be no smaller than the value of \
                       request.timeout.ms.";
            return Err(not_created(KafkaError::new(error::CONFIG, why).at(&[
                "org.apache.kafka.clients.admin.KafkaAdminClient.configureDefaultApiTimeoutMs(KafkaAdminClient.java:657)",
                "org.apache.kafka.clients.admin.KafkaAdminClient.<init>(KafkaAdminClient.java:616)",
                "org.apache.kafka.clients.admin.KafkaAdminClient.createInternal(KafkaAdminClient.java:568)",
            ])));
        }
        let mut common = CommonConfig::new(&values);
        let uses_controllers = !controllers.is_empty();
        if uses_controllers {
            common.bootstrap_servers = controllers;
        }
        Ok(AdminConfig {
            common,
            uses_controllers,
            default_api_timeout: total.max(single),
            retries: u32::try_from(values.count("retries")).unwrap_or(u32::MAX),
        })
    }
}

fn require(properties: &Properties, name: &str) -> Result<(), KafkaError> {
    if properties.contains_key(name) {
        return Ok(());
    }
    let why = format!("Missing required configuration \"{name}\" which has no default value.");
    Err(KafkaError::new(error::CONFIG, why))
}

/// `ConfigException(name, value, message)` for refusals that no rule of a table covers.
pub fn refuse(name: &str, value: &str, why: &str) -> KafkaError {
    invalid_value(name, value, why)
}
