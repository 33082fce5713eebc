//! A taker and a maker that meet: what moves between them, and what becomes of both.
//!
//! Of a fill of `size` at the maker's `price` the seller receives the value rounded down and the
//! buyer pays it rounded up, but never more than this fill frees of what the buyer's limit order
//! set aside: rounded values of parts can add up to more than the rounded value of the whole. What
//! the buyer pays beyond what the seller receives goes to ROUNDING, fees to TRADE_FEE, all in the
//! same balanced posting.

use super::report::Change;
use super::walk::Appetite;
use super::{Deed, OrderSlot};
use crate::book::Handle;
use crate::exchange::Exchange;
use crate::fees;
use crate::index::NONE;
use crate::ledger::TradeLine;
use crate::types::*;
use crate::wire::event;

/// A taker and a maker that trade.
pub(super) struct Meeting {
    pub(super) taker: OrderSlot,
    pub(super) maker: OrderSlot,
    pub(super) handle: Handle,
    pub(super) price: u64,
    pub(super) size: u64,
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
    pub(super) fn fill(&mut self, meeting: &Meeting, appetite: &mut Appetite) {
        let flow = self.flow(meeting, appetite.funds.is_some());
        self.post_fill(meeting, &flow);
        let trade = self.print_trade(meeting);
        self.advance_maker(meeting, &flow, trade);
        self.advance_order(meeting.taker, meeting, &flow, Liquidity::Taker);
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

    /// Whether nothing is left; sized in quote, whether the rest is worth less than a lot at this
    /// price or, for a buyer, at the next one: the fill that ends an order is the last to tell it.
    #[inline]
    fn is_sated(&self, appetite: &Appetite, meeting: &Meeting) -> bool {
        if appetite.unit == SizeUnit::Base {
            return appetite.left == 0;
        }
        let instrument = self
            .instruments
            .at(self.orders.at(meeting.taker).instrument);
        let price = match appetite.side {
            Side::Buy => instrument.best(Side::Sell).unwrap_or(meeting.price),
            Side::Sell => meeting.price,
        };
        appetite.at(price, instrument).0 == 0
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
        self.advance_order(meeting.maker, meeting, flow, Liquidity::Maker);
        if is_whole {
            let maker = self.orders.at_mut(meeting.maker);
            maker.state = OrderState::Filled;
            maker.handle = NONE;
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
        let deed = Deed {
            price: meeting.price,
            size: meeting.size,
            trade,
            fee,
            liquidity,
        };
        self.report(slot, &Change::of_fill(deed));
        self.orders.remember_deed(slot, deed, &mut self.owners);
    }
}
