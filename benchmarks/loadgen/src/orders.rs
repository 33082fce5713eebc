//! The orders that are sent: small limit orders spread over a range of prices.

use pico_args::Arguments;

use crate::Failure;

#[derive(Clone)]
pub struct Orders {
    pub symbol: String,
    /// Hundredths of the quote unit, so that no float is printed.
    from_cents: u64,
    step_cents: u64,
    prices: u64,
    size: String,
    next: u64,
}

fn cents(text: &str) -> Result<u64, Failure> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 2 {
        return Err(format!("{text}: at most two digits after the point").into());
    }
    Ok(whole.parse::<u64>()? * 100 + format!("{fraction:0<2}").parse::<u64>()?)
}

impl Orders {
    pub fn read(arguments: &mut Arguments) -> Result<Self, Failure> {
        let mut text = |name: &'static str, default: &str| -> Result<String, Failure> {
            Ok(arguments
                .opt_value_from_str(name)?
                .unwrap_or_else(|| default.to_owned()))
        };
        Ok(Self {
            symbol: text("--symbol", "BTC-USDT")?,
            from_cents: cents(&text("--price-from", "10000")?)?,
            step_cents: cents(&text("--price-step", "1")?)?,
            prices: text("--prices", "1000")?.parse()?,
            size: text("--size", "0.001")?,
            next: 0,
        })
    }

    /// The next order as a JSON object; prices are visited in a scattered order.
    pub fn next(&mut self) -> String {
        let slot = self.next.wrapping_mul(7919) % self.prices;
        self.next += 1;
        let price = self.from_cents + self.step_cents * slot;
        format!(
            "{{\"instId\":\"{}\",\"tdMode\":\"cash\",\"side\":\"buy\",\"ordType\":\"limit\",\
             \"px\":\"{}.{:02}\",\"sz\":\"{}\"}}",
            self.symbol,
            price / 100,
            price % 100,
            self.size
        )
    }
}
