//! The schema's notation: from one list of fields the struct, its reading and its writing.

use super::blank::Blank;
use super::{Malformed, Reader, Sink, Wire};

/// The fields of a message, without array header and tag.
pub trait Record: Blank {
    /// How many fields there are.
    const COUNT: usize;
    /// No record's fields take more bytes; `usize::MAX` where there is no such bound.
    const MOST: usize;

    /// Reads each field into its place. A large record that is read as a value and then moved
    /// costs more for the moving than for the reading.
    fn fill(&mut self, fields: &mut Fields<'_>) -> Result<(), Malformed>;
    fn write_fields(&self, writer: &mut impl Sink);
}

/// The elements of an array that are still to be read.
pub struct Fields<'a> {
    reader: Reader<'a>,
    left: usize,
}

impl<'a> Fields<'a> {
    /// Opens the array that stands next; the reader comes back from `close`.
    #[inline(always)]
    pub fn open(mut reader: Reader<'a>) -> Result<Self, Malformed> {
        let left = reader.array()?;
        Ok(Self { reader, left })
    }

    #[inline(always)]
    pub fn required<T: Wire>(&mut self) -> Result<T, Malformed> {
        self.left = self.left.checked_sub(1).ok_or(Malformed::MissingField)?;
        T::read(&mut self.reader)
    }

    /// The next field, or its default where the writer left it out.
    #[inline(always)]
    pub fn optional<T: Wire>(&mut self, default: T) -> Result<T, Malformed> {
        if self.left == 0 {
            Ok(default)
        } else {
            self.required()
        }
    }

    /// The fields of a record as a value.
    #[inline(always)]
    pub fn record<T: Record>(&mut self) -> Result<T, Malformed> {
        let mut record = T::BLANK;
        record.fill(self)?;
        Ok(record)
    }

    /// Fails if there are fields that the schema does not know.
    #[inline(always)]
    pub fn close(self) -> Result<Reader<'a>, Malformed> {
        if self.left == 0 {
            Ok(self.reader)
        } else {
            Err(Malformed::UnknownField)
        }
    }

    /// Whether a value was outside its field's domain.
    #[inline(always)]
    pub fn is_out_of_domain(&self) -> bool {
        self.reader.is_out_of_domain()
    }
}

/// A struct whose fields stand on the wire in the order written; `= value` is the default of a
/// field that a writer may leave out.
macro_rules! record {
    ($($(#[$meta:meta])* $name:ident {
        $($(#[$note:meta])* $field:ident: $type:ty $(= $default:expr)?,)*
    })*) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name {
            $($(#[$note])* pub $field: $type,)*
        }

        impl $crate::wire::blank::Blank for $name {
            const BLANK: Self =
                Self { $($field: <$type as $crate::wire::blank::Blank>::BLANK,)* };
        }

        impl $crate::wire::record::Record for $name {
            const COUNT: usize = {
                const FIELDS: &[&str] = &[$(stringify!($field),)*];
                FIELDS.len()
            };
            const MOST: usize =
                0usize$(.saturating_add(<$type as $crate::wire::Wire>::MOST))*;

            #[inline(always)]
            fn fill(
                &mut self,
                fields: &mut $crate::wire::record::Fields<'_>,
            ) -> Result<(), $crate::wire::Malformed> {
                $(self.$field = record!(@read fields $type $(= $default)?);)*
                let _ = fields;
                Ok(())
            }

            #[inline(always)]
            fn write_fields(&self, writer: &mut impl $crate::wire::Sink) {
                $($crate::wire::Wire::write(&self.$field, writer);)*
                let _ = writer;
            }
        }
    )*};
    (@read $fields:ident $type:ty) => { $fields.required::<$type>()? };
    (@read $fields:ident $type:ty = $default:expr) => { $fields.optional::<$type>($default)? };
}

/// Records that stand on the wire as bare arrays, without tag.
macro_rules! untagged {
    ($($name:ident),* $(,)?) => {$(
        impl $crate::wire::Wire for $name {
            #[inline(always)]
            fn read(
                reader: &mut $crate::wire::Reader<'_>,
            ) -> Result<Self, $crate::wire::Malformed> {
                let mut fields = $crate::wire::record::Fields::open(reader.clone())?;
                let record = fields.record()?;
                *reader = fields.close()?;
                Ok(record)
            }

            #[inline(always)]
            fn write(&self, writer: &mut impl $crate::wire::Sink) {
                writer.array(<Self as $crate::wire::record::Record>::COUNT);
                $crate::wire::record::Record::write_fields(self, writer);
            }
        }
    )*};
}

/// A union of records, told apart by the tag that stands first; each is also a value of its own.
macro_rules! tagged {
    ($(#[$meta:meta])* $union:ident { $($name:ident = $tag:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum $union {
            $($name($name),)*
        }

        impl $union {
            /// Every tag of the schema.
            pub const TAGS: &[u8] = &[$($tag,)*];
        }

        impl $crate::wire::Wire for $union {
            fn read(
                reader: &mut $crate::wire::Reader<'_>,
            ) -> Result<Self, $crate::wire::Malformed> {
                let mut fields = $crate::wire::record::Fields::open(reader.clone())?;
                let message = match fields.required::<u64>()? {
                    $($tag => Self::$name(
                        fields.record()?,
                    ),)*
                    _ => return Err($crate::wire::Malformed::UnknownTag),
                };
                *reader = fields.close()?;
                Ok(message)
            }

            fn write(&self, writer: &mut impl $crate::wire::Sink) {
                match self {
                    $(Self::$name(message) => $crate::wire::Wire::write(message, writer),)*
                }
            }
        }

        $(impl $crate::wire::Wire for $name {
            // An array's head takes three bytes at most, the tag one.
            const MOST: usize = <Self as $crate::wire::record::Record>::MOST.saturating_add(4);

            fn read(
                reader: &mut $crate::wire::Reader<'_>,
            ) -> Result<Self, $crate::wire::Malformed> {
                let mut fields = $crate::wire::record::Fields::open(reader.clone())?;
                if fields.required::<u64>()? != $tag {
                    return Err($crate::wire::Malformed::UnknownTag);
                }
                let message = fields.record()?;
                *reader = fields.close()?;
                Ok(message)
            }

            #[inline(always)]
            fn write(&self, writer: &mut impl $crate::wire::Sink) {
                writer.array(<Self as $crate::wire::record::Record>::COUNT + 1);
                writer.small($tag);
                $crate::wire::record::Record::write_fields(self, writer);
            }
        })*
    };
}
