//! Sets of flags; a bit that has no name is outside the domain.

macro_rules! flags {
    ($($(#[$meta:meta])* $name:ident {
        $($(#[$note:meta])* $flag:ident = $bit:literal,)*
    })*) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(transparent)]
        pub struct $name(u8);

        impl $name {
            pub const NONE: Self = Self(0);
            $($(#[$note])* pub const $flag: Self = Self($bit);)*
            /// Every named bit.
            pub const ALL: Self = Self(0 $(| $bit)*);

            #[inline]
            pub const fn from_bits(bits: u8) -> Option<Self> {
                if bits & !Self::ALL.0 == 0 { Some(Self(bits)) } else { None }
            }

            #[inline]
            pub const fn bits(self) -> u8 {
                self.0
            }

            /// Whether every bit of `other` is set.
            #[inline]
            pub const fn contains(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }

            /// Whether any bit of `other` is set.
            #[inline]
            pub const fn intersects(self, other: Self) -> bool {
                self.0 & other.0 != 0
            }

            #[inline]
            pub const fn union(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }
        }
    )*};
}

flags! {
    OrderFlags {
        /// Refuse a market order that the balance cannot cover instead of shrinking it.
        BAN_AMEND = 1,
        /// Move a price outside the band to its edge (`pxAmendType` 1).
        CLAMP_PRICE = 2,
    }

    AmendFlags {
        CANCEL_ON_FAIL = 1,
        CLAMP_PRICE = 2,
    }

    OwnerFlags {
        /// Nothing leaves, no orders; cancels stay possible.
        FROZEN = 1,
        NO_TRADE = 2,
        NO_TRANSFER_OUT = 4,
        NO_WITHDRAW = 8,
        /// The exchange's own: exempt from pending-order caps.
        HOUSE = 16,
        /// By its master: no orders, and it sends nothing itself. The master still moves its money,
        /// and products take what is owed to them; cancels stay possible.
        MASTER_FROZEN = 32,
    }

    /// Actions that a suspension stops.
    Suspended {
        WITHDRAW = 1,
        DEPOSIT_CREDIT = 2,
        /// Among a user's own rooms.
        TRANSFER = 4,
        /// Between different owners.
        SUB_TRANSFER = 8,
        /// New orders and amends.
        TRADE_OPEN = 16,
        /// Cancels too.
        TRADE_ALL = 32,
        PRODUCT = 64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Criterion: WIRE-4
    #[test]
    fn unnamed_bits_are_refused() {
        assert_eq!(OrderFlags::from_bits(3), Some(OrderFlags::ALL));
        assert_eq!(OrderFlags::from_bits(4), None);
        assert_eq!(Suspended::from_bits(128), None);
        let both = OwnerFlags::FROZEN.union(OwnerFlags::HOUSE);
        assert!(both.contains(OwnerFlags::HOUSE) && !both.intersects(OwnerFlags::NO_TRADE));
    }
}
