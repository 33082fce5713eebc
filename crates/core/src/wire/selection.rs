//! Some of a batch's events, by their tags, without reading the others.

use super::{Malformed, Sink, Writer};

/// The events whose tag is a set bit of `tags`, in order, as an array of their own.
pub fn select(events: &[u8], tags: u64) -> Result<Vec<u8>, Malformed> {
    let mut rest = events;
    let count = array(&mut rest)?;
    let mut kept = Vec::with_capacity(events.len() / 2);
    let mut selected = 0;
    for _ in 0..count {
        let start = rest;
        let fields = array(&mut rest)?;
        let tag = *rest.first().ok_or(Malformed::Truncated)?;
        for _ in 0..fields {
            rest = skip(rest)?;
        }
        // Tags are small numbers, one byte each.
        if tag < 64 && tags >> tag & 1 == 1 {
            kept.extend_from_slice(&start[..start.len() - rest.len()]);
            selected += 1;
        }
    }
    if !rest.is_empty() {
        return Err(Malformed::TrailingBytes);
    }
    let mut writer = Writer::new();
    writer.array(selected);
    writer.raw(&kept);
    Ok(writer.into_bytes())
}

/// The length of an array whose header is taken from the front.
fn array(rest: &mut &[u8]) -> Result<usize, Malformed> {
    let (head, behind) = rest.split_first().ok_or(Malformed::Truncated)?;
    let (length, width) = match head {
        0x90..=0x9f => (usize::from(head & 0xf), 0),
        0xdc => (number(behind, 2)?, 2),
        0xdd => (number(behind, 4)?, 4),
        _ => return Err(Malformed::WrongType),
    };
    *rest = &behind[width..];
    Ok(length)
}

/// What stands behind the first value.
fn skip(bytes: &[u8]) -> Result<&[u8], Malformed> {
    // Arrays add their items to what is still to be passed; no recursion for any depth.
    let (mut rest, mut values) = (bytes, 1);
    while values > 0 {
        values -= 1;
        let (head, behind) = rest.split_first().ok_or(Malformed::Truncated)?;
        let length = match head {
            0x00..=0x7f | 0xc0 | 0xc2 | 0xc3 | 0xe0..=0xff => 0,
            0xcc..=0xcf => 1 << (head & 3),
            0xd0..=0xd3 => 1 << (head & 3),
            0xa0..=0xbf => usize::from(head & 0x1f),
            0xc4 | 0xd9 => 1 + number(behind, 1)?,
            0xc5 | 0xda => 2 + number(behind, 2)?,
            0xc6 | 0xdb => 4 + number(behind, 4)?,
            0x90..=0x9f | 0xdc | 0xdd => {
                values += array(&mut rest)?;
                continue;
            }
            _ => return Err(Malformed::WrongType),
        };
        rest = behind.get(length..).ok_or(Malformed::Truncated)?;
    }
    Ok(rest)
}

fn number(bytes: &[u8], width: usize) -> Result<usize, Malformed> {
    let digits = bytes.get(..width).ok_or(Malformed::Truncated)?;
    Ok(digits
        .iter()
        .fold(0, |value, byte| value << 8 | usize::from(*byte)))
}
