//! What a schema file says, as data.

/// An inclusive range of versions; empty when `min > max`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Versions {
    pub min: i16,
    pub max: i16,
}

impl Versions {
    pub const NONE: Versions = Versions { min: 0, max: -1 };

    /// `none`, `3`, `3-7` or `3+`.
    pub fn parse(text: &str) -> Versions {
        let number = |text: &str| text.trim().parse::<i16>().unwrap_or_else(|_| panic!("bad version {text:?}"));
        match text.trim() {
            "none" => Versions::NONE,
            text => match (text.strip_suffix('+'), text.split_once('-')) {
                (Some(min), _) => Versions { min: number(min), max: i16::MAX },
                (None, Some((min, max))) => Versions { min: number(min), max: number(max) },
                (None, None) => Versions { min: number(text), max: number(text) },
            },
        }
    }

    pub fn is_empty(self) -> bool {
        self.min > self.max
    }

    pub fn intersect(self, other: Versions) -> Versions {
        let both = Versions { min: self.min.max(other.min), max: self.max.min(other.max) };
        if both.is_empty() { Versions::NONE } else { both }
    }

    /// The test that the variable `v`, known to be in `known`, is in this range; `true` or `false` when that is certain.
    pub fn condition(self, known: Versions) -> String {
        let both = self.intersect(known);
        if both.is_empty() {
            return "false".to_string();
        }
        match (both.min > known.min, both.max < known.max) {
            (false, false) => "true".to_string(),
            (true, false) => format!("v >= {}", both.min),
            (false, true) => format!("v <= {}", both.max),
            (true, true) => format!("({}..={}).contains(&v)", both.min, both.max),
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Type {
    /// A fixed-size type, a string, an id or bytes: the name of the Rust type.
    Plain(&'static str),
    Records,
    Struct(String),
    Array(Box<Type>),
}

impl Type {
    pub fn parse(text: &str) -> Type {
        let text = text.trim();
        if let Some(element) = text.strip_prefix("[]") {
            return Type::Array(Box::new(Type::parse(element)));
        }
        Type::Plain(match text {
            "bool" => "bool",
            "int8" => "i8",
            "int16" => "i16",
            "uint16" => "u16",
            "int32" => "i32",
            "uint32" => "u32",
            "int64" => "i64",
            "float64" => "Float64",
            "string" => "String",
            "uuid" => "Uuid",
            "bytes" => "Bytes",
            "records" => return Type::Records,
            name => return Type::Struct(name.to_string()),
        })
    }

    /// The Rust type of a value that cannot be null.
    pub fn rust(&self) -> String {
        match self {
            Type::Plain(name) => name.to_string(),
            Type::Records => "Records".to_string(),
            Type::Struct(name) => name.clone(),
            Type::Array(element) => format!("Vec<{}>", element.rust()),
        }
    }
}

pub struct Field {
    /// As the schema spells it.
    pub name: String,
    pub kind: Type,
    pub about: String,
    pub versions: Versions,
    pub nullable: Versions,
    pub tagged: Versions,
    pub tag: u32,
    pub ignorable: bool,
    /// The schema's default as text; empty means the zero of the type.
    pub default: String,
    /// The flexible versions that count for this field (the client id of a header is never compact).
    pub flexible: Versions,
}

impl Field {
    /// Records can always be absent, as Kafka's `BaseRecords` can be null.
    pub fn is_option(&self) -> bool {
        !self.nullable.is_empty() || self.kind == Type::Records
    }

    pub fn rust_type(&self) -> String {
        if self.is_option() { format!("Option<{}>", self.kind.rust()) } else { self.kind.rust() }
    }

    /// The schema's default as a Rust expression.
    pub fn default_value(&self) -> String {
        if self.is_option() {
            if self.default == "null" || self.kind == Type::Records {
                return "None".to_string();
            }
            return format!("Some({})", self.plain_default());
        }
        self.plain_default()
    }

    fn plain_default(&self) -> String {
        match &self.kind {
            Type::Plain("bool") => if self.default.is_empty() { "false" } else { &self.default }.to_string(),
            Type::Plain("String") if self.default.is_empty() => "String::new()".to_string(),
            Type::Plain("String") => format!("String::from({:?})", self.default),
            Type::Plain("Uuid") => "Uuid::ZERO".to_string(),
            Type::Plain("Bytes") => "Bytes::new()".to_string(),
            Type::Plain("Float64") => "Float64::ZERO".to_string(),
            Type::Plain(_) => if self.default.is_empty() { "0" } else { &self.default }.to_string(),
            Type::Records => "Records::default()".to_string(),
            Type::Struct(name) => format!("{name}::default()"),
            Type::Array(_) => "Vec::new()".to_string(),
        }
    }

    /// Whether Rust's own `Default` of the field's type is the schema's default.
    pub fn default_is_derivable(&self) -> bool {
        let value = self.default_value();
        match &self.kind {
            _ if value == "None" => true,
            _ if self.is_option() => false,
            Type::Plain("bool") => value == "false",
            Type::Plain("String" | "Uuid" | "Bytes" | "Float64") => self.default.is_empty(),
            Type::Plain(_) => value == "0",
            _ => true,
        }
    }

    /// The test that `self.field` has another value than the schema's default.
    pub fn is_not_default(&self, place: &str) -> String {
        let value = self.default_value();
        match &self.kind {
            _ if value == "None" => format!("{place}.is_some()"),
            _ if self.is_option() => format!("{place} != {value}"),
            Type::Plain("bool") => {
                if value == "true" {
                    format!("!{place}")
                } else {
                    place.to_string()
                }
            }
            Type::Array(_) | Type::Plain("String" | "Bytes") if self.default.is_empty() => {
                format!("!{place}.is_empty()")
            }
            _ => format!("{place} != {value}"),
        }
    }
}

pub struct Struct {
    pub name: String,
    pub about: String,
    pub versions: Versions,
    pub fields: Vec<Field>,
}

pub struct Message {
    pub name: String,
    /// `request`, `response`, `header`, `data`, `metadata`, `coordinator-key` or `coordinator-value`.
    pub kind: String,
    pub key: Option<i16>,
    pub listeners: Vec<String>,
    pub valid: Versions,
    pub flexible: Versions,
    pub latest_version_unstable: bool,
    /// The message itself first, then its nested structs.
    pub structs: Vec<Struct>,
}
