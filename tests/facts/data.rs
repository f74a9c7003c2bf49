//! A struct that changed still opens yesterday's cookies, and a forgotten bump fails a test.

use std::collections::{BTreeMap, HashMap, HashSet};

use sealed_session::testing::{assert_encoding, assert_layout, assert_migrates};
use sealed_session::{
    Context, Epoch, Migration, OldPayload, OpenErrorKind, RevocationState, RevocationView,
    SealError, SessionData,
};
use serde::{Deserialize, Serialize};

use crate::account::{Account, typical};
use crate::fixture::{BOTH, NOW, Setting, at, claims, open_with, random};
use crate::oracle::OracleClaims;

/// The third layout of `Account`, which still reads the first.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct AccountV3 {
    name: String,
    user: u64,
    admin: bool,
}

impl SessionData for AccountV3 {
    const NAME: &'static str = "account-v3";
    const SCHEMA: u32 = 3;

    fn migrate(old: OldPayload<'_>) -> Migration<Self> {
        match old.schema() {
            1 => {
                let Account { user, name, roles } = old.decode()?;
                let admin = roles.iter().any(|role| role == "admin");
                Ok(Self { name, user, admin })
            }
            _ => old.unsupported(),
        }
    }
}

fn migrated() -> AccountV3 {
    AccountV3 {
        name: "alice".into(),
        user: 69_245,
        admin: true,
    }
}

#[test]
fn a_struct_that_changed_opens_yesterdays_cookie_and_is_due_for_renewal() {
    for protection in BOTH {
        let setting = Setting {
            protection,
            ..Setting::of_test("a struct that changed")
        };
        let yesterdays = setting.forge_claims(&claims());
        let codec = setting.codec_of::<AccountV3>();
        let session = open_with(&codec, yesterdays, NOW, b"").unwrap();
        assert_eq!(session.value(), &migrated());
        assert_eq!(session.claims().schema(), 1);
        assert!(session.renewal().schema_moved_on() && session.renewal().is_due());
        assert!(!session.renewal().age() && !session.renewal().key_moved_on());
        let state = RevocationState::fixed(Epoch::ZERO);
        let context = Context::new(at(NOW), RevocationView::current(&state));
        let renewed = codec
            .renew(&session, session.value(), &context, random(1))
            .unwrap();
        assert_eq!(renewed.claims().schema(), 3);
    }
}

#[test]
fn a_payload_that_is_not_migrated_shows_its_schema_and_why_and_no_byte() {
    struct Shown;
    impl Serialize for Shown {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_unit()
        }
    }
    impl<'de> Deserialize<'de> for Shown {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            <()>::deserialize(deserializer).map(|()| Self)
        }
    }
    impl SessionData for Shown {
        const NAME: &'static str = "session";
        const SCHEMA: u32 = 2;
        fn migrate(old: OldPayload<'_>) -> Migration<Self> {
            assert_eq!(format!("{old:?}"), "OldPayload { schema: 1, .. }");
            let error = old.decode::<u64>().unwrap_err();
            assert_eq!(error.to_string(), OpenErrorKind::Payload.to_string());
            let error = old.unsupported::<Self>().map(|_| ()).unwrap_err();
            assert_eq!(
                error.to_string(),
                OpenErrorKind::UnsupportedSchema.to_string()
            );
            Ok(Self)
        }
    }
    let setting = Setting::of_test("a payload that is not migrated");
    let codec = setting.codec_of::<Shown>();
    let token = setting.forge_claims(&claims());
    assert!(open_with(&codec, &token, NOW, b"").is_ok());
}

#[test]
fn a_schema_that_is_not_migrated_is_unsupported_and_a_broken_one_a_payload_error() {
    let setting = Setting::of_test("a schema that is not migrated");
    let codec = setting.codec_of::<AccountV3>();
    for (schema, payload, kind) in [
        (2, "0700", OpenErrorKind::UnsupportedSchema),
        (4, "0700", OpenErrorKind::UnsupportedSchema),
        (u32::MAX, "0700", OpenErrorKind::UnsupportedSchema),
        (1, "07", OpenErrorKind::Payload),
        (1, "07000000", OpenErrorKind::Payload),
        (3, "07", OpenErrorKind::Payload),
    ] {
        let claims = OracleClaims { schema, ..claims() };
        let token = setting.forge_payload(&claims, &hex::decode(payload).unwrap());
        assert_eq!(
            open_with(&codec, token, NOW, b"").unwrap_err(),
            kind,
            "{schema} {payload}"
        );
    }
}

#[test]
fn a_newer_schema_that_can_be_read_is_not_overwritten_with_an_older_one() {
    #[derive(Serialize, Deserialize)]
    struct Older(u64);
    impl SessionData for Older {
        const NAME: &'static str = "older";
        const SCHEMA: u32 = 0;
        fn migrate(newer: OldPayload<'_>) -> Migration<Self> {
            Ok(Self(newer.decode::<Account>()?.user))
        }
    }
    let setting = Setting::of_test("a newer schema");
    let token = setting.forge_claims(&claims());
    let ring = sealed_session::KeyRing::new([
        sealed_session::RingKey::new(crate::fixture::key(1)),
        sealed_session::RingKey::new(crate::fixture::key(2)).with_seal_from(at(NOW + 400)),
    ])
    .unwrap();
    let codec = setting.codec_of::<Older>().with_keys(&ring).unwrap();
    // Not by age, not by rotation, and not when it is asked for.
    for now in [NOW, NOW + 399, NOW + 1799] {
        let session = open_with(&codec, &token, now, b"").unwrap();
        assert_eq!(session.value().0, 69_245);
        assert!(!session.renewal().is_due(), "at {now}");
        let state = RevocationState::fixed(Epoch::ZERO);
        let context = Context::new(at(now), RevocationView::current(&state));
        let renewed = codec.renew(&session, session.value(), &context, random(1));
        assert_eq!(renewed.unwrap_err(), SealError::NewerSchema);
    }
}

/// What an assertion of the library says.
fn failure(assertion: impl FnOnce()) -> String {
    let failed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(assertion));
    failed
        .unwrap_err()
        .downcast_ref::<String>()
        .unwrap()
        .clone()
}

#[test]
fn a_forgotten_schema_bump_fails_the_applications_test_and_says_what_to_do() {
    let message = |pin: &str| failure(|| assert_encoding(&typical(), pin));
    let right = "1:fd9c0405616c696365010561646d696e";
    assert_encoding(&typical(), right);
    let forgotten = message("1:fd9c0405616c696365");
    assert!(forgotten.contains("its SCHEMA is still 1: cookies already out would be misread"));
    assert!(forgotten.contains("Set SCHEMA to 2"));
    assert!(forgotten.contains(&right.replacen('1', "2", 1)));
    for new in ["", "0:fd9c0405616c696365010561646d696e", "nonsense"] {
        assert!(message(new).ends_with(&format!("with: {right:?}")), "{new}");
    }
}

#[test]
fn a_former_pin_still_reads_and_its_loss_fails() {
    let pin = "1:fd9c0405616c696365010561646d696e";
    assert_migrates(pin, &migrated());
    for (pin, says) in [
        ("2:00", "does not read schema 2 any more"),
        ("1:00", "does not read schema 1 any more"),
        ("1:0", "is no pin"),
        ("", "is no pin"),
    ] {
        let failed = std::panic::catch_unwind(|| assert_migrates(pin, &migrated()));
        let message = failed
            .unwrap_err()
            .downcast_ref::<String>()
            .unwrap()
            .clone();
        assert!(message.contains(says), "{message}");
    }
}

#[test]
fn a_pin_of_a_map_in_random_order_is_refused_whether_or_not_it_matches_this_time() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Settings {
        map: HashMap<String, u8>,
        set: HashSet<u8>,
    }
    impl SessionData for Settings {
        const NAME: &'static str = "settings";
        const SCHEMA: u32 = 1;
    }
    let settings = |entries: u8| Settings {
        map: (0..entries).map(|n| (n.to_string(), n)).collect(),
        set: HashSet::new(),
    };
    assert_encoding(&settings(1), "1:0101300000");
    let set = |entries: u8| Settings {
        set: (0..entries).collect(),
        ..settings(0)
    };
    assert_encoding(&set(1), "1:000100");
    for sample in [settings(2), settings(20), set(2), set(20)] {
        for pin in ["", "1:0201300001310100", "1:0201310101300000"] {
            assert!(
                failure(|| assert_encoding(&sample, pin)).ends_with(
                    "Settings is another one each time, since the order of a HashMap or HashSet is \
                     random: use BTreeMap or BTreeSet, or leave no more than one entry in the sample"
                )
            );
        }
    }
}

#[derive(Serialize, Deserialize)]
enum Step {
    Cart { items: Vec<u32> },
    Paid(Option<u64>),
}

#[derive(Serialize, Deserialize)]
struct Layout {
    step: Step,
    names: BTreeMap<String, (u8, i64)>,
}

impl SessionData for Layout {
    const NAME: &'static str = "layout";
    const SCHEMA: u32 = 4;
}

const LAYOUT: &str = "4:aaaf7eba9f28f0a1";

#[test]
fn a_layout_is_pinned_without_a_sample_and_its_change_fails() {
    assert_layout::<Layout>(LAYOUT);
    assert!(failure(|| assert_layout::<Layout>("")).ends_with(&format!("Layout with: {LAYOUT:?}")));
    let changed = failure(|| assert_layout::<Layout>("4:00"));
    assert!(changed.contains("Layout changed, but its SCHEMA is still 4."));
    assert!(
        changed.contains("set SCHEMA to 5, read schema 4 in migrate, and pin the new layout: \"5:")
    );
    assert!(changed.ends_with(&format!("If a name alone changed, pin: {LAYOUT:?}")));
}

/// A type like `Layout`, with one thing changed.
macro_rules! layout {
    ($step:item $layout:item) => {{
        #[derive(Serialize, Deserialize)]
        $step
        #[derive(Serialize, Deserialize)]
        $layout
        impl SessionData for Layout {
            const NAME: &'static str = "layout";
            const SCHEMA: u32 = 4;
        }
        failure(|| assert_layout::<Layout>(LAYOUT))
    }};
}

#[test]
fn every_change_of_a_layout_is_seen_and_what_serde_does_not_tell_is_not() {
    let still = "Layout changed, but its SCHEMA is still 4.";
    let changed = [
        // A variant inserted, sorted, removed.
        layout! {
            enum Step { New, Cart { items: Vec<u32> }, Paid(Option<u64>) }
            struct Layout { step: Step, names: BTreeMap<String, (u8, i64)> }
        },
        layout! {
            enum Step { Paid(Option<u64>), Cart { items: Vec<u32> } }
            struct Layout { step: Step, names: BTreeMap<String, (u8, i64)> }
        },
        layout! {
            enum Step { Cart { items: Vec<u32> } }
            struct Layout { step: Step, names: BTreeMap<String, (u8, i64)> }
        },
        // Fields in another order, one more with a default, a number of another type.
        layout! {
            enum Step { Cart { items: Vec<u32> }, Paid(Option<u64>) }
            struct Layout { names: BTreeMap<String, (u8, i64)>, step: Step }
        },
        layout! {
            enum Step { Cart { items: Vec<u32> }, Paid(Option<u64>) }
            struct Layout { step: Step, names: BTreeMap<String, (u8, i64)>, #[serde(default)] more: u8 }
        },
        layout! {
            enum Step { Cart { items: Vec<u32> }, Paid(Option<u64>) }
            struct Layout { step: Step, names: BTreeMap<String, (u8, u64)> }
        },
        layout! {
            enum Step { Cart { items: Vec<u64> }, Paid(Option<u64>) }
            struct Layout { step: Step, names: BTreeMap<String, (u8, i64)> }
        },
        // An option added, and taken away.
        layout! {
            enum Step { Cart { items: Vec<u32> }, Paid(u64) }
            struct Layout { step: Step, names: BTreeMap<String, (u8, i64)> }
        },
        layout! {
            enum Step { Cart { items: Vec<u32> }, Paid(Option<u64>) }
            struct Layout { step: Option<Step>, names: BTreeMap<String, (u8, i64)> }
        },
    ];
    for message in changed {
        assert!(message.contains(still), "{message}");
    }
    // A newtype, a box, another container of the same encoding.
    #[derive(Serialize, Deserialize)]
    struct Layout {
        step: Box<Step>,
        names: HashMap<Box<str>, (u8, i64)>,
    }
    impl SessionData for Layout {
        const NAME: &'static str = "layout";
        const SCHEMA: u32 = 4;
    }
    assert_layout::<Layout>(LAYOUT);
}
