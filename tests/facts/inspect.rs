//! An inspection shows what a token says and the first step at which it fails, and opens nothing.

use sealed_session::{
    Codec, Context, Epoch, Inspection, KeyRing, OpenErrorKind, Protection, RevocationState,
    RevocationView, RingKey, Scope, UnixTime,
};

use crate::account::{Account, typical};
use crate::fixture::{BOTH, EPOCH, NOW, Setting, at, claims, key};

/// The verdict as text, and whether claims and payload were shown.
fn looked_at(codec: &Codec<Account>, token: &str, context: &Context<'_>) -> (String, bool) {
    let inspection = codec.inspect(token, context);
    assert_eq!(
        inspection.claims().is_some(),
        inspection.payload().is_some()
    );
    (
        format!("{:?}", inspection.verdict()),
        inspection.claims().is_some(),
    )
}

fn state() -> RevocationState {
    RevocationState::fixed(Epoch::from_millis(EPOCH))
}

#[test]
fn a_token_that_opens_is_shown_whole() {
    for protection in BOTH {
        let setting = Setting::of(protection);
        let token = setting.seal(&typical());
        let state = state();
        let context = Context::new(at(NOW), RevocationView::current(&state));
        let opened = setting.codec().open(&token, &context).unwrap();
        let inspection = setting.codec().inspect(&token, &context);
        assert_eq!(inspection.verdict(), Ok(()));
        assert_eq!(inspection.unverified_protection(), Some(protection));
        assert_eq!(inspection.unverified_key_id(), Some(opened.key_id()));
        assert_eq!(inspection.claims(), Some(opened.claims()));
        let payload = hex::decode("fd9c0405616c696365010561646d696e").unwrap();
        assert_eq!(inspection.payload(), Some(payload.as_slice()));
        let overhead = if protection == Protection::Encrypted {
            45
        } else {
            21
        };
        assert_eq!(
            inspection.token_len(),
            overhead + claims().encode().len() + payload.len()
        );
        let shown = format!("{inspection:?}");
        assert!(shown.starts_with("Inspection { header: Some("), "{shown}");
        assert!(
            shown.contains("verdict: Ok(())") && !shown.contains("payload"),
            "{shown}"
        );
    }
}

#[test]
fn what_does_not_open_is_shown_with_the_step_that_fails() {
    let setting = Setting::default();
    let codec = setting.codec();
    let token = setting.seal(&typical());
    let state = state();
    let current = RevocationView::current(&state);
    let id = codec
        .open(&token, &Context::new(at(NOW), current))
        .unwrap()
        .claims()
        .session_id();
    let revoking = RevocationState::from_parts(
        Epoch::from_millis(EPOCH + 1),
        Epoch::ZERO,
        [(Scope::session(id), Epoch::from_millis(EPOCH + 1))],
    )
    .unwrap();
    let mut far = claims();
    far.epoch = EPOCH + 86_400_001;
    let far = setting.forge_claims(&far);
    let mut broken = token.clone();
    broken.replace_range(60..61, if &token[60..61] == "A" { "B" } else { "A" });
    let cases: [(&str, u64, RevocationView<'_>, OpenErrorKind, bool); 6] = [
        (&token, NOW + 1800, current, OpenErrorKind::Expired, true),
        (
            &token,
            NOW,
            RevocationView::current(&revoking),
            OpenErrorKind::Revoked,
            true,
        ),
        (
            &token,
            NOW,
            RevocationView::stale(&state),
            OpenErrorKind::StaleState,
            true,
        ),
        (&far, NOW, current, OpenErrorKind::Malformed, true),
        (&broken, NOW, current, OpenErrorKind::Unauthentic, false),
        ("A", NOW, current, OpenErrorKind::Malformed, false),
    ];
    for (token, now, view, kind, is_authentic) in cases {
        let context = Context::new(at(now), view);
        assert_eq!(codec.open(token, &context).unwrap_err().kind(), kind);
        let expected = (format!("{:?}", Err::<(), _>(kind)), is_authentic);
        assert_eq!(looked_at(&codec, token, &context), expected);
    }
}

#[test]
fn a_token_of_a_retired_key_is_shown_and_one_of_an_unknown_key_is_not() {
    let setting = Setting::default();
    let token = setting.seal(&typical());
    let state = state();
    let context = Context::new(at(NOW), RevocationView::current(&state));
    let with = |ring: KeyRing| setting.codec().with_keys(&ring).unwrap();
    let retired = |until: UnixTime| RingKey::new(key(1)).with_open_until(until);
    let codec = with(KeyRing::new([retired(at(NOW))]).unwrap());
    let expected = ("Err(RetiredKey)".into(), true);
    assert_eq!(looked_at(&codec, &token, &context), expected);
    let codec = with(KeyRing::from_key(key(2)));
    let expected = ("Err(UnknownKey)".into(), false);
    assert_eq!(looked_at(&codec, &token, &context), expected);
}

#[test]
fn without_keys_only_the_outside_is_shown() {
    for protection in BOTH {
        let token = Setting::of(protection).seal(&typical());
        let inspection = Inspection::without_keys(&token);
        assert_eq!(inspection.verdict(), Ok(()));
        assert_eq!(inspection.unverified_protection(), Some(protection));
        let id = key(1).id("shop.example");
        assert_eq!(inspection.unverified_key_id(), Some(id));
        assert_eq!(inspection.token_len(), token.len() * 3 / 4);
        assert!(inspection.claims().is_none() && inspection.payload().is_none());
    }
    let nothing = Inspection::without_keys("=");
    assert_eq!(nothing.verdict(), Err(OpenErrorKind::Malformed));
    assert_eq!(
        (nothing.token_len(), nothing.unverified_key_id()),
        (0, None)
    );
    let other = Inspection::without_keys("AwAAAAA");
    assert_eq!(other.verdict(), Err(OpenErrorKind::UnsupportedFormat));
    assert_eq!(
        (other.token_len(), other.unverified_protection()),
        (5, None)
    );
}
