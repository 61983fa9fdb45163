//! Tagged fields of a newer Kafka, which every struct of a flexible version may carry (KIP-482).

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

use bytes::Bytes;

/// Tags and their bytes, in ascending order of tags. Nearly always there are none, and every struct of every message has
/// them: so it is one empty pointer, and what it takes to copy, digest and free them stands once in the program instead
/// of in every struct.
#[derive(Default)]
#[allow(clippy::box_collection, reason = "one word in every struct, where a vector is three")]
pub struct UnknownTags(Option<Box<Vec<(u32, Bytes)>>>);

impl UnknownTags {
    pub const NONE: UnknownTags = UnknownTags(None);

    pub fn push(&mut self, tag: u32, data: Bytes) {
        self.0.get_or_insert_default().push((tag, data));
    }
}

impl Deref for UnknownTags {
    type Target = [(u32, Bytes)];

    #[inline(never)]
    fn deref(&self) -> &[(u32, Bytes)] {
        self.0.as_deref().map_or(&[], Vec::as_slice)
    }
}

impl From<Vec<(u32, Bytes)>> for UnknownTags {
    fn from(tags: Vec<(u32, Bytes)>) -> UnknownTags {
        UnknownTags((!tags.is_empty()).then(|| Box::new(tags)))
    }
}

impl Clone for UnknownTags {
    #[inline(never)]
    fn clone(&self) -> UnknownTags {
        UnknownTags(self.0.clone())
    }
}

impl Hash for UnknownTags {
    #[inline(never)]
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl PartialEq for UnknownTags {
    fn eq(&self, other: &UnknownTags) -> bool {
        **self == **other
    }
}

impl Eq for UnknownTags {}

impl fmt::Debug for UnknownTags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
