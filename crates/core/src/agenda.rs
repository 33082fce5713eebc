//! What the exchange has promised to do later: timers, and long work done in slices.
//!
//! It runs exactly when time advances, before the first command of the batch that advances it: the
//! timers that are due, in order of (due, number), each once; then at most WORK_UNITS units of
//! work, first come first served. So a stream of commands may be split into batches anywhere
//! between commands of one time without changing anything.

use std::collections::{BTreeMap, VecDeque};

use crate::distribution::Distribution;
use crate::exchange::Exchange;
use crate::types::{OwnerId, Tag};

/// What a timer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimerTask {
    DeadMan { owner: OwnerId, tag: Tag },
}

/// A task with the sequence of the command that set it, which a halt at it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timer {
    pub sequence: u64,
    pub task: TimerTask,
}

#[derive(Default)]
pub struct Agenda {
    timers: BTreeMap<(u64, u64), Timer>,
    /// Number of the last timer ever set.
    pub(crate) last_timer: u64,
    pub(crate) work: VecDeque<Distribution>,
}

impl Agenda {
    /// Sets a timer; its number.
    pub fn add_timer(&mut self, due_ms: u64, timer: Timer) -> u64 {
        self.last_timer += 1;
        self.timers.insert((due_ms, self.last_timer), timer);
        self.last_timer
    }

    pub fn cancel_timer(&mut self, due_ms: u64, number: u64) {
        self.timers.remove(&(due_ms, number));
    }

    /// Puts back a timer with its number, as a snapshot has it.
    pub(crate) fn restore_timer(&mut self, due_ms: u64, number: u64, timer: Timer) {
        self.timers.insert((due_ms, number), timer);
    }

    /// In order of (due, number).
    pub fn timers(&self) -> impl Iterator<Item = (u64, u64, &Timer)> {
        self.timers
            .iter()
            .map(|((due, number), timer)| (*due, *number, timer))
    }

    fn pop_due(&mut self, now_ms: u64) -> Option<Timer> {
        let entry = self.timers.first_entry()?;
        (entry.key().0 <= now_ms).then(|| entry.remove())
    }

    /// When time must next advance; 0 if it need not. Pending work is due at once.
    pub fn next_due_ms(&self, now_ms: u64) -> u64 {
        if !self.work.is_empty() {
            return now_ms.max(1);
        }
        self.timers
            .first_key_value()
            .map_or(0, |((due, _), _)| *due)
    }
}

impl Exchange {
    /// Lets time pass to `now_ms`, which is later than before. What the commands in `skip` have put
    /// on the agenda is set aside: a switch does not fire, a distribution gives back its hold.
    pub(crate) fn run_agenda(&mut self, now_ms: u64, skip: &[u64]) {
        self.now = now_ms;
        self.orders.drop_aged(now_ms, &self.parameters);
        while let Some(Timer { sequence, task }) = self.agenda.pop_due(now_ms) {
            self.on_behalf_of = sequence;
            match task {
                TimerTask::DeadMan { owner, tag } if skip.contains(&sequence) => {
                    self.drop_switch(owner, tag);
                }
                TimerTask::DeadMan { owner, tag } => self.fire_switch(owner, tag),
            }
            self.settle();
        }
        if !self.agenda.work.is_empty() {
            self.set_aside(skip);
            self.work_on_distributions();
            self.settle();
        }
        self.on_behalf_of = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(owner: u64) -> Timer {
        let task = TimerTask::DeadMan {
            owner: OwnerId(owner),
            tag: Tag::EMPTY,
        };
        Timer { sequence: 1, task }
    }

    /// Criterion: CORE-AGD-1. Due at 7, 5 and 5: the two of 5 first, in the order they were set.
    #[test]
    fn timers_fire_by_due_time_then_number() {
        let mut agenda = Agenda::default();
        agenda.add_timer(7, task(1));
        agenda.add_timer(5, task(2));
        let canceled = agenda.add_timer(5, task(3));
        agenda.add_timer(5, task(4));
        agenda.cancel_timer(5, canceled);
        assert_eq!(agenda.next_due_ms(1), 5);
        assert_eq!(agenda.pop_due(4), None);
        assert_eq!(agenda.pop_due(6), Some(task(2)));
        assert_eq!(agenda.pop_due(6), Some(task(4)));
        assert_eq!(agenda.pop_due(6), None);
        assert_eq!(agenda.next_due_ms(6), 7);
        assert_eq!(agenda.pop_due(u64::MAX), Some(task(1)));
        assert_eq!(agenda.next_due_ms(8), 0);
    }
}
