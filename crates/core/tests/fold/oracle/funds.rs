//! What prices and sizes are worth, what accounts hold, and what may leave them.

use fullreserve_core::types::*;

use super::{Instrument, Oracle, Order, Refused};
use crate::genesis::{TRADE, account};

/// The domain of balances.
const LARGEST: i128 = 1 << 120;

impl Oracle {
    fn scale(&self, asset: AssetId) -> u32 {
        self.scales[&asset].into()
    }

    /// Ledger units of a base size; sizes are never finer than the ledger.
    pub(super) fn base_units(&self, pair: &Instrument, size: u64) -> i128 {
        i128::from(size) * 10_i128.pow(self.scale(pair.base) - u32::from(pair.size_scale))
    }

    /// Price × size in quote units as a fraction: (numerator, denominator).
    fn worth(&self, pair: &Instrument, price: u64, size: u64) -> (i128, i128) {
        let digits = u32::from(pair.price_scale + pair.size_scale);
        let product = i128::from(price) * i128::from(size);
        (
            product * 10_i128.pow(self.scale(pair.quote)),
            10_i128.pow(digits),
        )
    }

    pub(super) fn worth_down(&self, pair: &Instrument, price: u64, size: u64) -> i128 {
        let (value, one) = self.worth(pair, price, size);
        value / one
    }

    pub(super) fn worth_up(&self, pair: &Instrument, price: u64, size: u64) -> i128 {
        let (value, one) = self.worth(pair, price, size);
        (value + one - 1) / one
    }

    /// The largest size whose value, rounded up, is at most `units`.
    pub(super) fn size_for(&self, pair: &Instrument, units: i128, price: u64) -> u64 {
        let digits = u32::from(pair.price_scale + pair.size_scale);
        let one = i128::from(price) * 10_i128.pow(self.scale(pair.quote));
        let size = units
            .max(0)
            .checked_mul(10_i128.pow(digits))
            .map(|units| units / one);
        size.and_then(|size| u64::try_from(size).ok())
            .unwrap_or(u64::MAX)
    }

    /// What an order of this kind must set aside.
    pub(super) fn cost(&self, pair: &Instrument, side: Side, price: u64, size: u64) -> i128 {
        match side {
            Side::Buy => self.worth_up(pair, price, size),
            Side::Sell => self.base_units(pair, size),
        }
    }

    pub(super) fn paid_asset(pair: &Instrument, side: Side) -> AssetId {
        if side == Side::Buy {
            pair.quote
        } else {
            pair.base
        }
    }

    pub(super) fn order_hold(&self, order: &Order) -> i128 {
        let pair = &self.instruments[&order.instrument];
        self.cost(pair, order.side, order.price, order.size - order.filled)
    }

    /// Added up from everything that claims a part of the account.
    pub fn hold(&self, asset: AssetId, key: AccountKey) -> i128 {
        let of_orders = self.orders.values().filter(|order| {
            let pair = &self.instruments[&order.instrument];
            order.rank.is_some()
                && account(order.owner, TRADE) == key
                && Self::paid_asset(pair, order.side) == asset
        });
        let of_work = self
            .distributions
            .iter()
            .filter(|it| it.pool == key && it.asset == asset);
        let of_plans = self
            .planned
            .iter()
            .filter(|plan| account(plan.owner, TRADE) == key && plan.asset == asset);
        of_orders.map(|order| self.order_hold(order)).sum::<i128>()
            + of_work.map(super::Distribution::unpaid).sum::<i128>()
            + of_plans.map(|plan| plan.funds).sum::<i128>()
    }

    pub fn balance(&self, asset: AssetId, key: AccountKey) -> i128 {
        self.balances.get(&(asset, key)).copied().unwrap_or(0)
    }

    pub(super) fn spendable(&self, owner: OwnerId, asset: AssetId) -> i128 {
        let key = account(owner, TRADE);
        self.balance(asset, key) - self.hold(asset, key)
    }

    pub(super) fn add(&mut self, asset: AssetId, key: AccountKey, change: i128) {
        *self.balances.entry((asset, key)).or_default() += change;
    }

    /// Whether the account may have changed so.
    pub(super) fn may_become(&self, asset: AssetId, key: AccountKey, balance: i128) -> bool {
        let fits = match self.kinds[&key.kind] {
            SignRule::Credit => balance >= self.hold(asset, key),
            SignRule::Debit => balance <= 0,
            SignRule::Either => true,
        };
        fits && balance.abs() <= LARGEST
    }

    /// Whether such an account can exist.
    pub(super) fn known_account(&self, asset: AssetId, key: AccountKey) -> Result<(), Refused> {
        self.owner(key.owner)?;
        self.scales.get(&asset).ok_or(51012_u32)?;
        self.kinds.get(&key.kind).ok_or(51000_u32)?;
        Ok(())
    }
}
