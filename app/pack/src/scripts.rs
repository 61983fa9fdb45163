//! Scripts without what only a reader needs.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use oxc::allocator::Allocator;
use oxc::codegen::{Codegen, CodegenOptions};
use oxc::minifier::{Minifier, MinifierOptions};
use oxc::parser::Parser;
use oxc::span::SourceType;

/// Shortens every script that lies in the folder itself.
pub fn shorten_all(folder: &Path) -> Result<(), String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for entry in entries {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.extension() == Some(OsStr::new("js")) {
            let named = |error: String| format!("{}: {error}", path.display());
            let source = fs::read_to_string(&path).map_err(|error| named(error.to_string()))?;
            let short = shorten(&source).map_err(named)?;
            fs::write(&path, short).map_err(|error| named(error.to_string()))?;
        }
    }
    Ok(())
}

/// The same program in fewer bytes. What a module exports keeps its name.
fn shorten(source: &str) -> Result<String, String> {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, source, SourceType::mjs()).parse();
    if let Some(problem) = parsed.diagnostics.first() {
        return Err(problem.to_string());
    }
    let mut program = parsed.program;
    let minified = Minifier::new(MinifierOptions::default()).minify(&allocator, &mut program);
    Ok(Codegen::new().with_options(CodegenOptions::minify()).with_scoping(minified.scoping).build(&program).code)
}

#[cfg(test)]
mod tests {
    use super::shorten;

    #[test]
    fn a_script_loses_its_comments_and_keeps_its_exports() {
        let short =
            shorten("// Why.\nfunction wanted(argument) { return argument + 1; }\nexport { wanted as default };\n");
        let short = short.unwrap();
        assert!(!short.contains("Why") && !short.contains("argument"), "{short}");
        assert!(short.contains("as default"), "{short}");
    }

    #[test]
    fn what_is_no_script_is_an_error() {
        assert!(shorten("function (").is_err());
    }
}
