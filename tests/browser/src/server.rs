//! A web server of a page: the files of one folder, their types, no compression, nothing cached. Its own, so that a test
//! needs nothing installed and can have a file go missing.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// Serves until it is dropped.
pub struct Server {
    port: u16,
    stopped: Arc<AtomicBool>,
    cut: Arc<AtomicBool>,
}

impl Server {
    /// Serves a folder on a free port of localhost. A path that ends in one of `missing` is answered with 404, as if the file had
    /// been taken away; a path of `beside` is answered with a file from elsewhere.
    pub fn start(folder: PathBuf, missing: Vec<String>, beside: Vec<(String, PathBuf)>) -> Result<Server, String> {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| format!("no port can be had: {error}"))?;
        let port = listener.local_addr().map_err(|error| error.to_string())?.port();
        let stopped = Arc::new(AtomicBool::new(false));
        let cut = Arc::new(AtomicBool::new(false));
        let (until, gone, files) = (Arc::clone(&stopped), Arc::clone(&cut), Arc::new((folder, missing, beside)));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if until.load(Ordering::Relaxed) {
                    break;
                }
                if gone.load(Ordering::Relaxed) {
                    continue;
                }
                let files = Arc::clone(&files);
                // A browser that hangs up in the middle of an answer is no failure of the page.
                thread::spawn(move || answer(stream, &files.0, &files.1, &files.2).ok());
            }
        });
        Ok(Server { port, stopped, cut })
    }

    /// While this is set nobody is answered, as if the network were cut.
    pub fn cut(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.cut)
    }

    /// The address of the page, without a slash at its end.
    pub fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        // Wakes the loop, so that it sees the flag.
        drop(TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)));
    }
}

fn answer(
    mut stream: TcpStream,
    folder: &Path,
    missing: &[String],
    beside: &[(String, PathBuf)],
) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let path = request.split(' ').nth(1).unwrap_or("/").split(['?', '#']).next().unwrap_or("/");
    let path = if path == "/" { "/index.html" } else { path };
    let hidden = path.contains("..") || missing.iter().any(|end| path.ends_with(end.as_str()));
    let elsewhere = beside.iter().find(|(address, _)| address == path).map(|(_, file)| file.clone());
    let file = fs::read(elsewhere.unwrap_or_else(|| folder.join(path.trim_start_matches('/'))));
    let (status, kind, body) = match file {
        Ok(body) if !hidden => ("200 OK", mime_type(path), body),
        _ => ("404 Not Found", "text/plain", b"not here".to_vec()),
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\ncache-control: no-cache\r\nconnection: close\r\n\r\n",
        body.len()
    )?;
    if request.starts_with("HEAD ") { Ok(()) } else { stream.write_all(&body) }
}

fn mime_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "woff2" => "font/woff2",
        "json" | "webmanifest" => "application/json",
        "md" => "text/markdown; charset=utf-8",
        _ => "application/octet-stream",
    }
}
