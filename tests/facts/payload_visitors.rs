//! What a `Deserialize` that is written by hand may rely on, and what it may not: hints of size, fields by
//! position, and the format's own answers. Values that take no bytes are in `payload_empty`.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeStruct, SerializeTuple, Serializer};
use serde::{Deserialize, Serialize};

use crate::payload_names::Of;
use crate::payload_types::{assert_opens, built, sealed};

/// Reads as many elements as it was told there are.
#[derive(Debug, PartialEq)]
struct Hinted<V>(Vec<V>);

/// Three parts, of which it reads as many as it was told there are.
#[derive(Debug, PartialEq)]
struct HintedTuple<V>(Vec<V>);

struct ByHint<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for ByHint<V> {
    type Value = Vec<V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("elements")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Vec<V>, A::Error> {
        let len = elements
            .size_hint()
            .ok_or_else(|| Error::custom("no hint"))?;
        (0..len)
            .map(|_| {
                elements
                    .next_element()?
                    .ok_or_else(|| Error::custom("too few"))
            })
            .collect()
    }
}

impl<V: Serialize> Serialize for Hinted<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.0)
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Hinted<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ByHint(PhantomData)).map(Self)
    }
}

impl<V: Serialize> Serialize for HintedTuple<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut parts = serializer.serialize_tuple(3)?;
        for part in &self.0 {
            parts.serialize_element(part)?;
        }
        parts.end()
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for HintedTuple<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_tuple(3, ByHint(PhantomData))
            .map(Self)
    }
}

#[test]
fn a_type_that_trusts_the_hint_of_size_reads_everything() {
    assert_opens(Hinted(vec![1_u8, 2, 3]));
    assert_opens(Hinted(Vec::<u8>::new()));
    assert_opens(HintedTuple(vec![1_u8, 2, 3]));
    // It is looked into when a codec is built, too: to the last part.
    let built = [
        built::<Of<Hinted<serde_json::Value>>>(),
        built::<Of<HintedTuple<serde_json::Value>>>(),
    ];
    for (built, path) in built.into_iter().zip(["[]: ", "0: "]) {
        let error = built.unwrap_err();
        assert!(error.starts_with(&format!("{path}serde_json::")), "{error}");
    }
}

/// The third part alone is loosely typed, and is reached by whoever reads all three.
#[test]
fn the_last_part_of_a_tuple_is_reached_by_the_hint() {
    #[derive(Debug, PartialEq, Serialize)]
    struct LastLoose(u8, u8, serde_json::Value);
    impl<'de> Deserialize<'de> for LastLoose {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Three;
            impl<'de> Visitor<'de> for Three {
                type Value = LastLoose;

                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("three parts")
                }

                fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<LastLoose, A::Error> {
                    let missing = || Error::custom("too few");
                    if parts.size_hint() != Some(3) {
                        return Err(missing());
                    }
                    Ok(LastLoose(
                        parts.next_element()?.ok_or_else(missing)?,
                        parts.next_element()?.ok_or_else(missing)?,
                        parts.next_element()?.ok_or_else(missing)?,
                    ))
                }
            }
            deserializer.deserialize_tuple(3, Three)
        }
    }
    let error = built::<Of<LastLoose>>().unwrap_err();
    assert!(error.starts_with("2: serde_json::"), "{error}");
}

/// A struct of two fields. By position it reads both; by name the first, or it refuses.
#[derive(Debug, PartialEq)]
struct Pair<const BY_NAME: usize, V>(u8, V);

/// By name: only the first field, or an error, or nothing that can be read by name.
const FIRST: usize = 0;
const REFUSED: usize = 1;
const NEVER: usize = 2;

struct PairVisitor<const BY_NAME: usize, V>(PhantomData<V>);

impl<'de, const BY_NAME: usize, V: Deserialize<'de> + Default> Visitor<'de>
    for PairVisitor<BY_NAME, V>
{
    type Value = Pair<BY_NAME, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a pair")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Self::Value, A::Error> {
        let missing = || Error::custom("too few");
        let first = parts.next_element()?.ok_or_else(missing)?;
        Ok(Pair(first, parts.next_element()?.ok_or_else(missing)?))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
        if BY_NAME == NEVER {
            return Err(Error::custom("by position alone"));
        }
        let first: Option<(String, u8)> = fields.next_entry()?;
        let Some((_, first)) = first.filter(|_| BY_NAME == FIRST) else {
            return Err(Error::custom("refused"));
        };
        Ok(Pair(first, V::default()))
    }
}

impl<const BY_NAME: usize, V: Serialize> Serialize for Pair<BY_NAME, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Pair", 2)?;
        fields.serialize_field("first", &self.0)?;
        fields.serialize_field("second", &self.1)?;
        fields.end()
    }
}

impl<'de, const BY_NAME: usize, V: Deserialize<'de> + Default> Deserialize<'de>
    for Pair<BY_NAME, V>
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // With an alias, as derived code has it, or without.
        let fields: &[&str] = if BY_NAME == NEVER {
            &["first", "second"]
        } else {
            &["first", "second", "alias"]
        };
        deserializer.deserialize_struct("Pair", fields, PairVisitor(PhantomData))
    }
}

#[test]
fn a_struct_read_by_position_alone_is_looked_into_and_opens() {
    assert_opens(Pair::<NEVER, u8>(1, 2));
    let error = built::<Of<Pair<NEVER, serde_json::Value>>>().unwrap_err();
    assert!(error.starts_with("1: serde_json::"), "{error}");
}

#[test]
fn a_struct_that_reads_less_by_name_than_by_position_is_refused() {
    assert_eq!(
        sealed(&Of(Pair::<FIRST, u8>(1, 2))),
        Err(
            "first: it is written and not read; use serde(skip) in place of skip_deserializing"
                .into()
        )
    );
    assert_eq!(
        sealed(&Of(Pair::<REFUSED, u8>(1, 2))),
        Err("first: its Deserialize refuses what its Serialize wrote; let them agree".into())
    );
}

#[test]
fn a_field_that_a_struct_leaves_unread_by_position_is_named() {
    #[derive(Debug, PartialEq, Serialize)]
    struct Short {
        first: u8,
        second: u8,
    }
    impl<'de> Deserialize<'de> for Short {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct First;
            impl<'de> Visitor<'de> for First {
                type Value = Short;

                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("a field")
                }

                fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Short, A::Error> {
                    let first = parts.next_element()?.unwrap_or_default();
                    Ok(Short { first, second: 0 })
                }
            }
            deserializer.deserialize_struct("Short", &["first", "second"], First)
        }
    }
    let short = Short {
        first: 1,
        second: 2,
    };
    assert_eq!(
        sealed(&Of(short)),
        Err(
            "second: it is written and not read; use serde(skip) in place of skip_deserializing"
                .into()
        )
    );
}

#[test]
fn a_type_that_asks_is_told_that_the_encoding_is_not_human_readable() {
    #[derive(Debug, PartialEq)]
    struct Asking;
    impl Serialize for Asking {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            if serializer.is_human_readable() {
                serializer.serialize_str("text")
            } else {
                serializer.serialize_u8(1)
            }
        }
    }
    impl<'de> Deserialize<'de> for Asking {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            if deserializer.is_human_readable() {
                IgnoredAny::deserialize(deserializer).map(|_| Self)
            } else {
                u8::deserialize(deserializer).map(|_| Self)
            }
        }
    }
    assert_opens(Asking);
    assert_eq!(built::<Of<Asking>>(), Ok(()));
}

/// A made-up value that a type's own code refuses to write says nothing of the type.
#[test]
fn a_type_that_does_not_write_every_value_is_no_error_at_building() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct NotZero(u8);
    impl Serialize for NotZero {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            match self.0 {
                0 => Err(serde::ser::Error::custom("zero")),
                number => serializer.serialize_u8(number),
            }
        }
    }
    assert_eq!(built::<Of<NotZero>>(), Ok(()));
    assert_opens(NotZero(1));
}

/// Its first variant contains the enum itself: another run is led through the one that does not.
#[test]
fn what_follows_an_enum_that_contains_itself_is_looked_into_in_all_its_variants() {
    #[derive(Serialize, Deserialize)]
    enum Tree {
        Node(Box<Tree>),
        Leaf,
    }
    #[derive(Serialize, Deserialize)]
    enum Late {
        Fine,
        AlsoFine,
        FineAgain,
        Loose(serde_json::Value),
    }
    let error = built::<Of<(Tree, Late)>>().unwrap_err();
    assert!(error.starts_with("1.Loose: serde_json::"), "{error}");
}
