//! A serializer around postcard's that leaves out no field, and writes down what it wrote as a
//! [`Trace`], to be compared with what would be read.
//!
//! The serializer is here; `parts` has what it hands out.

mod parts;

use alloc::string::String;
use core::cell::{Cell, RefCell};
use core::fmt::{self, Write};

use serde::ser::{Error, Serialize, Serializer};

use super::guard::MAX_DEPTH;
use super::path::{Path, Step};
use super::trace::{Event, Form, Scalar, Trace};
use crate::error::{PayloadCause, PayloadError};
use parts::Parts;

/// Far more than what fits into a cookie, so that a value of any size is held in bounded memory.
const MAX_EVENTS: usize = 1 << 17;

/// What one serialization wrote, and how it failed.
#[derive(Default)]
pub(super) struct Written {
    trace: RefCell<Trace>,
    overflowed: Cell<bool>,
    path: Path,
    depth: Cell<u32>,
    fault: RefCell<Option<PayloadError>>,
}

impl Written {
    /// What was written, or nothing when it was more than any cookie holds; or, when the serializer
    /// `failed`, why.
    pub(super) fn finish(self, failed: bool) -> Result<Option<Trace>, PayloadError> {
        match self.fault.into_inner() {
            // Even if the application's code went on after it.
            Some(fault) => Err(fault),
            None if failed => Err(PayloadError::new(
                self.path.print(),
                PayloadCause::Serialize,
            )),
            None if self.overflowed.get() => Ok(None),
            None => Ok(Some(self.trace.into_inner())),
        }
    }

    fn event(&self, event: Event) {
        self.record(|trace| trace.events.push(event));
    }

    fn record(&self, record: impl FnOnce(&mut Trace)) {
        let mut trace = self.trace.borrow_mut();
        if trace.events.len() < MAX_EVENTS {
            record(&mut trace);
        } else {
            self.overflowed.set(true);
        }
    }

    fn fail<E: Error>(&self, cause: PayloadCause) -> E {
        self.fault
            .borrow_mut()
            .get_or_insert_with(|| PayloadError::new(self.path.print(), cause));
        E::custom("the payload is refused")
    }

    /// One level down. What the guard of the decoder counts is counted here, too, so that a value
    /// nested too deeply does not take the stack on its way out.
    fn descend<E: Error>(&self) -> Result<(), E> {
        let depth = self.depth.get().saturating_add(1);
        if depth > MAX_DEPTH {
            return Err(self.fail(PayloadCause::TooDeep));
        }
        self.depth.set(depth);
        Ok(())
    }

    fn ascend(&self) {
        self.depth.set(self.depth.get().saturating_sub(1));
    }

    fn nested<V, E: Error>(&self, inner: impl FnOnce() -> Result<V, E>) -> Result<V, E> {
        self.descend()?;
        let value = inner()?;
        self.ascend();
        Ok(value)
    }

    /// Goes into a variant, and says how long the path was before.
    fn variant(&self, index: u32, name: &'static str, form: Form) {
        self.event(Event::Variant { index, name, form });
        self.path.enter(self.path.len(), Step::Variant(name));
    }

    /// serde_json and others announce by a name with `$` that they mean something of their own.
    fn plain<E: Error>(&self, name: &'static str) -> Result<(), E> {
        if name.starts_with('$') {
            return Err(self.fail(PayloadCause::SelfDescribing { type_name: name }));
        }
        Ok(())
    }
}

/// A value, or a serializer.
pub(super) struct Strict<'s, S> {
    inner: S,
    written: &'s Written,
}

impl<'s, S> Strict<'s, S> {
    pub(super) const fn new(inner: S, written: &'s Written) -> Self {
        Self { inner, written }
    }
}

impl<T: Serialize + ?Sized> Serialize for Strict<'_, &T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.inner.serialize(Strict::new(serializer, self.written))
    }
}

macro_rules! scalars {
    ($($method:ident($type:ty) $scalar:ident;)*) => {$(
        fn $method(self, v: $type) -> Result<S::Ok, S::Error> {
            self.written.event(Event::Scalar(Scalar::$scalar(v)));
            self.inner.$method(v)
        }
    )*};
}

impl<'s, S: Serializer> Serializer for Strict<'s, S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Parts<'s, S::SerializeSeq>;
    type SerializeTuple = Parts<'s, S::SerializeTuple>;
    type SerializeTupleStruct = Parts<'s, S::SerializeTupleStruct>;
    type SerializeTupleVariant = Parts<'s, S::SerializeTupleVariant>;
    type SerializeMap = Parts<'s, S::SerializeMap>;
    type SerializeStruct = Parts<'s, S::SerializeStruct>;
    type SerializeStructVariant = Parts<'s, S::SerializeStructVariant>;

    scalars! {
        serialize_bool(bool) Bool;
        serialize_i8(i8) I8;
        serialize_i16(i16) I16;
        serialize_i32(i32) I32;
        serialize_i64(i64) I64;
        serialize_i128(i128) I128;
        serialize_u8(u8) U8;
        serialize_u16(u16) U16;
        serialize_u32(u32) U32;
        serialize_u64(u64) U64;
        serialize_u128(u128) U128;
        serialize_f32(f32) F32;
        serialize_f64(f64) F64;
        serialize_char(char) Char;
    }

    fn serialize_str(self, v: &str) -> Result<S::Ok, S::Error> {
        self.written.record(|trace| trace.push_str(v));
        self.inner.serialize_str(v)
    }

    fn serialize_bytes(self, v: &[u8]) -> Result<S::Ok, S::Error> {
        self.written.record(|trace| trace.push_bytes(v));
        self.inner.serialize_bytes(v)
    }

    /// The same bytes as postcard's own, which prints twice.
    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        let mut text = String::new();
        write!(text, "{value}").map_err(S::Error::custom)?;
        self.serialize_str(&text)
    }

    fn serialize_none(self) -> Result<S::Ok, S::Error> {
        self.written.event(Event::None);
        self.written.nested(|| self.inner.serialize_none())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        let Self { inner, written } = self;
        written.event(Event::Some);
        written.nested(|| inner.serialize_some(&Strict::new(value, written)))
    }

    fn serialize_unit(self) -> Result<S::Ok, S::Error> {
        self.written.event(Event::Unit);
        self.inner.serialize_unit()
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<S::Ok, S::Error> {
        self.written.event(Event::Unit);
        self.inner.serialize_unit_struct(name)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        let Self { inner, written } = self;
        written.plain(name)?;
        written.nested(|| inner.serialize_newtype_struct(name, &Strict::new(value, written)))
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Self::SerializeSeq, S::Error> {
        let Self { inner, written } = self;
        let known = len.ok_or_else(|| written.fail(PayloadCause::UnknownLength))?;
        written.descend()?;
        written.event(Event::Seq(known));
        Ok(Parts::new(inner.serialize_seq(len)?, written, known))
    }

    fn serialize_tuple(self, len: usize) -> Result<Self::SerializeTuple, S::Error> {
        let Self { inner, written } = self;
        written.descend()?;
        written.event(Event::Tuple(len));
        Ok(Parts::new(inner.serialize_tuple(len)?, written, len))
    }

    fn serialize_tuple_struct(
        self,
        name: &'static str,
        len: usize,
    ) -> Result<Self::SerializeTupleStruct, S::Error> {
        let Self { inner, written } = self;
        written.descend()?;
        written.event(Event::Tuple(len));
        let inner = inner.serialize_tuple_struct(name, len)?;
        Ok(Parts::new(inner, written, len))
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Self::SerializeMap, S::Error> {
        let Self { inner, written } = self;
        let known = len.ok_or_else(|| written.fail(PayloadCause::UnknownLength))?;
        written.descend()?;
        written.event(Event::Map(known));
        Ok(Parts::new(inner.serialize_map(len)?, written, known))
    }

    fn serialize_struct(
        self,
        name: &'static str,
        len: usize,
    ) -> Result<Self::SerializeStruct, S::Error> {
        let Self { inner, written } = self;
        written.plain(name)?;
        written.descend()?;
        let mut place = 0;
        written.record(|trace| place = trace.push_struct(len));
        let inner = inner.serialize_struct(name, len)?;
        Ok(Parts::new(inner, written, len).named(place))
    }

    fn serialize_unit_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
    ) -> Result<S::Ok, S::Error> {
        let form = Form::Unit;
        self.written.event(Event::Variant {
            index,
            name: variant,
            form,
        });
        self.written
            .nested(|| self.inner.serialize_unit_variant(name, index, variant))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        let Self { inner, written } = self;
        written.nested(|| {
            written.variant(index, variant, Form::Newtype);
            let value = Strict::new(value, written);
            inner.serialize_newtype_variant(name, index, variant, &value)
        })
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeTupleVariant, S::Error> {
        let Self { inner, written } = self;
        written.descend()?;
        written.variant(index, variant, Form::Parts);
        written.event(Event::Tuple(len));
        let inner = inner.serialize_tuple_variant(name, index, variant, len)?;
        Ok(Parts::new(inner, written, len))
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeStructVariant, S::Error> {
        let Self { inner, written } = self;
        written.descend()?;
        written.variant(index, variant, Form::Parts);
        let mut place = 0;
        written.record(|trace| place = trace.push_struct(len));
        let inner = inner.serialize_struct_variant(name, index, variant, len)?;
        Ok(Parts::new(inner, written, len).named(place))
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}
