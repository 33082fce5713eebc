//! Appends MessagePack values, each in its shortest form, as msgspec does.

/// Room that one `reserve` makes for a value of fixed length.
const SLACK: usize = 64;

/// A reusable buffer. All of `buffer` is initialised and `len` of it is written: a value of
/// variable length can then be stored as one copy of fixed length, with the surplus overwritten by
/// the next.
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

    /// The next `N` bytes to write, of which the caller keeps what it wants by advancing `len`.
    #[inline(always)]
    fn room<const N: usize>(&mut self) -> &mut [u8; N] {
        const { assert!(N <= SLACK) };
        let end = self.len + N;
        if self.buffer.len() < end {
            self.buffer = grown(std::mem::take(&mut self.buffer), self.len + SLACK);
        }
        self.buffer[self.len..end]
            .first_chunk_mut()
            .expect("N bytes")
    }

    #[inline(always)]
    fn put<const N: usize>(&mut self, bytes: [u8; N]) {
        *self.room() = bytes;
        self.len += N;
    }

    #[inline(always)]
    pub fn uint(&mut self, value: u64) {
        if value < 0x80 {
            self.put([value as u8]);
        } else {
            self.wide(value);
        }
    }

    // One store of head and eight bytes, the value shifted to the front: no branch on its width.
    #[inline(always)]
    fn wide(&mut self, value: u64) {
        let (head, width) = match value {
            0..=0xff => (0xcc, 1),
            0x100..=0xffff => (0xcd, 2),
            0x1_0000..=0xffff_ffff => (0xce, 4),
            _ => (0xcf, 8),
        };
        let room: &mut [u8; 9] = self.room();
        room[0] = head;
        room[1..].copy_from_slice(&(value << (64 - 8 * width)).to_be_bytes());
        self.len += 1 + width;
    }

    #[inline(always)]
    pub fn int(&mut self, value: i64) {
        match value {
            0.. => self.uint(value as u64),
            -32..=-1 => self.put([value as u8]),
            _ => self.negative(value),
        }
    }

    fn negative(&mut self, value: i64) {
        if let Ok(value) = i8::try_from(value) {
            self.put([0xd0, value as u8]);
        } else if let Ok(value) = i16::try_from(value) {
            self.put([0xd1]);
            self.put(value.to_be_bytes());
        } else if let Ok(value) = i32::try_from(value) {
            self.put([0xd2]);
            self.put(value.to_be_bytes());
        } else {
            self.put([0xd3]);
            self.put(value.to_be_bytes());
        }
    }

    #[inline(always)]
    pub fn bool(&mut self, value: bool) {
        self.put([0xc2 + u8::from(value)]);
    }

    pub fn nil(&mut self) {
        self.put([0xc0]);
    }

    #[inline(always)]
    pub fn array(&mut self, count: usize) {
        match count {
            0..=0xf => self.put([0x90 | count as u8]),
            0x10..=0xffff => {
                let [high, low] = (count as u16).to_be_bytes();
                self.put([0xdc, high, low]);
            }
            _ => self.array32(count as u32),
        }
    }

    /// An array header of five bytes, whatever the count.
    #[inline(always)]
    pub fn array32(&mut self, count: u32) {
        self.put([0xdd]);
        self.put(count.to_be_bytes());
    }

    /// Overwrites the count of an `array32` header that stands at the very start.
    pub fn patch_array32(&mut self, count: u32) {
        self.buffer[1..5].copy_from_slice(&count.to_be_bytes());
    }

    /// The text of a label, given with its zero padding.
    #[inline(always)]
    pub fn padded_text<const N: usize>(&mut self, padded: &[u8; N], len: usize) {
        self.str_head(len);
        *self.room() = *padded;
        self.len += len;
    }

    #[inline(always)]
    fn str_head(&mut self, len: usize) {
        match len {
            0..=0x1f => self.put([0xa0 | len as u8]),
            0x20..=0xff => self.put([0xd9, len as u8]),
            0x100..=0xffff => {
                self.put([0xda]);
                self.put((len as u16).to_be_bytes());
            }
            _ => {
                self.put([0xdb]);
                self.put((len as u32).to_be_bytes());
            }
        }
    }

    pub fn text(&mut self, text: &str) {
        self.str_head(text.len());
        self.raw(text.as_bytes());
    }

    pub fn bytes(&mut self, bytes: &[u8]) {
        match bytes.len() {
            len @ 0..=0xff => self.put([0xc4, len as u8]),
            len @ 0x100..=0xffff => {
                self.put([0xc5]);
                self.put((len as u16).to_be_bytes());
            }
            len => {
                self.put([0xc6]);
                self.put((len as u32).to_be_bytes());
            }
        }
        self.raw(bytes);
    }

    /// Bytes as they are, for instance an encoded message.
    pub fn raw(&mut self, bytes: &[u8]) {
        let end = self.len + bytes.len();
        if self.buffer.len() < end {
            self.buffer = grown(std::mem::take(&mut self.buffer), end);
        }
        self.buffer[self.len..end].copy_from_slice(bytes);
        self.len = end;
    }

    /// A signed 128-bit integer as 16 bytes, big-endian, two's complement.
    #[inline(always)]
    pub fn int128(&mut self, value: i128) {
        let room: &mut [u8; 18] = self.room();
        room[..2].copy_from_slice(&[0xc4, 16]);
        room[2..].copy_from_slice(&value.to_be_bytes());
        self.len += 18;
    }
}
