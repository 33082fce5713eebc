//! Goal: what the book promises at its edges: extreme prices and sizes, slots and memory.
//!
//! Method: each test drives one edge by hand with figures worked out beside it.

use fullreserve_core::book::{BookFull, Handle, Ladder, Level, OrderBook, Side};

use super::pair::{Pair, SIDES, depth};

/// Criterion: BOOK-1, BOOK-6
#[test]
fn both_ends_of_the_price_range_rest_and_rank() {
    for side in SIDES {
        let mut pair = Pair::default();
        for price in [u64::MAX, 0, 1 << 63, u64::MAX - 1, 1] {
            pair.insert(side, price, 7).unwrap();
        }
        pair.assert_same();
        let mut ranked = vec![u64::MAX, u64::MAX - 1, 1 << 63, 1, 0];
        if side == Side::Ask {
            ranked.reverse();
        }
        let seen = depth(&pair.ladder, side, usize::MAX);
        assert_eq!(
            seen.iter().map(|level| level.price).collect::<Vec<_>>(),
            ranked
        );
    }
}

/// Criterion: BOOK-2, BOOK-3, BOOK-4
#[test]
fn time_priority_survives_reducing_and_cancelling() {
    let mut book = Ladder::default();
    let [first, second, third] = [1, 2, 3].map(|tag| book.insert(Side::Bid, 50, 10, tag).unwrap());
    book.reduce(first, 9);
    assert_eq!(book.front(Side::Bid), Some(first));
    book.remove(second);
    assert_eq!(book.next(first), Some(third));
    assert_eq!(book.next(third), None);
    assert_eq!(
        book.best(Side::Bid),
        Some(Level {
            price: 50,
            size: 11,
            count: 2
        })
    );
}

/// Criterion: BOOK-7
#[test]
fn a_level_that_would_overflow_refuses_and_changes_nothing() {
    let mut pair = Pair::default();
    pair.insert(Side::Ask, 9, u64::MAX - 1).unwrap();
    assert_eq!(pair.insert(Side::Ask, 9, 2), Err(BookFull::LevelSize));
    pair.assert_same();
    pair.insert(Side::Ask, 9, 1).unwrap();
    pair.insert(Side::Ask, 10, u64::MAX).unwrap();
    pair.insert(Side::Bid, 9, u64::MAX).unwrap();
    pair.assert_same();
}

/// Criterion: BOOK-8
#[test]
#[should_panic]
fn a_removed_order_cannot_be_removed_again() {
    let mut book = Ladder::default();
    book.insert(Side::Bid, 1, 1, 1).unwrap();
    let handle = book.insert(Side::Bid, 1, 1, 2).unwrap();
    book.remove(handle);
    book.remove(handle);
}

/// Criterion: BOOK-8
#[test]
#[should_panic]
fn a_removed_order_cannot_be_read() {
    let mut book = Ladder::default();
    let handle = book.insert(Side::Bid, 1, 1, 1).unwrap();
    book.remove(handle);
    book.order(handle);
}

/// Criterion: BOOK-3
#[test]
#[should_panic(expected = "reduce leaves something")]
fn reducing_to_nothing_is_refused() {
    let mut book = Ladder::default();
    let handle = book.insert(Side::Bid, 1, 5, 1).unwrap();
    book.reduce(handle, 5);
}

fn fill(book: &mut Ladder, orders: u64, price: impl Fn(u64) -> u64) -> Vec<Handle> {
    (0..orders)
        .map(|tag| book.insert(Side::Bid, price(tag), 1, tag).unwrap())
        .collect()
}

/// A tick as coarse as the scale allows, so that no two prices are near each other.
const COARSE: u64 = 10_000_000_000;

/// Criterion: BOOK-9
#[test]
fn memory_is_reused_after_a_crash_and_by_a_swinging_price() {
    let mut book = Ladder::default();
    for handle in fill(&mut book, 20_000, |tag| (1_000_000 + tag) * COARSE) {
        book.remove(handle);
    }
    let peak = book.memory_bytes();
    for swing in 0..40_u64 {
        let start = if swing % 2 == 0 {
            400_000
        } else {
            1_000_000 + swing
        };
        let handles = fill(&mut book, 20_000, |tag| (start + tag * 7 % 20_000) * COARSE);
        for handle in handles.into_iter().rev() {
            book.remove(handle);
        }
        assert!(book.is_empty());
    }
    assert_eq!(book.memory_bytes(), peak);
}

/// Counts are powers of two, so that growth by doubling leaves the least slack in the tables.
const ORDERS: u64 = 1 << 16;

fn assert_bytes_per_order(book: &Ladder, at_most: usize) {
    assert_eq!(book.len(), ORDERS as usize);
    let bytes = book.memory_bytes() / book.len();
    assert!(bytes <= at_most, "{bytes} bytes");
}

/// Criterion: BOOK-10
#[test]
fn orders_that_share_prices_take_a_third_of_a_line() {
    let mut book = Ladder::default();
    fill(&mut book, ORDERS, |tag| tag % 500 * COARSE);
    assert_bytes_per_order(&book, 36);
}

/// Criterion: BOOK-10
#[test]
fn an_order_alone_at_its_price_takes_a_line_and_a_level() {
    for scatter in [1, 7_919, 40_503, 65_535] {
        let mut book = Ladder::default();
        fill(&mut book, ORDERS, |tag| tag * scatter % ORDERS * COARSE);
        assert_bytes_per_order(&book, 176);
    }
}

/// Criterion: BOOK-10
#[test]
fn an_order_whose_neighbours_were_cancelled_takes_a_line() {
    let mut book = Ladder::default();
    for _ in 0..ORDERS {
        let handles = fill(&mut book, 3, |_| 7);
        book.remove(handles[0]);
        book.remove(handles[2]);
    }
    assert_bytes_per_order(&book, 65);
}

/// Reading ahead is a hint: any handle and any price may be named.
///
/// Criterion: BOOK-5
#[test]
fn reading_ahead_changes_nothing() {
    let mut pair = Pair::default();
    for tag in 0..1_000 {
        pair.insert(SIDES[tag as usize % 2], 1 + tag * 31 % 97, 5)
            .unwrap();
    }
    (0..300).for_each(|pick| pair.remove(pick * 7));
    let handles: Vec<Handle> = (0..2_000).chain([Handle::MAX - 1, Handle::MAX]).collect();
    let prices = [0, 1, 50, u64::MAX].map(|price| (Side::Ask, price));
    pair.ladder.read_ahead(&handles, &prices);
    pair.assert_same();
}

/// Criterion: BOOK-11
#[test]
fn the_same_calls_give_the_same_handles() {
    let life = |book: &mut Ladder| {
        let mut handles = fill(book, 500, |tag| tag * 37 % 101);
        for at in (0..500).rev().step_by(3) {
            book.remove(handles.swap_remove(at));
        }
        handles.extend(fill(book, 200, |tag| tag * 11 % 97));
        handles
    };
    let (mut one, mut two) = (Ladder::default(), Ladder::default());
    assert_eq!(life(&mut one), life(&mut two));
    assert!(one.iter_side(Side::Bid).eq(two.iter_side(Side::Bid)));
}
