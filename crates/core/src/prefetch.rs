//! Asking the processor to load memory before it is used.
//!
//! A load that misses all caches costs as much as hundreds of instructions, but a processor has a
//! dozen or more under way at once if somebody asks for them in time. Nothing here reads memory or
//! has any effect but on speed; where there is no such instruction, nothing is done.

const LINE: usize = 64;

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn hint(address: *const i8) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: a prefetch accesses nothing as far as the program can tell, and no address makes it
    // fault.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(address) }
}

#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn hint(_address: *const i8) {}

/// Begins to load an item of a table; where there is no such item, another one. That costs nothing
/// but a line of the cache, and a branch could be guessed wrong.
#[inline(always)]
pub(crate) fn prefetch_item<T>(items: &[T], place: u32) {
    let place = (place as usize).min(items.len().wrapping_sub(1));
    let start = items.as_ptr().wrapping_add(place).cast::<i8>();
    for offset in (0..size_of::<T>()).step_by(LINE) {
        hint(start.wrapping_add(offset));
    }
    if align_of::<T>() < LINE && size_of::<T>() > LINE / 2 {
        hint(start.wrapping_add(size_of::<T>() - 1));
    }
}
