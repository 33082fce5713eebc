//! A taker against all orders of the other side: best price first, then the longest there.

use fullreserve_core::types::*;

use super::{Oracle, Order, Trade};
use crate::genesis::{DUST, FEES, HOUSE, TRADE, account};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    Filled,
    Empty,
    Limit,
    /// Walk limit, self-trade, or no money: in any case the rest is cancelled.
    Ended,
}

impl Oracle {
    /// The resting order that a taker of this side meets next.
    fn first_maker(&self, instrument: InstrumentId, taker: Side) -> Option<u64> {
        let makers = self.orders.iter().filter(|(_, order)| {
            order.rank.is_some() && order.instrument == instrument && order.side != taker
        });
        let best = makers.min_by_key(|(_, order)| match taker {
            Side::Buy => (order.price, order.rank),
            Side::Sell => (u64::MAX - order.price, order.rank),
        });
        best.map(|(id, _)| *id)
    }

    /// The price that a taker of this side meets first.
    pub(super) fn first_price(&self, instrument: InstrumentId, taker: Side) -> Option<u64> {
        let id = self.first_maker(instrument, taker)?;
        Some(self.orders[&id].price)
    }

    pub(super) fn best_maker(
        &self,
        instrument: InstrumentId,
        taker: Side,
        limit: u64,
    ) -> Option<u64> {
        let id = self.first_maker(instrument, taker)?;
        let price = self.orders[&id].price;
        let within = if taker == Side::Buy {
            price <= limit
        } else {
            price >= limit
        };
        within.then_some(id)
    }

    /// Base size wanted at a price, and what of it can be paid.
    fn wanted(&self, order: &Order, left: u64, funds: Option<i128>, price: u64) -> (u64, u64) {
        let pair = &self.instruments[&order.instrument];
        let lots = |size: u64| size / pair.terms.lot.0 * pair.terms.lot.0;
        let wanted = match order.unit {
            SizeUnit::Base => left,
            SizeUnit::Quote => lots(self.size_for(pair, left.into(), price)),
        };
        let affordable = match (funds, order.side) {
            (None, _) => u64::MAX,
            (Some(funds), Side::Buy) => self.size_for(pair, funds, price),
            (Some(funds), Side::Sell) => {
                u64::try_from(funds / self.base_units(pair, 1)).unwrap_or(u64::MAX)
            }
        };
        (
            wanted,
            if affordable < wanted {
                lots(affordable)
            } else {
                wanted
            },
        )
    }

    pub(super) fn walk(&mut self, taker: u64, limit: u64, mut funds: Option<i128>) -> Stop {
        let order = self.orders[&taker].clone();
        let mut left = match order.unit {
            SizeUnit::Base => order.size - order.filled,
            SizeUnit::Quote => order.size,
        };
        // The band that the walk began with stays for all of it: `limit` was taken from it.
        let mut walked = 0;
        while left > 0 {
            if self.first_maker(order.instrument, order.side).is_none() {
                return Stop::Empty;
            }
            let Some(maker) = self.best_maker(order.instrument, order.side, limit) else {
                return Stop::Limit;
            };
            if walked == self.parameter(Parameter::WalkMax) {
                return Stop::Ended;
            }
            walked += 1;
            let resting = self.orders[&maker].clone();
            if self.owners[&resting.owner].master == self.owners[&order.owner].master {
                if order.self_trade != SelfTrade::CancelTaker {
                    self.orders.remove(&maker);
                }
                match order.self_trade {
                    SelfTrade::CancelMaker => continue,
                    SelfTrade::CancelTaker | SelfTrade::CancelBoth => return Stop::Ended,
                }
            }
            let (_, size) = self.wanted(&order, left, funds, resting.price);
            if size == 0 {
                return Stop::Ended;
            }
            let size = size.min(resting.size - resting.filled);
            let (spent, quote) = self.fill(taker, maker, size, funds.is_some());
            left -= if order.unit == SizeUnit::Base {
                size
            } else {
                quote as u64
            };
            funds = funds.map(|funds| funds - spent);
            let next = match order.side {
                Side::Buy => self.first_price(order.instrument, Side::Buy),
                Side::Sell => None,
            };
            let next = next.unwrap_or(resting.price);
            if order.unit == SizeUnit::Quote && self.wanted(&order, left, None, next).0 == 0 {
                return Stop::Filled;
            }
        }
        Stop::Filled
    }

    /// One match; what the taker spent, and the quote it is counted with.
    fn fill(&mut self, taker: u64, maker: u64, size: u64, is_market: bool) -> (i128, i128) {
        let (took, made) = (self.orders[&taker].clone(), self.orders[&maker].clone());
        let pair = self.instruments[&made.instrument].clone();
        let received = self.worth_down(&pair, made.price, size);
        let mut paid = self.worth_up(&pair, made.price, size);
        // A buyer with a limit never pays more than this fill frees of what the limit set aside.
        let buyer = if took.side == Side::Buy { &took } else { &made };
        if !(is_market && took.side == Side::Buy) {
            let left = buyer.size - buyer.filled;
            let freed = self.worth_up(&pair, buyer.price, left)
                - self.worth_up(&pair, buyer.price, left - size);
            paid = paid.min(freed);
        }
        let base = self.base_units(&pair, size);
        let maker_rate = self.tiers[&self.owners[&made.owner].tier].0;
        let taker_rate = self.tiers[&self.owners[&took.owner].tier].1;
        let (buyer_rate, seller_rate) = match took.side {
            Side::Buy => (taker_rate, maker_rate),
            Side::Sell => (maker_rate, taker_rate),
        };
        let (buyer_fee, seller_fee) = (fee(base, buyer_rate), fee(received, seller_rate));
        let (buyer, seller) = match took.side {
            Side::Buy => (took.owner, made.owner),
            Side::Sell => (made.owner, took.owner),
        };
        let (quote, based) = (pair.quote, pair.base);
        self.add(quote, account(buyer, TRADE), -paid);
        self.add(quote, account(seller, TRADE), received - seller_fee);
        self.add(quote, account(HOUSE, FEES), seller_fee);
        self.add(quote, account(HOUSE, DUST), paid - received);
        self.add(based, account(seller, TRADE), -base);
        self.add(based, account(buyer, TRADE), base - buyer_fee);
        self.add(based, account(HOUSE, FEES), buyer_fee);
        let fees = match took.side {
            Side::Buy => (buyer_fee, seller_fee),
            Side::Sell => (seller_fee, buyer_fee),
        };
        self.advance(taker, size, received, fees.0);
        self.advance(maker, size, received, fees.1);
        if made.size == made.filled + size {
            self.orders.remove(&maker);
        }
        self.print(&made, size, took.side);
        if took.side == Side::Buy {
            (paid, paid)
        } else {
            (base, received)
        }
    }

    fn advance(&mut self, id: u64, size: u64, quote: i128, fee: i128) {
        let order = self.orders.get_mut(&id).expect("a party of the match");
        order.filled += size;
        order.filled_quote += quote;
        order.fee += fee;
        order.state = OrderState::PartiallyFilled;
    }

    fn print(&mut self, made: &Order, size: u64, side: Side) {
        let pair = self.instruments.get_mut(&made.instrument).expect("listed");
        pair.trades += 1;
        pair.last_price = made.price;
        let (instrument, number, price) = (made.instrument, pair.trades, made.price);
        self.trades.push(Trade {
            instrument,
            number,
            price,
            size,
            side,
        });
    }

    /// Tries an order on a copy of the exchange; the copy and the order as it became.
    fn tried(&self, order: &Order, limit: u64) -> (Self, Order) {
        let mut copy = self.clone();
        copy.orders.insert(0, order.clone());
        // Money is no object: what would be paid is what is asked.
        copy.walk(0, limit, Some(i128::MAX / 2));
        let order = copy.orders[&0].clone();
        (copy, order)
    }

    pub(super) fn is_fillable(&self, order: &Order, limit: u64) -> bool {
        self.tried(order, limit).1.filled == order.size
    }

    /// What a market order would pay for all it can get.
    pub(super) fn walk_cost(&self, order: &Order, limit: u64) -> i128 {
        let pair = &self.instruments[&order.instrument];
        let (key, asset) = (
            account(order.owner, TRADE),
            Self::paid_asset(pair, order.side),
        );
        let (copy, _) = self.tried(order, limit);
        self.balance(asset, key) - copy.balance(asset, key)
    }
}

/// Up for what the user pays, down for what the user is paid.
fn fee(amount: i128, rate: i64) -> i128 {
    let one = 100_000_000;
    let product = amount * i128::from(rate);
    if rate > 0 {
        (product + one - 1) / one
    } else {
        product / one
    }
}
