//! Why bytes are not a message of this schema.

use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Malformed {
    Truncated,
    WrongType,
    TooLong,
    NotUtf8,
    UnknownTag,
    MissingField,
    UnknownField,
    TrailingBytes,
    /// The command's head or a query's tag holds a number that it cannot.
    OutOfRange,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "the bytes end inside a value",
            Self::WrongType => "a value has another type than its field",
            Self::TooLong => "a string or list is longer than its field allows",
            Self::NotUtf8 => "a string is not UTF-8",
            Self::UnknownTag => "the tag is not in the schema",
            Self::MissingField => "a field without default is missing",
            Self::UnknownField => "there are more fields than the schema has",
            Self::TrailingBytes => "bytes follow the message",
            Self::OutOfRange => "the head holds a number out of range",
        })
    }
}

impl std::error::Error for Malformed {}
