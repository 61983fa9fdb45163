//! Whole numbers without bounds, with the few operations that decimal numbers need.

use std::cmp::Ordering;

/// Little-endian words, none of them a leading zero.
#[derive(Clone)]
pub struct Big(Vec<u32>);

impl From<u64> for Big {
    fn from(value: u64) -> Big {
        let mut big = Big(vec![value as u32, (value >> 32) as u32]);
        big.trim();
        big
    }
}

impl Big {
    pub fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    pub fn bits(&self) -> u32 {
        self.0.last().map_or(0, |last| self.0.len() as u32 * 32 - last.leading_zeros())
    }

    pub fn multiply_add(&mut self, factor: u32, add: u32) {
        let mut carry = u64::from(add);
        for word in &mut self.0 {
            carry += u64::from(*word) * u64::from(factor);
            *word = carry as u32;
            carry >>= 32;
        }
        self.0.push(carry as u32);
        self.trim();
    }

    pub fn shift_left(&mut self, bits: u32) {
        self.multiply_add(1 << (bits % 32), 0);
        if !self.is_zero() {
            self.0.splice(0..0, std::iter::repeat_n(0, bits as usize / 32));
        }
    }

    pub fn plus(&self, other: &Big) -> Big {
        let mut carry = 0;
        let words = (0..self.0.len().max(other.0.len()) + 1).map(|at| {
            let word = |of: &Big| u64::from(of.0.get(at).copied().unwrap_or(0));
            carry += word(self) + word(other);
            let low = carry as u32;
            carry >>= 32;
            low
        });
        let mut sum = Big(words.collect());
        sum.trim();
        sum
    }

    /// `other` is not greater.
    pub fn subtract(&mut self, other: &Big) {
        let mut borrow = 0;
        for (at, word) in self.0.iter_mut().enumerate() {
            let take = u64::from(other.0.get(at).copied().unwrap_or(0)) + borrow;
            borrow = u64::from(u64::from(*word) < take);
            *word = word.wrapping_sub(take as u32);
        }
        self.trim();
    }

    pub fn compare(&self, other: &Big) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }

    fn trim(&mut self) {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }
}
