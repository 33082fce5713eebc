//! The contract of the book (docs/criteria/book.md), asked of the ladder and the naive book.

mod bounds;
mod oracle;
mod pair;
mod random;
