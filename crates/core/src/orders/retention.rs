//! How long finished orders and fills are remembered.
//!
//! By count: as soon as there are more than FINISHED_MAX of either, the oldest is dropped. By time:
//! whenever time advances, what is older than FINISHED_MS is dropped. Pending orders never are.
//!
//! Both are written one behind the other and dropped from the front, and each names its owner's one
//! before it by position: remembering costs no index. Queries walk an owner's chain.

use std::collections::VecDeque;

use super::{Order, Orders};
use crate::owners::Owners;
use crate::parameters::Parameters;
use crate::types::{ClientOrderId, Liquidity};

/// An order that is filled or cancelled.
#[derive(Clone, Copy, Debug)]
pub struct Finished {
    pub order: Order,
    /// Position of the same owner's order that finished before this one; 0 is none.
    older: u64,
}

/// A fill as its owner's private channel said it: the order afterwards and what the fill did.
#[derive(Clone, Copy, Debug)]
pub struct Fill {
    pub order: Order,
    pub price: u64,
    pub size: u64,
    pub trade: u64,
    pub fee: i128,
    pub liquidity: Liquidity,
    /// Position of the same owner's fill before this one; 0 is none.
    pub older: u64,
}

/// The element at a position of a queue whose last has position `total`, if it is still there.
fn at_position<T>(queue: &VecDeque<T>, total: u64, position: u64) -> Option<&T> {
    let first = total - queue.len() as u64 + 1;
    queue.get(usize::try_from(position.checked_sub(first)?).ok()?)
}

impl Orders {
    #[inline]
    pub(crate) fn remember_order(&mut self, order: Order, owners: &mut Owners) {
        self.finished_total += 1;
        let owner = owners.at_mut(order.owner);
        let older = std::mem::replace(&mut owner.newest_finished, self.finished_total);
        self.finished.push_back(Finished { order, older });
    }

    /// Remembers a fill of `fill.order`.
    #[inline]
    pub fn remember_fill(&mut self, mut fill: Fill, owners: &mut Owners) {
        self.fills_total += 1;
        let owner = owners.at_mut(fill.order.owner);
        fill.older = std::mem::replace(&mut owner.newest_fill, self.fills_total);
        self.fills.push_back(fill);
    }

    /// An owner's finished orders from the position of the newest, the last finished first.
    pub fn finished_from(&self, newest: u64) -> impl Iterator<Item = &Order> + '_ {
        let at = |position| at_position(&self.finished, self.finished_total, position);
        std::iter::successors(at(newest), move |one| at(one.older)).map(|one| &one.order)
    }

    /// The finished order that a client order id meant last. Ids are unique while pending, so the
    /// one that finished last was placed last.
    pub fn finished_client(&self, newest: u64, id: &ClientOrderId) -> Option<&Order> {
        self.finished_from(newest)
            .find(|order| order.client_order_id == *id)
    }

    /// An owner's remembered fills from the position of the newest, newest first.
    pub fn fills_from(&self, newest: u64) -> impl Iterator<Item = &Fill> + '_ {
        let at = |position| at_position(&self.fills, self.fills_total, position);
        std::iter::successors(at(newest), move |fill| at(fill.older))
    }

    /// Retained finished orders, the first finished first.
    pub fn finished(&self) -> impl ExactSizeIterator<Item = &Order> + '_ {
        self.finished.iter().map(|one| &one.order)
    }

    /// All remembered fills, oldest first.
    pub fn fills(&self) -> impl ExactSizeIterator<Item = &Fill> + '_ {
        self.fills.iter()
    }

    /// Fills since genesis, remembered or not.
    pub fn fills_total(&self) -> u64 {
        self.fills_total
    }

    /// Says how many orders finished, and fills were, before the ones that follow.
    pub(crate) fn restore_totals(&mut self, finished: u64, fills: u64) {
        (self.finished_total, self.fills_total) = (finished, fills);
    }

    /// Drops the oldest beyond the count.
    #[inline]
    pub fn drop_surplus(&mut self, parameters: &Parameters) {
        while self.finished.len() as u64 > parameters.finished_max {
            self.finished.pop_front();
        }
        while self.fills.len() as u64 > parameters.finished_max {
            self.fills.pop_front();
        }
    }

    /// Drops what finished or happened `finished_ms` ago or earlier.
    pub fn drop_aged(&mut self, now_ms: u64, parameters: &Parameters) {
        let Some(bound) = now_ms.checked_sub(parameters.finished_ms) else {
            return;
        };
        while self
            .finished
            .front()
            .is_some_and(|one| one.order.updated_ms <= bound)
        {
            self.finished.pop_front();
        }
        while self
            .fills
            .front()
            .is_some_and(|fill| fill.order.updated_ms <= bound)
        {
            self.fills.pop_front();
        }
    }
}
