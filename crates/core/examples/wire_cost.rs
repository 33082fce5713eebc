//! Cost of the codec alone: ns per command decoded and per event encoded.

use std::hint::black_box;
use std::time::Instant;

use fullreserve_core::money::Amount;
use fullreserve_core::types::*;
use fullreserve_core::wire::command::{CancelOrder, PlaceOrder};
use fullreserve_core::wire::{Batch, Command, Events, event};

const BATCH: u64 = 256;
const ROUNDS: u64 = 4_000;

fn place(number: u64) -> Command {
    let body = PlaceOrder {
        owner: OwnerId(10_000 + number),
        instrument: InstrumentId(3),
        side: Side::Sell,
        order_type: OrderType::Limit,
        price: Price(6_412_345_000),
        size: Size(100_000 + number * 977),
        unit: SizeUnit::Base,
        self_trade: SelfTrade::CancelMaker,
        flags: OrderFlags::NONE,
        client_order_id: ClientOrderId::new(format!("bot7order{number}").as_bytes()).unwrap(),
        tag: Tag::EMPTY,
        expires: Timestamp(1_790_000_000_000),
    };
    Command::new(GatewayId(1), 1_000_000 + number, body)
}

fn cancel(number: u64) -> Command {
    let body = CancelOrder {
        owner: OwnerId(10_000 + number),
        instrument: InstrumentId(3),
        order: OrderId(81_000_000 + number),
        client_order_id: ClientOrderId::EMPTY,
    };
    Command::new(GatewayId(1), 1_000_000 + number, body)
}

/// Time of one of a batch's messages in the fastest of all rounds, which nothing interrupted.
fn fastest(mut round: impl FnMut()) -> f64 {
    let mut least = u128::MAX;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        round();
        least = least.min(start.elapsed().as_nanos());
    }
    least as f64 / BATCH as f64
}

fn decode(name: &str, commands: &[Command]) {
    let bytes = Batch::encode(commands.iter());
    let mut batch = Batch::new();
    let nanos = fastest(|| {
        batch.decode(black_box(&bytes)).unwrap();
        black_box(batch.commands());
    });
    println!(
        "decode {name}: {nanos:.1} ns, {} bytes",
        bytes.len() / commands.len()
    );
}

fn main() {
    println!("Command: {} bytes in memory", size_of::<Command>());
    decode("PlaceOrder", &(0..BATCH).map(place).collect::<Vec<_>>());
    decode("CancelOrder", &(0..BATCH).map(cancel).collect::<Vec<_>>());
    let order = event::Order {
        sequence: Sequence(81_000_123),
        time: Timestamp(1_790_000_000_000),
        cause: OrderCause::Filled,
        owner: OwnerId(10_123),
        instrument: InstrumentId(3),
        order: OrderId(81_000_000),
        client_order_id: ClientOrderId::new(b"bot7order123456").unwrap(),
        tag: Tag::EMPTY,
        side: Side::Buy,
        order_type: OrderType::Limit,
        unit: SizeUnit::Base,
        self_trade: SelfTrade::CancelMaker,
        price: Price(6_412_345_000),
        size: Size(100_000_000),
        filled: Size(99_000_000),
        filled_quote: Amount(123_456_789_000),
        fee: Amount(12_345),
        state: OrderState::PartiallyFilled,
        cancel_source: CancelSource::System,
        created: Timestamp(1_790_000_000_000),
        fill_price: Price(6_412_345_000),
        fill_size: Size(10_000),
        trade: TradeId(55_000),
        fill_fee: Amount(777),
        liquidity: Liquidity::Taker,
        request_id: RequestId::EMPTY,
        amend_code: Code(0),
    };
    let mut events = Events::new();
    let mut size = 0;
    let nanos = fastest(|| {
        events.start(true);
        for _ in 0..BATCH {
            events.push(black_box(&order));
        }
        size = black_box(events.finish()).len() as u64 / BATCH;
    });
    println!("encode Order: {nanos:.1} ns, {size} bytes");
}
