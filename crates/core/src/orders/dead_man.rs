//! The dead man's switch: cancels an owner's orders when it is not renewed in time.

use super::cancel::Selection;
use crate::agenda::{Timer, TimerTask};
use crate::exchange::Exchange;
use crate::owners::OwnerSlot;
use crate::refusal::{Refusal, Refused};
use crate::suspensions::RULES_STOPS_OF_PEOPLE;
use crate::types::*;
use crate::wire::command::CancelAllAfter;
use crate::wire::event;

/// Tags with a running switch that one owner may have; the switch without a tag counts too.
const SWITCHES_MAX: usize = 20;

/// A running switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switch {
    pub tag: Tag,
    pub due_ms: u64,
    /// Number of its timer in the agenda.
    pub timer: u64,
}

impl Exchange {
    pub(crate) fn set_switch(&mut self, command: &CancelAllAfter) -> Result<u64, Refused> {
        let owner = self
            .owners
            .slot(command.owner)
            .ok_or(Refusal::UnknownOwner)?;
        let due_ms = self
            .now
            .checked_add(command.timeout)
            .ok_or(Refusal::BadParameter)?;
        let switches = &self.owners.at(owner).switches;
        let place = switches.iter().position(|switch| switch.tag == command.tag);
        if command.timeout > 0 && place.is_none() && switches.len() >= SWITCHES_MAX {
            return Err(Refusal::TooManyDeadMen.allowing(SWITCHES_MAX as u64));
        }
        if let Some(place) = place {
            let switch = self.owners.at_mut(owner).switches.remove(place);
            self.agenda.cancel_timer(switch.due_ms, switch.timer);
        }
        let trigger = if command.timeout == 0 { 0 } else { due_ms };
        if trigger > 0 {
            let task = TimerTask::DeadMan {
                owner: command.owner,
                tag: command.tag,
            };
            let sequence = self.sequence;
            let timer = self.agenda.add_timer(due_ms, Timer { sequence, task });
            let switch = Switch {
                tag: command.tag,
                due_ms,
                timer,
            };
            let switches = &mut self.owners.at_mut(owner).switches;
            let place = switches.partition_point(|other| other.tag < switch.tag);
            switches.insert(place, switch);
        }
        self.report_switch(owner, command.tag, trigger, false);
        Ok(0)
    }

    /// What happens when a switch runs out.
    pub(crate) fn fire_switch(&mut self, owner: OwnerId, tag: Tag) {
        let owner = self.forget_switch(owner, tag);
        let selection = Selection {
            instrument: None,
            tag,
            in_stops: self.rules >= RULES_STOPS_OF_PEOPLE,
        };
        self.cancel_selected(owner, selection, CancelSource::CancelAllAfter);
        self.report_switch(owner, tag, 0, true);
    }

    /// Takes a switch away that must not fire.
    pub(crate) fn drop_switch(&mut self, owner: OwnerId, tag: Tag) {
        let owner = self.forget_switch(owner, tag);
        self.report_switch(owner, tag, 0, false);
    }

    fn forget_switch(&mut self, owner: OwnerId, tag: Tag) -> OwnerSlot {
        let slot = self.owners.slot(owner).expect("owners are never removed");
        let switches = &mut self.owners.at_mut(slot).switches;
        switches.retain(|switch| switch.tag != tag);
        slot
    }

    fn report_switch(&mut self, owner: OwnerSlot, tag: Tag, trigger_ms: u64, fired: bool) {
        self.events.push(&event::DeadMan {
            owner: self.owners.at(owner).id,
            tag,
            trigger: Timestamp(trigger_ms),
            fired,
        });
    }
}
