//! Tick and price band: which prices an instrument takes.

use crate::fees::RATE_ONE;
use crate::money::{Rounding, mul_div};
use crate::types::Side;
use crate::wire::command::TickBand;

/// Tick bands are looked through one by one.
const TICK_BANDS_MAX: usize = 32;

/// Whether tick bands ascend from 0 with ticks above 0.
pub fn are_valid(ticks: &[TickBand]) -> bool {
    (1..=TICK_BANDS_MAX).contains(&ticks.len())
        && ticks[0].from_price.0 == 0
        && ticks.iter().all(|band| band.tick > 0)
        && ticks.is_sorted_by(|a, b| a.from_price < b.from_price)
}

/// The tick at a price.
#[inline]
pub fn tick_at(ticks: &[TickBand], price: u64) -> u64 {
    if let [only] = ticks {
        return only.tick;
    }
    let above = ticks
        .iter()
        .rposition(|band| band.from_price.0 <= price)
        .unwrap_or(0);
    ticks[above].tick
}

/// The lowest price for sells and the highest for buys around a reference; (0, `u64::MAX`) without.
pub fn edges(reference: u64, band: u64) -> (u64, u64) {
    if band == 0 || reference == 0 {
        return (0, u64::MAX);
    }
    let part = |parts: u64, rounding| {
        let one = u128::from(RATE_ONE);
        mul_div(reference.into(), parts.into(), one, rounding)
            .and_then(|price| u64::try_from(price).ok())
            .unwrap_or(u64::MAX)
    };
    let lowest = part(RATE_ONE.saturating_sub(band), Rounding::Up);
    let highest = part(RATE_ONE.saturating_add(band), Rounding::Down);
    (lowest, highest)
}

/// The nearest price on the tick that is inside the edge: below it for buys, above it for sells.
pub fn on_tick(ticks: &[TickBand], price: u64, side: Side) -> u64 {
    let tick = tick_at(ticks, price);
    match side {
        Side::Buy => price / tick * tick,
        Side::Sell => price.div_ceil(tick).saturating_mul(tick),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Price;

    fn ticks() -> Vec<TickBand> {
        let band = |from, tick| TickBand {
            from_price: Price(from),
            tick,
        };
        vec![band(0, 1), band(1_000, 5), band(10_000, 50)]
    }

    /// Criterion: CORE-ORD-6. The tick is that of the highest band at or below the price.
    #[test]
    fn the_tick_depends_on_the_price() {
        let ticks = ticks();
        assert!(are_valid(&ticks));
        let found = [999, 1_000, 9_999, 10_000].map(|price| tick_at(&ticks, price));
        assert_eq!(found, [1, 5, 5, 50]);
        assert!(!are_valid(&ticks[1..]) && !are_valid(&[]));
    }

    /// Criterion: CORE-ORD-7. 5 % around 1,001: sells from 950.95 (951), buys to 1,051.05 (1,051).
    #[test]
    fn a_band_is_a_part_of_the_reference() {
        assert_eq!(edges(1_001, 5_000_000), (951, 1_051));
        assert_eq!(edges(0, 5_000_000), (0, u64::MAX));
        assert_eq!(edges(1_001, 0), (0, u64::MAX));
        assert_eq!(edges(1_001, 2 * RATE_ONE).0, 0);
        assert_eq!(on_tick(&ticks(), 1_051, Side::Buy), 1_050);
        assert_eq!(on_tick(&ticks(), 1_051, Side::Sell), 1_055);
    }
}
