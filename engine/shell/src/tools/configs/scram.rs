//! SCRAM credentials of users: `SCRAM-SHA-256=[iterations=8192,password=secret]`.

use bytes::Bytes;
use clients::admin::call::{AdminCall, AdminReply, ScramUpsertion};
use cluster::scram_hash::{Sha, salted_password};
use protocol::ErrorCode;

use super::alter::Changes;
use super::illegal;
use crate::tools::straight::{Halt, Run, all_of, unexpected};

const DEFAULT_ITERATIONS: i32 = 4_096;
const MIN_ITERATIONS: i32 = 4_096;

/// The number of a mechanism on the wire, and its hash.
pub fn mechanism(name: &str) -> Option<(i8, Sha)> {
    match name {
        "SCRAM-SHA-256" => Some((1, Sha::Sha256)),
        "SCRAM-SHA-512" => Some((2, Sha::Sha512)),
        _ => None,
    }
}

fn mechanism_name(id: i8) -> &'static str {
    match id {
        1 => "SCRAM-SHA-256",
        2 => "SCRAM-SHA-512",
        _ => "UNKNOWN",
    }
}

pub fn alter(user: &str, changes: &Changes, tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let deletions = changes.delete.iter().filter_map(|name| Some((user.to_string(), mechanism(name)?.0))).collect();
    let mut upsertions = Vec::new();
    for (name, value) in &changes.add {
        let Some((id, sha)) = mechanism(name) else { continue };
        let (iterations, password) = parse(name, value)?;
        let salt: Vec<u8> = (0..4).flat_map(|_| tool.random().to_be_bytes()).collect();
        let salted = salted_password(sha, password.as_bytes(), &salt, iterations.unsigned_abs());
        upsertions.push(ScramUpsertion {
            user: user.to_string(),
            mechanism: id,
            iterations,
            salt: Bytes::from(salt),
            salted_password: Bytes::from(salted),
        });
    }
    let call = AdminCall::AlterUserScramCredentials { deletions, upsertions };
    let AdminReply::PerUser(items) = tool.get(call)? else { return Err(unexpected()) };
    all_of(items).map(drop)
}

/// `(?:iterations=(\-?[0-9]*),)?password=(.*)`
fn parse<'v>(mechanism: &str, value: &'v str) -> Result<(i32, &'v str), Halt> {
    let malformed = || {
        let name = mechanism.replace('-', "_");
        illegal(format!("Invalid credential property {name}={value}"))
    };
    let (iterations, rest) = match value.strip_prefix("iterations=") {
        Some(rest) => {
            let (digits, rest) = rest.split_once(',').ok_or_else(malformed)?;
            let number: i32 = digits.parse().map_err(|_| malformed())?;
            (if number == -1 { DEFAULT_ITERATIONS } else { number }, rest)
        }
        None => (DEFAULT_ITERATIONS, value),
    };
    let password = rest.strip_prefix("password=").ok_or_else(malformed)?;
    if iterations < MIN_ITERATIONS {
        return Err(illegal(format!(
            "Iterations {iterations} is less than the minimum {MIN_ITERATIONS} required for {mechanism}"
        )));
    }
    Ok((iterations, password))
}

pub fn describe(users: &[String], tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let call = AdminCall::DescribeUserScramCredentials { users: users.to_vec() };
    let AdminReply::ScramUsers(items) = tool.get_soon(call)? else { return Err(unexpected()) };
    for (user, item) in items {
        match item {
            // Users without credentials are not among the users.
            Err(error) if error.code == ErrorCode::ResourceNotFound => {}
            Err(error) => tool.println(format!(
                "Error retrieving SCRAM credential configs for user-principal '{user}': ExecutionException: {error}"
            )),
            Ok(infos) => {
                let texts: Vec<String> = infos
                    .iter()
                    .map(|(id, iterations)| format!("{}=iterations={iterations}", mechanism_name(*id)))
                    .collect();
                tool.println(format!("SCRAM credential configs for user-principal '{user}' are {}", texts.join(", ")));
            }
        }
    }
    Ok(())
}
