//! What a program gives for an input: each output goes to a sink as it comes, so that those before an error stand.

use base::Map;

use super::functions;
use super::parse::Expr;
use crate::json::Value;

/// Why an evaluation ended early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// An error, which `try` may catch: its value and, for the message, whether it is `jq`'s own.
    Error(Value),
    /// `limit` and `first` have enough.
    Enough,
}

pub type Done = Result<(), Stop>;
pub type Sink<'a> = &'a mut dyn FnMut(Value) -> Done;
pub type Variables = Map<String, Value>;

pub fn fail<T>(words: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Error(Value::text(words.into())))
}

pub fn eval(expr: &Expr, input: &Value, env: &Variables, out: Sink<'_>) -> Done {
    match expr {
        Expr::Identity => out(input.clone()),
        Expr::Recurse => recurse(input, out),
        Expr::Literal(value) => out(value.clone()),
        Expr::Text(parts) => text(parts, String::new(), input, env, out),
        Expr::Index(of, index) => eval(of, input, env, &mut |base| {
            eval(index, input, env, &mut |index| out(functions::index(&base, &index)?))
        }),
        Expr::Slice(of, from, to) => eval(of, input, env, &mut |base| {
            let edge = |edge: &Option<Box<Expr>>| edge.as_ref().map(|edge| first(edge, input, env)).transpose();
            out(functions::slice(&base, edge(from)?, edge(to)?)?)
        }),
        Expr::Iterate(of) => eval(of, input, env, &mut |base| match base {
            Value::List(items) => items.into_iter().try_for_each(&mut *out),
            Value::Object(fields) => fields.into_iter().try_for_each(|(_, value)| out(value)),
            other => fail(format!("Cannot iterate over {}", functions::described(&other))),
        }),
        Expr::List(items) => {
            let items = items.as_ref().map(|items| all(items, input, env)).transpose()?;
            out(Value::List(items.unwrap_or_default()))
        }
        Expr::Object(fields) => object(fields, Vec::new(), input, env, out),
        Expr::Negative(of) => eval(of, input, env, &mut |value| out(functions::negative(&value)?)),
        Expr::Pipe(left, right) => eval(left, input, env, &mut |value| eval(right, &value, env, out)),
        Expr::Comma(left, right) => {
            eval(left, input, env, out)?;
            eval(right, input, env, out)
        }
        Expr::Binary(sign, left, right) => binary(sign, left, right, input, env, out),
        Expr::Update(sign, left, right) => super::paths::update(sign, left, right, input, env, out),
        Expr::If(condition, then, other) => {
            eval(condition, input, env, &mut |value| match (functions::is_true(&value), other) {
                (true, _) => eval(then, input, env, out),
                (false, Some(other)) => eval(other, input, env, out),
                (false, None) => out(input.clone()),
            })
        }
        Expr::Try(body, catch) => attempt(body, catch.as_deref(), input, env, out),
        Expr::Bind(source, name, body) => {
            eval(source, input, env, &mut |value| eval(body, input, &with(env, name, value), out))
        }
        Expr::Reduce(source, name, start, update) => {
            let mut state = first(start, input, env)?;
            eval(source, input, env, &mut |value| {
                state = all(update, &state, &with(env, name, value))?.pop().unwrap_or(Value::Null);
                Ok(())
            })?;
            out(state)
        }
        Expr::Variable(name) => match env.get(name) {
            Some(value) => out(value.clone()),
            None => fail(format!("${name} is not defined")),
        },
        Expr::Call(name, arguments) => functions::call(name, arguments, input, env, out),
    }
}

/// All outputs.
pub fn all(expr: &Expr, input: &Value, env: &Variables) -> Result<Vec<Value>, Stop> {
    let mut found = Vec::new();
    eval(expr, input, env, &mut |value| {
        found.push(value);
        Ok(())
    })?;
    Ok(found)
}

/// The first output, or null.
pub fn first(expr: &Expr, input: &Value, env: &Variables) -> Result<Value, Stop> {
    Ok(all(expr, input, env)?.into_iter().next().unwrap_or(Value::Null))
}

fn with(env: &Variables, name: &str, value: Value) -> Variables {
    let mut env = env.clone();
    env.insert(name.to_string(), value);
    env
}

pub fn recurse(value: &Value, out: Sink<'_>) -> Done {
    out(value.clone())?;
    match value {
        Value::List(items) => items.iter().try_for_each(|item| recurse(item, out)),
        Value::Object(fields) => fields.iter().try_for_each(|(_, value)| recurse(value, out)),
        _ => Ok(()),
    }
}

/// An error of the sink is not the body's: what comes later in a pipe is not caught.
fn attempt(body: &Expr, catch: Option<&Expr>, input: &Value, env: &Variables, out: Sink<'_>) -> Done {
    let mut from_sink = None;
    let result = eval(body, input, env, &mut |value| out(value).inspect_err(|stop| from_sink = Some(stop.clone())));
    match (from_sink, result) {
        (Some(stop), _) => Err(stop),
        (None, Err(Stop::Error(error))) => match catch {
            Some(catch) => eval(catch, &error, env, out),
            None => Ok(()),
        },
        (None, result) => result,
    }
}

fn text(parts: &[Expr], so_far: String, input: &Value, env: &Variables, out: Sink<'_>) -> Done {
    let Some((part, rest)) = parts.split_first() else { return out(Value::Text(so_far)) };
    eval(part, input, env, &mut |value| text(rest, format!("{so_far}{}", functions::to_text(&value)), input, env, out))
}

fn object(
    fields: &[(Expr, Expr)],
    so_far: Vec<(String, Value)>,
    input: &Value,
    env: &Variables,
    out: Sink<'_>,
) -> Done {
    let Some(((key, value), rest)) = fields.split_first() else { return out(Value::Object(so_far)) };
    eval(key, input, env, &mut |key| {
        let Value::Text(key) = key else {
            return fail("Object keys must be strings".to_string());
        };
        eval(value, input, env, &mut |value| {
            let mut fields = so_far.clone();
            functions::put(&mut fields, key.clone(), value);
            object(rest, fields, input, env, out)
        })
    })
}

fn binary(sign: &str, left: &Expr, right: &Expr, input: &Value, env: &Variables, out: Sink<'_>) -> Done {
    match sign {
        "and" | "or" => eval(left, input, env, &mut |a| {
            let a = functions::is_true(&a);
            if a == (sign == "or") {
                return out(Value::Bool(a));
            }
            eval(right, input, env, &mut |b| out(Value::Bool(functions::is_true(&b))))
        }),
        "//" => {
            let mut found = false;
            let result = eval(left, input, env, &mut |value| {
                if !functions::is_true(&value) {
                    return Ok(());
                }
                found = true;
                out(value)
            });
            match result {
                Err(Stop::Error(_)) if !found => eval(right, input, env, out),
                Ok(()) if !found => eval(right, input, env, out),
                other => other,
            }
        }
        // The right side is the outer loop.
        _ => eval(right, input, env, &mut |b| eval(left, input, env, &mut |a| out(functions::binary(sign, &a, &b)?))),
    }
}
