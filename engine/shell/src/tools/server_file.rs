//! A server's property file and log directories, as the tools that work on a stopped server see them.

use base::{Map, Set};

use clients::KafkaError;
use cluster::Properties;
use cluster::config::{ServerConfig, check_server};

use super::straight::{Halt, Run};

pub const META_PROPERTIES: &str = "meta.properties";

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
    of(tool.load_properties(path)?).map_err(Halt::Thrown)
}

fn of(properties: Properties) -> Result<ServerFile, KafkaError> {
    let node_id = ["node.id", "broker.id"].into_iter().find_map(|key| properties.get(key)?.trim().parse().ok());
    let node_id = node_id.unwrap_or(-1);
    let config = ServerConfig::new(node_id, properties);
    check_server(&config).map_err(|refused| {
        let package = match refused.class {
            "ConfigException" => "org.apache.kafka.common.config",
            _ => "java.lang",
        };
        KafkaError::new(&format!("{package}.{}", refused.class), refused.message)
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

/// The `meta.properties` of the directories that have one.
pub fn formatted(directories: &[String], tool: &mut Run<'_, '_, '_>) -> Result<Map<String, Properties>, Halt> {
    let mut found = Map::new();
    for directory in directories {
        if let Ok(bytes) = tool.read(&format!("{directory}/{META_PROPERTIES}"))? {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            found.insert(directory.clone(), super::usage::parse_properties(&text));
        }
    }
    Ok(found)
}

/// `MetaPropertiesEnsemble.verify`.
pub fn verify(found: &Map<String, Properties>, cluster_id: Option<&str>, node_id: i32) -> Result<(), KafkaError> {
    let refused = |why: String| Err(KafkaError::new("java.lang.RuntimeException", why));
    let mut expected = cluster_id;
    for (directory, properties) in found {
        let path = format!("{directory}/{META_PROPERTIES}");
        match (properties.get("cluster.id").map(String::as_str), expected) {
            (None, _) => return refused(format!("cluster.id was not specified in the v1 file: {path}")),
            (Some(read), None) => expected = Some(read),
            (Some(read), Some(wanted)) if read != wanted => {
                return refused(format!("Invalid cluster.id in: {path}. Expected {wanted}, but read {read}"));
            }
            _ => {}
        }
        let stored: Option<i32> = properties.get("node.id").and_then(|id| id.parse().ok());
        match stored {
            None => return refused(format!("node.id was not specified in {path}")),
            Some(stored) if stored != node_id => {
                return refused(format!(
                    "Stored node id {stored} doesn't match previous node id {node_id} in {path}. If you moved your data, \
                     make sure your configured node id matches. If you intend to create a new node, you should remove \
                     all data in your data directories."
                ));
            }
            _ => {}
        }
    }
    Ok(())
}
