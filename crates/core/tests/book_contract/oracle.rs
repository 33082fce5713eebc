//! Goal: the ladder cannot be told from the naive book by any sequence of calls.
//!
//! Method: random commands go to both. Short streams compare everything after each command and
//! shrink to the shortest failing one; long streams grow the index to several levels of nodes
//! and compare the touch after each command, everything now and then.

use fullreserve_core::book::Side;
use proptest::prelude::*;

use super::pair::Pair;
use super::random::Random;

#[derive(Clone, Copy, Debug)]
enum Command {
    Insert { side: Side, price: u64, size: u64 },
    Remove { pick: usize },
    Reduce { pick: usize, keep: u64 },
    Take { side: Side, size: u64 },
}

fn apply(pair: &mut Pair, command: Command) {
    match command {
        // A refusal is compared inside the pair; a stream may go on after it.
        Command::Insert { side, price, size } => _ = pair.insert(side, price, size),
        Command::Remove { pick } => pair.remove(pick),
        Command::Reduce { pick, keep } => pair.reduce(pick, keep),
        Command::Take { side, size } => pair.take(side, size),
    }
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Bid), Just(Side::Ask)]
}

/// Crowded prices, prices a coarse tick apart, both ends of the range, and anything at all.
fn price() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => 100_u64..110,
        3 => (0_u64..200).prop_map(|tick| 5_000_000_000 + tick * 10_000_000),
        1 => 0_u64..3,
        1 => u64::MAX - 2..=u64::MAX,
        1 => any::<u64>(),
    ]
}

fn size() -> impl Strategy<Value = u64> {
    prop_oneof![9 => 1_u64..100, 1 => 1_u64..=u64::MAX]
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        5 => (side(), price(), size())
            .prop_map(|(side, price, size)| Command::Insert { side, price, size }),
        2 => any::<usize>().prop_map(|pick| Command::Remove { pick }),
        1 => (any::<usize>(), any::<u64>())
            .prop_map(|(pick, keep)| Command::Reduce { pick, keep }),
        1 => (side(), 1_u64..300).prop_map(|(side, size)| Command::Take { side, size }),
    ]
}

/// A few seconds of cases; a hundred times as many where the long tests run.
fn config(cases: u32) -> ProptestConfig {
    let long = std::env::var_os("FULLRESERVE_LONG").is_some();
    let cases = if long { 100 * cases } else { cases };
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config(2_000))]

    /// Criterion: BOOK-1, BOOK-2, BOOK-3, BOOK-4, BOOK-5, BOOK-6, BOOK-7
    #[test]
    fn short_streams_agree_after_every_command(
        commands in prop::collection::vec(command(), 1..120),
    ) {
        let mut pair = Pair::default();
        for command in commands {
            apply(&mut pair, command);
            pair.assert_same();
        }
    }

}

proptest! {
    #![proptest_config(config(60))]

    /// Criterion: BOOK-5, BOOK-6
    #[test]
    fn books_agree_while_thousands_of_levels_come_and_go(
        grow in prop::collection::vec((side(), any::<u64>(), 1_u64..100), 800..1500),
        tick in prop_oneof![Just(1_u64), Just(10_000_000), Just(u64::MAX / 5000)],
        picks in prop::collection::vec(any::<usize>(), 1500),
        sweep in side(),
    ) {
        let mut pair = Pair::default();
        for _ in 0..2 {
            for &(side, price, size) in &grow {
                pair.insert(side, price % 5000 * tick, size).unwrap();
                pair.assert_same_touch();
            }
            pair.assert_same();
            for (left, &pick) in picks.iter().take(grow.len()).enumerate() {
                pair.remove(pick);
                pair.assert_same_touch();
                if left % 250 == 0 {
                    pair.assert_same();
                }
            }
            pair.take(sweep, u64::MAX);
            pair.assert_same();
        }
    }
}

/// One long life of a market: the price wanders, falls by 60 %, and comes back.
///
/// Criterion: BOOK-5
#[test]
fn a_long_wandering_market_agrees() {
    let mut pair = Pair::default();
    let mut random = Random(20_261_125);
    let mut middle = 1_000_000;
    for step in 0..60_000 {
        let command = wander(&mut random, middle, pair.live.len());
        apply(&mut pair, command);
        pair.assert_same_touch();
        if step % 2_000 == 0 {
            pair.assert_same();
        }
        middle = match step {
            30_000..36_000 => middle - 100,
            45_000..51_000 => middle + 100,
            _ => middle - 5 + random.below(11),
        };
    }
}

fn wander(random: &mut Random, middle: u64, live: usize) -> Command {
    let away = 1 + random.below(40) * random.below(40);
    let (side, price) = match random.below(2) {
        0 => (Side::Bid, middle - away),
        _ => (Side::Ask, middle + away),
    };
    let kind = if live > 2_000 { 5 } else { random.below(8) };
    match kind {
        0..=3 => Command::Insert {
            side,
            price,
            size: 1 + random.below(50),
        },
        4 => Command::Reduce {
            pick: random.next() as usize,
            keep: random.next(),
        },
        5 | 6 => Command::Remove {
            pick: random.next() as usize,
        },
        _ => Command::Take {
            side,
            size: 1 + random.below(120),
        },
    }
}
