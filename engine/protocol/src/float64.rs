//! The one float of the protocol: quota values.

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
