//! A hash of the state, component by component over canonical content.
//!
//! What is hashed is content sorted by id in fixed-width little-endian fields: no slots, no order
//! of creation, nothing of the snapshot's format. Two machines that applied the same log agree on
//! each component; where they do not, the name of the component says where to look.

use crate::agenda::TimerTask;
use crate::book::OrderBook;
use crate::exchange::Exchange;
use crate::orders::{Labels, Order, book_side};
use crate::types::*;
use crate::wire::Wire;
use crate::wire::answer::ComponentHash;
use crate::wire::encode;

/// Content is hashed in pieces of about this size.
const PIECE_BYTES: usize = 1 << 16;

struct Content {
    hasher: blake3::Hasher,
    piece: Vec<u8>,
}

impl Content {
    fn new() -> Self {
        Self {
            hasher: blake3::Hasher::new(),
            piece: Vec::with_capacity(2 * PIECE_BYTES),
        }
    }

    fn raw(&mut self, bytes: &[u8]) {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE_BYTES {
            self.hasher.update(&self.piece);
            self.piece.clear();
        }
    }

    fn u64(&mut self, value: u64) {
        self.raw(&value.to_le_bytes());
    }

    fn i128(&mut self, value: i128) {
        self.raw(&value.to_le_bytes());
    }

    /// A value by its wire bytes, which are one to one.
    fn wire<T: Wire>(&mut self, value: &T) {
        self.raw(&encode(value));
    }

    fn all<T: Wire>(&mut self, values: impl Iterator<Item = T>) {
        for value in values {
            self.wire(&value);
        }
    }

    fn key(&mut self, key: AccountKey) {
        self.u64(key.owner.0);
        self.u64(key.kind.0.into());
        self.u64(key.instance.0);
    }

    fn finish(mut self) -> [u8; 32] {
        self.hasher.update(&self.piece);
        *self.hasher.finalize().as_bytes()
    }
}

impl Exchange {
    /// 32 bytes over the canonical content of all components.
    pub fn state_hash(&self) -> [u8; 32] {
        self.component_hashes()
            .pop()
            .map_or([0; 32], |state| state.hash)
    }

    /// The hash of each component; the last is named "state" and covers the others.
    pub fn component_hashes(&self) -> Vec<ComponentHash> {
        type Write = fn(&Exchange, &mut Content);
        let mut components: Vec<(&str, Write)> = vec![
            ("clock", Exchange::hash_clock),
            ("definitions", Exchange::hash_definitions),
            ("owners", Exchange::hash_owners),
            ("instruments", Exchange::hash_instruments),
            ("accounts", Exchange::hash_accounts),
            ("orders", Exchange::hash_orders),
            ("books", Exchange::hash_books),
            ("finished", Exchange::hash_finished),
            ("agenda", Exchange::hash_agenda),
            ("submissions", Exchange::hash_submissions),
        ];
        if self.is_guarded() {
            components.push(("guard", Exchange::hash_guard));
        }
        let mut state = blake3::Hasher::new();
        let mut hashes = Vec::with_capacity(components.len() + 1);
        for (name, write) in components {
            let mut content = Content::new();
            write(self, &mut content);
            let hash = content.finish();
            state.update(name.as_bytes());
            state.update(&hash);
            hashes.push(ComponentHash {
                name: name.into(),
                hash,
            });
        }
        let hash = *state.finalize().as_bytes();
        hashes.push(ComponentHash {
            name: "state".into(),
            hash,
        });
        hashes
    }

    fn hash_clock(&self, content: &mut Content) {
        content.u64(self.sequence);
        content.u64(self.now);
        content.u64(self.rules.into());
    }

    fn hash_definitions(&self, content: &mut Content) {
        content.all(self.assets.sorted().into_iter().map(|asset| asset.event()));
        content.all(self.kinds.all().iter().map(|kind| kind.event()));
        for tier in self.tiers.all() {
            content.u64(tier.id.0.into());
            content.u64(tier.maker.0 as u64);
            content.u64(tier.taker.0 as u64);
        }
        for role in HouseRole::ALL {
            content.wire(&self.houses.get(*role));
        }
        for parameter in Parameter::ALL {
            content.u64(self.parameters.get(*parameter));
        }
        for (number, suspension) in self.suspensions.all() {
            content.u64(number);
            content.u64(suspension.actions.bits().into());
            content.u64(suspension.level.code().into());
            content.u64(suspension.key);
        }
    }

    fn hash_owners(&self, content: &mut Content) {
        let slots = self.owners.sorted_after(0).into_iter();
        content.all(slots.map(|slot| self.owners.at(slot).event()));
    }

    fn hash_instruments(&self, content: &mut Content) {
        for instrument in self.instruments.sorted() {
            content.wire(&instrument.event());
            content.u64(instrument.last_price);
            content.u64(instrument.last_trade.0);
        }
    }

    fn hash_accounts(&self, content: &mut Content) {
        let mut accounts: Vec<_> = self
            .ledger
            .accounts()
            .iter()
            .filter(|a| a.has_moved())
            .collect();
        accounts.sort_unstable_by_key(|account| (account.asset, account.key()));
        for account in accounts {
            content.u64(account.asset.0.into());
            content.key(account.key());
            content.i128(account.balance);
            content.i128(account.hold);
            content.u64(account.updated_ms);
        }
        for asset in self.assets.sorted() {
            content.i128(self.ledger.supply(asset.id));
        }
    }

    /// Pending orders by id.
    fn hash_orders(&self, content: &mut Content) {
        let lists = self.owners.all().iter().map(|owner| owner.pending_head);
        let listed = lists.flat_map(|head| self.orders.listed_labelled(head));
        let mut orders: Vec<(&Order, &Labels)> = listed.collect();
        orders.sort_unstable_by_key(|(order, _)| order.id);
        for (order, labels) in orders {
            self.hash_order(order, labels, content);
        }
        content.u64(self.orders.placed_total);
        content.u64(self.orders.finished_total());
    }

    fn hash_order(&self, order: &Order, labels: &Labels, content: &mut Content) {
        content.u64(order.id);
        content.u64(self.owners.at(order.owner).id.0);
        content.u64(self.instruments.at(order.instrument).id.0.into());
        for value in [order.price, order.size, order.filled] {
            content.u64(value);
        }
        content.i128(order.filled_quote);
        content.i128(order.fee);
        for value in [order.created_ms, order.updated_ms, order.sequence] {
            content.u64(value);
        }
        content.raw(&[
            order.side.code(),
            order.order_type.code(),
            order.unit.code(),
            order.self_trade.code(),
            order.state.code(),
            order.cancel_source.code(),
            labels.client_order_id.len() as u8,
            labels.tag.len() as u8,
        ]);
        content.raw(labels.client_order_id.as_bytes());
        content.raw(labels.tag.as_bytes());
    }

    /// Order ids in the order they would trade.
    fn hash_books(&self, content: &mut Content) {
        for instrument in self.instruments.sorted() {
            content.u64(instrument.id.0.into());
            for side in [Side::Buy, Side::Sell] {
                for (_, rest) in instrument.book.iter_side(book_side(side)) {
                    content.u64(self.orders.at(rest.order as u32).id);
                }
                content.u64(0);
            }
        }
    }

    /// Retained finished orders and fills as they came.
    fn hash_finished(&self, content: &mut Content) {
        for (order, labels) in self.orders.finished() {
            self.hash_order(&order, &labels, content);
        }
        content.u64(self.orders.fills_total());
        for (order, labels, fill) in self.orders.fills() {
            self.hash_order(&order, &labels, content);
            for value in [fill.price, fill.size, fill.trade] {
                content.u64(value);
            }
            content.i128(fill.fee);
            content.raw(&[fill.liquidity.code()]);
        }
    }

    fn hash_agenda(&self, content: &mut Content) {
        content.u64(self.agenda.last_timer);
        for (due_ms, number, timer) in self.agenda.timers() {
            content.u64(due_ms);
            content.u64(number);
            match &timer.task {
                TimerTask::DeadMan { owner, tag } => {
                    content.u64(owner.0);
                    content.wire(tag);
                }
            }
        }
        for work in &self.agenda.work {
            content.u64(work.sequence);
            content.key(work.pool);
            content.u64(work.asset.0.into());
            content.u64(work.target_kind.0.into());
            content.u64(work.target_instance.0);
            content.u64(work.reason.0.into());
            content.i128(work.remainder);
            for (owner, share) in &work.shares[work.paid..] {
                content.u64(owner.0);
                content.i128(*share);
            }
        }
    }

    /// The sums are not content: they follow from the accounts.
    fn hash_guard(&self, content: &mut Content) {
        for (asset, figure) in &self.guard.figures {
            content.u64(asset.0.into());
            content.i128(figure.liquid);
            content.i128(figure.booked);
            content.u64(figure.expires_ms);
            content.raw(&[u8::from(figure.is_short)]);
        }
    }

    fn hash_submissions(&self, content: &mut Content) {
        for (gateway, highest, window) in self.dedup.content() {
            content.u64(gateway);
            content.u64(highest);
            for submission in window {
                content.u64(submission.number);
                content.u64(submission.sequence);
                content.u64(submission.outcome.code.0.into());
                content.u64(submission.outcome.allowed);
                content.u64(submission.outcome.order);
            }
        }
    }
}
