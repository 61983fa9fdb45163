//! UpdateFeatures: finalized levels raised, lowered and switched off (`FeatureControlManager`).

use base::Map;

use protocol::ErrorCode;
use protocol::java::hash_map_order;
use protocol::java::java_string_hash;
use protocol::messages::update_features_request::FeatureUpdateKey;
use protocol::messages::update_features_response::UpdatableFeatureResult;
use protocol::messages::{UpdateFeaturesRequest, UpdateFeaturesResponse};
use protocol::metadata::{ConfigRecord, FeatureLevelRecord, MetadataRecord, NoOpRecord};

use super::control::{ApiError, ControlState};
use super::write::Decision;
use crate::broker::membership::FEATURES;
use crate::metadata::{ConfigResource, ResourceType};

const METADATA_VERSION: &str = "metadata.version";
const KRAFT_VERSION: &str = "kraft.version";
const ELR_VERSION: &str = "eligible.leader.replicas.version";
const MIN_ISR: &str = "min.insync.replicas";
/// `FeatureUpdate.UpgradeType`
const UPGRADE: i8 = 1;
const SAFE_DOWNGRADE: i8 = 2;
const UNSAFE_DOWNGRADE: i8 = 3;
/// Levels of `metadata.version` that changed the records (`didMetadataChange`): going below one may lose something.
const METADATA_CHANGED_AT: [i16; 9] = [7, 8, 11, 13, 14, 15, 17, 23, 30];
/// The level of `metadata.version` that ELR needs.
const ELR_METADATA_VERSION: i16 = 23;

impl ControlState {
    pub(super) fn update_features(&self, request: &UpdateFeaturesRequest, version: i16) -> Decision {
        let mut response = UpdateFeaturesResponse { error_message: None, ..Default::default() };
        let records = match self.feature_records(request, version) {
            Ok(records) => records,
            Err(error) => {
                let reason = error.message.unwrap_or_default();
                response.error_code = error.code.code();
                response.error_message = Some(format!(
                    "The update failed for all features since the following feature had an error: {reason}"
                ));
                return Decision::new(Vec::new(), response);
            }
        };
        if version <= 1 {
            let result = |update: &FeatureUpdateKey| UpdatableFeatureResult {
                feature: update.feature.clone(),
                ..Default::default()
            };
            response.results = request.feature_updates.iter().map(result).collect();
        }
        Decision::new(if request.validate_only { Vec::new() } else { records }, response)
    }

    /// Either all updates are made or none.
    fn feature_records(&self, request: &UpdateFeaturesRequest, version: i16) -> Result<Vec<MetadataRecord>, ApiError> {
        let mut proposed = self.image.features().clone();
        for update in &request.feature_updates {
            proposed.insert(update.feature.clone(), update.max_version_level);
        }
        let mut records = Vec::new();
        let updates: Vec<&FeatureUpdateKey> = request.feature_updates.iter().collect();
        for update in hash_map_order(updates, |update| java_string_hash(&update.feature)) {
            // Version 0 said only whether a downgrade is allowed.
            let kind = match (version, update.allow_downgrade) {
                (0, true) => SAFE_DOWNGRADE,
                (0, false) => UPGRADE,
                _ => update.upgrade_type,
            };
            self.update_feature(&update.feature, update.max_version_level, kind, &proposed, &mut records)?;
        }
        let raises_elr = |u: &FeatureUpdateKey| u.feature == ELR_VERSION && u.max_version_level > 0;
        if request.feature_updates.iter().any(raises_elr) {
            let mut safety = self.elr_safety_records();
            safety.append(&mut records);
            records = safety;
        }
        Ok(records)
    }

    fn update_feature(
        &self,
        name: &str,
        level: i16,
        kind: i8,
        proposed: &Map<String, i16>,
        records: &mut Vec<MetadataRecord>,
    ) -> Result<(), ApiError> {
        let refuse = |words: &str| {
            let words = format!("Invalid update version {level} for feature {name}. {words}");
            Err(ApiError::new(ErrorCode::InvalidUpdateVersion, words))
        };
        if !(UPGRADE..=UNSAFE_DOWNGRADE).contains(&kind) {
            return refuse("The controller does not support the given upgrade type.");
        }
        let current = if name == KRAFT_VERSION { self.kraft_version } else { self.image.feature(name) };
        if level < 0 {
            return refuse("A feature version cannot be less than 0.");
        }
        if let Some(reason) = self.reason_not_supported(name, level) {
            return refuse(&reason);
        }
        if level < current && kind == UPGRADE {
            return refuse(
                "Can't downgrade the version of this feature without setting the upgrade type to either safe or unsafe \
                 downgrade.",
            );
        }
        if level > current && kind != UPGRADE {
            return refuse("Can't downgrade to a newer version.");
        }
        match name {
            METADATA_VERSION => check_metadata_version(current, level, kind)?,
            KRAFT_VERSION if kind == UPGRADE => {
                records.push(NoOpRecord::default().into());
                return Ok(());
            }
            KRAFT_VERSION if level != current => return refuse("Can't downgrade the version of this feature."),
            KRAFT_VERSION => return Ok(()),
            _ if FEATURES.iter().all(|(known, _, _)| *known != name) => {
                return refuse(&format!("Feature {name} not found."));
            }
            _ => {
                if let Some(reason) = unmet_dependency(name, level, proposed) {
                    return refuse(&reason);
                }
            }
        }
        records.push(FeatureLevelRecord { name: name.to_string(), feature_level: level, ..Default::default() }.into());
        Ok(())
    }

    /// Every broker and every controller must support a level, this one first.
    fn reason_not_supported(&self, name: &str, level: i16) -> Option<String> {
        let reason = |what: String, (min, max): (i16, i16)| match level {
            level if (min..=max).contains(&level) => None,
            _ if max == 0 => Some(format!("{what} does not support this feature.")),
            _ if min == max => Some(format!("{what} only supports versions {min}")),
            _ => Some(format!("{what} only supports versions {min}-{max}")),
        };
        let own = FEATURES.iter().find(|(known, _, _)| *known == name).map_or((0, 0), |(_, min, max)| (*min, *max));
        let range = |features: &Map<String, (i16, i16)>| features.get(name).copied().unwrap_or((0, 0));
        let brokers = self.image.brokers().map(|b| (format!("Broker {}", b.id), range(&b.features)));
        let others = self.image.controllers().filter(|controller| controller.id != self.node_id);
        let controllers = others.map(|c| (format!("Controller {}", c.id), range(&c.features)));
        let own = std::iter::once((format!("Local controller {}", self.node_id), own));
        let unsupported = own.chain(brokers).chain(controllers).find_map(|(what, range)| reason(what, range));
        unsupported.or_else(|| {
            let is_known = |id: &&i32| **id == self.node_id || self.image.controllers().any(|c| c.id == **id);
            let silent = self.voter_ids.iter().find(|id| !is_known(id))?;
            Some(format!("controller {silent} has not registered, and may not support this feature"))
        })
    }

    /// With ELR the minimum of in-sync replicas is a config of the cluster and of no single broker.
    fn elr_safety_records(&self) -> Vec<MetadataRecord> {
        let record = |resource_name: String, value: Option<String>| {
            let name = MIN_ISR.to_string();
            ConfigRecord { resource_type: ResourceType::Broker.id(), resource_name, name, value, ..Default::default() }
                .into()
        };
        let mut records = Vec::new();
        if self.image.config(&ConfigResource::cluster(), MIN_ISR).is_none() {
            records.push(record(String::new(), Some(self.config.number(MIN_ISR).to_string())));
        }
        let brokers = self.image.config_resources().filter(|r| r.kind == ResourceType::Broker && !r.name.is_empty());
        let with_minimum = brokers.filter(|r| self.image.config(r, MIN_ISR).is_some());
        records.extend(with_minimum.map(|resource| record(resource.name.clone(), None)));
        records
    }
}

fn check_metadata_version(current: i16, level: i16, kind: i8) -> Result<(), ApiError> {
    let loses = METADATA_CHANGED_AT.iter().any(|changed_at| (level + 1..=current).contains(changed_at));
    if level >= current || !loses {
        return Ok(());
    }
    let why = match kind {
        UNSAFE_DOWNGRADE => "Unsafe metadata downgrade is not supported in this version.",
        _ => "Refusing to perform the requested downgrade because it might delete metadata information.",
    };
    let words = format!("Unsupported metadata.version downgrade from {current} to {level}. {why}");
    Err(ApiError::new(ErrorCode::InvalidUpdateVersion, words))
}

/// `Feature.validateVersion`
fn unmet_dependency(name: &str, level: i16, proposed: &Map<String, i16>) -> Option<String> {
    let metadata_version = proposed.get(METADATA_VERSION).copied().unwrap_or(0);
    let needed = if name == ELR_VERSION && level >= 1 { ELR_METADATA_VERSION } else { 0 };
    (metadata_version < needed)
        .then(|| format!("{name} could not be set to {level} because it depends on {METADATA_VERSION} level {needed}"))
}
