//! What has no fixed type goes into a session as JSON text.

use std::collections::BTreeMap;

use sealed_session::{Json, testing};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::payload_names::Of;
use crate::payload_types::{built, opened, sealed};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Visit {
    user: u64,
    extra: Json<BTreeMap<String, Value>>,
    last: Option<Json<Value>>,
}

fn visit() -> Visit {
    let mut visit = Visit {
        user: 7,
        extra: Json::default(),
        last: Some(json!(null).into()),
    };
    visit.extra.insert("theme".into(), "dark".into());
    visit
        .extra
        .insert("cart".into(), json!([1, 2.5, {"a": [null, true]}]));
    visit
}

#[test]
fn json_holds_what_nothing_else_can_and_opens_as_it_was() {
    assert_eq!(built::<Of<Visit>>(), Ok(()));
    assert_eq!(opened(visit()), visit());
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "type", rename_all = "snake_case")]
    enum Tagged {
        A {
            #[serde(flatten)]
            rest: BTreeMap<String, u8>,
        },
    }
    let tagged = || Tagged::A {
        rest: BTreeMap::from([("b".into(), 1)]),
    };
    assert_eq!(opened(vec![Json(tagged())]), [Json(tagged())]);
    assert_eq!(
        opened(Json(rust_decimal::Decimal::new(12345, 2))).into_inner(),
        rust_decimal::Decimal::new(12345, 2)
    );
}

#[test]
fn it_is_text_in_the_encoding() {
    testing::assert_encoding(&Of(Json(json!({"a": 1}))), "1:077b2261223a317d");
}

#[test]
fn a_field_in_it_may_come_later_under_the_same_schema() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Before {
        a: u8,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct After {
        #[serde(default)]
        b: Vec<u8>,
        a: u8,
    }
    let before = postcard::to_allocvec(&Json(Before { a: 1 })).unwrap();
    let after: Json<After> = crate::decoding::open(&before).unwrap();
    assert_eq!(after.into_inner(), After { b: vec![], a: 1 });
}

#[test]
fn what_has_no_form_in_json_is_refused_at_sealing_and_quotes_nothing() {
    let keys = BTreeMap::from([((1, 2), "hunter2".to_owned())]);
    assert_eq!(
        sealed(&Of((0, Json(keys)))),
        Err("1: its Serialize failed; see what it refuses".into())
    );
    // Written as null, which is no number.
    assert_eq!(
        sealed(&Of((0, Json(f64::NAN)))),
        Err("1: its Deserialize refuses what its Serialize wrote; let them agree".into())
    );
}

#[test]
fn what_is_no_text_is_refused_with_what_was_expected() {
    let error = serde_json::from_str::<Json<u8>>("7").unwrap_err();
    assert!(error.to_string().contains("expected JSON text"), "{error}");
}
