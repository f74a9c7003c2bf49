//! The deserializer that makes values up.

use core::any::type_name;

use serde::de::{Deserializer, Visitor};

use super::made_up::{LENGTHS, TEXTS, ZEROS};
use super::parts::{Entries, Fields, Parts, Variant};
use super::{Halt, Probe};
use crate::error::PayloadCause;
use crate::token::payload::path::Step;
use crate::token::payload::representation;

/// Makes up whatever is asked for.
#[derive(Clone, Copy)]
pub(super) struct Reader<'p>(pub(super) &'p Probe);

/// Numbers: nought, one, and the rest.
macro_rules! scalars {
    ($($method:ident $visit:ident $name:literal [$($value:expr),*];)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Halt> {
            let values = [$($value),*];
            self.0.note($name)?;
            match values.get(self.0.offer(values.len())) {
                Some(value) => visitor.$visit(*value),
                None => Err(Halt),
            }
        }
    )*};
}

impl<'p> Reader<'p> {
    fn text(self) -> Result<&'static str, Halt> {
        self.0.note("text")?;
        TEXTS.get(self.0.offer(TEXTS.len())).copied().ok_or(Halt)
    }

    fn bytes(self) -> Result<&'static [u8], Halt> {
        self.0.note("bytes")?;
        let len = LENGTHS.get(self.0.offer(LENGTHS.len())).ok_or(Halt)?;
        ZEROS.get(..*len).ok_or(Halt)
    }

    fn parts(self, len: usize, step: fn(usize) -> Step) -> Parts<'p> {
        Parts {
            probe: self.0,
            base: self.0.path.len(),
            next: 0,
            len,
            step,
        }
    }

    pub(super) fn tuple<'de, V: Visitor<'de>>(
        self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Halt> {
        self.0.note(&alloc::format!("tuple {len}"))?;
        self.0
            .nested(None, || visitor.visit_seq(self.parts(len, Step::Part)))
    }

    /// By name, since an alias in `fields` is no field of its own.
    ///
    /// `variant` is the name of the variant that has them, or empty for a struct.
    pub(super) fn fields<'de, V: Visitor<'de>>(
        self,
        variant: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Halt> {
        let Self(probe) = self;
        if let Some(cause) = representation::of_struct(&visitor) {
            return Err(probe.fail(cause));
        }
        let of = (type_name::<V::Value>(), variant);
        // A variant is within its enum already.
        let within = Some(of.0).filter(|_| variant.is_empty());
        let base = probe.path.len();
        if probe.nameless.borrow().contains(&of) {
            probe.note(&alloc::format!("struct {fields:?}"))?;
            let parts = self.parts(fields.len(), Step::Part);
            return probe.nested(within, || visitor.visit_seq(parts));
        }
        let mut named = Fields {
            probe,
            base,
            of,
            fields: fields.iter(),
            pending: None,
            asked: false,
        };
        let value = probe.nested(within, || visitor.visit_map(&mut named));
        match value {
            Ok(value) => {
                probe.path.cut(base);
                let aliases = probe.aliases.borrow();
                let names: alloc::vec::Vec<_> = fields
                    .iter()
                    .filter(|name| !aliases.contains(&(of, **name)))
                    .collect();
                probe.note(&alloc::format!("struct {names:?}"))?;
                Ok(value)
            }
            Err(Halt) => {
                if let Some(name) = named.pending {
                    // Refused before its value was asked for: it is a field that was read already.
                    probe
                        .learnt
                        .set(probe.aliases.borrow_mut().insert((of, name)));
                } else if !named.asked && !fields.is_empty() {
                    probe.learnt.set(probe.nameless.borrow_mut().insert(of));
                }
                Err(Halt)
            }
        }
    }
}

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = Halt;

    scalars! {
        deserialize_bool visit_bool "bool" [false, true];
        deserialize_i8 visit_i8 "i8" [0, 1, -1];
        deserialize_i16 visit_i16 "i16" [0, 1, -1];
        deserialize_i32 visit_i32 "i32" [0, 1, -1];
        deserialize_i64 visit_i64 "i64" [0, 1, -1];
        deserialize_i128 visit_i128 "i128" [0, 1, -1];
        deserialize_u8 visit_u8 "u8" [0, 1, 2, 16, 32, 100, 255];
        deserialize_u16 visit_u16 "u16" [0, 1, 100, 1970];
        deserialize_u32 visit_u32 "u32" [0, 1, 100, 1970];
        deserialize_u64 visit_u64 "u64" [0, 1, 100, 1970];
        deserialize_u128 visit_u128 "u128" [0, 1];
        deserialize_f32 visit_f32 "f32" [0.0, 1.0];
        deserialize_f64 visit_f64 "f64" [0.0, 1.0];
        deserialize_char visit_char "char" ['a', 'A', '0'];
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Halt> {
        Err(self.0.fail(representation::of_any(&visitor)))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Halt> {
        self.deserialize_any(visitor)
    }

    /// A map whose keys are names of fields.
    fn deserialize_identifier<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Halt> {
        self.0.path.cut(self.0.path.len().saturating_sub(1));
        Err(self.0.fail(PayloadCause::Flatten))
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Halt> {
        visitor.visit_borrowed_str(self.text()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Halt> {
        visitor.visit_str(self.text()?)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Halt> {
        visitor.visit_borrowed_bytes(self.bytes()?)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Halt> {
        visitor.visit_bytes(self.bytes()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Halt> {
        self.0.note("option")?;
        if self.0.stops() {
            return visitor.visit_none();
        }
        self.0.nested(None, || visitor.visit_some(self))
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Halt> {
        self.0.note("unit")?;
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Halt> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Halt> {
        let type_name = type_name::<V::Value>();
        if name.starts_with('$') {
            let cause = PayloadCause::SelfDescribing { type_name };
            return Err(self.0.fail(cause));
        }
        self.0
            .nested(Some(type_name), || visitor.visit_newtype_struct(self))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Halt> {
        self.0.note("sequence")?;
        let len = usize::from(!self.0.stops());
        self.0.nested(None, || {
            visitor.visit_seq(self.parts(len, |_| Step::AnyElement))
        })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Halt> {
        self.tuple(len, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Halt> {
        self.tuple(len, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Halt> {
        self.0.note("map")?;
        let left = u8::from(!self.0.stops());
        self.0.nested(None, || {
            visitor.visit_map(Entries {
                probe: self.0,
                base: self.0.path.len(),
                left,
            })
        })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Halt> {
        if name.starts_with('$') {
            let type_name = type_name::<V::Value>();
            let cause = PayloadCause::SelfDescribing { type_name };
            return Err(self.0.fail(cause));
        }
        self.fields("", fields, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Halt> {
        let Self(probe) = self;
        probe.note(&alloc::format!("enum {variants:?}"))?;
        let type_name = type_name::<V::Value>();
        let choices = probe.choices.borrow().len();
        let variant = probe.choose(type_name, variants.len());
        let opened = probe.opened(type_name);
        let name = variants.get(variant).copied().ok_or(Halt)?;
        let value = probe.nested(Some(type_name), || {
            visitor.visit_enum(Variant { probe, name })
        })?;
        probe.choices.borrow_mut().truncate(choices);
        probe.close(type_name, variant, opened);
        Ok(value)
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}
