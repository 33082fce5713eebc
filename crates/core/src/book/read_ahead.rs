//! Reads what a batch of commands will touch from memory side by side.
//!
//! In a large book a cancel waits for memory for its order and then for its level and the
//! neighbours; a new order waits for its level and then for the last order there; and each
//! command waits for the one before. Here the loads of a loop do not depend on each other
//! and no branch depends on them, so that the processor has a dozen or more under way; only
//! the next loop needs what the last one found.

use std::hint::black_box;

use super::levels::{Levels, NONE};
use super::orders::Orders;
use super::{Handle, Side};

/// Loads of one loop: more than a processor can have under way.
const GROUP: usize = 64;

/// Reads the lines that removing and reducing these orders will touch.
pub(super) fn orders(orders: &Orders, levels: &Levels, handles: &[Handle]) {
    for group in handles.chunks(GROUP) {
        let mut around = [[NONE; 3]; GROUP];
        for (found, &handle) in around.iter_mut().zip(group) {
            *found = orders.around(handle);
        }
        let mut seen = 0;
        for &[level, before, behind] in &around[..group.len()] {
            seen ^= levels.last_block(level) ^ orders.touch(before) ^ orders.touch(behind);
        }
        black_box(seen);
    }
}

/// Reads the lines that inserting at these prices will touch. Most levels are guessed; the index is
/// searched for the others.
pub(super) fn prices(orders: &Orders, levels: &Levels, prices: &[(Side, u64)]) {
    for group in prices.chunks(GROUP) {
        let mut slots = [NONE; GROUP];
        for (slot, &(side, price)) in slots.iter_mut().zip(group) {
            *slot = levels.hint(side, price);
        }
        for (slot, &(side, price)) in slots.iter_mut().zip(group) {
            let guess = *slot;
            *slot = levels.last_block_at(guess, side, price);
        }
        black_box(
            slots
                .iter()
                .fold(0, |seen, &block| seen ^ orders.touch(block)),
        );
    }
}
