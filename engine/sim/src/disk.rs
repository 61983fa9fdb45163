//! A virtual disk: files by path, contents as ropes of shared bytes, so that a record batch appended by three brokers
//! is in memory once, and a snapshot of a disk costs a few pointers.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::Micros;
use bytes::Bytes;

/// One file. `chunks` concatenated are its contents.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct File {
    chunks: Vec<Bytes>,
    len: u64,
    /// Bytes that an fsync has made safe against a power cut. A mere kill of the process loses nothing (page cache).
    synced_len: u64,
    /// Time of the last change.
    pub modified: Micros,
}

impl File {
    pub fn len(&self) -> u64 {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn chunks(&self) -> &[Bytes] {
        &self.chunks
    }

    /// The whole contents in one piece (a copy unless the file is one chunk).
    pub fn contents(&self) -> Bytes {
        match self.chunks.as_slice() {
            [] => Bytes::new(),
            [one] => one.clone(),
            many => many.concat().into(),
        }
    }

    fn truncate(&mut self, len: u64) {
        while self.len > len {
            let Some(last) = self.chunks.pop() else { break };
            self.len -= last.len() as u64;
            if self.len < len {
                let keep = (len - self.len) as usize;
                self.len = len;
                self.chunks.push(last.slice(..keep));
            }
        }
        self.synced_len = self.synced_len.min(self.len);
    }
}

/// The disk of one server: absolute-like paths without a leading slash, such as `kafka-logs/orders-0/00000000000000000000.log`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Disk {
    files: BTreeMap<Arc<str>, Arc<File>>,
}

impl Disk {
    pub fn new() -> Disk {
        Disk::default()
    }

    pub fn file(&self, path: &str) -> Option<&File> {
        self.files.get(path).map(|file| &**file)
    }

    pub fn exists(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    pub fn append(&mut self, path: &str, bytes: Bytes, now: Micros) {
        let file = self.entry(path);
        file.len += bytes.len() as u64;
        file.chunks.push(bytes);
        file.modified = now;
    }

    /// Replaces the whole file, as Kafka does with its checkpoints (write a temporary file, then rename).
    pub fn write(&mut self, path: &str, bytes: Bytes, now: Micros) {
        let len = bytes.len() as u64;
        let file = File { chunks: vec![bytes], len, synced_len: len, modified: now };
        self.files.insert(Arc::from(path), Arc::new(file));
    }

    pub fn truncate(&mut self, path: &str, len: u64, now: Micros) {
        if self.exists(path) {
            let file = self.entry(path);
            file.truncate(len);
            file.modified = now;
        }
    }

    pub fn sync(&mut self, path: &str) {
        if self.exists(path) {
            let file = self.entry(path);
            file.synced_len = file.len;
        }
    }

    pub fn remove(&mut self, path: &str) -> bool {
        self.files.remove(path).is_some()
    }

    /// Moves a file, or every file under a folder.
    pub fn rename(&mut self, from: &str, to: &str) {
        let folder = format!("{from}/");
        let moved: Vec<Arc<str>> =
            self.files.keys().filter(|p| ***p == *from || p.starts_with(&folder)).cloned().collect();
        for path in moved {
            let file = self.files.remove(&path).expect("listed above");
            self.files.insert(Arc::from(format!("{to}{}", &path[from.len()..])), file);
        }
    }

    /// Removes every file under a folder.
    pub fn remove_folder(&mut self, folder: &str) {
        let prefix = format!("{folder}/");
        self.files.retain(|path, _| !path.starts_with(&prefix));
    }

    /// All files, in order of their paths.
    pub fn files(&self) -> impl Iterator<Item = (&str, &File)> {
        self.files.iter().map(|(path, file)| (&**path, &**file))
    }

    /// Names directly inside a folder (`""` is the root), sorted, folders included, each once.
    pub fn list(&self, folder: &str) -> Vec<String> {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let mut names: Vec<String> = Vec::new();
        for path in self.files.keys().filter(|p| p.starts_with(&prefix)) {
            let name = path[prefix.len()..].split('/').next().unwrap_or_default();
            if names.last().map(String::as_str) != Some(name) {
                names.push(name.to_string());
            }
        }
        names.sort();
        names.dedup();
        names
    }

    /// What a power cut leaves: bytes that were never synced are gone.
    pub fn lose_unsynced(&mut self) {
        for file in self.files.values_mut() {
            if file.synced_len < file.len {
                let file = Arc::make_mut(file);
                let synced = file.synced_len;
                file.truncate(synced);
            }
        }
    }

    fn entry(&mut self, path: &str) -> &mut File {
        if !self.files.contains_key(path) {
            self.files.insert(Arc::from(path), Arc::default());
        }
        Arc::make_mut(self.files.get_mut(path).expect("inserted above"))
    }
}
