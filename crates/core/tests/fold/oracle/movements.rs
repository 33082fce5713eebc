//! Deposits, withdrawals, transfers, and products passing by.

use fullreserve_core::types::*;
use fullreserve_core::wire::command::{Deposit, Product, Transfer, Withdraw};

use super::{Done, Oracle, Refused};

const SUPPLY_CAP: i128 = 10_i128.pow(24);

fn positive(amount: i128) -> Result<i128, Refused> {
    if amount > 0 { Ok(amount) } else { Err(58114) }
}

impl Oracle {
    pub(super) fn deposit(&mut self, command: &Deposit) -> Done {
        let (key, asset) = (command.account, command.asset);
        self.known_account(asset, key)?;
        let amount = positive(command.amount.0)?;
        if self.is_stopped(
            Suspended::DEPOSIT_CREDIT,
            Some(key.owner),
            None,
            Some(asset),
        ) {
            return Err(58110);
        }
        let supply = self.supplies.get(&asset).copied().unwrap_or(0);
        if supply + amount > SUPPLY_CAP {
            return Err(59401);
        }
        if !self.may_become(asset, key, self.balance(asset, key) + amount) {
            return Err(51000);
        }
        self.supplies.insert(asset, supply + amount);
        self.add(asset, key, amount);
        Ok(self.sequence)
    }

    pub(super) fn withdraw(&mut self, command: &Withdraw) -> Done {
        let (key, asset) = (command.account, command.asset);
        self.known_account(asset, key)?;
        let amount = positive(command.amount.0)?;
        let stops = OwnerFlags::FROZEN.union(OwnerFlags::NO_WITHDRAW);
        let flags = self.owner(key.owner)?.flags;
        if flags.intersects(stops) || flags.contains(OwnerFlags::MASTER_FROZEN) {
            return Err(58207);
        }
        if self.is_stopped(Suspended::WITHDRAW, Some(key.owner), None, Some(asset)) {
            return Err(58110);
        }
        let supply = self.supplies.get(&asset).copied().unwrap_or(0);
        let after = self.balance(asset, key) - amount;
        if !self.may_become(asset, key, after) || amount > supply {
            return Err(58203);
        }
        self.may_lend(asset, &[(key, -amount)], -amount)?;
        self.supplies.insert(asset, supply - amount);
        self.add(asset, key, -amount);
        Ok(self.sequence)
    }

    pub(super) fn transfer(&mut self, command: &Transfer) -> Done {
        let (source, target, asset) = (command.source, command.target, command.asset);
        self.owner(command.actor)?;
        self.known_account(asset, source)?;
        self.known_account(asset, target)?;
        let amount = positive(command.amount.0)?;
        if source == target {
            return Err(58123);
        }
        self.check_authority(command)?;
        let is_house = self.owner(command.actor)?.flags.contains(OwnerFlags::HOUSE);
        if !is_house && (source.kind.0 > 2 || target.kind.0 > 2) {
            return Err(51000);
        }
        let action = match source.owner == target.owner {
            true => Suspended::TRANSFER,
            false => Suspended::SUB_TRANSFER,
        };
        for owner in [source.owner, target.owner] {
            if self.is_stopped(action, Some(owner), None, Some(asset)) {
                return Err(58110);
            }
        }
        if !self.may_become(asset, source, self.balance(asset, source) - amount) {
            return Err(58350);
        }
        if !self.may_become(asset, target, self.balance(asset, target) + amount) {
            return Err(51000);
        }
        self.may_lend(asset, &[(source, -amount), (target, amount)], 0)?;
        self.add(asset, source, -amount);
        self.add(asset, target, amount);
        Ok(self.sequence)
    }

    /// The house may all; a master within its family; a sub-account out of its own.
    fn check_authority(&self, command: &Transfer) -> Result<(), Refused> {
        let actor = self.owner(command.actor)?;
        if actor.flags.contains(OwnerFlags::HOUSE) {
            return Ok(());
        }
        let (source, target) = (command.source.owner, command.target.owner);
        let (sender, receiver) = (self.owner(source)?, self.owner(target)?);
        let is_family = sender.master == actor.master && receiver.master == actor.master;
        let is_master = actor.master == command.actor;
        if !is_family || !(is_master || source == command.actor) {
            return Err(58115);
        }
        let by_itself = source == command.actor || self.rules < 3;
        let barred = by_itself && sender.flags.contains(OwnerFlags::NO_TRANSFER_OUT);
        let leaves = source != target && barred;
        let by_master = !is_master && sender.flags.contains(OwnerFlags::MASTER_FROZEN);
        if leaves || by_master || sender.flags.contains(OwnerFlags::FROZEN) {
            Err(58004)
        } else {
            Ok(())
        }
    }

    /// Whether a posting or a distribution may take from an account, for these receivers.
    pub(super) fn may_pay(
        &self,
        asset: AssetId,
        payer: OwnerId,
        receivers: impl Iterator<Item = OwnerId>,
    ) -> Result<(), Refused> {
        let flags = self.owner(payer)?.flags;
        if flags.contains(OwnerFlags::HOUSE) {
            return Ok(());
        }
        let is_house = |owner| self.owners[&owner].flags.contains(OwnerFlags::HOUSE);
        let mut others = receivers.filter(|owner| *owner != payer && !is_house(*owner));
        let leaves = others.next().is_some();
        let stopped = leaves && flags.contains(OwnerFlags::NO_TRANSFER_OUT);
        if stopped || flags.contains(OwnerFlags::FROZEN) {
            return Err(58004);
        }
        let action = [Suspended::TRANSFER, Suspended::SUB_TRANSFER][usize::from(leaves)];
        for action in [Suspended::PRODUCT, action] {
            if self.is_stopped(action, Some(payer), None, Some(asset)) {
                return Err(58110);
            }
        }
        Ok(())
    }

    pub(super) fn product(&mut self, command: &Product) -> Done {
        let stopped = self.is_stopped(Suspended::PRODUCT, Some(command.owner), None, None);
        if stopped { Err(58110) } else { Ok(0) }
    }
}
