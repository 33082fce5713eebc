//! Exact amounts: integers, a named rounding for each division, overflow an error.

mod wide;

pub use wide::mul_div;

use crate::types::{Price, Rate, Size};

/// A signed amount of an asset in units of its ledger scale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Amount(pub i128);

/// Which way a result goes that is not whole. Amounts rounded here are never negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    Down,
    Up,
}

impl Amount {
    pub const ZERO: Self = Self(0);
    pub const MAX: Self = Self(i128::MAX);

    #[inline]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    #[inline]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(difference) => Some(Self(difference)),
            None => None,
        }
    }

    #[inline]
    pub const fn checked_neg(self) -> Option<Self> {
        match self.0.checked_neg() {
            Some(negated) => Some(Self(negated)),
            None => None,
        }
    }

    #[inline]
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    #[inline]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// None above `i128::MAX`.
    #[inline]
    pub fn from_unsigned(value: u128) -> Option<Self> {
        i128::try_from(value).ok().map(Self)
    }

    /// None if negative.
    #[inline]
    pub fn to_unsigned(self) -> Option<u128> {
        u128::try_from(self.0).ok()
    }
}

/// 10^0 to 10^38, all the powers of ten that 128 bits hold.
pub const POWERS_OF_TEN: [u128; 39] = {
    let mut powers = [1; 39];
    let mut exponent = 1;
    while exponent < 39 {
        powers[exponent] = powers[exponent - 1] * 10;
        exponent += 1;
    }
    powers
};

/// 10^exponent; None above 10^38.
#[inline]
pub fn power_of_ten(exponent: u32) -> Option<u128> {
    POWERS_OF_TEN.get(exponent as usize).copied()
}

/// Division with a named rounding; None by zero.
#[inline]
pub fn divide(value: u128, divisor: u128, rounding: Rounding) -> Option<u128> {
    if let (Ok(value), Ok(divisor)) = (u64::try_from(value), u64::try_from(divisor)) {
        let quotient = value.checked_div(divisor)?;
        let rest = value - quotient * divisor;
        return Some(u128::from(quotient) + u128::from(rest != 0 && rounding == Rounding::Up));
    }
    let quotient = value.checked_div(divisor)?;
    let rest = value - quotient * divisor;
    Some(quotient + u128::from(rest != 0 && rounding == Rounding::Up))
}

/// A fixed change of scale: an integer at one scale to an amount at another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rescale {
    Multiply(u128),
    Divide(u128),
}

impl Rescale {
    /// From `from` digits after the point to `to`; None if they are more than 38 apart.
    pub fn new(from: u32, to: u32) -> Option<Self> {
        if to >= from {
            power_of_ten(to - from).map(Self::Multiply)
        } else {
            power_of_ten(from - to).map(Self::Divide)
        }
    }

    /// What a price × size product counts in the quote asset's ledger units.
    pub fn quote(price_scale: u8, size_scale: u8, ledger_scale: u8) -> Option<Self> {
        Self::new(
            u32::from(price_scale) + u32::from(size_scale),
            ledger_scale.into(),
        )
    }

    /// What a size counts in the base asset's ledger units.
    pub fn base(size_scale: u8, ledger_scale: u8) -> Option<Self> {
        Self::new(size_scale.into(), ledger_scale.into())
    }

    /// Whether every integer keeps its exact value.
    pub const fn is_exact(self) -> bool {
        matches!(self, Self::Multiply(_) | Self::Divide(1))
    }

    /// None on overflow of an amount.
    #[inline]
    pub fn apply(self, value: u128, rounding: Rounding) -> Option<Amount> {
        Amount::from_unsigned(match self {
            Self::Multiply(factor) => value.checked_mul(factor)?,
            Self::Divide(divisor) => divide(value, divisor, rounding)?,
        })
    }
}

/// Price × size, exact, at the sum of their scales.
#[inline]
pub const fn notional(price: Price, size: Size) -> u128 {
    price.0 as u128 * size.0 as u128
}

/// One, as a rate.
pub const RATE_ONE: u128 = 100_000_000;

/// The fee on an amount received: what a user pays is rounded up, a rebate down.
///
/// Positive: the user pays. None on overflow or a negative amount.
#[inline]
pub fn fee(amount: Amount, rate: Rate) -> Option<Amount> {
    let amount = amount.to_unsigned()?;
    let size = u128::from(rate.0.unsigned_abs());
    if rate.0 >= 0 {
        Amount::from_unsigned(mul_div(amount, size, RATE_ONE, Rounding::Up)?)
    } else {
        Amount::from_unsigned(mul_div(amount, size, RATE_ONE, Rounding::Down)?)?.checked_neg()
    }
}
