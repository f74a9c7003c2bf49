//! Values that take no bytes, and parts that were announced and not written: what is read for them is
//! nothing of what follows.

use std::collections::BTreeMap;

use serde::de::Deserializer;
use serde::ser::{SerializeStruct, SerializeTuple, Serializer};
use serde::{Deserialize, Serialize};

use crate::payload_names::Of;
use crate::payload_types::{assert_opens, sealed};

fn no_bytes<S: Serializer>(_: &u8, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_unit()
}

fn empty_struct<S: Serializer>(_: &u8, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_struct("Empty", 0)?.end()
}

fn empty_tuple<S: Serializer>(_: &u8, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_tuple(0)?.end()
}

fn nothing<'de, D: Deserializer<'de>>(_: D) -> Result<u8, D::Error> {
    Ok(7)
}

fn unit<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    <()>::deserialize(deserializer).map(|()| 7)
}

fn array_of_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    <[u8; 0]>::deserialize(deserializer).map(|[]| 7)
}

/// What takes no byte may be read as anything that takes none: no other part can be read in its place.
#[test]
fn what_takes_no_bytes_need_not_be_read_as_what_it_was_written_as() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Inner {
        level: u8,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Empty {}
    macro_rules! opens {
        ($($name:ident $write:literal $read:literal;)*) => {$(
            #[derive(Debug, PartialEq, Serialize, Deserialize)]
            struct $name {
                #[serde(serialize_with = $write, deserialize_with = $read)]
                before: u8,
                number: u8,
                #[serde(serialize_with = $write, deserialize_with = $read)]
                last: u8,
            }
            assert_opens($name { before: 7, number: 2, last: 7 });
        )*};
    }
    opens! {
        UnitUnread "no_bytes" "nothing";
        UnitRead "no_bytes" "unit";
        StructUnread "empty_struct" "nothing";
        StructRead "empty_struct" "unit";
        TupleUnread "empty_tuple" "nothing";
        TupleRead "empty_tuple" "unit";
    }
    // A struct that follows is told from one without fields.
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Followed {
        #[serde(serialize_with = "empty_struct", deserialize_with = "unit")]
        before: u8,
        inner: Inner,
        empty: Empty,
    }
    let inner = Inner { level: 2 };
    assert_opens(Followed {
        before: 7,
        inner,
        empty: Empty {},
    });
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct FollowedByMore {
        #[serde(serialize_with = "empty_struct", deserialize_with = "array_of_none")]
        before: u8,
        pair: (u8, u8),
        #[serde(serialize_with = "empty_tuple", deserialize_with = "array_of_none")]
        last: u8,
    }
    assert_opens(FollowedByMore {
        before: 7,
        pair: (1, 2),
        last: 7,
    });
}

/// Announces two parts and writes one: the encoding of tuples and structs has no count, and one is read.
#[test]
fn a_tuple_or_struct_that_announces_more_parts_than_it_writes_is_what_was_written() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Fields {
        level: u8,
    }
    impl Serialize for Fields {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut fields = serializer.serialize_struct("Fields", 2)?;
            fields.serialize_field("level", &self.level)?;
            fields.end()
        }
    }
    #[derive(Debug, PartialEq, Deserialize)]
    struct Parts((u8,));
    impl Serialize for Parts {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut parts = serializer.serialize_tuple(2)?;
            parts.serialize_element(&self.0.0)?;
            parts.end()
        }
    }
    assert_opens((Fields { level: 1 }, 2_u8));
    assert_opens((Parts((1,)), 2_u8));
}

#[test]
fn a_tuple_is_read_from_the_fields_of_a_struct_and_nothing_from_none() {
    #[derive(Debug, PartialEq)]
    struct AsTuple(u8, u8);
    impl Serialize for AsTuple {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut fields = serializer.serialize_struct("AsTuple", 2)?;
            fields.serialize_field("a", &self.0)?;
            fields.serialize_field("b", &self.1)?;
            fields.end()
        }
    }
    impl<'de> Deserialize<'de> for AsTuple {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            Deserialize::deserialize(deserializer).map(|(a, b)| Self(a, b))
        }
    }
    assert_opens((AsTuple(1, 2), 3_u8));
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct NoParts();
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(from = "NoParts")]
    struct FromNoParts;
    impl From<NoParts> for FromNoParts {
        fn from(_: NoParts) -> Self {
            Self
        }
    }
    impl Serialize for FromNoParts {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_unit()
        }
    }
    assert_opens((FromNoParts, NoParts(), 3_u8));
}

/// A variant's parts are its own: none of what follows is read for them.
#[test]
fn a_variant_written_without_parts_is_read_with_none_or_refused() {
    macro_rules! form {
        ($name:ident $read:item) => {
            #[derive(Debug, PartialEq)]
            struct $name;
            impl Serialize for $name {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.serialize_unit_variant("Form", 0, "Only")
                }
            }
            impl<'de> Deserialize<'de> for $name {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    #[derive(Deserialize)]
                    $read
                    Form::deserialize(deserializer).map(|_| Self)
                }
            }
        };
    }
    form! { NoTuple enum Form { Only() } }
    form! { NoFields enum Form { Only {} } }
    form! { Tuple #[allow(dead_code, reason = "read")] enum Form { Only(u8, u8) } }
    form! { Fields #[allow(dead_code, reason = "read")] enum Form { Only { a: u8 } } }
    assert_opens((NoTuple, 1_u8));
    assert_opens((NoFields, 1_u8));
    let not_written = Err(
        "0.Only: it is read and not written; use serde(skip) in place of skip_serializing".into(),
    );
    assert_eq!(sealed(&Of((Tuple, (1_u8, 2_u8)))), not_written);
    assert_eq!(sealed(&Of((Fields, Next { a: 1 }))), not_written);
}

/// The bytes of one part that is a tuple are those of two parts, and of one that is not are another's.
#[test]
fn a_variant_written_with_one_part_is_read_with_one() {
    macro_rules! reads {
        ($name:ident $read:item) => {
            #[derive(Debug, PartialEq)]
            struct $name<P>(P);
            impl<P: Serialize> Serialize for $name<P> {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.serialize_newtype_variant("Form", 0, "Only", &self.0)
                }
            }
            impl<'de, P: Default> Deserialize<'de> for $name<P> {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    #[derive(Deserialize)]
                    $read
                    Form::deserialize(deserializer).map(|_| Self(P::default()))
                }
            }
        };
    }
    reads! { NoTuple enum Form { Only() } }
    reads! { NoFields enum Form { Only {} } }
    reads! { Tuple #[allow(dead_code, reason = "read")] enum Form { Only(u8, u8) } }
    reads! { Fields #[allow(dead_code, reason = "read")] enum Form { Only { a: u8 } } }
    let refused = |read: &str| {
        Err(format!(
            "0.Only: it is written as one part and read as {read}; let Serialize and Deserialize, \
             or serialize_with and deserialize_with, agree"
        ))
    };
    assert_eq!(sealed(&Of((NoTuple(5_u8), 1_u8))), refused("a tuple"));
    assert_eq!(sealed(&Of((Tuple((5_u8, 6_u8)), 1_u8))), refused("a tuple"));
    assert_eq!(sealed(&Of((NoFields(5_u8), 1_u8))), refused("a struct"));
    assert_eq!(
        sealed(&Of((Fields(Next { a: 5 }), 1_u8))),
        refused("a struct")
    );
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Next {
    a: u8,
}

/// The encoding has no boundaries: what one part leaves unread would be read by the next.
#[test]
fn what_a_part_leaves_unread_is_not_read_by_one_that_was_not_written() {
    fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
        u8::deserialize(deserializer)
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Unread(#[serde(deserialize_with = "nothing")] u8);
    #[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
    struct Unwritten(#[serde(serialize_with = "no_bytes", deserialize_with = "number")] u8);
    #[derive(Serialize, Deserialize)]
    struct Fields {
        level: Unread,
        admin: Unwritten,
    }
    #[derive(Serialize, Deserialize)]
    enum Variant {
        Fields { level: Unread, admin: Unwritten },
        Tuple(Unread, Unwritten),
    }
    let refused = |path: &str| {
        Err(format!(
            "{path}: it is written as u8 and read as nothing; let Serialize and Deserialize, or \
             serialize_with and deserialize_with, agree"
        ))
    };
    let (level, admin) = (|| Unread(1), || Unwritten(0));
    let fields = |level, admin| Fields { level, admin };
    assert_eq!(sealed(&Of(fields(level(), admin()))), refused("level"));
    assert_eq!(sealed(&Of((level(), admin()))), refused("0"));
    assert_eq!(sealed(&Of(vec![(level(), admin())])), refused("[0].0"));
    let map = BTreeMap::from([(1, level()), (2, level())]);
    assert_eq!(sealed(&Of((map, admin()))), refused("0{value}"));
    let variant = Variant::Fields {
        level: level(),
        admin: admin(),
    };
    assert_eq!(sealed(&Of(variant)), refused("Fields.level"));
    let variant = Variant::Tuple(level(), admin());
    assert_eq!(sealed(&Of(variant)), refused("Tuple.0"));
    // Nor by the key that follows, or by a part of what comes after.
    let map = BTreeMap::from([(admin(), 1_u8), (Unwritten(1), 2)]);
    assert!(sealed(&Of((level(), map))).is_err());
    assert_eq!(sealed(&Of(((7_u8, level()), admin()))), refused("0.1"));
}
