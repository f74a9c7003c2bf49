//! What the comparing deserializer hands out: parts, entries, fields by their names, and variants.

use core::cell::Cell;
use core::hash::{Hash, Hasher};
use core::mem;

use serde::de::value::{StrDeserializer, U32Deserializer};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::{Fault, Order, Reader, Reading};
use crate::error::PayloadCause;
use crate::token::payload::path::Step;
use crate::token::payload::trace::Form;

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
        self.reading.path.cut(self.base);
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
        self.reading.path.enter(self.base, step);
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
        self.reading.path.cut(self.base);
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
                self.reading.path.enter(self.base, Step::Key);
                seed.deserialize(Reader(self.reading)).map(Some)
            }
        }
    }

    fn next_value_seed<S: DeserializeSeed<'t>>(&mut self, seed: S) -> Result<S::Value, Fault> {
        self.reading.path.enter(self.base, Step::Value);
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
                self.reading.path.cut(self.base);
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
        self.reading.path.enter(self.base, Step::Field(name));
        self.pending = true;
        let name: StrDeserializer<'_, Fault> = name.into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'t>>(&mut self, seed: S) -> Result<S::Value, Fault> {
        self.pending = false;
        seed.deserialize(Reader(self.reading))
    }
}

/// A variant that was written.
pub(super) struct Variant<'r, 't> {
    reading: &'r Reading<'t>,
    index: u32,
    name: &'static str,
    form: Form,
    /// Whether the number alone has this name among those read.
    in_place: bool,
}

impl<'r, 't> Variant<'r, 't> {
    pub(super) const fn new(
        reading: &'r Reading<'t>,
        index: u32,
        name: &'static str,
        form: Form,
    ) -> Self {
        Self {
            reading,
            index,
            name,
            form,
            in_place: false,
        }
    }

    /// Looks for its name among those that are read, `variants`.
    pub(super) fn check_name(&mut self, variants: &[&'static str]) -> Result<(), Fault> {
        let read = usize::try_from(self.index)
            .ok()
            .and_then(|index| variants.get(index));
        self.in_place = read == Some(&self.name);
        if variants.contains(&self.name) {
            return Ok(());
        }
        let fault = self.fail(PayloadCause::VariantNotRead);
        if let (Some(found), Some(read)) = (self.reading.fault.borrow_mut().as_mut(), read) {
            found.in_place = Some((self.reading.next.get().saturating_sub(1), read));
        }
        Err(fault)
    }

    fn fail(&self, cause: PayloadCause) -> Fault {
        self.reading.fail_at(Step::Variant(self.name), cause)
    }

    /// Notes by position, or compares by name, what the variant was read as.
    fn check_mark(&self, mark: u64) -> Result<(), Fault> {
        let mut marks = self.reading.marks.borrow_mut();
        if self.reading.order == Order::Position {
            marks.push(mark);
            return Ok(());
        }
        let at = self.reading.variants.get();
        self.reading.variants.set(at.saturating_add(1));
        match marks.get(at) {
            Some(by_position) if *by_position != mark => Err(self.fail(PayloadCause::VariantMoved)),
            _ => Ok(()),
        }
    }
}

impl<'t> EnumAccess<'t> for Variant<'_, 't> {
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'t>>(self, seed: S) -> Result<(S::Value, Self), Fault> {
        let read = match self.reading.order {
            Order::Position => {
                let number: U32Deserializer<Fault> = self.index.into_deserializer();
                seed.deserialize(number)
            }
            Order::Name => {
                let by_number = Cell::new(false);
                let read = seed.deserialize(NameOrNumber {
                    name: self.name,
                    number: self.index,
                    by_number: &by_number,
                });
                if by_number.get() && !self.in_place {
                    return Err(self.fail(PayloadCause::VariantMoved));
                }
                read
            }
        };
        let Ok(value) = read else {
            return Err(self.fail(PayloadCause::VariantMoved));
        };
        self.check_mark(mark(&value))?;
        let base = self.reading.path.len();
        self.reading.path.enter(base, Step::Variant(self.name));
        Ok((value, self))
    }
}

impl<'t> VariantAccess<'t> for Variant<'_, 't> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        match self.form {
            Form::Unit => Ok(()),
            _ => Err(self.reading.fail(PayloadCause::NotRead)),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'t>>(self, seed: S) -> Result<S::Value, Fault> {
        match self.form {
            Form::Newtype => seed.deserialize(Reader(self.reading)),
            Form::Unit => Err(self.reading.fail(PayloadCause::NotWritten)),
            Form::Parts => Err(self.reading.differs(self.reading.peek(), "one part")),
        }
    }

    fn tuple_variant<V: Visitor<'t>>(self, len: usize, visitor: V) -> Result<V::Value, Fault> {
        match self.form {
            Form::Newtype => Err(self.reading.differs(self.reading.peek(), "a tuple")),
            Form::Unit if len > 0 => Err(self.reading.fail(PayloadCause::NotWritten)),
            _ => Reader(self.reading).tuple(len, visitor),
        }
    }

    fn struct_variant<V: Visitor<'t>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self.form {
            Form::Newtype => Err(self.reading.differs(self.reading.peek(), "a struct")),
            Form::Unit if !fields.is_empty() => Err(self.reading.fail(PayloadCause::NotWritten)),
            _ => Reader(self.reading).fields(fields, visitor),
        }
    }
}

/// Gives a variant's name, or its number to whoever asks for a number.
struct NameOrNumber<'r> {
    name: &'static str,
    number: u32,
    by_number: &'r Cell<bool>,
}

macro_rules! numbers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            self.by_number.set(true);
            visitor.visit_u32(self.number)
        }
    )*};
}

impl<'de> Deserializer<'de> for NameOrNumber<'_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_str(self.name)
    }

    numbers! {
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
    }

    forward_to_deserialize_any! {
        bool i128 u128 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// Stands for the variant of serde_derive's private enum that `value` is. Types that are no enum have
/// one and the same.
fn mark<V>(value: &V) -> u64 {
    struct Digest(u64);

    impl Hasher for Digest {
        fn write(&mut self, bytes: &[u8]) {
            for byte in bytes {
                // FNV-1a.
                self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }

        fn finish(&self) -> u64 {
            self.0
        }
    }

    let mut digest = Digest(0xcbf2_9ce4_8422_2325);
    mem::discriminant(value).hash(&mut digest);
    digest.finish()
}
