//! Fixed-width little-endian fields.

use super::SnapshotError;
use crate::types::{AccountKey, Instance, Kind, Label, OwnerId};

type Read<T> = Result<T, SnapshotError>;

const CUT: SnapshotError = SnapshotError::Inconsistent("it ends inside a field");
const DOMAIN: SnapshotError = SnapshotError::Inconsistent("a field is outside its domain");

#[derive(Default)]
pub struct Out {
    bytes: Vec<u8>,
}

impl Out {
    pub fn with_capacity(bytes: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(bytes),
        }
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    #[inline]
    pub fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    #[inline]
    pub fn u8(&mut self, value: u8) {
        self.bytes.push(value);
    }

    #[inline]
    pub fn u32(&mut self, value: u32) {
        self.raw(&value.to_le_bytes());
    }

    #[inline]
    pub fn u64(&mut self, value: u64) {
        self.raw(&value.to_le_bytes());
    }

    #[inline]
    pub fn i128(&mut self, value: i128) {
        self.raw(&value.to_le_bytes());
    }

    pub fn len(&mut self, count: usize) {
        self.u64(count as u64);
    }

    #[inline]
    pub fn label<const N: usize>(&mut self, label: &Label<N>) {
        self.u8(label.len() as u8);
        self.raw(label.as_bytes());
    }

    pub fn text(&mut self, text: &str) {
        self.len(text.len());
        self.raw(text.as_bytes());
    }

    #[inline]
    pub fn key(&mut self, key: AccountKey) {
        self.u64(key.owner.0);
        self.u32(key.kind.0.into());
        self.u64(key.instance.0);
    }
}

pub struct In<'a> {
    rest: &'a [u8],
}

impl<'a> In<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    #[inline]
    fn chunk<const N: usize>(&mut self) -> Read<[u8; N]> {
        let (chunk, rest) = self.rest.split_first_chunk().ok_or(CUT)?;
        self.rest = rest;
        Ok(*chunk)
    }

    #[inline]
    fn slice(&mut self, len: usize) -> Read<&'a [u8]> {
        let (slice, rest) = self.rest.split_at_checked(len).ok_or(CUT)?;
        self.rest = rest;
        Ok(slice)
    }

    #[inline]
    pub fn u8(&mut self) -> Read<u8> {
        self.chunk().map(|[byte]| byte)
    }

    #[inline]
    pub fn u16(&mut self) -> Read<u16> {
        u16::try_from(self.u32()?).map_err(|_| DOMAIN)
    }

    #[inline]
    pub fn u32(&mut self) -> Read<u32> {
        self.chunk().map(u32::from_le_bytes)
    }

    #[inline]
    pub fn u64(&mut self) -> Read<u64> {
        self.chunk().map(u64::from_le_bytes)
    }

    #[inline]
    pub fn i128(&mut self) -> Read<i128> {
        self.chunk().map(i128::from_le_bytes)
    }

    /// A count of elements that take a byte each at least.
    pub fn len(&mut self) -> Read<usize> {
        let count = usize::try_from(self.u64()?).map_err(|_| CUT)?;
        if count > self.rest.len() {
            Err(CUT)
        } else {
            Ok(count)
        }
    }

    #[inline]
    pub fn label<const N: usize>(&mut self) -> Read<Label<N>> {
        let len = self.u8()?;
        Label::new(self.slice(len.into())?).ok_or(DOMAIN)
    }

    pub fn text(&mut self) -> Read<String> {
        let len = self.len()?;
        let bytes = self.slice(len)?;
        std::str::from_utf8(bytes)
            .map(str::to_owned)
            .map_err(|_| DOMAIN)
    }

    #[inline]
    pub fn key(&mut self) -> Read<AccountKey> {
        Ok(AccountKey {
            owner: OwnerId(self.u64()?),
            kind: Kind(self.u16()?),
            instance: Instance(self.u64()?),
        })
    }

    /// A coded member, by its wire number.
    #[inline]
    pub fn coded<T>(&mut self, member: impl Fn(u8) -> Option<T>) -> Read<T> {
        member(self.u8()?).ok_or(DOMAIN)
    }
}
