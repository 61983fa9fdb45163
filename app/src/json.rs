//! JSON by the browser's own reader: what the page keeps and the lists it fetches are small, and a reader of our own would be
//! a twentieth of the download.

use js_sys::{Array, JSON, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

/// A value of JSON; of another kind than asked for, or not there, it is the least of that kind.
#[derive(Clone, Debug)]
pub struct Json(JsValue);

impl Json {
    /// `None`: this is no JSON.
    pub fn read(text: &str) -> Option<Json> {
        JSON::parse(text).ok().map(Json)
    }

    pub fn get(&self, key: &str) -> Json {
        Json(Reflect::get(&self.0, &key.into()).unwrap_or(JsValue::UNDEFINED))
    }

    pub fn is_there(&self) -> bool {
        !self.0.is_null() && !self.0.is_undefined()
    }

    pub fn text(&self) -> String {
        self.0.as_string().unwrap_or_default()
    }

    pub fn number(&self) -> u32 {
        self.0.as_f64().unwrap_or(0.0) as u32
    }

    pub fn truth(&self) -> bool {
        self.0.as_bool().unwrap_or(false)
    }

    pub fn items(&self) -> Vec<Json> {
        self.0.dyn_ref::<Array>().map(|list| list.iter().map(Json).collect()).unwrap_or_default()
    }

    /// The names in an object, and what they stand for.
    pub fn entries(&self) -> Vec<(String, Json)> {
        let Some(object) = self.0.dyn_ref::<Object>() else { return vec![] };
        Object::keys(object).iter().filter_map(|key| key.as_string()).map(|key| (key.clone(), self.get(&key))).collect()
    }
}

/// An object of these names and values.
pub fn object<'a>(fields: impl IntoIterator<Item = (&'a str, JsValue)>) -> JsValue {
    let object = Object::new();
    for (key, value) in fields {
        // Setting a field of a fresh object cannot fail.
        let _ = Reflect::set(&object, &key.into(), &value);
    }
    object.into()
}

pub fn list(items: impl Iterator<Item = JsValue>) -> JsValue {
    items.collect::<Array>().into()
}

pub fn write(value: &JsValue) -> String {
    JSON::stringify(value).ok().and_then(|text| text.as_string()).unwrap_or_default()
}
