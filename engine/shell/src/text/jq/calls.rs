//! The functions that a program may call, by name and count of arguments.

use super::parse::Expr;

/// As `name/count`.
pub const KNOWN: &[&str] = &[
    "add/0",
    "all/0",
    "all/1",
    "all/2",
    "any/0",
    "any/1",
    "any/2",
    "arrays/0",
    "ascii_downcase/0",
    "ascii_upcase/0",
    "booleans/0",
    "capture/1",
    "contains/1",
    "del/1",
    "empty/0",
    "endswith/1",
    "error/0",
    "error/1",
    "first/0",
    "first/1",
    "flatten/0",
    "flatten/1",
    "floor/0",
    "from_entries/0",
    "fromjson/0",
    "getpath/1",
    "group_by/1",
    "gsub/2",
    "has/1",
    "implode/0",
    "explode/0",
    "in/1",
    "index/1",
    "indices/1",
    "inside/1",
    "isvalid/1",
    "join/1",
    "keys/0",
    "keys_unsorted/0",
    "last/0",
    "last/1",
    "length/0",
    "limit/2",
    "ltrimstr/1",
    "map/1",
    "map_values/1",
    "max/0",
    "max_by/1",
    "min/0",
    "min_by/1",
    "not/0",
    "nth/1",
    "nulls/0",
    "numbers/0",
    "objects/0",
    "paths/0",
    "path/1",
    "range/1",
    "range/2",
    "recurse/0",
    "reverse/0",
    "rtrimstr/1",
    "scalars/0",
    "select/1",
    "setpath/2",
    "sort/0",
    "sort_by/1",
    "split/1",
    "startswith/1",
    "strings/0",
    "sub/2",
    "test/1",
    "test/2",
    "to_entries/0",
    "tojson/0",
    "tonumber/0",
    "tostring/0",
    "type/0",
    "unique/0",
    "unique_by/1",
    "utf8bytelength/0",
    "values/0",
    "with_entries/1",
    "@base64/0",
    "@csv/0",
    "@json/0",
    "@text/0",
    "@tsv/0",
];

/// A name that is not known is an error of the whole program.
pub fn check(expr: &Expr) -> Result<(), String> {
    let both = |a: &Expr, b: &Expr| check(a).and_then(|()| check(b));
    match expr {
        Expr::Call(name, arguments) => {
            let full = format!("{name}/{}", arguments.len());
            if !KNOWN.contains(&full.as_str()) {
                return Err(format!("{full} is not defined"));
            }
            arguments.iter().try_for_each(check)
        }
        Expr::Identity | Expr::Recurse | Expr::Literal(_) | Expr::Variable(_) | Expr::List(None) => Ok(()),
        Expr::Text(parts) => parts.iter().try_for_each(check),
        Expr::Iterate(of) | Expr::Negative(of) | Expr::List(Some(of)) | Expr::Try(of, None) => check(of),
        Expr::Slice(of, from, to) => {
            check(of)?;
            [from, to].into_iter().flatten().try_for_each(|edge| check(edge))
        }
        Expr::Index(a, b)
        | Expr::Pipe(a, b)
        | Expr::Comma(a, b)
        | Expr::Binary(_, a, b)
        | Expr::Update(_, a, b)
        | Expr::Try(a, Some(b))
        | Expr::If(a, b, None)
        | Expr::Bind(a, _, b) => both(a, b),
        Expr::If(a, b, Some(c)) | Expr::Reduce(a, _, b, c) => both(a, b).and_then(|()| check(c)),
        Expr::Object(fields) => fields.iter().try_for_each(|(key, value)| both(key, value)),
    }
}
