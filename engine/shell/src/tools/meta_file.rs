//! `meta.properties`, which says whose a log directory is (`MetaProperties`, `MetaPropertiesEnsemble`).

use std::fmt;

use base::{Map, Set, Uuid};
use clients::KafkaError;
use cluster::Properties;

use super::jopt::not_a_number;
use super::straight::{Halt, Run};

pub const META_PROPERTIES: &str = "meta.properties";

/// What one file says.
#[derive(Clone, Debug)]
pub struct MetaFile {
    pub version: i32,
    pub cluster_id: Option<String>,
    pub node_id: Option<i32>,
    pub directory_id: Option<Uuid>,
}

/// What the files of several directories say.
pub struct Ensemble {
    pub found: Map<String, MetaFile>,
    /// Directories without one.
    pub empty: Set<String>,
    /// Directories whose file makes no sense.
    pub errors: Set<String>,
}

impl MetaFile {
    /// The file of a directory, if it has one; the inner error is of a file that makes no sense.
    pub fn read(directory: &str, tool: &mut Run<'_, '_, '_>) -> Result<Result<Option<MetaFile>, KafkaError>, Halt> {
        let Ok(bytes) = tool.read(&format!("{directory}/{META_PROPERTIES}"))? else { return Ok(Ok(None)) };
        let properties = super::usage::parse_properties(&String::from_utf8_lossy(&bytes));
        Ok(MetaFile::of(&properties).map(Some))
    }

    /// `MetaProperties.Builder(properties).build()`.
    fn of(properties: &Properties) -> Result<MetaFile, KafkaError> {
        let failed = |why: String| KafkaError::new("java.lang.RuntimeException", why);
        let text = properties.get("version").map_or("0", String::as_str);
        let version: i32 =
            text.trim().parse().map_err(|_| failed(format!("Invalid meta.properties version string '{text}'")))?;
        if !(0..=1).contains(&version) {
            return Err(failed(format!("Unknown meta.properties version number {version}")));
        }
        let key = if version == 0 { "broker.id" } else { "node.id" };
        let node_id = match properties.get(key) {
            Some(text) => Some(text.parse().map_err(|_| {
                failed(format!("Unable to read {key} as a base-10 number.")).caused_by(not_a_number(text))
            })?),
            None if version == 0 => None,
            None => return Err(failed(format!("Failed to find {key}"))),
        };
        let directory_id = match properties.get("directory.id") {
            None => None,
            Some(text) => Some(super::usage::parse_uuid(text).map_err(|why| {
                let cause = KafkaError::new("java.lang.IllegalArgumentException", why.clone());
                failed(format!("Unable to read directory.id as a Uuid: {why}")).caused_by(cause)
            })?),
        };
        let cluster_id = properties.get("cluster.id").cloned();
        if version != 0 && cluster_id.is_none() {
            return Err(failed("cluster.id was not found.".to_string()));
        }
        Ok(MetaFile { version, cluster_id, node_id, directory_id })
    }
}

/// As a sorted map prints.
impl fmt::Display for MetaFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        let mut field = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                let gap = if text.is_empty() { "" } else { ", " };
                text.push_str(&[gap, name, "=", &value].concat());
            }
        };
        let node_id = self.node_id.map(|id| id.to_string());
        let (broker, node) = if self.version == 0 { (node_id, None) } else { (None, node_id) };
        field("broker.id", broker);
        field("cluster.id", self.cluster_id.clone());
        field("directory.id", self.directory_id.map(|id| id.to_string()));
        field("node.id", node);
        field("version", Some(self.version.to_string()));
        write!(f, "{{{text}}}")
    }
}

/// The files of all directories; what is wrong with one goes to the log.
pub fn formatted(directories: &[String], tool: &mut Run<'_, '_, '_>) -> Result<Ensemble, Halt> {
    let mut ensemble = Ensemble { found: Map::new(), empty: Set::new(), errors: Set::new() };
    for directory in directories {
        match MetaFile::read(directory, tool)? {
            Ok(Some(file)) => drop(ensemble.found.insert(directory.clone(), file)),
            Ok(None) => drop(ensemble.empty.insert(directory.clone())),
            Err(error) => {
                let time = tool.log_time();
                let path = format!("{directory}/{META_PROPERTIES}");
                let path = crate::files::normalise(&path);
                tool.eprintln(format!(
                    "[{time}] ERROR Error while reading meta.properties file {path} \
                     (org.apache.kafka.metadata.properties.MetaPropertiesEnsemble)"
                ));
                tool.eprint(error.stack_trace());
                ensemble.errors.insert(directory.clone());
            }
        }
    }
    Ok(ensemble)
}

/// `MetaPropertiesEnsemble.verify`.
pub fn verify(found: &Map<String, MetaFile>, cluster_id: Option<&str>, node_id: i32) -> Result<(), KafkaError> {
    let refused = |why: String| Err(KafkaError::new("java.lang.RuntimeException", why));
    let mut expected = cluster_id;
    let mut seen: Map<Uuid, &str> = Map::new();
    for (directory, file) in found {
        let path = format!("{directory}/{META_PROPERTIES}");
        match (file.cluster_id.as_deref(), expected) {
            (Some(read), None) => expected = Some(read),
            (Some(read), Some(wanted)) if read != wanted => {
                return refused(format!("Invalid cluster.id in: {path}. Expected {wanted}, but read {read}"));
            }
            _ => {}
        }
        if let Some(stored) = file.node_id.filter(|stored| *stored != node_id) {
            return refused(format!(
                "Stored node id {stored} doesn't match previous node id {node_id} in {path}. If you moved your data, \
                 make sure your configured node id matches. If you intend to create a new node, you should remove \
                 all data in your data directories."
            ));
        }
        let Some(id) = file.directory_id else { continue };
        if id <= RESERVED {
            return refused(format!("Invalid reserved directory ID {id} found in {directory}"));
        }
        if let Some(other) = seen.insert(id, directory) {
            return refused(format!(
                "Duplicate directory ID Optional[{id}] found. It was the ID of {other}, but also of {directory}"
            ));
        }
    }
    Ok(())
}

/// `DirectoryId.reserved`: the ids of a hundred meanings that no directory has.
const RESERVED: Uuid = Uuid(99);
