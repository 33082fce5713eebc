//! The schema's notation: from one list of fields the struct, its reading and its writing.

use super::{Malformed, Reader, Wire, Writer};

/// The fields of a message, without array header and tag.
pub trait Record: Sized {
    /// How many fields there are.
    const COUNT: usize;

    fn read_fields(fields: &mut Fields<'_, '_>) -> Result<Self, Malformed>;
    fn write_fields(&self, writer: &mut Writer);
}

impl<T: Record> Record for Box<T> {
    const COUNT: usize = T::COUNT;

    fn read_fields(fields: &mut Fields<'_, '_>) -> Result<Self, Malformed> {
        T::read_fields(fields).map(Self::new)
    }

    fn write_fields(&self, writer: &mut Writer) {
        (**self).write_fields(writer);
    }
}

/// The elements of an array that are still to be read.
pub struct Fields<'r, 'a> {
    reader: &'r mut Reader<'a>,
    left: usize,
}

impl<'r, 'a> Fields<'r, 'a> {
    /// Opens the array that stands next.
    #[inline]
    pub fn open(reader: &'r mut Reader<'a>) -> Result<Self, Malformed> {
        let left = reader.array()?;
        Ok(Self { reader, left })
    }

    #[inline]
    pub fn required<T: Wire>(&mut self) -> Result<T, Malformed> {
        self.left = self.left.checked_sub(1).ok_or(Malformed::MissingField)?;
        T::read(self.reader)
    }

    /// The next field, or its default where the writer left it out.
    #[inline]
    pub fn optional<T: Wire>(&mut self, default: T) -> Result<T, Malformed> {
        if self.left == 0 {
            Ok(default)
        } else {
            self.required()
        }
    }

    /// Fails if there are fields that the schema does not know.
    #[inline]
    pub fn close(self) -> Result<(), Malformed> {
        if self.left == 0 {
            Ok(())
        } else {
            Err(Malformed::UnknownField)
        }
    }

    /// Whether a value was outside its field's domain.
    #[inline]
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

        impl $crate::wire::record::Record for $name {
            const COUNT: usize = {
                const FIELDS: &[&str] = &[$(stringify!($field),)*];
                FIELDS.len()
            };

            #[inline]
            fn read_fields(
                fields: &mut $crate::wire::record::Fields<'_, '_>,
            ) -> Result<Self, $crate::wire::Malformed> {
                $(record!(@read fields $field $(= $default)?);)*
                let _ = fields;
                Ok(Self { $($field,)* })
            }

            #[inline]
            fn write_fields(&self, writer: &mut $crate::wire::Writer) {
                $($crate::wire::Wire::write(&self.$field, writer);)*
                let _ = writer;
            }
        }
    )*};
    (@read $fields:ident $field:ident) => { let $field = $fields.required()?; };
    (@read $fields:ident $field:ident = $default:expr) => {
        let $field = $fields.optional($default)?;
    };
}

/// Records that stand on the wire as bare arrays, without tag.
macro_rules! untagged {
    ($($name:ident),* $(,)?) => {$(
        impl $crate::wire::Wire for $name {
            #[inline]
            fn read(
                reader: &mut $crate::wire::Reader<'_>,
            ) -> Result<Self, $crate::wire::Malformed> {
                let mut fields = $crate::wire::record::Fields::open(reader)?;
                let record = $crate::wire::record::Record::read_fields(&mut fields)?;
                fields.close()?;
                Ok(record)
            }

            #[inline]
            fn write(&self, writer: &mut $crate::wire::Writer) {
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
                let mut fields = $crate::wire::record::Fields::open(reader)?;
                let message = match fields.required::<u64>()? {
                    $($tag => Self::$name(
                        $crate::wire::record::Record::read_fields(&mut fields)?,
                    ),)*
                    _ => return Err($crate::wire::Malformed::UnknownTag),
                };
                fields.close()?;
                Ok(message)
            }

            fn write(&self, writer: &mut $crate::wire::Writer) {
                match self {
                    $(Self::$name(message) => $crate::wire::Wire::write(message, writer),)*
                }
            }
        }

        $(impl $crate::wire::Wire for $name {
            fn read(
                reader: &mut $crate::wire::Reader<'_>,
            ) -> Result<Self, $crate::wire::Malformed> {
                let mut fields = $crate::wire::record::Fields::open(reader)?;
                if fields.required::<u64>()? != $tag {
                    return Err($crate::wire::Malformed::UnknownTag);
                }
                let message = $crate::wire::record::Record::read_fields(&mut fields)?;
                fields.close()?;
                Ok(message)
            }

            #[inline]
            fn write(&self, writer: &mut $crate::wire::Writer) {
                writer.array(<Self as $crate::wire::record::Record>::COUNT + 1);
                writer.uint($tag);
                $crate::wire::record::Record::write_fields(self, writer);
            }
        })*
    };
}
