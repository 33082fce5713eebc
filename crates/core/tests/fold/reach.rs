//! The streams are worth running: they reach every command, and most refusals.

use std::collections::BTreeSet;
use std::ops::BitOr as _;

use fullreserve_core::types::OwnerFlags;
use fullreserve_core::wire::{Body, Event};

use super::run::Run;
use super::stream::Mix;

/// Criterion: PROP-13
#[test]
fn the_stream_reaches_every_command_and_most_refusals() {
    let mut run = Run::new(700, Mix::Everything);
    let mut row = run.start();
    let mut flags = 0;
    let (mut succeeded, mut codes, mut kinds) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    while run.exchange.sequence() < 30_000 {
        let events = run.apply(&row);
        let replies = events.iter().filter_map(|event| match event {
            Event::Reply(reply) => Some(reply),
            _ => None,
        });
        for (reply, command) in replies.zip(&row.commands) {
            codes.insert(reply.code.0);
            if reply.code.0 == 0 {
                succeeded.insert(command.body.tag());
            }
        }
        kinds.extend(events.iter().filter_map(order_kind));
        flags |= events.iter().filter_map(owner_flags).fold(0, u8::bitor);
        row = run.next_row(50);
    }
    assert_eq!(succeeded, Body::TAGS.iter().copied().collect());
    assert_eq!(OwnerFlags::from_bits(flags), Some(OwnerFlags::ALL));
    assert!(codes.len() >= 35, "{} codes: {codes:?}", codes.len());
    assert!(kinds.len() >= 16, "{} kinds: {kinds:?}", kinds.len());
}

fn owner_flags(event: &Event) -> Option<u8> {
    match event {
        Event::OwnerChanged(owner) => Some(owner.flags.bits()),
        _ => None,
    }
}

/// Cause, state and cancel source of an order event.
fn order_kind(event: &Event) -> Option<(u8, u8, u8)> {
    match event {
        Event::Order(order) => Some((
            order.cause.code(),
            order.state.code(),
            order.cancel_source.code(),
        )),
        _ => None,
    }
}
