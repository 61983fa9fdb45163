//! A virtual disk: files by path, contents as ropes of shared bytes, so that a record batch appended by three brokers
//! is in memory once, and a snapshot of a disk costs a few pointers.

use base::{Map, Micros};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Bound;
use std::sync::Arc;

use base::limits::{DISK_BYTES_MAX, DISK_FILES_MAX};
use bytes::Bytes;

pub use crate::file::File;

/// The disk of one server: absolute-like paths without a leading slash, such as `kafka-logs/orders-0/00000000000000000000.log`.
///
/// A disk is bounded (`base::limits`): a write that would pass the bound changes nothing, answers `false` and is
/// counted, and the world that owns the disk reports it (invariant S20).
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Disk {
    /// Shared as a whole: a node that is copied on write and leaves its disk alone does not copy the list of files.
    files: Arc<Map<Arc<str>, Arc<File>>>,
    bytes: u64,
    refused: u64,
    latest: Latest,
    /// What is wrong with it; nothing, most often.
    ailment: Ailment,
    /// A write did not fit into the disk's own size, and its server has not been told yet.
    is_full: bool,
    /// Until then it works on what was written to it.
    busy_until: Micros,
}

/// How a disk can be worse than the house's: a fault like others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ailment {
    /// It holds no more bytes than these; 0 for no size of its own.
    pub size: u64,
    /// How long each write takes. What a process says waits for what it wrote.
    pub delay: Micros,
}

/// Where the file that was changed last stands among the others. Most often it is the next one too, as a log that is
/// appended to and flushed, and to find it by its path costs a walk over the paths of all. No part of the contents: any
/// number is right.
#[derive(Clone, Copy, Default)]
struct Latest(usize);

impl PartialEq for Latest {
    fn eq(&self, _: &Latest) -> bool {
        true
    }
}

impl Eq for Latest {}

impl Hash for Latest {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl Disk {
    pub fn new() -> Disk {
        Disk::default()
    }

    pub fn file(&self, path: &str) -> Option<&File> {
        self.files.get_near(self.latest.0, path).map(|file| &**file)
    }

    pub fn exists(&self, path: &str) -> bool {
        self.file(path).is_some()
    }

    /// Bytes of all files together.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Makes the disk as bad as this from now on, or well again. What it holds stays, even if it is more than fits.
    pub fn ail(&mut self, ailment: Ailment) {
        self.ailment = ailment;
    }

    pub fn ailment(&self) -> Ailment {
        self.ailment
    }

    /// Until when it works on what was written to it.
    pub fn busy_until(&self) -> Micros {
        self.busy_until
    }

    /// Whether a write did not fit into the disk's own size since this was asked last (`ENOSPC`). What was to be
    /// written is not there.
    pub fn take_full(&mut self) -> bool {
        std::mem::take(&mut self.is_full)
    }

    /// As [`Disk::append`], whatever the disk's own size and speed: a server's own log, which is most often elsewhere.
    pub fn note(&mut self, path: &str, bytes: Bytes, now: Micros) -> bool {
        let ailment = std::mem::take(&mut self.ailment);
        let done = self.append(path, bytes, now);
        self.ailment = ailment;
        done
    }

    /// Writes that were refused because the disk was full, in bytes or in files.
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// Adds to the end of a file, which is created if it is missing. `false`: the disk is full and nothing was written.
    pub fn append(&mut self, path: &str, bytes: Bytes, now: Micros) -> bool {
        let more = bytes.len() as u64;
        if !self.has_room(path, more) {
            return false;
        }
        self.bytes += more;
        self.entry(path).append(bytes, now);
        self.work(now);
        true
    }

    /// Makes a file that is empty, or empties it. Who keeps `path` and appends under it later is found by the pointer.
    pub fn create(&mut self, path: &Arc<str>, now: Micros) -> bool {
        self.remove(path);
        self.write_shared(path.clone(), Bytes::new(), now)
    }

    /// Replaces the whole file, as Kafka does with its checkpoints (write a temporary file, then rename). The new
    /// contents are safe against a power cut. `false`: the disk is full and nothing was changed.
    pub fn write(&mut self, path: &str, bytes: Bytes, now: Micros) -> bool {
        self.write_shared(Arc::from(path), bytes, now)
    }

    fn write_shared(&mut self, path: Arc<str>, bytes: Bytes, now: Micros) -> bool {
        let (before, after) = (self.file(&path).map_or(0, File::len), bytes.len() as u64);
        if !self.has_room(&path, after.saturating_sub(before)) {
            return false;
        }
        self.bytes = self.bytes - before + after;
        self.insert(path, Arc::new(File::synced(bytes, now)));
        self.work(now);
        true
    }

    /// One write follows the other.
    fn work(&mut self, now: Micros) {
        if self.ailment.delay > Micros::ZERO {
            self.busy_until = self.busy_until.max(now) + self.ailment.delay;
        }
    }

    pub fn truncate(&mut self, path: &str, len: u64, now: Micros) {
        if self.exists(path) {
            let file = self.entry(path);
            let before = file.len();
            file.truncate(len, now);
            let freed = before - file.len();
            self.bytes -= freed;
        }
    }

    /// Takes room for a file in advance: it is that large in its folder, with zeros behind what it holds, and costs
    /// nothing (a sparse file). 0 gives the room back.
    pub fn reserve(&mut self, path: &str, size: u64) {
        if self.exists(path) {
            self.entry(path).reserve(size);
        }
    }

    /// fsync: what the file holds now survives a power cut.
    pub fn sync(&mut self, path: &str) {
        if self.file(path).is_some_and(|file| file.synced_len() < file.len()) {
            self.entry(path).sync();
        }
    }

    pub fn remove(&mut self, path: &str) -> bool {
        if !self.exists(path) {
            return false;
        }
        let file = Arc::make_mut(&mut self.files).remove(path);
        self.bytes -= file.map_or(0, |file| file.len());
        true
    }

    /// Moves a file, or every file under a folder. A file that stood at the new path is replaced.
    pub fn rename(&mut self, from: &str, to: &str) {
        let folder = format!("{from}/");
        let moved: Vec<Arc<str>> =
            self.files.keys().filter(|p| ***p == *from || p.starts_with(&folder)).cloned().collect();
        // All are taken out before any is put back, so that a move into a folder below itself loses nothing.
        let files = Arc::make_mut(&mut self.files);
        let taken: Vec<_> = moved.into_iter().filter_map(|path| Some((files.remove(&path)?, path))).collect();
        for (file, path) in taken {
            self.insert(Arc::from(format!("{to}{}", &path[from.len()..])), file);
        }
        self.bytes = self.files.values().map(|file| file.len()).sum();
    }

    /// Removes every file under a folder.
    pub fn remove_folder(&mut self, folder: &str) {
        let prefix = format!("{folder}/");
        Arc::make_mut(&mut self.files).retain(|path, _| !path.starts_with(&prefix));
        self.bytes = self.files.values().map(|file| file.len()).sum();
    }

    /// All files, in order of their paths.
    pub fn files(&self) -> impl Iterator<Item = (&str, &File)> {
        self.files.iter().map(|(path, file)| (&**path, &**file))
    }

    /// Names directly inside a folder (`""` is the root), sorted, folders included, each once.
    pub fn list(&self, folder: &str) -> Vec<String> {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let mut names: Vec<String> = Vec::new();
        // What begins alike stands side by side.
        let from = self.files.range::<str>((Bound::Included(&*prefix), Bound::Unbounded));
        for (path, _) in from.take_while(|(path, _)| path.starts_with(&prefix)) {
            let name = path[prefix.len()..].split('/').next().unwrap_or_default();
            if names.last().map(String::as_str) != Some(name) {
                names.push(name.to_string());
            }
        }
        base::ordered::sort(&mut names);
        names.dedup();
        names
    }

    /// What a power cut leaves: bytes that were never synced are gone.
    pub fn lose_unsynced(&mut self) {
        if self.files.values().all(|file| file.synced_len() == file.len()) {
            return;
        }
        for file in Arc::make_mut(&mut self.files).values_mut() {
            let synced = file.synced_len();
            if synced < file.len() {
                self.bytes -= file.len() - synced;
                let modified = file.modified;
                Arc::make_mut(file).truncate(synced, modified);
            }
        }
    }

    /// Whether `more` bytes fit, and the file itself if it is new. Counts a refusal.
    fn has_room(&mut self, path: &str, more: u64) -> bool {
        let fits = self.bytes.saturating_add(more) <= DISK_BYTES_MAX
            && (self.files.len() < DISK_FILES_MAX || self.exists(path));
        self.refused += u64::from(!fits);
        let size = self.ailment.size;
        let is_full = size > 0 && more > 0 && self.bytes.saturating_add(more) > size;
        self.is_full |= is_full;
        fits && !is_full
    }

    fn insert(&mut self, path: Arc<str>, file: Arc<File>) {
        Arc::make_mut(&mut self.files).insert(path, file);
    }

    fn entry(&mut self, path: &str) -> &mut File {
        Arc::make_mut(Arc::make_mut(&mut self.files).get_or_insert_near(&mut self.latest.0, path, Arc::from))
    }
}

/// Paths and lengths: the contents would drown everything else in a printed state.
impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.files.iter().map(|(path, file)| (path, file.len()))).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Micros = Micros(7);

    #[test]
    fn a_power_cut_takes_what_was_never_synced() {
        let mut disk = Disk::new();
        disk.append("log", Bytes::from_static(b"safe"), NOW);
        disk.sync("log");
        disk.append("log", Bytes::from_static(b"lost"), NOW);
        disk.write("checkpoint", Bytes::from_static(b"0"), NOW);
        disk.lose_unsynced();
        assert_eq!(disk.file("log").unwrap().contents(), "safe");
        assert_eq!(disk.file("checkpoint").unwrap().contents(), "0", "a replaced file is synced before it is renamed");
        assert_eq!(disk.bytes(), 5);
    }

    #[test]
    fn a_folder_is_listed_moved_and_removed() {
        let mut disk = Disk::new();
        for path in ["logs/a-0/0.log", "logs/a-0/0.index", "logs/a-1/0.log", "meta"] {
            disk.append(path, Bytes::from_static(b"x"), NOW);
        }
        assert_eq!(disk.list(""), ["logs", "meta"]);
        assert_eq!(disk.list("logs"), ["a-0", "a-1"]);
        disk.rename("logs/a-0", "logs/a-0.delete");
        assert_eq!(disk.list("logs/a-0.delete"), ["0.index", "0.log"]);
        assert!(!disk.exists("logs/a-0/0.log"));
        disk.remove_folder("logs");
        assert_eq!(disk.list(""), ["meta"]);
        assert_eq!(disk.bytes(), 1);
    }

    #[test]
    fn a_move_over_another_file_replaces_it() {
        let mut disk = Disk::new();
        disk.append("old", Bytes::from_static(b"long contents"), NOW);
        disk.append("new", Bytes::from_static(b"short"), NOW);
        disk.rename("new", "old");
        assert_eq!(disk.file("old").unwrap().contents(), "short");
        assert_eq!((disk.files().count(), disk.bytes()), (1, 5));
    }

    #[test]
    fn a_full_disk_refuses_and_says_so() {
        let mut disk = Disk::new();
        let big = Bytes::from(vec![0; 64 << 20]);
        for _ in 0..DISK_BYTES_MAX / big.len() as u64 {
            assert!(disk.append("log", big.clone(), NOW));
        }
        assert!(!disk.append("log", Bytes::from_static(b"one more"), NOW));
        assert!(!disk.write("other", Bytes::from_static(b"one more"), NOW));
        assert_eq!((disk.bytes(), disk.refused()), (DISK_BYTES_MAX, 2));
        disk.truncate("log", 0, NOW);
        assert!(disk.append("log", Bytes::from_static(b"room again"), NOW));
    }

    #[test]
    fn a_disk_of_a_size_of_its_own_is_full_sooner_and_a_slow_one_does_one_write_after_the_other() {
        let mut disk = Disk::new();
        disk.ail(Ailment { size: 10, delay: Micros(5) });
        assert!(disk.append("log", Bytes::from_static(b"12345678"), NOW));
        assert!(disk.write("checkpoint", Bytes::from_static(b"90"), NOW));
        assert_eq!(disk.busy_until(), NOW + Micros(10));
        assert!(!disk.take_full() && !disk.append("log", Bytes::from_static(b"x"), NOW));
        assert!(disk.take_full() && !disk.take_full(), "told once");
        assert!(disk.write("checkpoint", Bytes::from_static(b"91"), Micros(100)), "no more room is needed");
        assert_eq!((disk.busy_until(), disk.refused()), (Micros(105), 0));
        assert!(disk.note("server.log", Bytes::from_static(b"full"), Micros(200)));
        disk.ail(Ailment::default());
        assert!(disk.append("log", Bytes::from_static(b"x"), Micros(300)));
        assert_eq!((disk.busy_until(), disk.bytes()), (Micros(105), 15));
    }

    #[test]
    fn too_many_files_are_refused() {
        let mut disk = Disk::new();
        for i in 0..DISK_FILES_MAX {
            assert!(disk.append(&format!("{i}"), Bytes::new(), NOW));
        }
        assert!(!disk.append("one more", Bytes::new(), NOW));
        assert!(disk.append("0", Bytes::from_static(b"x"), NOW), "a file that exists still takes bytes");
    }

    #[test]
    fn a_copy_is_independent_and_shares_what_neither_changed() {
        let mut disk = Disk::new();
        disk.append("a", Bytes::from_static(b"1"), NOW);
        disk.append("b", Bytes::from_static(b"2"), NOW);
        let before = disk.clone();
        disk.append("a", Bytes::from_static(b"3"), NOW);
        assert_eq!(before.file("a").unwrap().contents(), "1");
        assert_eq!(disk.file("a").unwrap().contents(), "13");
        assert!(std::ptr::eq(before.file("b").unwrap(), disk.file("b").unwrap()));
    }
}
