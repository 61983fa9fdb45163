//! Credentials that a cluster has from its first moment on: `SCRAM-SHA-256=[name=alice,password=secret]` (`ScramParser`).

use base::Map;
use bytes::Bytes;
use cluster::scram_hash::salted_password;
use protocol::json::sextet;
use protocol::metadata::{MetadataRecord, UserScramCredentialRecord};

use super::refused;
use crate::tools::configs::scram::mechanism;
use crate::tools::straight::{Halt, Run};

const ITERATIONS: std::ops::RangeInclusive<i32> = 4_096..=16_384;

pub fn scram_record(argument: &str, tool: &mut Run<'_, '_, '_>) -> Result<MetadataRecord, Halt> {
    let argument = argument.trim();
    let Some((name, config)) = argument.split_once('=') else {
        return refused(format!("Failed to find equals sign in SCRAM argument '{argument}'"));
    };
    let Some((id, sha)) = mechanism(name) else {
        return refused(format!("The add-scram mechanism {name} is not supported."));
    };
    let Some(config) = config.strip_prefix('[') else {
        return refused("Expected configuration string to start with [");
    };
    let Some(config) = config.strip_suffix(']') else {
        return refused("Expected configuration string to end with ]");
    };
    let mut parts = components(config)?;
    let Some(user) = parts.remove("name") else { return refused("You must supply 'name' to add-scram") };
    let salt = parts.remove("salt").map(|text| decode(&text, "salt")).transpose()?;
    let iterations = match parts.remove("iterations") {
        None => *ITERATIONS.start(),
        Some(text) => match text.parse() {
            Ok(number) => number,
            Err(_) => return refused(format!("Failed to parse iterations count: {text}")),
        },
    };
    let (password, salted) = (parts.remove("password"), parts.remove("saltedpassword"));
    let salted = match (&password, salted) {
        (Some(_), _) => None,
        (None, None) => return refused("You must supply one of 'password' or 'saltedpassword' to add-scram"),
        (None, Some(_)) if salt.is_none() => {
            return refused("You must supply 'salt' with 'saltedpassword' to add-scram");
        }
        (None, Some(text)) => Some(decode(&text, "saltedPassword")?),
    };
    if !parts.is_empty() {
        let names: Vec<&str> = parts.keys().map(String::as_str).collect();
        return refused(format!("Unknown SCRAM configurations: {}", names.join(", ")));
    }
    let name = name.replace('-', "_");
    if iterations < *ITERATIONS.start() {
        let least = ITERATIONS.start();
        return refused(format!("The 'iterations' value must be >= {least} for add-scram using {name}"));
    }
    if iterations > *ITERATIONS.end() {
        return refused(format!("The 'iterations' value must be <= {} for add-scram using {name}", ITERATIONS.end()));
    }
    let salt = salt.unwrap_or_else(|| (0..4).flat_map(|_| tool.random().to_be_bytes()).collect());
    let salted = salted.unwrap_or_else(|| {
        salted_password(sha, password.unwrap_or_default().as_bytes(), &salt, iterations.unsigned_abs())
    });
    Ok(UserScramCredentialRecord {
        name: user,
        mechanism: id,
        salt: Bytes::from(salt),
        stored_key: Bytes::from(sha.stored_key(&salted)),
        server_key: Bytes::from(sha.server_key(&salted)),
        iterations,
        ..Default::default()
    }
    .into())
}

fn components(config: &str) -> Result<Map<String, String>, Halt> {
    let mut parts = Map::new();
    for component in config.split(',') {
        let Some((key, value)) = component.split_once('=') else {
            return refused(format!("No equals sign found in SCRAM component: {component}"));
        };
        let quoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
        parts.insert(key.to_string(), quoted.unwrap_or(value).to_string());
    }
    Ok(parts)
}

/// `Base64.getDecoder().decode`: padding may be left out, but not be wrong.
fn decode(text: &str, what: &str) -> Result<Vec<u8>, Halt> {
    let body = text.strip_suffix("==").or_else(|| text.strip_suffix('=')).unwrap_or(text);
    let sextets: Option<Vec<u32>> = body.bytes().map(|letter| sextet(letter).map(u32::from)).collect();
    let padded = text.len() == body.len() || text.len().is_multiple_of(4);
    match sextets {
        Some(sextets) if padded && sextets.len() % 4 != 1 => Ok(sextets
            .chunks(4)
            .flat_map(|chunk| {
                let bits = (0..4).fold(0, |bits, at| bits << 6 | chunk.get(at).unwrap_or(&0));
                [bits >> 16, bits >> 8, bits].into_iter().take(chunk.len() - 1).map(|byte| byte as u8)
            })
            .collect()),
        _ => refused(format!("Failed to decode given {what}: {text}")),
    }
}
