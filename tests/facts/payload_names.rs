//! What is sealed is what opens: whatever serde numbers or names differently when writing and when
//! reading is refused, at every place, by its name and path.

use std::collections::BTreeMap;

use sealed_session::{PayloadCause, SessionData};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::payload_types::{assert_opens, built, sealed};

/// Any type at all as a session.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Of<T>(pub(crate) T);

impl<T: Serialize + DeserializeOwned + 'static> SessionData for Of<T> {
    const NAME: &'static str = "of";
    const SCHEMA: u32 = 1;
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Role {
    Guest,
    #[serde(skip)]
    #[allow(
        dead_code,
        reason = "it takes a number when writing, and none when reading"
    )]
    System,
    Member,
    Moderator,
    Admin,
}

const MOVED: &str = "this variant would open as another one, since one before it is skipped; move \
                     skipped variants to the end of the enum";

#[test]
fn a_variant_behind_a_skipped_one_is_refused_and_never_opens_as_another() {
    assert_eq!(sealed(&Of(Role::Guest)), Ok(()));
    for (role, name) in [
        (Role::Member, "Member"),
        (Role::Moderator, "Moderator"),
        (Role::Admin, "Admin"),
    ] {
        assert_eq!(sealed(&Of(role)), Err(format!("{name}: {MOVED}")));
    }
    // And no codec is built for such a type.
    assert_eq!(built::<Of<Role>>(), Err(format!("Member: {MOVED}")));
}

#[derive(Serialize, Deserialize)]
struct Pair(u8, Role);

#[derive(Serialize, Deserialize)]
struct Wrapped(Role);

#[derive(Serialize, Deserialize)]
enum Holder {
    Empty,
    New(Role),
    Tuple(u8, Role),
    Struct { role: Role },
}

#[derive(Serialize, Deserialize)]
struct Deep {
    profile: Vec<Holder>,
}

#[test]
fn it_is_refused_at_every_place_in_which_it_can_be() {
    let role = || Role::Moderator;
    let moved = |path: &str| Err(format!("{path}: {MOVED}"));
    assert_eq!(sealed(&Of(Some(role()))), moved("Moderator"));
    assert_eq!(sealed(&Of(Box::new(role()))), moved("Moderator"));
    assert_eq!(
        sealed(&Of(vec![Role::Guest, role()])),
        moved("[1].Moderator")
    );
    assert_eq!(sealed(&Of((0, role()))), moved("1.Moderator"));
    assert_eq!(sealed(&Of([Role::Guest, role()])), moved("1.Moderator"));
    assert_eq!(sealed(&Of(Pair(0, role()))), moved("1.Moderator"));
    assert_eq!(sealed(&Of(Wrapped(role()))), moved("Moderator"));
    let keyed = BTreeMap::from([(role(), 0)]);
    assert_eq!(sealed(&Of(keyed)), moved("{key}.Moderator"));
    let valued = BTreeMap::from([(0, role())]);
    assert_eq!(sealed(&Of(valued)), moved("{value}.Moderator"));
    assert_eq!(sealed(&Of(Holder::Empty)), Ok(()));
    assert_eq!(sealed(&Of(Holder::New(role()))), moved("New.Moderator"));
    assert_eq!(
        sealed(&Of(Holder::Tuple(0, role()))),
        moved("Tuple.1.Moderator")
    );
    let holder = || Holder::Struct { role: role() };
    assert_eq!(sealed(&Of(holder())), moved("Struct.role.Moderator"));
    let deep = Deep {
        profile: vec![Holder::Empty, holder()],
    };
    assert_eq!(
        sealed(&Of(BTreeMap::from([(1, deep)]))),
        moved("{value}.profile[1].Struct.role.Moderator")
    );
    assert_eq!(
        built::<Of<Vec<Deep>>>(),
        moved("[].profile[].Tuple.1.Member")
    );
}

#[test]
fn a_skipped_variant_behind_all_others_moves_none() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Last {
        A,
        B(u8),
        #[serde(skip)]
        #[allow(dead_code, reason = "it is skipped")]
        C,
    }
    assert_opens(Last::A);
    assert_opens(Last::B(7));
    assert_eq!(built::<Of<Last>>(), Ok(()));
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum NotWritten {
    A,
    #[serde(skip_serializing)]
    B,
    C,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum NotRead {
    A,
    #[serde(skip_deserializing)]
    B,
    C,
}

#[test]
fn a_variant_skipped_on_one_side_is_refused_where_it_is_written_and_where_it_moves_others() {
    // Not written: the numbers agree, and the others open.
    assert_opens(NotWritten::A);
    assert_opens(NotWritten::C);
    assert_eq!(
        sealed(&Of(NotWritten::B)),
        Err("the session value: its Serialize failed; see what it refuses".into())
    );
    assert_opens(NotRead::A);
    assert_eq!(
        sealed(&Of(NotRead::B)),
        Err(
            "B: this variant is written and not read; remove skip_deserializing, or skip the \
             variant both ways"
                .into()
        )
    );
    assert_eq!(sealed(&Of(NotRead::C)), Err(format!("C: {MOVED}")));
}

#[test]
fn a_variant_that_is_read_as_other_is_refused() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Plain {
        A,
        B,
        #[serde(other)]
        Other,
    }
    // Alone it harms nobody.
    assert_opens(Plain::A);
    assert_opens(Plain::B);
    assert_opens(Plain::Other);

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Shifted {
        A,
        #[serde(skip)]
        #[allow(dead_code, reason = "it is skipped")]
        Skipped,
        B,
        #[serde(other)]
        Other,
    }
    assert_eq!(sealed(&Of(Shifted::B)), Err(format!("B: {MOVED}")));
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Swallowed {
        A,
        #[serde(skip_deserializing)]
        B,
        #[serde(other)]
        Other,
    }
    assert!(
        sealed(&Of(Swallowed::B))
            .unwrap_err()
            .starts_with("B: this variant is written and not read")
    );
}

#[test]
fn a_shift_that_aliases_hide_is_refused() {
    // The names told are A, x, B, C, D: the third is B, which has the number 2. But the third variant
    // that is read is C.
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Hidden {
        #[serde(alias = "x")]
        A,
        #[serde(skip)]
        #[allow(dead_code, reason = "it is skipped")]
        Skipped,
        B,
        C,
        D,
    }
    assert_opens(Hidden::A);
    for (variant, name) in [(Hidden::B, "B"), (Hidden::C, "C"), (Hidden::D, "D")] {
        assert_eq!(sealed(&Of(variant)), Err(format!("{name}: {MOVED}")));
    }
    // Of the fields told, a, x and b, the two written are a and x. But x is another name of a.
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Fields {
        #[serde(alias = "x")]
        a: u8,
        #[serde(rename(serialize = "x"))]
        b: u8,
    }
    assert_eq!(
        sealed(&Of(Fields { a: 1, b: 2 })),
        Err("x: it is written and not read; use serde(skip) in place of skip_deserializing".into())
    );
}

#[test]
fn variants_whose_names_differ_by_direction_are_refused() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Renamed {
        #[serde(rename(serialize = "a", deserialize = "b"))]
        First,
        Second,
    }
    assert_eq!(
        sealed(&Of(Renamed::First)),
        Err(
            "a: it is written as a and read as b; give it one name, and the other by serde(alias)"
                .into()
        )
    );
    assert_opens(Renamed::Second);
    // Swapped names: by number nothing moves, by name all does.
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Swapped {
        #[serde(rename(serialize = "a", deserialize = "b"))]
        First,
        #[serde(rename(serialize = "b", deserialize = "a"))]
        Second,
    }
    assert_eq!(sealed(&Of(Swapped::First)), Err(format!("a: {MOVED}")));
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Aliased {
        #[serde(rename(serialize = "a", deserialize = "b"), alias = "a")]
        First,
        #[serde(alias = "2", alias = "0")]
        Second(u8),
    }
    assert_opens(Aliased::First);
    assert_opens(Aliased::Second(2));
}

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

#[test]
fn a_cause_can_be_matched_and_has_its_path_apart() {
    let error = crate::payload_types::refusal::<Of<Role>>();
    assert_eq!(error.cause(), &PayloadCause::VariantMoved);
    assert_eq!(error.path(), "Member");
}

#[test]
fn a_tuple_whose_skipped_parts_are_as_many_on_both_sides_is_refused_at_building() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Numbers(
        #[serde(skip_serializing)] u8,
        u8,
        #[serde(skip_deserializing)] u8,
    );
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Texts {
        No,
        Yes(
            u8,
            #[serde(skip_serializing)] String,
            String,
            #[serde(skip_deserializing)] String,
        ),
    }
    let moved = |path: &str| {
        Err(format!(
            "{path}: this part is read in the place of another one; skip a field both ways or not at all"
        ))
    };
    assert_eq!(built::<Of<Numbers>>(), moved("0"));
    assert_eq!(built::<Of<Vec<(u8, Texts)>>>(), moved("[].1.Yes.1"));
    // What puts its own parts in order moves nothing.
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(from = "(u8, u8)")]
    struct Falling(u8, u8);
    impl From<(u8, u8)> for Falling {
        fn from((a, b): (u8, u8)) -> Self {
            Self(a.max(b), a.min(b))
        }
    }
    assert_eq!(built::<Of<Falling>>(), Ok(()));
}
