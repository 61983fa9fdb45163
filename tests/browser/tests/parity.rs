//! The engine in the tab is the native one, to the bit of every reply.

use oz_browser::{Options, in_tab, parity};

#[test]
fn wasm_gives_every_reply_that_native_gives() {
    let works = parity::native(32).expect("the work can be done natively");
    let count = |kind: &str| works.iter().filter(|work| work.kind == kind).count();
    assert!(count("storm") == 32 && count("lesson") >= 2 && count("kernel") > 0, "this is not all the work");
    let beside = vec![(parity::ADDRESS.to_owned(), parity::wasm().expect("the crate can be built as wasm"))];
    in_tab(Options { beside, ..Options::default() }, async |tab| {
        let mut differing = Vec::new();
        for work in &works {
            let done = parity::in_tab(tab, work).await?;
            if (done.digest.as_str(), done.events) != (work.digest.as_str(), work.events) {
                differing.push(format!("{}: native {} {}, wasm {done:?}", work.name(), work.digest, work.events));
            }
        }
        if differing.is_empty() { Ok(()) } else { Err(differing.join("\n")) }
    });
}
