//! What the recording serializer hands out: the parts of a sequence, tuple, struct or map.

use serde::ser::{
    Error, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant,
};

use super::{Strict, Written};
use crate::error::PayloadCause;
use crate::token::payload::path::Step;
use crate::token::payload::trace::Event;

/// What a serializer hands out for a value's parts.
pub(in crate::token::payload) struct Parts<'s, S> {
    inner: S,
    written: &'s Written,
    /// Length of the path at which the value is.
    base: usize,
    /// How many parts were written.
    count: usize,
    /// The number announced.
    len: usize,
    /// Where the trace has the event of the value.
    event: usize,
    /// Where the trace has a struct's names.
    place: usize,
}

impl<'s, S> Parts<'s, S> {
    /// Right after the event of the value.
    pub(super) fn new(inner: S, written: &'s Written, len: usize) -> Self {
        Self {
            event: written.trace.borrow().events.len().saturating_sub(1),
            inner,
            written,
            base: written.path.len(),
            count: 0,
            len,
            place: 0,
        }
    }

    /// The parts of a struct whose names the trace has at `place`.
    pub(super) fn named(self, place: usize) -> Self {
        Self { place, ..self }
    }

    /// Goes into the next part.
    fn enter(&mut self, step: Step) {
        self.begin(step);
        self.count = self.count.saturating_add(1);
    }

    fn begin(&self, step: Step) {
        self.written.path.enter(self.base, step);
        self.written.event(Event::Part);
    }

    /// Leaves the value, all of whose parts were written.
    fn leave<E: Error>(&self) -> Result<(), E> {
        self.written.path.cut(self.base);
        self.written.ascend();
        if self.count == self.len || self.written.overflowed.get() {
            return Ok(());
        }
        // `Serialize` announced another number. Of a tuple or struct nothing of it was written.
        match self.written.trace.borrow_mut().events.get_mut(self.event) {
            Some(Event::Tuple(len)) => *len = self.count,
            Some(Event::Struct(_)) => {}
            _ => {
                return Err(self.written.fail(PayloadCause::LengthDiffers {
                    written: self.count,
                    read: self.len,
                }));
            }
        }
        Ok(())
    }
}

macro_rules! parts_without_names {
    ($($part:ident $method:ident $step:ident;)*) => {$(
        impl<S: $part> $part for Parts<'_, S> {
            type Ok = S::Ok;
            type Error = S::Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
                self.enter(Step::$step(self.count));
                self.inner.$method(&Strict::new(value, self.written))
            }

            fn end(self) -> Result<S::Ok, S::Error> {
                self.leave()?;
                self.inner.end()
            }
        }
    )*};
}
parts_without_names! {
    SerializeSeq serialize_element Element;
    SerializeTuple serialize_element Part;
    SerializeTupleStruct serialize_field Part;
    SerializeTupleVariant serialize_field Part;
}

macro_rules! parts_with_names {
    ($($part:ident)*) => {$(
        impl<S: $part> $part for Parts<'_, S> {
            type Ok = S::Ok;
            type Error = S::Error;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), S::Error> {
                self.written.record(|trace| trace.push_field(self.place, name));
                self.enter(Step::Field(name));
                self.inner.serialize_field(name, &Strict::new(value, self.written))
            }

            /// serde says so of a field that `skip_serializing_if` leaves out.
            fn skip_field(&mut self, name: &'static str) -> Result<(), S::Error> {
                self.enter(Step::Field(name));
                Err(self.written.fail(PayloadCause::LeftOut))
            }

            fn end(self) -> Result<S::Ok, S::Error> {
                self.leave()?;
                self.inner.end()
            }
        }
    )*};
}
parts_with_names! { SerializeStruct SerializeStructVariant }

impl<S: SerializeMap> SerializeMap for Parts<'_, S> {
    type Ok = S::Ok;
    type Error = S::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), S::Error> {
        self.enter(Step::Key);
        self.inner.serialize_key(&Strict::new(key, self.written))
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
        self.begin(Step::Value);
        self.inner
            .serialize_value(&Strict::new(value, self.written))
    }

    fn end(self) -> Result<S::Ok, S::Error> {
        self.leave()?;
        self.inner.end()
    }
}
