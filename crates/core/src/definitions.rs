//! Commands that define the exchange: assets, kinds, houses, fees, owners, instruments, parameters.

use crate::assets::{AccountKind, Asset};
use crate::exchange::{Exchange, RULES_FIRST, RULES_KNOWN};
use crate::fees::FeeTier;
use crate::instruments::{HouseSlots, Instrument, InstrumentSlot, Terms, listing};
use crate::money::Amount;
use crate::orders::TRADING;
use crate::owners::{OwnerSlot, Profile};
use crate::parameters::Parameters;
use crate::refusal::{Refusal, Refused};
use crate::suspensions::{RULES_STOPS_OF_PEOPLE, SUSPENSIONS_MAX, Suspension};
use crate::types::*;
use crate::wire::command::*;
use crate::wire::event;

type Done = Result<u64, Refused>;

impl Exchange {
    pub(crate) fn define_asset(&mut self, command: &DefineAsset) -> Done {
        let asset = Asset {
            id: command.asset,
            symbol: command.symbol.clone(),
            scale: command.scale,
            supply_cap: command.supply_cap.0,
        };
        let event = asset.event();
        if self.assets.define(asset)? {
            self.events.push(&event);
        }
        Ok(0)
    }

    pub(crate) fn define_kind(&mut self, command: &DefineKind) -> Done {
        let kind = AccountKind {
            id: command.kind,
            code: command.code.clone(),
            sign: command.sign,
            claim: command.claim,
        };
        let event = kind.event();
        if self.kinds.define(kind)? {
            self.events.push(&event);
        }
        Ok(0)
    }

    /// From now on trades post to this account, those of instruments listed before too.
    pub(crate) fn define_house(&mut self, command: &DefineHouse) -> Done {
        let (role, account) = (command.role, command.account);
        self.owners
            .slot(account.owner)
            .ok_or(Refusal::UnknownOwner)?;
        self.houses
            .define(role, account, &self.kinds, &self.tiers)?;
        for slot in 0..self.instruments.all().len() as u32 {
            self.refresh_houses(slot);
        }
        self.recount();
        self.events.push(&event::HouseDefined { role, account });
        Ok(0)
    }

    pub(crate) fn refresh_houses(&mut self, slot: u32) {
        let (fee, rounding) = (
            self.houses.get(HouseRole::TradeFee),
            self.houses.get(HouseRole::Rounding),
        );
        let (Some(fee), Some(rounding)) = (fee, rounding) else {
            return;
        };
        let instrument = self.instruments.at(slot);
        let (base, quote) = (instrument.base, instrument.quote);
        self.instruments.at_mut(slot).houses = HouseSlots {
            base_fee: self.open_account(fee, base),
            quote_fee: self.open_account(fee, quote),
            quote_rounding: self.open_account(rounding, quote),
        };
    }

    pub(crate) fn set_fee_tier(&mut self, command: &SetFeeTier) -> Done {
        self.tiers.set(self.check_fee_tier(command)?)?;
        let (tier, maker, taker) = (command.tier, command.maker, command.taker);
        self.events.push(&event::FeeTierSet { tier, maker, taker });
        Ok(0)
    }

    pub(crate) fn check_fee_tier(&self, command: &SetFeeTier) -> Result<FeeTier, Refused> {
        if command.maker.0 < 0 && !self.houses.may_rebate(&self.kinds) {
            return Err(Refusal::BadParameter.into());
        }
        let tier = FeeTier {
            id: command.tier,
            maker: command.maker,
            taker: command.taker,
        };
        self.tiers.check(&tier)?;
        Ok(tier)
    }

    pub(crate) fn open_owner(&mut self, command: &OpenOwner) -> Done {
        self.check_open_owner(command)?;
        self.enter_owner(command);
        self.report_owner(command.owner);
        Ok(0)
    }

    pub(crate) fn check_open_owner(&self, command: &OpenOwner) -> Result<(), Refused> {
        if command.owner.0 == 0 || self.tiers.get(command.tier).is_none() {
            return Err(Refusal::BadParameter.into());
        }
        if self.owners.slot(command.owner).is_some() {
            return Err(Refusal::Redefined.into());
        }
        if command.master != command.owner {
            let master = self
                .owners
                .get(command.master)
                .ok_or(Refusal::UnknownOwner)?;
            if master.master != master.id {
                return Err(Refusal::BadParameter.into());
            }
        }
        Ok(())
    }

    /// Adds a checked owner without saying so.
    pub(crate) fn enter_owner(&mut self, command: &OpenOwner) {
        let profile = Profile {
            segment: command.segment,
            tier: command.tier,
            flags: command.flags,
            kyc: command.kyc,
        };
        let slot = self.owners.open(command.owner, command.master, profile);
        self.refresh_suspension(slot);
    }

    pub(crate) fn set_owner(&mut self, command: &SetOwner) -> Done {
        let slot = self.check_set_owner(command)?;
        self.change_owner(slot, command);
        self.report_owner(command.owner);
        Ok(0)
    }

    pub(crate) fn check_set_owner(&self, command: &SetOwner) -> Result<OwnerSlot, Refused> {
        let slot = self
            .owners
            .slot(command.owner)
            .ok_or(Refusal::UnknownOwner)?;
        if self.tiers.get(command.tier).is_none() {
            return Err(Refusal::BadParameter.into());
        }
        Ok(slot)
    }

    /// Changes an owner without saying so.
    pub(crate) fn change_owner(&mut self, slot: OwnerSlot, command: &SetOwner) {
        let profile = Profile {
            segment: command.segment,
            tier: command.tier,
            flags: command.flags,
            kyc: command.kyc,
        };
        self.owners.set(slot, profile);
        self.refresh_suspension(slot);
    }

    pub(crate) fn refresh_suspension(&mut self, slot: OwnerSlot) {
        let owner = self.owners.at(slot);
        let mut stopped = self.suspensions.of_owner(owner.id, owner.segment);
        if self.rules >= RULES_STOPS_OF_PEOPLE && owner.master != owner.id {
            stopped = stopped.union(self.suspensions.of_owner(owner.master, owner.segment));
        }
        self.owners.at_mut(slot).suspended = stopped;
    }

    pub(crate) fn report_owner(&mut self, id: OwnerId) {
        let event = self.owners.get(id).map(crate::owners::Owner::event);
        self.events.push(&event.expect("the owner exists"));
    }

    pub(crate) fn list_instrument(&mut self, command: &ListInstrument) -> Done {
        let instrument = self.check_listing(command)?;
        let event = instrument.event();
        let slot = self.instruments.insert(instrument);
        self.refresh_houses(slot);
        self.refresh_instrument_suspension(slot);
        self.events.push(&event);
        Ok(0)
    }

    pub(crate) fn check_listing(&self, command: &ListInstrument) -> Result<Instrument, Refused> {
        if self.instruments.slot(command.instrument).is_some()
            || self
                .instruments
                .all()
                .iter()
                .any(|known| known.symbol == command.symbol)
        {
            return Err(Refusal::Redefined.into());
        }
        let has_houses = HouseRole::ALL
            .iter()
            .all(|role| self.houses.get(*role).is_some());
        if self.kinds.sign(TRADING) != Some(SignRule::Credit) || !has_houses {
            return Err(Refusal::BadParameter.into());
        }
        Ok(listing::listed(command, &self.assets, self.now)?)
    }

    /// Resting orders keep their price, whatever the new terms are.
    pub(crate) fn set_instrument(&mut self, command: &SetInstrument) -> Done {
        let (slot, terms) = self.check_terms(command)?;
        let instrument = self.instruments.at_mut(slot);
        instrument.terms = terms;
        instrument.refresh_band();
        self.events.push(&self.instruments.at(slot).event());
        Ok(0)
    }

    pub(crate) fn check_terms(
        &self,
        command: &SetInstrument,
    ) -> Result<(InstrumentSlot, Terms), Refused> {
        let slot = self.known_instrument(command.instrument)?;
        let terms = Terms::of_change(command);
        terms.check(&self.instruments.at(slot).value)?;
        Ok((slot, terms))
    }

    pub(crate) fn known_instrument(&self, id: InstrumentId) -> Result<InstrumentSlot, Refused> {
        let slot = self.instruments.slot(id);
        slot.ok_or_else(|| Refusal::UnknownInstrument.into())
    }

    pub(crate) fn set_instrument_state(&mut self, command: &SetInstrumentState) -> Done {
        let slot = self.known_instrument(command.instrument)?;
        self.instruments.at_mut(slot).state = command.state;
        self.events.push(&self.instruments.at(slot).event());
        Ok(0)
    }

    pub(crate) fn refresh_instrument_suspension(&mut self, slot: u32) {
        let instrument = self.instruments.at_mut(slot);
        instrument.suspended =
            self.suspensions
                .of_instrument(instrument.id, instrument.base, instrument.quote);
    }

    pub(crate) fn check_parameter(&self, command: &SetParameter) -> Result<(), Refused> {
        let checked = Parameters::check(command.parameter, command.value);
        checked.map_err(|bound| Refusal::BadParameter.allowing(bound))
    }

    pub(crate) fn set_parameter(&mut self, command: &SetParameter) -> Done {
        let (parameter, value) = (command.parameter, command.value);
        let set = self.parameters.set(parameter, value);
        set.map_err(|bound| Refusal::BadParameter.allowing(bound))?;
        self.events.push(&event::ParameterSet { parameter, value });
        Ok(0)
    }

    pub(crate) fn check_suspension(&self, command: &SetSuspension) -> Result<(), Refused> {
        if self
            .suspensions
            .has_room(command.suspension, command.actions)
        {
            return Ok(());
        }
        Err(Refusal::BadParameter.allowing(SUSPENSIONS_MAX as u64))
    }

    pub(crate) fn set_suspension(&mut self, command: &SetSuspension) -> Done {
        let SetSuspension {
            suspension,
            actions,
            level,
            key,
        } = *command;
        self.check_suspension(command)?;
        self.suspensions.set(
            suspension,
            Suspension {
                actions,
                level,
                key,
            },
        );
        // The number may have named another level before, so everything derived is derived anew.
        for slot in 0..self.owners.count() as u32 {
            self.refresh_suspension(slot);
        }
        for slot in 0..self.instruments.all().len() as u32 {
            self.refresh_instrument_suspension(slot);
        }
        self.events.push(&event::SuspensionSet {
            suspension,
            actions,
            level,
            key,
        });
        Ok(0)
    }

    /// A log that needs rules this version does not know cannot be followed any further.
    pub(crate) fn activate_rules(&mut self, command: &ActivateRules) -> Result<Done, String> {
        if !(RULES_FIRST..=RULES_KNOWN).contains(&command.rules) {
            let rules = command.rules;
            return Err(format!(
                "the log activates rules {rules}; this core knows {RULES_FIRST} to {RULES_KNOWN}"
            ));
        }
        self.rules = command.rules;
        self.recount();
        for slot in 0..self.owners.count() as u32 {
            self.refresh_suspension(slot);
        }
        self.events.push(&event::RulesActivated {
            rules: command.rules,
        });
        Ok(Ok(0))
    }

    pub(crate) fn note_quarantine(&mut self, command: &Quarantine) -> Done {
        self.events.push(&event::Quarantined {
            sequence: command.sequence,
        });
        Ok(0)
    }

    pub(crate) fn note_time(&mut self, command: &ConfirmTime) -> Done {
        self.events
            .push(&event::TimeConfirmed { jump: command.jump });
        Ok(0)
    }
}

impl Asset {
    pub(crate) fn event(&self) -> event::AssetDefined {
        event::AssetDefined {
            asset: self.id,
            symbol: self.symbol.clone(),
            scale: self.scale,
            supply_cap: Amount(self.supply_cap),
        }
    }
}

impl AccountKind {
    pub(crate) fn event(&self) -> event::KindDefined {
        event::KindDefined {
            kind: self.id,
            code: self.code.clone(),
            sign: self.sign,
            claim: self.claim,
        }
    }
}

impl crate::owners::Owner {
    pub(crate) fn event(&self) -> event::OwnerChanged {
        event::OwnerChanged {
            owner: self.id,
            master: self.master,
            segment: self.segment,
            tier: self.tier,
            flags: self.flags,
            kyc: self.kyc,
        }
    }
}
