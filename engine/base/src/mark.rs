//! Coverage marks: a rare branch says `mark!("isr-expand-early")`, and exactly one test asserts that it was reached.
//!
//! Outside of tests a mark costs nothing: without the feature `marks` the call is empty and inlined away, so the engine keeps
//! no global state.

/// Notes that this branch ran (only with the feature `marks` of `base`).
#[macro_export]
macro_rules! mark {
    ($name:literal) => {
        $crate::mark::hit($name)
    };
}

#[cfg(feature = "marks")]
mod counters {
    use std::cell::RefCell;
    use std::collections::BTreeMap;

    std::thread_local! {
        static HITS: RefCell<BTreeMap<&'static str, u64>> = const { RefCell::new(BTreeMap::new()) };
    }

    pub fn hit(name: &'static str) {
        HITS.with(|hits| *hits.borrow_mut().entry(name).or_insert(0) += 1);
    }

    /// How often each mark was reached on this thread since the last call.
    pub fn take() -> BTreeMap<&'static str, u64> {
        HITS.with(|hits| std::mem::take(&mut *hits.borrow_mut()))
    }
}

#[cfg(feature = "marks")]
pub use counters::{hit, take};

#[cfg(not(feature = "marks"))]
#[inline(always)]
pub fn hit(_name: &'static str) {}
