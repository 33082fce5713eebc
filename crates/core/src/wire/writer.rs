//! The buffers that values are written into.

use super::sink::{ROOM_MAX, Sink};

/// A reusable buffer. All of `buffer` is initialised and `len` of it is written.
#[derive(Default)]
pub struct Writer {
    buffer: Vec<u8>,
    len: usize,
}

/// By value, so that the usual path keeps the writer in registers.
#[cold]
#[inline(never)]
fn grown(mut buffer: Vec<u8>, least: usize) -> Vec<u8> {
    buffer.resize(least.max(buffer.len() * 2).max(4096), 0);
    buffer
}

impl Writer {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn clear(&mut self) {
        self.len = 0;
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.buffer[..self.len]
    }

    pub fn into_bytes(mut self) -> Vec<u8> {
        self.buffer.truncate(self.len);
        self.buffer
    }

    /// Overwrites the count of an `array32` header that stands at the very start.
    pub fn patch_array32(&mut self, count: u32) {
        self.buffer[1..5].copy_from_slice(&count.to_be_bytes());
    }

    /// Appends what `write` writes, which takes less than `LINE_MAX` bytes.
    #[inline(always)]
    pub fn line(&mut self, write: impl FnOnce(&mut Line<'_>)) {
        if self.buffer.len() - self.len < WINDOW {
            self.buffer = grown(std::mem::take(&mut self.buffer), self.len + WINDOW);
        }
        let window = self.buffer[self.len..].first_chunk_mut();
        let mut line = Line {
            window: window.expect("a window's bytes"),
            at: 0,
        };
        write(&mut line);
        self.len += line.at;
    }
}

impl Sink for Writer {
    #[inline(always)]
    fn room<const N: usize>(&mut self) -> &mut [u8; N] {
        const { assert!(N <= ROOM_MAX) };
        let end = self.len + N;
        if self.buffer.len() < end {
            self.buffer = grown(std::mem::take(&mut self.buffer), self.len + ROOM_MAX);
        }
        self.buffer[self.len..end]
            .first_chunk_mut()
            .expect("N bytes")
    }

    #[inline(always)]
    fn advance(&mut self, by: usize) {
        self.len += by;
    }

    fn raw(&mut self, bytes: &[u8]) {
        let end = self.len + bytes.len();
        if self.buffer.len() < end {
            self.buffer = grown(std::mem::take(&mut self.buffer), end);
        }
        self.buffer[self.len..end].copy_from_slice(bytes);
        self.len = end;
    }
}

/// What is written into one line is shorter than this.
pub const LINE_MAX: usize = 512;
/// Behind the last place of a line there is room for one more value.
const WINDOW: usize = LINE_MAX + ROOM_MAX;

/// Room for one message whose length is bounded. Its place is masked, so that the compiler sees
/// that every value lies within the window and leaves out the checks.
pub struct Line<'a> {
    window: &'a mut [u8; WINDOW],
    at: usize,
}

impl Sink for Line<'_> {
    #[inline(always)]
    fn room<const N: usize>(&mut self) -> &mut [u8; N] {
        const { assert!(N <= ROOM_MAX) };
        debug_assert!(self.at < LINE_MAX, "a line is long enough for its message");
        let at = self.at & (LINE_MAX - 1);
        self.window[at..at + N].first_chunk_mut().expect("N bytes")
    }

    #[inline(always)]
    fn advance(&mut self, by: usize) {
        self.at += by;
    }

    fn raw(&mut self, bytes: &[u8]) {
        self.window[self.at..self.at + bytes.len()].copy_from_slice(bytes);
        self.at += bytes.len();
    }
}
