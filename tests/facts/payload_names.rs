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

#[test]
fn a_cause_can_be_matched_and_has_its_path_apart() {
    let error = crate::payload_types::refusal::<Of<Role>>();
    assert_eq!(error.cause(), &PayloadCause::VariantMoved);
    assert_eq!(error.path(), "Member");
}
