//! Decisions taken from the fuzzer's bytes, in place of the property tests' seeded dice.

use std::cell::RefCell;

thread_local! {
    /// The input, and how much of it is used.
    static INPUT: RefCell<(Vec<u8>, usize)> = const { RefCell::new((Vec::new(), 0)) };
}

/// Starts over with an input.
pub fn load(bytes: &[u8]) {
    INPUT.with(|input| *input.borrow_mut() = (bytes.to_vec(), 0));
}

/// Whether the input is used up.
pub fn is_spent() -> bool {
    INPUT.with(|input| input.borrow().1 >= input.borrow().0.len())
}

pub struct Dice;

impl Dice {
    pub fn new(_seed: u64) -> Self {
        Self
    }

    /// A byte where that is enough, two of them scaled up for a wider choice.
    pub fn below(&mut self, bound: u64) -> u64 {
        let low = self.roll();
        if bound <= 256 {
            low % bound
        } else {
            (low << 8 | self.roll()) * bound / 65_536
        }
    }

    /// The next byte; zeros behind the end.
    pub fn roll(&mut self) -> u64 {
        INPUT.with(|input| {
            let (bytes, used) = &mut *input.borrow_mut();
            *used += 1;
            bytes.get(*used - 1).copied().unwrap_or(0).into()
        })
    }

    pub fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == times - 1
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }
}
