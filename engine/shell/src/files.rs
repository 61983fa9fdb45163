//! The files that a terminal sees: its own working directory, and below it one folder per server (`b1/kafka-logs/...`)
//! with the real files of that server's disk.
//!
//! All terminals share one working directory. Each keeps the files that it wrote on its own disk; a reader takes the
//! newest version, so a file written in t1 is there in t2.

use base::{Micros, NodeId};
use bytes::Bytes;
use sim::Disk;
use sim::effects::Surroundings;

/// Why a path cannot be read or written, in the words of the C library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileError {
    NotFound,
    IsDirectory,
    NotDirectory,
    PermissionDenied,
}

impl FileError {
    pub fn words(self) -> &'static str {
        match self {
            FileError::NotFound => "No such file or directory",
            FileError::IsDirectory => "Is a directory",
            FileError::NotDirectory => "Not a directory",
            FileError::PermissionDenied => "Permission denied",
        }
    }
}

/// One terminal's share of the working directory.
#[derive(Clone, Debug, Default, Hash)]
pub struct Files {
    pub own: Disk,
    /// The other terminals, whose files are visible here too.
    pub terminals: Vec<NodeId>,
}

impl Files {
    /// The whole contents of a file.
    pub fn read(&self, world: &dyn Surroundings, path: &str) -> Result<Bytes, FileError> {
        let path = normalise(path);
        if path == "dev/null" {
            return Ok(Bytes::new());
        }
        if let Some((disk, inside)) = server_disk(world, &path) {
            return read_from(disk, inside);
        }
        let newest = self.versions(world, &path).max_by_key(|(modified, _)| *modified);
        match newest {
            Some((_, contents)) => Ok(contents),
            None if self.list_names(world, &path).is_empty() => Err(FileError::NotFound),
            None => Err(FileError::IsDirectory),
        }
    }

    /// The size of a file and the time of its last change; `None` for a folder.
    pub fn stat(&self, world: &dyn Surroundings, path: &str) -> Option<(u64, Micros)> {
        let path = normalise(path);
        if let Some((disk, inside)) = server_disk(world, &path) {
            return disk.file(inside).map(|file| (file.size(), file.modified));
        }
        let newest = self.versions(world, &path).max_by_key(|(modified, _)| *modified)?;
        Some((newest.1.len() as u64, newest.0))
    }

    /// Names in a directory, sorted as `LC_ALL=C` sorts; dot files included.
    pub fn list(&self, world: &dyn Surroundings, path: &str) -> Result<Vec<String>, FileError> {
        let path = normalise(path);
        if let Some((disk, inside)) = server_disk(world, &path) {
            let names = disk.list(inside);
            return match (names.is_empty(), disk.exists(inside)) {
                (_, true) => Err(FileError::NotDirectory),
                (true, false) if !inside.is_empty() => Err(FileError::NotFound),
                _ => Ok(names),
            };
        }
        let names = self.list_names(world, &path);
        if names.is_empty() && !path.is_empty() {
            let is_file = self.versions(world, &path).next().is_some();
            return Err(if is_file { FileError::NotDirectory } else { FileError::NotFound });
        }
        Ok(names)
    }

    /// Replaces a file, or adds to its end.
    pub fn write(
        &mut self,
        world: &dyn Surroundings,
        path: &str,
        contents: Bytes,
        append: bool,
        now: Micros,
    ) -> Result<(), FileError> {
        let path = normalise(path);
        if path.is_empty() {
            return Err(FileError::IsDirectory);
        }
        if server_disk(world, &path).is_some() {
            // A server's files belong to the server; Kafka's own tools change them, a redirection does not.
            return Err(FileError::PermissionDenied);
        }
        // Later than every version there is, also when two terminals write at the same instant.
        let newest = self.versions(world, &path).max_by_key(|(modified, _)| *modified);
        let modified = newest.as_ref().map_or(now, |(modified, _)| now.max(*modified + Micros(1)));
        let before = newest.filter(|_| append).map(|(_, before)| before).unwrap_or_default();
        self.own.write(&path, [before, contents].concat().into(), modified);
        Ok(())
    }

    /// Removes a file of this terminal. A file that another terminal wrote stays that terminal's.
    pub fn remove(&mut self, world: &dyn Surroundings, path: &str) -> Result<(), FileError> {
        let path = normalise(path);
        if server_disk(world, &path).is_some() {
            return Err(FileError::PermissionDenied);
        }
        let folder = !self.own.list(&path).is_empty() && !self.own.exists(&path);
        if folder {
            self.own.remove_folder(&path);
            return Ok(());
        }
        if self.own.remove(&path) { Ok(()) } else { Err(FileError::NotFound) }
    }

    /// Every terminal's version of a file with the time of its last change.
    fn versions<'a>(
        &'a self,
        world: &'a dyn Surroundings,
        path: &'a str,
    ) -> impl Iterator<Item = (Micros, Bytes)> + 'a {
        self.disks(world).filter_map(move |disk| disk.file(path)).map(|file| (file.modified, file.contents()))
    }

    fn disks<'a>(&'a self, world: &'a dyn Surroundings) -> impl Iterator<Item = &'a Disk> + 'a {
        std::iter::once(&self.own).chain(self.terminals.iter().filter_map(|node| world.disk_of(*node)))
    }

    fn list_names(&self, world: &dyn Surroundings, path: &str) -> Vec<String> {
        let mut names: Vec<String> = self.disks(world).flat_map(|disk| disk.list(path)).collect();
        if path.is_empty() {
            names.extend(server_hosts(world));
        }
        base::ordered::sort(&mut names);
        names.dedup();
        names
    }
}

/// `./b1//kafka-logs/../x` and `/b1/x` both become `b1/x`.
pub fn normalise(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    parts.join("/")
}

/// Hosts that are servers: everything that is not a terminal.
fn server_hosts(world: &dyn Surroundings) -> Vec<String> {
    (0u32..)
        .map_while(|node| world.host_of(NodeId(node)))
        .filter(|host| !is_terminal(host))
        .map(str::to_string)
        .collect()
}

fn server_disk<'a, 'p>(world: &'a dyn Surroundings, path: &'p str) -> Option<(&'a Disk, &'p str)> {
    let (host, inside) = path.split_once('/').unwrap_or((path, ""));
    if is_terminal(host) {
        return None;
    }
    let node = world.resolve(host)?;
    (world.host_of(node) == Some(host)).then_some(())?;
    Some((world.disk_of(node)?, inside))
}

fn is_terminal(host: &str) -> bool {
    host.strip_prefix('t').is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

/// What a reader gets: the contents, and zeros where room was taken in advance.
fn with_reserve(file: &sim::File) -> Bytes {
    let contents = file.contents();
    if file.size() == contents.len() as u64 {
        return contents;
    }
    let mut bytes = contents.to_vec();
    bytes.resize(usize::try_from(file.size()).unwrap_or(bytes.len()), 0);
    bytes.into()
}

fn read_from(disk: &Disk, path: &str) -> Result<Bytes, FileError> {
    match disk.file(path) {
        Some(file) => Ok(with_reserve(file)),
        None if disk.list(path).is_empty() => Err(FileError::NotFound),
        None => Err(FileError::IsDirectory),
    }
}
