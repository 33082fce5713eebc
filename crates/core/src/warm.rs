//! Reading ahead: what the next commands will need is loaded for several of them at once.
//!
//! A command spends much of its time waiting for memory, one load behind the other. The commands of
//! a batch are known, so their orders, owners and accounts are asked for in passes over a window,
//! each pass following what the one before has brought. Nothing is kept: the commands look
//! everything up again, now from the cache.
//!
//! Commands come in a mixture that no processor can guess, and a wrong guess costs as much as the
//! passes save. So they are told apart once, and each pass is over commands of one kind.

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

/// The commands of a window by what they touch, as far as it is known before they run.
#[derive(Default)]
pub(crate) struct Ahead {
    changes: Vec<Change>,
    joining: Vec<Joining>,
    taking: Vec<Taking>,
    makers: Makers,
}

impl Ahead {
    fn clear(&mut self) {
        self.changes.clear();
        self.joining.clear();
        self.taking.clear();
        self.makers = Makers::default();
    }
}

/// A command that cancels or amends an order.
struct Change {
    owner: u32,
    /// 0 where the client's id says the order, which is then known at once.
    id: u64,
    order: u32,
    /// A price to which it moves; 0 where it stays.
    price: u64,
    instrument: u32,
    side: Side,
    handle: Handle,
    /// The level where it rests, and the one at its new price.
    level: u32,
    joins: u32,
}

/// A new order that will rest.
struct Joining {
    owner: u32,
    instrument: u32,
    side: Side,
    price: u64,
    level: u32,
}

/// A new order that meets a maker.
struct Taking {
    owner: u32,
    instrument: u32,
    side: Side,
    maker: u32,
    handle: Handle,
}

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
    pub(crate) fn read_ahead(&self, commands: &[Command], ahead: &mut Ahead) {
        ahead.clear();
        for command in commands {
            self.look_up(&command.body, ahead);
        }
        let Ahead {
            changes,
            joining,
            taking,
            ..
        } = ahead;
        changes.iter_mut().for_each(|old| self.follow_id(old));
        joining.iter_mut().for_each(|new| self.follow_new(new));
        taking.iter().for_each(|new| self.follow_maker(new));
        changes.iter_mut().for_each(|old| self.follow_order(old));
        joining.iter().for_each(|new| self.follow_joined(new));
        taking.iter().for_each(|new| self.follow_taken(new));
        changes.iter_mut().for_each(|old| self.follow_handle(old));
        changes.iter().for_each(|old| self.follow_levels(old));
    }

    /// By the ids: records of owners and orders.
    #[inline]
    fn look_up(&self, body: &Body, ahead: &mut Ahead) {
        match body {
            Body::PlaceOrder(place) => self.look_up_new(place, ahead),
            Body::CancelOrder(cancel) => {
                let (owner, id) = (cancel.owner, cancel.order.0);
                let change = self.look_up_old(owner, id, &cancel.client_order_id, 0);
                ahead.changes.push(change);
            }
            Body::AmendOrder(amend) => {
                let (owner, id, price) = (amend.owner, amend.order.0, amend.new_price.0);
                let change = self.look_up_old(owner, id, &amend.client_order_id, price);
                ahead.changes.push(change);
            }
            _ => {}
        }
    }

    #[inline]
    fn look_up_owner(&self, id: OwnerId) -> u32 {
        let owner = self.owners.slot(id).unwrap_or(NONE);
        self.owners.prefetch(owner);
        owner
    }

    #[inline(always)]
    fn look_up_old(&self, owner: OwnerId, id: u64, client: &ClientOrderId, price: u64) -> Change {
        let owner = self.look_up_owner(owner);
        let order = match id {
            0 => self.orders.guess_client(owner, client),
            _ => NONE,
        };
        self.orders.prefetch_id(id);
        Change {
            owner,
            id,
            order,
            price,
            instrument: 0,
            side: Side::Buy,
            handle: NONE,
            level: NONE,
            joins: NONE,
        }
    }

    #[inline]
    fn look_up_new(&self, place: &PlaceOrder, ahead: &mut Ahead) {
        let Some(slot) = self.instruments.slot(place.instrument) else {
            return;
        };
        let owner = self.look_up_owner(place.owner);
        let instrument = self.instruments.at(slot);
        let opposite = place.side.opposite();
        let rests = matches!(place.order_type, OrderType::Limit | OrderType::PostOnly);
        let best = instrument.best(opposite);
        let (side, price) = (place.side, place.price.0);
        if rests && !best.is_some_and(|best| reaches(side, price, best)) {
            instrument.book.prefetch_hint(book_side(side), price);
            ahead.joining.push(Joining {
                owner,
                instrument: slot,
                side,
                price,
                level: NONE,
            });
        } else if let Some(handle) = ahead.makers.next(slot, instrument, opposite) {
            let maker = instrument.book.order(handle).order as u32;
            self.orders.prefetch(maker);
            ahead.taking.push(Taking {
                owner,
                instrument: slot,
                side,
                maker,
                handle,
            });
        }
    }

    /// With the owner there: its lists, and the level where the order will rest.
    #[inline]
    fn follow_new(&self, new: &mut Joining) {
        self.owners.prefetch_lists(new.owner);
        let book = &self.instruments.at(new.instrument).book;
        new.level = book.prefetch_guess(book_side(new.side), new.price);
    }

    /// With those there: the account that pays, and the end of the level.
    #[inline]
    fn follow_joined(&self, new: &Joining) {
        let instrument = self.instruments.at(new.instrument);
        let (pay, _) = instrument.sides(new.side);
        self.prefetch_account(new.owner, pay);
        instrument.book.prefetch_end(new.level);
    }

    /// With both owners and the maker there: what the maker needs.
    #[inline]
    fn follow_maker(&self, new: &Taking) {
        self.owners.prefetch_lists(new.owner);
        let book = &self.instruments.at(new.instrument).book;
        book.prefetch_order(new.handle);
        if let Some(maker) = self.orders.ahead(new.maker) {
            self.owners.prefetch(maker.owner);
            self.orders.prefetch_id(maker.id);
            self.ledger.prefetch(maker.pay);
            self.ledger.prefetch(maker.receive);
            // For the event that says what became of the level.
            book.prefetch_hint(book_side(maker.side), maker.price);
        }
    }

    /// With the lists there: the taker's accounts.
    #[inline]
    fn follow_taken(&self, new: &Taking) {
        let instrument = self.instruments.at(new.instrument);
        let (pay, receive) = instrument.sides(new.side);
        self.prefetch_account(new.owner, pay);
        self.prefetch_account(new.owner, receive);
        instrument.book.prefetch_level(new.handle);
    }

    #[inline]
    fn prefetch_account(&self, owner: u32, asset: u32) {
        if owner != NONE {
            let slot = self.owners.at(owner).trading(asset);
            self.ledger.prefetch(slot.unwrap_or(NONE));
        }
    }

    /// With the place of its id there: the order.
    #[inline]
    fn follow_id(&self, old: &mut Change) {
        if old.id != 0 {
            old.order = self.orders.guess(old.id);
        }
        self.orders.prefetch(old.order);
    }

    /// With the order there: its account and its place in the book.
    #[inline]
    fn follow_order(&self, old: &mut Change) {
        self.owners.prefetch_lists(old.owner);
        let Some(order) = self.orders.ahead(old.order) else {
            return;
        };
        self.ledger.prefetch(order.pay);
        (old.instrument, old.side, old.handle) = (order.instrument, order.side, order.handle);
        let book = &self.instruments.at(order.instrument).book;
        book.prefetch_order(order.handle);
        let side = book_side(order.side);
        // For the event that says what became of the level.
        book.prefetch_hint(side, order.price);
        book.prefetch_hint(side, old.price);
    }

    /// With its place there: the level, and the one at its new price.
    #[inline]
    fn follow_handle(&self, old: &mut Change) {
        if old.handle != NONE {
            let book = &self.instruments.at(old.instrument).book;
            old.level = book.prefetch_level(old.handle);
            if old.price != 0 {
                old.joins = book.prefetch_guess(book_side(old.side), old.price);
            }
        }
    }

    /// With the levels there: their ends, where an order that grows or moves goes.
    #[inline]
    fn follow_levels(&self, old: &Change) {
        if old.handle != NONE {
            let book = &self.instruments.at(old.instrument).book;
            book.prefetch_end(old.level);
            book.prefetch_end(old.joins);
        }
    }
}
