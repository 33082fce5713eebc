//! Mappings that begin and end at multiples of a huge page.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr::null_mut;

/// A huge page of x86-64, and of most others.
const HUGE: usize = 2 << 20;

/// The system's allocator, but for allocations of a huge page and more.
pub struct HugePages;

fn is_large(layout: &Layout) -> bool {
    layout.size() >= HUGE && layout.align() <= HUGE
}

/// Bytes of the mapping that holds so many; None if there are no so large ones.
fn rounded(size: usize) -> Option<usize> {
    size.checked_next_multiple_of(HUGE)
}

/// A new mapping of `len` zero bytes, a multiple of HUGE, at a multiple of HUGE; null on failure.
fn map(len: usize) -> *mut u8 {
    let Some(total) = len.checked_add(HUGE) else {
        return null_mut();
    };
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: a new anonymous mapping at a place that the kernel chooses touches nothing else.
    let start = unsafe { libc::mmap(null_mut(), total, protection, flags, -1, 0) };
    if start == libc::MAP_FAILED {
        return null_mut();
    }
    let start = start.cast::<u8>();
    let before = start.align_offset(HUGE);
    let aligned = start.wrapping_add(before);
    // SAFETY: both ranges lie in the mapping just made, of which only `len` bytes from `aligned` on
    // are kept; `before` is at most HUGE, and multiples of the page size are cut off.
    unsafe {
        unmap(start, before);
        unmap(aligned.wrapping_add(len), HUGE - before);
        // What the kernel cannot do it leaves: the pages are then small ones.
        libc::madvise(aligned.cast(), len, libc::MADV_HUGEPAGE);
    }
    aligned
}

/// # Safety
///
/// The range is mapped, belongs to the caller and is not used any more.
unsafe fn unmap(start: *mut u8, len: usize) {
    if len > 0 {
        // SAFETY: the caller's.
        unsafe { libc::munmap(start.cast(), len) };
    }
}

/// Moves a mapping into a larger one, by its pages where the kernel does that and by a copy where
/// not; null when there is no room, with the old one as it was.
///
/// # Safety
///
/// `old` is what `map(old_len)` or `grow` to `old_len` gave, and `len` is larger.
unsafe fn grow(old: *mut u8, old_len: usize, len: usize) -> *mut u8 {
    let new = map(len);
    if new.is_null() {
        return new;
    }
    let flags = libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED;
    // Moved to its new length the block stays one area of the kernel's; moved to its old length
    // it would be two, and before Linux 6.17 no move takes several.
    // SAFETY: the old mapping is the caller's; what it replaces is the new one, which nobody uses
    // yet. The kernel does both under one lock, so nothing of another thread's can come between.
    let moved = unsafe { libc::mremap(old.cast(), old_len, len, flags, new) };
    if moved != libc::MAP_FAILED {
        return new;
    }
    // The old mapping is as it was, but the new one may be gone: kernels unmap the target before
    // they look at the source. Another thread may have mapped the place since, so it is left
    // alone; at worst a range of addresses without memory is lost.
    // SAFETY: the caller's.
    unsafe { copied(old, old_len, len) }
}

/// Copies a mapping into a larger one; null on failure, with the old one as it was.
///
/// # Safety
///
/// As of `grow`.
unsafe fn copied(old: *mut u8, old_len: usize, len: usize) -> *mut u8 {
    let new = map(len);
    if !new.is_null() {
        // SAFETY: both are mapped at least so far, they are different mappings, and the caller
        // uses the old one no more.
        unsafe {
            std::ptr::copy_nonoverlapping(old, new, old_len);
            unmap(old, old_len);
        }
    }
    new
}

// SAFETY: a large layout is served by mappings alone and any other by the system alone, by the same
// test in each method, so a block always returns to where it came from. Mappings are at least as
// long as asked for, aligned to HUGE and disjoint.
unsafe impl GlobalAlloc for HugePages {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if !is_large(&layout) {
            // SAFETY: the caller's.
            return unsafe { System.alloc(layout) };
        }
        rounded(layout.size()).map_or(null_mut(), map)
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if !is_large(&layout) {
            // SAFETY: the caller's.
            return unsafe { System.alloc_zeroed(layout) };
        }
        rounded(layout.size()).map_or(null_mut(), map)
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if !is_large(&layout) {
            // SAFETY: the caller's.
            return unsafe { System.dealloc(block, layout) };
        }
        if let Some(len) = rounded(layout.size()) {
            // SAFETY: the block is a mapping of this length that its owner gives back.
            unsafe { unmap(block, len) };
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller says that `size` does not overflow when rounded up to the alignment.
        let new = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        match (is_large(&layout), is_large(&new)) {
            // SAFETY: the caller's.
            (false, false) => unsafe { System.realloc(block, layout, size) },
            (true, true) => match (rounded(layout.size()), rounded(size)) {
                (Some(old_len), Some(len)) if len > old_len => {
                    // SAFETY: a large block is a mapping of its rounded length.
                    unsafe { grow(block, old_len, len) }
                }
                (Some(old_len), Some(len)) => {
                    // SAFETY: what lies behind the new length is not used any more.
                    unsafe { unmap(block.wrapping_add(len), old_len - len) };
                    block
                }
                _ => null_mut(),
            },
            // SAFETY: the two layouts are valid, and the blocks are different ones.
            _ => unsafe {
                let moved = self.alloc(new);
                if !moved.is_null() {
                    let kept = layout.size().min(size);
                    std::ptr::copy_nonoverlapping(block, moved, kept);
                    self.dealloc(block, layout);
                }
                moved
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(len: usize) -> Vec<u8> {
        (0..len).map(|place| (place % 251) as u8).collect()
    }

    /// Criterion: CORE-MEM-1. A vector that grows and shrinks over the bounds of one, three and
    /// eight huge pages keeps its content, and stands on a huge page's bound while it is large.
    #[test]
    fn a_vector_keeps_its_content_over_every_bound() {
        let content = filled(8 * HUGE + 1);
        let mut vector = content[..HUGE - 1].to_vec();
        for len in [
            HUGE,
            HUGE + 1,
            3 * HUGE,
            8 * HUGE + 1,
            3 * HUGE - 1,
            HUGE,
            HUGE - 1,
            5,
        ] {
            if len > vector.len() {
                vector.reserve_exact(len - vector.len());
                vector.extend_from_slice(&content[vector.len()..len]);
            } else {
                vector.truncate(len);
                vector.shrink_to_fit();
            }
            assert!(vector == content[..len], "content at {len}");
            if vector.capacity() >= HUGE {
                assert_eq!(vector.as_ptr().align_offset(HUGE), 0, "place at {len}");
            }
        }
    }

    /// Criterion: CORE-MEM-1. A mapping that was used and given back comes again as zeros.
    #[test]
    fn new_memory_is_zero_where_zeros_are_asked_for() {
        for _ in 0..3 {
            let mut zeros = vec![0u8; 2 * HUGE + 7];
            assert!(zeros.iter().all(|byte| *byte == 0));
            zeros.fill(0xff);
        }
    }

    /// Criterion: CORE-MEM-1. What no address space holds is refused and harms nothing.
    #[test]
    fn too_much_is_refused() {
        let mut vector = filled(HUGE);
        assert!(vector.try_reserve_exact(1 << 60).is_err());
        assert!(vector == filled(HUGE));
    }

    /// Areas of the kernel's that a vector's memory lies in.
    fn areas(vector: &Vec<u8>) -> usize {
        let begin = vector.as_ptr() as usize;
        let end = begin + vector.capacity();
        let number = |text: &str| usize::from_str_radix(text, 16).expect("a hexadecimal number");
        let maps = std::fs::read_to_string("/proc/self/maps").expect("the list of areas");
        maps.lines()
            .filter_map(|line| line.split_once(' ')?.0.split_once('-'))
            .filter(|(from, to)| number(from) < end && number(to) > begin)
            .count()
    }

    /// Criterion: CORE-MEM-2. Before Linux 6.17 what lies in two areas could not grow again.
    #[test]
    fn a_block_stays_one_area_however_often_it_grows() {
        let mut vector = filled(HUGE);
        for pages in 2..12 {
            vector.reserve_exact(pages * HUGE - vector.len());
            vector.resize(pages * HUGE, 7);
            assert_eq!(areas(&vector), 1, "areas at {pages} huge pages");
        }
        assert!(vector[..HUGE] == filled(HUGE));
    }

    /// Criterion: CORE-MEM-2. No kernel moves two areas and grows them at once: they are copied.
    #[test]
    fn what_the_kernel_does_not_move_is_copied() {
        let content = filled(4 * HUGE);
        let mut vector = content.clone();
        let half = vector.as_mut_ptr().wrapping_add(2 * HUGE);
        // SAFETY: advice on memory of the vector's own changes none of its content.
        let advised = unsafe { libc::madvise(half.cast(), HUGE, libc::MADV_NOHUGEPAGE) };
        if advised != 0 {
            return; // A kernel without huge pages has no such advice.
        }
        assert!(areas(&vector) > 1);
        vector.reserve_exact(4 * HUGE);
        assert!(vector == content);
        assert_eq!(areas(&vector), 1);
    }
}
