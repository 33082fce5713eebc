//! MessagePack values, each in its shortest form, as msgspec writes them.

/// No value of fixed length takes more room at once.
pub(super) const ROOM_MAX: usize = 64;

/// Where values are written: a buffer that grows, or a line that is known to be long enough.
pub trait Sink {
    /// The next `N` bytes, of which `advance` keeps what was meant: a value of variable length can
    /// be stored as one copy of fixed length, with the surplus overwritten by the next.
    fn room<const N: usize>(&mut self) -> &mut [u8; N];

    fn advance(&mut self, by: usize);

    /// Bytes as they are, for instance an encoded message.
    fn raw(&mut self, bytes: &[u8]);

    #[inline(always)]
    fn put<const N: usize>(&mut self, bytes: [u8; N]) {
        *self.room() = bytes;
        self.advance(N);
    }

    /// An integer below 128.
    #[inline(always)]
    fn small(&mut self, value: u8) {
        debug_assert!(value < 0x80);
        self.put([value]);
    }

    // Branches, and not a table of forms: most fields nearly always have one width, which the
    // processor learns. The code is half as long, too.
    #[inline(always)]
    fn uint(&mut self, value: u64) {
        if value < 0x80 {
            self.put([value as u8]);
        } else if let Ok(short) = u32::try_from(value) {
            if short >> 16 != 0 {
                self.headed(0xce, short.to_be_bytes());
            } else if short >> 8 != 0 {
                self.headed(0xcd, (short as u16).to_be_bytes());
            } else {
                self.put([0xcc, short as u8]);
            }
        } else {
            self.headed(0xcf, value.to_be_bytes());
        }
    }

    /// A head of one byte and what follows it.
    #[inline(always)]
    fn headed<const N: usize>(&mut self, head: u8, bytes: [u8; N]) {
        let room: &mut [u8; ROOM_MAX] = self.room();
        room[0] = head;
        room[1..=N].copy_from_slice(&bytes);
        self.advance(1 + N);
    }

    #[inline(always)]
    fn int(&mut self, value: i64) {
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
    fn bool(&mut self, value: bool) {
        self.put([0xc2 + u8::from(value)]);
    }

    fn nil(&mut self) {
        self.put([0xc0]);
    }

    #[inline(always)]
    fn array(&mut self, count: usize) {
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
    fn array32(&mut self, count: u32) {
        self.put([0xdd]);
        self.put(count.to_be_bytes());
    }

    /// The text of a label, given with its zero padding.
    #[inline(always)]
    fn padded_text<const N: usize>(&mut self, padded: &[u8; N], len: usize) {
        self.text_head(len);
        *self.room() = *padded;
        self.advance(len);
    }

    #[inline(always)]
    fn text_head(&mut self, len: usize) {
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

    fn text(&mut self, text: &str) {
        self.text_head(text.len());
        self.raw(text.as_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
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

    /// A signed 128-bit integer as 16 bytes, big-endian, two's complement.
    #[inline(always)]
    fn int128(&mut self, value: i128) {
        let room: &mut [u8; 18] = self.room();
        room[..2].copy_from_slice(&[0xc4, 16]);
        room[2..].copy_from_slice(&value.to_be_bytes());
        self.advance(18);
    }
}
