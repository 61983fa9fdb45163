//! A list that only grows, whose beginning many branches of history share.

use std::ops::Range;
use std::sync::Arc;

/// Items in a chunk. A fork copies one pointer per chunk and no item.
const CHUNK_ITEMS: usize = 1_024;

/// Items by their ordinal from 0. The oldest may have been forgotten (`forget_before`); ordinals stay what they were.
#[derive(Clone, Debug)]
pub(crate) struct List<T> {
    segments: Vec<Segment<T>>,
    len: u64,
}

/// The first `len` items of a chunk; the chunk may hold more, which belong to another branch.
#[derive(Debug)]
struct Segment<T> {
    start: u64,
    len: usize,
    chunk: Arc<Vec<T>>,
}

impl<T> Clone for Segment<T> {
    fn clone(&self) -> Segment<T> {
        Segment { start: self.start, len: self.len, chunk: Arc::clone(&self.chunk) }
    }
}

impl<T> List<T> {
    pub fn new() -> List<T> {
        List { segments: Vec::new(), len: 0 }
    }

    /// Items ever appended: the ordinal of the next one.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// The ordinal of the oldest item that is still known.
    pub fn start(&self) -> u64 {
        self.segments.first().map_or(self.len, |segment| segment.start)
    }

    pub fn get(&self, ordinal: u64) -> Option<&T> {
        let at = self.segments.partition_point(|segment| segment.start <= ordinal).checked_sub(1)?;
        let segment = &self.segments[at];
        segment.items().get((ordinal - segment.start) as usize)
    }

    pub fn push(&mut self, item: T) {
        // A chunk that another branch shares, or whose tail is another branch's, is left as it is.
        let place = self.segments.last_mut().and_then(|segment| {
            let is_open = segment.len == segment.chunk.len() && segment.len < CHUNK_ITEMS;
            let chunk = Arc::get_mut(&mut segment.chunk).filter(|_| is_open)?;
            segment.len += 1;
            Some(chunk)
        });
        match place {
            Some(chunk) => chunk.push(item),
            None => self.segments.push(Segment { start: self.len, len: 1, chunk: Arc::new(vec![item]) }),
        }
        self.len += 1;
    }

    /// The known items among `range`, with their ordinals.
    pub fn range(&self, range: Range<u64>) -> impl Iterator<Item = (u64, &T)> {
        let first = self.segments.partition_point(|segment| segment.end() <= range.start);
        self.segments[first..].iter().take_while(move |segment| segment.start < range.end).flat_map(move |segment| {
            let from = range.start.max(segment.start) - segment.start;
            let to = range.end.min(segment.end()) - segment.start;
            let items = &segment.items()[from as usize..to as usize];
            items.iter().enumerate().map(move |(i, item)| (segment.start + from + i as u64, item))
        })
    }

    /// The first ordinal whose item is not `before`, for a property that never becomes true again.
    pub fn partition_point(&self, before: impl Fn(&T) -> bool) -> u64 {
        let at = self.segments.partition_point(|segment| segment.items().last().is_some_and(&before));
        match self.segments.get(at) {
            Some(segment) => segment.start + segment.items().partition_point(before) as u64,
            None => self.len,
        }
    }

    /// The first `len` items, shared with this list.
    pub fn prefix(&self, len: u64) -> List<T> {
        let kept = self.segments.partition_point(|segment| segment.start < len);
        let mut segments = self.segments[..kept].to_vec();
        if let Some(last) = segments.last_mut() {
            last.len = last.len.min((len - last.start) as usize);
        }
        List { segments, len: len.min(self.len) }
    }

    /// Forgets whole chunks until at most `max` items are known.
    pub fn keep_at_most(&mut self, max: u64) {
        let too_old = self.segments.partition_point(|segment| self.len - segment.start > max);
        self.segments.drain(..too_old);
    }
}

impl<T> Segment<T> {
    fn end(&self) -> u64 {
        self.start + self.len as u64
    }

    fn items(&self) -> &[T] {
        &self.chunk[..self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(n: u64) -> List<u64> {
        let mut list = List::new();
        (0..n).for_each(|i| list.push(i));
        list
    }

    fn items(list: &List<u64>) -> Vec<u64> {
        list.range(0..u64::MAX).map(|(_, item)| *item).collect()
    }

    #[test]
    fn items_are_found_by_ordinal_by_range_and_by_property() {
        let list = counted(5_000);
        assert_eq!((list.get(0), list.get(4_999), list.get(5_000)), (Some(&0), Some(&4_999), None));
        let range: Vec<_> = list.range(1_000..1_030).collect();
        assert_eq!((range.len(), range[0], range[29]), (30, (1_000, &1_000), (1_029, &1_029)));
        assert_eq!(list.range(7_000..8_000).count(), 0);
        for n in [0, 1, 1_023, 1_024, 1_025, 4_999, 5_000, 9_000] {
            assert_eq!(list.partition_point(|item| *item < n), n.min(5_000));
        }
    }

    #[test]
    fn branches_share_their_beginning_and_nothing_after_it() {
        let mut trunk = counted(3_000);
        let mut branch = trunk.prefix(1_500);
        branch.push(7);
        trunk.push(3_000);
        let mut second = branch.prefix(1_500);
        second.push(8);
        assert_eq!(items(&trunk), (0..=3_000).collect::<Vec<_>>());
        assert_eq!(items(&branch), (0..1_500).chain([7]).collect::<Vec<_>>());
        assert_eq!(items(&second), (0..1_500).chain([8]).collect::<Vec<_>>());
        assert!(Arc::ptr_eq(&trunk.segments[0].chunk, &second.segments[0].chunk));
    }

    #[test]
    fn a_prefix_of_everything_or_of_nothing() {
        let list = counted(2_000);
        assert_eq!((list.prefix(9_999).len(), list.prefix(0).len()), (2_000, 0));
        let mut empty = list.prefix(0);
        empty.push(5);
        assert_eq!(items(&empty), [5]);
    }

    #[test]
    fn forgetting_keeps_ordinals() {
        let mut list = counted(5_000);
        list.keep_at_most(2_000);
        assert!(list.start() > 2_900 && list.start() <= 3_100);
        assert_eq!(list.get(4_000), Some(&4_000));
        assert_eq!(list.get(100), None);
        assert_eq!(list.range(0..u64::MAX).next().map(|(i, item)| (i, *item)), Some((list.start(), list.start())));
        list.push(5_000);
        assert_eq!((list.len(), list.get(5_000)), (5_001, Some(&5_000)));
    }
}
