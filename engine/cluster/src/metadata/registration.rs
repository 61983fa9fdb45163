//! Brokers and controllers as they registered themselves.

use base::{Map, Uuid};

use protocol::metadata::{BrokerRegistrationChangeRecord, RegisterBrokerRecord, RegisterControllerRecord};

/// A listener as clients are told of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// The listener's name, such as `PLAINTEXT`.
    pub name: String,
    pub host: String,
    pub port: u16,
    /// `SecurityProtocol.id`: 0 is PLAINTEXT.
    pub security_protocol: i16,
}

/// The lowest and highest level of a feature that a server supports.
pub type FeatureRange = (i16, i16);

/// A broker as the controller knows it (`BrokerRegistration`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BrokerRegistration {
    pub id: i32,
    /// The offset of the record that registered this incarnation; requests with another epoch are refused.
    pub epoch: i64,
    /// Differs for every start of the process.
    pub incarnation_id: Uuid,
    pub endpoints: Vec<Endpoint>,
    pub features: Map<String, FeatureRange>,
    pub rack: Option<String>,
    /// A fenced broker leads nothing, is in no ISR and is not shown to clients.
    pub fenced: bool,
    pub in_controlled_shutdown: bool,
    pub directories: Vec<Uuid>,
    /// Directories that take no new replicas; `None` until the broker's first heartbeat said which.
    pub cordoned_directories: Option<Vec<Uuid>>,
    /// The offset of the last record that registered this broker or amended its registration.
    pub registered_at: i64,
}

impl BrokerRegistration {
    pub fn from_record(record: &RegisterBrokerRecord, offset: i64) -> BrokerRegistration {
        let endpoint = |e: &protocol::metadata::register_broker_record::BrokerEndpoint| Endpoint {
            name: e.name.clone(),
            host: e.host.clone(),
            port: e.port,
            security_protocol: e.security_protocol,
        };
        BrokerRegistration {
            id: record.broker_id,
            epoch: record.broker_epoch,
            incarnation_id: record.incarnation_id,
            endpoints: record.end_points.iter().map(endpoint).collect(),
            features: record
                .features
                .iter()
                .map(|f| (f.name.clone(), (f.min_supported_version, f.max_supported_version)))
                .collect(),
            rack: record.rack.clone(),
            fenced: record.fenced,
            in_controlled_shutdown: record.in_controlled_shutdown,
            directories: record.log_dirs.clone(),
            cordoned_directories: record.cordoned_log_dirs.clone(),
            registered_at: offset,
        }
    }

    /// Applies what a change record says. A fenced or unfenced broker is out of its controlled shutdown only through a
    /// new registration, as in Kafka.
    pub fn change(&mut self, record: &BrokerRegistrationChangeRecord) {
        match record.fenced {
            1 => self.fenced = true,
            -1 => self.fenced = false,
            _ => {}
        }
        if record.in_controlled_shutdown == 1 {
            self.in_controlled_shutdown = true;
        }
        if !record.log_dirs.is_empty() {
            self.directories = record.log_dirs.clone();
        }
        if record.cordoned_log_dirs.is_some() {
            self.cordoned_directories = record.cordoned_log_dirs.clone();
        }
    }

    /// Neither fenced nor shutting down: may lead and be in an ISR.
    pub fn is_active(&self) -> bool {
        !self.fenced && !self.in_controlled_shutdown
    }

    /// Whether a new replica may be placed here.
    pub fn has_uncordoned_directory(&self) -> bool {
        let Some(cordoned) = &self.cordoned_directories else { return true };
        self.directories.is_empty() || self.directories.iter().any(|d| !cordoned.contains(d))
    }

    pub fn endpoint(&self, listener: &str) -> Option<&Endpoint> {
        self.endpoints.iter().find(|e| e.name == listener)
    }
}

/// A controller as it registered itself (KIP-919).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ControllerRegistration {
    pub id: i32,
    pub incarnation_id: Uuid,
    pub endpoints: Vec<Endpoint>,
    pub features: Map<String, FeatureRange>,
}

impl ControllerRegistration {
    pub fn from_record(record: &RegisterControllerRecord) -> ControllerRegistration {
        let endpoint = |e: &protocol::metadata::register_controller_record::ControllerEndpoint| Endpoint {
            name: e.name.clone(),
            host: e.host.clone(),
            port: e.port,
            security_protocol: e.security_protocol,
        };
        ControllerRegistration {
            id: record.controller_id,
            incarnation_id: record.incarnation_id,
            endpoints: record.end_points.iter().map(endpoint).collect(),
            features: record
                .features
                .iter()
                .map(|f| (f.name.clone(), (f.min_supported_version, f.max_supported_version)))
                .collect(),
        }
    }
}
