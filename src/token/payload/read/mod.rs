//! Is what was written what will be read? A deserializer over a [`Trace`], which compares every name,
//! kind and number that the type asks for with what was written.
//!
//! It reads twice. *By position*, as opening does: a struct's parts in order, a variant by its
//! number. Then *by name*, as no opening of this format could. Where the two disagree, what opens
//! would be another value than what was sealed.
//!
//! serde tells the names of a struct's fields and of an enum's variants, but with every `alias` among
//! them, so they alone do not say which name is at which position. Three facts together do, for a
//! struct: the written names are among those told, in the same order; as many parts are read as
//! were written; and each written name is read as a field of its own. For a variant, serde_derive
//! turns the number and the name into a private enum, whose discriminant must be the same for both.
//!
//! The deserializer is here; `parts` has what it hands out.

mod parts;

use alloc::string::String;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::fmt;

use serde::de::value::SeqDeserializer;
use serde::de::{DeserializeOwned, Deserializer, Error, Visitor};

use super::path::{Path, Step};
use super::representation;
use super::trace::{Event, Scalar, Trace};
use crate::error::{PayloadCause, PayloadError};
use parts::{Entries, Layout, NamedFields, Parts, Variant};

/// Compares `trace` with what `T` reads.
pub(super) fn compare<T: DeserializeOwned>(trace: &Trace) -> Result<(), Mismatch> {
    let mut by_position = Reading::new(trace, Order::Position);
    let result = by_position.run::<T>();
    let doubt = by_position.doubt.take();
    if doubt.is_none() && by_position.marks.get_mut().is_empty() {
        return result;
    }
    let by_name = Reading {
        marks: by_position.marks,
        ..Reading::new(trace, Order::Name)
    };
    match (result, by_name.run::<T>(), doubt) {
        (Ok(()), result, _) => result,
        // A field that is not written shifts what follows it, and only the names tell which it is.
        (Err(_), Ok(()), Some(path)) => {
            Err(PayloadError::new(path, PayloadCause::NotWritten).into())
        }
        (Err(_), Err(by_name), Some(_)) => Err(by_name),
        (Err(error), _, _) => Err(error),
    }
}

/// The value that `trace` reads as by position, if nothing differs.
pub(super) fn by_position<T: DeserializeOwned>(trace: &Trace) -> Option<T> {
    let reading = Reading::new(trace, Order::Position);
    let value = T::deserialize(Reader(&reading)).ok()?;
    reading.fault.borrow().is_none().then_some(value)
}

/// Where in `T` the event `at` is read.
pub(super) fn path_of<T: DeserializeOwned>(trace: &Trace, at: usize) -> String {
    let mut trace = trace.clone();
    trace.events.truncate(at);
    let reading = Reading::new(&trace, Order::Position);
    // It fails for want of that event, and stays there.
    let _ = T::deserialize(Reader(&reading));
    reading.path.print()
}

/// What was found, and what may explain it further.
#[derive(Debug)]
pub(super) struct Mismatch {
    pub(super) error: PayloadError,
    /// Of a variant that is not read by its name: its event, and the name that has its number.
    pub(super) in_place: Option<(usize, &'static str)>,
}

impl From<PayloadError> for Mismatch {
    fn from(error: PayloadError) -> Self {
        let in_place = None;
        Self { error, in_place }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Position,
    Name,
}

/// A comparison under way.
struct Reading<'t> {
    trace: &'t Trace,
    order: Order,
    next: Cell<usize>,
    path: Path,
    fault: RefCell<Option<Mismatch>>,
    /// By position: what each variant's number was read as. By name: the same, to compare with.
    marks: RefCell<Vec<u64>>,
    variants: Cell<usize>,
    /// A field that may not be written, in a struct of which more names are read than written: an
    /// alias has a name there, too.
    doubt: RefCell<Option<String>>,
}

/// That the comparison has failed. Why is in [`Reading::fault`], unless the type itself refused.
#[derive(Debug)]
enum Fault {
    Found,
    /// By the type, which misses a field of this name.
    Missing(&'static str),
    /// By the type, for a reason of its own. Its message may hold the application's data.
    Refused,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the payload is refused")
    }
}

impl core::error::Error for Fault {}

impl Error for Fault {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::Refused
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Missing(field)
    }
}

impl<'t> Reading<'t> {
    fn new(trace: &'t Trace, order: Order) -> Self {
        Self {
            trace,
            order,
            next: Cell::new(0),
            path: Path::default(),
            fault: RefCell::default(),
            marks: RefCell::default(),
            variants: Cell::new(0),
            doubt: RefCell::default(),
        }
    }

    fn run<T: DeserializeOwned>(&self) -> Result<(), Mismatch> {
        let value = T::deserialize(Reader(self)).map(|_| ());
        if let Some(found) = self.fault.borrow_mut().take() {
            // Even if the application's code went on after it.
            return Err(found);
        }
        let cause = match value {
            Ok(()) => match self.rest() {
                None => return Ok(()),
                Some(event) => {
                    self.path.cut(0);
                    PayloadCause::KindDiffers {
                        written: event.kind(),
                        read: "nothing",
                    }
                }
            },
            Err(Fault::Missing(field)) => {
                self.path.enter(self.path.len(), Step::Field(field));
                PayloadCause::NotWritten
            }
            Err(Fault::Found | Fault::Refused) => PayloadCause::Rejected,
        };
        Err(PayloadError::new(self.path.print(), cause).into())
    }

    fn fail(&self, cause: PayloadCause) -> Fault {
        self.fault
            .borrow_mut()
            .get_or_insert_with(|| PayloadError::new(self.path.print(), cause).into());
        Fault::Found
    }

    fn fail_at(&self, step: Step, cause: PayloadCause) -> Fault {
        self.path.enter(self.path.len(), step);
        self.fail(cause)
    }

    fn differs(&self, event: Option<Event>, read: &'static str) -> Fault {
        let written = event.map_or("nothing", |event| event.kind());
        self.fail(PayloadCause::KindDiffers { written, read })
    }

    fn peek(&self) -> Option<Event> {
        self.trace.events.get(self.next.get()).copied()
    }

    fn advance(&self) {
        self.next.set(self.next.get().saturating_add(1));
    }

    /// Whether `event` takes no byte.
    fn is_empty(&self, event: Event) -> bool {
        match event {
            Event::Unit | Event::Tuple(0) => true,
            Event::Struct(place) => self.trace.names(place).is_empty(),
            _ => false,
        }
    }

    /// The next event that takes bytes. A type need not read what has none.
    fn take(&self) -> Option<Event> {
        let event = self.rest();
        self.advance();
        event
    }

    /// Steps over what takes no byte.
    fn rest(&self) -> Option<Event> {
        loop {
            match self.peek() {
                Some(event) if self.is_empty(event) => self.advance(),
                event => return event,
            }
        }
    }

    fn take_empty(&self) {
        if self.peek().is_some_and(|event| self.is_empty(event)) {
            self.advance();
        }
    }

    /// The next event, for a tuple or struct. One without parts is not stepped over: it may be this
    /// very struct, all of whose fields were left out.
    fn take_parts(&self) -> Option<Event> {
        while self.peek() == Some(Event::Unit) {
            self.advance();
        }
        let event = self.peek();
        self.advance();
        event
    }
}

/// Reads the next thing that was written.
#[derive(Clone, Copy)]
struct Reader<'r, 't>(&'r Reading<'t>);

impl<'r, 't> Reader<'r, 't> {
    fn tuple<V: Visitor<'t>>(self, len: usize, visitor: V) -> Result<V::Value, Fault> {
        let Self(reading) = self;
        if len == 0 && !matches!(reading.peek(), Some(Event::Tuple(_))) {
            reading.take_empty();
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

    fn fields<V: Visitor<'t>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let Self(reading) = self;
        if let Some(cause) = representation::of_struct(&visitor) {
            return Err(reading.fail(cause));
        }
        if fields.is_empty() && !matches!(reading.peek(), Some(Event::Struct(_))) {
            reading.take_empty();
            return visitor.visit_seq(Parts::new(reading, 0, 0, Layout::Tuple));
        }
        let names = match reading.take_parts() {
            Some(Event::Struct(place)) => reading.trace.names(place),
            // Whoever wrote a tuple has no names for its parts.
            Some(Event::Tuple(written)) if written > 0 => {
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
                    .map(|_| match self.0.take() {
                        Some(Event::Scalar(Scalar::U8(byte))) => Ok(byte),
                        event => Err(self.0.differs(event, "bytes")),
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
        self.0.take_empty();
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
