//! Random streams of commands, as a busy and sometimes careless crowd would send them.

use std::collections::{BTreeMap, VecDeque};

use fullreserve_core::types::*;
use fullreserve_core::wire::command::*;
use fullreserve_core::wire::{Event, event};

use super::dice::Dice;
use super::genesis::{PAIRS, owners};

/// What a stream is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mix {
    /// Orders, cancels and amendments only.
    Trading,
    /// Every command kind.
    Everything,
}

/// A pending order, as its owner knows it.
#[derive(Clone, Copy)]
pub(super) struct Live {
    pub owner: OwnerId,
    pub instrument: InstrumentId,
    pub client_order_id: ClientOrderId,
    pub size: u64,
    pub price: u64,
}

pub struct Stream {
    pub(super) dice: Dice,
    mix: Mix,
    middles: [u64; 3],
    pub(super) live: BTreeMap<OrderId, Live>,
    /// Next submission number of gateways 1 and 2.
    numbers: [u64; 2],
    recent: VecDeque<Command>,
    pub(super) labels: u64,
}

impl Stream {
    pub fn new(seed: u64, mix: Mix) -> Self {
        Self {
            dice: Dice::new(seed),
            mix,
            middles: PAIRS.map(|(.., middle)| middle),
            live: BTreeMap::new(),
            numbers: [1; 2],
            recent: VecDeque::new(),
            labels: 0,
        }
    }

    /// The next command; once in a while one that was sent before.
    pub fn command(&mut self) -> Command {
        if self.mix == Mix::Everything && self.dice.one_in(50) && !self.recent.is_empty() {
            let place = self.dice.below(self.recent.len() as u64) as usize;
            return self.recent[place].clone();
        }
        let body = self.body();
        let gateway = self.dice.below(2) as usize;
        let number = self.numbers[gateway];
        self.numbers[gateway] += 1 + u64::from(self.dice.one_in(20));
        let command = Command::new(GatewayId(gateway as u64 + 1), number, body);
        self.recent.push_back(command.clone());
        if self.recent.len() > 30 {
            self.recent.pop_front();
        }
        command
    }

    fn body(&mut self) -> Body {
        match self.dice.below(1_000) {
            0..420 => self.place().into(),
            420..600 => self.cancel().into(),
            600..800 => self.amend().into(),
            _ if self.mix == Mix::Trading => self.place().into(),
            _ => self.rare(),
        }
    }

    /// Remembers which orders are pending, so that later commands can name them.
    pub fn learn(&mut self, events: &[Event]) {
        for event in events {
            let Event::Order(order) = event else { continue };
            if matches!(order.state, OrderState::Live | OrderState::PartiallyFilled) {
                self.live.insert(order.order, live(order));
            } else {
                self.live.remove(&order.order);
            }
        }
    }

    pub(super) fn owner(&mut self) -> OwnerId {
        let owners = owners();
        self.dice.pick(&owners)
    }

    /// A price near the middle, which wanders.
    fn price(&mut self, pair: usize) -> Price {
        let middle = self.middles[pair];
        let step = (middle / 2_000).max(1);
        if self.dice.one_in(10) {
            let up = self.dice.one_in(2);
            self.middles[pair] = if up {
                middle + step
            } else {
                (middle - step).max(100)
            };
        }
        let far = if self.dice.one_in(40) { 300 } else { 12 };
        let away = self.dice.below(2 * far) * step;
        let price = (middle + away).saturating_sub(far * step).max(1);
        let rounds_to_tick = pair == 1 && !self.dice.one_in(20);
        Price(if rounds_to_tick {
            price / 10 * 10
        } else {
            price
        })
    }

    fn size(&mut self, pair: usize) -> Size {
        let lots = match self.dice.below(20) {
            0 => self.dice.below(12),
            1 => self.dice.below(6_000_000),
            _ => 10 + self.dice.below(50_000),
        };
        let lot = if pair == 2 && !self.dice.one_in(30) {
            10
        } else {
            1
        };
        Size(lots / lot * lot)
    }

    /// Mostly a new one, sometimes none, sometimes one that may be in use.
    pub(super) fn client_order_id(&mut self) -> ClientOrderId {
        if self.dice.one_in(3) {
            return ClientOrderId::EMPTY;
        }
        self.labels += 1;
        let number = if self.dice.one_in(15) {
            self.labels % 40
        } else {
            self.labels
        };
        ClientOrderId::new(format!("c{number}").as_bytes()).unwrap()
    }

    pub(super) fn tag(&mut self) -> Tag {
        let text: &[u8] = self.dice.pick(&[b"".as_slice(), b"botA", b"botB"]);
        Tag::new(text).unwrap()
    }

    fn expires(&mut self) -> Timestamp {
        Timestamp(if self.dice.one_in(60) {
            1 + self.dice.below(2_000_000)
        } else {
            0
        })
    }

    pub(super) fn place(&mut self) -> PlaceOrder {
        let pair = self.dice.below(3) as usize;
        let order_type = match self.dice.below(20) {
            0..10 => OrderType::Limit,
            10..13 => OrderType::PostOnly,
            13..15 => OrderType::Ioc,
            15 => OrderType::Fok,
            16 => OrderType::OptimalLimitIoc,
            _ => OrderType::Market,
        };
        let is_market = matches!(order_type, OrderType::Market | OrderType::OptimalLimitIoc);
        let in_quote = order_type == OrderType::Market && self.dice.one_in(2);
        let size = if in_quote {
            Size(self.dice.below(4_000_000_000))
        } else {
            self.size(pair)
        };
        let owner = if self.dice.one_in(200) {
            OwnerId(77)
        } else {
            self.owner()
        };
        let order = PlaceOrder {
            owner,
            instrument: InstrumentId(if self.dice.one_in(200) {
                9
            } else {
                pair as u32 + 1
            }),
            side: self.dice.pick(Side::ALL),
            order_type,
            price: if is_market {
                Price(0)
            } else {
                self.price(pair)
            },
            size,
            unit: if in_quote {
                SizeUnit::Quote
            } else {
                SizeUnit::Base
            },
            self_trade: self.dice.pick(SelfTrade::ALL),
            flags: OrderFlags::from_bits(self.dice.pick(&[0, 0, 0, 1, 2, 3])).unwrap(),
            client_order_id: self.client_order_id(),
            tag: self.tag(),
            expires: self.expires(),
        };
        if self.dice.one_in(25) {
            self.careless(order)
        } else {
            order
        }
    }

    /// The order with one mistake.
    fn careless(&mut self, order: PlaceOrder) -> PlaceOrder {
        match self.dice.below(5) {
            0 => PlaceOrder {
                price: Price(0),
                ..order
            },
            1 => PlaceOrder {
                price: Price(2_000_000_000),
                ..order
            },
            2 => PlaceOrder {
                size: Size(60_000_000),
                ..order
            },
            3 => PlaceOrder {
                size: Size(2_000_000_000_000),
                ..order
            },
            _ => {
                let (
                    _,
                    Live {
                        owner,
                        client_order_id,
                        ..
                    },
                ) = self.known();
                PlaceOrder {
                    owner,
                    client_order_id,
                    ..order
                }
            }
        }
    }

    /// An order that is pending, or was, or never has been.
    pub(super) fn known(&mut self) -> (OrderId, Live) {
        let nothing = Live {
            owner: OwnerId(11),
            instrument: InstrumentId(1),
            client_order_id: ClientOrderId::EMPTY,
            size: 100,
            price: 100,
        };
        let (Some((first, _)), Some((last, _))) =
            (self.live.first_key_value(), self.live.last_key_value())
        else {
            return (OrderId(5), nothing);
        };
        let from = first.0 + self.dice.below(last.0 - first.0 + 1);
        let found = self.live.range(OrderId(from)..).next();
        found.map_or((OrderId(from), nothing), |(id, live)| (*id, *live))
    }

    pub(super) fn cancel(&mut self) -> CancelOrder {
        let (order, live) = self.known();
        let by_name = !live.client_order_id.is_empty() && self.dice.one_in(3);
        CancelOrder {
            owner: if self.dice.one_in(30) {
                self.owner()
            } else {
                live.owner
            },
            instrument: if self.dice.one_in(40) {
                InstrumentId(2)
            } else {
                live.instrument
            },
            order: if by_name || self.dice.one_in(40) {
                OrderId(0)
            } else {
                order
            },
            client_order_id: live.client_order_id,
        }
    }

    fn amend(&mut self) -> AmendOrder {
        let (order, live) = self.known();
        let pair = live.instrument.0 as usize - 1;
        let new_size = match self.dice.below(6) {
            0 | 1 => Size(0),
            2 | 3 => Size(live.size / 2 / 10 * 10),
            4 => Size(self.dice.below(40)),
            _ => self.size(pair),
        };
        let new_price = match self.dice.below(3) {
            0 => Price(live.price),
            1 => Price(0),
            _ => self.price(pair),
        };
        let by_name = !live.client_order_id.is_empty() && self.dice.one_in(3);
        AmendOrder {
            owner: if self.dice.one_in(40) {
                self.owner()
            } else {
                live.owner
            },
            instrument: live.instrument,
            order: if by_name { OrderId(0) } else { order },
            client_order_id: match self.dice.below(60) {
                0 => ClientOrderId::EMPTY,
                _ => live.client_order_id,
            },
            new_size,
            new_price,
            flags: AmendFlags::from_bits(self.dice.pick(&[0, 0, 0, 1, 2, 3])).unwrap(),
            request_id: RequestId::EMPTY,
            expires: self.expires(),
        }
    }
}

fn live(order: &event::Order) -> Live {
    Live {
        owner: order.owner,
        instrument: order.instrument,
        client_order_id: order.client_order_id,
        size: order.size.0,
        price: order.price.0,
    }
}
