//! The two exchanges side by side.

use std::collections::BTreeMap;

use fullreserve_core::types::*;
use fullreserve_core::wire::answer::ReserveState;
use fullreserve_core::wire::query::ListReserves;
use fullreserve_core::wire::{Event, Query, event};

use super::{Oracle, Reply, Trade};
use crate::conservation::{accounts, open_orders};
use crate::run::{Row, Run, ask, length};
use crate::stream::Mix;

fn replies(events: &[Event]) -> Vec<Reply> {
    let reply = |event: &Event| match event {
        Event::Reply(reply) => Some(Reply {
            code: reply.code.0,
            order: reply.order,
            duplicate_of: reply.duplicate_of.0,
        }),
        _ => None,
    };
    events.iter().filter_map(reply).collect()
}

fn trades(events: &[Event]) -> Vec<Trade> {
    let trade = |event: &Event| match event {
        Event::Trade(trade) => Some(Trade {
            instrument: trade.instrument,
            number: trade.trade.0,
            price: trade.price.0,
            size: trade.size.0,
            side: trade.side,
        }),
        _ => None,
    };
    events.iter().filter_map(trade).collect()
}

/// What both know about an order.
type Seen = (
    OwnerId,
    InstrumentId,
    Side,
    [u64; 4],
    i128,
    i128,
    OrderState,
    ClientOrderId,
    Tag,
);

fn seen(order: &event::Order) -> Seen {
    (
        order.owner,
        order.instrument,
        order.side,
        [order.price.0, order.size.0, order.filled.0, order.created.0],
        order.filled_quote.0,
        order.fee.0,
        order.state,
        order.client_order_id,
        order.tag,
    )
}

fn expected(order: &super::Order) -> Seen {
    (
        order.owner,
        order.instrument,
        order.side,
        [order.price, order.size, order.filled, order.created_ms],
        order.filled_quote,
        order.fee,
        order.state,
        order.client_order_id,
        order.tag,
    )
}

fn compare_row(row: &Row, events: &[Event], oracle: &mut Oracle) {
    let (answered, expected) = (replies(events), oracle.apply(row));
    for (place, (answered, expected)) in answered.iter().zip(&expected).enumerate() {
        assert_eq!(answered, expected, "{:?}", row.commands[place]);
    }
    assert_eq!(answered.len(), expected.len());
    assert_eq!(trades(events), std::mem::take(&mut oracle.trades));
}

fn compare_state(run: &Run, oracle: &Oracle) {
    let mut known = oracle.balances.clone();
    for state in accounts(&run.exchange) {
        let (owner, kind, instance) = (state.owner, state.kind, state.instance);
        let key = AccountKey {
            owner,
            kind,
            instance,
        };
        let balance = known.remove(&(state.asset, key)).unwrap_or(0);
        let expected = (balance, oracle.hold(state.asset, key));
        assert_eq!(
            (state.balance.0, state.hold.0),
            expected,
            "{key:?} {:?}",
            state.asset
        );
    }
    known.retain(|_, balance| *balance != 0);
    assert!(known.is_empty(), "the core knows nothing of {known:?}");
    if oracle.rules >= 2 {
        for state in ask::<Vec<ReserveState>>(&run.exchange, Query::ListReserves(ListReserves {})) {
            let found = (state.coins.0, state.demand.0);
            assert_eq!(found, oracle.position(state.asset), "{:?}", state.asset);
        }
    }
    let orders = open_orders(&run.exchange);
    let shown: BTreeMap<u64, Seen> = orders.iter().map(|it| (it.order.0, seen(it))).collect();
    let wanted = oracle
        .orders
        .iter()
        .map(|(id, order)| (*id, expected(order)))
        .collect();
    assert_eq!(shown, wanted);
}

fn compare(mix: Mix, seeds: std::ops::Range<u64>, count: u64) {
    for seed in seeds {
        let mut run = Run::new(seed, mix);
        let mut oracle = Oracle::default();
        let first = run.start();
        compare_row(&first, &run.apply(&first), &mut oracle);
        while run.exchange.sequence() < count {
            let row = run.next_row(40);
            let events = run.apply(&row);
            compare_row(&row, &events, &mut oracle);
            compare_state(&run, &oracle);
        }
    }
}

/// Criterion: PROP-12
#[test]
fn the_core_and_the_oracle_agree_on_everything() {
    compare(Mix::Everything, 500..500 + length(10), 10_000);
}

/// Criterion: PROP-12
#[test]
fn the_core_and_the_oracle_agree_on_a_busy_market() {
    compare(Mix::Trading, 10_000..10_000 + length(4), 10_000);
}
