//! A deserializer around postcard's that bounds memory, work and stack by the payload's length.
//!
//! postcard bounds the length of strings, byte strings and sequences by the input. Three things it
//! leaves open, and this closes them:
//!
//! - a map's length goes to `serde` as a size hint unchecked, so three bytes reserve megabytes:
//!   here a map has no size hint and grows as its entries arrive;
//! - elements without bytes (`()`, empty structs) are counted out for as long as the length says:
//!   here the elements of a payload have a common budget;
//! - a recursive type goes as deep as the input is long: here nesting ends at [`MAX_DEPTH`].
//!
//! The budget and the deserializer are here; `parts` has what a deserializer hands out.

mod parts;

use core::cell::Cell;

use serde::de::{Deserializer, Visitor};

/// Levels of nesting: options, newtypes, sequences, maps, tuples, structs and enum variants each
/// count one.
pub(super) const MAX_DEPTH: u32 = 128;

/// Elements of sequences and maps that a payload may hold beyond one a byte. An element with bytes
/// has one of its own; only empty ones need these.
const SPARE_ELEMENTS: usize = 256;

/// What postcard is told, which keeps no text: a payload that does not open has one error.
const EXHAUSTED: &str = "the payload exceeds its bounds";

/// What is left to spend on one payload.
pub(super) struct Budget {
    elements: Cell<usize>,
    depth: Cell<u32>,
}

impl Budget {
    pub(super) fn for_payload(bytes: &[u8]) -> Self {
        Self {
            elements: Cell::new(bytes.len().saturating_add(SPARE_ELEMENTS)),
            depth: Cell::new(MAX_DEPTH),
        }
    }

    /// Whether elements were more than the payload may hold.
    pub(super) fn is_exhausted(&self) -> bool {
        self.elements.get() == 0
    }

    #[inline]
    fn spend_element<E: serde::de::Error>(&self) -> Result<(), E> {
        match self.elements.get().checked_sub(1) {
            Some(left) => {
                self.elements.set(left);
                Ok(())
            }
            None => Err(E::custom(EXHAUSTED)),
        }
    }

    /// Runs `inner` one level down.
    #[inline]
    fn nested<V, E: serde::de::Error>(&self, inner: impl FnOnce() -> Result<V, E>) -> Result<V, E> {
        let depth = self.depth.get();
        self.depth
            .set(depth.checked_sub(1).ok_or_else(|| E::custom(EXHAUSTED))?);
        let value = inner();
        self.depth.set(depth);
        value
    }
}

/// `inner`, a deserializer or one of the things it hands out, under `budget`.
pub(super) struct Guarded<'b, D> {
    inner: D,
    budget: &'b Budget,
    /// For what visits or gives a sequence: its length was read from the input, so its elements
    /// are paid for. The length of a tuple or struct is the type's.
    counted: bool,
}

impl<'b, D> Guarded<'b, D> {
    #[inline]
    pub(super) const fn new(inner: D, budget: &'b Budget) -> Self {
        Self {
            inner,
            budget,
            counted: false,
        }
    }
}

/// Types without parts of their own: nothing to guard.
macro_rules! pass_through {
    ($($method:ident)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.inner.$method(visitor)
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Guarded<'_, D> {
    type Error = D::Error;

    pass_through! {
        deserialize_any deserialize_bool
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64 deserialize_char
        deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf
        deserialize_unit deserialize_identifier deserialize_ignored_any
    }

    #[inline]
    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_unit_struct(name, visitor)
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let Self { inner, budget, .. } = self;
        budget.nested(|| inner.deserialize_option(Guarded::new(visitor, budget)))
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let Self { inner, budget, .. } = self;
        budget.nested(|| inner.deserialize_newtype_struct(name, Guarded::new(visitor, budget)))
    }

    #[inline]
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let Self { inner, budget, .. } = self;
        let visitor = Guarded {
            inner: visitor,
            budget,
            counted: true,
        };
        budget.nested(|| inner.deserialize_seq(visitor))
    }

    #[inline]
    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let Self { inner, budget, .. } = self;
        budget.nested(|| inner.deserialize_tuple(len, Guarded::new(visitor, budget)))
    }

    #[inline]
    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let Self { inner, budget, .. } = self;
        budget.nested(|| inner.deserialize_tuple_struct(name, len, Guarded::new(visitor, budget)))
    }

    #[inline]
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let Self { inner, budget, .. } = self;
        budget.nested(|| inner.deserialize_map(Guarded::new(visitor, budget)))
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let Self { inner, budget, .. } = self;
        budget.nested(|| inner.deserialize_struct(name, fields, Guarded::new(visitor, budget)))
    }

    #[inline]
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let Self { inner, budget, .. } = self;
        budget.nested(|| inner.deserialize_enum(name, variants, Guarded::new(visitor, budget)))
    }

    #[inline]
    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}
