//! Payloads that a key holder could write to hurt a server. Obligation 28; allocation is measured
//! in `tests/allocations.rs`.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;

use sealed_session::{OpenErrorKind, SessionData};
use serde::de::{DeserializeOwned, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::fixture::{NOW, Setting, claims, open_with};

/// Any type at all as a session.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Of<T>(T);

impl<T: Serialize + DeserializeOwned + 'static> SessionData for Of<T> {
    const NAME: &'static str = "of";
    const SCHEMA: u32 = 1;
}

pub(crate) fn open<T: Serialize + DeserializeOwned + 'static>(
    payload: &[u8],
) -> Result<T, OpenErrorKind> {
    let setting = Setting {
        protection: sealed_session::Protection::Signed,
        ..Setting::of_type::<T>()
    };
    let token = setting.forge_payload(&claims(), payload);
    let codec = setting.codec_of::<Of<T>>();
    open_with(&codec, token, NOW, b"").map(|session| session.into_value().0)
}

const HUGE: [u8; 10] = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];

#[test]
fn left_over_bytes_are_an_error() {
    assert_eq!(open::<u8>(&[7]), Ok(7));
    assert_eq!(open::<u8>(&[7, 0]), Err(OpenErrorKind::Payload));
    assert_eq!(open::<()>(&[]), Ok(()));
    assert_eq!(open::<()>(&[0]), Err(OpenErrorKind::Payload));
    assert_eq!(open::<Option<u8>>(&[0, 0]), Err(OpenErrorKind::Payload));
}

#[test]
fn hostile_lengths_are_errors_for_every_container() {
    for len in [&HUGE[..], &[0xff, 0xff, 0xff, 0x7f], &[0x80, 0x20], &[1]] {
        let bad = Err(OpenErrorKind::Payload);
        assert_eq!(open::<String>(len).map(|_| ()), bad);
        assert_eq!(open::<Vec<u8>>(len).map(|_| ()), bad);
        assert_eq!(open::<Vec<u64>>(len).map(|_| ()), bad);
        assert_eq!(open::<Vec<String>>(len).map(|_| ()), bad);
        assert_eq!(open::<VecDeque<u32>>(len).map(|_| ()), bad);
        assert_eq!(open::<HashMap<u64, u64>>(len).map(|_| ()), bad);
        assert_eq!(open::<BTreeMap<String, u64>>(len).map(|_| ()), bad);
        assert_eq!(open::<Vec<HashMap<u64, u64>>>(len).map(|_| ()), bad);
    }
}

#[test]
fn elements_without_bytes_are_not_counted_out_for_ever() {
    #[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
    struct Empty {}
    assert_eq!(open::<Vec<()>>(&[100]), Ok(vec![(); 100]));
    assert_eq!(open::<Vec<()>>(&HUGE), Err(OpenErrorKind::Payload));
    assert_eq!(open::<Vec<Empty>>(&HUGE), Err(OpenErrorKind::Payload));
    assert_eq!(open::<HashMap<(), ()>>(&HUGE), Err(OpenErrorKind::Payload));
    let nested = [&[3][..], &HUGE, &HUGE, &HUGE].concat();
    assert_eq!(open::<Vec<Vec<()>>>(&nested), Err(OpenErrorKind::Payload));
}

#[test]
fn honest_values_of_every_shape_are_within_the_bounds() {
    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    struct Nested {
        a: Vec<Inner>,
        b: HashMap<String, Vec<u16>>,
        c: Option<Option<bool>>,
        d: (u8, (i16, i128)),
        e: Vec<Vec<Vec<u8>>>,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Inner {
        only: Vec<Choice>,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Choice {
        Unit,
        New(String),
        Tuple(u8, char),
        Struct { f: f64 },
    }
    let choices = || {
        vec![
            Choice::Unit,
            Choice::New("n".into()),
            Choice::Tuple(1, 'é'),
            Choice::Struct { f: 0.5 },
        ]
    };
    let value = Of(Nested {
        a: (0..60).map(|_| Inner { only: choices() }).collect(),
        b: HashMap::from([("k".into(), vec![1, 300]), (String::new(), vec![])]),
        c: Some(Some(true)),
        d: (1, (-2, i128::MIN)),
        // Every byte is the length of an empty vector.
        e: vec![vec![Vec::new(); 40]; 40],
    });
    let state = sealed_session::RevocationState::fixed(sealed_session::Epoch::ZERO);
    let context = sealed_session::Context::new(
        crate::fixture::at(NOW),
        sealed_session::RevocationView::current(&state),
    );
    let codec = Setting::of_type::<Nested>().codec_of::<Of<Nested>>();
    let sealed = codec
        .start(&value, &context, crate::fixture::random(1))
        .unwrap();
    assert_eq!(
        codec.open(sealed.value(), &context).unwrap().value(),
        &value
    );
}

/// The size hint with which a sequence or a map came.
#[derive(Debug, PartialEq)]
struct Hint<const IS_MAP: bool>(Option<usize>);

impl<const IS_MAP: bool> Serialize for Hint<IS_MAP> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if IS_MAP {
            serializer.collect_map([(1u8, 1u8)])
        } else {
            serializer.collect_seq([1u8])
        }
    }
}

impl<'de, const IS_MAP: bool> Deserialize<'de> for Hint<IS_MAP> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Asks;
        impl<'de> Visitor<'de> for Asks {
            type Value = Option<usize>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a sequence or a map")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Option<usize>, A::Error> {
                let hint = seq.size_hint();
                while seq.next_element::<u8>()?.is_some() {}
                Ok(hint)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Option<usize>, A::Error> {
                let hint = map.size_hint();
                while map.next_entry::<u8, u8>()?.is_some() {}
                Ok(hint)
            }
        }
        if IS_MAP {
            deserializer.deserialize_map(Asks).map(Self)
        } else {
            deserializer.deserialize_seq(Asks).map(Self)
        }
    }
}

#[test]
fn a_list_tells_its_length_where_the_payload_has_room_for_it_and_a_map_never_does() {
    assert_eq!(open::<Hint<false>>(&[3, 7, 8, 9]), Ok(Hint(Some(3))));
    assert_eq!(open::<Hint<false>>(&[0]), Ok(Hint(Some(0))));
    assert_eq!(open::<Hint<true>>(&[2, 1, 1, 2, 2]), Ok(Hint(None)));
}
