//! A taker against the book: price, then time; each fill is one balanced posting.
//!
//! Of a fill of `size` at the maker's `price` the seller receives the value rounded down and the
//! buyer pays it rounded up, but never more than this fill frees of what the buyer's limit order
//! set aside: rounded values of parts can add up to more than the rounded value of the whole. What
//! the buyer pays beyond what the seller receives goes to ROUNDING, fees to TRADE_FEE, all in the
//! same posting.

use super::check::Draft;
use super::report::Change;
use super::self_trade::Verdict;
use super::{Order, OrderSlot, book_side, reaches};
use crate::book::{Handle, OrderBook};
use crate::exchange::Exchange;
use crate::fees;
use crate::instruments::Instrument;
use crate::ledger::TradeLine;
use crate::types::*;
use crate::wire::event;

/// Why a taker stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Nothing is left, or (sized in quote) less than one lot costs.
    Filled,
    /// The other side is empty.
    Empty,
    /// The next price is beyond the limit.
    Limit,
    /// As many makers matched as one taker may.
    Walk,
    /// The taker's own maker stands next and the mode ends the taker.
    SelfTrade,
    /// A market order has spent what it could.
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
struct Appetite {
    side: Side,
    unit: SizeUnit,
    lot: u64,
    /// In the order's own unit.
    left: u64,
    /// What may still be spent; None where the full size is covered.
    funds: Option<i128>,
}

impl Appetite {
    /// Base size wanted at this price, before and after looking at the funds.
    #[inline]
    fn at(&self, price: u64, instrument: &Instrument) -> (u64, u64) {
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
    fn spend(&mut self, size: u64, paid: i128, quote: i128) {
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
        if stop == Stop::Filled && self.orders.at(slot).state != OrderState::Filled {
            // Sized in quote and worth less than a lot from the start: filled with nothing.
            self.orders.at_mut(slot).state = OrderState::Filled;
            self.report(slot, &Change::plain(OrderCause::Filled));
        }
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
            let (wanted, size) = appetite.at(resting.price, instrument);
            if size == 0 {
                return if wanted == 0 {
                    Stop::Filled
                } else {
                    Stop::Funds
                };
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

/// A taker and a maker that trade.
struct Meeting {
    taker: OrderSlot,
    maker: OrderSlot,
    handle: Handle,
    price: u64,
    size: u64,
}

/// What a fill moves, in ledger units.
#[derive(Clone, Copy, Debug)]
struct Flow {
    base: i128,
    /// What the buyer pays and the seller gets.
    paid: i128,
    received: i128,
    maker_fee: i128,
    taker_fee: i128,
    /// What the maker's order sets free.
    freed: i128,
}

impl Exchange {
    #[inline]
    fn fill(&mut self, meeting: &Meeting, appetite: &mut Appetite) {
        let flow = self.flow(meeting, appetite.funds.is_some());
        self.post_fill(meeting, &flow);
        let trade = self.print_trade(meeting);
        self.advance_maker(meeting, &flow, trade);
        self.advance_order(meeting.taker, meeting, &flow, trade, Liquidity::Taker);
        match appetite.side {
            Side::Buy => appetite.spend(meeting.size, flow.paid, flow.paid),
            Side::Sell => appetite.spend(meeting.size, flow.base, flow.received),
        }
        if self.is_sated(appetite, meeting) {
            appetite.left = 0;
            self.orders.at_mut(meeting.taker).state = OrderState::Filled;
        }
        self.report_fill(
            meeting.taker,
            meeting,
            trade,
            flow.taker_fee,
            Liquidity::Taker,
        );
    }

    /// Whether nothing is left; sized in quote, whether the rest is worth less than a lot.
    #[inline]
    fn is_sated(&self, appetite: &Appetite, meeting: &Meeting) -> bool {
        if appetite.unit == SizeUnit::Base {
            return appetite.left == 0;
        }
        let instrument = self
            .instruments
            .at(self.orders.at(meeting.taker).instrument);
        appetite.at(meeting.price, instrument).0 == 0
    }

    #[inline]
    fn flow(&self, meeting: &Meeting, is_market: bool) -> Flow {
        let (taker, maker) = (self.orders.at(meeting.taker), self.orders.at(meeting.maker));
        let instrument = self.instruments.at(maker.instrument);
        let base = instrument.value.base(meeting.size);
        let (received, up) = instrument.value.quote(meeting.price, meeting.size);
        let freed_by = |price: u64, remaining: u64| {
            let (before, after) = (
                instrument.value.quote(price, remaining).1,
                instrument.value.quote(price, remaining - meeting.size).1,
            );
            before - after
        };
        let (paid, freed) = match maker.side {
            Side::Buy => {
                let freed = freed_by(maker.price, maker.remaining());
                (up.min(freed), freed)
            }
            Side::Sell if is_market || up == received => (up, base),
            Side::Sell => (up.min(freed_by(taker.price, taker.remaining())), base),
        };
        let (maker_rate, taker_rate) = self.rates(maker.owner, taker.owner);
        let (maker_gets, taker_gets) = match maker.side {
            Side::Buy => (base, received),
            Side::Sell => (received, base),
        };
        Flow {
            base,
            paid,
            received,
            maker_fee: fees::fee(maker_gets, maker_rate),
            taker_fee: fees::fee(taker_gets, taker_rate),
            freed,
        }
    }

    #[inline]
    fn rates(&self, maker: u32, taker: u32) -> (Rate, Rate) {
        let tier = |owner: u32| self.tiers.get(self.owners.at(owner).tier);
        (
            tier(maker).map_or(Rate(0), |tier| tier.maker),
            tier(taker).map_or(Rate(0), |t| t.taker),
        )
    }

    #[inline]
    fn post_fill(&mut self, meeting: &Meeting, flow: &Flow) {
        let (taker, maker) = (self.orders.at(meeting.taker), self.orders.at(meeting.maker));
        let houses = self.instruments.at(maker.instrument).houses;
        let (buyer, seller) = match maker.side {
            Side::Buy => (
                (maker, flow.maker_fee, flow.freed),
                (taker, flow.taker_fee, 0),
            ),
            Side::Sell => (
                (taker, flow.taker_fee, 0),
                (maker, flow.maker_fee, flow.freed),
            ),
        };
        let line = |slot, change, freed| TradeLine {
            slot,
            change,
            freed,
        };
        let (buyer, buyer_fee, buyer_freed) = buyer;
        let (seller, seller_fee, seller_freed) = seller;
        let quote = [
            line(buyer.pay, -flow.paid, buyer_freed),
            line(seller.receive, flow.received - seller_fee, 0),
            line(houses.quote_fee, seller_fee, 0),
            line(houses.quote_rounding, flow.paid - flow.received, 0),
        ];
        let base = [
            line(seller.pay, -flow.base, seller_freed),
            line(buyer.receive, flow.base - buyer_fee, 0),
            line(houses.base_fee, buyer_fee, 0),
        ];
        self.ledger.post_trade(&quote);
        self.ledger.post_trade(&base);
    }

    /// Counts the trade, makes it public, and takes its price as the reference.
    #[inline]
    fn print_trade(&mut self, meeting: &Meeting) -> u64 {
        let taker = self.orders.at(meeting.taker);
        let instrument = self.instruments.at_mut(taker.instrument);
        let trade = TradeId(instrument.last_trade.0 + 1);
        (instrument.last_trade, instrument.last_price) = (trade, meeting.price);
        if self.events.wanted() {
            self.events.push_short(&event::Trade {
                sequence: Sequence(self.sequence),
                time: Timestamp(self.now),
                instrument: instrument.id,
                trade,
                price: Price(meeting.price),
                size: Size(meeting.size),
                side: taker.side,
            });
        }
        trade.0
    }

    #[inline]
    fn advance_maker(&mut self, meeting: &Meeting, flow: &Flow, trade: u64) {
        let maker = self.orders.at(meeting.maker);
        let (side, is_whole) = (maker.side, maker.remaining() == meeting.size);
        let slot = maker.instrument;
        self.levels.touch(slot, side, meeting.price);
        let instrument = self.instruments.at_mut(slot);
        if is_whole {
            instrument.remove_resting(meeting.handle, side);
        } else {
            instrument.reduce_resting(meeting.handle, side, meeting.size);
        }
        self.advance_order(meeting.maker, meeting, flow, trade, Liquidity::Maker);
        if is_whole {
            let maker = self.orders.at_mut(meeting.maker);
            maker.state = OrderState::Filled;
            maker.handle = crate::index::NONE;
        }
        let liquidity = Liquidity::Maker;
        self.report_fill(meeting.maker, meeting, trade, flow.maker_fee, liquidity);
        if is_whole {
            self.orders.finish(meeting.maker, &mut self.owners);
        }
    }

    #[inline]
    fn advance_order(
        &mut self,
        slot: OrderSlot,
        meeting: &Meeting,
        flow: &Flow,
        _trade: u64,
        liquidity: Liquidity,
    ) {
        let (now, sequence) = (self.now, self.sequence);
        let order = self.orders.at_mut(slot);
        order.filled += meeting.size;
        order.filled_quote += flow.received;
        order.fee += match liquidity {
            Liquidity::Maker => flow.maker_fee,
            _ => flow.taker_fee,
        };
        order.state = OrderState::PartiallyFilled;
        (order.updated_ms, order.sequence) = (now, sequence);
    }

    #[inline]
    fn report_fill(
        &mut self,
        slot: OrderSlot,
        meeting: &Meeting,
        trade: u64,
        fee: i128,
        liquidity: Liquidity,
    ) {
        let change = Change {
            fill_price: meeting.price,
            fill_size: meeting.size,
            trade,
            fill_fee: fee,
            liquidity,
            ..Change::plain(OrderCause::Filled)
        };
        self.report(slot, &change);
        self.orders.remember_change(slot, &change, &mut self.owners);
    }
}
