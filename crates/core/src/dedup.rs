//! Submissions that arrive twice: the second gets the answer of the first.
//!
//! A gateway numbers its submissions upward. The last 65,536 numbers of each are remembered with
//! their outcome; an older number cannot be told from a new one and is refused. Gateway 0 numbers
//! nothing (genesis, the library).

use std::collections::BTreeMap;

use crate::exchange::Outcome;

/// How many numbers back a repeat is recognised.
pub const WINDOW: u64 = 1 << 16;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Submission {
    pub number: u64,
    /// Of the command; 0 for none.
    pub sequence: u64,
    pub outcome: Outcome,
}

pub struct Gateway {
    /// Highest number seen.
    pub highest: u64,
    /// By number modulo the window; grows to it.
    ring: Vec<Submission>,
}

/// What is known about a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    No,
    Before(Submission),
    TooOld,
}

#[derive(Default)]
pub struct Dedup {
    gateways: BTreeMap<u64, Gateway>,
    /// (gateway, number) of the submission recorded last.
    last: (u64, u64),
}

impl Dedup {
    #[inline]
    pub fn look(&self, gateway: u64, number: u64) -> Seen {
        let Some(known) = self.gateways.get(&gateway) else {
            return Seen::No;
        };
        if number > known.highest {
            return Seen::No;
        }
        if known.highest - number >= WINDOW {
            return Seen::TooOld;
        }
        match known.ring.get((number % WINDOW) as usize) {
            Some(entry) if entry.sequence != 0 && entry.number == number => Seen::Before(*entry),
            _ => Seen::No,
        }
    }

    #[inline]
    pub fn record(&mut self, gateway: u64, submission: Submission) {
        let known = self.gateways.entry(gateway).or_insert_with(|| Gateway {
            highest: 0,
            ring: Vec::new(),
        });
        known.highest = known.highest.max(submission.number);
        let place = (submission.number % WINDOW) as usize;
        if place >= known.ring.len() {
            // Twice as long each time: once it is as long as the window, never again.
            let len = (place + 1).next_power_of_two();
            known.ring.resize(len, Submission::default());
        }
        known.ring[place] = submission;
        self.last = (gateway, submission.number);
    }

    /// The outcome that a repeat of the command at `sequence` gets from now on, if that command was
    /// the last one recorded.
    pub fn revise(&mut self, sequence: u64, outcome: Outcome) {
        let (gateway, number) = self.last;
        let Some(known) = self.gateways.get_mut(&gateway) else {
            return;
        };
        let entry = known.ring.get_mut((number % WINDOW) as usize);
        if let Some(entry) = entry.filter(|entry| entry.sequence == sequence) {
            entry.outcome = outcome;
        }
    }

    /// Finds the submission recorded last again, for a restored window.
    pub fn find_last(&mut self) {
        let all = self.gateways.iter().flat_map(|(gateway, known)| {
            let entries = known.ring.iter();
            entries.map(|entry| (entry.sequence, (*gateway, entry.number)))
        });
        self.last = all.max().map_or((0, 0), |(_, last)| last);
    }

    pub fn highest(&self, gateway: u64) -> u64 {
        self.gateways.get(&gateway).map_or(0, |known| known.highest)
    }

    /// Gateways ascending, with the submissions of their windows ascending by number.
    pub fn content(&self) -> impl Iterator<Item = (u64, u64, Vec<Submission>)> + '_ {
        self.gateways.iter().map(|(gateway, known)| {
            let mut window: Vec<Submission> = known
                .ring
                .iter()
                .filter(|entry| entry.sequence != 0 && known.highest - entry.number < WINDOW)
                .copied()
                .collect();
            window.sort_unstable_by_key(|entry| entry.number);
            (*gateway, known.highest, window)
        })
    }

    pub fn memory_bytes(&self) -> usize {
        self.gateways
            .values()
            .map(|known| known.ring.capacity() * size_of::<Submission>())
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn submission(number: u64, sequence: u64) -> Submission {
        Submission {
            number,
            sequence,
            outcome: Outcome::done(number),
        }
    }

    /// Criterion: CORE-EXC-2. Numbers 5 and 70,000: 5 is too old, 4,465 is not.
    #[test]
    fn the_window_ends_65536_numbers_back() {
        let mut dedup = Dedup::default();
        assert_eq!(dedup.look(1, 5), Seen::No);
        dedup.record(1, submission(5, 9));
        assert_eq!(dedup.look(1, 5), Seen::Before(submission(5, 9)));
        assert_eq!(dedup.look(1, 4), Seen::No);
        assert_eq!(dedup.look(2, 5), Seen::No);
        dedup.record(1, submission(70_000, 10));
        assert_eq!(dedup.look(1, 5), Seen::TooOld);
        assert_eq!(dedup.look(1, 70_000 - WINDOW), Seen::TooOld);
        assert_eq!(dedup.look(1, 70_001 - WINDOW), Seen::No);
        assert_eq!(dedup.look(1, 5 + WINDOW), Seen::No);
        assert_eq!(dedup.highest(1), 70_000);
        assert_eq!(
            dedup.content().next().map(|(_, _, window)| window.len()),
            Some(1)
        );
    }
}
