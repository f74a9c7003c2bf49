//! No secret and no payload in `{:?}` or in an error. Obligation 24; wiping is in `tests/wiping.rs`.

use sealed_session::{
    Codec, Context, CookieSettings, Epoch, Key, KeyRing, KeyRingEvent, KeyRingFile, Keys,
    LiveKeyRing, OpenError, OpenErrorKind, Randomness, RevocationState, RevocationView, RingKey,
    RotationError, RotationPolicy, Scope, Sessions, TelemetryEvent,
};

use crate::account::{Account, typical};
use crate::fixture::{NOW, Setting, at, key, random};

#[test]
fn debug_of_every_type_that_holds_a_secret_is_pinned() {
    let ring = KeyRing::new([RingKey::new(key(1)).with_open_until(at(NOW))]).unwrap();
    assert_eq!(format!("{:?}", key(1)), "Key(..)");
    assert_eq!(
        format!("{ring:?}"),
        "[RingKey { key: Key(..), seal_from: None, open_until: Some(UnixTime(1795348800)) }]"
    );
    assert_eq!(format!("{:?}", random(1)), "Randomness(..)");
    let id = key(1).id("shop.example");
    let codec = Setting::default().codec();
    assert_eq!(
        format!("{codec:?}"),
        format!(
            "Codec {{ audience: \"shop.example\", cookie_name: \"__Host-session\", protection: \
             Encrypted, accepted: Accepted {{ encrypted: true, signed: false }}, limits: Limits {{ \
             idle_timeout: 1800, absolute_timeout: 43200, skew: 60 }}, keys: {{KeyId({id})}} }}"
        )
    );
    let state = RevocationState::fixed(Epoch::ZERO);
    let context = Context::new(at(NOW), RevocationView::current(&state)).with_binding(b"tenant-7");
    assert_eq!(
        format!("{context:?}"),
        "Context { now: UnixTime(1795348800), revocations: RevocationView { state: \
         Some(RevocationState { clock: Epoch(0), floor: Epoch(0), revoked: 0 }), usable: true }, \
         binding: Binding(8 bytes), here: None }"
    );
    let sealed = codec.start(&typical(), &context, random(1)).unwrap();
    let session = codec.open(sealed.value(), &context).unwrap();
    let shown = format!("{sealed:?} {session:?}");
    let id = u64::from_be_bytes(session.claims().session_id().to_bytes());
    for part in [
        "Sealed { claims: ",
        "Session { claims: ",
        &format!("session_id: SessionId({id:016x})"),
        "renewal: ",
    ] {
        assert!(shown.contains(part), "{shown}");
    }
    for private in [&sealed.value()[8..20], "alice", "admin", "69245"] {
        assert!(!shown.contains(private), "{shown}");
    }
    let sessions = Sessions::<Account>::builder("shop.example", &KeyRing::from_key(key(1)))
        .build()
        .unwrap();
    let set = sessions.start(&typical()).unwrap();
    let len = set.as_str().len();
    assert_eq!(
        format!("{set:?}"),
        format!("SetCookie(__Host-session=.., {len} bytes)")
    );
    let builder = Sessions::<Account>::builder("shop.example", &ring);
    let codec_builder = Codec::<Account>::builder("shop.example", &ring);
    let entry = &ring.keys()[0];
    let sign_in = sessions.begin_sign_in().wait().unwrap();
    assert_no_secret(&format!("{codec_builder:?} {entry:?} {sign_in:?}"));
    let shown = format!("{codec_builder:?}");
    assert!(
        shown.starts_with("CodecBuilder { audience: \"shop.example\", keys: "),
        "{shown}"
    );
    let shown = format!("{sessions:?} {builder:?} {:?}", sessions.bound(b"tenant-7"));
    assert_no_secret(&shown);
}

#[test]
fn what_handles_rings_shows_no_secret() {
    let ring = KeyRing::from_key(key(1));
    let policy = RotationPolicy::new("shop.example");
    let rotation = policy.rotate(&ring, at(NOW), || Ok(key(1))).unwrap_err();
    assert_no_secret(&format!("{rotation} {rotation:?}"));
    let rotation = policy.rotate(&ring, at(NOW), || Ok(key(2))).unwrap();
    assert_no_secret(&format!("{rotation:?} {policy:?}"));
    let path = std::env::temp_dir().join(format!("secrecy-{}", std::process::id()));
    let file = KeyRingFile::new(&path);
    file.create(&ring).unwrap();
    let builder = LiveKeyRing::builder(file.clone());
    assert_no_secret(&format!("{builder:?}"));
    let live = builder.load().wait().unwrap();
    let keys = Keys::from(&live);
    let sessions = Sessions::<Account>::builder("shop.example", &live);
    assert_no_secret(&format!("{live:?} {keys:?} {sessions:?} {file:?}"));
    let text = key(1).expose_secret();
    for broken in [&text[..50], &format!("{} {}", *text, *text)] {
        std::fs::write(&path, broken).unwrap();
        let error = live.refresh().wait().unwrap_err();
        let event = KeyRingEvent::Failed(&error);
        let telemetry = TelemetryEvent::from(&event);
        assert_no_secret(&format!("{error} {error:?} {event:?} {telemetry:?}"));
        let update = file.update(|_| Ok::<_, RotationError>(None)).unwrap_err();
        assert_no_secret(&format!("{update} {update:?}"));
    }
    for name in [path.clone(), path.with_extension("lock")] {
        let _ = std::fs::remove_file(name);
    }
}

fn assert_no_secret(shown: &str) {
    let secret = crate::fixture::secret(1);
    let text = key(1).expose_secret();
    for part in [
        hex::encode(&secret[..4]),
        format!("{}, {}", secret[0], secret[1]),
    ] {
        assert!(!shown.contains(&part), "{shown}");
    }
    assert!(!shown.contains(&text[5..15]), "{shown}");
}

#[test]
fn an_open_error_shows_its_kind_and_nothing_of_the_cookie() {
    let setting = Setting::default();
    let codec = setting.codec();
    let state = RevocationState::fixed(Epoch::ZERO);
    let context = Context::new(at(NOW), RevocationView::current(&state));
    let mut token = setting.seal(&typical());
    token.replace_range(30..31, if &token[30..31] == "A" { "B" } else { "A" });
    let error = codec.open(&token, &context).unwrap_err();
    assert_eq!(
        format!("{error} {error:?}"),
        "the session cookie did not open: not authentic OpenError { kind: Unauthentic, \
         authentic_epoch: None, used_a_key: true, too_far_ahead: false }"
    );
    let as_source: &dyn std::error::Error = &error;
    assert!(as_source.source().is_none());
}

#[test]
fn every_kind_of_open_error_reads_as_a_sentence() {
    use OpenErrorKind as Kind;
    let kinds = [
        Kind::Clock,
        Kind::Missing,
        Kind::Malformed,
        Kind::UnsupportedFormat,
        Kind::UnknownKey,
        Kind::RetiredKey,
        Kind::Unauthentic,
        Kind::NotYetValid,
        Kind::Expired,
        Kind::Revoked,
        Kind::StaleState,
        Kind::UnsupportedSchema,
        Kind::Payload,
    ];
    assert!(kinds.is_sorted(), "the spec's order");
    for kind in kinds {
        let error = OpenError::from(kind);
        assert_eq!(error.kind(), kind);
        assert!(
            error
                .to_string()
                .starts_with("the session cookie did not open: ")
        );
        assert!(!kind.to_string().ends_with('.'));
    }
}

#[test]
fn keys_are_wiped_on_drop_by_type() {
    fn wiped<T: zeroize::ZeroizeOnDrop>() {}
    wiped::<Key>();
    let _: fn(&Key) -> zeroize::Zeroizing<String> = Key::expose_secret;
    let _: fn(&KeyRing) -> zeroize::Zeroizing<String> = KeyRing::expose_secrets;
    let _ = (
        Randomness::dangerous_from_bytes([0; 32]),
        CookieSettings::default(),
    );
    assert_eq!(
        format!("{:?}", Scope::from_bytes([0xab; 12])),
        "Scope(abababababababababababab)"
    );
    let _: Option<Codec<Account>> = None;
}
