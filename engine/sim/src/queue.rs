//! What is to happen: a queue ordered by (time, sequence), with entries that can be taken back or set aside.
//!
//! A binary heap orders small keys; the entries themselves lie in a slab, so that sifting moves 32 bytes and taking an
//! entry back (a timer that is set again) is a look at one place. The heap keeps a dead key until it surfaces or until
//! dead keys outnumber the living; the top is never dead, so that [`Queue::next_at`] is exact.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use base::Micros;

/// Where an entry is, and which: a place is used again, a sequence never.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Handle {
    place: u32,
    sequence: u64,
}

/// An entry that is due, or a look at one that waits.
#[derive(Clone, Debug)]
pub(crate) struct Due<T> {
    pub at: Micros,
    pub sequence: u64,
    pub item: T,
}

#[derive(Clone, Debug)]
pub(crate) struct Queue<T> {
    heap: BinaryHeap<Key>,
    slab: Vec<Option<Due<T>>>,
    free: Vec<u32>,
    sequence: u64,
    /// Entries in the slab that are not in the heap.
    held: usize,
}

impl Handle {
    pub fn sequence(self) -> u64 {
        self.sequence
    }
}

impl<T> Queue<T> {
    pub fn new() -> Queue<T> {
        Queue { heap: BinaryHeap::new(), slab: Vec::new(), free: Vec::new(), sequence: 0, held: 0 }
    }

    /// Entries that wait, held ones included.
    pub fn len(&self) -> usize {
        self.slab.len() - self.free.len()
    }

    /// The last sequence given out.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    pub fn push(&mut self, at: Micros, item: T) -> Handle {
        self.sequence += 1;
        let handle = self.store(Due { at, sequence: self.sequence, item });
        self.heap.push(Key::new(at, handle));
        handle
    }

    /// When the next entry is due.
    pub fn next_at(&self) -> Option<Micros> {
        self.heap.peek().map(|key| key.at())
    }

    /// Takes out the next entry, if it is due at or before `until`.
    pub fn pop(&mut self, until: Micros) -> Option<Due<T>> {
        if self.heap.peek()?.at() > until {
            return None;
        }
        let key = self.heap.pop()?;
        let due = self.vacate(key.place());
        self.drop_dead_top();
        due
    }

    /// Takes an entry back, in the heap or held. `None` if it is gone already.
    pub fn take(&mut self, handle: Handle) -> Option<T> {
        self.get(handle)?;
        let due = self.vacate(handle.place)?;
        self.drop_dead_top();
        self.drop_dead_if_many();
        Some(due.item)
    }

    /// Puts an entry that was popped back into the slab alone: it waits, without a time, until it is released.
    pub fn hold(&mut self, due: Due<T>) -> Handle {
        self.held += 1;
        self.store(due)
    }

    /// A held entry is in the heap again, under its own time and sequence: entries that waited together come in the
    /// order they would have come in, and before anything that was sent after them.
    pub fn release(&mut self, handle: Handle) {
        let Some(due) = self.get(handle) else { return };
        let key = Key::new(due.at, handle);
        self.held -= 1;
        self.heap.push(key);
    }

    /// Takes a held entry out.
    pub fn take_held(&mut self, handle: Handle) -> Option<T> {
        self.get(handle)?;
        self.held -= 1;
        self.vacate(handle.place).map(|due| due.item)
    }

    pub fn get(&self, handle: Handle) -> Option<&Due<T>> {
        self.slab.get(handle.place as usize)?.as_ref().filter(|due| due.sequence == handle.sequence)
    }

    /// Everything that waits, in no order that means anything.
    pub fn iter(&self) -> impl Iterator<Item = &Due<T>> {
        self.slab.iter().flatten()
    }

    /// The entries of which this is true. Looks at all of them.
    #[cold]
    pub fn find(&self, is: impl Fn(&Due<T>) -> bool) -> Vec<Handle> {
        let places = self.slab.iter().enumerate();
        places
            .filter_map(|(place, due)| due.as_ref().filter(|due| is(due)).map(|due| (place, due.sequence)))
            .map(|(place, sequence)| Handle { place: place as u32, sequence })
            .collect()
    }

    fn store(&mut self, due: Due<T>) -> Handle {
        let sequence = due.sequence;
        let place = match self.free.pop() {
            Some(place) => {
                self.slab[place as usize] = Some(due);
                place
            }
            None => {
                self.slab.push(Some(due));
                (self.slab.len() - 1) as u32
            }
        };
        Handle { place, sequence }
    }

    fn vacate(&mut self, place: u32) -> Option<Due<T>> {
        let due = self.slab[place as usize].take();
        if due.is_some() {
            self.free.push(place);
        }
        due
    }

    fn is_dead(slab: &[Option<Due<T>>], key: &Key) -> bool {
        slab[key.place() as usize].as_ref().is_none_or(|due| due.sequence != key.sequence())
    }

    fn drop_dead_top(&mut self) {
        while let Some(key) = self.heap.peek()
            && Self::is_dead(&self.slab, key)
        {
            self.heap.pop();
        }
    }

    /// A timer that is set again and again far in the future leaves a dead key each time; they must not pile up.
    fn drop_dead_if_many(&mut self) {
        let living = self.len() - self.held;
        if self.heap.len() > 2 * living + 64 {
            let slab = &self.slab;
            self.heap.retain(|key| !Self::is_dead(slab, key));
        }
    }
}

/// Time, sequence and place in one number of 16 bytes: tens of thousands of keys are sifted at a thousand brokers, and four
/// of them share a line of the processor's cache. Reversed because std's heap gives the greatest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key(u128);

/// 142 years of microseconds. What is set for later than that stays behind all else.
const TIME_BITS: u32 = 52;
/// Seventeen million million entries.
const SEQUENCE_BITS: u32 = 44;
const PLACE_BITS: u32 = 32;

impl Key {
    fn new(at: Micros, handle: Handle) -> Key {
        let at = at.0.min((1 << TIME_BITS) - 1);
        let order = u128::from(at) << SEQUENCE_BITS | u128::from(handle.sequence);
        Key(order << PLACE_BITS | u128::from(handle.place))
    }

    fn at(self) -> Micros {
        Micros((self.0 >> (SEQUENCE_BITS + PLACE_BITS)) as u64)
    }

    fn sequence(self) -> u64 {
        (self.0 >> PLACE_BITS) as u64 & ((1 << SEQUENCE_BITS) - 1)
    }

    fn place(self) -> u32 {
        self.0 as u32
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Key) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Key) -> Ordering {
        other.0.cmp(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Rng;

    fn drain(queue: &mut Queue<u64>) -> Vec<(u64, u64)> {
        std::iter::from_fn(|| queue.pop(Micros::MAX)).map(|due| (due.at.0, due.item)).collect()
    }

    #[test]
    fn order_is_by_time_then_by_sequence() {
        let mut queue = Queue::new();
        for (at, item) in [(5, 1), (3, 2), (5, 3), (3, 4), (0, 5)] {
            queue.push(Micros(at), item);
        }
        assert_eq!(queue.next_at(), Some(Micros(0)));
        assert!(queue.pop(Micros(0)).is_some());
        assert!(queue.pop(Micros(2)).is_none(), "nothing is due yet");
        assert_eq!(drain(&mut queue), [(3, 2), (3, 4), (5, 1), (5, 3)]);
    }

    #[test]
    fn an_entry_taken_back_never_comes_and_never_shows_as_next() {
        let mut queue = Queue::new();
        let first = queue.push(Micros(1), 1);
        queue.push(Micros(2), 2);
        assert_eq!(queue.take(first), Some(1));
        assert_eq!(queue.take(first), None);
        assert_eq!(queue.next_at(), Some(Micros(2)));
        let again = queue.push(Micros(1), 3);
        assert_ne!(again, first, "the place is the same, the entry is not");
        assert_eq!(drain(&mut queue), [(1, 3), (2, 2)]);
    }

    #[test]
    fn released_entries_come_before_those_sent_later() {
        let mut queue = Queue::new();
        queue.push(Micros(1), 1);
        let due = queue.pop(Micros(1)).unwrap();
        let handle = queue.hold(due);
        queue.push(Micros(3), 2);
        queue.push(Micros(1), 3);
        assert_eq!((queue.len(), queue.next_at()), (3, Some(Micros(1))));
        queue.release(handle);
        assert_eq!(drain(&mut queue), [(1, 1), (1, 3), (3, 2)]);
    }

    #[test]
    fn dead_keys_do_not_pile_up() {
        let mut queue = Queue::new();
        let mut timer = queue.push(Micros(1_000), 0);
        for i in 1..100_000 {
            queue.take(timer);
            timer = queue.push(Micros(1_000 + i), i);
        }
        assert_eq!(queue.len(), 1);
        assert!(queue.heap.len() < 100 && queue.slab.len() < 3, "{} {}", queue.heap.len(), queue.slab.len());
    }

    #[test]
    fn it_agrees_with_a_sorted_list_under_random_use() {
        let mut rng = Rng::new(1, 0, "queue");
        let (mut queue, mut list) = (Queue::new(), Vec::new());
        let mut held: Vec<(Handle, (u64, u64, u64))> = Vec::new();
        for item in 0..20_000u64 {
            match rng.below(10) {
                0..5 => {
                    let at = rng.below(1_000);
                    let handle = queue.push(Micros(at), item);
                    list.push((at, queue.sequence(), item, handle));
                }
                5..7 => {
                    base::ordered::sort_by_key(&mut list, |entry| (entry.0, entry.1));
                    assert_eq!(queue.next_at(), list.first().map(|entry| Micros(entry.0)));
                    let due = queue.pop(Micros::MAX);
                    assert_eq!(due.as_ref().map(|due| due.item), list.first().map(|entry| entry.2));
                    if let Some(due) = due {
                        let (at, sequence, item, _) = list.remove(0);
                        if rng.below(2) == 0 {
                            held.push((queue.hold(due), (at, sequence, item)));
                        }
                    }
                }
                7..9 if !list.is_empty() => {
                    let (_, _, item, handle) = list.swap_remove(rng.below(list.len() as u64) as usize);
                    assert_eq!(queue.take(handle), Some(item));
                }
                _ => {
                    for (handle, (at, sequence, item)) in held.drain(..) {
                        queue.release(handle);
                        list.push((at, sequence, item, handle));
                    }
                }
            }
            assert_eq!(queue.len(), list.len() + held.len());
        }
    }
}
