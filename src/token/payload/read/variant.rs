//! A variant that was written, given by its number or by its name.

use core::cell::Cell;
use core::hash::{Hash, Hasher};
use core::mem;

use serde::de::value::U32Deserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::reader::Reader;
use super::{Fault, Order, Reading};
use crate::error::PayloadCause;
use crate::token::payload::path::Step;
use crate::token::payload::trace::Form;

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

    /// One part may have the same bytes, if it is itself a tuple; or leave some for what follows.
    fn one_part_as(&self, read: &'static str) -> Fault {
        let written = "one part";
        self.reading
            .fail(PayloadCause::KindDiffers { written, read })
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
            Form::Newtype => Err(self.one_part_as("a tuple")),
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
            Form::Newtype => Err(self.one_part_as("a struct")),
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
