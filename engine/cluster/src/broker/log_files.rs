//! The files of a broker's log directory: `meta.properties`, checkpoints, the clean-shutdown marker, folders of
//! partitions and what deletion leaves of them for a while (Kafka: `LogManager`).

use base::{Map, Micros, Rng, Uuid};

use log::checkpoint::{self, MetaProperties};
use protocol::TopicPartition;
use protocol::java::{topic_partition_hash, with_capacity};
use protocol::scala::{any_ref_order, concurrent_order, mutable_order};
use sim::Disk;

use crate::raft;
use crate::spec::{LOG_DIR, Voter};

/// Folders that wait for their removal end so.
const DELETE_SUFFIX: &str = "-delete";
const STRAY_SUFFIX: &str = "-stray";

/// What a start finds on the disk, and what the broker keeps of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LogFiles {
    pub directory_id: Uuid,
    /// The run before ended with a clean shutdown: logs need no recovery.
    pub was_clean: bool,
    /// The broker epoch of that run; -1 if it was not clean.
    pub previous_broker_epoch: i64,
    /// Recovery points and high watermarks as the run before wrote them.
    pub recovery_points: Map<TopicPartition, i64>,
    pub high_watermarks: Map<TopicPartition, i64>,
    pub log_starts: Map<TopicPartition, i64>,
    /// Up to where the log cleaner came.
    pub cleaned: Map<TopicPartition, i64>,
    /// Where the dirty part of its last pass began.
    pub dirty_from: Map<TopicPartition, i64>,
    /// Folders to be removed.
    doomed: Vec<DoomedFolder>,
}

/// A folder that has been put out of sight.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DoomedFolder {
    /// What it is called now, below the disk's root.
    pub folder: String,
    pub at: Micros,
    pub partition: TopicPartition,
    /// Its segments as Kafka names them in its log; nothing for a folder that an earlier run left.
    pub segments: String,
}

impl LogFiles {
    /// Reads the log directory; makes it if there is none, as `kafka-storage.sh format` does.
    pub fn open(
        disk: &mut Disk,
        cluster_id: Uuid,
        node_id: i32,
        voters: &[Voter],
        rng: &mut Rng,
        now: Micros,
    ) -> LogFiles {
        let directory_id = open_directory(disk, cluster_id, node_id, voters, rng, now);
        let previous = checkpoint::take_clean_shutdown(disk, LOG_DIR);
        let mut files = LogFiles {
            directory_id,
            was_clean: previous.is_some(),
            previous_broker_epoch: previous.unwrap_or(-1),
            recovery_points: read(disk, checkpoint::RECOVERY_POINT_FILE),
            high_watermarks: read(disk, checkpoint::HIGH_WATERMARK_FILE),
            log_starts: read(disk, checkpoint::LOG_START_FILE),
            cleaned: read(disk, checkpoint::CLEANER_FILE),
            dirty_from: Map::new(),
            doomed: Vec::new(),
        };
        files.create_checkpoints(disk, now);
        files
    }

    /// Checkpoint files exist, empty, from the first moment on.
    fn create_checkpoints(&mut self, disk: &mut Disk, now: Micros) {
        let names = [
            checkpoint::RECOVERY_POINT_FILE,
            checkpoint::HIGH_WATERMARK_FILE,
            checkpoint::LOG_START_FILE,
            checkpoint::CLEANER_FILE,
        ];
        for name in names {
            let path = in_log_dir(name);
            if !disk.exists(&path) {
                disk.write(&path, bytes::Bytes::new(), now);
            }
        }
    }

    /// Writes the high watermarks if they differ from what the file says. True if it wrote. Of no partition at all nothing is
    /// written: the file keeps what it said last.
    pub fn checkpoint_high_watermarks<'a>(
        &mut self,
        disk: &mut Disk,
        offsets: impl Iterator<Item = (&'a TopicPartition, i64)> + Clone,
        now: Micros,
    ) -> bool {
        if offsets.clone().next().is_none() {
            return false;
        }
        write_if_new(disk, checkpoint::HIGH_WATERMARK_FILE, &mut self.high_watermarks, offsets, now)
    }

    pub fn checkpoint_recovery_points<'a>(
        &mut self,
        disk: &mut Disk,
        offsets: impl Iterator<Item = (&'a TopicPartition, i64)> + Clone,
        now: Micros,
    ) -> bool {
        write_if_new(disk, checkpoint::RECOVERY_POINT_FILE, &mut self.recovery_points, offsets, now)
    }

    pub fn checkpoint_log_starts<'a>(
        &mut self,
        disk: &mut Disk,
        offsets: impl Iterator<Item = (&'a TopicPartition, i64)> + Clone,
        now: Micros,
    ) -> bool {
        write_if_new(disk, checkpoint::LOG_START_FILE, &mut self.log_starts, offsets, now)
    }

    /// The cleaner writes its file after every log.
    pub fn checkpoint_cleaned(&mut self, disk: &mut Disk, partition: &TopicPartition, offset: i64, now: Micros) {
        let before = self.cleaned.len();
        self.cleaned.insert(partition.clone(), offset);
        self.write_cleaned(disk, before, now);
    }

    /// Kafka changes a copy of the map that it reads back, which was made for as many as there were.
    fn write_cleaned(&self, disk: &mut Disk, before: usize, now: Micros) {
        let room = if before == 0 { 16 } else { (before * 4 + 3) / 3 };
        let entries = self.cleaned.iter().map(|(id, offset)| (id, *offset)).collect();
        let entries = with_capacity(entries, room, hash);
        checkpoint::write_offsets(disk, &in_log_dir(checkpoint::CLEANER_FILE), &entries, now);
    }

    /// Partitions that have a folder, in order of their names.
    pub fn partitions_on_disk(disk: &Disk) -> Vec<TopicPartition> {
        disk.list(LOG_DIR).iter().filter_map(|name| partition_of_folder(name)).collect()
    }

    /// Takes the folder of a partition with these segments out of sight until `at`, or for good if it is a stray one, which
    /// Kafka never deletes. Says what it is called now.
    pub fn doom(
        &mut self,
        disk: &mut Disk,
        partition: &TopicPartition,
        segments: String,
        at: Micros,
        stray: bool,
        rng: &mut Rng,
    ) -> String {
        let suffix = if stray { STRAY_SUFFIX } else { DELETE_SUFFIX };
        let unique = Uuid::random(rng);
        // The name of a folder may have 255 characters; Kafka cuts the topic's name where it must.
        let room = 255 - 1 - 32 - suffix.len();
        let name: String = partition.to_string().chars().take(room).collect();
        let renamed = format!("{name}.{:032x}{suffix}", unique.0);
        let folder = in_log_dir(&renamed);
        disk.rename(&partition_dir(partition), &folder);
        if !stray {
            self.doomed.push(DoomedFolder { folder, at, partition: partition.clone(), segments });
        }
        renamed
    }

    /// A deleted partition's name may come back with another topic. What the other files hold of it goes when they are
    /// written next.
    pub fn forget(&mut self, disk: &mut Disk, partition: &TopicPartition, now: Micros) {
        let before = self.cleaned.len();
        self.cleaned.remove(partition);
        self.dirty_from.remove(partition);
        self.write_cleaned(disk, before, now);
    }

    /// Folders that an earlier run had put out of sight; a start loads them too.
    pub fn doomed_count(&self, disk: &Disk) -> usize {
        disk.list(LOG_DIR).iter().filter(|name| is_out_of_sight(name)).count()
    }

    /// Folders that an earlier run was about to delete wait once more.
    pub fn doom_leftovers(&mut self, disk: &Disk, at: Micros) {
        for name in disk.list(LOG_DIR) {
            if name.ends_with(DELETE_SUFFIX) {
                let id = name.rsplit_once('.').and_then(|(id, _)| partition_of_folder(id));
                let folder = in_log_dir(&name);
                let is_known = self.doomed.iter().any(|doomed| doomed.folder == folder);
                let Some(partition) = id.filter(|_| !is_known) else { continue };
                self.doomed.push(DoomedFolder { folder, at, partition, segments: String::new() });
            }
        }
    }

    /// A folder whose time has come, the first that was put out of sight first.
    pub fn take_doomed(&mut self, now: Micros) -> Option<DoomedFolder> {
        let at = self.doomed.iter().position(|doomed| doomed.at <= now)?;
        Some(self.doomed.remove(at))
    }

    pub fn next_doom(&self) -> Option<Micros> {
        self.doomed.iter().map(|doomed| doomed.at).min()
    }
}

/// The folder of a partition.
pub fn partition_dir(partition: &TopicPartition) -> String {
    in_log_dir(&partition.to_string())
}

pub fn in_log_dir(name: &str) -> String {
    format!("{LOG_DIR}/{name}")
}

/// The id of the log directory on this disk. An empty one is formatted: a voter's gets the id that the voters know it by.
pub fn open_directory(
    disk: &mut Disk,
    cluster_id: Uuid,
    node_id: i32,
    voters: &[Voter],
    rng: &mut Rng,
    now: Micros,
) -> Uuid {
    let path = in_log_dir(checkpoint::META_PROPERTIES_FILE);
    let known = MetaProperties::read(disk, &path).ok().flatten().and_then(|properties| properties.directory_id);
    if let Some(directory_id) = known {
        return directory_id;
    }
    let own = voters.iter().find(|voter| voter.id == node_id).map(|voter| voter.directory_id);
    let directory_id = own.unwrap_or_else(|| Uuid::random(rng));
    let properties = MetaProperties { cluster_id: cluster_id.to_string(), node_id, directory_id: Some(directory_id) };
    disk.write(&path, properties.to_text(&crate::server_log::date(now)).into(), now);
    raft::format::format(disk, node_id, voters, now);
    directory_id
}

fn read(disk: &Disk, name: &str) -> Map<TopicPartition, i64> {
    // A damaged checkpoint counts as absent: everything is recovered and high watermarks start at the log start.
    checkpoint::read_offsets(disk, &in_log_dir(name)).unwrap_or_default()
}

/// Mostly nothing has changed, and then nothing is copied. `offsets` come in the order of the partitions.
fn write_if_new<'a>(
    disk: &mut Disk,
    name: &str,
    known: &mut Map<TopicPartition, i64>,
    offsets: impl Iterator<Item = (&'a TopicPartition, i64)> + Clone,
    now: Micros,
) -> bool {
    let path = in_log_dir(name);
    let is_empty_file = disk.file(&path).is_none_or(|file| file.is_empty());
    let mut wanted = offsets.clone();
    let is_same = known.iter().all(|(id, offset)| wanted.next() == Some((id, *offset))) && wanted.next().is_none();
    if is_same && !is_empty_file {
        return false;
    }
    *known = offsets.map(|(id, offset)| (id.clone(), offset)).collect();
    let entries = known.iter().map(|(id, offset)| (id, *offset)).collect();
    checkpoint::write_offsets(disk, &path, &in_order(name, entries), now);
    true
}

/// The order of the maps that Kafka writes a checkpoint from: its logs stand in a concurrent one, are collected in one by
/// directory, and, but for the high watermarks, their offsets in another.
fn in_order<'a>(name: &str, entries: Vec<(&'a TopicPartition, i64)>) -> Vec<(&'a TopicPartition, i64)> {
    let count = entries.len();
    let collected = any_ref_order(concurrent_order(entries, hash), hash);
    match name {
        checkpoint::HIGH_WATERMARK_FILE => collected,
        checkpoint::RECOVERY_POINT_FILE => mutable_order(collected, Some(count), hash),
        // How many have a log start worth writing is not known before.
        _ => mutable_order(collected, None, hash),
    }
}

fn hash((id, _): &(&TopicPartition, i64)) -> i32 {
    topic_partition_hash(&id.topic, id.partition)
}

fn is_out_of_sight(name: &str) -> bool {
    name.ends_with(DELETE_SUFFIX) || name.ends_with(STRAY_SUFFIX)
}

/// `orders-0` is partition 0 of `orders`; other names are no partition's.
fn partition_of_folder(name: &str) -> Option<TopicPartition> {
    if is_out_of_sight(name) {
        return None;
    }
    let (topic, partition) = name.rsplit_once('-')?;
    let partition = partition.parse().ok().filter(|partition| *partition >= 0)?;
    (topic != protocol::topic::CLUSTER_METADATA_TOPIC_NAME).then(|| TopicPartition::new(topic, partition))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_partitions_and_others() {
        assert_eq!(partition_of_folder("orders-eu-12"), Some(TopicPartition::new("orders-eu", 12)));
        assert_eq!(partition_of_folder("__cluster_metadata-0"), None);
        assert_eq!(partition_of_folder("orders-0.0123-delete"), None);
        assert_eq!(partition_of_folder("meta.properties"), None);
    }

    #[test]
    fn a_deleted_folder_is_out_of_sight_at_once_and_gone_later() {
        let mut disk = Disk::new();
        let mut rng = Rng::new(1, 1, "test");
        let now = Micros::from_secs(1);
        let mut files = LogFiles::open(&mut disk, Uuid(1), 1, &[], &mut rng, now);
        let partition = TopicPartition::new("orders", 0);
        disk.write(&format!("{}/x.log", partition_dir(&partition)), "x".into(), now);
        let at = Micros::from_secs(61);
        files.doom(&mut disk, &partition, String::new(), at, false, &mut rng);
        assert!(LogFiles::partitions_on_disk(&disk).is_empty());
        let folder = disk.list(LOG_DIR).into_iter().find(|name| name.starts_with("orders-0.")).expect("renamed");
        assert!(folder.ends_with("-delete") && folder.len() == "orders-0.".len() + 32 + "-delete".len());
        assert_eq!(files.next_doom(), Some(at));
        assert!(files.take_doomed(Micros::from_secs(60)).is_none());
        assert_eq!(files.take_doomed(at).expect("its time has come").folder, in_log_dir(&folder));
        assert_eq!(files.next_doom(), None);
    }
}
