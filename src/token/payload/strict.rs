//! A serializer around postcard's that leaves out no field.
//!
//! serde's `skip_serializing_if` drops a field from the encoding, and a format without field names
//! then reads the next field in its place: another value, perhaps without an error. Of a struct's
//! named field serde says so, and here that is an error. Of a tuple's it says nothing but a smaller
//! length, so the lengths are noted as a [`Shape`], to be compared with those that decoding expects.

use core::fmt;

use serde::ser::{
    Error as _, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::shape::Shape;

/// A value, a serializer, or what a serializer hands out for a value's parts.
pub(super) struct Strict<'s, S> {
    inner: S,
    shape: &'s Shape,
}

impl<'s, S> Strict<'s, S> {
    pub(super) const fn new(inner: S, shape: &'s Shape) -> Self {
        Self { inner, shape }
    }
}

/// A part of a value, which meets its serializer strictly, too.
impl<T: Serialize + ?Sized> Serialize for Strict<'_, &T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.inner.serialize(Strict::new(serializer, self.shape))
    }
}

macro_rules! pass_through {
    ($($method:ident($($name:ident: $type:ty),*);)*) => {$(
        fn $method(self, $($name: $type),*) -> Result<S::Ok, S::Error> {
            self.inner.$method($($name),*)
        }
    )*};
}

impl<'s, S: Serializer> Serializer for Strict<'s, S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Strict<'s, S::SerializeSeq>;
    type SerializeTuple = Strict<'s, S::SerializeTuple>;
    type SerializeTupleStruct = Strict<'s, S::SerializeTupleStruct>;
    type SerializeTupleVariant = Strict<'s, S::SerializeTupleVariant>;
    type SerializeMap = Strict<'s, S::SerializeMap>;
    type SerializeStruct = Strict<'s, S::SerializeStruct>;
    type SerializeStructVariant = Strict<'s, S::SerializeStructVariant>;

    pass_through! {
        serialize_bool(v: bool);
        serialize_i8(v: i8);
        serialize_i16(v: i16);
        serialize_i32(v: i32);
        serialize_i64(v: i64);
        serialize_i128(v: i128);
        serialize_u8(v: u8);
        serialize_u16(v: u16);
        serialize_u32(v: u32);
        serialize_u64(v: u64);
        serialize_u128(v: u128);
        serialize_f32(v: f32);
        serialize_f64(v: f64);
        serialize_char(v: char);
        serialize_str(v: &str);
        serialize_bytes(v: &[u8]);
        serialize_none();
        serialize_unit();
        serialize_unit_struct(name: &'static str);
        serialize_unit_variant(name: &'static str, index: u32, variant: &'static str);
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.inner.serialize_some(&Strict::new(value, self.shape))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        self.inner
            .serialize_newtype_struct(name, &Strict::new(value, self.shape))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        self.inner
            .serialize_newtype_variant(name, index, variant, &Strict::new(value, self.shape))
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Self::SerializeSeq, S::Error> {
        self.inner
            .serialize_seq(len)
            .map(|inner| Strict::new(inner, self.shape))
    }

    fn serialize_tuple(self, len: usize) -> Result<Self::SerializeTuple, S::Error> {
        self.inner
            .serialize_tuple(len)
            .map(|inner| Strict::new(inner, self.shape))
    }

    fn serialize_tuple_struct(
        self,
        name: &'static str,
        len: usize,
    ) -> Result<Self::SerializeTupleStruct, S::Error> {
        self.shape.note(len);
        self.inner
            .serialize_tuple_struct(name, len)
            .map(|inner| Strict::new(inner, self.shape))
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeTupleVariant, S::Error> {
        self.shape.note(len);
        self.inner
            .serialize_tuple_variant(name, index, variant, len)
            .map(|inner| Strict::new(inner, self.shape))
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Self::SerializeMap, S::Error> {
        self.inner
            .serialize_map(len)
            .map(|inner| Strict::new(inner, self.shape))
    }

    fn serialize_struct(
        self,
        name: &'static str,
        len: usize,
    ) -> Result<Self::SerializeStruct, S::Error> {
        self.inner
            .serialize_struct(name, len)
            .map(|inner| Strict::new(inner, self.shape))
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeStructVariant, S::Error> {
        self.inner
            .serialize_struct_variant(name, index, variant, len)
            .map(|inner| Strict::new(inner, self.shape))
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.inner.collect_str(value)
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

macro_rules! parts_without_names {
    ($($part:ident $method:ident)*) => {$(
        impl<'s, S: $part> $part for Strict<'s, S> {
            type Ok = S::Ok;
            type Error = S::Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
                self.inner.$method(&Strict::new(value, self.shape))
            }

            fn end(self) -> Result<S::Ok, S::Error> {
                self.inner.end()
            }
        }
    )*};
}
parts_without_names! {
    SerializeSeq serialize_element
    SerializeTuple serialize_element
    SerializeTupleStruct serialize_field
    SerializeTupleVariant serialize_field
}

macro_rules! parts_with_names {
    ($($part:ident)*) => {$(
        impl<'s, S: $part> $part for Strict<'s, S> {
            type Ok = S::Ok;
            type Error = S::Error;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), S::Error> {
                self.inner.serialize_field(name, &Strict::new(value, self.shape))
            }

            fn skip_field(&mut self, _: &'static str) -> Result<(), S::Error> {
                Err(S::Error::custom("a field was left out"))
            }

            fn end(self) -> Result<S::Ok, S::Error> {
                self.inner.end()
            }
        }
    )*};
}
parts_with_names! { SerializeStruct SerializeStructVariant }

impl<'s, S: SerializeMap> SerializeMap for Strict<'s, S> {
    type Ok = S::Ok;
    type Error = S::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), S::Error> {
        self.inner.serialize_key(&Strict::new(key, self.shape))
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
        self.inner.serialize_value(&Strict::new(value, self.shape))
    }

    fn end(self) -> Result<S::Ok, S::Error> {
        self.inner.end()
    }
}
