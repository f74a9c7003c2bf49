//! The error says where and why, and names the way out. A codec of a type that would fail only with
//! some of its values, later and in production, is not built.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};

use sealed_session::{
    BuildError, Context, Epoch, PayloadCause, RevocationState, RevocationView, SealError,
};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::fixture::{NOW, Setting, at, random};
use crate::payload_names::Of;
use crate::payload_types::{built, refusal, sealed};

#[derive(Debug, Default, Serialize, Deserialize)]
struct Extra {
    theme: String,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Flat {
    id: u8,
    #[serde(flatten)]
    extra: Extra,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Profile {
    extra: Flat,
    roles: Vec<Loose>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Session {
    user: u64,
    profile: Profile,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Loose {
    settings: HashMap<String, Value>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type")]
enum Internally {
    A { a: u8 },
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "t", content = "c")]
enum Adjacently {
    Unit,
    New(u8),
    Struct { a: u8 },
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    A(u8),
}

#[derive(Debug, Serialize, Deserialize)]
enum PartlyUntagged {
    A,
    #[serde(untagged)]
    B(u8),
}

#[derive(Debug, Serialize, Deserialize)]
enum FlatVariant {
    A {
        #[serde(flatten)]
        extra: Extra,
    },
}

const FLATTEN: &str = "serde(flatten) needs field names, which this encoding leaves out; make it a \
                       plain field";
const VALUE: &str = "serde_json::value::Value needs an encoding that says what comes next, which \
                     this one does not; store it as text, by Json (feature json) or by serde(with)";
const INTERNALLY: &str = "an internally tagged enum needs field names, which this encoding leaves \
                          out; remove serde(tag)";
const ADJACENTLY: &str = "an adjacently tagged enum needs field names, which this encoding leaves \
                          out; remove serde(tag, content)";
const UNTAGGED: &str = "serde(untagged) needs an encoding that says what comes next, which this \
                        one does not; remove it";

fn error(path: &str, cause: &str) -> Result<(), String> {
    Err(format!("{path}: {cause}"))
}

#[test]
fn flatten_is_named_with_its_path_at_building_and_at_sealing() {
    assert_eq!(built::<Of<Session>>(), error("profile.extra", FLATTEN));
    assert_eq!(
        sealed(&Of(Session::default())),
        error("profile.extra", FLATTEN)
    );
    assert_eq!(built::<Of<Vec<Flat>>>(), error("[]", FLATTEN));
    assert_eq!(built::<Of<Flat>>(), error("the session value", FLATTEN));
    assert_eq!(built::<Of<Option<FlatVariant>>>(), error("A", FLATTEN));
}

#[test]
fn each_representation_that_cannot_be_read_is_named() {
    #[derive(Debug, Serialize, Deserialize)]
    struct Holds<T> {
        kind: Vec<Option<T>>,
    }
    let kind = "kind[]";
    assert_eq!(built::<Of<Holds<Internally>>>(), error(kind, INTERNALLY));
    assert_eq!(built::<Of<Holds<Adjacently>>>(), error(kind, ADJACENTLY));
    assert_eq!(built::<Of<Holds<Untagged>>>(), error(kind, UNTAGGED));
    assert_eq!(built::<Of<Holds<PartlyUntagged>>>(), error(kind, UNTAGGED));
    assert_eq!(
        sealed(&Of(Internally::A { a: 1 })),
        error("the session value", INTERNALLY)
    );
    assert_eq!(
        sealed(&Of(Adjacently::Unit)),
        error("the session value", ADJACENTLY)
    );
    for value in [Adjacently::Struct { a: 1 }, Adjacently::New(1)] {
        assert_eq!(sealed(&Of(value)), error("the session value", ADJACENTLY));
    }
    assert_eq!(
        sealed(&Of(Untagged::A(1))),
        error("the session value", UNTAGGED)
    );
}

#[test]
fn a_loose_type_is_refused_at_building_though_its_values_are_empty() {
    assert_eq!(
        built::<Of<HashMap<String, Value>>>(),
        error("{value}", VALUE)
    );
    assert_eq!(
        built::<Of<Option<Value>>>(),
        error("the session value", VALUE)
    );
    assert_eq!(built::<Of<Vec<Value>>>(), error("[]", VALUE));
    assert_eq!(built::<Of<Profile>>(), error("extra", FLATTEN));
    assert_eq!(
        built::<Of<(u8, Loose)>>(),
        error("1.settings{value}", VALUE)
    );
    // Behind variants, aliases, and types that insist on what they read.
    #[derive(Serialize, Deserialize)]
    enum Outer {
        Never,
        #[serde(alias = "later")]
        Late {
            #[serde(alias = "a", alias = "z")]
            key: std::num::NonZeroU8,
            when: chrono::DateTime<chrono::Utc>,
            inner: Vec<Inner>,
        },
    }
    #[derive(Serialize, Deserialize)]
    enum Inner {
        Fine(u8),
        Loose(BTreeMap<u8, Value>),
    }
    assert_eq!(
        built::<Of<Outer>>(),
        error("later.inner[].Loose{value}", VALUE)
    );
    // The same enum over other types is another one.
    assert_eq!(
        built::<Of<(Result<u8, u8>, Result<u8, Value>)>>(),
        error("1.Err", VALUE)
    );
    assert_eq!(sealed(&Of(vec![Value::Null])), error("[0]", VALUE));
}

#[test]
fn types_that_are_known_for_it_are_named() {
    let named = |path: &str, name: &str| {
        error(
            path,
            &format!(
                "{name} needs an encoding that says what comes next, which this one does not; store \
                 it as text, by Json (feature json) or by serde(with)"
            ),
        )
    };
    assert_eq!(
        built::<Of<Vec<rust_decimal::Decimal>>>(),
        named("[]", "rust_decimal::decimal::Decimal")
    );
    assert_eq!(
        built::<Of<Option<Box<serde_json::value::RawValue>>>>(),
        named(
            "the session value",
            "alloc::boxed::Box<serde_json::raw::RawValue>"
        )
    );
    assert_eq!(
        built::<Of<serde_json::Map<String, Value>>>(),
        named("{value}", "serde_json::value::Value")
    );
}

#[test]
fn skip_serializing_if_is_refused_at_building_and_not_with_the_first_value_left_out() {
    #[derive(Serialize, Deserialize)]
    struct Skipping {
        level: u8,
        #[serde(skip_serializing_if = "Option::is_none")]
        admin: Option<u8>,
    }
    const LEFT_OUT: &str = "it was left out, and the next field would be read in its place; remove \
                            skip_serializing_if";
    assert_eq!(built::<Of<Vec<Skipping>>>(), Ok(()));
    assert_eq!(built::<Of<(Skipping,)>>(), error("0.admin", LEFT_OUT));
    let none = Skipping {
        level: 1,
        admin: None,
    };
    assert_eq!(sealed(&Of(vec![none])), error("[0].admin", LEFT_OUT));
    assert_eq!(
        sealed(&Of(Skipping {
            level: 1,
            admin: Some(1)
        })),
        Ok(())
    );
}

#[test]
fn failures_of_the_types_own_code_are_told_apart_and_quote_nothing() {
    #[derive(Serialize, Deserialize)]
    struct Refusing {
        #[serde(serialize_with = "refuse")]
        secret: String,
    }
    fn refuse<S: Serializer>(value: &str, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom(format!("no {value}")))
    }
    let value = Of(BTreeMap::from([(
        "key".to_owned(),
        Refusing {
            secret: "hunter2".into(),
        },
    )]));
    assert_eq!(
        sealed(&value),
        error(
            "{value}.secret",
            "its Serialize failed; see what it refuses"
        )
    );
    #[derive(Debug, Serialize, Deserialize)]
    #[serde(try_from = "u8")]
    struct Even(u8);
    impl TryFrom<u8> for Even {
        type Error = String;
        fn try_from(value: u8) -> Result<Self, String> {
            if value.is_multiple_of(2) {
                Ok(Self(value))
            } else {
                Err(format!("{value} is odd"))
            }
        }
    }
    assert_eq!(
        sealed(&Of((0, vec![Even(2), Even(7)]))),
        error(
            "1[1]",
            "its Deserialize refuses what its Serialize wrote; let them agree"
        )
    );
    assert_eq!(built::<Of<Even>>(), Ok(()));
}

#[test]
fn an_unknown_length_and_too_many_empty_elements_have_causes_of_their_own() {
    #[derive(Serialize, Deserialize)]
    struct Filtered {
        #[serde(serialize_with = "odd")]
        numbers: Vec<u8>,
    }
    fn odd<S: Serializer>(numbers: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(numbers.iter().filter(|n| **n % 2 == 1))
    }
    let unknown = "a sequence or map has to know its length before it is written; collect it first";
    assert_eq!(
        sealed(&Of(Filtered {
            numbers: vec![1, 2]
        })),
        error("numbers", unknown)
    );
    assert_eq!(built::<Of<Filtered>>(), error("numbers", unknown));
    let many = "it has too many elements that take no bytes, such as (); store their number";
    for count in [1000, 200_000] {
        assert_eq!(
            sealed(&Of(vec![(); count])),
            error("the session value", many)
        );
    }
    // More elements than are compared, in 3072 bytes.
    let value = (vec![(); 70_000], "x".repeat(3067));
    assert_eq!(sealed(&Of(value)), error("the session value", many));
}

#[test]
fn a_value_of_very_many_parts_is_too_long_and_nothing_else() {
    let codec = Setting::of_test("a value of very many parts").codec_of::<Of<Vec<u8>>>();
    let state = RevocationState::fixed(Epoch::ZERO);
    let context = Context::new(at(NOW), RevocationView::current(&state));
    for count in [5000, 70_000] {
        let sealed = codec.start(&Of(vec![1; count]), &context, random(1));
        assert!(matches!(sealed, Err(SealError::TooLong { .. })), "{count}");
    }
}

#[test]
fn a_value_that_its_own_type_refuses_is_an_error_at_sealing() {
    #[derive(Serialize)]
    struct Even(u8);
    impl<'de> Deserialize<'de> for Even {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            match u8::deserialize(deserializer)? {
                odd if odd % 2 == 1 => Err(D::Error::custom("odd")),
                even => Ok(Self(even)),
            }
        }
    }
    assert_eq!(sealed(&Of((Even(2), 7u8))), Ok(()));
    let refused = sealed(&Of((Even(1), 7u8))).unwrap_err();
    let why = "its Deserialize refuses what its Serialize wrote; let them agree";
    assert_eq!(refused, format!("0: {why}"));
}

#[test]
fn a_type_that_refuses_a_value_only_the_first_time_is_refused_whole() {
    thread_local!(static ASKED: Cell<u32> = const { Cell::new(0) });
    #[derive(Serialize)]
    struct Moody(u8);
    impl<'de> Deserialize<'de> for Moody {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let value = u8::deserialize(deserializer)?;
            ASKED.set(ASKED.get() + 1);
            match (value, ASKED.get()) {
                (7, 1) => Err(D::Error::custom("not now")),
                _ => Ok(Self(value)),
            }
        }
    }
    let why = "its Deserialize refuses what its Serialize wrote; let them agree";
    let refused = sealed(&Of(Moody(7))).unwrap_err();
    assert_eq!(refused, format!("the session value: {why}"));
}

#[test]
fn the_error_of_building_and_of_sealing_is_one_and_says_so() {
    let found = refusal::<Of<Session>>();
    assert_eq!(
        (found.path(), found.cause()),
        ("profile.extra", &PayloadCause::Flatten)
    );
    assert_eq!(
        BuildError::from(found.clone()).to_string(),
        format!("the session type cannot be sealed: profile.extra: {FLATTEN}")
    );
    let sealing = SealError::from(found);
    assert_eq!(
        sealing.to_string(),
        format!("cannot seal a session: profile.extra: {FLATTEN}")
    );
    assert_eq!(sealing.name(), "payload");
}
