//! What a price and a size are worth in ledger units, for one instrument.

use crate::money::power_of_ten;

/// The largest difference of scales; 10^18 is the largest power of ten in 64 bits.
const SHIFT_MAX: u32 = 18;

/// Fixed at listing: the scales of an instrument against those of its assets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Valuation {
    /// Quote units = price × size × `quote_factor` / `quote_divisor`; one of the two is 1.
    quote_factor: u64,
    quote_divisor: u64,
    /// Base units = size × `base_factor`, always exact.
    base_factor: u64,
}

/// Quotient and whether there is a rest (0 or 1), in 64 bits wherever the product allows.
#[inline]
fn divide(product: u128, divisor: u64) -> (u128, u128) {
    match u64::try_from(product) {
        Ok(product) => {
            let quotient = product / divisor;
            (
                u128::from(quotient),
                u128::from(product != quotient * divisor),
            )
        }
        Err(_) => divide_wide(product, divisor.into()),
    }
}

#[cold]
#[inline(never)]
fn divide_wide(product: u128, divisor: u128) -> (u128, u128) {
    let quotient = product / divisor;
    (quotient, u128::from(product != quotient * divisor))
}

impl Valuation {
    /// None if sizes are finer than the base ledger or the scales are too far apart.
    pub fn new(price_scale: u8, size_scale: u8, base_scale: u8, quote_scale: u8) -> Option<Self> {
        let product = u32::from(price_scale) + u32::from(size_scale);
        let quote = u32::from(quote_scale);
        let up = quote.saturating_sub(product);
        let down = product.saturating_sub(quote);
        let base = u32::from(base_scale).checked_sub(u32::from(size_scale))?;
        if up > SHIFT_MAX || down > SHIFT_MAX || base > SHIFT_MAX {
            return None;
        }
        let power = |exponent| u64::try_from(power_of_ten(exponent)?).ok();
        Some(Self {
            quote_factor: power(up)?,
            quote_divisor: power(down)?,
            base_factor: power(base)?,
        })
    }

    /// Base ledger units of a size; exact.
    #[inline]
    pub fn base(&self, size: u64) -> i128 {
        (u128::from(size) * u128::from(self.base_factor)) as i128
    }

    /// The largest size that base ledger units cover.
    #[inline]
    pub fn size_of_base(&self, units: i128) -> u64 {
        u64::try_from(units.max(0) / i128::from(self.base_factor)).unwrap_or(u64::MAX)
    }

    /// Quote ledger units of price × size: (rounded down, rounded up).
    ///
    /// Listing checked the largest price × the largest size (`checked_quote`), so neither this nor
    /// a sum of a few leaves 128 bits.
    #[inline]
    pub fn quote(&self, price: u64, size: u64) -> (i128, i128) {
        let product = u128::from(price) * u128::from(size);
        if self.quote_divisor == 1 {
            let exact = (product * u128::from(self.quote_factor)) as i128;
            return (exact, exact);
        }
        let (whole, rest) = divide(product, self.quote_divisor);
        (whole as i128, (whole + rest) as i128)
    }

    /// Quote ledger units rounded up; None if they leave 128 bits.
    #[inline]
    pub fn checked_quote(&self, price: u64, size: u64) -> Option<i128> {
        let product = u128::from(price) * u128::from(size);
        let scaled = product.checked_mul(u128::from(self.quote_factor))?;
        let (whole, rest) = divide(scaled, self.quote_divisor);
        i128::try_from(whole + rest).ok()
    }

    /// The largest size whose value at this price, rounded up, is at most `units` of quote.
    #[inline]
    pub fn size_of_quote(&self, units: i128, price: u64) -> u64 {
        let units = units.max(0).unsigned_abs();
        let Some(scaled) = units.checked_mul(u128::from(self.quote_divisor)) else {
            return u64::MAX;
        };
        // size × price × factor ≤ scaled exactly when its value rounded up is at most `units`.
        let unit = u128::from(price) * u128::from(self.quote_factor);
        let size = scaled.checked_div(unit);
        size.and_then(|size| u64::try_from(size).ok())
            .unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Criterion: CORE-ORD-5. BTC-USDT at price scale 1, size scale 8, ledgers of 8 digits:
    /// 0.00000003 BTC × 60,000.7 = 0.001800021 USDT, between 180002 and 180003 units.
    #[test]
    fn values_round_down_and_up() {
        let value = Valuation::new(1, 8, 8, 8).unwrap();
        assert_eq!(value.quote(600_007, 3), (180_002, 180_003));
        assert_eq!(value.quote(600_000, 3), (180_000, 180_000));
        assert_eq!(value.base(3), 3);
        let coarse = Valuation::new(2, 2, 8, 8).unwrap();
        assert_eq!(coarse.quote(12_345, 200), (24_690_000_000, 24_690_000_000));
        assert_eq!(
            (coarse.base(200), coarse.size_of_base(200_999_999)),
            (200_000_000, 200)
        );
    }

    /// Criterion: CORE-ORD-5. The size for an amount never costs more than the amount.
    #[test]
    fn the_size_of_an_amount_is_the_largest_that_fits() {
        let value = Valuation::new(1, 8, 8, 8).unwrap();
        let size = value.size_of_quote(180_002, 600_007);
        assert_eq!(size, 2);
        assert!(value.quote(600_007, size + 1).1 > 180_002);
        assert_eq!(value.size_of_quote(180_003, 600_007), 3);
        assert_eq!(value.size_of_quote(-5, 600_007), 0);
    }

    /// Criterion: CORE-ORD-4. A product of more than 64 bits takes the long way, with equal result.
    #[test]
    fn large_products_are_exact() {
        let value = Valuation::new(8, 8, 8, 8).unwrap();
        let (down, up) = value.quote(u64::MAX, u64::MAX);
        let product = u128::from(u64::MAX) * u128::from(u64::MAX);
        assert_eq!(down.unsigned_abs(), product / 100_000_000);
        assert_eq!(up, down + 1);
        assert_eq!(value.checked_quote(u64::MAX, u64::MAX), Some(up));
    }

    #[test]
    fn sizes_finer_than_the_ledger_are_refused() {
        assert_eq!(Valuation::new(2, 9, 8, 8), None);
        assert_eq!(Valuation::new(18, 18, 18, 8), None);
    }
}
