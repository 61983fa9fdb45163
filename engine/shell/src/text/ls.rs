//! `ls`: names in a folder, one a line when the output is no terminal, else in columns as wide as they need.

use base::Micros;

use crate::files::FileError;
use crate::process::Io;

use super::date;
use super::filters::Flags;

/// The terminal's width, which `ls` lays its columns out for: a line has to stay below it.
const WIDTH: usize = 1_000;

pub(super) fn run(arguments: &[String], io: &mut Io<'_, '_>) {
    let flags = match Flags::parse("ls", arguments, "1aAlhrt", "") {
        Ok(flags) => flags,
        Err(usage) => {
            io.eprintln(usage.words);
            io.exit(2);
            return;
        }
    };
    let mut paths = if flags.rest.is_empty() { vec![String::new()] } else { flags.rest.clone() };
    base::ordered::sort(&mut paths);
    if flags.has('r') {
        paths.reverse();
    }
    let several = paths.len() > 1;
    let mut status = 0;
    let mut files = Vec::new();
    let mut folders = Vec::new();
    for path in &paths {
        let world = io.fx.surroundings();
        match io.files.list(world, path) {
            Ok(names) => folders.push((path.clone(), names)),
            Err(FileError::NotDirectory) => files.push(path.clone()),
            Err(_) if io.files.read(world, path).is_ok() => files.push(path.clone()),
            Err(error) => {
                io.eprintln(format!("ls: cannot access '{path}': {}", error.words()));
                status = 2;
            }
        }
    }
    let one_a_line = flags.has('1') || !io.stdout_is_terminal;
    let show = |folder: &str, names: &[String], io: &mut Io<'_, '_>| match flags.has('l') {
        true => long(folder, names, io),
        false => layout(names, one_a_line),
    };
    let listed = show("", &files, io);
    io.print(listed);
    for (i, (path, mut names)) in folders.into_iter().enumerate() {
        if several {
            let gap = if i > 0 || !files.is_empty() { "\n" } else { "" };
            io.print(format!("{gap}{path}:\n"));
        }
        if flags.has('a') {
            names.splice(0..0, [".".to_string(), "..".to_string()]);
        } else if !flags.has('A') {
            names.retain(|name| !name.starts_with('.'));
        }
        if flags.has('r') {
            names.reverse();
        }
        let listed = show(&path, &names, io);
        io.print(if flags.has('l') { format!("total {}\n{listed}", blocks(&path, &names, io)) } else { listed });
    }
    io.exit(status);
}

fn joined(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_string() } else { format!("{folder}/{name}") }
}

/// KiB on the disk, in blocks of four.
fn blocks(folder: &str, names: &[String], io: &Io<'_, '_>) -> u64 {
    let size =
        |name: &String| io.files.stat(io.fx.surroundings(), &joined(folder, name)).map_or(4096, |(size, _)| size);
    names.iter().map(|name| size(name).div_ceil(4096) * 4).sum()
}

/// `-rw-r--r-- 1 root root   85 Jan  1 00:00 name`
fn long(folder: &str, names: &[String], io: &mut Io<'_, '_>) -> String {
    let stats: Vec<Option<(u64, Micros)>> =
        names.iter().map(|name| io.files.stat(io.fx.surroundings(), &joined(folder, name))).collect();
    let size = |stat: &Option<(u64, Micros)>| stat.map_or(4096, |(size, _)| size).to_string();
    let width = stats.iter().map(|stat| size(stat).len()).max().unwrap_or(0);
    let row = |(name, stat): (&String, &Option<(u64, Micros)>)| {
        let (mode, links) = if stat.is_some() { ("-rw-r--r--", 1) } else { ("drwxr-xr-x", 2) };
        let time = date::format("%b %e %H:%M", stat.map_or(Micros::ZERO, |(_, modified)| modified));
        format!("{mode} {links} root root {:>width$} {time} {name}\n", size(stat))
    };
    names.iter().zip(&stats).map(row).collect()
}

/// GNU's columns: filled downwards, the fewest rows that fit.
fn layout(names: &[String], one_a_line: bool) -> String {
    if one_a_line {
        return names.iter().map(|name| format!("{name}\n")).collect();
    }
    if names.is_empty() {
        return String::new();
    }
    for rows in 1..=names.len() {
        let columns: Vec<&[String]> = names.chunks(rows).collect();
        let widths: Vec<usize> =
            columns.iter().map(|c| c.iter().map(|n| n.chars().count()).max().unwrap_or(0)).collect();
        if widths.iter().sum::<usize>() + 2 * (widths.len() - 1) >= WIDTH && rows < names.len() {
            continue;
        }
        let mut text = String::new();
        for row in 0..rows {
            let cells: Vec<(&String, usize)> =
                columns.iter().zip(&widths).filter_map(|(c, width)| c.get(row).map(|name| (name, *width))).collect();
            let mut start = 0;
            for (i, (name, width)) in cells.iter().enumerate() {
                text.push_str(name);
                let mut at = start + name.chars().count();
                start += width + 2;
                // Tabs, where one reaches further than a blank.
                while i + 1 < cells.len() && at < start {
                    let wide = start / 8 > (at + 1) / 8;
                    text.push(if wide { '\t' } else { ' ' });
                    at = if wide { (at / 8 + 1) * 8 } else { at + 1 };
                }
            }
            text.push('\n');
        }
        return text;
    }
    String::new()
}
