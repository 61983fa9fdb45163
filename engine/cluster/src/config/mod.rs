//! Configs of topics and servers as data: every key of 4.3 with its type, default, valid values, broker synonym and
//! whether it can be changed while a server runs; what a value means in effect, where it comes from, and Kafka's words
//! for values it refuses.
//!
//! ```text
//! topic override > dynamic broker > dynamic cluster default > server.properties > default
//! ```

mod alter;
mod decimal;
mod dynamic;
mod effective;
mod key;
mod listeners;
mod resource_keys;
mod server;
mod server_keys;
mod server_keys_more;
mod server_rules;
mod synonyms;
mod topic_keys;
mod validate;
mod value;

pub use alter::alter_one;
pub use dynamic::{listener_key, validate_dynamic};
pub use effective::{ConfigSource, ConfigView, EffectiveConfig};
pub use key::{
    ConfigKey, ConfigType, DefaultValue, UpdateMode, Valid, quota_key, server_key, server_keys, topic_key, topic_keys,
};
pub use listeners::BrokerListeners;
pub(crate) use listeners::PROTOCOLS;
pub use resource_keys::{group_default, group_synonym, resource_keys, validate_client_metrics, validate_group};
pub use server::ServerConfig;
pub use server_rules::{Refused, check_server};
pub use synonyms::{Converter, Synonym, broker_synonyms, topic_synonyms};
pub use validate::{ConfigError, validate_topic_configs, validate_topic_values};
pub use value::{Value, distinct, parse, valid_text, validate, validate_given};
