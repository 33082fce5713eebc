//! The fold: a batch of commands in, events out.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::agenda::Agenda;
use crate::assets::{Assets, Kinds};
use crate::book::OrderBook;
use crate::dedup::{Dedup, Seen, Submission};
use crate::fees::{FeeTiers, Houses};
use crate::guard::Guard;
use crate::halt::{ApplyError, Halt};
use crate::instruments::Instruments;
use crate::ledger::Ledger;
use crate::levels::TouchedLevels;
use crate::money::Amount;
use crate::orders::{Orders, book_side};
use crate::owners::Owners;
use crate::parameters::Parameters;
use crate::refusal::{Refusal, Refused};
use crate::suspensions::{RULES_STOPS_OF_PEOPLE, Suspensions};
use crate::types::*;
use crate::warm::{Ahead, WINDOW};
use crate::wire::command::{Body, Command};
use crate::wire::event;
use crate::wire::{Batch, Events};

/// The rules that this version knows; `ActivateRules` switches between them.
pub const RULES_KNOWN: u32 = RULES_STOPS_OF_PEOPLE;

/// The rules that every log begins with, whatever this version knows beside them.
pub const RULES_FIRST: u32 = 1;

/// What a reply says about a command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    pub code: Code,
    /// The limit that was broken; 0 where there is none.
    pub allowed: u64,
    /// Order id, transfer id or 0.
    pub order: u64,
}

impl Outcome {
    pub const fn done(order: u64) -> Self {
        Self {
            code: Code::SUCCESS,
            allowed: 0,
            order,
        }
    }
}

impl From<Refused> for Outcome {
    fn from(refused: Refused) -> Self {
        Self {
            code: refused.refusal.code(),
            allowed: refused.allowed,
            order: 0,
        }
    }
}

impl From<Result<u64, Refused>> for Outcome {
    #[inline]
    fn from(result: Result<u64, Refused>) -> Self {
        match result {
            Ok(order) => Self::done(order),
            Err(refused) => refused.into(),
        }
    }
}

/// The state of the exchange at one sequence.
pub struct Exchange {
    pub(crate) assets: Assets,
    pub(crate) kinds: Kinds,
    pub(crate) tiers: FeeTiers,
    pub(crate) houses: Houses,
    pub(crate) parameters: Parameters,
    pub(crate) suspensions: Suspensions,
    pub(crate) guard: Guard,
    pub(crate) ledger: Ledger,
    pub(crate) owners: Owners,
    pub(crate) instruments: Instruments,
    pub(crate) orders: Orders,
    pub(crate) agenda: Agenda,
    pub(crate) dedup: Dedup,
    pub(crate) rules: u32,
    /// Of the last applied command; while a batch runs, of the current one.
    pub(crate) sequence: u64,
    /// Sequence of the command that put the running item on the agenda; 0 outside the agenda.
    pub(crate) on_behalf_of: u64,
    /// Exchange time in ms.
    pub(crate) now: u64,
    pub(crate) halted: Option<Halt>,
    pub(crate) events: Events,
    pub(crate) levels: TouchedLevels,
    batch: Batch,
    ahead: Ahead,
}

impl Default for Exchange {
    fn default() -> Self {
        Self {
            assets: Assets::default(),
            kinds: Kinds::default(),
            tiers: FeeTiers::default(),
            houses: Houses::default(),
            parameters: Parameters::default(),
            suspensions: Suspensions::default(),
            guard: Guard::default(),
            ledger: Ledger::default(),
            owners: Owners::default(),
            instruments: Instruments::default(),
            orders: Orders::default(),
            agenda: Agenda::default(),
            dedup: Dedup::default(),
            rules: RULES_FIRST,
            sequence: 0,
            on_behalf_of: 0,
            now: 0,
            halted: None,
            events: Events::new(),
            levels: TouchedLevels::default(),
            batch: Batch::new(),
            ahead: Ahead::default(),
        }
    }
}

impl Exchange {
    pub fn new() -> Self {
        Self::default()
    }

    /// Applies a batch and returns its events as one MessagePack array.
    ///
    /// `sequence` is that of the first command and must be the last applied + 1; `time_ms` may not
    /// be before the last. `skip` names sequences to pass over; what those before the batch have
    /// put on the agenda is set aside. With `wanted` false no events are made. An error that is not
    /// a halt has changed nothing.
    pub fn apply(
        &mut self,
        sequence: u64,
        time_ms: u64,
        commands: &[u8],
        wanted: bool,
        skip: &[u64],
    ) -> Result<&[u8], ApplyError> {
        self.apply_where(sequence, time_ms, commands, wanted, skip, |_| true)?;
        Ok(self.events.finish())
    }

    /// As `apply` where the batch is the core's alone; None, with nothing changed, where it holds
    /// product commands: folds outside have to see those.
    pub fn apply_alone(
        &mut self,
        sequence: u64,
        time_ms: u64,
        commands: &[u8],
        wanted: bool,
        skip: &[u64],
    ) -> Result<Option<&[u8]>, ApplyError> {
        let alone = |commands: &[Command]| {
            let mut bodies = commands.iter().map(|command| &command.body);
            !bodies.any(|body| matches!(body, Body::Product(_)))
        };
        let applied = self.apply_where(sequence, time_ms, commands, wanted, skip, alone)?;
        Ok(applied.then(|| self.events.finish()))
    }

    /// Applies a batch if `may` lets it; whether it was applied.
    fn apply_where(
        &mut self,
        sequence: u64,
        time_ms: u64,
        commands: &[u8],
        wanted: bool,
        skip: &[u64],
        may: impl Fn(&[Command]) -> bool,
    ) -> Result<bool, ApplyError> {
        if let Some(halt) = &self.halted {
            return Err(ApplyError::Halted(halt.clone()));
        }
        if sequence != self.sequence + 1 {
            return Err(ApplyError::Gap {
                expected: self.sequence + 1,
                given: sequence,
            });
        }
        if time_ms < self.now {
            return Err(ApplyError::TimeBack {
                last: self.now,
                given: time_ms,
            });
        }
        let mut batch = std::mem::take(&mut self.batch);
        let result = batch
            .decode(commands)
            .map_err(ApplyError::Malformed)
            .and_then(|()| {
                if !may(batch.commands()) {
                    return Ok(false);
                }
                self.events.start(wanted);
                self.run_guarded(sequence, time_ms, batch.commands(), skip)?;
                Ok(true)
            });
        self.batch = batch;
        result
    }

    /// A panic or a broken invariant stops at the sequence it happened at, for ever.
    fn run_guarded(
        &mut self,
        sequence: u64,
        time_ms: u64,
        commands: &[Command],
        skip: &[u64],
    ) -> Result<(), ApplyError> {
        let run = AssertUnwindSafe(|| self.run(sequence, time_ms, commands, skip));
        match catch_unwind(run) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(reason)) => Err(self.halt(reason)),
            Err(panic) => Err(self.halt(crate::halt::reason_of(&*panic))),
        }
    }

    /// An item of the agenda halts at the command that put it there: only to skip that one helps.
    fn halt(&mut self, reason: String) -> ApplyError {
        let sequence = match self.on_behalf_of {
            0 => self.sequence,
            sequence => sequence,
        };
        let halt = Halt { sequence, reason };
        self.halted = Some(halt.clone());
        ApplyError::Halted(halt)
    }

    fn run(
        &mut self,
        sequence: u64,
        time_ms: u64,
        commands: &[Command],
        skip: &[u64],
    ) -> Result<(), String> {
        if commands.is_empty() {
            return Ok(());
        }
        self.sequence = sequence;
        if time_ms > self.now {
            self.run_agenda(time_ms, skip);
        }
        let mut next = sequence;
        for window in commands.chunks(WINDOW) {
            if window.len() > 1 {
                let mut ahead = std::mem::take(&mut self.ahead);
                self.read_ahead(window, &mut ahead);
                self.ahead = ahead;
            }
            for command in window {
                self.sequence = next;
                self.step(command, skip)?;
                next += 1;
            }
        }
        if cfg!(debug_assertions) {
            self.check_invariants()?;
        }
        Ok(())
    }

    #[inline]
    fn step(&mut self, command: &Command, skip: &[u64]) -> Result<(), String> {
        let (gateway, number) = (command.gateway.0, command.number);
        let mut duplicate_of = 0;
        let seen = if gateway == 0 {
            Seen::No
        } else {
            self.dedup.look(gateway, number)
        };
        let outcome = match seen {
            Seen::Before(first) => {
                duplicate_of = first.sequence;
                first.outcome
            }
            Seen::TooOld => Outcome::from(Err(Refusal::NumberTooOld.into())),
            Seen::No => {
                let outcome = if !skip.is_empty() && skip.contains(&self.sequence) {
                    Outcome::from(Err(Refusal::Quarantined.into()))
                } else {
                    self.execute(&command.body)?
                };
                if gateway != 0 {
                    let sequence = self.sequence;
                    self.dedup.record(
                        gateway,
                        Submission {
                            number,
                            sequence,
                            outcome,
                        },
                    );
                }
                outcome
            }
        };
        self.settle();
        self.events.push_short(&event::Reply {
            sequence: Sequence(self.sequence),
            gateway: command.gateway,
            number,
            code: outcome.code,
            allowed: outcome.allowed,
            order: outcome.order,
            duplicate_of: Sequence(duplicate_of),
        });
        Ok(())
    }

    /// One command. Only rules that this version does not know are an error; anything else that is
    /// not possible is an outcome.
    #[inline]
    fn execute(&mut self, body: &Body) -> Result<Outcome, String> {
        Ok(match body {
            Body::PlaceOrder(command) => self.place_order(command).into(),
            Body::CancelOrder(command) => self.cancel_order(command).into(),
            Body::AmendOrder(command) => self.amend_order(command).into(),
            _ => return self.execute_rare(body),
        })
    }

    #[inline(never)]
    fn execute_rare(&mut self, body: &Body) -> Result<Outcome, String> {
        let result = match body {
            Body::PlaceOrder(command) => self.place_order(command),
            Body::CancelOrder(command) => self.cancel_order(command),
            Body::AmendOrder(command) => self.amend_order(command),
            Body::CancelAll(command) => self.cancel_all(command),
            Body::CancelAllAfter(command) => self.set_switch(command),
            Body::Transfer(command) => self.transfer(command),
            Body::Deposit(command) => self.deposit(command),
            Body::Withdraw(command) => self.withdraw(command),
            Body::Group(command) => return Ok(self.apply_group(command)),
            Body::Product(command) => self.pass_product(command),
            Body::Tick(_) => Ok(0),
            Body::Distribute(command) => self.distribute(command),
            Body::DefineAsset(command) => self.define_asset(command),
            Body::DefineKind(command) => self.define_kind(command),
            Body::DefineHouse(command) => self.define_house(command),
            Body::SetFeeTier(command) => self.set_fee_tier(command),
            Body::OpenOwner(command) => self.open_owner(command),
            Body::SetOwner(command) => self.set_owner(command),
            Body::ListInstrument(command) => self.list_instrument(command),
            Body::SetInstrument(command) => self.set_instrument(command),
            Body::SetInstrumentState(command) => self.set_instrument_state(command),
            Body::SetParameter(command) => self.set_parameter(command),
            Body::SetSuspension(command) => self.set_suspension(command),
            Body::SetLiquid(command) => self.set_liquid(command),
            Body::ActivateRules(command) => self.activate_rules(command)?,
            Body::Quarantine(command) => self.note_quarantine(command),
            Body::ConfirmTime(command) => self.note_time(command),
            Body::Invalid { .. } => Err(Refusal::BadParameter.into()),
        };
        Ok(result.into())
    }

    /// What every command ends with: levels and accounts it changed, each once; surplus memory.
    #[inline]
    pub(crate) fn settle(&mut self) {
        self.settle_reserves();
        let (events, instruments) = (&mut self.events, &self.instruments);
        self.levels.drain(|slot, side, price| {
            if !events.wanted() {
                return;
            }
            let instrument = instruments.at(slot);
            let level = instrument.book.level(book_side(side), price);
            events.push_short(&event::Level {
                instrument: instrument.id,
                side,
                price: Price(price),
                size: Size(level.map_or(0, |level| level.size)),
                orders: level.map_or(0, |level| level.count),
            });
        });
        self.ledger.settle_touched(self.now, |account| {
            events.push_short(&event::Balance {
                owner: account.owner,
                kind: account.kind,
                instance: account.instance,
                asset: account.asset,
                balance: Amount(account.balance),
                hold: Amount(account.hold),
            });
        });
        self.orders.drop_surplus(&self.parameters);
    }

    /// Sequence of the last applied command, 0 before the first.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    pub fn time_ms(&self) -> u64 {
        self.now
    }

    /// When the agenda next needs a batch; 0 when it does not.
    pub fn next_due_ms(&self) -> u64 {
        self.agenda.next_due_ms(self.now)
    }

    pub fn open_orders(&self) -> u64 {
        self.orders.open
    }

    /// Orders finished since genesis.
    pub fn finished_total(&self) -> u64 {
        self.orders.finished_total()
    }

    /// Why nothing is applied any more.
    pub fn halted(&self) -> Option<&Halt> {
        self.halted.as_ref()
    }
}
