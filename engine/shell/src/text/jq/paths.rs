//! Where in an input an expression points, for `del`, `paths`, `|=` and kin.

use super::eval::{Done, Sink, Stop, Variables, all, eval, fail, first};
use super::functions;
use super::parse::Expr;
use crate::json::Value;

pub type Path = Vec<Value>;

/// The paths that an expression selects.
pub fn paths_of(expr: &Expr, input: &Value, env: &Variables) -> Result<Vec<Path>, Stop> {
    match expr {
        Expr::Identity => Ok(vec![Vec::new()]),
        Expr::Index(of, index) => {
            let indexes = all(index, input, env)?;
            extend(paths_of(of, input, env)?, |_| Ok(indexes.clone()))
        }
        Expr::Iterate(of) => extend(paths_of(of, input, env)?, |path| Ok(keys(&get(input, path)?))),
        Expr::Pipe(left, right) => {
            let mut found = Vec::new();
            for path in paths_of(left, input, env)? {
                let below = paths_of(right, &get(input, &path)?, env)?;
                found.extend(below.into_iter().map(|rest| [path.clone(), rest].concat()));
            }
            Ok(found)
        }
        Expr::Comma(left, right) => Ok([paths_of(left, input, env)?, paths_of(right, input, env)?].concat()),
        Expr::Recurse => Ok(every(input)),
        Expr::Try(body, _) => Ok(paths_of(body, input, env).unwrap_or_default()),
        Expr::If(condition, then, other) => match (functions::is_true(&first(condition, input, env)?), other) {
            (true, _) => paths_of(then, input, env),
            (false, Some(other)) => paths_of(other, input, env),
            (false, None) => Ok(vec![Vec::new()]),
        },
        Expr::Call(name, arguments) if name == "select" && arguments.len() == 1 => {
            let is = all(&arguments[0], input, env)?.iter().any(functions::is_true);
            Ok(if is { vec![Vec::new()] } else { Vec::new() })
        }
        Expr::Call(name, _) if name == "empty" => Ok(Vec::new()),
        _ => fail("Invalid path expression"),
    }
}

fn extend(paths: Vec<Path>, more: impl Fn(&Path) -> Result<Vec<Value>, Stop>) -> Result<Vec<Path>, Stop> {
    let mut found = Vec::new();
    for path in paths {
        for key in more(&path)? {
            found.push([path.clone(), vec![key]].concat());
        }
    }
    Ok(found)
}

fn keys(value: &Value) -> Vec<Value> {
    match value {
        Value::List(items) => (0..items.len()).map(|at| Value::number(at as i64)).collect(),
        Value::Object(fields) => fields.iter().map(|(name, _)| Value::text(name.clone())).collect(),
        _ => Vec::new(),
    }
}

/// The path of the value itself and of all below it.
pub fn every(value: &Value) -> Vec<Path> {
    let mut found = vec![Vec::new()];
    for key in keys(value) {
        let below = functions::index(value, &key).map(|value| every(&value)).unwrap_or_default();
        found.extend(below.into_iter().map(|path| [vec![key.clone()], path].concat()));
    }
    found
}

pub fn get(value: &Value, path: &[Value]) -> Result<Value, Stop> {
    path.iter().try_fold(value.clone(), |value, key| functions::index(&value, key))
}

pub fn set(value: &Value, path: &[Value], new: Value) -> Result<Value, Stop> {
    let Some((key, rest)) = path.split_first() else { return Ok(new) };
    let inner = set(&functions::index(value, key)?, rest, new)?;
    match (value, key) {
        (Value::Null | Value::Object(_), Value::Text(name)) => {
            let mut fields = if let Value::Object(fields) = value { fields.clone() } else { Vec::new() };
            functions::put(&mut fields, name.clone(), inner);
            Ok(Value::Object(fields))
        }
        (Value::Null | Value::List(_), Value::Number(_)) => {
            let mut items = if let Value::List(items) = value { items.clone() } else { Vec::new() };
            let at = functions::place(key, items.len()).unwrap_or(items.len());
            if at >= items.len() {
                items.resize(at + 1, Value::Null);
            }
            items[at] = inner;
            Ok(Value::List(items))
        }
        _ => fail("Invalid path"),
    }
}

fn remove(value: &Value, path: &[Value]) -> Value {
    let Some((key, rest)) = path.split_first() else { return Value::Null };
    let mut value = value.clone();
    match (&mut value, key) {
        (Value::Object(fields), Value::Text(name)) => {
            let Some(at) = fields.iter().position(|(field, _)| field == name) else { return value };
            if rest.is_empty() {
                fields.remove(at);
            } else {
                fields[at].1 = remove(&fields[at].1, rest);
            }
        }
        (Value::List(items), Value::Number(_)) => {
            let Some(at) = functions::place(key, items.len()).filter(|at| *at < items.len()) else { return value };
            if rest.is_empty() {
                items.remove(at);
            } else {
                items[at] = remove(&items[at], rest);
            }
        }
        _ => {}
    }
    value
}

/// Removes all paths, the last ones first, so that places in lists stay true.
pub fn delete(expr: &Expr, input: &Value, env: &Variables) -> Result<Value, Stop> {
    let mut paths = paths_of(expr, input, env)?;
    base::ordered::sort_by(&mut paths, |a, b| functions::compare(&Value::List(a.clone()), &Value::List(b.clone())));
    paths.dedup();
    Ok(paths.iter().rev().fold(input.clone(), |value, path| remove(&value, path)))
}

pub fn update(sign: &str, left: &Expr, right: &Expr, input: &Value, env: &Variables, out: Sink<'_>) -> Done {
    let paths = paths_of(left, input, env)?;
    if sign == "|=" {
        let mut value = input.clone();
        for path in paths {
            let new = first(right, &get(&value, &path)?, env)?;
            value = set(&value, &path, new)?;
        }
        return out(value);
    }
    eval(right, input, env, &mut |argument| {
        let mut value = input.clone();
        for path in &paths {
            let old = get(&value, path)?;
            let new = match sign {
                "=" => argument.clone(),
                "//=" if functions::is_true(&old) => old,
                "//=" => argument.clone(),
                _ => functions::binary(sign.trim_end_matches('='), &old, &argument)?,
            };
            value = set(&value, path, new)?;
        }
        out(value)
    })
}
