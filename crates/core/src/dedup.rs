//! Submissions that arrive twice: the second gets the answer of the first.
//!
//! A gateway numbers its submissions upward. The last 65,536 numbers of each are remembered with
//! their outcome; an older number cannot be told from a new one and is refused. Gateway 0 numbers
//! nothing (genesis, the library).

use crate::exchange::Outcome;
use crate::prefetch::prefetch_item;

/// How many numbers back a repeat is recognised.
pub const WINDOW: u64 = 1 << 16;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Submission {
    pub number: u64,
    /// Of the command; 0 for none.
    pub sequence: u64,
    pub outcome: Outcome,
}

struct Gateway {
    id: u64,
    /// Highest number seen.
    highest: u64,
    /// By number modulo the window; grows to it.
    ring: Vec<Submission>,
}

impl Gateway {
    fn new(id: u64) -> Self {
        Self {
            id,
            highest: 0,
            ring: Vec::new(),
        }
    }
}

/// What is known about a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    No,
    Before(Submission),
    TooOld,
}

/// How many submissions before it is written the memory of one is asked for.
const AHEAD: u32 = 8;

#[derive(Default)]
pub struct Dedup {
    /// Ascending by id.
    gateways: Vec<Gateway>,
    /// The place of the one that recorded last, and the number.
    last: usize,
    last_number: u64,
}

impl Dedup {
    /// A gateway's place, else where it would be. Submissions of one come in runs.
    #[inline]
    fn place(&self, gateway: u64) -> Result<usize, usize> {
        match self.gateways.get(self.last) {
            Some(known) if known.id == gateway => Ok(self.last),
            _ => self
                .gateways
                .binary_search_by_key(&gateway, |known| known.id),
        }
    }

    #[inline]
    pub fn look(&self, gateway: u64, number: u64) -> Seen {
        let Ok(place) = self.place(gateway) else {
            return Seen::No;
        };
        let known = &self.gateways[place];
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
        let gateway = self.place(gateway).unwrap_or_else(|place| {
            self.gateways.insert(place, Gateway::new(gateway));
            place
        });
        let known = &mut self.gateways[gateway];
        known.highest = known.highest.max(submission.number);
        let place = (submission.number % WINDOW) as usize;
        if place >= known.ring.len() {
            // Twice as long each time: once it is as long as the window, never again.
            let len = (place + 1).next_power_of_two();
            known.ring.resize(len, Submission::default());
        }
        known.ring[place] = submission;
        prefetch_item(&known.ring, place as u32 + AHEAD);
        (self.last, self.last_number) = (gateway, submission.number);
    }

    /// The outcome that a repeat of the command at `sequence` gets from now on, if that command was
    /// the last one recorded.
    pub fn revise(&mut self, sequence: u64, outcome: Outcome) {
        let Some(known) = self.gateways.get_mut(self.last) else {
            return;
        };
        let entry = known.ring.get_mut((self.last_number % WINDOW) as usize);
        if let Some(entry) = entry.filter(|entry| entry.sequence == sequence) {
            entry.outcome = outcome;
        }
    }

    /// Finds the submission recorded last again, for a restored window.
    pub fn find_last(&mut self) {
        let all = self.gateways.iter().enumerate().flat_map(|(place, known)| {
            let entries = known.ring.iter();
            entries.map(move |entry| (entry.sequence, (place, entry.number)))
        });
        (self.last, self.last_number) = all.max().map_or((0, 0), |(_, last)| last);
    }

    pub fn highest(&self, gateway: u64) -> u64 {
        let place = self.place(gateway);
        place.map_or(0, |place| self.gateways[place].highest)
    }

    /// Gateways ascending, with the submissions of their windows ascending by number.
    pub fn content(&self) -> impl Iterator<Item = (u64, u64, Vec<Submission>)> + '_ {
        self.gateways.iter().map(|known| {
            let mut window: Vec<Submission> = known
                .ring
                .iter()
                .filter(|entry| entry.sequence != 0 && known.highest - entry.number < WINDOW)
                .copied()
                .collect();
            window.sort_unstable_by_key(|entry| entry.number);
            (known.id, known.highest, window)
        })
    }

    pub fn memory_bytes(&self) -> usize {
        self.gateways
            .iter()
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
