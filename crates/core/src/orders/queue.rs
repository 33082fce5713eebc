//! A queue in chunks: it grows without moving what it holds.
//!
//! What is remembered of finished orders fills tens of megabytes. A growing ring would copy all of
//! it at once now and then, while commands wait.

use std::collections::VecDeque;

use crate::prefetch::prefetch_item;

/// Items of a chunk.
const CHUNK: usize = 1024;
/// How many items before it is written the memory of one is asked for.
const AHEAD: u32 = 4;

#[derive(Debug)]
pub(super) struct Queue<T> {
    /// All full but the last one; a chunk is never empty.
    chunks: VecDeque<Vec<T>>,
    /// Items of the first chunk that have been taken out.
    taken: usize,
    len: usize,
    /// A chunk that became free, for the next one that is needed.
    spare: Vec<T>,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self {
            chunks: VecDeque::new(),
            taken: 0,
            len: 0,
            spare: Vec::new(),
        }
    }
}

impl<T> Queue<T> {
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(super) fn push(&mut self, item: T) {
        if self.chunks.back().is_none_or(|last| last.len() == CHUNK) {
            self.add_chunk();
        }
        if let Some(last) = self.chunks.back_mut() {
            last.push(item);
            prefetch_item(last.spare_capacity_mut(), AHEAD);
        }
        self.len += 1;
    }

    #[cold]
    fn add_chunk(&mut self) {
        let mut chunk = std::mem::take(&mut self.spare);
        chunk.reserve_exact(CHUNK);
        self.chunks.push_back(chunk);
    }

    /// Takes out the first item, if there is one.
    #[inline]
    pub(super) fn pop(&mut self) {
        if self.len == 0 {
            return;
        }
        self.len -= 1;
        self.taken += 1;
        if self.taken == CHUNK || self.len == 0 {
            self.drop_chunk();
        }
    }

    #[cold]
    fn drop_chunk(&mut self) {
        if let Some(mut chunk) = self.chunks.pop_front() {
            chunk.clear();
            self.spare = chunk;
        }
        self.taken = 0;
    }

    #[inline]
    pub(super) fn get(&self, place: usize) -> Option<&T> {
        let place = self.taken.checked_add(place)?;
        self.chunks.get(place / CHUNK)?.get(place % CHUNK)
    }

    #[inline]
    pub(super) fn first(&self) -> Option<&T> {
        self.get(0)
    }

    /// Begins to load the item at a place, which may not exist.
    #[inline]
    pub(super) fn prefetch(&self, place: usize) {
        let place = self.taken + place;
        if let Some(chunk) = self.chunks.get(place / CHUNK) {
            prefetch_item(chunk, (place % CHUNK) as u32);
        }
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &T> + '_ {
        (0..self.len).map(|place| self.get(place).expect("a place below the length"))
    }

    /// Heap bytes held.
    pub(super) fn memory_bytes(&self) -> usize {
        let items = self.chunks.iter().chain([&self.spare]).map(Vec::capacity);
        items.sum::<usize>() * size_of::<T>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Criterion: CORE-ORD-25. First in, first out, over the ends of chunks and back to empty.
    #[test]
    fn a_queue_keeps_its_order_over_chunks() {
        let mut queue = Queue::default();
        let (mut first, mut next) = (0, 0);
        for (pushed, popped) in [
            (CHUNK, 1),
            (1, 0),
            (2 * CHUNK, CHUNK),
            (5, 3 * CHUNK),
            (3, 1),
        ] {
            for _ in 0..pushed {
                queue.push(next);
                next += 1;
            }
            for _ in 0..popped {
                assert_eq!(queue.first().copied(), (first < next).then_some(first));
                queue.pop();
                first = (first + 1).min(next);
            }
            assert_eq!(queue.len(), next - first);
            assert_eq!(
                queue.iter().copied().collect::<Vec<_>>(),
                (first..next).collect::<Vec<_>>()
            );
            assert_eq!(queue.get(queue.len()), None);
        }
    }
}
