//! `ApiKey`, `Request` and `Response`: which APIs there are, and a body of any of them.

use bytes::Bytes;

use crate::codec::{CodecError, VersionRange};
#[cfg(feature = "json")]
use crate::json::ToJson;
use crate::messages::*;

include!(concat!(env!("OUT_DIR"), "/api.rs"));

/// What the schemas say about an API.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ApiInfo {
    /// The name in Kafka's listings, such as `AlterPartition`.
    pub name: &'static str,
    pub versions: VersionRange,
    pub request_flexible: VersionRange,
    pub response_flexible: VersionRange,
    pub latest_version_unstable: bool,
    /// Whether a broker (not a controller) answers it.
    pub on_broker: bool,
    pub on_controller: bool,
}

impl ApiKey {
    /// The number on the wire.
    pub const fn code(self) -> i16 {
        self as i16
    }

    pub fn from_code(code: i16) -> Option<ApiKey> {
        ApiKey::ALL.binary_search_by_key(&code, |api| api.code()).ok().map(|index| ApiKey::ALL[index])
    }

    pub const fn name(self) -> &'static str {
        self.info().name
    }

    /// The versions of the schemas; `max < min` for APIs that this Kafka no longer has.
    pub const fn versions(self) -> VersionRange {
        self.info().versions
    }

    pub const fn min_version(self) -> i16 {
        self.info().versions.min
    }

    /// The newest version, stable or not.
    pub const fn max_version(self) -> i16 {
        self.info().versions.max
    }

    /// The newest version that is offered without `unstable.api.versions.enable`.
    pub const fn max_stable_version(self) -> i16 {
        let info = self.info();
        if info.latest_version_unstable { info.versions.max - 1 } else { info.versions.max }
    }

    /// Version of the header in front of a request: 2 has tagged fields, 1 has not.
    pub const fn request_header_version(self, version: i16) -> i16 {
        if self.info().request_flexible.contains(version) { 2 } else { 1 }
    }

    /// Version of the header in front of a response. ApiVersions always has 0, as its reader cannot know better (KIP-511).
    pub const fn response_header_version(self, version: i16) -> i16 {
        match self {
            ApiKey::ApiVersions => 0,
            _ => self.info().response_flexible.contains(version) as i16,
        }
    }

    /// Whether only servers may call it (`ApiKeys.clusterAction`).
    pub const fn is_cluster_action(self) -> bool {
        use ApiKey::*;
        matches!(
            self,
            LeaderAndIsr
                | StopReplica
                | UpdateMetadata
                | ControlledShutdown
                | WriteTxnMarkers
                | Vote
                | BeginQuorumEpoch
                | EndQuorumEpoch
                | DescribeQuorum
                | AlterPartition
                | UpdateFeatures
                | Envelope
                | BrokerRegistration
                | BrokerHeartbeat
                | AllocateProducerIds
                | InitializeShareGroupState
                | ReadShareGroupState
                | WriteShareGroupState
                | DeleteShareGroupState
                | ReadShareGroupStateSummary
        )
    }

    /// Whether a broker hands it on to the controller in an Envelope (`ApiKeys.forwardable`).
    pub const fn is_forwardable(self) -> bool {
        use ApiKey::*;
        matches!(
            self,
            CreateTopics
                | DeleteTopics
                | CreateAcls
                | DeleteAcls
                | AlterConfigs
                | CreatePartitions
                | CreateDelegationToken
                | RenewDelegationToken
                | ExpireDelegationToken
                | ElectLeaders
                | IncrementalAlterConfigs
                | AlterPartitionReassignments
                | ListPartitionReassignments
                | AlterClientQuotas
                | AlterUserScramCredentials
                | DescribeQuorum
                | UpdateFeatures
                | UnregisterBroker
                | AllocateProducerIds
                | AddRaftVoter
                | RemoveRaftVoter
        )
    }
}

/// The kind of server that answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Listener {
    Broker,
    Controller,
}

impl ApiKey {
    pub const fn is_answered_by(self, listener: Listener) -> bool {
        match listener {
            Listener::Broker => self.info().on_broker,
            Listener::Controller => self.info().on_controller,
        }
    }
}

/// What an ApiVersions response of a server offers, in the order of the keys, without unstable versions. Produce is
/// offered from version 0 though nothing below 3 is served, so that old clients do not stumble (KAFKA-18659).
pub fn offered(listener: Listener, client_telemetry: bool) -> Vec<(ApiKey, VersionRange)> {
    let is_telemetry = |api| matches!(api, ApiKey::GetTelemetrySubscriptions | ApiKey::PushTelemetry);
    ApiKey::ALL
        .into_iter()
        .filter(|api| api.is_answered_by(listener) && !api.versions().is_empty())
        .filter(|api| client_telemetry || !is_telemetry(*api))
        .map(|api| {
            let min = if api == ApiKey::Produce { 0 } else { api.min_version() };
            (api, VersionRange { min, max: api.max_stable_version() })
        })
        .collect()
}
