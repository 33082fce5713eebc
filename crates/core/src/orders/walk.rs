//! A taker against the book, price by price and there in order of time: who meets whom.

use super::check::Draft;
use super::fill::Meeting;
use super::self_trade::Verdict;
use super::{Order, OrderSlot, book_side, reaches};
use crate::book::{Handle, OrderBook};
use crate::exchange::Exchange;
use crate::instruments::Instrument;
use crate::types::*;

/// Why a taker stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Nothing is left, or (sized in quote) less than one lot costs at the next price.
    Filled,
    /// The other side is empty.
    Empty,
    /// The next price is beyond the limit.
    Limit,
    /// As many makers matched as one taker may.
    Walk,
    /// The taker's own maker stands next and the mode ends the taker.
    SelfTrade,
    /// A market order's money, or its size in quote, is less than one lot costs here.
    Funds,
}

/// What a walk would do, for orders that must know before.
#[derive(Clone, Copy, Debug, Default)]
pub struct Preview {
    /// Base at size scale.
    pub filled: u64,
    /// In the asset paid with, ledger units.
    pub paid: i128,
}

/// What a taker may still trade.
#[derive(Clone, Copy, Debug)]
pub(super) struct Appetite {
    pub(super) side: Side,
    pub(super) unit: SizeUnit,
    lot: u64,
    /// In the order's own unit.
    pub(super) left: u64,
    /// What may still be spent; None where the full size is covered.
    pub(super) funds: Option<i128>,
}

impl Appetite {
    /// Base size wanted at this price, before and after looking at the funds.
    #[inline]
    pub(super) fn at(&self, price: u64, instrument: &Instrument) -> (u64, u64) {
        let lots = |size: u64| {
            if self.lot == 1 {
                size
            } else {
                size / self.lot * self.lot
            }
        };
        let wanted = match self.unit {
            SizeUnit::Base => self.left,
            SizeUnit::Quote => lots(instrument.value.size_of_quote(self.left.into(), price)),
        };
        let Some(funds) = self.funds else {
            return (wanted, wanted);
        };
        let affordable = match self.side {
            Side::Buy => instrument.value.size_of_quote(funds, price),
            Side::Sell => instrument.value.size_of_base(funds),
        };
        if affordable >= wanted {
            (wanted, wanted)
        } else {
            (wanted, lots(affordable))
        }
    }

    #[inline]
    pub(super) fn spend(&mut self, size: u64, paid: i128, quote: i128) {
        self.left -= match self.unit {
            SizeUnit::Base => size,
            // Never more than `left`, because the size was chosen so.
            SizeUnit::Quote => quote as u64,
        };
        if let Some(funds) = &mut self.funds {
            *funds -= paid;
        }
    }
}

impl Exchange {
    /// Matches an order until it stops. `funds` bounds what a market order spends.
    pub(super) fn take(&mut self, slot: OrderSlot, limit: u64, funds: Option<i128>) -> Stop {
        let order = self.orders.at(slot);
        let instrument = self.instruments.at(order.instrument);
        match instrument.best(order.side.opposite()) {
            None => return Stop::Empty,
            Some(price) if !reaches(order.side, limit, price) => return Stop::Limit,
            Some(_) => {}
        }
        let left = match order.unit {
            SizeUnit::Base => order.remaining(),
            SizeUnit::Quote => order.size,
        };
        let lot = instrument.terms.lot.0;
        let appetite = Appetite {
            side: order.side,
            unit: order.unit,
            lot,
            left,
            funds,
        };
        let master = self.owners.at(order.owner).master;
        let instrument = order.instrument;
        let stop = self.walk(slot, limit, appetite, master);
        self.instruments.at_mut(instrument).refresh_band();
        stop
    }

    fn walk(
        &mut self,
        slot: OrderSlot,
        limit: u64,
        mut appetite: Appetite,
        master: OwnerId,
    ) -> Stop {
        let &Order {
            side,
            instrument: place,
            self_trade,
            ..
        } = self.orders.at(slot);
        let opposite = book_side(side.opposite());
        let mut walked = 0;
        while appetite.left > 0 {
            let instrument = self.instruments.at(place);
            let Some(handle) = instrument.book.front(opposite) else {
                return Stop::Empty;
            };
            let resting = instrument.book.order(handle);
            if !reaches(side, limit, resting.price) {
                return Stop::Limit;
            }
            if walked == self.parameters.walk_max {
                return Stop::Walk;
            }
            walked += 1;
            let maker = resting.order as OrderSlot;
            match self.self_trade(master, maker, self_trade) {
                Verdict::Trade => {}
                Verdict::EndMaker => {
                    self.end(maker, CancelSource::SelfTrade);
                    continue;
                }
                Verdict::EndTaker => return Stop::SelfTrade,
                Verdict::EndBoth => {
                    self.end(maker, CancelSource::SelfTrade);
                    return Stop::SelfTrade;
                }
            }
            let (_, size) = appetite.at(resting.price, instrument);
            if size == 0 {
                return Stop::Funds;
            }
            if size > resting.size {
                self.read_ahead_maker(instrument, handle);
            }
            let size = size.min(resting.size);
            let meeting = Meeting {
                taker: slot,
                maker,
                handle,
                price: resting.price,
                size,
            };
            self.fill(&meeting, &mut appetite);
        }
        Stop::Filled
    }

    /// Begins to load the maker behind this one, which the taker will meet next.
    #[inline]
    fn read_ahead_maker(&self, instrument: &Instrument, handle: Handle) {
        if let Some(next) = instrument.book.next(handle) {
            let maker = instrument.book.order(next).order as OrderSlot;
            self.orders.prefetch(maker);
        }
    }

    /// What a walk with this draft would fill and pay, from the book as it is now.
    pub(super) fn preview(&self, draft: &Draft, funds: i128) -> Preview {
        let instrument = self.instruments.at(draft.instrument);
        let master = self.owners.at(draft.owner).master;
        let mut appetite = Appetite {
            side: draft.side,
            unit: draft.unit,
            lot: instrument.terms.lot.0,
            left: draft.size,
            funds: Some(funds),
        };
        let mut preview = Preview::default();
        let mut next = instrument.book.front(book_side(draft.side.opposite()));
        for _ in 0..self.parameters.walk_max {
            let Some(handle) = next.filter(|_| appetite.left > 0) else {
                break;
            };
            let resting = instrument.book.order(handle);
            if !reaches(draft.side, draft.limit, resting.price) {
                break;
            }
            next = instrument.book.next(handle);
            match self.self_trade(master, resting.order as OrderSlot, draft.self_trade) {
                Verdict::Trade => {}
                Verdict::EndMaker => continue,
                Verdict::EndTaker | Verdict::EndBoth => break,
            }
            let size = appetite.at(resting.price, instrument).1.min(resting.size);
            if size == 0 {
                break;
            }
            let (down, up) = instrument.value.quote(resting.price, size);
            let (paid, quote) = match draft.side {
                Side::Buy => (up, up),
                Side::Sell => (instrument.value.base(size), down),
            };
            appetite.spend(size, paid, quote);
            preview.filled += size;
            preview.paid += paid;
        }
        preview
    }
}
