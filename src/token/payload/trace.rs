//! [`Trace`]: what a value wrote, with the names that the encoding leaves out.

use alloc::vec::Vec;

/// A value of a kind that has no parts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scalar {
    Bool(bool),
    I8(i8),
    I16(i16),
    I32(i32),
    I64(i64),
    I128(i128),
    U8(u8),
    U16(u16),
    U32(u32),
    U64(u64),
    U128(u128),
    F32(f32),
    F64(f64),
    Char(char),
}

/// How a variant holds its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Unit,
    Newtype,
    /// A tuple or struct, which follows as an event of its own.
    Parts,
}

/// One thing that was written. Its parts follow it, each behind an [`Event::Part`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Event {
    Scalar(Scalar),
    /// The range of [`Trace::text`].
    Str {
        start: usize,
        end: usize,
    },
    Bytes {
        start: usize,
        end: usize,
    },
    Unit,
    None,
    Some,
    Seq(usize),
    Map(usize),
    Tuple(usize),
    /// The place of its fields' names in [`Trace::structs`].
    Struct(usize),
    Variant {
        index: u32,
        name: &'static str,
        form: Form,
    },
    /// A part of a sequence, map, tuple or struct begins. It is no byte of the encoding: without it, what
    /// one part leaves unread would be read by the next.
    Part,
}

impl Event {
    /// What it is called in an error.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Scalar(scalar) => match scalar {
                Scalar::Bool(_) => "bool",
                Scalar::I8(_) => "i8",
                Scalar::I16(_) => "i16",
                Scalar::I32(_) => "i32",
                Scalar::I64(_) => "i64",
                Scalar::I128(_) => "i128",
                Scalar::U8(_) => "u8",
                Scalar::U16(_) => "u16",
                Scalar::U32(_) => "u32",
                Scalar::U64(_) => "u64",
                Scalar::U128(_) => "u128",
                Scalar::F32(_) => "f32",
                Scalar::F64(_) => "f64",
                Scalar::Char(_) => "char",
            },
            Self::Str { .. } => "text",
            Self::Bytes { .. } => "bytes",
            Self::Unit => "unit",
            Self::None | Self::Some => "an option",
            Self::Seq(_) => "a sequence",
            Self::Map(_) => "a map",
            Self::Tuple(_) => "a tuple",
            Self::Struct(_) => "a struct",
            Self::Variant { .. } => "an enum",
            Self::Part => "nothing",
        }
    }
}

/// What was written, in order.
///
/// Newtype structs are not in it: the encoding does not see them either.
#[derive(Clone, Debug, Default)]
pub(super) struct Trace {
    pub(super) events: Vec<Event>,
    pub(super) structs: Vec<Vec<&'static str>>,
    text: Vec<u8>,
}

impl Trace {
    pub(super) fn push_str(&mut self, text: &str) {
        let (start, end) = self.put(text.as_bytes());
        self.events.push(Event::Str { start, end });
    }

    pub(super) fn push_bytes(&mut self, bytes: &[u8]) {
        let (start, end) = self.put(bytes);
        self.events.push(Event::Bytes { start, end });
    }

    /// Keeps `bytes`, and says where they are.
    pub(super) fn put(&mut self, bytes: &[u8]) -> (usize, usize) {
        let start = self.text.len();
        self.text.extend_from_slice(bytes);
        (start, self.text.len())
    }

    /// The place at which names of fields are to be put.
    pub(super) fn push_struct(&mut self, len: usize) -> usize {
        let place = self.structs.len();
        self.structs.push(Vec::with_capacity(len));
        self.events.push(Event::Struct(place));
        place
    }

    pub(super) fn push_field(&mut self, place: usize, name: &'static str) {
        if let Some(names) = self.structs.get_mut(place) {
            names.push(name);
        }
    }

    pub(super) fn names(&self, place: usize) -> &[&'static str] {
        self.structs.get(place).map_or(&[], Vec::as_slice)
    }

    pub(super) fn bytes(&self, start: usize, end: usize) -> &[u8] {
        self.text.get(start..end).unwrap_or_default()
    }

    /// The text of an [`Event::Str`], or of bytes that are text.
    pub(super) fn str(&self, start: usize, end: usize) -> Option<&str> {
        core::str::from_utf8(self.bytes(start, end)).ok()
    }
}
