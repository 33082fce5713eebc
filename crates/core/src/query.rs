//! Answers to questions about the present state. A query changes nothing.

use crate::book::OrderBook;
use crate::exchange::Exchange;
use crate::ledger::Account;
use crate::money::Amount;
use crate::orders::report::Change;
use crate::orders::{Labels, Order, book_side};
use crate::owners::Owner;
use crate::types::*;
use crate::wire::answer::*;
use crate::wire::query::*;
use crate::wire::{Malformed, Query, Wire, decode, encode, event};

/// No answer has more rows than this, whatever was asked for.
const ROWS_MAX: usize = 10_000;

fn rows(limit: u32) -> usize {
    (limit as usize).min(ROWS_MAX)
}

impl Exchange {
    /// The answer's MessagePack; its shape depends on the query.
    pub fn query(&self, bytes: &[u8]) -> Result<Vec<u8>, Malformed> {
        Ok(match decode::<Query>(bytes)? {
            Query::GetDepth(query) => encode(&self.depth(&query)),
            Query::GetOrder(query) => encode(&self.one_order(&query)),
            Query::ListOpenOrders(query) => encode(&self.open_list(&query)),
            Query::ListFinishedOrders(query) => encode(&self.finished_list(&query)),
            Query::ListFills(query) => encode(&self.fills(&query)),
            Query::ListBalances(query) => encode(&self.balances(query.owner)),
            Query::ListAccounts(query) => encode(&self.accounts_after(&query)),
            Query::ListClaims(query) => encode(&self.claims(&query)),
            Query::ListSupplies(_) => encode(&self.supplies()),
            Query::ListReserves(_) => encode(&self.reserve_states()),
            Query::GetStatus(_) => encode(&self.status()),
            Query::GetStateHash(_) => encode(&self.component_hashes()),
            other => self.query_definitions(&other),
        })
    }

    fn query_definitions(&self, query: &Query) -> Vec<u8> {
        match query {
            Query::ListInstruments(_) => list(
                self.instruments
                    .sorted()
                    .into_iter()
                    .map(|item| item.event()),
            ),
            Query::ListAssets(_) => list(self.assets.sorted().into_iter().map(|item| item.event())),
            Query::GetOwner(query) => encode(&self.owners.get(query.owner).map(Owner::event)),
            Query::ListOwners(query) => {
                let slots = self.owners.sorted_after(query.after.0).into_iter();
                list(
                    slots
                        .take(rows(query.limit))
                        .map(|slot| self.owners.at(slot).event()),
                )
            }
            Query::ListFeeTiers(_) => list(self.tiers.all().iter().map(|tier| event::FeeTierSet {
                tier: tier.id,
                maker: tier.maker,
                taker: tier.taker,
            })),
            Query::ListKinds(_) => list(self.kinds.all().iter().map(|kind| kind.event())),
            Query::ListHouses(_) => list(HouseRole::ALL.iter().filter_map(|role| {
                let account = self.houses.get(*role)?;
                Some(event::HouseDefined {
                    role: *role,
                    account,
                })
            })),
            Query::ListParameters(_) => list(Parameter::ALL.iter().map(|parameter| {
                let value = self.parameters.get(*parameter);
                event::ParameterSet {
                    parameter: *parameter,
                    value,
                }
            })),
            Query::ListSuspensions(_) => list(self.suspensions.all().map(|(number, item)| {
                let (actions, level, key) = (item.actions, item.level, item.key);
                event::SuspensionSet {
                    suspension: number,
                    actions,
                    level,
                    key,
                }
            })),
            Query::GetGateway(query) => encode(&self.dedup.highest(query.gateway.0)),
            Query::ListDeadMen(query) => encode(&self.switches(query.owner)),
            Query::GetReference(query) => encode(&self.reference(query.instrument)),
            _ => unreachable!("answered above"),
        }
    }

    fn depth(&self, query: &GetDepth) -> Option<Depth> {
        let instrument = self.instruments.get(query.instrument)?;
        let side = |side| {
            let mut levels = Vec::new();
            instrument
                .book
                .depth(book_side(side), rows(query.levels), |level| {
                    let (price, size) = (Price(level.price), Size(level.size));
                    levels.push(DepthLevel {
                        price,
                        size,
                        orders: level.count,
                    });
                });
            levels
        };
        Some(Depth {
            sequence: Sequence(self.sequence),
            time: Timestamp(self.now),
            bids: side(Side::Buy),
            asks: side(Side::Sell),
        })
    }

    /// An order as its last change left it; how it came there is not repeated.
    fn present(&self, order: &Order, labels: &Labels) -> event::Order {
        let cause = match order.state {
            OrderState::Live => OrderCause::Placed,
            OrderState::PartiallyFilled | OrderState::Filled => OrderCause::Filled,
            OrderState::Canceled => OrderCause::Canceled,
        };
        self.order_event(order, labels, &Change::plain(cause))
    }

    fn one_order(&self, query: &GetOrder) -> Option<event::Order> {
        let slot = self.owners.slot(query.owner)?;
        let finished = self.owners.at(slot).newest_finished;
        let (id, client_order_id) = (query.order.0, &query.client_order_id);
        let at = |slot| (*self.orders.at(slot), *self.orders.labels(slot));
        let (order, labels) = if id != 0 {
            let listed = self.orders.find(id).map(at);
            listed.or_else(|| {
                let one = self.orders.finished_from(finished).find(|one| one.id == id);
                one.map(|one| self.orders.finished_order(one))
            })
        } else if client_order_id.is_empty() {
            None
        } else {
            let listed = self.orders.find_client(slot, client_order_id);
            listed
                .map(at)
                .or_else(|| self.orders.finished_client(finished, client_order_id))
        }?;
        let matches = order.owner == slot && self.is_on(order.instrument, query.instrument);
        matches.then(|| self.present(&order, &labels))
    }

    fn is_on(&self, slot: u32, instrument: InstrumentId) -> bool {
        instrument.0 == 0 || self.instruments.at(slot).id == instrument
    }

    fn open_list(&self, query: &ListOpenOrders) -> Vec<event::Order> {
        let Some(owner) = self.owners.get(query.owner) else {
            return Vec::new();
        };
        let bounds = (query.newer_than, query.older_than);
        self.orders
            .listed_labelled(owner.pending_head)
            .filter(|(order, _)| {
                self.is_on(order.instrument, query.instrument) && is_within(order.id, bounds)
            })
            .take(rows(query.limit))
            .map(|(order, labels)| self.present(order, labels))
            .collect()
    }

    /// The chain is in order of finishing, so the newest ids must be sorted out.
    fn finished_list(&self, query: &ListFinishedOrders) -> Vec<event::Order> {
        let Some(owner) = self.owners.get(query.owner) else {
            return Vec::new();
        };
        let bounds = (query.newer_than, query.older_than);
        let chain = self.orders.finished_from(owner.newest_finished);
        let mut orders: Vec<_> = chain
            .filter(|one| self.is_on(one.instrument, query.instrument) && is_within(one.id, bounds))
            .collect();
        let limit = rows(query.limit);
        if orders.len() > limit && limit > 0 {
            orders.select_nth_unstable_by_key(limit - 1, |one| std::cmp::Reverse(one.id));
        }
        orders.truncate(limit);
        orders.sort_unstable_by_key(|one| std::cmp::Reverse(one.id));
        orders
            .into_iter()
            .map(|one| {
                let (order, labels) = self.orders.finished_order(one);
                self.present(&order, &labels)
            })
            .collect()
    }

    fn fills(&self, query: &ListFills) -> Vec<event::Order> {
        let Some(owner) = self.owners.get(query.owner) else {
            return Vec::new();
        };
        self.orders
            .fills_from(owner.newest_fill)
            .filter(|fill| {
                (query.order.0 == 0 || query.order.0 == fill.id)
                    && self.is_on(fill.instrument, query.instrument)
            })
            .take(rows(query.limit))
            .map(|fill| {
                let (order, labels) = self.orders.filled_order(fill);
                self.order_event(&order, &labels, &Change::of_fill(fill.deed))
            })
            .collect()
    }

    fn balances(&self, owner: OwnerId) -> Vec<AccountState> {
        let accounts = self.ledger.accounts_of(owner);
        let mut states: Vec<AccountState> = accounts
            .filter(|account| account.has_moved())
            .map(account_state)
            .collect();
        states.sort_unstable_by_key(|state| (state.kind, state.instance, state.asset));
        states
    }

    fn accounts_after(&self, query: &ListAccounts) -> Vec<AccountState> {
        let after = (query.after_asset, query.after);
        let accounts = self.ledger.accounts().iter();
        let mut states: Vec<&Account> = accounts
            .filter(|a| a.has_moved() && (a.asset, a.key()) > after)
            .collect();
        states.sort_unstable_by_key(|account| (account.asset, account.key()));
        states
            .into_iter()
            .take(rows(query.limit))
            .map(account_state)
            .collect()
    }

    fn supplies(&self) -> Vec<Supply> {
        let supply = |asset: &crate::assets::Asset| Supply {
            asset: asset.id,
            supply: Amount(self.ledger.supply(asset.id)),
            total: Amount(self.ledger.total(asset.id)),
        };
        self.assets.sorted().into_iter().map(supply).collect()
    }

    fn switches(&self, owner: OwnerId) -> Vec<event::DeadMan> {
        let Some(record) = self.owners.get(owner) else {
            return Vec::new();
        };
        let state = |switch: &crate::orders::dead_man::Switch| event::DeadMan {
            owner,
            tag: switch.tag,
            trigger: Timestamp(switch.due_ms),
            fired: false,
        };
        record.switches.iter().map(state).collect()
    }

    fn reference(&self, instrument: InstrumentId) -> Option<PriceReference> {
        let instrument = self.instruments.get(instrument)?;
        let has_band = instrument.highest != u64::MAX;
        Some(PriceReference {
            last_price: Price(instrument.last_price),
            last_trade: instrument.last_trade,
            lowest: Price(instrument.lowest),
            highest: Price(if has_band { instrument.highest } else { 0 }),
        })
    }

    fn status(&self) -> Status {
        let accounts = self
            .ledger
            .accounts()
            .iter()
            .filter(|account| account.has_moved())
            .count();
        Status {
            sequence: Sequence(self.sequence),
            time: Timestamp(self.now),
            next_due: Timestamp(self.next_due_ms()),
            rules: self.rules,
            owners: self.owners.count() as u64,
            accounts: accounts as u64,
            open_orders: self.orders.open,
            finished_orders: self.orders.finished().len() as u64,
            finished_total: self.orders.finished_total(),
            memory_bytes: self.memory_bytes() as u64,
        }
    }

    /// Heap bytes of the state, as far as they grow with use.
    pub fn memory_bytes(&self) -> usize {
        let books: usize = self
            .instruments
            .all()
            .iter()
            .map(|i| i.book.memory_bytes())
            .sum();
        self.ledger.memory_bytes()
            + self.owners.memory_bytes()
            + self.orders.memory_bytes()
            + self.dedup.memory_bytes()
            + books
    }
}

fn list<T: Wire>(items: impl Iterator<Item = T>) -> Vec<u8> {
    encode(&items.collect::<Vec<T>>())
}

/// Whether an id lies between the bounds, exclusively; 0 is no bound.
fn is_within(id: u64, (newer_than, older_than): (OrderId, OrderId)) -> bool {
    id > newer_than.0 && (older_than.0 == 0 || id < older_than.0)
}

fn account_state(account: &Account) -> AccountState {
    AccountState {
        owner: account.owner,
        kind: account.kind,
        instance: account.instance,
        asset: account.asset,
        balance: Amount(account.balance),
        hold: Amount(account.hold),
        updated: Timestamp(account.updated_ms),
    }
}
