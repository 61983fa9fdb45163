//! `printf`: the format with its escapes and conversions, used again until the arguments are spent.

/// What `printf` prints, or its complaint.
pub(super) fn format(arguments: &[String]) -> Result<String, String> {
    let Some((format, arguments)) = arguments.split_first() else {
        return Err("printf: usage: printf [-v var] format [arguments]".to_string());
    };
    let mut out = String::new();
    let mut left = arguments.iter();
    loop {
        let before = left.len();
        let stopped = once(format, &mut left, &mut out)?;
        if stopped || left.len() == 0 || left.len() == before {
            return Ok(out);
        }
    }
}

/// One pass over the format. True after `\c`.
fn once(format: &str, arguments: &mut std::slice::Iter<'_, String>, out: &mut String) -> Result<bool, String> {
    let characters: Vec<char> = format.chars().collect();
    let mut at = 0;
    while at < characters.len() {
        match characters[at] {
            '\\' => {
                let (text, used) = escape(&characters[at..]);
                match text {
                    Some(c) => out.push(c),
                    None => return Ok(true),
                }
                at += used;
            }
            '%' if characters.get(at + 1) == Some(&'%') => {
                out.push('%');
                at += 2;
            }
            '%' => at += conversion(&characters[at..], arguments, out)?,
            c => {
                out.push(c);
                at += 1;
            }
        }
    }
    Ok(false)
}

/// One `%...` conversion; returns its length.
fn conversion(text: &[char], arguments: &mut std::slice::Iter<'_, String>, out: &mut String) -> Result<usize, String> {
    let mut at = 1;
    let mut left = false;
    let mut zero = false;
    while let Some(flag @ ('-' | '0' | ' ' | '+')) = text.get(at) {
        left |= *flag == '-';
        zero |= *flag == '0';
        at += 1;
    }
    let digits: String = text[at..].iter().take_while(|c| c.is_ascii_digit()).take(4).collect();
    at += digits.len();
    let width: usize = digits.parse().unwrap_or(0);
    let argument = arguments.next().map(String::as_str);
    let value = match text.get(at) {
        Some('s') => argument.unwrap_or("").to_string(),
        Some('b') => {
            let characters: Vec<char> = argument.unwrap_or("").chars().collect();
            unescape(&characters)
        }
        Some('d' | 'i' | 'u') => number(argument.unwrap_or("0"))?.to_string(),
        Some('x') => format!("{:x}", number(argument.unwrap_or("0"))?),
        Some('c') => argument.unwrap_or("").chars().take(1).collect(),
        Some(other) => return Err(format!("bash: line 1: printf: `{other}': invalid format character")),
        None => return Err("bash: line 1: printf: `%': missing format character".to_string()),
    };
    let pad = width.saturating_sub(value.chars().count());
    if left {
        out.push_str(&value);
        out.push_str(&" ".repeat(pad));
    } else {
        out.push_str(&if zero { "0" } else { " " }.repeat(pad));
        out.push_str(&value);
    }
    Ok(at + 1)
}

fn number(text: &str) -> Result<i64, String> {
    let parsed = match text.strip_prefix("0x") {
        Some(hex) => i64::from_str_radix(hex, 16).ok(),
        None => text.trim().parse().ok(),
    };
    parsed.ok_or_else(|| format!("bash: line 1: printf: {text}: invalid number"))
}

pub(super) fn unescape(text: &[char]) -> String {
    let mut out = String::new();
    let mut at = 0;
    while at < text.len() {
        if text[at] == '\\' {
            let (c, used) = escape(&text[at..]);
            let Some(c) = c else { return out };
            out.push(c);
            at += used;
        } else {
            out.push(text[at]);
            at += 1;
        }
    }
    out
}

/// The character of an escape at the start of `text`, and the escape's length; `None` is `\c`: stop here.
fn escape(text: &[char]) -> (Option<char>, usize) {
    let digits = |from: usize, base: u32, most: usize| -> (u32, usize) {
        let run = text[from..].iter().take(most).take_while(|c| c.is_digit(base)).count();
        let value = text[from..from + run].iter().fold(0, |n, c| n * base + c.to_digit(base).unwrap_or(0));
        (value, run)
    };
    match text.get(1) {
        Some('n') => (Some('\n'), 2),
        Some('t') => (Some('\t'), 2),
        Some('r') => (Some('\r'), 2),
        Some('\\') => (Some('\\'), 2),
        Some('"') => (Some('"'), 2),
        Some('\'') => (Some('\''), 2),
        Some('a') => (Some('\u{7}'), 2),
        Some('e') => (Some('\u{1b}'), 2),
        Some('c') => (None, 2),
        Some('x') => {
            let (value, run) = digits(2, 16, 2);
            if run == 0 { (Some('\\'), 1) } else { (char::from_u32(value), 2 + run) }
        }
        Some('0'..='7') => {
            let (value, run) = digits(1, 8, 3);
            (char::from_u32(value).or(Some('\u{fffd}')), 1 + run)
        }
        _ => (Some('\\'), 1),
    }
}
