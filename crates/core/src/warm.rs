//! Reading ahead: what the next commands will need is loaded for several of them at once.
//!
//! A command spends most of its time waiting for memory, one load behind the other. The commands of
//! a batch are known, so their orders, owners and accounts are asked for in passes over a window,
//! each pass following what the one before has brought. Nothing is kept: the commands look
//! everything up again, now from the cache.

use crate::book::{Handle, OrderBook};
use crate::exchange::Exchange;
use crate::index::NONE;
use crate::instruments::Instrument;
use crate::orders::{book_side, reaches};
use crate::types::{ClientOrderId, OrderType, OwnerId, Side};
use crate::wire::Command;
use crate::wire::command::{Body, PlaceOrder};

/// Commands read ahead at once: enough to overlap their loads, few enough to stay in the cache.
pub(crate) const WINDOW: usize = 16;

/// What a command will touch, as far as it is known before it runs.
#[derive(Clone, Copy)]
struct Ahead {
    instrument: u32,
    owner: u32,
    /// The order that it cancels or amends, or the maker that it meets first.
    order: u32,
    /// Where an order of its own will rest.
    joins: Option<(Side, u64)>,
    /// The assets that a new order pays with and receives.
    assets: Option<(u32, u32)>,
    handle: Handle,
    /// The level where it will rest.
    level: u32,
    /// The level where the order rests.
    old_level: u32,
}

const NOTHING: Ahead = Ahead {
    instrument: NONE,
    owner: NONE,
    order: NONE,
    joins: None,
    assets: None,
    handle: NONE,
    level: NONE,
    old_level: NONE,
};

/// The makers that the takers of a window meet first: each of them another one.
#[derive(Default)]
struct Makers {
    last: [[Option<Handle>; 2]; Self::BOOKS],
}

impl Makers {
    /// Books told apart; what is mixed up costs a guess.
    const BOOKS: usize = 16;

    #[inline]
    fn next(&mut self, slot: u32, instrument: &Instrument, side: Side) -> Option<Handle> {
        let last = &mut self.last[slot as usize % Self::BOOKS][side as usize];
        let next = last.filter(|handle| instrument.book.is_resting(*handle));
        *last = match next {
            Some(handle) => instrument.book.next(handle),
            None => instrument.book.front(book_side(side)),
        };
        *last
    }
}

impl Exchange {
    /// Reads what at most WINDOW commands will need. It has no effect but on their speed.
    pub(crate) fn read_ahead(&self, commands: &[Command]) {
        let mut window = [NOTHING; WINDOW];
        let mut makers = Makers::default();
        let window = &mut window[..commands.len().min(WINDOW)];
        for (command, ahead) in commands.iter().zip(&mut *window) {
            *ahead = self.look_up(&command.body, &mut makers);
        }
        for ahead in &mut *window {
            self.follow_records(ahead);
        }
        for ahead in &mut *window {
            self.follow_links(ahead);
        }
        for ahead in window {
            self.follow_level(ahead);
        }
    }

    /// By the ids: records of owners and orders.
    #[inline]
    fn look_up(&self, body: &Body, makers: &mut Makers) -> Ahead {
        match body {
            Body::PlaceOrder(place) => self.look_up_new(place, makers),
            Body::CancelOrder(cancel) => {
                let (owner, order) = (cancel.owner, cancel.order.0);
                self.look_up_old(owner, order, &cancel.client_order_id)
            }
            Body::AmendOrder(amend) => {
                let (owner, order) = (amend.owner, amend.order.0);
                let old = self.look_up_old(owner, order, &amend.client_order_id);
                // The side is the order's, which is not known yet.
                let joins = (amend.new_price.0 != 0).then_some((Side::Buy, amend.new_price.0));
                Ahead { joins, ..old }
            }
            _ => NOTHING,
        }
    }

    #[inline]
    fn look_up_owner(&self, id: OwnerId) -> u32 {
        let owner = self.owners.slot(id).unwrap_or(NONE);
        self.owners.prefetch(owner);
        owner
    }

    #[inline]
    fn look_up_old(&self, owner: OwnerId, order: u64, client: &ClientOrderId) -> Ahead {
        let owner = self.look_up_owner(owner);
        let order = match order {
            0 => self.orders.guess_client(owner, client),
            id => self.orders.guess(id),
        };
        self.orders.prefetch(order);
        Ahead {
            owner,
            order,
            ..NOTHING
        }
    }

    #[inline]
    fn look_up_new(&self, place: &PlaceOrder, makers: &mut Makers) -> Ahead {
        let Some(slot) = self.instruments.slot(place.instrument) else {
            return NOTHING;
        };
        let instrument = self.instruments.at(slot);
        let opposite = place.side.opposite();
        let takes = match place.order_type {
            OrderType::Limit | OrderType::PostOnly => instrument
                .best(opposite)
                .is_some_and(|best| reaches(place.side, place.price.0, best)),
            _ => true,
        };
        let mut ahead = Ahead {
            instrument: slot,
            owner: self.look_up_owner(place.owner),
            assets: Some(instrument.sides(place.side)),
            ..NOTHING
        };
        if !takes {
            ahead.joins = Some((place.side, place.price.0));
            let side = book_side(place.side);
            instrument.book.prefetch_hint(side, place.price.0);
        } else if let Some(maker) = makers.next(slot, instrument, opposite) {
            ahead.order = instrument.book.order(maker).order as u32;
            self.orders.prefetch(ahead.order);
        }
        ahead
    }

    /// With the records there: what they point to.
    #[inline]
    fn follow_records(&self, ahead: &mut Ahead) {
        self.owners.prefetch_lists(ahead.owner);
        if let Some(order) = self.orders.ahead(ahead.order) {
            self.ledger.prefetch(order.pay);
            if ahead.assets.is_some() {
                self.ledger.prefetch(order.receive);
                self.owners.prefetch(order.owner);
            }
            ahead.handle = order.handle;
            if let Some((side, _)) = &mut ahead.joins {
                *side = order.side;
            }
            ahead.instrument = order.instrument;
            let book = &self.instruments.at(order.instrument).book;
            book.prefetch_order(order.handle);
            // For the event that says what became of the level.
            book.prefetch_hint(book_side(order.side), order.price);
        }
        if let Some((side, price)) = ahead.joins
            && ahead.instrument != NONE
        {
            let book = &self.instruments.at(ahead.instrument).book;
            ahead.level = book.prefetch_guess(book_side(side), price);
        }
    }

    /// With those there: accounts of new orders, levels and their ends.
    #[inline]
    fn follow_links(&self, ahead: &mut Ahead) {
        if let (Some((pay, receive)), true) = (ahead.assets, ahead.owner != NONE) {
            let owner = self.owners.at(ahead.owner);
            for asset in [pay, receive] {
                self.ledger.prefetch(owner.trading(asset).unwrap_or(NONE));
            }
        }
        if ahead.instrument != NONE {
            let book = &self.instruments.at(ahead.instrument).book;
            ahead.old_level = book.prefetch_level(ahead.handle);
            book.prefetch_end(ahead.level);
        }
    }

    /// With the order's level there: its end, where an order that grows goes.
    #[inline]
    fn follow_level(&self, ahead: &Ahead) {
        if ahead.old_level != NONE {
            let book = &self.instruments.at(ahead.instrument).book;
            book.prefetch_end(ahead.old_level);
        }
    }
}
