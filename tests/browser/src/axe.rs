//! axe-core: the field's own list of what shuts people out of a page (WCAG 2.2 A and AA), run on what a tab shows.

use std::env;
use std::fs;
use std::path::PathBuf;

use crate::Tab;
use crate::launch::root;

/// Judges what the tab shows. The error names each rule that is broken and the element that breaks it.
pub async fn judge(tab: &Tab, screen: &str) -> Result<(), String> {
    if !tab.evaluate::<bool>("typeof globalThis.axe === 'object'").await? {
        tab.evaluate::<bool>(&format!("{}; true", source()?)).await?;
    }
    // Colours are judged as they are at rest: a page in the middle of a fade has others.
    let run = "axe.run(document, { resultTypes: ['violations'] }).then(found => found.violations.flatMap(rule => \
               rule.nodes.map(node => `${rule.id} ${node.target.join(' ')}: ${node.any.concat(node.all, node.none).map(check => check.message).join('; ')}`)))";
    let broken: Vec<String> = tab.evaluate(run).await?;
    if broken.is_empty() { Ok(()) } else { Err(format!("{screen} breaks\n  {}", broken.join("\n  "))) }
}

/// `cargo oz test` brings it; `OZ_AXE` names another copy.
fn source() -> Result<String, String> {
    let own = root().join("target/tools/npm/node_modules/axe-core/axe.min.js");
    let path = env::var_os("OZ_AXE").map_or(own, PathBuf::from);
    fs::read_to_string(&path).map_err(|error| {
        format!(
            "axe-core is not there ({}: {error}); run cargo oz test, or npm install axe-core and name it with OZ_AXE",
            path.display()
        )
    })
}
