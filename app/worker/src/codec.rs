//! Postcard as gloo-worker's codec: the smallest of the encodings measured, and the same one the session link uses.

use gloo_worker::Codec;
use js_sys::Uint8Array;
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;

pub struct Postcard;

impl Codec for Postcard {
    /// Both ends come from one build, so an error here is the programmer's, not a person's.
    fn encode<I: Serialize>(input: I) -> JsValue {
        let bytes = postcard::to_allocvec(&input).expect("wire types have no unbounded or borrowed parts");
        Uint8Array::from(bytes.as_slice()).into()
    }

    fn decode<O: for<'de> Deserialize<'de>>(input: JsValue) -> O {
        let bytes = Uint8Array::from(input).to_vec();
        postcard::from_bytes(&bytes).expect("page and worker speak the same version of the contract")
    }
}
