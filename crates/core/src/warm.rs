//! Reading ahead: what the next commands will need is loaded for several of them at once.
//!
//! A command spends most of its time waiting for memory, one load behind the other. The commands of
//! a batch are known, so their orders, owners and accounts are read in passes over a window; the
//! processor overlaps the loads of a pass, which do not depend on each other. Nothing is kept: the
//! commands look everything up again, now from the cache.

use crate::book::OrderBook;
use crate::exchange::Exchange;
use crate::index::NONE;
use crate::orders::book_side;
use crate::types::{InstrumentId, OrderType, Side};
use crate::wire::Command;
use crate::wire::command::Body;

/// Commands read ahead at once: enough to overlap their loads, few enough to stay in the cache.
pub(crate) const WINDOW: usize = 16;

/// What a command will touch, as far as it is known before it runs.
#[derive(Clone, Copy)]
struct Ahead {
    order: u32,
    owner: u32,
    account: u32,
    handle: u32,
    instrument: u32,
}

const NOTHING: Ahead = Ahead {
    order: NONE,
    owner: NONE,
    account: NONE,
    handle: NONE,
    instrument: NONE,
};

impl Exchange {
    /// Reads what at most WINDOW commands will need. It has no effect but on their speed.
    pub(crate) fn read_ahead(&self, commands: &[Command]) {
        let mut ahead = [NOTHING; WINDOW];
        for (command, ahead) in commands.iter().zip(&mut ahead) {
            *ahead = self.look_up(&command.body);
        }
        let mut seen = 0u64;
        for (command, ahead) in commands.iter().zip(&mut ahead) {
            if ahead.order != NONE {
                let order = self.orders.at(ahead.order);
                seen ^= order.filled_quote as u64 ^ order.tag.len() as u64;
                (ahead.account, ahead.handle) = (order.pay, order.handle);
                ahead.instrument = order.instrument;
            }
            if ahead.owner != NONE {
                let owner = self.owners.at(ahead.owner);
                seen ^= u64::from(owner.pending);
                if let Body::PlaceOrder(order) = &command.body {
                    let asset = self.asset_paid(order.instrument, order.side);
                    ahead.account = asset.and_then(|slot| owner.trading(slot)).unwrap_or(NONE);
                }
            }
        }
        for (command, ahead) in commands.iter().zip(&ahead) {
            seen ^= self.level_ahead(&command.body, ahead);
            if ahead.account != NONE {
                seen ^= self.ledger.available(ahead.account) as u64;
            }
            if ahead.handle != NONE {
                seen ^= self
                    .instruments
                    .at(ahead.instrument)
                    .book
                    .order(ahead.handle)
                    .size;
            }
        }
        // Without a use the compiler would leave the loads out.
        std::hint::black_box(seen);
    }

    #[inline]
    fn look_up(&self, body: &Body) -> Ahead {
        let (owner, order) = match body {
            Body::PlaceOrder(place) => (place.owner, 0),
            Body::CancelOrder(cancel) => (cancel.owner, cancel.order.0),
            Body::AmendOrder(amend) => (amend.owner, amend.order.0),
            _ => return NOTHING,
        };
        let owner = self.owners.slot(owner).unwrap_or(NONE);
        let order = if order == 0 {
            NONE
        } else {
            self.orders.find(order).unwrap_or(NONE)
        };
        Ahead {
            order,
            owner,
            ..NOTHING
        }
    }

    /// The price level that the command will join, if it is known.
    #[inline]
    fn level_ahead(&self, body: &Body, ahead: &Ahead) -> u64 {
        let (instrument, side, price) = match body {
            Body::PlaceOrder(place) if place.order_type == OrderType::Limit => (
                self.instruments.slot(place.instrument),
                place.side,
                place.price.0,
            ),
            Body::AmendOrder(amend) if ahead.order != NONE && amend.new_price.0 != 0 => {
                let side = self.orders.at(ahead.order).side;
                (Some(ahead.instrument), side, amend.new_price.0)
            }
            _ => return 0,
        };
        let Some(slot) = instrument else { return 0 };
        let level = self.instruments.at(slot).book.level(book_side(side), price);
        level.map_or(0, |level| level.size)
    }

    fn asset_paid(&self, instrument: InstrumentId, side: Side) -> Option<u32> {
        let slot = self.instruments.slot(instrument)?;
        Some(self.instruments.at(slot).sides(side).0)
    }
}
