//! The loggers of a server's process and their levels, which can be changed while it runs (`Log4jCoreController`,
//! `RuntimeLoggerManager`).

use base::{Map, Set};

use protocol::messages::incremental_alter_configs_request::AlterConfigsResource;
use protocol::{ErrorCode, java};
use sim::Effects;

use crate::server_log::logger;
use crate::{Event, Kafka};

/// log4j's levels, the least talkative first, and those that Kafka takes, by name.
const LEVELS: [&str; 6] = ["FATAL", "ERROR", "WARN", "INFO", "DEBUG", "TRACE"];
const VALID: &str = "DEBUG, ERROR, FATAL, INFO, TRACE, WARN";
const ROOT: &str = "root";

/// Which of Kafka's classes have a logger as soon as a server runs: `b` a broker's, `c` a controller's, `a` both.
const STARTED: &str = include_str!("loggers.txt");

/// What the process logs, and how much of it.
#[derive(Clone, Debug, Hash)]
pub struct Loggers {
    /// The mark of the role in [`STARTED`].
    role: char,
    /// Loggers that said something since.
    used: Set<&'static str>,
    /// Levels that were set, with the place in [`LEVELS`].
    levels: Map<String, usize>,
}

impl Loggers {
    /// Those of a server that starts.
    pub fn new(is_broker: bool) -> Loggers {
        Loggers {
            role: if is_broker { 'b' } else { 'c' },
            used: Set::new(),
            levels: Map::from([(ROOT.to_string(), level("INFO"))]),
        }
    }

    /// Every logger with its level, the root among them.
    pub fn all(&self) -> impl Iterator<Item = (&str, &'static str)> {
        let started = STARTED.lines().filter_map(|line| line.strip_prefix(['a', self.role]));
        let mut names: Set<&str> = started.chain(self.used.iter().copied()).collect();
        names.insert(ROOT);
        names.into_iter().map(|name| (name, LEVELS[self.level_of(name)]))
    }

    /// Whether a line is written. Its logger is known from now on.
    pub fn takes(&mut self, logger: &'static str, level_name: &str) -> bool {
        if !self.used.contains(logger) {
            self.used.insert(logger);
        }
        // Nearly always nothing was changed.
        level(level_name) <= if self.levels.len() == 1 { self.levels[ROOT] } else { self.level_of(logger) }
    }

    /// A logger's own level, or that of the nearest package above it.
    fn level_of(&self, logger: &str) -> usize {
        let mut name = logger;
        loop {
            if let Some(level) = self.levels.get(name) {
                return *level;
            }
            name = name.rsplit_once('.').map_or(ROOT, |(above, _)| above);
        }
    }

    /// Applies the changes of one resource (`applyChangesForResource`): all of them or none.
    pub fn alter(
        &mut self,
        asked: &AlterConfigsResource,
        node: i32,
        only_validate: bool,
        fx: &mut Effects<'_, Kafka>,
    ) -> Result<(), (ErrorCode, String)> {
        self.check(asked, node)?;
        let set = |name: &String| asked.configs.iter().find(|config| config.name == *name)?.value.clone();
        let names: Vec<String> = asked.configs.iter().map(|config| config.name.clone()).collect();
        for name in java::hash_order(&names).into_iter().filter(|_| !only_validate) {
            let text = match set(&name).filter(|value| !value.is_empty()) {
                Some(value) => {
                    self.levels.insert(name.clone(), level(&value));
                    format!("Updated the log level of {name} to {value}")
                }
                None => {
                    self.levels.remove(&name);
                    format!("Unset the log level of {name}")
                }
            };
            fx.emit(Event::Logged { level: "WARN", logger: logger::CONFIG_ADMIN, text });
        }
        Ok(())
    }

    fn check(&self, asked: &AlterConfigsResource, node: i32) -> Result<(), (ErrorCode, String)> {
        let refused = |words: String| Err((ErrorCode::InvalidRequest, words));
        let invalid = |words: String| Err((ErrorCode::InvalidConfig, words));
        match asked.resource_name.parse::<i32>() {
            Err(_) => return refused(format!("Node id must be an integer, but it is: {}", asked.resource_name)),
            Ok(id) if id != node => return refused(format!("Unexpected node id. Expected {node}, but received {id}")),
            Ok(_) => {}
        }
        for config in &asked.configs {
            let (name, value) = (&config.name, config.value.as_deref().unwrap_or_default());
            let kind = match config.config_operation {
                0 | 1 if self.all().all(|(known, _)| known != name) => {
                    return invalid(format!("Logger {name} does not exist!"));
                }
                0 if LEVELS.contains(&value) => continue,
                0 => {
                    return invalid(format!(
                        "Cannot set the log level of {name} to {value} as it is not a supported log level. Valid log levels \
                         are {VALID}"
                    ));
                }
                1 if name == ROOT => {
                    return refused("Removing the log level of the root logger is not allowed".to_string());
                }
                1 => continue,
                2 => "APPEND",
                _ => "SUBTRACT",
            };
            return refused(format!("{kind} operation is not allowed for the BROKER_LOGGER resource"));
        }
        Ok(())
    }
}

fn level(name: &str) -> usize {
    LEVELS.iter().position(|level| *level == name).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logger_talks_as_much_as_it_or_its_package_was_told() {
        let mut loggers = Loggers::new(true);
        let (name, other) = ("kafka.server.ReplicaManager", "kafka.log.LogManager");
        assert!(loggers.takes(name, "INFO") && !loggers.takes(name, "DEBUG"));
        loggers.levels.insert(name.to_string(), level("WARN"));
        assert!(!loggers.takes(name, "INFO") && loggers.takes(other, "INFO"));
        loggers.levels.insert(ROOT.to_string(), level("ERROR"));
        assert!(!loggers.takes(other, "INFO") && loggers.takes(name, "WARN"));
        loggers.levels.insert("kafka.log".to_string(), level("INFO"));
        assert!(loggers.takes(other, "INFO"), "its package says more than the root");
        loggers.levels.remove(name);
        assert!(!loggers.takes(name, "WARN"));
    }

    #[test]
    fn a_logger_is_there_once_it_was_used() {
        let mut loggers = Loggers::new(true);
        let has = |loggers: &Loggers, name| loggers.all().any(|(known, _)| known == name);
        assert!(has(&loggers, "kafka.server.ReplicaManager") && !has(&loggers, "kafka.cluster.Partition"));
        assert!(!has(&Loggers::new(false), "kafka.server.ReplicaManager"));
        loggers.takes("kafka.cluster.Partition", "INFO");
        assert!(has(&loggers, "kafka.cluster.Partition"));
    }
}
