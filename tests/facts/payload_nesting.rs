//! Nesting ends at 128 levels, whatever nests: at opening and at sealing.

use std::collections::{BTreeMap, BTreeSet};

use sealed_session::OpenErrorKind;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::decoding::open;
use crate::payload_names::Of;
use crate::payload_types::{built, sealed};

/// Checks where the type of `make` ends, whose innermost value takes `own` levels and each other one
/// `each`. The session itself is one level, and one more newtype another.
fn assert_ends<T: Serialize + DeserializeOwned + 'static>(
    own: usize,
    each: usize,
    make: impl Fn(usize) -> T,
) {
    let deep = ": it is nested deeper than 128 levels; make it flatter";
    for count in [0, 1, 30].into_iter().chain(40..=129) {
        let depth = 1 + own + each * count;
        let payload = postcard::to_allocvec(&make(count)).unwrap();
        let checks = [
            (depth, open::<T>(&payload).err(), sealed(&Of(make(count)))),
            (
                depth + 1,
                open::<Of<T>>(&payload).err(),
                sealed(&Of(Of(make(count)))),
            ),
        ];
        for (depth, opened, sealed) in checks {
            let name = std::any::type_name::<T>();
            let expected = (depth > 128).then_some(OpenErrorKind::Payload);
            assert_eq!(opened, expected, "{name} at {depth}");
            match sealed {
                Ok(()) => assert!(depth <= 128, "{name} at {depth}"),
                Err(error) => assert!(depth > 128 && error.ends_with(deep), "{name}: {error}"),
            }
        }
    }
}

/// `end` under `levels` of `more`.
fn nest<T>(levels: usize, end: T, more: impl Fn(T) -> T) -> T {
    (0..levels).fold(end, |inner, _| more(inner))
}

#[derive(Serialize, Deserialize)]
struct InOption(Option<Box<InOption>>);

#[derive(Serialize, Deserialize)]
struct InSeq(Vec<InSeq>);

#[derive(Serialize, Deserialize)]
struct InValue(BTreeMap<u8, InValue>);

#[derive(PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct InKey(BTreeMap<InKey, u8>);

#[derive(PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct InSet(BTreeSet<InSet>);

#[derive(Serialize, Deserialize)]
struct InTuple((u8, Vec<InTuple>));

#[derive(Serialize, Deserialize)]
struct InArray([Vec<InArray>; 1]);

#[derive(Serialize, Deserialize)]
struct InTupleStruct(u8, Vec<InTupleStruct>);

#[derive(Serialize, Deserialize)]
struct InStruct {
    inner: Vec<InStruct>,
}

#[derive(Serialize, Deserialize)]
enum InVariant {
    End,
    New(Box<InVariant>),
    Tuple(u8, Box<InVariant>),
    Struct { inner: Box<InVariant> },
}

#[test]
fn every_kind_of_nesting_is_counted_and_ends_at_128() {
    assert_ends(2, 2, |n| {
        nest(n, InOption(None), |inner| InOption(Some(Box::new(inner))))
    });
    assert_ends(2, 2, |n| nest(n, InSeq(vec![]), |inner| InSeq(vec![inner])));
    assert_ends(2, 2, |n| {
        nest(n, InValue(BTreeMap::new()), |inner| {
            InValue(BTreeMap::from([(0, inner)]))
        })
    });
    assert_ends(2, 2, |n| {
        nest(n, InKey(BTreeMap::new()), |inner| {
            InKey(BTreeMap::from([(inner, 0)]))
        })
    });
    assert_ends(2, 2, |n| {
        nest(n, InSet(BTreeSet::new()), |inner| {
            InSet(BTreeSet::from([inner]))
        })
    });
    assert_ends(3, 3, |n| {
        nest(n, InTuple((0, vec![])), |inner| InTuple((0, vec![inner])))
    });
    assert_ends(3, 3, |n| {
        nest(n, InArray([vec![]]), |inner| InArray([vec![inner]]))
    });
    assert_ends(2, 2, |n| {
        nest(n, InTupleStruct(0, vec![]), |inner| {
            InTupleStruct(0, vec![inner])
        })
    });
    assert_ends(2, 2, |n| {
        nest(n, InStruct { inner: vec![] }, |inner| InStruct {
            inner: vec![inner],
        })
    });
    assert_ends(1, 1, |n| {
        nest(n, InVariant::End, |inner| InVariant::New(Box::new(inner)))
    });
    assert_ends(1, 1, |n| {
        nest(n, InVariant::End, |inner| {
            InVariant::Tuple(0, Box::new(inner))
        })
    });
    assert_ends(1, 1, |n| {
        nest(n, InVariant::End, |inner| InVariant::Struct {
            inner: Box::new(inner),
        })
    });
}

#[test]
fn the_error_names_the_way_down() {
    let deep = |levels| {
        nest(levels, InStruct { inner: vec![] }, |inner| InStruct {
            inner: vec![inner],
        })
    };
    let way = "inner[0].".repeat(8);
    assert_eq!(
        sealed(&Of(deep(64))),
        Err(format!(
            "{}…: it is nested deeper than 128 levels; make it flatter",
            way.trim_end_matches('.')
        ))
    );
    // Sixteen steps are printed whole.
    type Deep<T> = Vec<Vec<Vec<Vec<Vec<Vec<Vec<Vec<T>>>>>>>>;
    for (error, way) in [
        (built::<Of<Deep<Deep<Value>>>>(), "[]".repeat(16)),
        (built::<Of<Deep<Deep<Vec<Value>>>>>(), "[]".repeat(16) + "…"),
    ] {
        let error = error.unwrap_err();
        assert!(error.starts_with(&format!("{way}: ")), "{error}");
    }
    // Whatever is far deeper does not take the stack before that.
    assert!(sealed(&Of(deep(3000))).is_err());
}

#[test]
fn nesting_ends_before_the_stack_does() {
    // On a stack far smaller than any server's thread has.
    let test = || {
        let deep = [vec![1; 3000], vec![0]].concat();
        assert!(open::<InVariant>(&deep).is_err());
        assert!(open::<InSeq>(&deep).is_err());
        assert!(open::<InOption>(&deep).is_err());
        assert!(open::<InVariant>(&[vec![1; 126], vec![0]].concat()).is_ok());
        assert!(
            sealed(&Of(nest(126, InVariant::End, |inner| InVariant::New(
                Box::new(inner)
            ))))
            .is_ok()
        );
    };
    std::thread::Builder::new()
        .stack_size(256 * 1024)
        .spawn(test)
        .unwrap()
        .join()
        .unwrap();
}
