//! What a dynamic config belongs to (`ConfigResource`).

/// `ConfigResource.Type`, with Kafka's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i8)]
pub enum ResourceType {
    Topic = 2,
    Broker = 4,
    BrokerLogger = 8,
    ClientMetrics = 16,
    Group = 32,
}

impl ResourceType {
    pub const fn id(self) -> i8 {
        self as i8
    }

    pub fn from_id(id: i8) -> Option<ResourceType> {
        use ResourceType::*;
        [Topic, Broker, BrokerLogger, ClientMetrics, Group].into_iter().find(|t| t.id() == id)
    }
}

/// A topic by name, a broker by id, or, with an empty name, the cluster-wide default of all brokers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConfigResource {
    pub kind: ResourceType,
    pub name: String,
}

impl ConfigResource {
    pub fn topic(name: &str) -> ConfigResource {
        ConfigResource { kind: ResourceType::Topic, name: name.to_string() }
    }

    pub fn broker(id: i32) -> ConfigResource {
        ConfigResource { kind: ResourceType::Broker, name: id.to_string() }
    }

    /// The defaults of all brokers.
    pub fn cluster() -> ConfigResource {
        ConfigResource { kind: ResourceType::Broker, name: String::new() }
    }
}
