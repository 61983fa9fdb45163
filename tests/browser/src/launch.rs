//! Starting a browser with the page in it, and ending both whatever happens.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chromiumoxide::handler::viewport::Viewport;
use chromiumoxide::{Browser, BrowserConfig};
use futures_util::StreamExt;

use crate::server::Server;
use crate::tab::Tab;
use crate::watch::Watch;

/// What the person's system asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// `prefers-color-scheme: dark`.
    #[default]
    Dark,
    /// `prefers-color-scheme: light`.
    Light,
}

/// How a tab is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// The system's theme.
    pub theme: Theme,
    /// Whether the system asks for little motion.
    pub reduced_motion: bool,
    /// Width and height of the page in CSS pixels.
    pub size: (u32, u32),
    /// What comes after the host in the address: a path, a query, a fragment.
    pub path: String,
    /// A script that runs before anything of the page, to take something away from it.
    pub before: String,
    /// Endings of paths that the server answers with 404.
    pub missing: Vec<String>,
    /// Files that the server has beside those of the page: path in the address, path on this machine.
    pub beside: Vec<(String, PathBuf)>,
    /// Words of complaints that belong to what the test does.
    pub expected: Vec<String>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            theme: Theme::Dark,
            reduced_motion: false,
            size: (1440, 900),
            path: "/".to_owned(),
            before: String::new(),
            missing: Vec::new(),
            beside: Vec::new(),
            expected: Vec::new(),
        }
    }
}

/// Opens the page in a browser of its own, runs the test in it and closes both. Panics, as a test does, with what the test
/// found wrong or what the tab complained about; then a picture of the tab is in `target/screenshots/failed-N.png`.
pub fn in_tab(options: Options, test: impl AsyncFnOnce(&Tab) -> Result<(), String>) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime for the browser");
    let outcome = tokio::task::LocalSet::new().block_on(&runtime, run(options, test));
    if let Err(reason) = outcome {
        panic!("{reason}");
    }
}

async fn run(options: Options, test: impl AsyncFnOnce(&Tab) -> Result<(), String>) -> Result<(), String> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let server = Server::start(dist()?, options.missing.clone(), options.beside.clone())?;
    let profile = env::temp_dir().join(format!("offset-zero-chromium-{}-{number}", process::id()));
    let (mut browser, mut handler) = Browser::launch(config(&options, &profile)?)
        .await
        .map_err(|error| format!("Chromium does not start: {error}"))?;
    // The handler moves every message between the browser and the test; it ends when the browser has gone.
    let messages = tokio::task::spawn_local(async move { while handler.next().await.is_some() {} });
    let outcome = with_browser(&browser, &server, &options, number, test).await;
    // A browser that does not want to close is killed; what it does then is no result of the test.
    if tokio::time::timeout(Duration::from_secs(5), browser.close()).await.is_err() {
        drop(browser.kill().await);
    }
    drop(tokio::time::timeout(Duration::from_secs(5), browser.wait()).await);
    messages.abort();
    drop(fs::remove_dir_all(&profile));
    outcome
}

async fn with_browser(
    browser: &Browser,
    server: &Server,
    options: &Options,
    number: u32,
    test: impl AsyncFnOnce(&Tab) -> Result<(), String>,
) -> Result<(), String> {
    let page = browser.new_page("about:blank").await.map_err(|error| error.to_string())?;
    let watch = Watch::listen(&page, &server.origin()).await?;
    let tab = Tab::open(page, server.origin(), server.cut(), options).await?;
    let outcome = test(&tab).await;
    let complaints = watch.take(&options.expected);
    let mut reasons: Vec<String> = outcome.err().into_iter().collect();
    reasons.extend(complaints.into_iter().map(|complaint| format!("the tab complained: {complaint}")));
    if reasons.is_empty() {
        return Ok(());
    }
    let name = format!("failed-{}-{number}", process::id());
    reasons.push(match tab.screenshot(&name).await {
        Ok(()) => format!("(target/screenshots/{name}.png shows the tab)"),
        Err(error) => format!("(no picture of the tab: {error})"),
    });
    Err(reasons.join("\n"))
}

fn config(options: &Options, profile: &Path) -> Result<BrowserConfig, String> {
    let (width, height) = options.size;
    BrowserConfig::builder()
        .new_headless_mode()
        // A machine that builds at the same time is slow to start a browser.
        .launch_timeout(Duration::from_secs(90))
        .no_sandbox()
        .chrome_executable(chromium()?)
        .user_data_dir(profile)
        .window_size(width, height)
        .viewport(Viewport { width, height, device_scale_factor: Some(1.0), ..Viewport::default() })
        // Software drawing is the same on every machine; no name but this machine's can be looked up.
        .args([
            "--disable-gpu",
            "--force-prefers-reduced-motion=0",
            "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
        ])
        .build()
}

fn chromium() -> Result<PathBuf, String> {
    let named = env::var_os("OZ_CHROMIUM").map(PathBuf::from);
    let path = env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    let mut found = env::split_paths(&path).flat_map(|folder| names.map(|name| folder.join(name)));
    named
        .or_else(|| found.find(|path| path.is_file()))
        .ok_or_else(|| "no Chromium on the search path; name one with OZ_CHROMIUM, or run cargo oz test".to_owned())
}

/// The built page.
fn dist() -> Result<PathBuf, String> {
    let dist = env::var_os("OZ_DIST").map_or_else(|| root().join("dist"), PathBuf::from);
    let built = dist.join("index.html").is_file();
    built.then_some(dist).ok_or_else(|| "the page is not built: trunk build --release, or run cargo oz test".to_owned())
}

/// The root of the repository: this package is two folders below.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).map(Path::to_owned).unwrap_or_default()
}
