//! `Serialize` and `Deserialize` that are written by hand, and parts that would make good for one another:
//! nothing that one of them hides opens as another value.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{
    Deserializer, EnumAccess, IgnoredAny, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde::ser::{SerializeStruct, SerializeTuple, Serializer};
use serde::{Deserialize, Serialize};

use crate::payload_names::Of;
use crate::payload_types::{built, sealed};

fn lengths(path: &str, written: &str, read: usize) -> Result<(), String> {
    Err(format!(
        "{path}: {written} written and {read} read; let Serialize and Deserialize agree, and skip a \
         field both ways or not at all"
    ))
}

fn kinds(path: &str, written: &str, read: &str) -> Result<(), String> {
    Err(format!(
        "{path}: it is written as {written} and read as {read}; let Serialize and Deserialize, or \
         serialize_with and deserialize_with, agree"
    ))
}

#[test]
fn what_one_part_leaves_unread_is_not_read_by_the_next() {
    #[derive(Serialize, Deserialize)]
    struct Unread {
        #[serde(skip_deserializing)]
        x: u8,
    }
    #[derive(Serialize, Deserialize)]
    #[allow(dead_code, reason = "it is read, and not written")]
    struct Unwritten {
        #[serde(skip_serializing, default)]
        x: u8,
    }
    assert_eq!(
        sealed(&Of((Unread { x: 1 }, Unwritten { x: 2 }))),
        Err(
            "0.x: it is written and not read; use serde(skip) in place of skip_deserializing"
                .into()
        )
    );
    #[derive(Serialize, Deserialize)]
    struct UnreadTuple(
        #[serde(skip_deserializing)] u8,
        #[serde(skip_deserializing)] u8,
    );
    #[derive(Serialize, Deserialize)]
    #[allow(dead_code, reason = "they are read, and not written")]
    struct UnwrittenTuple(#[serde(skip_serializing)] u8, #[serde(skip_serializing)] u8);
    assert_eq!(
        sealed(&Of((UnreadTuple(1, 2), UnwrittenTuple(3, 4)))),
        lengths("0", "2 parts are", 0)
    );
}

#[test]
fn a_failure_that_a_type_passes_over_while_reading_counts() {
    fn as_i64<S: Serializer>(value: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(*value as i64)
    }
    fn or_default<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        Ok(u64::deserialize(deserializer).unwrap_or_default())
    }
    #[derive(Serialize, Deserialize)]
    struct Passing {
        #[serde(serialize_with = "as_i64", deserialize_with = "or_default")]
        level: u64,
    }
    // It would decode, as twice the number.
    assert_eq!(
        sealed(&Of(Passing { level: 3 })),
        kinds("level", "i64", "u64")
    );
}

#[test]
fn a_failure_that_a_type_passes_over_while_writing_counts() {
    #[derive(Serialize, Deserialize)]
    struct Skipping {
        #[serde(skip_serializing_if = "Option::is_none")]
        admin: Option<u8>,
    }
    #[derive(Deserialize)]
    struct Passing {
        inner: Skipping,
        level: u8,
    }
    impl Serialize for Passing {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut fields = serializer.serialize_struct("Passing", 2)?;
            let _ = fields.serialize_field("inner", &self.inner);
            fields.serialize_field("level", &self.level)?;
            fields.end()
        }
    }
    let inner = Skipping { admin: None };
    assert_eq!(
        sealed(&Of(Passing { inner, level: 1 })),
        Err(
            "inner.admin: it was left out, and the next field would be read in its place; remove \
             skip_serializing_if"
                .into()
        )
    );
}

/// Reads less than there is.
struct First<T>(PhantomData<T>);

impl<'de> Visitor<'de> for First<u8> {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one element")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Vec<u8>, A::Error> {
        Ok(parts.next_element()?.into_iter().collect())
    }
}

impl<'de> Visitor<'de> for First<(u8, u8)> {
    type Value = BTreeMap<u8, u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one entry")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        Ok(entries.next_entry()?.into_iter().collect())
    }
}

fn first<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    deserializer.deserialize_seq(First::<u8>(PhantomData))
}

fn first_entry<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<u8, u8>, D::Error> {
    deserializer.deserialize_map(First::<(u8, u8)>(PhantomData))
}

fn nothing<'de, D: Deserializer<'de>>(_: D) -> Result<u8, D::Error> {
    Ok(0)
}

#[test]
fn a_type_that_reads_less_than_was_written_is_refused_where_it_stops() {
    #[derive(Serialize, Deserialize)]
    struct Elements {
        #[serde(deserialize_with = "first")]
        list: Vec<u8>,
        level: u8,
    }
    let elements = |list| Of(Elements { list, level: 9 });
    assert_eq!(sealed(&elements(vec![1])), Ok(()));
    assert_eq!(
        sealed(&elements(vec![1, 2])),
        lengths("list", "2 parts are", 1)
    );
    #[derive(Serialize, Deserialize)]
    struct Entries {
        #[serde(deserialize_with = "first_entry")]
        map: BTreeMap<u8, u8>,
        level: u8,
    }
    let entries = |map| Of(Entries { map, level: 9 });
    assert_eq!(sealed(&entries(BTreeMap::from([(1, 1)]))), Ok(()));
    assert_eq!(
        sealed(&entries(BTreeMap::from([(1, 1), (2, 2)]))),
        lengths("map", "2 parts are", 1)
    );
    #[derive(Serialize, Deserialize)]
    struct Nothing {
        level: u8,
        #[serde(deserialize_with = "nothing")]
        last: u8,
    }
    assert_eq!(
        sealed(&Of(Nothing { level: 1, last: 2 })),
        kinds("last", "u8", "nothing")
    );
}

#[test]
fn a_type_that_reads_more_than_was_written_is_refused_before_it_reads_the_next_one() {
    #[derive(Deserialize)]
    struct More {
        a: u8,
        #[serde(rename = "b")]
        _b: u8,
    }
    impl Serialize for More {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut parts = serializer.serialize_tuple(1)?;
            parts.serialize_element(&self.a)?;
            parts.end()
        }
    }
    let more = More { a: 1, _b: 2 };
    assert_eq!(
        sealed(&Of((more, "text".to_owned()))),
        lengths("0", "1 part is", 2)
    );
}

/// Reads its variant by number alone, and names them in the order of `NAMES`.
#[derive(Debug, PartialEq)]
struct Numbered<const SWAPPED: bool>(u32);

impl<const SWAPPED: bool> Serialize for Numbered<SWAPPED> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let name = if self.0 == 0 { "A" } else { "B" };
        serializer.serialize_unit_variant("Numbered", self.0, name)
    }
}

impl<'de, const SWAPPED: bool> Deserialize<'de> for Numbered<SWAPPED> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;
        impl<'de> Visitor<'de> for Number {
            type Value = u32;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a variant")
            }

            fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<u32, A::Error> {
                let (number, variant): (u32, _) = access.variant()?;
                variant.unit_variant()?;
                Ok(number)
            }
        }
        let names: &[&str] = if SWAPPED { &["B", "A"] } else { &["A", "B"] };
        deserializer
            .deserialize_enum("Numbered", names, Number)
            .map(Self)
    }
}

#[test]
fn a_variant_read_by_number_alone_has_its_name_at_that_number() {
    assert_eq!(sealed(&Of(Numbered::<false>(0))), Ok(()));
    assert_eq!(sealed(&Of(Numbered::<false>(1))), Ok(()));
    let moved = "this variant would open as another one, since one before it is skipped; move \
                 skipped variants to the end of the enum";
    assert_eq!(sealed(&Of(Numbered::<true>(0))), Err(format!("A: {moved}")));
    assert_eq!(sealed(&Of(Numbered::<true>(1))), Err(format!("B: {moved}")));
}

#[test]
fn a_variant_that_only_another_variant_leads_to_is_looked_into() {
    #[derive(Serialize, Deserialize)]
    enum Outer {
        Never,
        Late(Inner),
    }
    #[derive(Serialize, Deserialize)]
    enum Inner {
        Fine,
        AlsoFine(u8),
        Ignored(#[serde(serialize_with = "unit")] Whatever),
    }
    #[derive(Deserialize)]
    struct Whatever(#[allow(dead_code, reason = "it is read, and nothing of it")] IgnoredAny);
    fn unit<S: Serializer>(_: &Whatever, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
    assert_eq!(
        built::<Of<Outer>>(),
        Err(
            "Late.Ignored: serde_core::de::ignored_any::IgnoredAny needs an encoding that says what \
             comes next, which this one does not; store it as text, by Json (feature json) or by \
             serde(with)"
                .into()
        )
    );
}
