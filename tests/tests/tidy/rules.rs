//! What tidy holds the repository to, as tables.

/// The engine's crates, lowest floor first: a crate may use only crates above it in this list.
pub const FLOORS: [&str; 11] =
    ["base", "protocol", "sim", "deflate", "log", "cluster", "clients", "wire", "shell", "lesson", "session"];

pub const FILE_LINES_MAX: usize = 600;
pub const FUNCTION_LINES_MAX: usize = 70;

/// Words that no code of the engine uses outside its tests, and why.
pub const ENGINE_BANNED: [(&str, &str); 20] = [
    ("HashMap", "its order differs from run to run; BTreeMap"),
    ("HashSet", "its order differs from run to run; BTreeSet"),
    ("RandomState", "its seed differs from run to run"),
    ("DefaultHasher", "its outcome is no promise; base::Digest"),
    ("std::time", "the kernel owns time"),
    ("SystemTime", "the kernel owns time"),
    ("Instant::now", "the kernel owns time"),
    ("std::thread", "the engine has one thread"),
    ("std::env", "the engine knows only what it is handed"),
    ("std::fs", "the engine has disks of its own"),
    ("std::net", "the engine has a network of its own"),
    ("std::process", "the engine has programs of its own"),
    ("Mutex", "the engine has one thread and no global state"),
    ("static mut", "the engine has no global state"),
    ("f32", "floats differ between native and wasm"),
    ("f64", "floats differ between native and wasm"),
    ("println!", "the engine answers, it does not print"),
    ("eprintln!", "the engine answers, it does not print"),
    ("dbg!", "the engine answers, it does not print"),
    (".unwrap()", "what was handed in must not panic; where it cannot fail, expect says why"),
];

/// Where one of them stands all the same, with the reason. An entry that is not needed any more fails.
pub const ENGINE_ALLOWED: [(&str, &str, &str); 1] = [(
    "engine/protocol/src/float64.rs",
    "f64",
    "the protocol has float64 fields (quotas); carried as bits, never computed with",
)];

/// Words that stand in no file of the repository, whatever its kind, written here in two parts so that this file may hold them.
pub const BANNED_EVERYWHERE: [[&str; 2]; 11] = [
    ["TO", "DO"],
    ["FIX", "ME"],
    ["XX", "X"],
    ["todo", "!("],
    ["unimplemented", "!("],
    ["not yet ", "implemented"],
    ["for ", "now"],
    ["lorem ", "ipsum"],
    ["/ro", "ot/"],
    ["/wo", "rk/"],
    ["/ho", "me/"],
];

/// Words that stand in no file of the page.
pub const PAGE_BANNED: [(&str, &str); 7] = [
    ("style=", "the page's policy refuses inline styles; a class, an SVG attribute or CSSOM"),
    ("from_html_unchecked", "text from outside never becomes markup"),
    ("inner_html", "text from outside never becomes markup"),
    ("innerHTML", "text from outside never becomes markup"),
    ("insertAdjacentHTML", "text from outside never becomes markup"),
    ("eval(", "the page's policy refuses it"),
    ("unsafe-inline", "the page's policy allows nothing inline"),
];
