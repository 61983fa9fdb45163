//! One style sheet instead of many: together they compress better, and one request is quicker than ten.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

/// Joins the style sheets that the page names, in their order, into one file; the page with that one in their place.
pub fn join(folder: &Path, html: &str) -> Result<String, String> {
    let Links { names, at, mut html } = take_links(html)?;
    let mut sheet = String::new();
    for name in &names {
        let path = folder.join(name);
        sheet += &fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        fs::remove_file(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    let mut hasher = DefaultHasher::new();
    sheet.hash(&mut hasher);
    let name = format!("style-{:016x}.css", hasher.finish());
    fs::write(folder.join(&name), sheet).map_err(|error| format!("{name}: {error}"))?;
    html.insert_str(at, &format!("<link rel=stylesheet href={name}>"));
    Ok(html)
}

/// The style sheets of a page.
struct Links {
    names: Vec<String>,
    /// Where the first was named.
    at: usize,
    /// The page without its links to them.
    html: String,
}

fn take_links(html: &str) -> Result<Links, String> {
    let (mut names, mut rest, mut left, mut at) = (Vec::new(), html, String::new(), None);
    while let Some(start) = rest.find("<link ") {
        let end = start + rest[start..].find('>').ok_or("a link without its end")? + 1;
        let link = &rest[start..end];
        left += &rest[..start];
        match attribute(link, "rel") {
            Some("stylesheet") => {
                let href = attribute(link, "href").ok_or_else(|| format!("{link} has no href"))?;
                at.get_or_insert(left.len());
                names.push(href.rsplit('/').next().unwrap_or(href).to_owned());
            }
            _ => left += link,
        }
        rest = &rest[end..];
    }
    Ok(Links { names, at: at.ok_or("the page names no style sheet")?, html: left + rest })
}

/// An attribute's value, quoted or not.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let at = tag.find(&format!(" {name}="))? + name.len() + 2;
    let value = &tag[at..];
    match value.chars().next()? {
        quote @ ('"' | '\'') => value[1..].split(quote).next(),
        _ => value.split([' ', '>']).next(),
    }
}

#[cfg(test)]
mod tests {
    use super::take_links;

    #[test]
    fn links_of_style_sheets_are_taken_and_others_left() {
        let page = "<head><link rel=icon href=a.svg><link integrity=x rel=\"stylesheet\" href=\"/sub/b.css\"><title>T</title>\
                    <link rel=stylesheet href=./c.css></head>";
        let links = take_links(page).unwrap();
        assert_eq!(links.names, ["b.css", "c.css"]);
        assert_eq!(links.html, "<head><link rel=icon href=a.svg><title>T</title></head>");
        assert_eq!(&links.html[..links.at], "<head><link rel=icon href=a.svg>");
    }
}
