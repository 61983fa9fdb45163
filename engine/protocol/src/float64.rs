//! The one float of the protocol: quota values.

use crate::codec::{CodecError, Wire};
use crate::reader::Reader;
use crate::writer::Writer;

/// A `float64` field as its IEEE bits, so that a message can be compared, hashed and kept in a node's state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Float64(pub u64);

impl Float64 {
    pub const ZERO: Float64 = Float64(0);

    pub fn new(value: f64) -> Float64 {
        Float64(value.to_bits())
    }

    pub fn get(self) -> f64 {
        f64::from_bits(self.0)
    }
}

impl Wire for Float64 {
    fn put(&self, w: &mut Writer, _: bool, _: i16) -> Result<(), CodecError> {
        w.raw(&self.0.to_be_bytes());
        Ok(())
    }

    fn get(r: &mut Reader, _: bool, _: i16) -> Result<Self, CodecError> {
        Ok(Float64(u64::from_be_bytes(r.fixed()?)))
    }
}
