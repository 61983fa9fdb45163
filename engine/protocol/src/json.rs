//! Messages as Kafka's `*JsonConverter` classes show them: in `kafka-dump-log`, in the quorum-state file, in request
//! logs. Written here because the order of the fields and every spelling are Kafka's, and nothing is ever read back.

use std::fmt;

use base::Uuid;
use bytes::Bytes;

use crate::float64::Float64;
use crate::records::Records;

/// A JSON value whose objects keep the order of the schema. `Display` is Jackson's compact form.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Json {
    Null,
    Bool(bool),
    Int(i64),
    Float(Float64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(&'static str, Json)>),
}

impl Json {
    /// The value of a field of an object.
    pub fn field(&self, name: &str) -> Option<&Json> {
        match self {
            Json::Object(fields) => fields.iter().find(|(field, _)| *field == name).map(|(_, value)| value),
            _ => None,
        }
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Json::Null => f.write_str("null"),
            Json::Bool(value) => write!(f, "{value}"),
            Json::Int(value) => write!(f, "{value}"),
            Json::Float(value) => write!(f, "{value}"),
            Json::Text(text) => quote(f, text),
            Json::List(items) => {
                f.write_str("[")?;
                for (i, item) in items.iter().enumerate() {
                    f.write_str(if i == 0 { "" } else { "," })?;
                    write!(f, "{item}")?;
                }
                f.write_str("]")
            }
            Json::Object(fields) => {
                f.write_str("{")?;
                for (i, (name, value)) in fields.iter().enumerate() {
                    f.write_str(if i == 0 { "" } else { "," })?;
                    write!(f, "\"{name}\":{value}")?;
                }
                f.write_str("}")
            }
        }
    }
}

/// A JSON string; only what must be escaped is.
fn quote(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("\"")?;
    for letter in text.chars() {
        match letter {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            '\u{8}' => f.write_str("\\b")?,
            '\u{c}' => f.write_str("\\f")?,
            control if control < ' ' => write!(f, "\\u{:04X}", control as u32)?,
            other => write!(f, "{other}")?,
        }
    }
    f.write_str("\"")
}

/// What can be shown as JSON in a version of its message.
pub trait ToJson {
    fn to_json(&self, version: i16) -> Json;
}

/// One field more of an object. Never inlined and by reference, because there are hundreds of fields and a tab has to
/// fetch the code of each.
#[inline(never)]
pub fn show(fields: &mut Vec<(&'static str, Json)>, name: &'static str, value: &dyn ToJson, version: i16) {
    fields.push((name, value.to_json(version)));
}

/// Records are shown by their size alone, under a name of its own, as request logs do.
pub fn records(name: &'static str, size_name: &'static str, value: Option<&Records>) -> (&'static str, Json) {
    match value {
        None => (name, Json::Null),
        Some(records) => (size_name, Json::Int(records.len() as i64)),
    }
}

macro_rules! integers {
    ($($type:ty),*) => {$(
        impl ToJson for $type {
            fn to_json(&self, _: i16) -> Json {
                Json::Int(i64::from(*self))
            }
        }
    )*};
}

integers!(i8, i16, u16, i32, u32, i64);

impl ToJson for bool {
    fn to_json(&self, _: i16) -> Json {
        Json::Bool(*self)
    }
}

impl ToJson for Float64 {
    fn to_json(&self, _: i16) -> Json {
        Json::Float(*self)
    }
}

impl ToJson for String {
    fn to_json(&self, _: i16) -> Json {
        Json::Text(self.clone())
    }
}

impl ToJson for Uuid {
    fn to_json(&self, _: i16) -> Json {
        Json::Text(self.to_string())
    }
}

impl ToJson for Bytes {
    fn to_json(&self, _: i16) -> Json {
        Json::Text(base64(self))
    }
}

impl<T: ToJson> ToJson for Vec<T> {
    fn to_json(&self, version: i16) -> Json {
        Json::List(self.iter().map(|item| item.to_json(version)).collect())
    }
}

impl<T: ToJson> ToJson for Option<T> {
    fn to_json(&self, version: i16) -> Json {
        self.as_ref().map_or(Json::Null, |value| value.to_json(version))
    }
}

/// Base64 with padding, Jackson's form of bytes.
pub fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let byte = |i: usize| u32::from(chunk.get(i).copied().unwrap_or_default());
        let word = byte(0) << 16 | byte(1) << 8 | byte(2);
        for i in 0..4 {
            let sextet = (word >> (18 - 6 * i)) & 63;
            text.push(if i <= chunk.len() { ALPHABET[sextet as usize] as char } else { '=' });
        }
    }
    text
}

/// The six bits that a letter of Base64 stands for.
pub fn sextet(letter: u8) -> Option<u8> {
    Some(match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

/// Bytes from Base64 with padding; `None` if the text is none.
pub fn from_base64(text: &str) -> Option<Bytes> {
    let digits = text.trim_end_matches('=');
    let mut bytes = Vec::new();
    let (mut word, mut bits) = (0u32, 0);
    for letter in digits.bytes() {
        word = word << 6 | u32::from(sextet(letter)?);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((word >> bits) as u8);
        }
    }
    Some(bytes.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jacksons_spelling() {
        let json = Json::Object(vec![
            ("a", Json::Text("x\"\u{1}é\n".to_string())),
            ("b", Json::List(vec![Json::Int(-1), Json::Null, Json::Float(Float64::new(1024.0))])),
        ]);
        assert_eq!(json.to_string(), "{\"a\":\"x\\\"\\u0001é\\n\",\"b\":[-1,null,1024.0]}");
        let texts = ["", "f", "fo", "foo", "foo\u{ff}"];
        assert_eq!(texts[..4].iter().map(|t| base64(t.as_bytes())).collect::<Vec<_>>(), ["", "Zg==", "Zm8=", "Zm9v"]);
        assert!(texts.iter().all(|text| from_base64(&base64(text.as_bytes())).as_deref() == Some(text.as_bytes())));
        assert_eq!(from_base64("?"), None);
    }
}
