//! Writing the state. `load` reads the same parts in the same order.

use super::bytes::Out;
use crate::agenda::{Timer, TimerTask};
use crate::book::OrderBook;
use crate::distribution::Distribution;
use crate::exchange::Exchange;
use crate::instruments::{Instrument, Terms};
use crate::orders::{Deed, Labels, Order, book_side};
use crate::types::*;

/// More than an order, a fill or an account takes, without long labels.
const RECORD_BYTES: usize = 192;

impl Exchange {
    /// Enough room for most states, so that writing seldom moves what is written.
    pub(super) fn snapshot_size(&self) -> usize {
        let orders = self.orders.open as usize + self.orders.finished().len();
        let records = orders + self.orders.fills().len() + self.ledger.accounts().len();
        4096 + RECORD_BYTES * (records + self.owners.count())
    }

    pub(super) fn save(&self, out: &mut Out) {
        out.u64(self.sequence);
        out.u64(self.now);
        out.u32(self.rules);
        out.u8(u8::from(self.halted.is_some()));
        if let Some(halt) = &self.halted {
            out.u64(halt.sequence);
            out.text(&halt.reason);
        }
        self.save_definitions(out);
        self.save_owners(out);
        self.save_instruments(out);
        self.save_accounts(out);
        self.save_orders(out);
        self.save_agenda(out);
        self.save_dedup(out);
        if self.is_guarded() {
            self.save_guard(out);
        }
    }

    fn save_guard(&self, out: &mut Out) {
        out.len(self.guard.figures.len());
        for (asset, figure) in &self.guard.figures {
            out.u32(asset.0);
            out.i128(figure.liquid);
            out.i128(figure.booked);
            out.u64(figure.expires_ms);
            out.u8(u8::from(figure.is_short));
        }
    }

    fn save_definitions(&self, out: &mut Out) {
        out.len(self.assets.all().len());
        for asset in self.assets.all() {
            out.u32(asset.id.0);
            out.text(&asset.symbol);
            out.u8(asset.scale);
            out.i128(asset.supply_cap);
        }
        out.len(self.kinds.all().len());
        for kind in self.kinds.all() {
            out.u32(kind.id.0.into());
            out.text(&kind.code);
            out.u8(kind.sign.code());
            out.u8(kind.claim.code());
        }
        out.len(self.tiers.all().len());
        for tier in self.tiers.all() {
            out.u32(tier.id.0.into());
            out.u64(tier.maker.0 as u64);
            out.u64(tier.taker.0 as u64);
        }
        for role in HouseRole::ALL {
            let account = self.houses.get(*role);
            out.u8(u8::from(account.is_some()));
            if let Some(account) = account {
                out.key(account);
            }
        }
        for parameter in Parameter::ALL {
            out.u64(self.parameters.get(*parameter));
        }
        out.len(self.suspensions.all().count());
        for (number, suspension) in self.suspensions.all() {
            out.u64(number);
            out.u8(suspension.actions.bits());
            out.u8(suspension.level.code());
            out.u64(suspension.key);
        }
    }

    fn save_owners(&self, out: &mut Out) {
        out.len(self.owners.count());
        for owner in self.owners.all() {
            out.u64(owner.id.0);
            out.u64(owner.master.0);
            out.u32(owner.segment.0);
            out.u32(owner.tier.0.into());
            out.u8(owner.flags.bits());
            out.u8(owner.kyc.0);
        }
    }

    fn save_instruments(&self, out: &mut Out) {
        out.len(self.instruments.all().len());
        for instrument in self.instruments.all() {
            save_instrument(instrument, out);
        }
    }

    /// In slot order, so that orders find their accounts where they were.
    fn save_accounts(&self, out: &mut Out) {
        out.len(self.ledger.accounts().len());
        for account in self.ledger.accounts() {
            out.key(account.key());
            out.u32(account.asset.0);
            out.i128(account.balance);
            out.i128(account.hold);
            out.u8(u8::from(account.has_moved()));
            out.u64(account.updated_ms);
        }
        for asset in self.assets.all() {
            out.i128(self.ledger.supply(asset.id));
        }
    }

    /// Pending orders side by side in the order of their queues; finished ones and fills as they
    /// came.
    fn save_orders(&self, out: &mut Out) {
        out.u64(self.orders.placed_total);
        out.u64(self.orders.finished_total());
        out.u64(self.orders.fills_total());
        out.len(self.orders.open as usize);
        for instrument in self.instruments.all() {
            for side in [Side::Buy, Side::Sell] {
                for (_, rest) in instrument.book.iter_side(book_side(side)) {
                    let slot = rest.order as u32;
                    save_order(self.orders.at(slot), self.orders.labels(slot), out);
                }
            }
        }
        out.len(self.orders.finished().len());
        for (order, labels) in self.orders.finished() {
            save_order(&order, &labels, out);
        }
        out.len(self.orders.fills().len());
        for (order, labels, fill) in self.orders.fills() {
            save_order(&order, &labels, out);
            save_deed(&fill, out);
        }
    }

    fn save_agenda(&self, out: &mut Out) {
        out.u64(self.agenda.last_timer);
        out.len(self.agenda.timers().count());
        for (due_ms, number, Timer { sequence, task }) in self.agenda.timers() {
            out.u64(due_ms);
            out.u64(number);
            out.u64(*sequence);
            match task {
                TimerTask::DeadMan { owner, tag } => {
                    out.u8(0);
                    out.u64(owner.0);
                    out.label(tag);
                }
            }
        }
        out.len(self.agenda.work.len());
        for work in &self.agenda.work {
            save_distribution(work, out);
        }
    }

    fn save_dedup(&self, out: &mut Out) {
        out.len(self.dedup.content().count());
        for (gateway, highest, window) in self.dedup.content() {
            out.u64(gateway);
            out.u64(highest);
            out.len(window.len());
            for submission in window {
                out.u64(submission.number);
                out.u64(submission.sequence);
                out.u32(submission.outcome.code.0);
                out.u64(submission.outcome.allowed);
                out.u64(submission.outcome.order);
            }
        }
    }
}

fn save_instrument(instrument: &Instrument, out: &mut Out) {
    out.u32(instrument.id.0);
    out.text(&instrument.symbol);
    out.u32(instrument.base.0);
    out.u32(instrument.quote.0);
    out.u8(instrument.price_scale);
    out.u8(instrument.size_scale);
    save_terms(&instrument.terms, out);
    out.u8(instrument.state.code());
    out.u64(instrument.listed_ms);
    out.u64(instrument.last_price);
    out.u64(instrument.last_trade.0);
}

fn save_terms(terms: &Terms, out: &mut Out) {
    out.len(terms.ticks.len());
    for band in &terms.ticks {
        out.u64(band.from_price.0);
        out.u64(band.tick);
    }
    out.u64(terms.lot.0);
    out.u64(terms.min_size.0);
    out.u64(terms.max_limit_size.0);
    out.u64(terms.max_market_size.0);
    out.u64(terms.max_market_amount);
    out.u64(terms.max_price.0);
    out.u64(terms.band);
}

fn save_order(order: &Order, labels: &Labels, out: &mut Out) {
    out.u64(order.id);
    out.u32(order.owner);
    out.u32(order.instrument);
    out.u64(order.price);
    out.u64(order.size);
    out.u64(order.filled);
    out.i128(order.filled_quote);
    out.i128(order.fee);
    out.u64(order.created_ms);
    out.u64(order.updated_ms);
    out.u64(order.sequence);
    out.u8(order.side.code());
    out.u8(order.order_type.code());
    out.u8(order.unit.code());
    out.u8(order.self_trade.code());
    out.u8(order.state.code());
    out.u8(order.cancel_source.code());
    out.label(&labels.client_order_id);
    out.label(&labels.tag);
}

fn save_deed(fill: &Deed, out: &mut Out) {
    out.u64(fill.price);
    out.u64(fill.size);
    out.u64(fill.trade);
    out.i128(fill.fee);
    out.u8(fill.liquidity.code());
}

fn save_distribution(work: &Distribution, out: &mut Out) {
    out.u64(work.sequence);
    out.key(work.pool);
    out.u32(work.asset.0);
    out.u32(work.target_kind.0.into());
    out.u64(work.target_instance.0);
    out.u32(work.reason.0.into());
    out.i128(work.remainder);
    out.u64(work.paid as u64);
    out.len(work.shares.len());
    for (owner, share) in &work.shares {
        out.u64(owner.0);
        out.i128(*share);
    }
}
