//! `ApiKey`, `Request` and `Response`.

use crate::schema::{Message, Versions};
use crate::spoken::SPOKEN;
use crate::text::Source;
use crate::unions;

/// One API: its request and response schema.
struct Api<'a> {
    name: &'a str,
    request: &'a Message,
    response: &'a Message,
}

pub fn generate(messages: &[Message], with_json: bool, every_api: bool) -> String {
    let find = |kind: &str, key: i16| messages.iter().find(|message| message.kind == kind && message.key == Some(key));
    let mut keys: Vec<i16> = messages.iter().filter(|m| m.kind == "request").filter_map(|m| m.key).collect();
    keys.sort_unstable();
    let apis: Vec<Api> = keys
        .iter()
        .map(|key| {
            let request = find("request", *key).expect("listed");
            let response = find("response", *key).unwrap_or_else(|| panic!("{} has no response", request.name));
            Api { name: request.name.trim_end_matches("Request"), request, response }
        })
        .collect();
    let mut source = Source::default();
    api_key(&mut source, &apis);
    let live: Vec<&Api> =
        apis.iter().filter(|api| !api.request.valid.is_empty() && (every_api || SPOKEN.contains(&api.name))).collect();
    body(&mut source, &live, "Request", |api| api.request);
    body(&mut source, &live, "Response", |api| api.response);
    if with_json {
        to_json(&mut source, &live, "Request");
        to_json(&mut source, &live, "Response");
    }
    source.finish()
}

fn to_json(source: &mut Source, apis: &[&Api], union: &str) {
    source.open(&format!("impl ToJson for {union} {{"));
    source.open("fn to_json(&self, version: i16) -> crate::json::Json {");
    source.open("match self {");
    for api in apis {
        source.line(&format!("Self::{}(body) => body.to_json(version),", api.name));
    }
    source.close("}");
    source.close("}");
    source.close("}");
}

fn api_key(source: &mut Source, apis: &[Api]) {
    source.line(
        "/// Kafka's APIs (`ApiKeys`), also those that Kafka 4.0 removed: they keep their key and have no version.",
    );
    source.line("#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]");
    source.line("#[repr(i16)]");
    source.open("pub enum ApiKey {");
    for api in apis {
        source.line(&format!("{} = {},", api.name, api.request.key.expect("an API has a key")));
    }
    source.close("}");
    source.open("impl ApiKey {");
    source.line("/// Every API in the order of the keys.");
    source.open(&format!("pub const ALL: [ApiKey; {}] = [", apis.len()));
    for api in apis {
        source.line(&format!("ApiKey::{},", api.name));
    }
    source.close("];");
    source.line("/// The facts of the schemas about this API.");
    source.open("pub const fn info(self) -> &'static ApiInfo {");
    source.open("match self {");
    for api in apis {
        let request = api.request;
        let listens = |name: &str| request.listeners.iter().any(|listener| listener == name);
        source.line(&format!(
            "ApiKey::{} => &ApiInfo {{ name: {:?}, versions: {}, request_flexible: {}, response_flexible: {}, \
             latest_version_unstable: {}, on_broker: {}, on_controller: {} }},",
            api.name,
            api.name,
            range(request.valid),
            range(request.flexible),
            range(api.response.flexible),
            request.latest_version_unstable,
            listens("broker"),
            listens("controller"),
        ));
    }
    source.close("}");
    source.close("}");
    source.close("}");
}

fn range(versions: Versions) -> String {
    format!("VersionRange {{ min: {}, max: {} }}", versions.min, versions.max)
}

/// `Request` or `Response`: one variant per API that still has a version.
fn body<'a>(source: &mut Source, apis: &[&Api<'a>], union: &str, message: fn(&Api<'a>) -> &'a Message) {
    source.line(&format!("/// The body of a {}: one variant per API, named after it.", union.to_lowercase()));
    source.line("///");
    source.line("/// Its digest has the API's key, so it does not depend on which other APIs there are.");
    source.line("#[allow(clippy::large_enum_variant)]");
    source.line("#[repr(i16)]");
    source.line("#[derive(Clone, Debug, PartialEq, Eq, Hash)]");
    source.open(&format!("pub enum {union} {{"));
    for api in apis {
        let key = api.request.key.expect("an API has a key");
        source.line(&format!("{}({}) = {key},", api.name, message(api).name));
    }
    source.close("}");
    source.open(&format!("impl {union} {{"));
    source.line("/// The API that this body belongs to.");
    source.open("pub fn api_key(&self) -> ApiKey {");
    source.open("match self {");
    for api in apis {
        source.line(&format!("Self::{}(_) => ApiKey::{},", api.name, api.name));
    }
    source.close("}");
    source.close("}");
    source.line("/// Appends the body in `version`, without header.");
    source.open("pub fn encode(&self, version: i16, out: &mut Vec<u8>) -> Result<(), CodecError> {");
    source.open("match self {");
    for api in apis {
        source.line(&format!("Self::{}(body) => body.encode(version, out),", api.name));
    }
    source.close("}");
    source.close("}");
    source.line("/// Reads a body of `version`, without header, and leaves what follows it in `input`.");
    source.open("pub fn decode(api: ApiKey, version: i16, input: &mut Bytes) -> Result<Self, CodecError> {");
    source.open("match api {");
    for api in apis {
        let name = &message(api).name;
        source.line(&format!("ApiKey::{} => {name}::decode(input, version).map(Self::{}),", api.name, api.name));
    }
    source.line("_ => Err(CodecError::UnsupportedVersion { message: api.name(), version }),");
    source.close("}");
    source.close("}");
    source.line("/// How many bytes `encode` appends, without copying records or bytes.");
    source.open("pub fn encoded_len(&self, version: i16) -> Result<u64, CodecError> {");
    source.open("match self {");
    for api in apis {
        source.line(&format!("Self::{}(body) => crate::codec::encoded_len(body, version),", api.name));
    }
    source.close("}");
    source.close("}");
    source.close("}");
    for api in apis {
        unions::from(source, union, api.name, &message(api).name);
    }
}
