//! How long finished orders and fills are remembered.
//!
//! By count: as soon as there are more than FINISHED_MAX of either, the oldest is dropped. By time:
//! whenever time advances, what is older than FINISHED_MS is dropped. Pending orders never are.

use super::{Order, Orders};
use crate::owners::Owners;
use crate::parameters::Parameters;
use crate::types::Liquidity;

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

impl Orders {
    /// Remembers a fill of `fill.order`.
    #[inline]
    pub fn remember_fill(&mut self, mut fill: Fill, owners: &mut Owners) {
        self.fills_total += 1;
        let owner = owners.at_mut(fill.order.owner);
        fill.older = owner.newest_fill;
        owner.newest_fill = self.fills_total;
        self.fills.push_back(fill);
    }

    /// The fill at a position, if it is still remembered.
    pub fn fill(&self, position: u64) -> Option<&Fill> {
        let first = self.fills_total - self.fills.len() as u64 + 1;
        self.fills
            .get(usize::try_from(position.checked_sub(first)?).ok()?)
    }

    /// An owner's remembered fills from the position of the newest, newest first.
    pub fn fills_from(&self, newest: u64) -> impl Iterator<Item = &Fill> + '_ {
        std::iter::successors(self.fill(newest), |fill| self.fill(fill.older))
    }

    /// Fills since genesis, remembered or not.
    pub fn fills_total(&self) -> u64 {
        self.fills_total
    }

    /// Says how many fills there were before the ones that follow.
    pub(crate) fn restore_fills_total(&mut self, total: u64) {
        self.fills_total = total;
    }

    /// All remembered fills, oldest first.
    pub fn fills(&self) -> impl Iterator<Item = &Fill> + '_ {
        self.fills.iter()
    }

    /// Drops the oldest beyond the count.
    #[inline]
    pub fn drop_surplus(&mut self, parameters: &Parameters, owners: &mut Owners) {
        while self.finished.len() as u64 > parameters.finished_max {
            self.forget_first(owners);
        }
        while self.fills.len() as u64 > parameters.finished_max {
            self.fills.pop_front();
        }
    }

    /// Drops what finished or happened `finished_ms` ago or earlier.
    pub fn drop_aged(&mut self, now_ms: u64, parameters: &Parameters, owners: &mut Owners) {
        let Some(bound) = now_ms.checked_sub(parameters.finished_ms) else {
            return;
        };
        while let Some(slot) = self.finished.front() {
            if self.at(*slot).updated_ms > bound {
                break;
            }
            self.forget_first(owners);
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
