//! The seeded stream of commands.
//!
//! The generator follows the exchange it feeds, so that cancels and amendments name orders that
//! rest at that moment.

use fullreserve_core::Exchange;
use fullreserve_core::types::*;
use fullreserve_core::wire::command::*;
use fullreserve_core::wire::event::Event;
use fullreserve_core::wire::{Batch, decode};

use crate::setup;

const BATCH: usize = 256;
const PREFILL: usize = 20_000;
pub const SEED: u64 = 0x005e_ed0f_c0de;

/// One journal row.
pub struct Row {
    pub sequence: u64,
    pub time_ms: u64,
    pub bytes: Vec<u8>,
}

/// Marsaglia's xorshift64*.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// A resting order as the generator knows it.
#[derive(Clone, Copy)]
struct Resting {
    owner: u64,
    pair: u32,
    id: u64,
    side: Side,
    price: u64,
    size: u64,
}

struct Generator {
    random: Random,
    mids: Vec<u64>,
    resting: Vec<Resting>,
    /// Place in `resting` by order number.
    places: Vec<usize>,
    number: u64,
}

const FIRST_ID: u64 = 1_000_000_000_000_000_000;
const GONE: usize = usize::MAX;

/// The state that the stream starts from, as a snapshot, and its rows.
pub fn generate(count: usize, seed: u64) -> (Vec<u8>, Vec<Row>) {
    let mut exchange = setup::exchange();
    let mut generator = Generator {
        random: Random(seed),
        mids: vec![600_000; setup::PAIRS as usize],
        resting: Vec::new(),
        places: Vec::new(),
        number: 0,
    };
    for _ in 0..PREFILL {
        let order = generator.new_order();
        generator.run(&mut exchange, order.into());
    }
    let start = exchange.snapshot();
    let mut rows = Vec::new();
    while generator.number < (PREFILL + count) as u64 {
        rows.push(generator.row(&mut exchange));
    }
    (start, rows)
}

impl Generator {
    fn row(&mut self, exchange: &mut Exchange) -> Row {
        let (sequence, time_ms) = (exchange.sequence() + 1, exchange.time_ms() + 1);
        let mut commands = Vec::with_capacity(BATCH);
        for _ in 0..BATCH {
            let body = self.body();
            commands.push(self.run_at(exchange, body, time_ms));
        }
        Row {
            sequence,
            time_ms,
            bytes: Batch::encode(commands.iter()),
        }
    }

    fn run(&mut self, exchange: &mut Exchange, body: Body) {
        let time_ms = exchange.time_ms();
        self.run_at(exchange, body, time_ms);
    }

    /// Applies one command and learns what rests afterwards.
    fn run_at(&mut self, exchange: &mut Exchange, body: Body, time_ms: u64) -> Command {
        self.number += 1;
        let command = Command::new(GatewayId(1), self.number, body);
        let bytes = Batch::encode([&command].into_iter());
        let sequence = exchange.sequence() + 1;
        let events = exchange
            .apply(sequence, time_ms, &bytes, true, &[])
            .expect("applied");
        for event in decode::<Vec<Event>>(events).expect("events") {
            match event {
                Event::Order(order) => self.learn(&order),
                Event::Reply(reply) => assert_eq!(reply.code.0, 0, "{command:?}"),
                _ => {}
            }
        }
        command
    }

    fn learn(&mut self, order: &fullreserve_core::wire::event::Order) {
        let number = (order.order.0 - FIRST_ID) as usize;
        if number >= self.places.len() {
            self.places.resize(number + 1, GONE);
        }
        let place = self.places[number];
        let may_rest = order.order_type == OrderType::Limit;
        let is_open = matches!(order.state, OrderState::Live | OrderState::PartiallyFilled);
        if is_open && may_rest {
            let resting = Resting {
                owner: order.owner.0,
                pair: order.instrument.0,
                id: order.order.0,
                side: order.side,
                price: order.price.0,
                size: order.size.0,
            };
            if place == GONE {
                self.places[number] = self.resting.len();
                self.resting.push(resting);
            } else {
                self.resting[place] = resting;
            }
        } else if place != GONE {
            self.resting.swap_remove(place);
            self.places[number] = GONE;
            if let Some(moved) = self.resting.get(place) {
                self.places[(moved.id - FIRST_ID) as usize] = place;
            }
        }
    }

    fn body(&mut self) -> Body {
        match self.random.below(100) {
            0..20 => self.new_order().into(),
            20..35 => self.ioc().into(),
            35..40 => self.market().into(),
            _ => self.cancel_or_amend(),
        }
    }

    fn owner(&mut self) -> u64 {
        setup::FIRST_OWNER + self.random.below(setup::OWNERS)
    }

    /// A pair and its middle price, which wanders.
    fn pair(&mut self) -> (u32, u64) {
        let place = self.random.below(setup::PAIRS.into()) as usize;
        let step = self.random.below(5);
        self.mids[place] = self.mids[place] + step - 2;
        (1 + place as u32, self.mids[place])
    }

    fn side(&mut self) -> Side {
        if self.random.below(2) == 0 {
            Side::Buy
        } else {
            Side::Sell
        }
    }

    /// Mostly near the middle, some far: the smaller of two draws.
    fn new_order(&mut self) -> PlaceOrder {
        let (owner, (pair, mid), side) = (self.owner(), self.pair(), self.side());
        let distance = 1 + self.random.below(500).min(self.random.below(500));
        let price = if side == Side::Buy {
            mid - distance
        } else {
            mid + distance
        };
        let size = 1_000_000 + self.random.below(100_000_000);
        let order = setup::limit(owner, pair, side, price, size);
        if self.random.below(2) == 0 {
            return order;
        }
        let id = ClientOrderId::new(format!("bot{:016x}", self.number).as_bytes());
        PlaceOrder {
            client_order_id: id.expect("a label"),
            ..order
        }
    }

    fn ioc(&mut self) -> PlaceOrder {
        let (owner, (pair, mid), side) = (self.owner(), self.pair(), self.side());
        let price = if side == Side::Buy {
            mid + 20
        } else {
            mid - 20
        };
        let size = 1_000_000 + self.random.below(100_000_000);
        let order = setup::limit(owner, pair, side, price, size);
        PlaceOrder {
            order_type: OrderType::Ioc,
            ..order
        }
    }

    fn market(&mut self) -> PlaceOrder {
        let (owner, (pair, _), side) = (self.owner(), self.pair(), self.side());
        let size = 1_000_000 + self.random.below(100_000_000);
        let order = setup::limit(owner, pair, side, 0, size);
        PlaceOrder {
            order_type: OrderType::Market,
            ..order
        }
    }

    /// Cancels while more rest than at the start, so that the book keeps its depth.
    fn cancel_or_amend(&mut self) -> Body {
        let place = self.random.below(self.resting.len() as u64) as usize;
        let order = self.resting[place];
        if self.resting.len() > PREFILL {
            return CancelOrder {
                owner: OwnerId(order.owner),
                instrument: InstrumentId(order.pair),
                order: OrderId(order.id),
                client_order_id: ClientOrderId::EMPTY,
            }
            .into();
        }
        let mid = self.mids[order.pair as usize - 1];
        let (mut new_size, mut new_price) = (0, 0);
        if self.random.below(3) == 0 {
            new_size = order.size + 1 + self.random.below(1_000);
        } else {
            let distance = 1 + self.random.below(500);
            new_price = if order.side == Side::Buy {
                mid - distance
            } else {
                mid + distance
            };
            if new_price == order.price {
                new_price += 1;
            }
        }
        AmendOrder {
            owner: OwnerId(order.owner),
            instrument: InstrumentId(order.pair),
            order: OrderId(order.id),
            client_order_id: ClientOrderId::EMPTY,
            new_size: Size(new_size),
            new_price: Price(new_price),
            flags: AmendFlags::NONE,
            request_id: RequestId::EMPTY,
            expires: Timestamp(0),
        }
        .into()
    }
}
