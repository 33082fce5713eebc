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
    /// Every other request moves one order between two prices above all others.
    moves_best: bool,
    moved: u64,
}

/// The client's id of the order that is moved.
const BEST: &str = "best";

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
            moves_best: arguments.contains("--moves-best"),
            moved: 0,
        })
    }

    /// The next request of a WebSocket: its operation, and its argument as a JSON object.
    pub fn request(&mut self) -> (&'static str, String) {
        if !self.moves_best || self.moved > self.next {
            return ("order", self.next());
        }
        let price = self.price(self.prices + self.moved % 2);
        self.moved += 1;
        if self.moved == 1 {
            let id = format!(",\"clOrdId\":\"{BEST}\"");
            return ("order", self.order(&price, &id));
        }
        let symbol = &self.symbol;
        let argument =
            format!("{{\"instId\":\"{symbol}\",\"clOrdId\":\"{BEST}\",\"newPx\":\"{price}\"}}");
        ("amend-order", argument)
    }

    /// The next order as a JSON object; prices are visited in a scattered order.
    pub fn next(&mut self) -> String {
        let slot = self.next.wrapping_mul(7919) % self.prices;
        self.next += 1;
        self.order(&self.price(slot), "")
    }

    fn price(&self, slot: u64) -> String {
        let cents = self.from_cents + self.step_cents * slot;
        format!("{}.{:02}", cents / 100, cents % 100)
    }

    fn order(&self, price: &str, more: &str) -> String {
        format!(
            "{{\"instId\":\"{}\",\"tdMode\":\"cash\",\"side\":\"buy\",\"ordType\":\"limit\",\
             \"px\":\"{price}\",\"sz\":\"{}\"{more}}}",
            self.symbol, self.size
        )
    }
}
