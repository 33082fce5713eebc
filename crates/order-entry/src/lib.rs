//! The usual requests: an order from a client's JSON straight to the bytes of its command, and HTTP
//! requests that arrive whole ([`whole_request`]).
//!
//! [`PlainOrders`] reads what nearly all clients send nearly always: one order, its parameters as
//! strings without escapes, nothing in them that needs a word of explanation. Everything else it
//! declines without saying why, and the gateway's full reader takes it, which knows all forms and
//! all refusals. What both accept, both read alike.

mod http;
mod json;
mod order;
mod reply;
mod signed;

pub use http::{Request, whole_request};
pub use reply::Taken;
pub use signed::{Signed, Signers};

use std::collections::HashMap;

use fullreserve_core::types::{GatewayId, InstrumentId, OwnerId};
use fullreserve_core::wire::{Command, encode};

use json::Scanner;
use order::Parameters;

const REQUEST_ID_MAX: usize = 32;

/// What reading an order needs to know of its instrument: decimal places of price, size and quote.
#[derive(Clone, Copy)]
pub struct Terms {
    pub instrument: InstrumentId,
    pub price_scale: u32,
    pub size_scale: u32,
    pub quote_scale: u32,
}

/// Whose order it is, and the submission that it becomes.
#[derive(Clone, Copy)]
pub struct Submission {
    pub owner: OwnerId,
    pub number: u64,
    /// 0: never.
    pub expires_ms: u64,
}

/// An order that was read, with what its acknowledgement repeats.
pub struct Placed<'a> {
    pub command: Vec<u8>,
    pub instrument: InstrumentId,
    pub client_order_id: &'a [u8],
    pub tag: &'a [u8],
}

/// Which of `instId` and `instIdCode` counts where both are sent: on REST the one, on WebSocket the
/// other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum InstrumentBy {
    Id,
    Code,
}

/// Reads orders for one gateway, on the instruments that it was told of.
pub struct PlainOrders {
    gateway: GatewayId,
    named: HashMap<Box<[u8]>, Terms>,
    coded: HashMap<u64, Terms>,
}

impl PlainOrders {
    pub fn new(gateway: GatewayId) -> Self {
        Self {
            gateway,
            named: HashMap::new(),
            coded: HashMap::new(),
        }
    }

    /// Takes orders on an instrument from now on.
    pub fn learn(&mut self, symbol: &str, terms: Terms) {
        self.named.insert(symbol.as_bytes().into(), terms);
        self.coded.insert(u64::from(terms.instrument.0), terms);
    }

    /// One object of order parameters; None declines.
    pub fn order<'a>(&self, body: &'a [u8], submission: Submission) -> Option<Placed<'a>> {
        let mut scanner = Scanner::new(body);
        let parameters = Parameters::read(&mut scanner)?;
        scanner.end()?;
        self.placed(&parameters, submission, InstrumentBy::Id)
    }

    /// A WebSocket request that places one order, and its id as it was sent; None declines.
    pub fn request<'a>(
        &self,
        message: &'a [u8],
        submission: Submission,
    ) -> Option<(&'a [u8], Placed<'a>)> {
        let mut scanner = Scanner::new(message);
        let (mut id, mut places, mut order) = (None, false, None);
        scanner.object(|scanner, key| {
            match key {
                b"id" => id = Some(scanner.string_or_digits_with_quotes()?),
                b"op" => places = scanner.string()? == b"order",
                b"args" => order = Some(only_order(scanner)?),
                _ => return None,
            }
            Some(())
        })?;
        scanner.end()?;
        if !places || !is_request_id(id?) {
            return None;
        }
        Some((id?, self.placed(&order?, submission, InstrumentBy::Code)?))
    }

    fn placed<'a>(
        &self,
        parameters: &Parameters<'a>,
        submission: Submission,
        first: InstrumentBy,
    ) -> Option<Placed<'a>> {
        let is_named = first == InstrumentBy::Id && !parameters.symbol.is_empty();
        let terms = match parameters.code {
            Some(code) if !is_named => self.coded.get(&code)?,
            _ => self.named.get(parameters.symbol)?,
        };
        let body = parameters.body(terms, submission)?;
        Some(Placed {
            command: encode(&Command::new(self.gateway, submission.number, body)),
            instrument: terms.instrument,
            client_order_id: parameters.client_order_id,
            tag: parameters.tag,
        })
    }
}

/// Up to 32 letters and digits, in quotes or a number.
fn is_request_id(sent: &[u8]) -> bool {
    let id = sent
        .strip_prefix(b"\"")
        .map_or(sent, |id| &id[..id.len() - 1]);
    (1..=REQUEST_ID_MAX).contains(&id.len()) && id.iter().all(u8::is_ascii_alphanumeric)
}

fn only_order<'a>(scanner: &mut Scanner<'a>) -> Option<Parameters<'a>> {
    scanner.take(b'[')?;
    let order = Parameters::read(scanner)?;
    scanner.take(b']')?;
    Some(order)
}
