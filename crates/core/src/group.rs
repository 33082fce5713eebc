//! A fold's output: owners, cancels, postings, orders and definitions that all happen or none.
//!
//! Everything is checked before anything is seen: cancels, postings and orders against a prospect
//! of what the earlier parts will have done, each order as if the earlier ones had set aside all
//! they may cost and received nothing. Owners come first and are entered at once, because the rest
//! may name them; they are put back if the rest does not hold. Definitions (instruments, tiers,
//! parameters, suspensions) come last and bind nothing else of the group: each is checked against
//! the state before it, so that a group takes at most one of a kind.

use crate::exchange::{Exchange, Outcome};
use crate::index::FastMap;
use crate::ledger::{Line, Overlay};
use crate::money::Amount;
use crate::orders::check::Draft;
use crate::orders::{OrderSlot, Orders, TRADING};
use crate::owners::{Owner, Profile};
use crate::refusal::{Refusal, Refused};
use crate::types::*;
use crate::wire::Reference;
use crate::wire::command::{Body, CancelAll, Group, Posting};
use crate::wire::event;

/// Bill types of postings that no freeze or suspension of transfers may hold up: what operators
/// have approved (balance corrections, trade busts), and what follows a chain (withdrawal,
/// canceled withdrawal, reversal, memo), whose fold asks the suspension of withdrawals instead.
const NOT_HELD_UP: [Reason; 6] = [
    Reason(2),
    Reason(13),
    Reason(47),
    Reason(9001),
    Reason(9002),
    Reason(9100),
];

/// What the checked parts of a group will have changed.
#[derive(Default)]
pub(crate) struct Prospect {
    pub overlay: Overlay,
    canceled: Vec<OrderSlot>,
    drafts: Vec<Draft>,
    /// Change of pending orders by (owner, instrument).
    pending: FastMap<(u32, u32), i64>,
}

impl Prospect {
    pub fn is_canceled(&self, slot: OrderSlot) -> bool {
        self.canceled.contains(&slot)
    }

    /// Whether an earlier part changes the draft's book.
    pub fn changes(&self, draft: &Draft, orders: &Orders) -> bool {
        let mut canceled = self.canceled.iter().map(|slot| orders.at(*slot).instrument);
        canceled.any(|other| other == draft.instrument)
            || self
                .drafts
                .iter()
                .any(|other| other.instrument == draft.instrument)
    }

    pub fn has_client_order_id(&self, draft: &Draft) -> bool {
        self.drafts.iter().any(|other| {
            other.owner == draft.owner
                && other.labels.client_order_id == draft.labels.client_order_id
        })
    }

    /// Change of the owner's pending orders: (on the draft's instrument, overall).
    pub fn pending(&self, draft: &Draft) -> (i64, i64) {
        let here = self
            .pending
            .get(&(draft.owner, draft.instrument))
            .copied()
            .unwrap_or(0);
        let all = self
            .pending
            .iter()
            .filter(|((owner, _), _)| *owner == draft.owner);
        (here, all.map(|(_, change)| change).sum())
    }

    /// What earlier drafts may add to the same side of the same book.
    pub fn resting(&self, draft: &Draft) -> u64 {
        let same = |other: &&Draft| {
            (other.instrument, other.side) == (draft.instrument, draft.side) && other.may_rest()
        };
        self.drafts
            .iter()
            .filter(same)
            .fold(0, |sum, other| sum.saturating_add(other.size))
    }
}

/// How to put an owner back.
enum Undo {
    Opened,
    Changed(u32, Profile),
}

impl Exchange {
    pub(crate) fn apply_group(&mut self, group: &Group) -> Outcome {
        let outcome = if group.code == Code::SUCCESS {
            match self.carry_out_group(group) {
                Ok(()) => Outcome::done(0),
                Err(refused) => refused.into(),
            }
        } else {
            Outcome {
                code: group.code,
                ..Outcome::done(0)
            }
        };
        // A repeat of the product command is told what became of it, not that it was passed on.
        if outcome.code != Code::SUCCESS {
            self.dedup.revise(group.cause.0, outcome);
        }
        self.events.push(&event::GroupApplied {
            sequence: Sequence(self.sequence),
            cause: group.cause,
            code: outcome.code,
        });
        outcome
    }

    fn carry_out_group(&mut self, group: &Group) -> Result<(), Refused> {
        let mut undo = Vec::new();
        let entered = self.enter_owners(group, &mut undo);
        let prospect = match entered.and_then(|()| self.check_group(group)) {
            Ok(prospect) => prospect,
            Err(refused) => {
                self.take_back(undo);
                return Err(refused);
            }
        };
        for command in &group.commands {
            match &command.0.body {
                Body::OpenOwner(open) => self.report_owner(open.owner),
                Body::SetOwner(set) => self.report_owner(set.owner),
                _ => {}
            }
        }
        for slot in &prospect.canceled {
            self.end(*slot, CancelSource::System);
        }
        for posting in &group.postings {
            self.post(posting);
        }
        for draft in &prospect.drafts {
            self.place(draft);
        }
        for command in &group.commands {
            self.define(&command.0.body);
        }
        Ok(())
    }

    /// Carries out a definition that has been checked; other parts of a group it leaves alone.
    fn define(&mut self, body: &Body) {
        let done = match body {
            Body::SetFeeTier(command) => self.set_fee_tier(command),
            Body::ListInstrument(command) => self.list_instrument(command),
            Body::SetInstrument(command) => self.set_instrument(command),
            Body::SetInstrumentState(command) => self.set_instrument_state(command),
            Body::SetParameter(command) => self.set_parameter(command),
            Body::SetSuspension(command) => self.set_suspension(command),
            _ => Ok(0),
        };
        // Nothing that a definition depends on has changed since its check: a halt, not a half.
        done.expect("a checked definition is possible");
    }

    /// Whether a part of a group is a definition that is possible now.
    fn check_definition(&self, body: &Body) -> Result<(), Refused> {
        match body {
            Body::SetFeeTier(command) => self.check_fee_tier(command).map(drop),
            Body::ListInstrument(command) => self.check_listing(command).map(drop),
            Body::SetInstrument(command) => self.check_terms(command).map(drop),
            Body::SetInstrumentState(command) => {
                self.known_instrument(command.instrument).map(drop)
            }
            Body::SetParameter(command) => self.check_parameter(command),
            Body::SetSuspension(command) => self.check_suspension(command),
            _ => Err(Refusal::BadParameter.into()),
        }
    }

    fn enter_owners(&mut self, group: &Group, undo: &mut Vec<Undo>) -> Result<(), Refused> {
        for command in &group.commands {
            match &command.0.body {
                Body::OpenOwner(open) => {
                    self.check_open_owner(open)?;
                    self.enter_owner(open);
                    undo.push(Undo::Opened);
                }
                Body::SetOwner(set) => {
                    let slot = self.check_set_owner(set)?;
                    let owner = self.owners.at(slot);
                    let profile = Profile {
                        segment: owner.segment,
                        tier: owner.tier,
                        flags: owner.flags,
                        kyc: owner.kyc,
                    };
                    undo.push(Undo::Changed(slot, profile));
                    self.change_owner(slot, set);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn take_back(&mut self, undo: Vec<Undo>) {
        for step in undo.into_iter().rev() {
            match step {
                Undo::Opened => self.owners.close_last(),
                Undo::Changed(slot, profile) => {
                    self.owners.set(slot, profile);
                    self.refresh_suspension(slot);
                }
            }
        }
    }

    fn check_group(&self, group: &Group) -> Result<Prospect, Refused> {
        let mut prospect = Prospect::default();
        for command in &group.commands {
            match &command.0.body {
                Body::CancelOrder(cancel) => {
                    let slot = self.check_cancel(cancel)?;
                    self.plan_cancel(slot, &mut prospect)?;
                }
                Body::CancelAll(cancel) => self.plan_cancel_all(cancel, &mut prospect)?,
                _ => {}
            }
        }
        for posting in &group.postings {
            let lines = self.lines(posting)?;
            self.check_may_post(posting)?;
            let posted = prospect.overlay.post(&self.ledger, &lines);
            posted.map_err(|_| Refused::from(Refusal::TransferOverAvailable))?;
        }
        self.check_group_lending(group)?;
        let mut defined = Vec::new();
        for command in &group.commands {
            match &command.0.body {
                Body::PlaceOrder(order) => {
                    let draft = self.check_order(order, Some(&prospect))?;
                    self.plan_order(draft, &mut prospect);
                }
                Body::OpenOwner(_) | Body::SetOwner(_) => {}
                Body::CancelOrder(_) | Body::CancelAll(_) => {}
                definition => {
                    let kind = definition.tag();
                    if defined.contains(&kind) {
                        return Err(Refusal::BadParameter.into());
                    }
                    defined.push(kind);
                    self.check_definition(definition)?;
                }
            }
        }
        Ok(prospect)
    }

    fn plan_cancel(&self, slot: OrderSlot, prospect: &mut Prospect) -> Result<(), Refused> {
        if prospect.is_canceled(slot) {
            return Err(Refusal::CancelUnknown.into());
        }
        let order = self.orders.at(slot);
        let instrument = self.instruments.at(order.instrument);
        let hold = instrument.hold(order.side, order.price, order.remaining());
        let account = self.ledger.account(order.pay);
        prospect
            .overlay
            .add_hold(account.key(), account.asset, -hold);
        *prospect
            .pending
            .entry((order.owner, order.instrument))
            .or_insert(0) -= 1;
        prospect.canceled.push(slot);
        Ok(())
    }

    fn plan_cancel_all(&self, cancel: &CancelAll, prospect: &mut Prospect) -> Result<(), Refused> {
        let (owner, selection) = self.check_cancel_all(cancel)?;
        for slot in self.selected(owner, selection) {
            if !prospect.is_canceled(slot) {
                self.plan_cancel(slot, prospect)?;
            }
        }
        Ok(())
    }

    fn plan_order(&self, draft: Draft, prospect: &mut Prospect) {
        let instrument = self.instruments.at(draft.instrument);
        let asset = match draft.side {
            Side::Buy => instrument.quote,
            Side::Sell => instrument.base,
        };
        let owner = self.owners.at(draft.owner).id;
        let key = AccountKey {
            owner,
            kind: TRADING,
            instance: Instance(0),
        };
        prospect.overlay.add_hold(key, asset, draft.funds);
        if draft.may_rest() {
            *prospect
                .pending
                .entry((draft.owner, draft.instrument))
                .or_insert(0) += 1;
        }
        prospect.drafts.push(draft);
    }

    fn lines(&self, posting: &Posting) -> Result<Vec<Line>, Refused> {
        let line = |leg: &crate::wire::command::Leg| {
            let sign = self.check_account(leg.account, leg.asset)?;
            Ok(Line {
                key: leg.account,
                asset: leg.asset,
                sign,
                change: leg.change.0,
            })
        };
        posting.legs.iter().map(line).collect()
    }

    /// Whether no user whom the posting takes from is stopped: by a suspension of products or,
    /// among the user's own accounts as between users, of transfers; or by the owner's flags. The
    /// house and its fees are exempt, and so is what operators put right together (who is frozen
    /// over an error could not be cleared of it otherwise) and what a chain has settled already.
    fn check_may_post(&self, posting: &Posting) -> Result<(), Refused> {
        if NOT_HELD_UP.contains(&posting.reason) {
            return Ok(());
        }
        let users = |sign: fn(&i128) -> bool| {
            let legs = posting.legs.iter().filter(move |leg| sign(&leg.change.0));
            legs.filter_map(|leg| Some((leg, self.user(leg.account.owner)?)))
        };
        for (leg, owner) in users(|change| *change < 0) {
            let leaves = users(|change| *change > 0).any(|(_, other)| other.id != owner.id);
            self.check_may_pay(owner, leg.asset, leaves)?;
        }
        Ok(())
    }

    /// The owner unless it is the house.
    fn user(&self, id: OwnerId) -> Option<&Owner> {
        let owner = self.owners.get(id);
        owner.filter(|owner| !owner.is(OwnerFlags::HOUSE))
    }

    /// Whether a product may take from a user's account; `leaves`: for another user.
    pub(crate) fn check_may_pay(
        &self,
        owner: &Owner,
        asset: AssetId,
        leaves: bool,
    ) -> Result<(), Refused> {
        let action = if leaves {
            Suspended::SUB_TRANSFER
        } else {
            Suspended::TRANSFER
        };
        if owner.is(OwnerFlags::FROZEN) || (leaves && owner.is(OwnerFlags::NO_TRANSFER_OUT)) {
            return Err(Refusal::TransferFrozen.into());
        }
        if self.is_suspended(Suspended::PRODUCT.union(action), asset, owner.id) {
            return Err(Refusal::MovementSuspended.into());
        }
        Ok(())
    }

    /// Applies a posting that has been checked.
    fn post(&mut self, posting: &Posting) {
        for leg in &posting.legs {
            let slot = self.open_account(leg.account, leg.asset);
            let Amount(change) = leg.change;
            self.move_balance(slot, change);
        }
        if self.events.wanted() {
            self.events.push(&event::Posted {
                sequence: Sequence(self.sequence),
                time: Timestamp(self.now),
                reason: posting.reason,
                legs: posting.legs.clone(),
                reference: Reference::default(),
            });
        }
    }
}
