//! Files of the servers' disks, for the microscope.

use sim::Disk;
use wire::Problem;
use wire::reply::Answer;

use super::problem;
use crate::act::find;
use crate::stage::Stage;

/// Bytes of one answer; a segment may be larger.
const BYTES_MAX: u64 = 256 * 1024;

/// `b1/kafka-logs/orders-0/00000000000000000000.log`.
pub fn read(stage: &Stage, path: &str) -> Result<Answer, Problem> {
    let path = shell::files::normalise(path);
    let no_such = || problem("This file cannot be read", vec![format!("{path}: No such file or directory")]);
    let (host, inside) = path.split_once('/').ok_or_else(no_such)?;
    let node = find(stage.world(), host).ok_or_else(no_such)?;
    let disk: &Disk = stage.world().disk(node).ok_or_else(no_such)?;
    let file = disk.file(inside).ok_or_else(no_such)?;
    let bytes = file.read(0, BYTES_MAX).to_vec();
    Ok(Answer::File { truncated: file.len() > BYTES_MAX, bytes, path })
}
