//! Cancels and amendments.

use fullreserve_core::types::*;
use fullreserve_core::wire::command::{AmendOrder, CancelAll, CancelAllAfter, CancelOrder};

use super::{Done, Oracle, Order, Refused};

impl Oracle {
    /// The pending order that is named by id, else by the client's id.
    fn named(
        &self,
        owner: OwnerId,
        instrument: InstrumentId,
        order: OrderId,
        name: ClientOrderId,
    ) -> Option<u64> {
        let is_named = |id: u64, it: &Order| match order.0 {
            0 => !name.is_empty() && it.client_order_id == name,
            _ => id == order.0,
        };
        let mut mine = self.orders.iter().filter(|(id, it)| {
            it.owner == owner && it.instrument == instrument && is_named(**id, it)
        });
        mine.next().map(|(id, _)| *id)
    }

    pub(super) fn may_cancel(&self, owner: OwnerId, instrument: InstrumentId) -> bool {
        let stopped = self.is_stopped(Suspended::TRADE_ALL, Some(owner), Some(instrument), None);
        !stopped && self.instruments[&instrument].state != InstrumentState::Suspend
    }

    pub(super) fn canceled(&self, cancel: &CancelOrder) -> Result<u64, Refused> {
        self.owner(cancel.owner)?;
        self.instrument(cancel.instrument)?;
        if cancel.order.0 == 0 && cancel.client_order_id.is_empty() {
            return Err(51407);
        }
        if !self.may_cancel(cancel.owner, cancel.instrument) {
            return Err(51022);
        }
        let (order, name) = (cancel.order, cancel.client_order_id);
        self.named(cancel.owner, cancel.instrument, order, name)
            .ok_or(51400)
    }

    pub(super) fn cancel_order(&mut self, cancel: &CancelOrder) -> Done {
        let id = self.canceled(cancel)?;
        self.orders.remove(&id);
        Ok(id)
    }

    pub(super) fn all_canceled(&self, cancel: &CancelAll) -> Result<Vec<u64>, Refused> {
        self.owner(cancel.owner)?;
        let all = cancel.instrument.0 == 0;
        if !all {
            self.instrument(cancel.instrument)?;
            if !self.may_cancel(cancel.owner, cancel.instrument) {
                return Err(51022);
            }
        }
        let mine = self.orders.iter().filter(|(_, order)| {
            order.owner == cancel.owner
                && (all || order.instrument == cancel.instrument)
                && self.may_cancel(order.owner, order.instrument)
        });
        Ok(mine.map(|(id, _)| *id).collect())
    }

    pub(super) fn cancel_all(&mut self, cancel: &CancelAll) -> Done {
        for id in self.all_canceled(cancel)? {
            self.orders.remove(&id);
        }
        Ok(0)
    }

    pub(super) fn set_switch(&mut self, command: &CancelAllAfter) -> Done {
        self.owner(command.owner)?;
        let (owner, tag) = (command.owner, command.tag);
        self.switches.retain(|_, switch| *switch != (owner, tag));
        if command.timeout > 0 {
            self.switches_set += 1;
            self.switches.insert(
                (self.now + command.timeout, self.switches_set),
                (owner, tag),
            );
        }
        Ok(0)
    }

    pub(super) fn fire_switches(&mut self) {
        while let Some((key, (owner, tag))) = self.switches.first_key_value() {
            let (key, owner, tag) = (*key, *owner, *tag);
            if key.0 > self.now {
                return;
            }
            self.switches.remove(&key);
            let mine = self.orders.iter().filter(|(_, order)| {
                order.owner == owner
                    && (tag.is_empty() || order.tag == tag)
                    && self.may_cancel(owner, order.instrument)
            });
            let mine: Vec<u64> = mine.map(|(id, _)| *id).collect();
            for id in mine {
                self.orders.remove(&id);
            }
        }
    }

    pub(super) fn amend_order(&mut self, amend: &AmendOrder) -> Done {
        if amend.expires.0 != 0 && self.now > amend.expires.0 {
            return Err(50037);
        }
        self.owner(amend.owner)?;
        self.instrument(amend.instrument)?;
        if amend.order.0 == 0 && amend.client_order_id.is_empty() {
            return Err(51003);
        }
        let (order, name) = (amend.order, amend.client_order_id);
        let id = self
            .named(amend.owner, amend.instrument, order, name)
            .ok_or(51503_u32)?;
        match self.amended(amend, &self.orders[&id]) {
            Ok((price, size)) => {
                self.change(id, price, size);
                Ok(id)
            }
            Err(code) => {
                let asks = amend.flags.contains(AmendFlags::CANCEL_ON_FAIL);
                if asks && self.may_cancel(amend.owner, amend.instrument) {
                    self.orders.remove(&id);
                }
                Err(code)
            }
        }
    }

    /// New price and total size.
    fn amended(&self, amend: &AmendOrder, order: &Order) -> Result<(u64, u64), Refused> {
        self.may_trade(order.owner, order.instrument, true)?;
        let pair = self.instrument(order.instrument)?;
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
        if (size, price) == (order.size, order.price) {
            return Err(51500);
        }
        if size <= order.filled {
            return Ok((order.price, size));
        }
        if size != order.size {
            pair.check_base_size(size)?;
            if size > pair.terms.max_limit_size.0 {
                return Err(51005);
            }
        }
        if price != order.price {
            let clamp = amend.flags.contains(AmendFlags::CLAMP_PRICE);
            price = pair.checked_price(price, order.side, clamp)?;
        }
        if (size, price) == (order.size, order.price) {
            return Err(51500);
        }
        let moves = price != order.price;
        let takes = moves
            && self
                .best_maker(order.instrument, order.side, price)
                .is_some();
        if takes && order.order_type == OrderType::PostOnly {
            return Err(51511);
        }
        if takes && pair.state == InstrumentState::PostOnly {
            return Err(51022);
        }
        let cost = self.cost(pair, order.side, price, size - order.filled);
        let free = self.spendable(order.owner, Self::paid_asset(pair, order.side));
        if cost > free + self.order_hold(order) {
            Err(51502)
        } else {
            Ok((price, size))
        }
    }

    fn change(&mut self, id: u64, price: u64, size: u64) {
        let order = self.orders.get_mut(&id).expect("named");
        if size <= order.filled {
            self.orders.remove(&id);
            return;
        }
        let keeps_place = price == order.price && size < order.size;
        (order.price, order.size) = (price, size);
        if !keeps_place {
            order.rank = None;
            let stop = self.walk(id, price, None);
            self.settle(id, stop);
        }
    }
}
