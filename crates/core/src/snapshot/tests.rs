//! A restored exchange is the same exchange.

use crate::exchange::Exchange;
use crate::snapshot::SnapshotError;
use crate::types::*;
use crate::wire::command::CancelAllAfter;
use crate::world::*;

fn lively() -> World {
    let mut world = World::funded();
    world.ok(named("a1", limit(11, Side::Buy, 600_000, 20_000)));
    world.ok(limit(12, Side::Sell, 610_000, 30_000));
    world.ok(limit(13, Side::Sell, 610_000, 5_000));
    let requeued = world.ok(limit(14, Side::Sell, 611_000, 500));
    world.ok(amend(14, requeued, 0, 610_000));
    world.ok(limit(11, Side::Buy, 610_000, 10_000));
    world.submit(7, 3, limit(14, Side::Buy, 590_000, 7));
    world.time_ms += 5;
    let tag = Tag::new(b"desk").unwrap();
    world.ok(CancelAllAfter {
        owner: OwnerId(11),
        timeout: 60_000,
        tag,
    });
    world
}

/// Criterion: CORE-SNP-1. Same hash, same bytes again, and the same events for the same future.
#[test]
fn a_restored_exchange_goes_on_equally() {
    let mut original = lively();
    let bytes = original.exchange.snapshot();
    let exchange = Exchange::restore(&bytes).unwrap();
    exchange.check_invariants().unwrap();
    assert_eq!(exchange.state_hash(), original.exchange.state_hash());
    assert_eq!(exchange.snapshot(), bytes);
    let mut restored = World {
        exchange,
        time_ms: original.time_ms,
    };
    for world in [&mut original, &mut restored] {
        world.time_ms += 100_000;
    }
    let sweep = limit(13, Side::Buy, 620_000, 45_000);
    assert_eq!(original.send(sweep.clone()), restored.send(sweep));
    assert_eq!(
        original.exchange.state_hash(),
        restored.exchange.state_hash()
    );
}

/// Criterion: CORE-SNP-2. Every byte counts: cut or altered anywhere, it is refused.
#[test]
fn damage_is_found() {
    let bytes = lively().exchange.snapshot();
    for place in (0..bytes.len()).step_by(97) {
        let mut altered = bytes.clone();
        altered[place] ^= 1;
        assert!(Exchange::restore(&altered).is_err(), "byte {place}");
        assert!(
            Exchange::restore(&bytes[..place]).is_err(),
            "cut at {place}"
        );
    }
    let mut newer = bytes;
    newer[8] = 9;
    assert_eq!(
        Exchange::restore(&newer).err(),
        Some(SnapshotError::Version(9))
    );
}
