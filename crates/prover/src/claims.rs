//! Reads claims as the core packs them (`ListClaims`).

use crate::tree::Problem;

/// What one account is owed: (asset, amount), ascending by asset.
pub struct Owner<'a> {
    pub account: u64,
    /// Whether the exchange itself is the owner.
    pub is_house: bool,
    amounts: &'a [u8],
}

const AMOUNT_BYTES: usize = 20;

impl Owner<'_> {
    pub fn amounts(&self) -> impl Iterator<Item = (u32, u128)> {
        self.amounts.chunks_exact(AMOUNT_BYTES).map(|one| {
            let (asset, amount) = one.split_at(4);
            let asset = u32::from_be_bytes(asset.try_into().expect("four bytes"));
            let amount = u128::from_be_bytes(amount.try_into().expect("sixteen bytes"));
            (asset, amount)
        })
    }
}

pub struct Owners<'a>(pub &'a [u8]);

impl<'a> Iterator for Owners<'a> {
    type Item = Result<Owner<'a>, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let read = self.one().ok_or(Problem::Malformed);
        if read.is_err() {
            self.0 = &[];
        }
        Some(read)
    }
}

impl<'a> Owners<'a> {
    fn one(&mut self) -> Option<Owner<'a>> {
        let (account, rest) = self.0.split_first_chunk()?;
        let (is_house, rest) = rest.split_first()?;
        let (count, rest) = rest.split_first_chunk()?;
        let length = usize::from(u16::from_be_bytes(*count)) * AMOUNT_BYTES;
        let (amounts, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(Owner {
            account: u64::from_be_bytes(*account),
            is_house: *is_house != 0,
            amounts,
        })
    }
}
