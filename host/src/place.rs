//! Where things are: the root of the repository and the folders under `target/` that the commands write to.

use std::env;
use std::path::{Path, PathBuf};

/// The root of the repository: the nearest folder, from the current one upwards, that holds `Trunk.toml`. Under
/// `cargo run` and `cargo test` the folder of the manifest is the second place to start from.
pub fn root() -> Result<PathBuf, String> {
    let here = env::current_dir().map_err(|error| format!("the current folder cannot be read: {error}"))?;
    let manifest = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    [Some(here), manifest]
        .into_iter()
        .flatten()
        .find_map(|start| start.ancestors().find(|folder| folder.join("Trunk.toml").is_file()).map(Path::to_owned))
        .ok_or_else(|| "this is not inside a clone of Offset Zero: no folder above has a Trunk.toml".to_owned())
}

/// Where the tools of the build are installed, apart from the user's own.
pub fn tools(root: &Path) -> PathBuf {
    root.join("target/tools")
}

/// Where each command's log goes; a failure names its file.
pub fn logs(root: &Path) -> PathBuf {
    root.join("target/oz")
}

/// The search path for everything started from here: our own tools first, then the user's.
pub fn search_path(root: &Path) -> std::ffi::OsString {
    let own = [tools(root).join("bin"), tools(root).join("npm/node_modules/.bin")];
    let users = env::var_os("PATH").unwrap_or_default();
    // A folder with a colon in its name cannot stand in a search path; then only the user's own tools are found.
    env::join_paths(own.into_iter().chain(env::split_paths(&users))).unwrap_or(users)
}

/// The file that a command of this name would start, if there is one on our search path.
pub fn find_program(root: &Path, name: &str) -> Option<PathBuf> {
    env::split_paths(&search_path(root)).map(|folder| folder.join(name)).find(|path| path.is_file())
}
