//! A group: tried part by part on a copy, and carried out only if every part holds.

use std::collections::{BTreeMap, BTreeSet};

use fullreserve_core::types::*;
use fullreserve_core::wire::command::{Body, Group, Posting};

use super::place::Draft;
use super::{Done, Oracle, Refused};

impl Oracle {
    pub(super) fn group(&mut self, group: &Group) -> Done {
        if group.code.0 != 0 {
            return Err(group.code.0);
        }
        let mut copy = self.clone();
        let drafts = copy.prepare(group)?;
        copy.planned.clear();
        for draft in drafts {
            copy.carry_out(draft);
        }
        for part in group
            .commands
            .iter()
            .filter(|part| is_definition(&part.0.body))
        {
            copy.operate(&part.0.body)?;
        }
        *self = copy;
        Ok(0)
    }

    /// Owners, cancels and postings done; orders checked, each as if the earlier ones had set aside
    /// all they may cost and received nothing.
    fn prepare(&mut self, group: &Group) -> Result<Vec<Draft>, Refused> {
        let parts = || group.commands.iter().map(|part| &part.0.body);
        for part in parts() {
            match part {
                Body::OpenOwner(open) => self.open_owner(open)?,
                Body::SetOwner(set) => self.set_owner(set)?,
                _ => 0,
            };
        }
        self.cancel_parts(parts())?;
        let before = self.rooms_of_lent(group);
        for posting in &group.postings {
            self.post(posting)?;
        }
        for (asset, room) in before {
            self.still_liquid(asset, room)?;
        }
        let mut drafts = Vec::new();
        let mut kinds = BTreeSet::new();
        for part in parts() {
            if let Body::PlaceOrder(order) = part {
                let draft = self.check(order)?;
                let planned = self.plan(&draft);
                self.planned.push(planned);
                drafts.push(draft);
            }
            // Streams define only what is possible, but for instruments that are listed already.
            let listed =
                matches!(part, Body::ListInstrument(it) if self.instrument(it.instrument).is_ok());
            if is_definition(part) && (!kinds.insert(part.tag()) || listed) {
                return Err(51000);
            }
            if let Body::SetInstrument(it) = part {
                self.instrument(it.instrument)?;
            }
            if let Body::SetInstrumentState(it) = part {
                self.instrument(it.instrument)?;
            }
        }
        Ok(drafts)
    }

    /// Naming an order that this group has cancelled already is a mistake.
    fn cancel_parts<'a>(&mut self, parts: impl Iterator<Item = &'a Body>) -> Result<(), Refused> {
        for part in parts {
            match part {
                Body::CancelOrder(cancel) => self.cancel_order(cancel)?,
                Body::CancelAll(cancel) => self.cancel_all(cancel)?,
                _ => 0,
            };
        }
        Ok(())
    }

    fn post(&mut self, posting: &Posting) -> Result<(), Refused> {
        let mut sums: BTreeMap<AssetId, i128> = BTreeMap::new();
        for leg in &posting.legs {
            self.known_account(leg.asset, leg.account)?;
            *sums.entry(leg.asset).or_default() += leg.change.0;
        }
        let receivers = posting.legs.iter().filter(|leg| leg.change.0 > 0);
        let not_held_up = [2, 13, 47, 9001, 9002, 9100].contains(&posting.reason.0);
        let taken = posting.legs.iter().filter(|leg| leg.change.0 < 0);
        for leg in taken.filter(|_| !not_held_up) {
            let receivers = receivers.clone().map(|leg| leg.account.owner);
            self.may_pay(leg.asset, leg.account.owner, receivers)?;
        }
        if sums.values().any(|sum| *sum != 0) {
            return Err(58350);
        }
        for leg in &posting.legs {
            self.add(leg.asset, leg.account, leg.change.0);
        }
        let holds = posting.legs.iter().all(|leg| {
            let balance = self.balance(leg.asset, leg.account);
            self.may_become(leg.asset, leg.account, balance)
        });
        if holds { Ok(()) } else { Err(58350) }
    }
}

fn is_definition(part: &Body) -> bool {
    matches!(
        part,
        Body::SetFeeTier(_)
            | Body::ListInstrument(_)
            | Body::SetInstrument(_)
            | Body::SetInstrumentState(_)
            | Body::SetParameter(_)
            | Body::SetSuspension(_)
    )
}
