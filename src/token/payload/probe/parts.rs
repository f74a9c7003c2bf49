//! What the probing deserializer hands out: parts, entries, fields by their names, and a variant.

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeSeed, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::reader::Reader;
use super::{Halt, Probe};
use crate::token::payload::path::Step;

/// The parts of a sequence or tuple.
pub(super) struct Parts<'p> {
    pub(super) probe: &'p Probe,
    pub(super) base: usize,
    pub(super) next: usize,
    pub(super) len: usize,
    pub(super) step: fn(usize) -> Step,
}

impl<'de> SeqAccess<'de> for Parts<'_> {
    type Error = Halt;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Halt> {
        if self.next >= self.len {
            return Ok(None);
        }
        self.probe.path.enter(self.base, (self.step)(self.next));
        self.next = self.next.saturating_add(1);
        seed.deserialize(Reader(self.probe)).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        self.len.checked_sub(self.next)
    }
}

/// The entries of a map.
pub(super) struct Entries<'p> {
    pub(super) probe: &'p Probe,
    pub(super) base: usize,
    pub(super) left: u8,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Halt;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Halt> {
        match self.left.checked_sub(1) {
            None => Ok(None),
            Some(left) => {
                self.left = left;
                self.probe.path.enter(self.base, Step::Key);
                seed.deserialize(Reader(self.probe)).map(Some)
            }
        }
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Halt> {
        self.probe.path.enter(self.base, Step::Value);
        seed.deserialize(Reader(self.probe))
    }
}

/// The fields of a struct, by name.
pub(super) struct Fields<'p> {
    pub(super) probe: &'p Probe,
    pub(super) base: usize,
    pub(super) of: (&'static str, &'static str),
    pub(super) fields: core::slice::Iter<'static, &'static str>,
    /// The name that was given and whose value was not asked for.
    pub(super) pending: Option<&'static str>,
    /// Whether any name was asked for.
    pub(super) asked: bool,
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Halt;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Halt> {
        self.asked = true;
        let aliases = self.probe.aliases.borrow();
        let of = self.of;
        let Some(name) = self.fields.find(|name| !aliases.contains(&(of, **name))) else {
            return Ok(None);
        };
        drop(aliases);
        self.pending = Some(name);
        self.probe.path.enter(self.base, Step::Field(name));
        let name: StrDeserializer<'_, Halt> = name.into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Halt> {
        self.pending = None;
        seed.deserialize(Reader(self.probe))
    }
}

/// The variant chosen.
pub(super) struct Variant<'p> {
    pub(super) probe: &'p Probe,
    pub(super) name: &'static str,
}

impl<'de> EnumAccess<'de> for Variant<'_> {
    type Error = Halt;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Halt> {
        let name: StrDeserializer<'_, Halt> = self.name.into_deserializer();
        let value = seed.deserialize(name)?;
        self.probe
            .path
            .enter(self.probe.path.len(), Step::Variant(self.name));
        Ok((value, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_> {
    type Error = Halt;

    fn unit_variant(self) -> Result<(), Halt> {
        self.probe.note("unit")
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Halt> {
        seed.deserialize(Reader(self.probe))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Halt> {
        Reader(self.probe).tuple(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Halt> {
        Reader(self.probe).fields(self.name, fields, visitor)
    }
}
