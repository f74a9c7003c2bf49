//! What the comparing deserializer hands out: parts, entries, and fields by their names.

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor};

use super::reader::Reader;
use super::{Fault, Reading};
use crate::error::PayloadCause;
use crate::token::payload::path::Step;

pub(super) enum Layout<'t> {
    Sequence,
    Tuple,
    /// A struct whose fields were written by these names.
    Named(&'t [&'static str]),
}

/// The parts of a sequence, tuple or struct, by position.
pub(super) struct Parts<'r, 't> {
    reading: &'r Reading<'t>,
    base: usize,
    /// How many the format would give.
    len: usize,
    written: usize,
    read: usize,
    layout: Layout<'t>,
}

impl<'r, 't> Parts<'r, 't> {
    pub(super) fn new(
        reading: &'r Reading<'t>,
        len: usize,
        written: usize,
        layout: Layout<'t>,
    ) -> Self {
        Self {
            reading,
            base: reading.path.len(),
            len,
            written,
            read: 0,
            layout,
        }
    }

    pub(super) fn visit_all<V: Visitor<'t>>(mut self, visitor: V) -> Result<V::Value, Fault> {
        let value = visitor.visit_seq(&mut self)?;
        self.reading.end_parts(self.base)?;
        if self.read == self.written {
            return Ok(value);
        }
        Err(match self.layout {
            Layout::Named(names) => {
                let name = names.get(self.read).copied().unwrap_or_default();
                self.reading
                    .fail_at(Step::Field(name), PayloadCause::NotRead)
            }
            _ => self.reading.fail(self.lengths()),
        })
    }

    const fn lengths(&self) -> PayloadCause {
        PayloadCause::LengthDiffers {
            written: self.written,
            read: self.read,
        }
    }
}

impl<'t> SeqAccess<'t> for Parts<'_, 't> {
    type Error = Fault;

    fn next_element_seed<S: DeserializeSeed<'t>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Fault> {
        if self.read >= self.len {
            return Ok(None);
        }
        let step = match self.layout {
            Layout::Sequence => Step::Element(self.read),
            Layout::Tuple => Step::Part(self.read),
            Layout::Named(names) => Step::Field(names.get(self.read).copied().unwrap_or_default()),
        };
        self.read = self.read.saturating_add(1);
        if self.read > self.written {
            // The next bytes are those of something else.
            self.reading.path.cut(self.base);
            return Err(self.reading.fail(self.lengths()));
        }
        self.reading.begin_part(self.base, step)?;
        seed.deserialize(Reader(self.reading)).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        self.len.checked_sub(self.read)
    }
}

/// The entries of a map.
pub(super) struct Entries<'r, 't> {
    reading: &'r Reading<'t>,
    base: usize,
    written: usize,
    left: usize,
}

impl<'r, 't> Entries<'r, 't> {
    pub(super) fn new(reading: &'r Reading<'t>, len: usize) -> Self {
        Self {
            reading,
            base: reading.path.len(),
            written: len,
            left: len,
        }
    }

    pub(super) fn visit_all<V: Visitor<'t>>(mut self, visitor: V) -> Result<V::Value, Fault> {
        let value = visitor.visit_map(&mut self)?;
        self.reading.end_parts(self.base)?;
        if self.left == 0 {
            return Ok(value);
        }
        Err(self.reading.fail(PayloadCause::LengthDiffers {
            written: self.written,
            read: self.written.saturating_sub(self.left),
        }))
    }
}

impl<'t> MapAccess<'t> for Entries<'_, 't> {
    type Error = Fault;

    fn next_key_seed<S: DeserializeSeed<'t>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Fault> {
        match self.left.checked_sub(1) {
            None => Ok(None),
            Some(left) => {
                self.left = left;
                self.reading.begin_part(self.base, Step::Key)?;
                seed.deserialize(Reader(self.reading)).map(Some)
            }
        }
    }

    fn next_value_seed<S: DeserializeSeed<'t>>(&mut self, seed: S) -> Result<S::Value, Fault> {
        self.reading.begin_part(self.base, Step::Value)?;
        seed.deserialize(Reader(self.reading))
    }
}

/// The fields of a struct, by the names under which they were written.
pub(super) struct NamedFields<'r, 't> {
    reading: &'r Reading<'t>,
    base: usize,
    names: &'t [&'static str],
    next: usize,
    /// Whether a name was given, and its value not yet asked for.
    pending: bool,
}

impl<'r, 't> NamedFields<'r, 't> {
    pub(super) fn new(reading: &'r Reading<'t>, names: &'t [&'static str]) -> Self {
        Self {
            reading,
            base: reading.path.len(),
            names,
            next: 0,
            pending: false,
        }
    }

    pub(super) fn visit_all<V: Visitor<'t>>(mut self, visitor: V) -> Result<V::Value, Fault> {
        let value = visitor.visit_map(&mut self);
        match value {
            // Two written names are one field, or the name is none.
            Err(Fault::Refused) if self.pending => Err(self.reading.fail(PayloadCause::NotRead)),
            Err(Fault::Missing(field)) => {
                self.reading.path.cut(self.base);
                let cause = PayloadCause::NotWritten;
                Err(self.reading.fail_at(Step::Field(field), cause))
            }
            Err(fault) => Err(fault),
            Ok(_) if self.next < self.names.len() => Err(self.reading.fail(PayloadCause::NotRead)),
            Ok(value) => {
                self.reading.end_parts(self.base)?;
                Ok(value)
            }
        }
    }
}

impl<'t> MapAccess<'t> for NamedFields<'_, 't> {
    type Error = Fault;

    fn next_key_seed<S: DeserializeSeed<'t>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Fault> {
        let Some(name) = self.names.get(self.next) else {
            return Ok(None);
        };
        self.next = self.next.saturating_add(1);
        self.reading.begin_part(self.base, Step::Field(name))?;
        self.pending = true;
        let name: StrDeserializer<'_, Fault> = name.into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'t>>(&mut self, seed: S) -> Result<S::Value, Fault> {
        self.pending = false;
        seed.deserialize(Reader(self.reading))
    }
}
