//! Everything that can refuse an amendment, before anything changes.
//!
//! In order: what would keep the owner from trading · the order is finished · nothing to change ·
//! size · price · post-only · balance.

use super::check::{check_base_size, checked_price};
use super::{Order, OrderSlot};
use crate::assets::SUPPLY_MAX;
use crate::exchange::Exchange;
use crate::instruments::Instrument;
use crate::refusal::{Refusal, Refused};
use crate::types::*;
use crate::wire::command::AmendOrder;

/// An amendment that nothing can refuse any more.
#[derive(Clone, Copy, Debug)]
pub struct Amendment {
    pub price: u64,
    /// Total including what is filled.
    pub size: u64,
    /// What the order sets aside now, and what it will if it rests.
    pub held: i128,
    pub holds: i128,
    pub effect: Effect,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The new size is filled already.
    Complete,
    /// Smaller at the same price: the order keeps its place in the queue.
    Shrink,
    /// Larger or at another price: to the back of the queue there.
    Requeue,
    /// At a price that the other side meets.
    Take,
}

impl Exchange {
    /// The pending order that an amendment names.
    pub(super) fn amended_order(&self, amend: &AmendOrder) -> Result<OrderSlot, Refused> {
        if amend.expires.0 != 0 && self.now > amend.expires.0 {
            return Err(Refusal::Expired.into());
        }
        let owner = self.owners.slot(amend.owner).ok_or(Refusal::UnknownOwner)?;
        let instrument = self.instruments.slot(amend.instrument);
        let instrument = instrument.ok_or(Refusal::UnknownInstrument)?;
        if amend.order.0 == 0 && amend.client_order_id.is_empty() {
            return Err(Refusal::AmendNoId.into());
        }
        let slot = self.named_order(owner, instrument, amend.order, &amend.client_order_id);
        Ok(slot.ok_or(Refusal::AmendFinished)?)
    }

    pub(super) fn check_amendment(
        &self,
        amend: &AmendOrder,
        slot: OrderSlot,
    ) -> Result<Amendment, Refused> {
        let order = self.orders.at(slot);
        let (owner, instrument) = (
            self.owners.at(order.owner),
            self.instruments.at(order.instrument),
        );
        self.check_may_trade(owner, instrument, true)?;
        if !order.is_amendable() {
            return Err(Refusal::AmendNotAmendable.into());
        }
        let mut amendment = amendment(amend, order, instrument)?;
        if amendment.effect == Effect::Complete {
            return Ok(amendment);
        }
        let takes = amendment.price != order.price
            && self.crosses(order.instrument, order.side, amendment.price);
        if takes && order.order_type == OrderType::PostOnly {
            return Err(Refusal::AmendWouldTake.into());
        }
        if takes && instrument.state == InstrumentState::PostOnly {
            return Err(Refusal::TradingSuspended.into());
        }
        if takes {
            amendment.effect = Effect::Take;
        }
        self.check_amended_funds(&mut amendment, order, instrument)?;
        Ok(amendment)
    }

    fn check_amended_funds(
        &self,
        amendment: &mut Amendment,
        order: &Order,
        instrument: &Instrument,
    ) -> Result<(), Refused> {
        let left = amendment.size - order.filled;
        let resting = instrument.resting[order.side as usize] - order.remaining();
        if resting.checked_add(left).is_none() {
            return Err(Refusal::BookFull.into());
        }
        amendment.held = instrument.hold(order.side, order.price, order.remaining());
        amendment.holds = instrument.hold(order.side, amendment.price, left);
        let available = self.ledger.available(order.pay) + amendment.held;
        if amendment.holds > available {
            let size = match order.side {
                Side::Buy => instrument.value.size_of_quote(available, amendment.price),
                Side::Sell => instrument.value.size_of_base(available),
            };
            return Err(Refusal::AmendNotEnoughBalance.allowing(size.saturating_add(order.filled)));
        }
        Ok(())
    }
}

fn amendment(
    amend: &AmendOrder,
    order: &Order,
    instrument: &Instrument,
) -> Result<Amendment, Refused> {
    let size = if amend.new_size.0 == 0 {
        order.size
    } else {
        amend.new_size.0
    };
    let mut price = if amend.new_price.0 == 0 {
        order.price
    } else {
        amend.new_price.0
    };
    if size == order.size && price == order.price {
        return Err(Refusal::AmendNoChange.into());
    }
    if size <= order.filled {
        return Ok(Amendment {
            price: order.price,
            size,
            held: 0,
            holds: 0,
            effect: Effect::Complete,
        });
    }
    if size != order.size {
        check_base_size(size, instrument)?;
        if size > instrument.terms.max_limit_size.0 {
            return Err(Refusal::OverMaxSize.allowing(instrument.terms.max_limit_size.0));
        }
    }
    if price != order.price {
        let clamp = amend.flags.contains(AmendFlags::CLAMP_PRICE);
        price = checked_price(price, order.side, instrument, clamp)?;
    }
    if size == order.size && price == order.price {
        return Err(Refusal::AmendNoChange.into());
    }
    // A resting order keeps its price and size whatever the terms have become since; what it
    // becomes now must be worth no more than listing allows. Everything within the terms is.
    let terms = &instrument.terms;
    let is_within = price <= terms.max_price.0 && size <= terms.max_limit_size.0;
    if !is_within && is_worth_too_much(price, size, instrument) {
        return Err(Refusal::OverMaxSize.allowing(instrument.terms.max_limit_size.0));
    }
    let shrinks = price == order.price && size < order.size;
    let effect = if shrinks {
        Effect::Shrink
    } else {
        Effect::Requeue
    };
    Ok(Amendment {
        price,
        size,
        held: 0,
        holds: 0,
        effect,
    })
}

#[cold]
fn is_worth_too_much(price: u64, size: u64, instrument: &Instrument) -> bool {
    let worth = instrument.value.checked_quote(price, size);
    worth.is_none_or(|worth| worth > SUPPLY_MAX)
}
