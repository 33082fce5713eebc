//! Goal: the decoder takes every legal form, refuses the rest with a reason, and never panics.
//! Method: bytes written by hand at each edge, and random and mutated bytes.

use fullreserve_core::types::*;
use fullreserve_core::wire::command::{CancelAll, CancelOrder, PlaceOrder, Tick};
use fullreserve_core::wire::{Batch, Body, Command, Event, Events, Malformed, Query};
use fullreserve_core::wire::{Sink, Writer, decode, encode, event};
use proptest::prelude::*;

fn head(writer: &mut Writer, count: usize, tag: u64) {
    writer.array(count);
    writer.uint(tag);
    writer.uint(1);
    writer.uint(9);
}

/// A PlaceOrder of the first six fields and `more`.
fn place(side: u64, fields: usize, more: impl Fn(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer::new();
    head(&mut writer, 9 + fields, 1);
    for value in [7, 3, side, 0, 100, 5] {
        writer.uint(value);
    }
    more(&mut writer);
    writer.into_bytes()
}

fn placed(bytes: &[u8]) -> PlaceOrder {
    match decode::<Command>(bytes).unwrap().body {
        Body::PlaceOrder(order) => order,
        other => panic!("{other:?}"),
    }
}

fn is_invalid(bytes: &[u8]) -> bool {
    matches!(
        decode::<Command>(bytes),
        Ok(Command {
            body: Body::Invalid { tag: 1 },
            ..
        })
    )
}

/// Criterion: WIRE-6
#[test]
fn fields_left_out_take_their_defaults() {
    let order = placed(&place(1, 0, |_| ()));
    assert_eq!(order.self_trade, SelfTrade::CancelMaker);
    assert_eq!(
        (order.client_order_id, order.expires),
        (ClientOrderId::EMPTY, Timestamp(0))
    );
    let order = placed(&place(1, 2, |writer| {
        writer.uint(1);
        writer.uint(2);
    }));
    assert_eq!(
        (order.unit, order.self_trade),
        (SizeUnit::Quote, SelfTrade::CancelBoth)
    );
    let all: Command = decode(&[0x94, 4, 1, 9, 7]).unwrap();
    let expected = CancelAll {
        owner: OwnerId(7),
        instrument: InstrumentId(0),
    };
    assert_eq!(all.body, Body::CancelAll(expected));
}

/// Criterion: WIRE-6
#[test]
fn missing_and_surplus_fields_are_malformed() {
    let mut short = Writer::new();
    head(&mut short, 4, 1);
    short.uint(7);
    assert_eq!(
        decode::<Command>(short.as_bytes()),
        Err(Malformed::MissingField)
    );
    let long = place(1, 7, |writer| {
        (0..3).for_each(|_| writer.uint(0));
        (0..2).for_each(|_| writer.text(""));
        (0..2).for_each(|_| writer.uint(0));
    });
    assert_eq!(decode::<Command>(&long), Err(Malformed::UnknownField));
    assert_eq!(
        decode::<Command>(&[0x94, 11, 1, 9, 0]),
        Err(Malformed::UnknownField)
    );
}

/// Criterion: WIRE-5
#[test]
fn values_outside_their_domain_make_only_the_command_invalid() {
    assert!(is_invalid(&place(2, 0, |_| ())), "no third side");
    let label = |text: &'static str| {
        place(1, 4, move |writer| {
            (0..3).for_each(|_| writer.uint(0));
            writer.text(text);
        })
    };
    assert!(!is_invalid(&label("abcdefghijklmnopqrstuvwxyz012345")));
    assert!(
        is_invalid(&label("abcdefghijklmnopqrstuvwxyz0123456")),
        "33 characters"
    );
    assert!(is_invalid(&label("a-b")));
    assert!(is_invalid(&label("a b, and then some more text behind")));
    let long = "a".repeat(65).leak();
    assert_eq!(decode::<Command>(&label(long)), Err(Malformed::TooLong));
    let negative = [0x99, 1, 1, 9, 7, 3, 1, 0, 0xff, 5];
    assert!(is_invalid(&negative), "a price of -1");
    let wide = [0x99, 1, 1, 9, 7, 0xcf, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 5];
    assert!(is_invalid(&wide), "an instrument of 2^32");
}

/// Criterion: WIRE-5
#[test]
fn an_invalid_command_leaves_its_neighbours_alone() {
    let mut bytes = vec![0x93];
    bytes.extend([0x93, 11, 1, 8]);
    bytes.extend(place(9, 0, |_| ()));
    bytes.extend([0x93, 11, 1, 10]);
    let mut batch = Batch::new();
    batch.decode(&bytes).unwrap();
    let bodies: Vec<_> = batch
        .commands()
        .iter()
        .map(|command| command.body.clone())
        .collect();
    let tick = Body::Tick(Tick {});
    assert_eq!(bodies, [tick.clone(), Body::Invalid { tag: 1 }, tick]);
    assert_eq!(
        batch.commands()[1].number,
        9,
        "its submission can be answered"
    );
}

/// Criterion: WIRE-7
#[test]
fn malformed_bytes_empty_the_batch() {
    let mut batch = Batch::new();
    batch.decode(&[0x91, 0x93, 11, 1, 8]).unwrap();
    assert_eq!(batch.commands().len(), 1);
    let refused: [(&[u8], Malformed); 10] = [
        (&[], Malformed::Truncated),
        (&[0x92, 0x93, 11, 1, 8], Malformed::Truncated),
        (&[0x91, 0x93, 11, 1, 8, 0], Malformed::TrailingBytes),
        (&[0x91, 0x93, 19, 1, 8], Malformed::UnknownTag),
        (&[0x91, 0x93, 11, 1, 0xff], Malformed::OutOfRange),
        (&[0x91, 0x93, 11, 1, 0xa1, b'8'], Malformed::WrongType),
        (&[0x91, 0x93, 11, 1, 0xc0], Malformed::WrongType),
        (
            &[0x91, 0x93, 11, 1, 0xcb, 0, 0, 0, 0, 0, 0, 0, 0],
            Malformed::WrongType,
        ),
        (&[0xdd, 0xff, 0xff, 0xff, 0xff], Malformed::Truncated),
        (&[0x80], Malformed::WrongType),
    ];
    for (bytes, why) in refused {
        assert_eq!(batch.decode(bytes), Err(why), "{bytes:x?}");
        assert!(batch.commands().is_empty());
    }
    // A group may not hold a group.
    let nested = [
        0x97, 9, 1, 1, 1, 0, 0x90, 0x91, 0x97, 9, 1, 1, 1, 0, 0x90, 0x90,
    ];
    assert_eq!(decode::<Command>(&nested), Err(Malformed::UnknownTag));
}

/// Every form of the number 9, then of -9 and of a str. Criterion: WIRE-8
#[test]
fn every_legal_form_of_a_value_is_read() {
    let nines: [&[u8]; 9] = [
        &[9],
        &[0xcc, 9],
        &[0xcd, 0, 9],
        &[0xce, 0, 0, 0, 9],
        &[0xcf, 0, 0, 0, 0, 0, 0, 0, 9],
        &[0xd0, 9],
        &[0xd1, 0, 9],
        &[0xd2, 0, 0, 0, 9],
        &[0xd3, 0, 0, 0, 0, 0, 0, 0, 9],
    ];
    for nine in nines {
        assert_eq!(decode(nine), Ok(9_u64), "{nine:x?}");
        assert_eq!(decode(nine), Ok(Rate(9)), "{nine:x?}");
    }
    let minus: [&[u8]; 5] = [
        &[0xf7],
        &[0xd0, 0xf7],
        &[0xd1, 0xff, 0xf7],
        &[0xd2, 0xff, 0xff, 0xff, 0xf7],
        &[0xd3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xf7],
    ];
    for nine in minus {
        assert_eq!(decode(nine), Ok(Rate(-9)), "{nine:x?}");
    }
    let tags: [&[u8]; 7] = [
        &[0xa2, b'o', b'k'],
        &[0xd9, 2, b'o', b'k'],
        &[0xda, 0, 2, b'o', b'k'],
        &[0xdb, 0, 0, 0, 2, b'o', b'k'],
        &[0xc4, 2, b'o', b'k'],
        &[0xc5, 0, 2, b'o', b'k'],
        &[0xc6, 0, 0, 0, 2, b'o', b'k'],
    ];
    for tag in tags {
        assert_eq!(decode(tag), Ok(Tag::new(b"ok").unwrap()), "{tag:x?}");
        assert_eq!(decode(tag), Ok(String::from("ok")), "{tag:x?}");
    }
}

/// Criterion: WIRE-9
#[test]
fn events_are_an_array_32_with_their_count() {
    let mut events = Events::new();
    let gone = event::Quarantined {
        sequence: Sequence(5),
    };
    (0..70_000).for_each(|_| events.push(&gone));
    let bytes = events.finish().to_vec();
    assert_eq!(bytes[..5], [0xdd, 0, 1, 0x11, 0x70]);
    assert_eq!(decode::<Vec<Event>>(&bytes).unwrap().len(), 70_000);
    events.start(true);
    assert_eq!(events.finish(), [0xdd, 0, 0, 0, 0]);
    events.start(false);
    events.push(&gone);
    assert_eq!(events.finish(), [0x90]);
}

fn cancel() -> impl Strategy<Value = Command> {
    (
        any::<u64>(),
        any::<u32>(),
        any::<u64>(),
        "[a-zA-Z0-9]{0,32}",
    )
        .prop_map(|(owner, instrument, order, id)| {
            let body = CancelOrder {
                owner: OwnerId(owner),
                instrument: InstrumentId(instrument),
                order: OrderId(order),
                client_order_id: ClientOrderId::new(id.as_bytes()).unwrap(),
            };
            Command::new(GatewayId(owner), order, body)
        })
}

/// What can be read means the same when it is written and read again.
fn read_as_everything(bytes: &[u8]) {
    let (mut batch, mut again) = (Batch::new(), Batch::new());
    if batch.decode(bytes).is_ok() {
        let is_valid = |command: &&Command| !matches!(command.body, Body::Invalid { .. });
        let valid: Vec<&Command> = batch.commands().iter().filter(is_valid).collect();
        again.decode(&Batch::encode(valid.iter().copied())).unwrap();
        assert!(again.commands().iter().eq(valid));
    }
    let _ = decode::<Vec<Event>>(bytes);
    let _ = decode::<Query>(bytes);
    let _ = decode::<Option<Event>>(bytes);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    /// Criterion: WIRE-10
    #[test]
    fn no_bytes_make_the_decoder_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        read_as_everything(&bytes);
    }

    /// Bytes that begin as a command of each tag does. Criterion: WIRE-10
    #[test]
    fn no_fields_make_the_decoder_panic(
        tag in 0_u8..40,
        count in 0x90_u8..0xa0,
        bytes in prop::collection::vec(any::<u8>(), 0..120),
    ) {
        let mut batch = vec![0x91, count, tag, 1, 2];
        batch.extend(&bytes);
        read_as_everything(&batch);
        read_as_everything(&batch[1..]);
    }

    /// Criterion: WIRE-10
    #[test]
    fn no_mutation_makes_the_decoder_panic(
        commands in prop::collection::vec(cancel(), 1..4),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = Batch::encode(commands.iter());
        let mut batch = Batch::new();
        batch.decode(&bytes).unwrap();
        prop_assert_eq!(batch.commands(), &commands[..]);
        let at = place.index(bytes.len());
        bytes[at] = byte;
        read_as_everything(&bytes);
        read_as_everything(&bytes[..cut.index(bytes.len())]);
    }

    /// Criterion: WIRE-8
    #[test]
    fn numbers_come_back(unsigned: u64, signed: i64, wide: i128) {
        prop_assert_eq!(decode(&encode(&unsigned)), Ok(unsigned));
        prop_assert_eq!(decode(&encode(&Rate(signed))), Ok(Rate(signed)));
        let amount = fullreserve_core::money::Amount(wide);
        prop_assert_eq!(decode(&encode(&amount)), Ok(amount));
    }
}
