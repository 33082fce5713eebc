//! Multiply, then divide, with the product held in 256 bits.

use super::{Rounding, divide};

/// `a × b / c`; None if `c` is 0 or the result is above `u128::MAX`.
#[inline]
pub fn mul_div(a: u128, b: u128, c: u128, rounding: Rounding) -> Option<u128> {
    // Two factors of 64 bits and a product of 64 bits: nearly every fee of nearly every fill.
    if let (Ok(a), Ok(b), Ok(c)) = (u64::try_from(a), u64::try_from(b), u64::try_from(c))
        && let Some(product) = a.checked_mul(b)
    {
        return divide(product.into(), c.into(), rounding);
    }
    mul_div_wide(a, b, c, rounding)
}

#[cold]
#[inline(never)]
fn mul_div_wide(a: u128, b: u128, c: u128, rounding: Rounding) -> Option<u128> {
    if let Some(product) = a.checked_mul(b) {
        return divide(product, c, rounding);
    }
    let (high, low) = multiply(a, b);
    if high >= c {
        return None;
    }
    let (quotient, rest) = divide_wide(high, low, c);
    if rest != 0 && rounding == Rounding::Up {
        quotient.checked_add(1)
    } else {
        Some(quotient)
    }
}

const HALF: u32 = 64;
const LOW: u128 = u64::MAX as u128;

/// The product as (high, low) halves of 128 bits, from four products of 64 × 64 bits.
fn multiply(a: u128, b: u128) -> (u128, u128) {
    let (a1, a0) = (a >> HALF, a & LOW);
    let (b1, b0) = (b >> HALF, b & LOW);
    let bottom = a0 * b0;
    let middle = a1 * b0 + (bottom >> HALF);
    let (cross, carry) = middle.overflowing_add(a0 * b1);
    let high = a1 * b1 + (cross >> HALF) + (u128::from(carry) << HALF);
    (high, cross << HALF | bottom & LOW)
}

/// (high, low) / divisor with high < divisor: quotient and rest.
///
/// Long division in two digits of 64 bits: Knuth, The Art of Computer Programming 4.3.1, algorithm
/// D.
fn divide_wide(high: u128, low: u128, divisor: u128) -> (u128, u128) {
    let shift = divisor.leading_zeros();
    let divisor = divisor << shift;
    let (high, low) = match shift {
        0 => (high, low),
        _ => (high << shift | low >> (128 - shift), low << shift),
    };
    let (first, rest) = digit(high, low >> HALF, divisor);
    let (second, rest) = digit(rest, low & LOW, divisor);
    (first << HALF | second, rest >> shift)
}

/// One digit: (rest × 2^64 + next) / divisor, with the divisor's top bit set and rest < divisor.
fn digit(rest: u128, next: u128, divisor: u128) -> (u128, u128) {
    let (top, bottom) = (divisor >> HALF, divisor & LOW);
    let mut guess = rest / top;
    let mut over = rest % top;
    // The guess from the divisor's top half is at most two too large.
    while guess > LOW || guess * bottom > (over << HALF | next) {
        guess -= 1;
        over += top;
        if over > LOW {
            break;
        }
    }
    let left = (rest << HALF | next).wrapping_sub(guess.wrapping_mul(divisor));
    (guess, left)
}
