//! One pair of letter and shape per record key, so that a key is recognised on every broker without reading.

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shape {
    Circle,
    Square,
    Diamond,
    Triangle,
}

/// The triangle leaves the least room for a letter, so it is the last resort.
const SHAPES: [Shape; 4] = [Shape::Circle, Shape::Square, Shape::Diamond, Shape::Triangle];
const ROOMY: usize = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Glyph {
    pub letter: char,
    pub shape: Shape,
}

/// The pairs given out so far. A key keeps its pair for the whole session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Glyphs(super::Ordered<String, Glyph>);

impl Glyphs {
    pub fn get(&self, key: &str) -> Option<Glyph> {
        self.0.get(key).copied()
    }

    /// Gives a key its pair: its first letter, in the first roomy shape (from a place the key's bytes decide) that no
    /// other key with this letter has, or else in the triangle; then its other letters; a crowded alphabet repeats a pair.
    pub fn learn(&mut self, key: &str) -> Glyph {
        let start = key.bytes().fold(7_usize, |sum, byte| (sum * 31 + usize::from(byte)) % 1_000_003);
        let letters =
            key.chars().filter(|c| c.is_ascii_alphanumeric() || !c.is_ascii()).map(|c| c.to_ascii_uppercase());
        let mut wanted = letters.flat_map(|letter| {
            let roomy = (0..ROOMY).map(move |step| SHAPES[(start + step) % ROOMY]);
            roomy.chain(SHAPES[ROOMY..].iter().copied()).map(move |shape| Glyph { letter, shape })
        });
        let first = wanted.clone().next().unwrap_or(Glyph { letter: '?', shape: Shape::Circle });
        let glyph = wanted.find(|glyph| !self.0.values().any(|taken| taken == glyph)).unwrap_or(first);
        self.0.insert(key.to_owned(), glyph);
        glyph
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_keys_with_one_letter_differ_in_shape() {
        let mut glyphs = Glyphs::default();
        let gadget = glyphs.learn("gadget");
        let gizmo = glyphs.learn("gizmo");
        assert_eq!(gadget.letter, gizmo.letter);
        assert_ne!(gadget.shape, gizmo.shape);
    }

    #[test]
    fn a_key_without_letters_still_has_a_pair() {
        assert_eq!(Glyphs::default().learn("--").letter, '?');
    }
}
