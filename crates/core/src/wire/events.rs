//! The events of a batch while they are written.

use super::writer::{LINE_MAX, Line};
use super::{Sink, Wire, Writer};

/// Collects events as one array. Its header is always `array 32`, patched when the count is known.
pub struct Events {
    writer: Writer,
    count: u32,
    wanted: bool,
}

impl Events {
    pub fn new() -> Self {
        let mut events = Self {
            writer: Writer::new(),
            count: 0,
            wanted: true,
        };
        events.start(true);
        events
    }

    /// Forgets all events; `wanted` false makes every `push` a no-op (replay needs no events).
    pub fn start(&mut self, wanted: bool) {
        self.writer.clear();
        self.writer.array32(0);
        self.count = 0;
        self.wanted = wanted;
    }

    /// Whether events are kept, for callers that can save themselves the work.
    #[inline]
    pub fn wanted(&self) -> bool {
        self.wanted
    }

    /// Writes an event where it is called, for the few places where most events come from.
    #[inline(always)]
    pub fn push_short<E: Wire>(&mut self, event: &E) {
        self.push_line::<E>(|line| event.write(line));
    }

    /// The same for an event `E` that its caller writes.
    #[inline(always)]
    pub fn push_line<E: Wire>(&mut self, write: impl FnOnce(&mut Line<'_>)) {
        const { assert!(E::MOST < LINE_MAX, "the event has a bounded length") };
        if self.wanted {
            self.writer.line(write);
            self.count += 1;
        }
    }

    #[inline(never)]
    pub fn push<E: Wire>(&mut self, event: &E) {
        if self.wanted {
            event.write(&mut self.writer);
            self.count += 1;
        }
    }

    pub fn count(&self) -> u32 {
        self.count
    }

    /// The array of all events pushed since `start`; an empty short array when none were wanted.
    pub fn finish(&mut self) -> &[u8] {
        if !self.wanted {
            return &[0x90];
        }
        self.writer.patch_array32(self.count);
        self.writer.as_bytes()
    }
}

impl Default for Events {
    fn default() -> Self {
        Self::new()
    }
}
