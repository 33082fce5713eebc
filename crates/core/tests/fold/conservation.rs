//! What must hold after every row, read from outside by queries: nobody's own bookkeeping.

use std::collections::BTreeMap;

use fullreserve_core::Exchange;
use fullreserve_core::types::*;
use fullreserve_core::wire::answer::{AccountState, Depth, Status, Supply};
use fullreserve_core::wire::event::Order;
use fullreserve_core::wire::query::*;
use fullreserve_core::wire::{Event, Query, event};

use super::genesis::*;
use super::run::{Run, all_owners, ask, length};
use super::stream::Mix;

type Account = (AssetId, AccountKey);

pub fn accounts(exchange: &Exchange) -> Vec<AccountState> {
    let mut all: Vec<AccountState> = Vec::new();
    loop {
        let last = all.last();
        let after_asset = last.map_or(AssetId(0), |state| state.asset);
        let after = last.map_or(AccountKey::default(), |state| key(state).1);
        let limit = 100;
        let query = Query::ListAccounts(ListAccounts {
            after_asset,
            after,
            limit,
        });
        let page: Vec<AccountState> = ask(exchange, query);
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

fn key(state: &AccountState) -> Account {
    let AccountState {
        owner,
        kind,
        instance,
        asset,
        ..
    } = *state;
    (
        asset,
        AccountKey {
            owner,
            kind,
            instance,
        },
    )
}

pub fn open_orders(exchange: &Exchange) -> Vec<Order> {
    let mut all = Vec::new();
    for owner in all_owners(exchange) {
        let mut older_than = OrderId(0);
        loop {
            let query = ListOpenOrders {
                owner,
                instrument: InstrumentId(0),
                older_than,
                newer_than: OrderId(0),
                limit: 100,
            };
            let page: Vec<Order> = ask(exchange, Query::ListOpenOrders(query));
            let Some(last) = page.last() else { break };
            older_than = last.order;
            all.extend(page);
        }
    }
    all
}

/// Deposits less withdrawals, counted from the events.
fn count_supply(supply: &mut BTreeMap<AssetId, i128>, events: &[Event]) {
    for event in events {
        let Event::Posted(event::Posted { legs, .. }) = event else {
            continue;
        };
        for leg in legs {
            *supply.entry(leg.asset).or_default() += leg.change.0;
        }
    }
}

fn check_supply(exchange: &Exchange, counted: &BTreeMap<AssetId, i128>) {
    let mut sums: BTreeMap<AssetId, i128> = BTreeMap::new();
    for state in accounts(exchange) {
        *sums.entry(state.asset).or_default() += state.balance.0;
    }
    for supply in ask::<Vec<Supply>>(exchange, Query::ListSupplies(ListSupplies {})) {
        let sum = sums.get(&supply.asset).copied().unwrap_or(0);
        let counted = counted.get(&supply.asset).copied().unwrap_or(0);
        assert_eq!(
            (supply.supply.0, supply.total.0),
            (sum, sum),
            "asset {:?}",
            supply.asset
        );
        assert_eq!(
            sum, counted,
            "asset {:?}: accounts against postings",
            supply.asset
        );
    }
}

/// Ledger units of price × size in quote, rounded up, or of the size in base.
fn cost(order: &Order) -> (AssetId, i128) {
    let pair = PAIRS
        .iter()
        .find(|pair| pair.0 == order.instrument)
        .unwrap();
    let (_, base, quote, price_scale, size_scale, _) = *pair;
    let left = i128::from(order.size.0 - order.filled.0);
    let scale = |asset| if asset == USDT { 6_u32 } else { 8 };
    match order.side {
        Side::Sell => (
            base,
            left * 10_i128.pow(scale(base) - u32::from(size_scale)),
        ),
        Side::Buy => {
            let divisor = 10_i128.pow(u32::from(price_scale + size_scale) - scale(quote));
            let product = i128::from(order.price.0) * left;
            (quote, (product + divisor - 1) / divisor)
        }
    }
}

/// The house's distributions hold too, so its accounts are not looked at.
fn check_holds(exchange: &Exchange, orders: &[Order]) {
    let mut owed: BTreeMap<Account, i128> = BTreeMap::new();
    for order in orders {
        let (asset, cost) = cost(order);
        *owed
            .entry((asset, account(order.owner, TRADE)))
            .or_default() += cost;
    }
    for state in accounts(exchange)
        .iter()
        .filter(|state| state.owner != HOUSE)
    {
        let owed = owed.remove(&key(state)).unwrap_or(0);
        assert_eq!(
            state.hold.0,
            owed,
            "{:?}: hold against open orders",
            key(state)
        );
    }
    assert!(
        owed.is_empty(),
        "an order holds of an account that is not there"
    );
}

fn check_signs(exchange: &Exchange) {
    for state in accounts(exchange) {
        let (balance, hold) = (state.balance.0, state.hold.0);
        match state.kind {
            FUND | TRADE | DUST => assert!(0 <= hold && hold <= balance, "{state:?}"),
            VAULT | COINS | LOANS => assert!(balance <= 0 && hold == 0, "{state:?}"),
            _ => assert!(hold >= 0, "{state:?}"),
        }
    }
}

/// The depth that the open orders make is the depth that the book shows.
fn check_depth(exchange: &Exchange, orders: &[Order]) {
    for (instrument, ..) in PAIRS {
        let query = GetDepth {
            instrument,
            levels: 10_000,
        };
        let depth: Option<Depth> = ask(exchange, Query::GetDepth(query));
        let depth = depth.unwrap();
        for (side, shown) in [(Side::Buy, &depth.bids), (Side::Sell, &depth.asks)] {
            let mut levels: BTreeMap<u64, (u64, u32)> = BTreeMap::new();
            for order in orders {
                if (order.instrument, order.side) == (instrument, side) {
                    let level = levels.entry(order.price.0).or_default();
                    level.0 += order.size.0 - order.filled.0;
                    level.1 += 1;
                }
            }
            let row = |level: &_| {
                let fullreserve_core::wire::answer::DepthLevel {
                    price,
                    size,
                    orders,
                } = *level;
                (price.0, (size.0, orders))
            };
            let mut shown: Vec<_> = shown.iter().map(row).collect();
            let best_first = |a: &(u64, _), b: &(u64, _)| match side {
                Side::Buy => a.0 > b.0,
                Side::Sell => a.0 < b.0,
            };
            assert!(shown.is_sorted_by(best_first), "levels are best first");
            shown.sort_unstable();
            assert!(shown.into_iter().eq(levels), "depth against open orders");
        }
        if let (Some(bid), Some(ask)) = (depth.bids.first(), depth.asks.first()) {
            assert!(bid.price < ask.price, "the book is not crossed");
        }
    }
}

fn check(exchange: &Exchange, supply: &BTreeMap<AssetId, i128>) {
    check_supply(exchange, supply);
    let orders = open_orders(exchange);
    check_holds(exchange, &orders);
    check_signs(exchange);
    check_depth(exchange, &orders);
    let status: Status = ask(exchange, Query::GetStatus(GetStatus {}));
    assert_eq!(status.open_orders, orders.len() as u64);
    exchange
        .check_invariants()
        .expect("the core's own invariants");
}

fn hold_on(mix: Mix, seeds: std::ops::Range<u64>, count: u64) {
    for seed in seeds {
        let mut run = Run::new(seed, mix);
        let mut supply = BTreeMap::new();
        let first = run.start();
        count_supply(&mut supply, &run.apply(&first));
        while run.exchange.sequence() < count {
            let row = run.next_row(100);
            count_supply(&mut supply, &run.apply(&row));
            check(&run.exchange, &supply);
        }
    }
}

/// Criterion: PROP-1, PROP-2, PROP-3, PROP-4
#[test]
fn every_unit_is_accounted_for_while_everything_happens() {
    hold_on(Mix::Everything, 0..6, length(8_000));
}

/// Criterion: PROP-1, PROP-2, PROP-3, PROP-4
#[test]
fn every_unit_is_accounted_for_while_the_market_is_busy() {
    hold_on(Mix::Trading, 100..103, length(15_000));
}
