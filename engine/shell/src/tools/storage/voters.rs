//! The first voters of a dynamic quorum: `id@host:port:directory`, separated by commas (`DynamicVoters`).

use base::Set;
use clients::KafkaError;
use cluster::spec::Voter;

use crate::tools::jopt::not_a_number;
use crate::tools::usage::parse_uuid;

fn illegal(why: impl Into<String>) -> KafkaError {
    KafkaError::new("java.lang.IllegalArgumentException", why.into())
}

/// By id, as a `TreeMap` keeps them.
pub fn parse_voters(text: &str) -> Result<Vec<Voter>, KafkaError> {
    let mut voters = Vec::new();
    for voter in text.trim().split(',').filter(|voter| !voter.is_empty()) {
        voters.push(parse_voter(voter.trim())?);
    }
    if voters.is_empty() {
        return Err(illegal("No voters given."));
    }
    let mut ids = Set::new();
    if let Some(twice) = voters.iter().find(|voter| !ids.insert(voter.id)) {
        return Err(illegal(format!("Node id {} was specified more than once.", twice.id)));
    }
    base::ordered::sort_by_key(&mut voters, |voter| voter.id);
    Ok(voters)
}

fn parse_voter(text: &str) -> Result<Voter, KafkaError> {
    let (id, rest) = text.split_once('@').ok_or_else(|| illegal("No @ found in dynamic voter string."))?;
    let id: i32 = number(id, "node id")?;
    if id < 0 {
        return Err(illegal(format!("Invalid negative node id {id} in dynamic voter string.")));
    }
    if rest.is_empty() {
        return Err(illegal("No hostname found after node id."));
    }
    let (host, rest) = match rest.strip_prefix('[') {
        Some(rest) => rest
            .split_once(']')
            .ok_or_else(|| illegal("Hostname began with left bracket, but no right bracket was found."))?,
        None => {
            let end = rest.find(':').ok_or_else(|| illegal("No colon following hostname could be found."))?;
            rest.split_at(end)
        }
    };
    let rest = rest.strip_prefix(':').ok_or_else(|| illegal("Port section must start with a colon."))?;
    let (port, directory) = rest.split_once(':').ok_or_else(|| illegal("No colon following port could be found."))?;
    let port: i32 = number(port, "port")?;
    let port = u16::try_from(port).map_err(|_| illegal(format!("Invalid port {port} in dynamic voter string.")))?;
    let directory_id = parse_uuid(directory)
        .map_err(|why| illegal("Failed to parse directory ID in dynamic voter string.").caused_by(illegal(why)))?;
    Ok(Voter { id, host: host.to_string(), port, directory_id })
}

fn number(text: &str, what: &str) -> Result<i32, KafkaError> {
    text.parse()
        .map_err(|_| illegal(format!("Failed to parse {what} in dynamic voter string.")).caused_by(not_a_number(text)))
}
