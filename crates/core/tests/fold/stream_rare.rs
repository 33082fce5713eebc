//! The commands of a stream that are not trading: money, folds, operators.

use fullreserve_core::money::Amount;
use fullreserve_core::types::*;
use fullreserve_core::wire::command::*;
use fullreserve_core::wire::{Payload, Reference};

use super::genesis::*;
use super::stream::Stream;

impl Stream {
    pub(super) fn rare(&mut self) -> Body {
        match self.dice.below(200) {
            0..8 => self.cancel_all().into(),
            8..24 => self.switch().into(),
            24..70 => self.transfer().into(),
            70..95 => self.deposit().into(),
            95..115 => self.withdraw().into(),
            115..140 => self.group().into(),
            140..148 => self.product().into(),
            148..154 => Tick {}.into(),
            154..160 => self.distribute().into(),
            160..175 => self.set_owner().into(),
            175..180 => self.open_owner().into(),
            _ => self.operator(),
        }
    }

    fn operator(&mut self) -> Body {
        match self.dice.below(26) {
            0 => self.dice_of(assets()).into(),
            1 => self.dice_of(kinds()).into(),
            2 => self.dice_of(houses().to_vec()).into(),
            3 | 4 => fee_tier(self.dice.below(4) as usize).into(),
            5..8 => self.set_instrument().into(),
            8..11 => self.set_state().into(),
            11..13 => self.set_parameter().into(),
            13..17 => self.set_suspension().into(),
            17 => ActivateRules {
                rules: self.dice.pick(&[1, 2, 3, 4, 4]),
            }
            .into(),
            18 => Quarantine {
                sequence: Sequence(self.dice.below(100)),
            }
            .into(),
            19 => ConfirmTime {
                jump: self.dice.below(100),
            }
            .into(),
            _ => self.set_liquid().into(),
        }
    }

    fn set_liquid(&mut self) -> SetLiquid {
        SetLiquid {
            asset: self.dice.pick(&[BTC, USDT, ETH, AssetId(9)]),
            liquid: Amount(
                self.dice
                    .pick(&[0, 100_000_000_000, 130_000_000_000, 10_i128.pow(15)]),
            ),
            booked: Amount(self.dice.pick(&[0, 100_000_000_000])),
            expires: Timestamp(
                self.dice
                    .pick(&[0, 1_010_000, 2_000_000_000, 2_000_000_000]),
            ),
        }
    }

    fn dice_of<T: Clone>(&mut self, list: Vec<T>) -> T {
        list[self.dice.below(list.len() as u64) as usize].clone()
    }

    fn cancel_all(&mut self) -> CancelAll {
        CancelAll {
            owner: self.owner(),
            instrument: InstrumentId(self.dice.below(4) as u32),
        }
    }

    fn switch(&mut self) -> CancelAllAfter {
        let timeout = self.dice.pick(&[0, 100, 1_000, 5_000]);
        CancelAllAfter {
            owner: self.owner(),
            timeout,
            tag: self.tag(),
        }
    }

    fn amount(&mut self) -> Amount {
        Amount(match self.dice.below(12) {
            0 => 0,
            1 => -5,
            2 => 10_i128.pow(15),
            3 => 10_i128.pow(24),
            _ => i128::from(self.dice.below(2_000_000_000)),
        })
    }

    fn any_account(&mut self) -> AccountKey {
        let kind = self.dice.pick(&[FUND, TRADE, TRADE]);
        account(self.owner(), kind)
    }

    fn transfer(&mut self) -> Transfer {
        let source = self.any_account();
        let family = OwnerId(if source.owner.0 >= 100 {
            source.owner.0 / 10
        } else {
            source.owner.0 * 10
        });
        let target = match self.dice.below(6) {
            0 => self.any_account(),
            1 | 2 => account(family, TRADE),
            3 => account(HOUSE, TREASURY),
            _ => account(source.owner, self.dice.pick(&[FUND, TRADE])),
        };
        let master = OwnerId(if source.owner.0 >= 100 {
            source.owner.0 / 10
        } else {
            source.owner.0
        });
        let actor = match self.dice.below(6) {
            0 => HOUSE,
            1 => self.owner(),
            2 => source.owner,
            _ => master,
        };
        let (asset, amount) = (self.dice.pick(&ASSETS), self.amount());
        let (actor, source) = if self.dice.one_in(20) {
            (HOUSE, account(HOUSE, LOANS))
        } else {
            (actor, source)
        };
        Transfer {
            actor,
            source,
            target,
            asset,
            amount,
            reason: Reason(1),
        }
    }

    fn deposit(&mut self) -> Deposit {
        let account = self.any_account();
        let reference = Reference::new(&self.dice.roll().to_be_bytes()).unwrap();
        Deposit {
            account,
            asset: self.dice.pick(&ASSETS),
            amount: self.amount(),
            reference,
        }
    }

    fn withdraw(&mut self) -> Withdraw {
        let account = if self.dice.one_in(20) {
            account(HOUSE, LOANS)
        } else {
            self.any_account()
        };
        let asset = self.dice.pick(&ASSETS);
        Withdraw {
            account,
            asset,
            amount: self.amount(),
            reference: Reference::EMPTY,
        }
    }

    fn leg(account: AccountKey, asset: AssetId, change: i128) -> Leg {
        Leg {
            account,
            asset,
            change: Amount(change),
        }
    }

    /// Coins come or go, a user borrows or repays.
    fn posting_of_assets(&mut self) -> Posting {
        let kind = self.dice.pick(&[COINS, LOANS, LOANS]);
        let (user, asset) = (self.any_account(), self.dice.pick(&ASSETS));
        let amount = i128::from(self.dice.below(400_000_000)) - 100_000_000;
        let legs = vec![
            Self::leg(account(HOUSE, kind), asset, -amount),
            Self::leg(user, asset, amount),
        ];
        Posting {
            reason: Reason(2),
            legs,
        }
    }

    /// A posting that balances, or (once in eight) does not.
    fn posting(&mut self) -> Posting {
        if self.dice.one_in(3) {
            return self.posting_of_assets();
        }
        let (source, target) = (self.any_account(), self.any_account());
        let asset = self.dice.pick(&ASSETS);
        let amount = i128::from(self.dice.below(400_000_000));
        let part = amount / 3;
        let lost = i128::from(self.dice.one_in(8));
        let legs = vec![
            Self::leg(source, asset, -amount),
            Self::leg(target, asset, amount - part - lost),
            Self::leg(account(HOUSE, TREASURY), asset, part),
        ];
        Posting {
            reason: Reason(self.dice.pick(&[77, 77, 2, 9001])),
            legs,
        }
    }

    fn group(&mut self) -> Group {
        let postings = (0..self.dice.below(3)).map(|_| self.posting()).collect();
        let commands = (0..self.dice.below(4)).map(|_| self.part()).collect();
        let code = Code(if self.dice.one_in(10) { 58_350 } else { 0 });
        Group {
            cause: Sequence(self.dice.below(50)),
            code,
            postings,
            commands,
        }
    }

    fn part(&mut self) -> GroupCommand {
        let body: Body = match self.dice.below(9) {
            8 => self.definition_of_group(),
            0 => self.cancel_all().into(),
            1 => self.set_owner().into(),
            2 => self.open_owner().into(),
            3 | 4 => self.cancel().into(),
            _ => {
                // A ban on shrinking looks at the book as it is before the group's cancels.
                let order = self.place();
                PlaceOrder {
                    flags: OrderFlags::NONE,
                    ..order
                }
                .into()
            }
        };
        GroupCommand(Command::new(GatewayId(0), 0, body))
    }

    fn definition_of_group(&mut self) -> Body {
        match self.dice.below(6) {
            0 => fee_tier(self.dice.below(4) as usize).into(),
            1 => self.set_instrument().into(),
            2 => self.set_state().into(),
            3 => self.set_parameter().into(),
            4 => self.set_suspension().into(),
            _ => listing(self.dice.below(PAIRS.len() as u64) as usize).into(),
        }
    }

    fn product(&mut self) -> Product {
        Product {
            fold: FoldId(self.dice.below(3) as u32),
            owner: self.owner(),
            payload: Payload(vec![0x90]),
            cause: Sequence(0),
            index: 0,
        }
    }

    fn distribute(&mut self) -> Distribute {
        let source = self.dice.pick(WeightSource::ALL);
        let weight = |owner: OwnerId| Weight {
            owner,
            weight: 1 + owner.0 % 7,
        };
        let pool = account(HOUSE, self.dice.pick(&[TREASURY, FEES]));
        Distribute {
            pool,
            asset: self.dice.pick(&ASSETS),
            amount: Amount(i128::from(self.dice.below(1_000_000))),
            target_kind: self.dice.pick(&[FUND, TRADE, VAULT]),
            target_instance: Instance(0),
            rounding: self.dice.pick(ShareRounding::ALL),
            source,
            weight_kind: TRADE,
            weight_asset: self.dice.pick(&ASSETS),
            weights: match source {
                WeightSource::Explicit => owners().into_iter().map(weight).collect(),
                WeightSource::Balances => Vec::new(),
            },
            reason: Reason(5),
        }
    }

    fn flags(&mut self) -> OwnerFlags {
        let flags = self.dice.pick(&[0, 0, 0, 0, 0, 0, 1, 2, 4, 8, 32, 33]);
        OwnerFlags::from_bits(flags).unwrap()
    }

    fn set_owner(&mut self) -> SetOwner {
        SetOwner {
            owner: self.owner(),
            segment: Segment(self.dice.below(3) as u32),
            tier: Tier(self.dice.pick(&[0, 1, 2, 3, 3, 9])),
            flags: self.flags(),
            kyc: KycLevel(2),
        }
    }

    fn open_owner(&mut self) -> OpenOwner {
        self.labels += 1;
        let known = self.dice.one_in(3);
        let owner = if known {
            self.owner()
        } else {
            OwnerId(1_000 + self.labels)
        };
        let master = if self.dice.one_in(2) {
            owner
        } else {
            self.owner()
        };
        open(
            owner,
            master,
            self.dice.pick(&[0, 1, 2, 3, 9]),
            OwnerFlags::NONE,
        )
    }

    fn set_instrument(&mut self) -> SetInstrument {
        let pair = self.dice.below(3) as usize;
        terms(
            pair,
            self.dice.pick(&[0, 1_000_000, 10_000_000, 50_000_000]),
        )
    }

    fn set_state(&mut self) -> SetInstrumentState {
        let live = InstrumentState::Live;
        let state = if self.dice.one_in(3) {
            self.dice.pick(InstrumentState::ALL)
        } else {
            live
        };
        SetInstrumentState {
            instrument: InstrumentId(1 + self.dice.below(3) as u32),
            state,
        }
    }

    fn set_parameter(&mut self) -> SetParameter {
        let parameter = self.dice.pick(Parameter::ALL);
        let values: &[u64] = match parameter {
            Parameter::FinishedMax => &[0, 10, 1_000],
            Parameter::FinishedMs => &[0, 1_000, 600_000],
            Parameter::PendingPerInstrument => &[3, 40, 500],
            Parameter::PendingPerOwner => &[5, 60, 4_000],
            Parameter::WorkUnits => &[1, 3, 1_000],
            Parameter::WalkMax => &[1, 4, 1_000],
        };
        SetParameter {
            parameter,
            value: self.dice.pick(values),
        }
    }

    fn set_suspension(&mut self) -> SetSuspension {
        let level = self.dice.pick(SuspensionLevel::ALL);
        let bits = if self.dice.one_in(3) {
            self.dice.below(128) as u8
        } else {
            0
        };
        let key = match level {
            SuspensionLevel::Owner => self.owner().0,
            _ => self.dice.below(4),
        };
        SetSuspension {
            suspension: self.dice.below(4),
            actions: Suspended::from_bits(bits).unwrap(),
            level,
            key,
        }
    }
}
