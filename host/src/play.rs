//! `oz play`: from a bare clone to the page on localhost.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use crate::place;
use crate::process;
use crate::steps::{Steps, duration};
use crate::tools;

/// Installs what is missing, then serves the release build until it is interrupted.
pub fn play(port: u16) -> Result<bool, String> {
    let root = place::root()?;
    free(port)?;
    let mut steps = Steps::new(tools::STEPS + 1);
    let tools = tools::install(&root, &mut steps)?;
    steps.next("the page: cargo builds the app and the engine, the first time some minutes on two cores");
    let log = place::logs(&root).join("trunk-serve.log");
    let mut server = serve(&root, port, &tools, &log)?;
    let started = Instant::now();
    let mut shown = Duration::ZERO;
    while !listens(port) {
        if let Some(status) = server.try_wait().map_err(|error| format!("trunk cannot be waited for: {error}"))? {
            return Err(format!(
                "trunk ended ({status}) before the page was there. Its last words:\n{}",
                last_words(&log)
            ));
        }
        if started.elapsed() >= shown + Duration::from_secs(if shown.is_zero() { 1 } else { 5 }) {
            shown = started.elapsed();
            steps.show(&format!("building, {} so far", duration(shown)));
        }
        thread::sleep(Duration::from_millis(200));
    }
    eprintln!();
    steps.say(&format!("ready after {}", duration(steps.elapsed())));
    println!("\n  Offset Zero is at http://localhost:{port}/   (Ctrl-C ends it)\n");
    let status = server.wait().map_err(|error| format!("trunk cannot be waited for: {error}"))?;
    if status.success() {
        Ok(true)
    } else {
        Err(format!("trunk ended ({status}). Its last words:\n{}", last_words(&log)))
    }
}

/// Refuses a port that something else listens on: trunk would say so only after the build.
fn free(port: u16) -> Result<(), String> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map(drop).map_err(|error| {
        format!(
            "port {port} of localhost cannot be had ({error}). Name another: cargo oz play --port {}",
            if port < 65_525 { port + 10 } else { 8080 }
        )
    })
}

fn serve(root: &Path, port: u16, tools: &tools::Tools, log: &Path) -> Result<Child, String> {
    let port = port.to_string();
    let mut arguments = vec!["serve", "--port", &port];
    arguments.extend(tools::index_arguments(root, tools)?);
    // Last, because `--release` takes an optional value and would swallow the name of the page.
    arguments.push("--release");
    let file = process::create(log)?;
    let other = file.try_clone().map_err(|error| format!("{}: {error}", log.display()))?;
    process::command(root, "trunk", &arguments)
        .stdout(file)
        .stderr(other)
        .spawn()
        .map_err(|error| format!("trunk cannot be started: {error}"))
}

/// Whether the page can be fetched by now; trunk opens the port after the first build.
fn listens(port: u16) -> bool {
    TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), Duration::from_millis(300)).is_ok()
}

fn last_words(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    format!("{}\n(all of it: {})", lines[lines.len().saturating_sub(20)..].join("\n"), log.display())
}
