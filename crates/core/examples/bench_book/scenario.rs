//! The markets in which the books are measured.

/// Prices are multiples of this, far apart at the price scale as on a real instrument.
pub const TICK: u64 = 100_000;
/// Where every market starts, in ticks.
const START: u64 = 10_000;

#[derive(Clone, Copy)]
pub struct Scenario {
    pub name: &'static str,
    pub what: &'static str,
    /// Orders that rest before the clock starts, and about which number the stream keeps.
    pub resting: usize,
    /// How far from the middle orders are placed, in ticks; denser near the middle.
    pub reach: u64,
    /// The middle price in ticks when so many of so many commands are done.
    pub middle: fn(usize, usize) -> u64,
    /// How many times each book is measured.
    pub naive_rounds: usize,
}

pub const SCENARIOS: [Scenario; 4] = [
    Scenario {
        name: "mixed",
        what: "10,000 orders rest, the price stays around one place",
        resting: 10_000,
        reach: 500,
        middle: |done, _| START + wave(done, 40_000, 20),
        naive_rounds: 3,
    },
    Scenario {
        name: "deep",
        what: "1,000,000 orders rest over 20,000 prices a side",
        resting: 1_000_000,
        reach: 20_000,
        middle: |_, _| 10 * START,
        naive_rounds: 1,
    },
    Scenario {
        name: "swing",
        what: "the price swings by 10 % and back five times",
        resting: 10_000,
        reach: 500,
        middle: |done, all| START + wave(done, all / 5, START / 10),
        naive_rounds: 3,
    },
    Scenario {
        name: "crash",
        what: "the price falls by 60 % during a tenth of the commands and stays there",
        resting: 10_000,
        reach: 500,
        middle: crash,
        naive_rounds: 3,
    },
];

/// A triangle from 0 to `height` and back once per `period`.
fn wave(done: usize, period: usize, height: u64) -> u64 {
    let phase = (done % period) as u64 * 2 * height / period as u64;
    phase.min(2 * height - phase)
}

fn crash(done: usize, all: usize) -> u64 {
    let fallen = done.saturating_sub(all * 4 / 10).min(all / 10) as u64;
    START - START * 6 / 10 * fallen / (all / 10) as u64
}
