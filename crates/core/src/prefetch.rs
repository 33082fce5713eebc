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

/// Begins to load a value.
#[inline(always)]
pub(crate) fn prefetch<T>(value: &T) {
    let start = std::ptr::from_ref(value).cast::<i8>();
    for offset in (0..size_of::<T>()).step_by(LINE) {
        hint(start.wrapping_add(offset));
    }
    if align_of::<T>() < LINE && size_of::<T>() > 1 {
        hint(start.wrapping_add(size_of::<T>() - 1));
    }
}

/// Begins to load an item of a table, if there is one.
#[inline(always)]
pub(crate) fn prefetch_item<T>(items: &[T], place: u32) {
    if let Some(item) = items.get(place as usize) {
        prefetch(item);
    }
}
