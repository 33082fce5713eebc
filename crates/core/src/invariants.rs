//! What must hold after every batch, checked the slow and obvious way.

use crate::book::OrderBook;
use crate::exchange::Exchange;
use crate::index::FastMap;
use crate::orders::book_side;
use crate::types::*;

impl Exchange {
    /// Checks conservation of every asset, sign rules, holds against open orders and distributions,
    /// the book against the orders, the counters, and the sums that guard lending. The sentence
    /// says what is broken.
    pub fn check_invariants(&self) -> Result<(), String> {
        self.check_conservation()?;
        self.check_holds()?;
        self.check_books()?;
        self.check_counts()?;
        self.check_reserves()
    }

    fn check_conservation(&self) -> Result<(), String> {
        let mut totals: FastMap<AssetId, i128> = FastMap::default();
        for account in self.ledger.accounts() {
            *totals.entry(account.asset).or_insert(0) += account.balance;
        }
        for asset in self.assets.all() {
            let total = totals.get(&asset.id).copied().unwrap_or(0);
            let supply = self.ledger.supply(asset.id);
            if total != supply {
                return Err(format!(
                    "{}: accounts sum to {total}, supply {supply}",
                    asset.symbol
                ));
            }
        }
        Ok(())
    }

    fn check_holds(&self) -> Result<(), String> {
        let mut holds: FastMap<u32, i128> = FastMap::default();
        for owner in self.owners.all() {
            for order in self.orders.listed(owner.pending_head) {
                let instrument = self.instruments.at(order.instrument);
                let hold = instrument.hold(order.side, order.price, order.remaining());
                *holds.entry(order.pay).or_insert(0) += hold;
            }
        }
        for work in &self.agenda.work {
            let pool = self
                .ledger
                .find(work.pool, work.asset)
                .ok_or("a pool is gone")?;
            *holds.entry(pool).or_insert(0) += work.unpaid();
        }
        for (slot, account) in self.ledger.accounts().iter().enumerate() {
            let owed = holds.get(&(slot as u32)).copied().unwrap_or(0);
            if owed != account.hold {
                let (key, hold) = (account.key(), account.hold);
                return Err(format!("{key:?}: hold is {hold}, orders need {owed}"));
            }
        }
        Ok(())
    }

    fn check_books(&self) -> Result<(), String> {
        let mut resting = 0;
        for (slot, instrument) in self.instruments.all().iter().enumerate() {
            for side in [Side::Buy, Side::Sell] {
                let mut sum = 0u64;
                for (handle, rest) in instrument.book.iter_side(book_side(side)) {
                    let order = self.orders.at(rest.order as u32);
                    let agrees = order.handle == handle
                        && order.instrument == slot as u32
                        && order.side == side
                        && (order.price, order.remaining()) == (rest.price, rest.size)
                        && order.is_listed;
                    if !agrees {
                        return Err(format!("order {}: the book disagrees", order.id));
                    }
                    sum += rest.size;
                    resting += 1;
                }
                if sum != instrument.resting[side as usize] {
                    return Err(format!("{}: resting sizes are off", instrument.symbol));
                }
            }
            let (bid, ask) = (instrument.best(Side::Buy), instrument.best(Side::Sell));
            if bid.zip(ask).is_some_and(|(bid, ask)| bid >= ask) {
                return Err(format!("{}: the book is crossed", instrument.symbol));
            }
        }
        if resting != self.orders.open {
            return Err(format!(
                "{resting} orders rest, {} are open",
                self.orders.open
            ));
        }
        Ok(())
    }

    fn check_counts(&self) -> Result<(), String> {
        for owner in self.owners.all() {
            let pending = self.orders.listed(owner.pending_head).count() as u64;
            let by_instrument: u64 = owner.pending_on.iter().map(|count| u64::from(*count)).sum();
            if pending != u64::from(owner.pending) || pending != by_instrument {
                return Err(format!(
                    "owner {}: pending orders are miscounted",
                    owner.id.0
                ));
            }
        }
        Ok(())
    }
}
