//! Ordered values in chunks that copies share.

use std::{cmp::Ordering, iter::FusedIterator, slice, sync::Arc};

/// The most values of a chunk.
const FULL: usize = 64;
/// The values of a chunk when many are put in at once, so that the first that follows finds room.
const FILLED: usize = FULL * 3 / 4;

/// Values in an order that whoever puts them in knows, in chunks of at most [`FULL`].
///
/// A clone costs nothing. A change of it copies one chunk and the list of chunks: of 10 000 values that is about 200 counters
/// of shared memory and not 10 000. And two of them, one of which was made of the other, are [compared](Self::changes) without a
/// look into the chunks that they share.
pub(super) struct Chunks<T> {
    /// None of them is empty.
    chunks: Arc<Vec<Arc<Vec<T>>>>,
    len: usize,
}

/// The place of a value: of its chunk, and in that chunk.
pub(super) type PlaceInChunks = (usize, usize);

impl<T> Clone for Chunks<T> {
    fn clone(&self) -> Self {
        Self {
            chunks: self.chunks.clone(),
            len: self.len,
        }
    }
}

impl<T> Default for Chunks<T> {
    fn default() -> Self {
        Self::of_ordered(Vec::new())
    }
}

impl<T> Chunks<T> {
    /// Values that are in order.
    pub(super) fn of_ordered(values: Vec<T>) -> Self {
        let len = values.len();
        let mut values = values.into_iter();
        let mut chunks = Vec::with_capacity(len.div_ceil(FILLED));
        while values.len() > 0 {
            chunks.push(Arc::new(values.by_ref().take(FILLED).collect()));
        }
        Self {
            chunks: Arc::new(chunks),
            len,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn iter(&self) -> ChunksIter<'_, T> {
        ChunksIter {
            chunks: self.chunks.iter(),
            front: [].iter(),
            back: [].iter(),
            left: self.len,
        }
    }

    /// The place of the first value that is not before what is looked for.
    pub(super) fn partition_point(&self, before: impl Fn(&T) -> bool) -> PlaceInChunks {
        let all_before = |chunk: &Arc<Vec<T>>| chunk.last().is_some_and(&before);
        let at = self.chunks.partition_point(all_before);
        let chunk = self.chunks.get(at);
        (at, chunk.map_or(0, |chunk| chunk.partition_point(before)))
    }

    pub(super) fn get(&self, (chunk, at): PlaceInChunks) -> Option<&T> {
        self.chunks.get(chunk)?.get(at)
    }

    /// The value at a place, or the first of the next chunk where the place is behind the end of one: then that is the place.
    pub(super) fn at_or_after(&self, place: &mut PlaceInChunks) -> Option<&T> {
        if self.chunks.get(place.0)?.len() <= place.1 {
            *place = (place.0 + 1, 0);
        }
        self.get(*place)
    }

    /// Goes through this and an earlier one, and yields where they differ. What both share costs nothing.
    pub(super) fn changes<'c>(&'c self, before: &'c Self) -> Cursors<'c, T> {
        let cursor = |chunks: &'c Self| Cursor {
            chunks: &chunks.chunks,
            at: 0,
        };
        Cursors {
            before: cursor(before),
            after: cursor(self),
        }
    }
}

impl<T: Clone> Chunks<T> {
    /// All values, to be changed without regard to what is shared: it is copied. Their order has to stay.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        let chunks = Arc::make_mut(&mut self.chunks).iter_mut();
        chunks.flat_map(|chunk| Arc::make_mut(chunk).iter_mut())
    }

    pub(super) fn get_mut(&mut self, (chunk, at): PlaceInChunks) -> Option<&mut T> {
        // Nothing is copied for a value that is not there.
        self.get((chunk, at))?;
        let chunk = Arc::make_mut(&mut self.chunks).get_mut(chunk)?;
        Arc::make_mut(chunk).get_mut(at)
    }

    /// Puts a value at a place, which those from there on leave to it.
    pub(super) fn insert(&mut self, (chunk, at): PlaceInChunks, value: T) {
        let chunks = Arc::make_mut(&mut self.chunks);
        self.len += 1;
        // Behind the last chunk is behind the last value.
        let (chunk, at) = match chunks.last() {
            Some(last) if chunk >= chunks.len() => (chunks.len() - 1, last.len()),
            _ => (chunk, at),
        };
        let Some(into) = chunks.get_mut(chunk) else {
            return chunks.push(Arc::new(vec![value]));
        };
        let into = Arc::make_mut(into);
        into.insert(at.min(into.len()), value);
        if into.len() > FULL {
            let rest = into.split_off(into.len() / 2);
            chunks.insert(chunk + 1, Arc::new(rest));
        }
    }

    /// Takes out the value at a place.
    pub(super) fn remove(&mut self, (chunk, at): PlaceInChunks) -> Option<T> {
        self.get((chunk, at))?;
        let chunks = Arc::make_mut(&mut self.chunks);
        let from = Arc::make_mut(chunks.get_mut(chunk)?);
        let removed = from.remove(at);
        let left = from.len();
        self.len -= 1;
        if left == 0 {
            chunks.remove(chunk);
            return Some(removed);
        }
        // Of two neighbours that have become small one is made.
        let small = |at: usize| {
            chunks
                .get(at)
                .is_some_and(|other| left + other.len() <= FULL / 2)
        };
        let first = match chunk.checked_sub(1) {
            Some(before) if small(before) => Some(before),
            _ => Some(chunk).filter(|chunk| small(chunk + 1)),
        };
        if let Some(first) = first {
            let second = chunks.remove(first + 1);
            if let Some(first) = chunks.get_mut(first) {
                Arc::make_mut(first).extend(second.iter().cloned());
            }
        }
        Some(removed)
    }
}

impl<T: PartialEq> PartialEq for Chunks<T> {
    fn eq(&self, other: &Self) -> bool {
        let mut cursors = self.changes(other);
        self.len == other.len
            && cursors
                .next(|_, _| Ordering::Equal, |one, other| one == other)
                .is_none()
    }
}

/// Goes through [`Chunks`].
#[derive(Debug)]
pub(super) struct ChunksIter<'c, T> {
    chunks: slice::Iter<'c, Arc<Vec<T>>>,
    front: slice::Iter<'c, T>,
    back: slice::Iter<'c, T>,
    left: usize,
}

impl<T> Clone for ChunksIter<'_, T> {
    fn clone(&self) -> Self {
        Self {
            chunks: self.chunks.clone(),
            front: self.front.clone(),
            back: self.back.clone(),
            left: self.left,
        }
    }
}

impl<'c, T> Iterator for ChunksIter<'c, T> {
    type Item = &'c T;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.saturating_sub(1);
        loop {
            if let Some(value) = self.front.next() {
                return Some(value);
            }
            match self.chunks.next() {
                Some(chunk) => self.front = chunk.iter(),
                None => return self.back.next(),
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<T> DoubleEndedIterator for ChunksIter<'_, T> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.left = self.left.saturating_sub(1);
        loop {
            if let Some(value) = self.back.next_back() {
                return Some(value);
            }
            match self.chunks.next_back() {
                Some(chunk) => self.back = chunk.iter(),
                None => return self.front.next_back(),
            }
        }
    }
}

impl<T> ExactSizeIterator for ChunksIter<'_, T> {}

impl<T> FusedIterator for ChunksIter<'_, T> {}

/// A value that was there, one that is there now, or both where one is in the place of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Difference<'c, T> {
    pub(crate) before: Option<&'c T>,
    pub(crate) after: Option<&'c T>,
}

/// Two [`Chunks`], gone through side by side.
pub(super) struct Cursors<'c, T> {
    before: Cursor<'c, T>,
    after: Cursor<'c, T>,
}

struct Cursor<'c, T> {
    /// The chunk that it is in, and those that follow.
    chunks: &'c [Arc<Vec<T>>],
    at: usize,
}

impl<'c, T> Cursors<'c, T> {
    /// The next place where they differ: `order` is that of the values, and `same` tells whether two that are equal in it are
    /// the same.
    pub(super) fn next(
        &mut self,
        order: impl Fn(&T, &T) -> Ordering,
        same: impl Fn(&T, &T) -> bool,
    ) -> Option<Difference<'c, T>> {
        loop {
            while let ([before, befores @ ..], [after, afters @ ..]) =
                (self.before.chunks, self.after.chunks)
                && (self.before.at, self.after.at) == (0, 0)
                && Arc::ptr_eq(before, after)
            {
                (self.before.chunks, self.after.chunks) = (befores, afters);
            }
            let pair = (self.before.value(), self.after.value());
            let ordering = match pair {
                (None, None) => return None,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(before), Some(after)) => order(before, after),
            };
            let before = pair.0.filter(|_| ordering.is_le());
            let after = pair.1.filter(|_| ordering.is_ge());
            if before.is_some() {
                self.before.step();
            }
            if after.is_some() {
                self.after.step();
            }
            match (before, after) {
                (Some(before), Some(after)) if same(before, after) => {}
                _ => return Some(Difference { before, after }),
            }
        }
    }
}

impl<'c, T> Cursor<'c, T> {
    fn value(&self) -> Option<&'c T> {
        self.chunks.first()?.get(self.at)
    }

    fn step(&mut self) {
        self.at += 1;
        if let Some((chunk, others)) = self.chunks.split_first()
            && self.at >= chunk.len()
        {
            (self.chunks, self.at) = (others, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Numbers with a mark that tells two of the same number apart.
    type Marked = (u16, u8);

    fn put(chunks: &mut Chunks<Marked>, number: u16, mark: u8) {
        let at = chunks.partition_point(|value| value.0 < number);
        match chunks.get_mut(at) {
            Some(value) if value.0 == number => value.1 = mark,
            _ => chunks.insert(at, (number, mark)),
        }
    }

    fn take(chunks: &mut Chunks<Marked>, number: u16) {
        let at = chunks.partition_point(|value| value.0 < number);
        if chunks.get(at).is_some_and(|value| value.0 == number) {
            assert_eq!(chunks.remove(at).unwrap().0, number);
        }
    }

    fn differences(
        before: &Chunks<Marked>,
        after: &Chunks<Marked>,
    ) -> Vec<(Option<Marked>, Option<Marked>)> {
        let mut cursors = after.changes(before);
        let next = || {
            let order = |one: &Marked, other: &Marked| one.0.cmp(&other.0);
            let found = cursors.next(order, |one, other| one == other)?;
            Some((found.before.copied(), found.after.copied()))
        };
        std::iter::from_fn(next).collect()
    }

    proptest! {
        /// Whatever is put in and taken out, they are a sorted list; and a comparison with an earlier one finds what differs.
        #[test]
        fn chunks_are_a_sorted_list_and_know_what_has_changed(
            first in prop::collection::btree_map(0_u16..600, 0_u8..3, 0..400),
            steps in prop::collection::vec((0_u16..600, prop::option::of(0_u8..3)), 0..300),
        ) {
            let mut list = first.clone();
            let before = Chunks::of_ordered(first.clone().into_iter().collect());
            let mut after = before.clone();
            for (number, mark) in steps {
                match mark {
                    Some(mark) => {
                        put(&mut after, number, mark);
                        list.insert(number, mark);
                    }
                    None => {
                        take(&mut after, number);
                        list.remove(&number);
                    }
                }
            }
            let entries = |map: &std::collections::BTreeMap<u16, u8>| -> Vec<Marked> {
                map.iter().map(|(number, mark)| (*number, *mark)).collect()
            };
            let (first, list) = (entries(&first), entries(&list));
            prop_assert_eq!(before.iter().copied().collect::<Vec<_>>(), first.clone());
            prop_assert_eq!(after.iter().copied().collect::<Vec<_>>(), list.clone());
            prop_assert_eq!(after.iter().rev().count(), list.len());
            prop_assert_eq!((after.len(), after.iter().len()), (list.len(), list.len()));
            prop_assert!(after.chunks.iter().all(|chunk| !chunk.is_empty() && chunk.len() <= FULL));
            let mut expected = Vec::new();
            for number in 0..600 {
                let of = |list: &[Marked]| list.iter().copied().find(|value| value.0 == number);
                let pair = (of(&first), of(&list));
                if pair.0 != pair.1 {
                    expected.push(pair);
                }
            }
            prop_assert_eq!(differences(&before, &after), expected.clone());
            // Without shared chunks, too.
            let anew = Chunks::of_ordered(list);
            prop_assert_eq!(differences(&before, &anew), expected);
            prop_assert!(differences(&after, &anew).is_empty() && after == anew);
            prop_assert_eq!(before == after, first == anew.iter().copied().collect::<Vec<_>>());
        }
    }

    /// Of 10 000 values, one that is replaced copies its chunk, and a comparison looks at no other.
    #[test]
    fn a_change_copies_one_chunk_and_a_comparison_looks_at_no_other() {
        let before = Chunks::of_ordered((0..10_000).map(|number| (number, 0)).collect());
        let mut after = before.clone();
        put(&mut after, 5_000, 1);
        let shared = before.chunks.iter().zip(&*after.chunks);
        let copied = shared
            .filter(|(one, other)| !Arc::ptr_eq(one, other))
            .count();
        assert_eq!(copied, 1);
        let compared = std::cell::Cell::new(0);
        let mut cursors = after.changes(&before);
        let mut next = || {
            let order = |one: &Marked, other: &Marked| {
                compared.set(compared.get() + 1);
                one.0.cmp(&other.0)
            };
            cursors.next(order, |one, other| one == other)
        };
        assert!(next().is_some() && next().is_none());
        assert!(compared.get() <= FULL, "{}", compared.get());
    }

    /// Chunks that have become small are put together, so that their number stays in proportion to that of the values.
    #[test]
    fn there_are_no_more_chunks_than_the_values_need() {
        let mut chunks = Chunks::of_ordered((0..10_000).map(|number| (number, 0)).collect());
        for number in (0..10_000).filter(|number| number % 50 != 0) {
            take(&mut chunks, number);
        }
        assert_eq!(chunks.len(), 200);
        assert!(
            chunks.chunks.len() <= 4 * 200 / FULL + 4,
            "{}",
            chunks.chunks.len()
        );
    }
}
