//! An order's parameters, and the command that they are.

use fullreserve_core::types::*;
use fullreserve_core::wire::Body;
use fullreserve_core::wire::command::PlaceOrder;

use crate::json::Scanner;
use crate::{Submission, Terms};

/// More digits than this may not fit into 64 bits.
const DIGITS_MAX: usize = 18;

/// Texts as they were sent, empty where absent.
#[derive(Default)]
pub struct Parameters<'a> {
    pub symbol: &'a [u8],
    pub code: Option<u64>,
    pub client_order_id: &'a [u8],
    pub tag: &'a [u8],
    mode: &'a [u8],
    side: &'a [u8],
    order_type: &'a [u8],
    size: &'a [u8],
    price: &'a [u8],
    unit: &'a [u8],
}

impl<'a> Parameters<'a> {
    /// An object whose values are strings; `instIdCode` may be a number.
    pub fn read(scanner: &mut Scanner<'a>) -> Option<Self> {
        let mut read = Self::default();
        scanner.object(|scanner, key| {
            if key == b"instIdCode" {
                read.code = Some(number(scanner.digits()?)?);
                return Some(());
            }
            let value = scanner.string()?;
            match key {
                b"instId" => read.symbol = value,
                b"tdMode" => read.mode = value,
                b"side" => read.side = value,
                b"ordType" => read.order_type = value,
                b"sz" => read.size = value,
                b"px" => read.price = value,
                b"clOrdId" => read.client_order_id = value,
                b"tag" => read.tag = value,
                b"tgtCcy" => read.unit = value,
                // Many clients send all that they know, empty.
                _ if value.is_empty() => {}
                _ => return None,
            }
            Some(())
        })?;
        Some(read)
    }

    /// The command's body; None for anything that needs a closer look.
    pub fn body(&self, terms: &Terms, submission: Submission) -> Option<Body> {
        let side = match self.side {
            b"buy" => Side::Buy,
            b"sell" => Side::Sell,
            _ => return None,
        };
        let order_type = match self.order_type {
            b"limit" => OrderType::Limit,
            b"market" => OrderType::Market,
            b"post_only" => OrderType::PostOnly,
            b"ioc" => OrderType::Ioc,
            b"fok" => OrderType::Fok,
            _ => return None,
        };
        if self.mode != b"cash" {
            return None;
        }
        let is_market = order_type == OrderType::Market;
        let unit = match (is_market, self.unit, side) {
            (false, b"", _) | (true, b"", Side::Sell) | (true, b"base_ccy", _) => SizeUnit::Base,
            (true, b"", Side::Buy) | (true, b"quote_ccy", _) => SizeUnit::Quote,
            _ => return None,
        };
        let price = match (is_market, self.price) {
            (true, b"") => 0,
            (true, _) => return None,
            (false, text) => decimal(text, terms.price_scale)?,
        };
        let size_scale = match unit {
            SizeUnit::Base => terms.size_scale,
            SizeUnit::Quote => terms.quote_scale,
        };
        Some(Body::PlaceOrder(PlaceOrder {
            owner: submission.owner,
            instrument: terms.instrument,
            side,
            order_type,
            price: Price(price),
            size: Size(decimal(self.size, size_scale)?),
            unit,
            self_trade: SelfTrade::CancelMaker,
            flags: OrderFlags::NONE,
            client_order_id: ClientOrderId::new(self.client_order_id)?,
            tag: Tag::new(self.tag)?,
            expires: Timestamp(submission.expires_ms),
        }))
    }
}

fn number(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0u64, |value, digit| {
        value.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
    })
}

/// A plain decimal in units of 10^-scale, exact.
fn decimal(text: &[u8], scale: u32) -> Option<u64> {
    let point = text.iter().position(|byte| *byte == b'.');
    let (whole, fraction) = match point {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, &b""[..]),
    };
    let is_plain = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    if !is_plain(whole) || (point.is_some() && !is_plain(fraction)) {
        return None;
    }
    // Zeros beyond the scale say nothing: `10000.00` is sent for a price of one decimal place.
    let kept = fraction.len().min(scale as usize);
    let (fraction, beyond) = fraction.split_at(kept);
    if beyond.iter().any(|byte| *byte != b'0') {
        return None;
    }
    let missing = scale - kept as u32;
    if whole.len() + kept > DIGITS_MAX {
        return None;
    }
    let units = number(whole)? * 10u64.pow(kept as u32) + number(fraction)?;
    units.checked_mul(10u64.checked_pow(missing)?)
}
