//! Values and what can be done with them.

use std::cmp::Ordering;

use super::eval::{Done, Sink, Stop, Variables, all, eval, fail, first, recurse};
use super::number::Decimal;
use super::parse::Expr;
use super::paths;
use crate::json::Value;

type Result1 = Result<Value, Stop>;

/// Characters of a value that an error message has room for.
const SHOWN_CHARS: usize = 14;

pub fn is_true(value: &Value) -> bool {
    !matches!(value, Value::Null | Value::Bool(false))
}

pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::Text(_) => "string",
        Value::List(_) => "array",
        Value::Object(_) => "object",
    }
}

/// `number (5)`, cut short.
pub fn described(value: &Value) -> String {
    let mut shown = value.to_string();
    if shown.chars().count() > SHOWN_CHARS {
        shown = shown.chars().take(SHOWN_CHARS - 3).chain("...".chars()).collect();
    }
    format!("{} ({shown})", kind(value))
}

pub fn to_text(value: &Value) -> String {
    value.as_text().map_or_else(|| value.to_string(), str::to_string)
}

fn number(value: &Value) -> Option<Decimal> {
    if let Value::Number(text) = value { Decimal::parse(text) } else { None }
}

fn whole(count: usize) -> Value {
    Value::number(count as i64)
}

/// Sets a field where it stood, or at the end.
pub fn put(fields: &mut Vec<(String, Value)>, name: String, value: Value) {
    match fields.iter_mut().find(|(known, _)| *known == name) {
        Some(known) => known.1 = value,
        None => fields.push((name, value)),
    }
}

/// The place in a list that a number means; negative ones count from the end.
pub fn place(index: &Value, length: usize) -> Option<usize> {
    let at = number(index)?.floor();
    usize::try_from(if at < 0 { at + length as i128 } else { at }).ok()
}

pub fn index(value: &Value, key: &Value) -> Result1 {
    match (value, key) {
        (Value::Object(_), Value::Text(name)) => Ok(value.field(name).cloned().unwrap_or(Value::Null)),
        (Value::List(items), Value::Number(_)) => {
            Ok(place(key, items.len()).and_then(|at| items.get(at)).cloned().unwrap_or(Value::Null))
        }
        (Value::List(items), Value::List(_)) => indices_of_list(items, key),
        (Value::Null, Value::Text(_) | Value::Number(_) | Value::Null) => Ok(Value::Null),
        (_, Value::Text(name)) => fail(format!("Cannot index {} with string \"{name}\"", kind(value))),
        _ => fail(format!("Cannot index {} with {}", kind(value), kind(key))),
    }
}

fn indices_of_list(items: &[Value], key: &Value) -> Result1 {
    let wanted = key.as_list().unwrap_or_default();
    let starts = (0..items.len()).filter(|at| !wanted.is_empty() && items[*at..].starts_with(wanted));
    Ok(Value::List(starts.map(whole).collect()))
}

pub fn slice(value: &Value, from: Option<Value>, to: Option<Value>) -> Result1 {
    let edges = |length: usize| {
        let edge = |edge: &Option<Value>, none: usize| match edge {
            Some(edge) => place(edge, length).unwrap_or(0).min(length),
            None => none,
        };
        let (from, to) = (edge(&from, 0), edge(&to, length));
        from..to.max(from)
    };
    match value {
        Value::Null => Ok(Value::Null),
        Value::List(items) => Ok(Value::List(items[edges(items.len())].to_vec())),
        Value::Text(text) => {
            let chars: Vec<char> = text.chars().collect();
            Ok(Value::Text(chars[edges(chars.len())].iter().collect()))
        }
        _ => fail(format!("Cannot index {} with object", kind(value))),
    }
}

pub fn negative(value: &Value) -> Result1 {
    match number(value) {
        Some(number) => Ok(Value::Number(number.negative().to_string())),
        None => fail(format!("{} cannot be negated", described(value))),
    }
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(false) => 1,
        Value::Bool(true) => 2,
        Value::Number(_) => 3,
        Value::Text(_) => 4,
        Value::List(_) => 5,
        Value::Object(_) => 6,
    }
}

pub fn compare(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => match (Decimal::parse(x), Decimal::parse(y)) {
            (Some(x), Some(y)) => x.compare(y),
            _ => x.cmp(y),
        },
        (Value::Text(x), Value::Text(y)) => x.cmp(y),
        (Value::List(x), Value::List(y)) => {
            let differing = x.iter().zip(y).map(|(a, b)| compare(a, b)).find(|order| order.is_ne());
            differing.unwrap_or(x.len().cmp(&y.len()))
        }
        (Value::Object(_), Value::Object(_)) => {
            let (names_a, names_b) = (sorted_names(a), sorted_names(b));
            let by_values = || names_a.iter().map(|n| compare(&field(a, n), &field(b, n))).find(|order| order.is_ne());
            names_a.cmp(&names_b).then_with(|| by_values().unwrap_or(Ordering::Equal))
        }
        _ => rank(a).cmp(&rank(b)),
    }
}

fn field(value: &Value, name: &str) -> Value {
    value.field(name).cloned().unwrap_or(Value::Null)
}

fn sorted_names(value: &Value) -> Vec<String> {
    let Value::Object(fields) = value else { return Vec::new() };
    let mut names: Vec<String> = fields.iter().map(|(name, _)| name.clone()).collect();
    base::ordered::sort(&mut names);
    names
}

pub fn with_sorted_keys(value: &Value) -> Value {
    match value {
        Value::List(items) => Value::List(items.iter().map(with_sorted_keys).collect()),
        Value::Object(_) => Value::Object(
            sorted_names(value)
                .into_iter()
                .map(|name| (name.clone(), with_sorted_keys(&field(value, &name))))
                .collect(),
        ),
        other => other.clone(),
    }
}

/// With `\u` and four hexadecimal digits, or two of these, for every character that is not ASCII.
pub fn ascii(text: &str) -> String {
    let mut units = [0; 2];
    text.chars()
        .map(|c| match c.is_ascii() {
            true => c.to_string(),
            false => c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
        })
        .collect()
}

pub fn binary(sign: &str, a: &Value, b: &Value) -> Result1 {
    let order = compare(a, b);
    match sign {
        "==" => return Ok(Value::Bool(order.is_eq())),
        "!=" => return Ok(Value::Bool(order.is_ne())),
        "<" => return Ok(Value::Bool(order.is_lt())),
        "<=" => return Ok(Value::Bool(order.is_le())),
        ">" => return Ok(Value::Bool(order.is_gt())),
        ">=" => return Ok(Value::Bool(order.is_ge())),
        _ => {}
    }
    if let (Some(x), Some(y)) = (number(a), number(b)) {
        return match x.calculate(sign, y) {
            Some(result) => Ok(Value::Number(result.to_string())),
            None => {
                let zero = "cannot be divided because the divisor is zero";
                fail(format!("{} and {} {zero}", described(a), described(b)))
            }
        };
    }
    let verb = match (sign, a, b) {
        ("+", Value::Null, other) | ("+", other, Value::Null) => return Ok(other.clone()),
        ("+", Value::Text(a), Value::Text(b)) => return Ok(Value::Text(format!("{a}{b}"))),
        ("+", Value::List(a), Value::List(b)) => return Ok(Value::List([a.clone(), b.clone()].concat())),
        ("+", Value::Object(a), Value::Object(b)) => {
            let mut fields = a.clone();
            b.iter().for_each(|(name, value)| put(&mut fields, name.clone(), value.clone()));
            return Ok(Value::Object(fields));
        }
        ("-", Value::List(a), Value::List(b)) => {
            return Ok(Value::List(a.iter().filter(|item| !b.contains(item)).cloned().collect()));
        }
        ("/", Value::Text(a), Value::Text(b)) => return Ok(split(a, b)),
        ("+", ..) => "added",
        ("-", ..) => "subtracted",
        ("*", ..) => "multiplied",
        _ => "divided",
    };
    fail(format!("{} and {} cannot be {verb}", described(a), described(b)))
}

fn split(text: &str, by: &str) -> Value {
    let parts = match (text.is_empty(), by.is_empty()) {
        (true, _) => Vec::new(),
        (_, true) => text.chars().map(|c| Value::text(c.to_string())).collect(),
        _ => text.split(by).map(Value::text).collect(),
    };
    Value::List(parts)
}

/// A call. Those that take programs are here, the others below.
pub fn call(name: &str, arguments: &[Expr], input: &Value, env: &Variables, out: Sink<'_>) -> Done {
    match (name, arguments) {
        ("empty", []) => Ok(()),
        ("recurse", []) => recurse(input, out),
        ("error", []) => Err(Stop::Error(input.clone())),
        ("error", [message]) => Err(Stop::Error(first(message, input, env)?)),
        ("select", [condition]) => {
            eval(condition, input, env, &mut |is| if is_true(&is) { out(input.clone()) } else { Ok(()) })
        }
        ("map", [f]) => {
            let items = items_of(input)?;
            let mapped: Result<Vec<Vec<Value>>, Stop> = items.iter().map(|item| all(f, item, env)).collect();
            out(Value::List(mapped?.concat()))
        }
        ("map_values", [f]) => super::paths::update("|=", &Expr::Iterate(Expr::Identity.into()), f, input, env, out),
        ("with_entries", [f]) => {
            let entries = items_of(&plain("to_entries", input, &[])?)?;
            let mapped: Result<Vec<Vec<Value>>, Stop> = entries.iter().map(|entry| all(f, entry, env)).collect();
            out(plain("from_entries", &Value::List(mapped?.concat()), &[])?)
        }
        ("sort_by" | "group_by" | "unique_by" | "min_by" | "max_by", [f]) => {
            let mut keyed = Vec::new();
            for item in items_of(input)? {
                keyed.push((Value::List(all(f, &item, env)?), item));
            }
            out(by_key(name, keyed))
        }
        ("any" | "all", []) => out(Value::Bool(any_or_all(name, &items_of(input)?))),
        ("any" | "all", [f]) => {
            let mapped: Result<Vec<Vec<Value>>, Stop> = items_of(input)?.iter().map(|item| all(f, item, env)).collect();
            out(Value::Bool(any_or_all(name, &mapped?.concat())))
        }
        ("any" | "all", [source, f]) => {
            let mapped: Result<Vec<Vec<Value>>, Stop> =
                all(source, input, env)?.iter().map(|item| all(f, item, env)).collect();
            out(Value::Bool(any_or_all(name, &mapped?.concat())))
        }
        ("first", [f]) => some(1, f, input, env, out),
        ("limit", [count, f]) => {
            let count = number(&first(count, input, env)?).map_or(0, Decimal::floor);
            if count > 0 { some(count as usize, f, input, env, out) } else { Ok(()) }
        }
        ("last", [f]) => all(f, input, env)?.pop().map_or(Ok(()), out),
        ("del", [f]) => out(paths::delete(f, input, env)?),
        ("path", [f]) => paths::paths_of(f, input, env)?.into_iter().try_for_each(|path| out(Value::List(path))),
        ("paths", []) => paths::every(input).into_iter().skip(1).try_for_each(|path| out(Value::List(path))),
        ("range", _) => {
            let edges: Result<Vec<Value>, Stop> = arguments.iter().map(|edge| first(edge, input, env)).collect();
            let edges: Vec<i128> = edges?.iter().map(|edge| number(edge).map_or(0, Decimal::floor)).collect();
            let (from, to) = if let [from, to] = edges[..] { (from, to) } else { (0, edges[0]) };
            (from..to).try_for_each(|at| out(Value::Number(at.to_string())))
        }
        ("arrays" | "booleans" | "nulls" | "numbers" | "objects" | "scalars" | "strings" | "values", []) => {
            if is_selected(name, input) {
                out(input.clone())
            } else {
                Ok(())
            }
        }
        _ => with_values(name, arguments, &mut Vec::new(), input, env, out),
    }
}

/// Arguments that are values: all combinations are called.
fn with_values(
    name: &str,
    arguments: &[Expr],
    known: &mut Vec<Value>,
    input: &Value,
    env: &Variables,
    out: Sink<'_>,
) -> Done {
    let Some((argument, rest)) = arguments.split_first() else { return out(plain(name, input, known)?) };
    for value in all(argument, input, env)? {
        known.push(value);
        with_values(name, rest, known, input, env, out)?;
        known.pop();
    }
    Ok(())
}

fn some(count: usize, f: &Expr, input: &Value, env: &Variables, out: Sink<'_>) -> Done {
    let (mut left, mut full) = (count, false);
    let result = eval(f, input, env, &mut |value| {
        left -= 1;
        out(value)?;
        full = left == 0;
        if full { Err(Stop::Enough) } else { Ok(()) }
    });
    if full && result == Err(Stop::Enough) { Ok(()) } else { result }
}

fn is_selected(name: &str, value: &Value) -> bool {
    match name {
        "scalars" => !matches!(value, Value::List(_) | Value::Object(_)),
        "values" => *value != Value::Null,
        plural => plural.trim_end_matches('s') == kind(value),
    }
}

fn any_or_all(name: &str, values: &[Value]) -> bool {
    if name == "any" { values.iter().any(is_true) } else { values.iter().all(is_true) }
}

fn items_of(value: &Value) -> Result<Vec<Value>, Stop> {
    match value {
        Value::List(items) => Ok(items.clone()),
        Value::Object(fields) => Ok(fields.iter().map(|(_, value)| value.clone()).collect()),
        other => fail(format!("Cannot iterate over {}", described(other))),
    }
}

fn by_key(name: &str, mut keyed: Vec<(Value, Value)>) -> Value {
    base::ordered::sort_by(&mut keyed, |(a, _), (b, _)| compare(a, b));
    let last = |keyed: Vec<(Value, Value)>| keyed.into_iter().next_back().map_or(Value::Null, |(_, item)| item);
    match name {
        "sort_by" => Value::List(keyed.into_iter().map(|(_, item)| item).collect()),
        "min_by" => keyed.into_iter().next().map_or(Value::Null, |(_, item)| item),
        "max_by" => last(keyed),
        "unique_by" => {
            keyed.dedup_by(|(a, _), (b, _)| compare(a, b).is_eq());
            Value::List(keyed.into_iter().map(|(_, item)| item).collect())
        }
        _ => {
            let groups = keyed.chunk_by(|(a, _), (b, _)| compare(a, b).is_eq());
            let items = |group: &[(Value, Value)]| Value::List(group.iter().map(|(_, item)| item.clone()).collect());
            Value::List(groups.map(items).collect())
        }
    }
}

/// Functions of a value and values.
fn plain(name: &str, input: &Value, arguments: &[Value]) -> Result1 {
    match (name, input) {
        ("length", _) => length(input),
        ("not", _) => Ok(Value::Bool(!is_true(input))),
        ("type", _) => Ok(Value::text(kind(input))),
        ("tostring" | "@text", _) => Ok(Value::Text(to_text(input))),
        ("tojson" | "@json", _) => Ok(Value::Text(input.to_string())),
        ("tonumber", Value::Number(_)) => Ok(input.clone()),
        ("keys" | "keys_unsorted", Value::Object(fields)) => {
            let unsorted = || fields.iter().map(|(name, _)| name.clone()).collect();
            let names: Vec<String> = if name == "keys" { sorted_names(input) } else { unsorted() };
            Ok(Value::List(names.into_iter().map(Value::Text).collect()))
        }
        ("keys" | "keys_unsorted", Value::List(items)) => Ok(Value::List((0..items.len()).map(whole).collect())),
        ("keys" | "keys_unsorted", _) => fail(format!("{} has no keys", described(input))),
        ("has", _) => has(input, &arguments[0]),
        ("in", _) => has(&arguments[0], input),
        ("getpath", _) => paths::get(input, arguments[0].as_list().unwrap_or_default()),
        ("setpath", _) => paths::set(input, arguments[0].as_list().unwrap_or_default(), arguments[1].clone()),
        ("contains", _) => contains(input, &arguments[0]),
        ("inside", _) => contains(&arguments[0], input),
        ("floor", Value::Number(_)) => Ok(Value::Number(number(input).map_or(0, Decimal::floor).to_string())),
        ("to_entries", Value::Object(fields)) => {
            let entry = |(key, value): &(String, Value)| {
                Value::object([("key", Value::text(key.clone())), ("value", value.clone())])
            };
            Ok(Value::List(fields.iter().map(entry).collect()))
        }
        ("to_entries", Value::List(items)) => {
            let entry = |(at, value): (usize, &Value)| Value::object([("key", whole(at)), ("value", value.clone())]);
            Ok(Value::List(items.iter().enumerate().map(entry).collect()))
        }
        (_, Value::Text(text)) => of_text(name, text, arguments),
        (_, Value::List(items)) => of_list(name, items, arguments),
        ("add", Value::Object(_)) => of_list("add", &items_of(input)?, &[]),
        ("join", _) => fail(format!("Cannot iterate over {}", described(input))),
        ("ltrimstr" | "rtrimstr", _) => Ok(input.clone()),
        ("test" | "capture" | "sub" | "gsub", _) => {
            fail(format!("{} cannot be matched, as it is not a string", described(input)))
        }
        ("tonumber", _) => fail(format!("{} cannot be parsed as a number", described(input))),
        ("sort", _) => fail(format!("{} cannot be sorted, as it is not an array", described(input))),
        ("startswith" | "endswith", _) => fail(format!("{name}() requires string inputs")),
        ("split", _) => fail("split input and separator must be strings".to_string()),
        ("add" | "first" | "last" | "reverse" | "unique" | "min" | "max", Value::Null) => Ok(Value::Null),
        ("index" | "indices", Value::Null) => Ok(Value::Null),
        _ => fail(format!("Cannot iterate over {}", described(input))),
    }
}

fn length(value: &Value) -> Result1 {
    match value {
        Value::Null => Ok(whole(0)),
        Value::Text(text) => Ok(whole(text.chars().count())),
        Value::List(items) => Ok(whole(items.len())),
        Value::Object(fields) => Ok(whole(fields.len())),
        Value::Number(text) => Ok(Value::text(text.trim_start_matches('-'))).map(|text| match text {
            Value::Text(digits) => Value::Number(digits),
            other => other,
        }),
        Value::Bool(_) => fail(format!("{} has no length", described(value))),
    }
}

fn has(value: &Value, key: &Value) -> Result1 {
    match (value, key) {
        (Value::Object(_), Value::Text(name)) => Ok(Value::Bool(value.field(name).is_some())),
        (Value::List(items), Value::Number(_)) => {
            let at = number(key).map_or(-1, Decimal::floor);
            Ok(Value::Bool((0..items.len() as i128).contains(&at)))
        }
        _ => fail(format!("Cannot check whether {} has a {} key", kind(value), kind(key))),
    }
}

fn contains(a: &Value, b: &Value) -> Result1 {
    let inner = |a: &Value, b: &Value| contains(a, b).is_ok_and(|is| is_true(&is));
    let is = match (a, b) {
        (Value::Object(_), Value::Object(fields)) => {
            fields.iter().all(|(name, b)| a.field(name).is_some_and(|a| inner(a, b)))
        }
        (Value::List(a), Value::List(b)) => b.iter().all(|b| a.iter().any(|a| inner(a, b))),
        (Value::Text(a), Value::Text(b)) => a.contains(b.as_str()),
        _ if kind(a) == kind(b) => compare(a, b).is_eq(),
        _ => {
            let words = "cannot have their containment checked";
            return fail(format!("{} and {} {words}", described(a), described(b)));
        }
    };
    Ok(Value::Bool(is))
}

fn of_text(name: &str, text: &str, arguments: &[Value]) -> Result1 {
    let argument = arguments.first().and_then(Value::as_text);
    match (name, argument) {
        ("tonumber", _) => match Decimal::parse(text.trim()) {
            Some(number) => Ok(Value::Number(number.to_string())),
            None => fail(format!(
                "Invalid numeric literal at EOF at line 1, column {} (while parsing '{text}')",
                text.len()
            )),
        },
        ("fromjson", _) => match crate::json::parse(text) {
            Ok(value) => Ok(super::parse::canonical(value)),
            Err(_) => fail(format!(
                "Invalid numeric literal at EOF at line 1, column {} (while parsing '{text}')",
                text.len()
            )),
        },
        ("ascii_downcase", _) => Ok(Value::text(text.to_ascii_lowercase())),
        ("ascii_upcase", _) => Ok(Value::text(text.to_ascii_uppercase())),
        ("utf8bytelength", _) => Ok(whole(text.len())),
        ("explode", _) => Ok(Value::List(text.chars().map(|c| Value::number(u32::from(c))).collect())),
        ("@base64", _) => Ok(Value::Text(protocol::json::base64(text.as_bytes()))),
        ("startswith", Some(start)) => Ok(Value::Bool(text.starts_with(start))),
        ("endswith", Some(end)) => Ok(Value::Bool(text.ends_with(end))),
        ("startswith" | "endswith", None) => fail(format!("{name}() requires string inputs")),
        ("ltrimstr", start) => Ok(Value::text(start.and_then(|start| text.strip_prefix(start)).unwrap_or(text))),
        ("rtrimstr", end) => Ok(Value::text(end.and_then(|end| text.strip_suffix(end)).unwrap_or(text))),
        ("split", Some(by)) => Ok(split(text, by)),
        ("split", None) => fail("split input and separator must be strings".to_string()),
        ("index", Some(part)) => Ok(text.find(part).map_or(Value::Null, whole)),
        ("indices", Some(part)) if !part.is_empty() => {
            Ok(Value::List(text.match_indices(part).map(|(at, _)| whole(at)).collect()))
        }
        ("test" | "sub" | "gsub" | "capture", Some(pattern)) => matched(name, text, pattern, arguments),
        _ => fail(format!("Cannot iterate over {}", described(&Value::text(text)))),
    }
}

fn matched(name: &str, text: &str, pattern: &str, arguments: &[Value]) -> Result1 {
    let flags = if name == "test" { arguments.get(1).and_then(Value::as_text).unwrap_or("") } else { "" };
    let pattern = if flags.contains('i') { format!("(?i){pattern}") } else { pattern.replace("(?<", "(?P<") };
    let Ok(regex) = regex_lite::Regex::new(&pattern) else {
        return fail(format!("{pattern} (at offset 0) is not a valid regex"));
    };
    let new = || arguments.get(1).and_then(Value::as_text).unwrap_or("").to_string();
    Ok(match name {
        "test" => Value::Bool(regex.is_match(text)),
        "sub" => Value::text(regex.replacen(text, 1, regex_lite::NoExpand(&new()))),
        "gsub" => Value::text(regex.replace_all(text, regex_lite::NoExpand(&new()))),
        _ => {
            let Some(found) = regex.captures(text) else { return Ok(Value::Null) };
            let names = regex.capture_names().flatten();
            let value = |name: &str| found.name(name).map_or(Value::Null, |part| Value::text(part.as_str()));
            Value::Object(names.map(|name| (name.to_string(), value(name))).collect())
        }
    })
}

fn of_list(name: &str, items: &[Value], arguments: &[Value]) -> Result1 {
    let keyed = || items.iter().map(|item| (item.clone(), item.clone())).collect();
    match name {
        "add" => items.iter().try_fold(Value::Null, |sum, item| binary("+", &sum, item)),
        "sort" => Ok(by_key("sort_by", keyed())),
        "unique" => Ok(by_key("unique_by", keyed())),
        "min" => Ok(by_key("min_by", keyed())),
        "max" => Ok(by_key("max_by", keyed())),
        "reverse" => Ok(Value::List(items.iter().rev().cloned().collect())),
        "first" => Ok(items.first().cloned().unwrap_or(Value::Null)),
        "last" => Ok(items.last().cloned().unwrap_or(Value::Null)),
        "nth" => index(&Value::List(items.to_vec()), &arguments[0]),
        "flatten" => {
            let depth = arguments.first().and_then(number).map_or(i128::MAX, Decimal::floor);
            Ok(Value::List(flat(items, depth)))
        }
        "join" => join(items, &arguments[0]),
        "index" | "indices" => {
            let wanted =
                if arguments[0].as_list().is_some() { arguments[0].clone() } else { Value::List(arguments.to_vec()) };
            let found = indices_of_list(items, &wanted)?;
            if name == "indices" { Ok(found) } else { of_list("first", found.as_list().unwrap_or_default(), &[]) }
        }
        "from_entries" => from_entries(items),
        "implode" => {
            let chars = items.iter().filter_map(Value::as_integer).filter_map(|c| char::from_u32(c as u32));
            Ok(Value::Text(chars.collect()))
        }
        "@csv" | "@tsv" => row(name, items),
        "startswith" | "endswith" => fail(format!("{name}() requires string inputs")),
        "split" => fail("split input and separator must be strings".to_string()),
        "tonumber" => {
            let list = Value::List(items.to_vec());
            fail(format!("{} cannot be parsed as a number", described(&list)))
        }
        _ => fail(format!("{} cannot be matched, as it is not a string", described(&Value::List(items.to_vec())))),
    }
}

fn flat(items: &[Value], depth: i128) -> Vec<Value> {
    let inner = |item: &Value| match item {
        Value::List(inner) if depth > 0 => flat(inner, depth - 1),
        other => vec![other.clone()],
    };
    items.iter().flat_map(inner).collect()
}

fn join(items: &[Value], by: &Value) -> Result1 {
    let Some(by) = by.as_text() else {
        return if items.is_empty() { Ok(Value::text("")) } else { binary("+", &Value::text(""), by) };
    };
    let mut text = String::new();
    for (at, item) in items.iter().enumerate() {
        text.push_str(if at == 0 { "" } else { by });
        match item {
            Value::Null => {}
            Value::List(_) | Value::Object(_) => return binary("+", &Value::Text(text), item),
            scalar => text.push_str(&to_text(scalar)),
        }
    }
    Ok(Value::Text(text))
}

fn from_entries(items: &[Value]) -> Result1 {
    let mut fields = Vec::new();
    for item in items {
        let named = |names: [&str; 4]| names.iter().find_map(|name| item.field(name).filter(|v| **v != Value::Null));
        let name = named(["key", "k", "name", "Name"]).map_or_else(|| "null".to_string(), to_text);
        let value = ["value", "v", "Value", "V"].iter().find_map(|name| item.field(name));
        put(&mut fields, name, value.cloned().unwrap_or(Value::Null));
    }
    Ok(Value::Object(fields))
}

fn row(name: &str, items: &[Value]) -> Result1 {
    let mut cells = Vec::new();
    for item in items {
        cells.push(match item {
            Value::Null => String::new(),
            Value::Text(text) if name == "@csv" => format!("\"{}\"", text.replace('"', "\"\"")),
            Value::Text(text) => text.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n"),
            Value::List(_) | Value::Object(_) => {
                return fail(format!("{} is not valid in a csv row", described(item)));
            }
            scalar => scalar.to_string(),
        });
    }
    Ok(Value::Text(cells.join(if name == "@csv" { "," } else { "\t" })))
}
