//! The types that people keep in sessions are accepted, and open as what they were.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::fmt::Debug;
use std::marker::PhantomData;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::{NonZeroI64, NonZeroU8, NonZeroU32, Wrapping};
use std::ops::{Bound, Range, RangeInclusive};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use sealed_session::{
    BuildError, Codec, Context, Epoch, KeyRing, PayloadError, RevocationState, RevocationView,
    SessionData,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

use crate::fixture::{NOW, at, key, random};
use crate::payload_names::Of;

fn build<T: SessionData>() -> Result<Codec<T>, BuildError> {
    // An audience of its own for each type, since all of them go by one name.
    Codec::builder(std::any::type_name::<T>(), &KeyRing::from_key(key(1))).build()
}

pub(crate) fn refusal<T: SessionData>() -> PayloadError {
    match build::<T>().map(|_| ()) {
        Err(BuildError::Payload(error)) => error,
        other => panic!("{other:?}"),
    }
}

/// What building a codec says of the type.
pub(crate) fn built<T: SessionData>() -> Result<(), String> {
    match build::<T>() {
        Ok(_) => Ok(()),
        Err(BuildError::Payload(error)) => Err(error.to_string()),
        Err(other) => panic!("{other:?}"),
    }
}

/// What sealing says of the value, whatever building says of its type.
pub(crate) fn sealed<T: SessionData>(value: &T) -> Result<(), String> {
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        sealed_session::testing::assert_encoding(value, "");
    }));
    let message = caught
        .unwrap_err()
        .downcast_ref::<String>()
        .unwrap()
        .clone();
    if message.starts_with("pin the encoding of") {
        return Ok(());
    }
    let name = format!("{}: ", std::any::type_name::<T>());
    Err(message.strip_prefix(&name).unwrap_or(&message).to_owned())
}

/// Seals and opens `value`.
pub(crate) fn opened<T: Serialize + DeserializeOwned + 'static>(value: T) -> T {
    let codec = build::<Of<T>>();
    let state = RevocationState::fixed(Epoch::ZERO);
    let context = Context::new(at(NOW), RevocationView::current(&state));
    let value = Of(value);
    // A type may be sound for some of its values only.
    let Ok(codec) = codec else {
        sealed(&value).unwrap();
        return value.0;
    };
    let sealed = codec.start(&value, &context, random(1)).unwrap();
    let session = codec.open(sealed.value(), &context).unwrap();
    session.into_value().0
}

pub(crate) fn assert_opens<T: Serialize + DeserializeOwned + 'static + PartialEq + Debug>(
    value: T,
) {
    let before = format!("{value:?}");
    let after = opened(value);
    assert_eq!(format!("{after:?}"), before);
}

/// And building takes the type.
fn assert_sound<T: Serialize + DeserializeOwned + 'static + PartialEq + Debug + Clone>(value: T) {
    assert_eq!(built::<Of<T>>(), Ok(()), "{}", std::any::type_name::<T>());
    assert_eq!(opened(value.clone()), value);
}

#[test]
fn numbers_texts_and_bytes_open_as_they_were() {
    assert_sound((u8::MAX, u16::MAX, u32::MAX, u64::MAX, u128::MAX, usize::MAX));
    assert_sound((i8::MIN, i16::MIN, i32::MIN, i64::MIN, i128::MIN, isize::MIN));
    assert_sound((f32::MAX, f64::MIN_POSITIVE, 'é', true));
    assert_sound(("text".to_owned(), Cow::<'static, str>::Owned("cow".into())));
    assert_sound(Box::<str>::from("boxed"));
    assert_sound((
        NonZeroU8::MIN,
        NonZeroU32::MAX,
        NonZeroI64::MIN,
        Wrapping(7_u16),
    ));
    assert_sound(PathBuf::from("/a"));
    assert_sound(std::ffi::CString::new("c").unwrap());
}

#[test]
fn containers_open_as_they_were() {
    assert_sound((Some(Some(1)), None::<Option<u8>>, Some(None::<u8>)));
    assert_sound(((), PhantomData::<String>, [1_u8, 2, 3], [(); 0], (1,)));
    assert_sound(vec![vec![], vec!["a".to_owned()]]);
    assert_sound(Box::new([1_u64, 2]));
    assert_sound((VecDeque::from([1]), LinkedList::from([2])));
    assert_sound((
        BTreeMap::from([((1, 'a'), "v".to_owned())]),
        BTreeSet::from([Some(2)]),
    ));
    assert_sound(HashMap::from([
        ("k".to_owned(), vec![1]),
        ("l".to_owned(), vec![]),
    ]));
    assert_sound(HashSet::from(["k".to_owned(), "l".to_owned()]));
    assert_eq!(opened(BinaryHeap::from([3, 1])).into_sorted_vec(), [1, 3]);
    assert_sound(vec![(); 200]);
}

#[test]
fn types_of_the_standard_library_open_as_they_were() {
    assert_sound(IpAddr::from(Ipv4Addr::LOCALHOST));
    assert_sound(IpAddr::from(Ipv6Addr::LOCALHOST));
    assert_sound(SocketAddr::from(([127, 0, 0, 1], 80)));
    assert_sound((Duration::from_millis(1500), SystemTime::UNIX_EPOCH));
    assert_sound(Range { start: 1, end: 3 });
    assert_sound(RangeInclusive::new('a', 'z'));
    assert_sound((
        Bound::Included(1),
        Bound::Excluded(2),
        Bound::<u8>::Unbounded,
    ));
    assert_sound((Ok::<u8, String>(1), Err::<u8, String>("e".into())));
    assert_sound(std::cell::Cell::new(3));
    assert_sound(std::cmp::Reverse(3));
}

#[test]
fn types_of_known_crates_open_as_they_were() {
    assert_sound(uuid::Uuid::from_u128(7));
    assert_sound(chrono::DateTime::<chrono::Utc>::from_timestamp(1_700_000_000, 5).unwrap());
    assert_sound(chrono::NaiveDate::from_ymd_opt(2026, 11, 25).unwrap());
    assert_sound(chrono::Weekday::Wed);
    assert_sound(time::OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap());
    assert_sound((
        time::Date::MAX,
        time::Time::MIDNIGHT,
        time::Duration::seconds(3),
    ));
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct With {
        #[serde(with = "chrono::serde::ts_seconds")]
        chrono: chrono::DateTime<chrono::Utc>,
        #[serde(with = "chrono::serde::ts_milliseconds_option")]
        maybe: Option<chrono::DateTime<chrono::Utc>>,
        #[serde(with = "time::serde::timestamp")]
        time: time::OffsetDateTime,
        #[serde(with = "rust_decimal::serde::str")]
        decimal: rust_decimal::Decimal,
        #[serde(with = "uuid::serde::simple")]
        uuid: uuid::Uuid,
    }
    let time = chrono::DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    assert_sound(With {
        chrono: time,
        maybe: Some(time),
        time: time::OffsetDateTime::UNIX_EPOCH,
        decimal: rust_decimal::Decimal::new(123, 2),
        uuid: uuid::Uuid::from_u128(1),
    });
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
struct Transparent {
    only: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(into = "(u8, String)", from = "(u8, String)")]
struct Converted {
    level: u8,
    name: String,
}

impl From<Converted> for (u8, String) {
    fn from(value: Converted) -> Self {
        (value.level, value.name)
    }
}

impl From<(u8, String)> for Converted {
    fn from((level, name): (u8, String)) -> Self {
        Self { level, name }
    }
}

/// Takes no value that a stranger would make up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
struct Checked(String);

impl From<Checked> for String {
    fn from(value: Checked) -> Self {
        value.0
    }
}

impl TryFrom<String> for Checked {
    type Error = &'static str;

    fn try_from(value: String) -> Result<Self, Self::Error> {
        if value == "only this" {
            Ok(Self(value))
        } else {
            Err("not that")
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Attributes {
    #[serde(rename = "type", alias = "kind")]
    type_name: String,
    #[serde(default = "five")]
    five: u8,
    with_serde_skip: u8,
    #[serde(skip)]
    skipped: u8,
}

impl Default for Attributes {
    fn default() -> Self {
        Self {
            type_name: String::new(),
            five: 5,
            with_serde_skip: 1,
            skipped: 0,
        }
    }
}

fn five() -> u8 {
    5
}

#[test]
fn attributes_that_work_both_ways_are_accepted() {
    assert_sound(Transparent { only: "a".into() });
    assert_sound(Converted {
        level: 1,
        name: "n".into(),
    });
    assert_sound(Attributes {
        type_name: "t".into(),
        ..Attributes::default()
    });
    assert_sound(Checked("only this".into()));
    assert_sound((
        1,
        Checked("only this".into()),
        Some(Transparent {
            only: String::new(),
        }),
    ));
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case", rename_all_fields = "UPPERCASE")]
    enum Named {
        OneWord,
        #[serde(alias = "second", alias = "0")]
        TwoWords {
            field_name: u8,
        },
        #[serde(rename = "III")]
        Three(u8, #[serde(skip)] u8, u8),
        Four((), Box<Option<Named>>),
    }
    assert_sound(vec![
        Named::OneWord,
        Named::TwoWords { field_name: 1 },
        Named::Three(1, 0, 3),
        Named::Four((), Box::new(Some(Named::OneWord))),
    ]);
}

#[test]
fn what_is_normalised_while_reading_is_no_mismatch() {
    fn lowercase<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
        String::deserialize(deserializer).map(|text| text.to_lowercase())
    }
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Mail {
        #[serde(deserialize_with = "lowercase")]
        address: String,
        or_default: u8,
    }
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(from = "Role")]
    struct Up(Role);
    #[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
    enum Role {
        Old,
        New,
    }
    impl From<Role> for Up {
        fn from(_: Role) -> Self {
            Self(Role::New)
        }
    }
    assert_eq!(built::<Of<Mail>>(), Ok(()));
    let mail = Mail {
        address: "A@B".into(),
        or_default: 3,
    };
    assert_eq!(opened(mail).address, "a@b");
    assert_eq!(opened(Up(Role::Old)), Up(Role::New));
    assert_eq!(opened(HashSet::from([1, 2])).len(), 2);
}

#[test]
fn types_that_contain_themselves_are_accepted_and_looked_through() {
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    enum Expression {
        Add(Box<Expression>, Box<Expression>),
        Many(Vec<Expression>),
        Number(i64),
        Named { name: String, of: Option<Box<Tree>> },
    }
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Tree {
        left: Option<Box<Tree>>,
        right: Option<Box<Tree>>,
        map: BTreeMap<String, Tree>,
        of: Vec<Expression>,
    }
    let leaf = || Tree {
        left: None,
        right: None,
        map: BTreeMap::new(),
        of: vec![],
    };
    let number = |n| Box::new(Expression::Number(n));
    assert_sound(Expression::Add(
        number(1),
        Box::new(Expression::Many(vec![
            Expression::Number(2),
            Expression::Named {
                name: "n".into(),
                of: Some(Box::new(leaf())),
            },
        ])),
    ));
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    enum Endless {
        Next(Box<Endless>),
    }
    assert_eq!(built::<Of<Option<Endless>>>(), Ok(()));
}
