//! Money in, out and between accounts: deposit, withdrawal, transfer.

use crate::exchange::Exchange;
use crate::ledger::{Account, BALANCE_MAX, Line, Overlay, Slot};
use crate::money::Amount;
use crate::orders::TRADING;
use crate::owners::Owner;
use crate::refusal::{Refusal, Refused};
use crate::types::*;
use crate::wire::Reference;
use crate::wire::command::{Deposit, Leg, Product, Transfer, Withdraw};
use crate::wire::event;

/// The kind of the accounts that deposits reach; with TRADING what users move money between. Money
/// in any other kind belongs to a product, whose group moves it.
const FUNDING: Kind = Kind(1);

/// The rules from which a master moves what its sub-account may not send.
const RULES_MASTER_SENDS: u32 = 3;

/// Bill types of OKX's funding account.
const DEPOSIT: Reason = Reason(1);
const WITHDRAWAL: Reason = Reason(2);

impl Exchange {
    /// The slot of an account whose owner, kind and asset are known to exist.
    pub(crate) fn open_account(&mut self, key: AccountKey, asset: AssetId) -> Slot {
        let sign = self.kinds.sign(key.kind).expect("the kind is defined");
        let slot = self.ledger.open(key, asset, sign);
        if key.kind == TRADING && key.instance.0 == 0 {
            let asset = self.assets.slot(asset).expect("the asset is defined");
            let owner = self.owners.slot(key.owner).expect("the owner exists");
            self.owners.at_mut(owner).set_trading(asset, slot);
        }
        slot
    }

    /// Whether such an account may exist; its sign rule.
    pub(crate) fn check_account(
        &self,
        key: AccountKey,
        asset: AssetId,
    ) -> Result<SignRule, Refused> {
        self.owners.slot(key.owner).ok_or(Refusal::UnknownOwner)?;
        self.assets.slot(asset).ok_or(Refusal::UnknownAsset)?;
        Ok(self.kinds.sign(key.kind).ok_or(Refusal::BadParameter)?)
    }

    /// Balance and hold of an account, zero if it has never been used.
    pub(crate) fn state_of(&self, key: AccountKey, asset: AssetId) -> (i128, i128) {
        self.ledger.find(key, asset).map_or((0, 0), |slot| {
            let account = self.ledger.account(slot);
            (account.balance, account.hold)
        })
    }

    pub(crate) fn is_suspended(&self, action: Suspended, asset: AssetId, owner: OwnerId) -> bool {
        let of_owner = self
            .owners
            .get(owner)
            .map_or(Suspended::NONE, |owner| owner.suspended);
        let all = self
            .suspensions
            .global()
            .union(self.suspensions.of_asset(asset));
        all.union(of_owner).intersects(action)
    }

    pub(crate) fn deposit(&mut self, command: &Deposit) -> Result<u64, Refused> {
        let (key, asset, Amount(amount)) = (command.account, command.asset, command.amount);
        let sign = self.check_account(key, asset)?;
        check_positive(amount)?;
        if self.is_suspended(Suspended::DEPOSIT_CREDIT, asset, key.owner) {
            return Err(Refusal::MovementSuspended.into());
        }
        let cap = self.assets.get(asset).map_or(0, |asset| asset.supply_cap);
        let room = cap - self.ledger.supply(asset);
        if amount > room {
            return Err(Refusal::OverSupplyCap.allowing(clipped(room)));
        }
        let (balance, hold) = self.state_of(key, asset);
        if !Account::admits(sign, balance + amount, hold) {
            return Err(Refusal::BadParameter.into());
        }
        let slot = self.open_account(key, asset);
        self.move_supply(slot, amount);
        self.report_posted(DEPOSIT, &[(key, amount)], asset, command.reference);
        Ok(self.sequence)
    }

    pub(crate) fn withdraw(&mut self, command: &Withdraw) -> Result<u64, Refused> {
        let (key, asset, Amount(amount)) = (command.account, command.asset, command.amount);
        let sign = self.check_account(key, asset)?;
        check_positive(amount)?;
        let owner = self.owners.get(key.owner).ok_or(Refusal::UnknownOwner)?;
        let stops = OwnerFlags::FROZEN
            .union(OwnerFlags::NO_WITHDRAW)
            .union(OwnerFlags::MASTER_FROZEN);
        if owner.flags.intersects(stops) {
            return Err(Refusal::WithdrawFrozen.into());
        }
        if self.is_suspended(Suspended::WITHDRAW, asset, key.owner) {
            return Err(Refusal::MovementSuspended.into());
        }
        let (balance, hold) = self.state_of(key, asset);
        let supply = self.ledger.supply(asset);
        if !Account::admits(sign, balance - amount, hold) || amount > supply {
            let available = (balance - hold).min(supply);
            return Err(Refusal::WithdrawOverAvailable.allowing(clipped(available)));
        }
        self.check_lends_out(key, asset, amount)?;
        let slot = self.open_account(key, asset);
        self.move_supply(slot, -amount);
        self.report_posted(WITHDRAWAL, &[(key, -amount)], asset, command.reference);
        Ok(self.sequence)
    }

    pub(crate) fn transfer(&mut self, command: &Transfer) -> Result<u64, Refused> {
        let (source, target, asset) = (command.source, command.target, command.asset);
        let actor = self
            .owners
            .get(command.actor)
            .ok_or(Refusal::UnknownOwner)?;
        let signs = (
            self.check_account(source, asset)?,
            self.check_account(target, asset)?,
        );
        let Amount(amount) = command.amount;
        check_positive(amount)?;
        if source == target {
            return Err(Refusal::SameAccount.into());
        }
        self.check_authority(actor, source.owner, target.owner)?;
        let is_users = |kind| [FUNDING, TRADING].contains(&kind);
        if !(actor.is(OwnerFlags::HOUSE) || is_users(source.kind) && is_users(target.kind)) {
            return Err(Refusal::NotAUsersKind.into());
        }
        let action = if source.owner == target.owner {
            Suspended::TRANSFER
        } else {
            Suspended::SUB_TRANSFER
        };
        if self.is_suspended(action, asset, source.owner)
            || self.is_suspended(action, asset, target.owner)
        {
            return Err(Refusal::MovementSuspended.into());
        }
        let (balance, hold) = self.state_of(source, asset);
        if !Account::admits(signs.0, balance - amount, hold) {
            return Err(Refusal::TransferOverAvailable.allowing(clipped(balance - hold)));
        }
        let lines = [
            Line {
                key: source,
                asset,
                sign: signs.0,
                change: -amount,
            },
            Line {
                key: target,
                asset,
                sign: signs.1,
                change: amount,
            },
        ];
        let posted = Overlay::default().post(&self.ledger, &lines);
        posted.map_err(|_| Refused::from(Refusal::BadParameter))?;
        let legs = [(source, -amount), (target, amount)];
        self.check_legs(asset, legs.into_iter())?;
        let (from, to) = (
            self.open_account(source, asset),
            self.open_account(target, asset),
        );
        self.move_balance(from, -amount);
        self.move_balance(to, amount);
        self.report_posted(command.reason, &legs, asset, Reference::default());
        Ok(self.sequence)
    }

    /// The house moves anything. A master moves among its own and its sub-accounts, a sub-account
    /// only out of its own; a frozen owner sends nothing, one without the right nothing to others
    /// (under older rules not even by its master), and what its master froze moves by the master
    /// alone.
    fn check_authority(
        &self,
        actor: &Owner,
        source: OwnerId,
        target: OwnerId,
    ) -> Result<(), Refused> {
        if actor.is(OwnerFlags::HOUSE) {
            return Ok(());
        }
        let sender = self.owners.get(source).ok_or(Refusal::UnknownOwner)?;
        let receiver = self.owners.get(target).ok_or(Refusal::UnknownOwner)?;
        let is_family = sender.master == actor.master && receiver.master == actor.master;
        let is_own = actor.master == actor.id || source == actor.id;
        if !is_family || !is_own {
            return Err(Refusal::ForeignAccount.into());
        }
        let is_bound = source == actor.id || self.rules < RULES_MASTER_SENDS;
        let leaves = is_bound && source != target && sender.is(OwnerFlags::NO_TRANSFER_OUT);
        let is_held = sender.is(OwnerFlags::MASTER_FROZEN) && actor.master != actor.id;
        if sender.is(OwnerFlags::FROZEN) || is_held || leaves {
            return Err(Refusal::TransferFrozen.into());
        }
        Ok(())
    }

    /// A product command changes nothing here: the fold's group follows as the next command.
    pub(crate) fn pass_product(&mut self, command: &Product) -> Result<u64, Refused> {
        let of_owner = self.owners.get(command.owner);
        let of_owner = of_owner.map_or(Suspended::NONE, |owner| owner.suspended);
        if self
            .suspensions
            .global()
            .union(of_owner)
            .contains(Suspended::PRODUCT)
        {
            return Err(Refusal::MovementSuspended.into());
        }
        self.events.push(&event::ProductHandled {
            sequence: Sequence(self.sequence),
            fold: command.fold,
            owner: command.owner,
        });
        Ok(0)
    }

    fn report_posted(
        &mut self,
        reason: Reason,
        legs: &[(AccountKey, i128)],
        asset: AssetId,
        reference: Reference,
    ) {
        if !self.events.wanted() {
            return;
        }
        let leg = |(account, change): &(AccountKey, i128)| Leg {
            account: *account,
            asset,
            change: Amount(*change),
        };
        self.events.push(&event::Posted {
            sequence: Sequence(self.sequence),
            time: Timestamp(self.now),
            reason,
            legs: legs.iter().map(leg).collect(),
            reference,
        });
    }
}

fn check_positive(amount: i128) -> Result<(), Refused> {
    match amount {
        1..=BALANCE_MAX => Ok(()),
        _ => Err(Refusal::AmountNotPositive.into()),
    }
}

/// An amount as the limit that a reply names.
fn clipped(amount: i128) -> u64 {
    u64::try_from(amount.max(0)).unwrap_or(u64::MAX)
}
