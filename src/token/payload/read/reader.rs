//! The deserializer over a trace.

use alloc::vec::Vec;

use serde::de::value::SeqDeserializer;
use serde::de::{Deserializer, Visitor};

use super::parts::{Entries, Layout, NamedFields, Parts};
use super::variant::Variant;
use super::{Fault, Order, Reading};
use crate::error::PayloadCause;
use crate::token::payload::path::Step;
use crate::token::payload::representation;
use crate::token::payload::trace::{Event, Scalar};

/// Reads the next thing that was written.
#[derive(Clone, Copy)]
pub(super) struct Reader<'r, 't>(pub(super) &'r Reading<'t>);

impl<'r, 't> Reader<'r, 't> {
    pub(super) fn tuple<V: Visitor<'t>>(self, len: usize, visitor: V) -> Result<V::Value, Fault> {
        let Self(reading) = self;
        if len == 0 && !matches!(reading.peek(), Some(Event::Tuple(_))) {
            return visitor.visit_seq(Parts::new(reading, 0, 0, Layout::Tuple));
        }
        let written = match reading.take_parts() {
            Some(Event::Tuple(written)) => written,
            Some(Event::Struct(place)) => reading.trace.names(place).len(),
            event => return Err(reading.differs(event, "a tuple")),
        };
        if written != len {
            let read = len;
            return Err(reading.fail(PayloadCause::LengthDiffers { written, read }));
        }
        Parts::new(reading, len, written, Layout::Tuple).visit_all(visitor)
    }

    pub(super) fn fields<V: Visitor<'t>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let Self(reading) = self;
        if let Some(cause) = representation::of_struct(&visitor) {
            return Err(reading.fail(cause));
        }
        if fields.is_empty() && !matches!(reading.peek(), Some(Event::Struct(_))) {
            return visitor.visit_seq(Parts::new(reading, 0, 0, Layout::Tuple));
        }
        let names = match reading.take_parts() {
            Some(Event::Struct(place)) => reading.trace.names(place),
            // Whoever wrote a tuple has no names for its parts.
            Some(Event::Tuple(written)) => {
                return Parts::new(reading, fields.len(), written, Layout::Tuple)
                    .visit_all(visitor);
            }
            event => return Err(reading.differs(event, "a struct")),
        };
        if names == fields {
            let parts = Parts::new(reading, fields.len(), names.len(), Layout::Named(names));
            return parts.visit_all(visitor);
        }
        if !is_subsequence(names, fields) {
            let (name, cause) = difference(names, fields);
            return Err(reading.fail_at(Step::Field(name), cause));
        }
        if reading.order == Order::Name {
            return NamedFields::new(reading, names).visit_all(visitor);
        }
        if let Some(name) = fields.iter().find(|field| !names.contains(field)) {
            let base = reading.path.len();
            reading.path.enter(base, Step::Field(name));
            let path = reading.path.print();
            reading.path.cut(base);
            reading.doubt.borrow_mut().get_or_insert(path);
        }
        Parts::new(reading, fields.len(), names.len(), Layout::Named(names)).visit_all(visitor)
    }
}

fn is_subsequence(names: &[&str], of: &[&str]) -> bool {
    let mut of = of.iter();
    names.iter().all(|name| of.any(|other| other == name))
}

/// The first name that differs.
fn difference(written: &[&'static str], read: &[&'static str]) -> (&'static str, PayloadCause) {
    let pairs = || {
        written
            .iter()
            .zip(read)
            .filter(|(written, read)| written != read)
    };
    let renamed = written.len() == read.len()
        && pairs().all(|(name, other)| !read.contains(name) && !written.contains(other));
    let unread = written.iter().find(|name| !read.contains(name));
    match (unread, pairs().next()) {
        (Some(name), _) if !renamed => (name, PayloadCause::NotRead),
        (_, Some((written, read))) => (written, PayloadCause::Renamed { written, read }),
        _ => ("", PayloadCause::NotRead),
    }
}

macro_rules! scalars {
    ($($method:ident $visit:ident $scalar:ident $name:literal;)*) => {$(
        fn $method<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Fault> {
            match self.0.take() {
                Some(Event::Scalar(Scalar::$scalar(v))) => visitor.$visit(v),
                event => Err(self.0.differs(event, $name)),
            }
        }
    )*};
}

impl<'t> Deserializer<'t> for Reader<'_, 't> {
    type Error = Fault;

    scalars! {
        deserialize_bool visit_bool Bool "bool";
        deserialize_i8 visit_i8 I8 "i8";
        deserialize_i16 visit_i16 I16 "i16";
        deserialize_i32 visit_i32 I32 "i32";
        deserialize_i64 visit_i64 I64 "i64";
        deserialize_i128 visit_i128 I128 "i128";
        deserialize_u8 visit_u8 U8 "u8";
        deserialize_u16 visit_u16 U16 "u16";
        deserialize_u32 visit_u32 U32 "u32";
        deserialize_u64 visit_u64 U64 "u64";
        deserialize_u128 visit_u128 U128 "u128";
        deserialize_f32 visit_f32 F32 "f32";
        deserialize_f64 visit_f64 F64 "f64";
        deserialize_char visit_char Char "char";
    }

    fn deserialize_any<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Fault> {
        Err(self.0.fail(representation::of_any(&visitor)))
    }

    /// Of a written field, when its name is not one of those read.
    fn deserialize_ignored_any<V: Visitor<'t>>(self, _: V) -> Result<V::Value, Fault> {
        Err(self.0.fail(PayloadCause::NotRead))
    }

    fn deserialize_identifier<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_any(visitor)
    }

    // Text and bytes are alike in the encoding.
    fn deserialize_str<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Fault> {
        let event = self.0.take();
        match event {
            Some(Event::Str { start, end } | Event::Bytes { start, end }) => {
                match self.0.trace.str(start, end) {
                    Some(text) => visitor.visit_borrowed_str(text),
                    None => Err(self.0.differs(event, "text")),
                }
            }
            _ => Err(self.0.differs(event, "text")),
        }
    }

    fn deserialize_string<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.0.take() {
            Some(Event::Str { start, end } | Event::Bytes { start, end }) => {
                visitor.visit_borrowed_bytes(self.0.trace.bytes(start, end))
            }
            // So is a sequence of u8.
            Some(Event::Seq(len)) => {
                let bytes: Result<Vec<u8>, Fault> = (0..len)
                    .map(|at| {
                        let base = self.0.path.len();
                        self.0.begin_part(base, Step::Element(at))?;
                        let event = self.0.take();
                        let Some(Event::Scalar(Scalar::U8(byte))) = event else {
                            return Err(self.0.differs(event, "bytes"));
                        };
                        self.0.path.cut(base);
                        Ok(byte)
                    })
                    .collect();
                visitor.visit_byte_buf(bytes?)
            }
            event => Err(self.0.differs(event, "bytes")),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.0.take() {
            Some(Event::None) => visitor.visit_none(),
            Some(Event::Some) => visitor.visit_some(self),
            event => Err(self.0.differs(event, "an option")),
        }
    }

    fn deserialize_unit<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'t>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'t>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.0.take() {
            Some(Event::Seq(len)) => {
                Parts::new(self.0, len, len, Layout::Sequence).visit_all(visitor)
            }
            Some(Event::Str { start, end } | Event::Bytes { start, end }) => {
                let bytes = self.0.trace.bytes(start, end).iter().copied();
                let mut elements = SeqDeserializer::new(bytes);
                let value = visitor.visit_seq(&mut elements)?;
                elements.end()?;
                Ok(value)
            }
            event => Err(self.0.differs(event, "a sequence")),
        }
    }

    fn deserialize_tuple<V: Visitor<'t>>(self, len: usize, visitor: V) -> Result<V::Value, Fault> {
        self.tuple(len, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'t>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.tuple(len, visitor)
    }

    fn deserialize_map<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.0.take() {
            Some(Event::Map(len)) => Entries::new(self.0, len).visit_all(visitor),
            event => Err(self.0.differs(event, "a map")),
        }
    }

    fn deserialize_struct<V: Visitor<'t>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.fields(fields, visitor)
    }

    fn deserialize_enum<V: Visitor<'t>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self.0.take() {
            Some(Event::Variant { index, name, form }) => {
                let mut variant = Variant::new(self.0, index, name, form);
                variant.check_name(variants)?;
                visitor.visit_enum(variant)
            }
            event => Err(self.0.differs(event, "an enum")),
        }
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}
