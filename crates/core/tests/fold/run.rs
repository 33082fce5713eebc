//! An exchange driven by a stream, row by row, and the log that comes of it.

use fullreserve_core::Exchange;
use fullreserve_core::types::{GatewayId, OwnerId};
use fullreserve_core::wire::command::{Body, Command};
use fullreserve_core::wire::{Batch, Event, Query, Wire, decode, encode};

use super::dice::Dice;
use super::genesis::genesis;
use super::stream::{Mix, Stream};

/// What one journal row holds.
#[derive(Clone)]
pub struct Row {
    pub sequence: u64,
    pub time_ms: u64,
    pub commands: Vec<Command>,
}

pub struct Run {
    pub exchange: Exchange,
    stream: Stream,
    dice: Dice,
    time_ms: u64,
}

/// Commands in a test of ordinary length, or twenty times as many.
pub fn length(ordinary: u64) -> u64 {
    if std::env::var_os("FULLRESERVE_LONG").is_some() {
        20 * ordinary
    } else {
        ordinary
    }
}

impl Run {
    pub fn new(seed: u64, mix: Mix) -> Self {
        Self {
            exchange: Exchange::new(),
            stream: Stream::new(seed, mix),
            dice: Dice::new(!seed),
            time_ms: 1_000_000,
        }
    }

    /// The row that defines the exchange.
    pub fn start(&mut self) -> Row {
        let number = |body| Command::new(GatewayId(0), 0, body);
        let bodies: Vec<Body> = genesis();
        self.row(bodies.into_iter().map(number).collect())
    }

    /// The row that comes next with these commands.
    pub fn row(&self, commands: Vec<Command>) -> Row {
        Row {
            sequence: self.exchange.sequence() + 1,
            time_ms: self.time_ms,
            commands,
        }
    }

    /// A row of at most `most` commands, some time after the last.
    pub fn next_row(&mut self, most: u64) -> Row {
        self.time_ms += self.dice.pick(&[0, 0, 1, 40, 400]);
        let count = 1 + self.dice.below(most);
        let commands = (0..count).map(|_| self.stream.command()).collect();
        self.row(commands)
    }

    /// Applies a row; its events.
    pub fn apply(&mut self, row: &Row) -> Vec<Event> {
        let events = apply(&mut self.exchange, row);
        self.stream.learn(&events);
        events
    }
}

/// Applies a row that must be applied; its events.
pub fn apply(exchange: &mut Exchange, row: &Row) -> Vec<Event> {
    let bytes = Batch::encode(row.commands.iter());
    let events = exchange.apply(row.sequence, row.time_ms, &bytes, true, &[]);
    let events = events.unwrap_or_else(|why| panic!("{why}: {:#?}", row.commands));
    decode(events).expect("events are well-formed")
}

/// The rows of a random log of at least `count` commands, genesis first.
pub fn record(seed: u64, mix: Mix, count: u64, most: u64) -> Vec<Row> {
    let mut run = Run::new(seed, mix);
    let first = run.start();
    run.apply(&first);
    let mut rows = vec![first];
    while run.exchange.sequence() < count {
        let row = run.next_row(most);
        run.apply(&row);
        rows.push(row);
    }
    rows
}

/// The answer to a query.
pub fn ask<T: Wire>(exchange: &Exchange, query: Query) -> T {
    decode(&exchange.query(&encode(&query)).unwrap()).unwrap()
}

/// Every owner that the exchange knows.
pub fn all_owners(exchange: &Exchange) -> Vec<OwnerId> {
    use fullreserve_core::wire::event::OwnerChanged;
    use fullreserve_core::wire::query::ListOwners;
    let mut owners = Vec::new();
    loop {
        let after = owners.last().copied().unwrap_or(OwnerId(0));
        let query = Query::ListOwners(ListOwners { after, limit: 100 });
        let page: Vec<OwnerChanged> = ask(exchange, query);
        if page.is_empty() {
            return owners;
        }
        owners.extend(page.iter().map(|owner| owner.owner));
    }
}
