//! Goal: exact arithmetic for every input. Method: the same sums with unbounded integers.

use fullreserve_core::money::*;
use fullreserve_core::types::{Price, Rate, Size};
use num_bigint::BigUint;
use proptest::prelude::*;

const ROUNDINGS: [Rounding; 2] = [Rounding::Down, Rounding::Up];

fn exact(a: u128, b: u128, c: u128, rounding: Rounding) -> Option<u128> {
    if c == 0 {
        return None;
    }
    let (product, divisor) = (BigUint::from(a) * b, BigUint::from(c));
    let up = if rounding == Rounding::Up {
        &divisor - 1_u8
    } else {
        BigUint::ZERO
    };
    u128::try_from((product + up) / divisor).ok()
}

/// Values whose length in bits is spread evenly, and the edges of each word.
fn wide() -> impl Strategy<Value = u128> {
    prop_oneof![
        (any::<u128>(), 0_u32..128).prop_map(|(value, shift)| value >> shift),
        (0_u32..128, -2_i128..3).prop_map(|(bit, near)| (1_u128 << bit).wrapping_add_signed(near)),
        Just(u128::MAX),
        (0_u32..39).prop_map(|exponent| power_of_ten(exponent).unwrap()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    /// Criterion: MONEY-1
    #[test]
    fn mul_div_is_exact(a in wide(), b in wide(), c in wide()) {
        for rounding in ROUNDINGS {
            prop_assert_eq!(mul_div(a, b, c, rounding), exact(a, b, c, rounding));
        }
    }

    /// Quotients that end near a word's edge need the rare correction. Criterion: MONEY-1
    #[test]
    fn mul_div_is_exact_near_whole_quotients(q in wide(), c in wide(), near in -2_i128..3) {
        let a = q.wrapping_add_signed(near);
        for rounding in ROUNDINGS {
            prop_assert_eq!(mul_div(a, c, c, rounding), exact(a, c, c, rounding));
            prop_assert_eq!(mul_div(a, c, q, rounding), exact(a, c, q, rounding));
        }
    }

    /// Criterion: MONEY-2
    #[test]
    fn rescaling_is_exact(price: u64, size: u64, scales in (0_u8..19, 0_u8..19, 0_u8..19)) {
        let (price_scale, size_scale, ledger_scale) = scales;
        let rescale = Rescale::quote(price_scale, size_scale, ledger_scale).unwrap();
        let up = power_of_ten(ledger_scale.into()).unwrap();
        let down = power_of_ten(u32::from(price_scale) + u32::from(size_scale)).unwrap();
        let product = notional(Price(price), Size(size));
        for rounding in ROUNDINGS {
            let wanted = exact(product, up, down, rounding).and_then(Amount::from_unsigned);
            let got = rescale.apply(product, rounding);
            prop_assert_eq!(got, wanted);
        }
    }

    /// Criterion: MONEY-3
    #[test]
    fn fees_round_against_the_user(amount in 0_i128.., rate in -100_000_000_i64..=100_000_000) {
        let amount = Amount(amount);
        let fee = fee(amount, Rate(rate)).unwrap();
        let size = u128::from(rate.unsigned_abs());
        let rounding = if rate < 0 { Rounding::Down } else { Rounding::Up };
        let exact = exact(amount.to_unsigned().unwrap(), size, RATE_ONE, rounding).unwrap();
        prop_assert_eq!(fee.0.unsigned_abs(), exact);
        prop_assert!(fee.is_zero() || fee.is_negative() == (rate < 0));
    }

    /// Criterion: MONEY-4
    #[test]
    fn sums_are_exact_or_refused(a: i128, b: i128) {
        let (left, right) = (Amount(a), Amount(b));
        prop_assert_eq!(left.checked_add(right).map(|sum| sum.0), a.checked_add(b));
        prop_assert_eq!(left.checked_sub(right).map(|rest| rest.0), a.checked_sub(b));
        prop_assert_eq!(left.checked_neg().map(|negated| negated.0), a.checked_neg());
    }
}

/// Criterion: MONEY-4
#[test]
fn overflow_is_refused() {
    assert_eq!(Amount::MAX.checked_add(Amount(1)), None);
    assert_eq!(Amount(i128::MIN).checked_sub(Amount(1)), None);
    assert_eq!(Amount::from_unsigned(1 << 127), None);
    assert_eq!(mul_div(u128::MAX, 2, 1, Rounding::Down), None);
    assert_eq!(mul_div(1, 1, 0, Rounding::Down), None);
    assert_eq!(
        mul_div(u128::MAX, u128::MAX, u128::MAX, Rounding::Up),
        Some(u128::MAX)
    );
    assert_eq!(Rescale::new(0, 39), None);
    assert_eq!(power_of_ten(39), None);
    assert_eq!(fee(Amount(-1), Rate(10)), None);
    assert_eq!(fee(Amount::MAX, Rate(i64::MAX)), None);
}

/// A rate of 0.1 %, as 100 000 parts per 10^8. Criterion: MONEY-3
#[test]
fn fee_of_a_tenth_of_a_percent() {
    assert_eq!(fee(Amount(1_000), Rate(100_000)), Some(Amount(1)));
    assert_eq!(fee(Amount(1_001), Rate(100_000)), Some(Amount(2)));
    assert_eq!(fee(Amount(1_999), Rate(-100_000)), Some(Amount(-1)));
    assert_eq!(fee(Amount(0), Rate(100_000)), Some(Amount(0)));
}
