//! A field that is written and not read, or read and not written, or under another name or as another
//! kind, is refused by its name and path, in structs, tuples and variants alike.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::payload_names::Of;
use crate::payload_types::{assert_opens, built, sealed};

const NOT_READ: &str = "it is written and not read; use serde(skip) in place of skip_deserializing";
const NOT_WRITTEN: &str =
    "it is read and not written; use serde(skip) in place of skip_serializing";

#[test]
fn a_field_skipped_on_one_side_is_refused_even_where_the_bytes_would_decode() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Unwritten {
        #[serde(skip_serializing, default)]
        admin: u8,
        level: u8,
    }
    let value = Of(vec![Unwritten { admin: 0, level: 1 }]);
    assert_eq!(sealed(&value), Err(format!("[0].admin: {NOT_WRITTEN}")));
    assert_eq!(
        built::<Of<Unwritten>>(),
        Err(format!("admin: {NOT_WRITTEN}"))
    );

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Required {
        level: u8,
        #[serde(skip_serializing)]
        admin: u8,
    }
    let value = Of((Required { admin: 0, level: 1 }, 0_u8));
    assert_eq!(sealed(&value), Err(format!("0.admin: {NOT_WRITTEN}")));

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Unread {
        level: u8,
        #[serde(skip_deserializing)]
        admin: u8,
    }
    let value = Of(Some(Unread { admin: 0, level: 1 }));
    assert_eq!(sealed(&value), Err(format!("admin: {NOT_READ}")));

    // As many are written as are read, and all are zero.
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Balanced {
        #[serde(skip_serializing, default)]
        a: u8,
        b: u8,
        #[serde(skip_deserializing)]
        c: u8,
    }
    let value = Of(Balanced { a: 9, b: 0, c: 0 });
    assert_eq!(sealed(&value), Err(format!("c: {NOT_READ}")));

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Both {
        #[serde(skip)]
        a: u8,
        b: u8,
        #[serde(skip)]
        c: Option<String>,
    }
    assert_opens(Both {
        a: 0,
        b: 7,
        c: None,
    });
}

#[test]
fn what_one_struct_leaves_out_another_does_not_make_good() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Less {
        #[serde(skip_serializing, default)]
        x: u8,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct More {
        #[serde(skip_deserializing)]
        x: u8,
    }
    // The byte of the second would be read by the first.
    let value = Of((Less { x: 1 }, More { x: 2 }));
    assert!(sealed(&value).is_err());
    assert!(built::<Of<(Less, More)>>().is_err());
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Tuples((), LessTuple, MoreTuple);
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct LessTuple(#[serde(skip_serializing)] u8, u8);
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct MoreTuple(#[serde(skip_deserializing)] u8, u8);
    assert!(sealed(&Of(Tuples((), LessTuple(1, 2), MoreTuple(3, 4)))).is_err());
    assert!(built::<Of<Tuples>>().is_err());
}

#[test]
fn fields_whose_names_differ_by_direction_are_refused() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Renamed {
        id: u8,
        #[serde(rename(serialize = "a", deserialize = "b"))]
        name: String,
    }
    let value = Of(Renamed {
        id: 1,
        name: "n".into(),
    });
    assert_eq!(
        sealed(&value),
        Err(
            "a: it is written as a and read as b; give it one name, and the other by serde(alias)"
                .into()
        )
    );
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Swapped {
        #[serde(rename(serialize = "a", deserialize = "b"))]
        one: u8,
        #[serde(rename(serialize = "b", deserialize = "a"))]
        two: u8,
    }
    assert!(sealed(&Of(Swapped { one: 1, two: 2 })).is_err());
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Aliased {
        #[serde(alias = "identity", alias = "_id")]
        id: u8,
        #[serde(rename(serialize = "a", deserialize = "b"), alias = "a")]
        name: String,
        #[serde(default, alias = "z")]
        last: Option<u8>,
    }
    assert_opens(Aliased {
        id: 1,
        name: "n".into(),
        last: Some(3),
    });
}

#[test]
fn struct_variants_and_tuple_variants_are_as_strict_as_structs() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Variants {
        Struct {
            #[serde(skip_serializing, default)]
            a: u8,
            b: u8,
        },
        LeftOut {
            #[serde(skip_serializing_if = "Option::is_none")]
            a: Option<u8>,
            b: u8,
        },
        Tuple(#[serde(skip_serializing, default)] u8, u8),
        TupleLeftOut(
            #[serde(skip_serializing_if = "Option::is_none")] Option<u8>,
            u8,
            u8,
        ),
        New(#[serde(skip_serializing, default)] u8),
        Unread(#[serde(skip_deserializing)] u8),
    }
    assert_eq!(
        sealed(&Of(Variants::Struct { a: 0, b: 0 })),
        Err(format!("Struct.a: {NOT_WRITTEN}"))
    );
    assert_eq!(
        sealed(&Of(Variants::LeftOut { a: None, b: 0 })),
        Err(
            "LeftOut.a: it was left out, and the next field would be read in its place; remove \
             skip_serializing_if"
                .into()
        )
    );
    assert_opens(Variants::LeftOut { a: Some(1), b: 2 });
    let lengths = |path: &str, written, read| {
        Err(format!(
            "{path}: {written} written and {read} read; let Serialize and Deserialize agree, and \
             skip a field both ways or not at all"
        ))
    };
    assert_eq!(
        sealed(&Of(Variants::Tuple(0, 0))),
        lengths("Tuple", "1 part is", 2)
    );
    assert_eq!(
        sealed(&Of(Variants::TupleLeftOut(None, 0, 0))),
        lengths("TupleLeftOut", "2 parts are", 3)
    );
    assert_eq!(
        sealed(&Of(Variants::New(0))),
        Err(format!("New: {NOT_WRITTEN}"))
    );
    assert_eq!(
        sealed(&Of(Variants::Unread(0))),
        Err(format!("Unread: {NOT_READ}"))
    );
}

#[test]
fn a_kind_that_differs_is_refused_even_where_it_would_decode() {
    mod as_i64 {
        use serde::{Deserialize, Deserializer, Serializer};

        pub(super) fn serialize<S: Serializer>(
            value: &u64,
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            serializer.serialize_i64(*value as i64)
        }

        pub(super) fn deserialize<'de, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<u64, D::Error> {
            u64::deserialize(deserializer)
        }
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Stamp {
        #[serde(with = "as_i64")]
        at: u64,
    }
    let differs = |path: &str| {
        Err(format!(
            "{path}: it is written as i64 and read as u64; let Serialize and Deserialize, or \
             serialize_with and deserialize_with, agree"
        ))
    };
    assert_eq!(sealed(&Of(Stamp { at: 0 })), differs("at"));
    assert_eq!(built::<Of<Vec<Stamp>>>(), differs("[].at"));
    let nested = BTreeMap::from([(Some(1), vec![(0, Stamp { at: 1 })])]);
    assert_eq!(sealed(&Of(nested)), differs("{value}[0].1.at"));
}
