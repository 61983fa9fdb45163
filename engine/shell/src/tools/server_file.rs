//! A server's property file and log directories, as the tools that work on a stopped server see them.

use base::Set;

use clients::KafkaError;
use cluster::Properties;
use cluster::config::{ServerConfig, check_server};

use super::straight::{Halt, Run};

/// A property file that holds together.
pub struct ServerFile {
    pub config: ServerConfig,
    pub node_id: i32,
    /// Sorted; the metadata's is one of them.
    pub directories: Vec<String>,
    pub metadata_directory: String,
}

/// `new KafkaConfig(Utils.loadProps(path))`.
pub fn load(path: &str, tool: &mut Run<'_, '_, '_>) -> Result<ServerFile, Halt> {
    let properties = tool.load_properties(path)?;
    of(properties, tool)
}

/// `new KafkaConfig(properties)`, with what it logs.
pub fn of(properties: Properties, tool: &mut Run<'_, '_, '_>) -> Result<ServerFile, Halt> {
    let file = checked(properties)?;
    if file.has_role("broker") && !file.has_role("controller") {
        for name in ["num.partitions", "default.replication.factor"] {
            if file.config.own(name).is_some() {
                let time = tool.log_time();
                tool.eprintln(format!(
                    "[{time}] WARN {name} is defined in the broker role. This configuration will be ignored in 5.0. Please \
                     set {name} in the controller role instead. (kafka.server.KafkaConfig)"
                ));
            }
        }
    }
    Ok(file)
}

/// An exception of one of Kafka's packages or Java's own.
fn exception(class: &str, message: String) -> KafkaError {
    let package = match class {
        "ConfigException" => "org.apache.kafka.common.config",
        "KafkaException" => "org.apache.kafka.common",
        _ => "java.lang",
    };
    KafkaError::new(&format!("{package}.{class}"), message)
}

fn checked(properties: Properties) -> Result<ServerFile, KafkaError> {
    let node_id = ["node.id", "broker.id"].into_iter().find_map(|key| properties.get(key)?.trim().parse().ok());
    let node_id = node_id.unwrap_or(-1);
    let config = ServerConfig::new(node_id, properties);
    check_server(&config).map_err(|refused| {
        let error = exception(refused.class, refused.message);
        match refused.cause {
            Some((class, message)) => error.caused_by(exception(class, message)),
            None => error,
        }
    })?;
    let given = |key: &str| config.own(key).map(str::to_string);
    let list = given("log.dirs").or_else(|| given("log.dir")).unwrap_or_else(|| "/tmp/kafka-logs".to_string());
    let data: Vec<String> = list.split(',').map(|dir| dir.trim().to_string()).collect();
    let metadata_directory = given("metadata.log.dir").unwrap_or_else(|| data[0].clone());
    let directories: Set<String> = data.into_iter().chain([metadata_directory.clone()]).collect();
    Ok(ServerFile { config, node_id, directories: directories.into_iter().collect(), metadata_directory })
}

impl ServerFile {
    pub fn has_role(&self, role: &str) -> bool {
        self.config.own("process.roles").is_some_and(|roles| roles.split(',').any(|one| one.trim() == role))
    }
}
