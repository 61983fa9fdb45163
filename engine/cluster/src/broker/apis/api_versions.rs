//! ApiVersions: what this broker understands.

use protocol::ApiKey;
use protocol::api::{Listener, offered};
use protocol::messages::ApiVersionsResponse;
use protocol::messages::api_versions_response::{ApiVersion, FinalizedFeatureKey, SupportedFeatureKey};

use crate::broker::connections::ReplyTo;
use crate::broker::membership::FEATURES;
use crate::broker::{Broker, Fx};
use protocol::ErrorCode;

impl Broker {
    /// A request of a version that this broker does not know is answered in version 0, with an error and the versions
    /// it knows, so that the client can ask again (KIP-511).
    pub(super) fn handle_api_versions(&mut self, reply: &ReplyTo, fx: &mut Fx<'_>) {
        let known = ApiKey::ApiVersions.versions().contains(reply.api_version);
        let api_keys = offered(Listener::Broker, false)
            .into_iter()
            .map(|(api, versions)| ApiVersion {
                api_key: api.code(),
                min_version: versions.min,
                max_version: versions.max,
                ..Default::default()
            })
            .collect();
        let mut response = ApiVersionsResponse { api_keys, ..Default::default() };
        if known {
            self.add_features(&mut response);
            return self.connections.respond(reply, response, fx);
        }
        response.error_code = ErrorCode::UnsupportedVersion.code();
        self.connections.respond(&ReplyTo { api_version: 0, ..*reply }, response, fx);
    }

    fn add_features(&self, response: &mut ApiVersionsResponse) {
        response.supported_features = FEATURES
            .iter()
            .map(|(name, min, max)| SupportedFeatureKey {
                name: name.to_string(),
                min_version: *min,
                max_version: *max,
                ..Default::default()
            })
            .collect();
        response.finalized_features_epoch = self.metadata.offset();
        // The quorum's own protocol version stands in a control record, not in the image.
        let kraft_version = ("kraft.version".to_string(), self.raft.raft().kraft_version());
        let features = self.metadata.image.features().iter().chain([(&kraft_version.0, &kraft_version.1)]);
        response.finalized_features = features
            .filter(|(_, level)| **level > 0)
            .map(|(name, level)| FinalizedFeatureKey {
                name: name.clone(),
                max_version_level: *level,
                min_version_level: *level,
                ..Default::default()
            })
            .collect();
    }
}
