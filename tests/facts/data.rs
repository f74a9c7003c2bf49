//! A struct that changed still opens yesterday's cookies, and a forgotten bump fails a test.

use sealed_session::testing::{assert_encoding, assert_migrates};
use sealed_session::{Migration, OldPayload, OpenErrorKind, SealError, SessionData};
use serde::{Deserialize, Serialize};

use crate::account::{Account, typical};
use crate::fixture::{BOTH, NOW, Setting, claims, open_with};
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
        let yesterdays = setting.seal(&typical());
        let codec = setting.codec_of::<AccountV3>();
        let session = open_with(&codec, yesterdays, NOW, b"").unwrap();
        assert_eq!(session.value(), &migrated());
        assert_eq!(session.claims().schema(), 1);
        assert!(session.renewal().schema_moved_on() && session.renewal().is_due());
        assert!(!session.renewal().age() && !session.renewal().key_moved_on());
    }
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
    let token = setting.seal(&typical());
    let ring = sealed_session::KeyRing::new([
        sealed_session::RingKey::new(crate::fixture::key(1)),
        sealed_session::RingKey::new(crate::fixture::key(2))
            .with_seal_from(crate::fixture::at(NOW + 400)),
    ])
    .unwrap();
    let codec = setting.codec_of::<Older>().with_keys(&ring).unwrap();
    // Not by age, not by rotation, and not when it is asked for.
    for now in [NOW, NOW + 399, NOW + 1799] {
        let session = open_with(&codec, &token, now, b"").unwrap();
        assert_eq!(session.value().0, 69_245);
        assert!(!session.renewal().is_due(), "at {now}");
        let state = sealed_session::RevocationState::fixed(sealed_session::Epoch::ZERO);
        let context = sealed_session::Context::new(
            crate::fixture::at(now),
            sealed_session::RevocationView::current(&state),
        );
        let renewed = codec.renew(
            &session,
            session.value(),
            &context,
            crate::fixture::random(1),
        );
        assert_eq!(renewed.unwrap_err(), SealError::NewerSchema);
    }
}

#[test]
fn a_forgotten_schema_bump_fails_the_applications_test_and_says_what_to_do() {
    let message = |pin: &str| {
        let pin = pin.to_owned();
        let failed = std::panic::catch_unwind(move || assert_encoding(&typical(), &pin));
        failed
            .unwrap_err()
            .downcast_ref::<String>()
            .unwrap()
            .clone()
    };
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

/// Without names, `None` left out here would read as `Some(2)`, and the name would decide it.
#[derive(Serialize, Deserialize)]
struct Skipping {
    #[serde(skip_serializing_if = "Option::is_none")]
    admin: Option<u8>,
    level: u8,
    name: String,
}

impl SessionData for Skipping {
    const NAME: &'static str = "skipping";
    const SCHEMA: u32 = 1;
}

#[derive(Serialize, Deserialize)]
enum Nested {
    Variant { inner: Vec<Option<(u8, Skipping)>> },
}

impl SessionData for Nested {
    const NAME: &'static str = "nested";
    const SCHEMA: u32 = 1;
}

/// serde does not announce the skip of a tuple's field.
#[derive(Serialize, Deserialize)]
struct SkippingTuple(
    #[serde(skip_serializing_if = "Option::is_none")] Option<u8>,
    u8,
    String,
);

impl SessionData for SkippingTuple {
    const NAME: &'static str = "skipping-tuple";
    const SCHEMA: u32 = 1;
}

#[derive(Serialize, Deserialize)]
enum SkippingVariant {
    Variant(
        #[serde(skip_serializing_if = "Option::is_none")] Option<u8>,
        u8,
        String,
    ),
}

impl SessionData for SkippingVariant {
    const NAME: &'static str = "skipping-variant";
    const SCHEMA: u32 = 1;
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Number(u32),
}

impl SessionData for Untagged {
    const NAME: &'static str = "untagged";
    const SCHEMA: u32 = 1;
}

#[test]
fn what_would_not_open_again_or_as_another_value_is_refused_at_sealing() {
    let state = sealed_session::RevocationState::fixed(sealed_session::Epoch::ZERO);
    let context = sealed_session::Context::new(
        crate::fixture::at(NOW),
        sealed_session::RevocationView::current(&state),
    );
    let random = crate::fixture::random;
    let skipping = |admin| Skipping {
        admin,
        level: 1,
        name: "\0\0".into(),
    };
    let codec = Setting::of_type::<Skipping>().codec_of::<Skipping>();
    let sealed = codec.start(&skipping(None), &context, random(1));
    assert_eq!(sealed.unwrap_err(), SealError::Encode);
    assert!(codec.start(&skipping(Some(3)), &context, random(1)).is_ok());
    let codec = Setting::of_type::<Nested>().codec_of::<Nested>();
    let nested = |admin| Nested::Variant {
        inner: vec![None, Some((7, skipping(admin)))],
    };
    let sealed = codec.start(&nested(None), &context, random(1));
    assert_eq!(sealed.unwrap_err(), SealError::Encode);
    assert!(codec.start(&nested(Some(3)), &context, random(1)).is_ok());
    let name = || "\0\0".to_owned();
    let codec = Setting::of_type::<SkippingTuple>().codec_of::<SkippingTuple>();
    let sealed = codec.start(&SkippingTuple(None, 1, name()), &context, random(1));
    assert_eq!(sealed.unwrap_err(), SealError::Unreadable);
    let whole = SkippingTuple(Some(3), 1, name());
    assert!(codec.start(&whole, &context, random(1)).is_ok());
    let codec = Setting::of_type::<SkippingVariant>().codec_of::<SkippingVariant>();
    let variant = |admin| SkippingVariant::Variant(admin, 1, name());
    let sealed = codec.start(&variant(None), &context, random(1));
    assert_eq!(sealed.unwrap_err(), SealError::Unreadable);
    assert!(codec.start(&variant(Some(3)), &context, random(1)).is_ok());
    let untagged = Setting::of_type::<Untagged>().codec_of::<Untagged>();
    assert_eq!(
        untagged
            .start(&Untagged::Number(1), &context, random(1))
            .unwrap_err(),
        SealError::Unreadable
    );
}
