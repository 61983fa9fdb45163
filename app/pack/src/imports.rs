//! What a module of wasm asks of its script has one letter or two for a name: wasm-bindgen's own names end in sixteen digits
//! that no compression shortens, and each is downloaded twice.

use std::fs;
use std::path::{Path, PathBuf};

use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{ImportSection, Module, RawSection};
use wasmparser::{Parser, Payload};

/// What the script calls all that it offers to the module.
const MODULE: &str = "a";

/// Shortens the names in every pair of `x.js` and `x_bg.wasm` of the folder.
pub fn shorten_all(folder: &Path) -> Result<(), String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for entry in entries {
        let module = entry.map_err(|error| error.to_string())?.path();
        let Some(script) = script_of(&module) else { continue };
        let named = |path: &Path, error: String| format!("{}: {error}", path.display());
        let binary = fs::read(&module).map_err(|error| named(&module, error.to_string()))?;
        let source = fs::read_to_string(&script).map_err(|error| named(&script, error.to_string()))?;
        let (binary, source) = shorten(&binary, &source).map_err(|error| named(&module, error))?;
        fs::write(&module, binary).map_err(|error| named(&module, error.to_string()))?;
        fs::write(&script, source).map_err(|error| named(&script, error.to_string()))?;
    }
    Ok(())
}

fn script_of(module: &Path) -> Option<PathBuf> {
    let name = module.file_name()?.to_str()?.strip_suffix("_bg.wasm")?;
    Some(module.with_file_name(format!("{name}.js")))
}

/// Both with the new names. Every name must stand in the script exactly once, as the key of what it stands for.
fn shorten(binary: &[u8], source: &str) -> Result<(Vec<u8>, String), String> {
    let mut module = Module::new();
    let mut source = source.to_owned();
    for payload in Parser::new(0).parse_all(binary) {
        let payload = payload.map_err(|error| error.to_string())?;
        if let Payload::ImportSection(asked) = payload {
            let mut imports = ImportSection::new();
            for (at, import) in asked.into_iter().enumerate() {
                let import = import.map_err(|error| error.to_string())?;
                if at == 0 {
                    source = replaced(&source, &format!("\"{}\"", import.module), MODULE)?;
                }
                let short = letters(at);
                source = replaced(&source, import.name, &short)?;
                let kind = RoundtripReencoder.entity_type(import.ty).map_err(|error| error.to_string())?;
                imports.import(MODULE, &short, kind);
            }
            module.section(&imports);
        } else if let Some((id, range)) = payload.as_section() {
            module.section(&RawSection { id, data: &binary[range] });
        }
    }
    Ok((module.finish(), source))
}

fn replaced(source: &str, name: &str, short: &str) -> Result<String, String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
    let stands_alone =
        |at: &usize| !source[..*at].ends_with(is_part) && !source[at + name.len()..].starts_with(is_part);
    let places: Vec<usize> = source.match_indices(name).map(|(at, _)| at).filter(stands_alone).collect();
    match places.as_slice() {
        [at] => Ok(format!("{}{short}{}", &source[..*at], &source[at + name.len()..])),
        _ => Err(format!("{name} stands {} times in the script", places.len())),
    }
}

/// `a` to `z`, then `aa`, `ab`, ...
fn letters(number: usize) -> String {
    let last = char::from(b'a' + (number % 26) as u8);
    match (number / 26).checked_sub(1) {
        Some(before) => format!("{}{last}", letters(before)),
        None => last.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{EntityType, TypeSection};

    use super::*;

    fn module(names: &[&str]) -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        let mut imports = ImportSection::new();
        for name in names {
            imports.import("./app_bg.js", name, EntityType::Function(0));
        }
        let mut module = Module::new();
        module.section(&types).section(&imports);
        module.finish()
    }

    #[test]
    fn module_and_script_get_the_same_short_names() {
        let script = "return{\"./app_bg.js\":{__wbg_get_0123:e=>e,__wbg_get_0123_4:e=>1}}";
        let (binary, source) = shorten(&module(&["__wbg_get_0123", "__wbg_get_0123_4"]), script).unwrap();
        assert_eq!(source, "return{a:{a:e=>e,b:e=>1}}");
        let asked = Parser::new(0).parse_all(&binary).find_map(|payload| match payload {
            Ok(Payload::ImportSection(asked)) => Some(asked),
            _ => None,
        });
        let names: Vec<_> =
            asked.unwrap().into_iter().map(|import| import.map(|i| (i.module, i.name)).unwrap()).collect();
        assert_eq!(names, [("a", "a"), ("a", "b")]);
    }

    #[test]
    fn a_script_that_does_not_offer_what_is_asked_is_an_error() {
        assert!(shorten(&module(&["__wbg_get_0123"]), "return{\"./app_bg.js\":{}}").is_err());
    }

    #[test]
    fn letters_go_on_after_the_alphabet() {
        assert_eq!([0, 25, 26, 27, 701].map(letters), ["a", "z", "aa", "ab", "zz"]);
    }
}
