//! Cancelling: one order, all of an owner, or those of a tag.

use super::OrderSlot;
use crate::exchange::Exchange;
use crate::instruments::InstrumentSlot;
use crate::owners::{Owner, OwnerSlot};
use crate::refusal::{Refusal, Refused};
use crate::types::*;
use crate::wire::command::{CancelAll, CancelOrder};

/// Which of an owner's pending orders.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Selection {
    pub instrument: Option<InstrumentSlot>,
    pub tag: Tag,
    /// Also where cancels are stopped.
    pub in_stops: bool,
}

impl Exchange {
    /// The pending order that a command names: by id, else by the client's id.
    #[inline]
    pub(crate) fn named_order(
        &self,
        owner: OwnerSlot,
        instrument: InstrumentSlot,
        order: OrderId,
        client_order_id: &ClientOrderId,
    ) -> Option<OrderSlot> {
        let slot = if order.0 != 0 {
            self.orders.find(order.0)
        } else {
            self.orders.find_client(owner, client_order_id)
        }?;
        let found = self.orders.at(slot);
        (found.owner == owner && found.instrument == instrument).then_some(slot)
    }

    /// The pending order that a command asks to cancel. Owners who are frozen may still cancel.
    #[inline]
    pub(crate) fn check_cancel(&self, cancel: &CancelOrder) -> Result<OrderSlot, Refused> {
        let owner = self
            .owners
            .slot(cancel.owner)
            .ok_or(Refusal::UnknownOwner)?;
        let instrument = self.instruments.slot(cancel.instrument);
        let instrument = instrument.ok_or(Refusal::UnknownInstrument)?;
        if cancel.order.0 == 0 && cancel.client_order_id.is_empty() {
            return Err(Refusal::CancelNoId.into());
        }
        if !self.may_cancel(self.owners.at(owner), instrument) {
            return Err(Refusal::TradingSuspended.into());
        }
        let slot = self.named_order(owner, instrument, cancel.order, &cancel.client_order_id);
        Ok(slot.ok_or(Refusal::CancelUnknown)?)
    }

    /// Whether cancels on the instrument are possible at all.
    #[inline]
    pub(crate) fn may_cancel(&self, owner: &Owner, instrument: InstrumentSlot) -> bool {
        let instrument = self.instruments.at(instrument);
        let suspended = self.suspensions.global().union(owner.suspended);
        instrument.state != InstrumentState::Suspend
            && !suspended
                .union(instrument.suspended)
                .contains(Suspended::TRADE_ALL)
    }

    #[inline]
    pub(crate) fn cancel_order(&mut self, cancel: &CancelOrder) -> Result<u64, Refused> {
        let slot = self.check_cancel(cancel)?;
        let id = self.orders.at(slot).id;
        self.end(slot, CancelSource::User);
        Ok(id)
    }

    /// Whose orders a command asks to cancel.
    pub(crate) fn check_cancel_all(
        &self,
        cancel: &CancelAll,
    ) -> Result<(OwnerSlot, Selection), Refused> {
        let owner = self
            .owners
            .slot(cancel.owner)
            .ok_or(Refusal::UnknownOwner)?;
        let mut selection = Selection::default();
        if cancel.instrument.0 != 0 {
            let instrument = self.instruments.slot(cancel.instrument);
            let instrument = instrument.ok_or(Refusal::UnknownInstrument)?;
            if !self.may_cancel(self.owners.at(owner), instrument) {
                return Err(Refusal::TradingSuspended.into());
            }
            selection.instrument = Some(instrument);
        }
        Ok((owner, selection))
    }

    /// Nothing pending is a success too: what was asked for is so.
    pub(crate) fn cancel_all(&mut self, cancel: &CancelAll) -> Result<u64, Refused> {
        let (owner, selection) = self.check_cancel_all(cancel)?;
        self.cancel_selected(owner, selection, CancelSource::User);
        Ok(0)
    }

    /// The pending orders of a selection that may be cancelled, newest first.
    pub(crate) fn selected(&self, owner: OwnerSlot, selection: Selection) -> Vec<OrderSlot> {
        let record = self.owners.at(owner);
        self.orders
            .listed_slots(record.pending_head)
            .filter(|slot| {
                let order = self.orders.at(*slot);
                selection
                    .instrument
                    .is_none_or(|wanted| wanted == order.instrument)
                    && (selection.tag.is_empty() || selection.tag == self.orders.labels(*slot).tag)
                    && (selection.in_stops || self.may_cancel(record, order.instrument))
            })
            .collect()
    }

    pub(crate) fn cancel_selected(
        &mut self,
        owner: OwnerSlot,
        selection: Selection,
        source: CancelSource,
    ) {
        for slot in self.selected(owner, selection) {
            self.end(slot, source);
        }
    }
}
