//! Key and ring: text form, schedule, errors. Obligation 10.

use sealed_session::{
    BuildError, Codec, Context, Epoch, Key, KeyError, KeyRing, KeyRingErrorKind, OpenErrorKind,
    RevocationState, RevocationView, RingKey, SealError, TimeError,
};

use crate::account::{Account, typical};
use crate::fixture::{NOW, at, key, open_with, random};

fn text(seed: u8) -> String {
    key(seed).expose_secret().to_string()
}

fn id(seed: u8) -> String {
    key(seed).id("shop.example").to_string()
}

fn sealing_id(ring: &KeyRing, now: u64) -> Option<String> {
    let key = ring.sealing_key(at(now))?;
    Some(key.key().id("shop.example").to_string())
}

#[test]
fn the_text_form_of_a_key_is_typed_and_checked() {
    let good = text(1);
    assert!(good.starts_with("ssk1_"));
    assert_eq!(good.len(), 53);
    assert_eq!(good.parse::<Key>().unwrap().expose_secret().as_str(), good);
    // ssk1_ || base64url(secret || SHA-256("ssk1" || secret)[0..4]), by other means.
    let secret = crate::fixture::secret(1);
    let sum = <sha2::Sha256 as sha2::Digest>::digest([b"ssk1", secret.as_slice()].concat());
    let bytes = [secret.as_slice(), &sum[..4]].concat();
    assert_eq!(good, format!("ssk1_{}", crate::oracle::base64url(&bytes)));
    for (text, error) in [
        (String::new(), KeyError::Prefix),
        (good[5..].to_owned(), KeyError::Prefix),
        (good.to_uppercase(), KeyError::Prefix),
        (format!("ssk2_{}", &good[5..]), KeyError::Prefix),
        (good[..52].to_owned(), KeyError::Length),
        (format!("{good}A"), KeyError::Length),
        (format!("{good} "), KeyError::Length),
        (format!("{}+", &good[..52]), KeyError::Encoding),
        (format!("{}=", &good[..52]), KeyError::Encoding),
    ] {
        assert_eq!(text.parse::<Key>().unwrap_err(), error);
    }
}

#[test]
fn no_changed_character_of_a_key_is_taken() {
    let good = text(1);
    for place in 5..good.len() {
        for other in "ABCabc019-_"
            .chars()
            .filter(|c| !good[place..].starts_with(*c))
        {
            let changed = format!("{}{other}{}", &good[..place], &good[place + 1..]);
            assert_eq!(changed.parse::<Key>().unwrap_err(), KeyError::CheckSum);
        }
        // Neighbours swapped.
        let (a, b) = (&good[place..=place], good.get(place + 1..place + 2));
        if let Some(b) = b.filter(|b| *b != a) {
            let swapped = format!("{}{b}{a}{}", &good[..place], &good[place + 2..]);
            assert!(swapped.parse::<Key>().is_err());
        }
    }
}

#[test]
fn a_secret_that_was_never_set_is_refused() {
    for byte in [0, 0xff, b'a'] {
        assert_eq!(Key::from_bytes(&[byte; 32]).unwrap_err(), KeyError::Weak);
    }
    let sum = <sha2::Sha256 as sha2::Digest>::digest([b"ssk1".as_slice(), &[0; 32]].concat());
    let zero = crate::oracle::base64url(&[[0; 32].as_slice(), &sum[..4]].concat());
    assert_eq!(
        format!("ssk1_{zero}").parse::<Key>().unwrap_err(),
        KeyError::Weak
    );
}

#[test]
fn generated_keys_differ() {
    let keys: std::collections::BTreeSet<String> = (0..1000)
        .map(|_| Key::generate().unwrap().expose_secret().to_string())
        .collect();
    assert_eq!(keys.len(), 1000);
}

#[test]
fn a_ring_reads_the_same_from_lines_and_commas_with_comments_and_blanks() {
    let (a, b) = (text(1), text(2));
    let times = "seal-from=2026-01-01T00:00:00Z open-until=2027-01-01T00:00:00Z";
    let canonical = format!("{a}\n{b} {times}\n");
    for ring in [
        format!("{a}\n{b} {times}"),
        format!("{a},{b} {times}"),
        format!("{a} , {b} {times},"),
        format!("# two keys, for ssk1_ reasons\n\n  {a}   # old\r\n\t{b}  {times}#new\n"),
        format!("{a}\n{b} open-until=2027-01-01T01:00:00+01:00 seal-from=2026-01-01T00:00:00Z"),
    ] {
        let parsed: KeyRing = ring.parse().unwrap();
        assert_eq!(parsed.expose_secrets().as_str(), canonical);
    }
    let again: KeyRing = canonical.parse().unwrap();
    assert_eq!(again.expose_secrets().as_str(), canonical);
}

/// Flask (CVE-2025-47278) signed with the wrong end of the list.
#[test]
fn the_sealing_key_never_depends_on_the_order_of_the_list() {
    let entries = [
        text(1),
        format!("{} seal-from=2026-01-01T00:00:00Z", text(2)),
        format!("{} seal-from=2026-06-01T00:00:00Z", text(3)),
        format!("{} seal-from=2027-01-01T00:00:00Z", text(4)),
    ];
    let time = |text: &str| text.parse::<sealed_session::UnixTime>().unwrap().as_secs();
    let moments = [
        (0, 1),
        (time("2025-12-31T23:59:59Z"), 1),
        (time("2026-01-01T00:00:00Z"), 2),
        (time("2026-05-31T23:59:59Z"), 2),
        (time("2026-06-01T00:00:00Z"), 3),
        (time("2027-01-01T00:00:00Z"), 4),
        (time("2030-01-01T00:00:00Z"), 4),
    ];
    let state = RevocationState::fixed(Epoch::ZERO);
    for order in permutations(4) {
        let ring: Vec<&str> = order.iter().map(|i| entries[*i].as_str()).collect();
        let ring: KeyRing = ring.join("\n").parse().unwrap();
        let codec: Codec<Account> = Codec::builder("shop.example", &ring).build().unwrap();
        for (now, seed) in moments {
            assert_eq!(sealing_id(&ring, now), Some(id(seed)), "{order:?} at {now}");
            let context = Context::new(at(now), RevocationView::current(&state));
            let token = codec.start(&typical(), &context, random(1)).unwrap();
            let token = crate::oracle::from_base64url(token.value().as_bytes()).unwrap();
            assert_eq!(hex::encode(&token[1..5]), id(seed), "{order:?} at {now}");
        }
    }
}

fn permutations(n: usize) -> Vec<Vec<usize>> {
    if n == 0 {
        return vec![Vec::new()];
    }
    let shorter = permutations(n - 1);
    let insert = |order: &Vec<usize>, place| {
        let mut order = order.clone();
        order.insert(place, n - 1);
        order
    };
    shorter
        .iter()
        .flat_map(|order| (0..n).map(move |place| insert(order, place)))
        .collect()
}

#[test]
fn one_bad_key_among_good_ones_fails_and_every_error_names_its_line_without_a_secret() {
    let (a, b) = (text(1), text(2));
    let damaged = format!("{}A", &b[..52]);
    use KeyRingErrorKind as Kind;
    for (bad, kind) in [
        (damaged.clone(), Kind::Key(KeyError::CheckSum)),
        ("ssk1_".into(), Kind::Key(KeyError::Length)),
        (b[5..].to_owned(), Kind::Key(KeyError::Prefix)),
        (
            "seal-from=2026-01-01T00:00:00Z".into(),
            Kind::FieldBeforeKey,
        ),
        (format!("{b} from=2026-01-01T00:00:00Z"), Kind::UnknownField),
        (format!("{b} seal-from"), Kind::UnknownField),
        (
            format!("{b} seal-from="),
            Kind::SealFrom(TimeError::NotRfc3339),
        ),
        (
            format!("{b} seal-from=1769904000"),
            Kind::SealFrom(TimeError::NotRfc3339),
        ),
        (
            format!("{b} seal-from=1969-12-31T23:59:59Z"),
            Kind::SealFrom(TimeError::Before1970),
        ),
        (
            format!("{b} open-until=2026-01-01T00:00:00.5Z"),
            Kind::OpenUntil(TimeError::FractionOfSecond),
        ),
        (
            format!("{b} seal-from=2026-01-01T00:00:00Z seal-from=2026-01-01T00:00:00Z"),
            Kind::RepeatedField,
        ),
        (
            format!("{a} seal-from=2026-01-01T00:00:00Z"),
            Kind::SameSecret { other: 1 },
        ),
        (b.clone(), Kind::SameSealFrom { other: 1 }),
    ] {
        let ring = format!(
            "# keys\n{a}\n\n{bad}\n{} seal-from=2030-01-01T00:00:00Z\n",
            text(4)
        );
        let error = ring.parse::<KeyRing>().unwrap_err();
        assert_eq!(
            (error.kind(), error.line(), error.entry()),
            (kind, Some(4), 2),
            "{bad}"
        );
        let shown = format!("{error} {error:?}");
        assert!(
            error.to_string().starts_with("key ring, line 4, key 2: "),
            "{error}"
        );
        for secret in [&a[5..], &b[5..], &damaged[5..30]] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}

#[test]
fn an_empty_ring_is_an_error() {
    for ring in ["", "\n", " , ,\n", "# ssk1_nothing\n"] {
        let error = ring.parse::<KeyRing>().unwrap_err();
        assert_eq!((error.kind(), error.entry()), (KeyRingErrorKind::Empty, 0));
        assert_eq!(error.to_string(), "key ring: there is no key");
    }
}

#[test]
fn ties_are_errors_also_without_text() {
    let entry = |seed| RingKey::new(key(seed)).with_seal_from(at(5));
    let error = KeyRing::new([entry(1), RingKey::new(key(3)), entry(2)]).unwrap_err();
    assert_eq!(error.kind(), KeyRingErrorKind::SameSealFrom { other: 1 });
    assert_eq!((error.line(), error.entry()), (None, 3));
}

/// Two secrets with the same key id for `"shop.example"`, found by search.
#[test]
fn two_keys_with_one_id_for_the_audience_are_an_error_that_names_both() {
    let [a, b] = colliding();
    assert_eq!(a.id("shop.example"), b.id("shop.example"));
    let lines = format!(
        "{}\n{} seal-from=2026-01-01T00:00:00Z",
        a.expose_secret().as_str(),
        b.expose_secret().as_str()
    );
    let ring: KeyRing = lines.parse().unwrap();
    let error = Codec::<Account>::builder("shop.example", &ring)
        .build()
        .unwrap_err();
    let BuildError::KeyRing(error) = error else {
        panic!("{error}");
    };
    assert_eq!(error.kind(), KeyRingErrorKind::SameKeyId { other: 1 });
    assert_eq!((error.line(), error.entry()), (Some(2), 2));
    // Under another audience the two are told apart.
    assert!(Codec::<Account>::builder("other", &ring).build().is_ok());
}

pub(crate) fn colliding() -> [Key; 2] {
    [COLLISION.0, COLLISION.1].map(|number: u32| {
        let mut secret = [7; 32];
        secret[..4].copy_from_slice(&number.to_be_bytes());
        Key::from_bytes(&secret).unwrap()
    })
}

const COLLISION: (u32, u32) = (32_242, 120_302);

#[test]
fn a_ring_is_read_from_a_variable_or_a_file_and_each_failure_says_why() {
    let folder = std::env::temp_dir().join(format!("sealed-session-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("keys");
    std::fs::write(&path, format!("# ours\n{}\n", text(1))).unwrap();
    let ring = KeyRing::from_file(&path).unwrap();
    assert_eq!(ring.keys().len(), 1);
    let file = format!("file {}: ", path.display());
    for (content, says) in [
        (&b""[..], "key ring: there is no key"),
        (
            &text(1).as_bytes()[..30],
            "key ring, line 1, key 1: a key has 53 characters",
        ),
        (b"\xff", "the text is not UTF-8; save it as UTF-8"),
        (b"\xff\xfes\0s\0k\0", "the text is UTF-16; save it as UTF-8"),
        (b"\xfe\xff\0s\0s\0k", "the text is UTF-16; save it as UTF-8"),
    ] {
        std::fs::write(&path, content).unwrap();
        let error = KeyRing::from_file(&path).unwrap_err();
        let shown = error.to_string();
        assert!(shown.starts_with(&format!("{file}{says}")), "{shown}");
        let shown = format!("{error:?}");
        assert!(!shown.contains(&text(1)[5..25]), "{shown}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
    let error = KeyRing::from_file(&path).unwrap_err().to_string();
    assert!(error.starts_with(&format!("{file}No such file")), "{error}");
    let error = KeyRing::from_env("SEALED_SESSION_NO_SUCH").unwrap_err();
    assert_eq!(
        error.to_string(),
        "environment variable SEALED_SESSION_NO_SUCH: not set"
    );
}

#[test]
fn a_ring_of_any_times_prints_and_reads_back() {
    let times = [
        0,
        1,
        1_795_348_800,
        253_402_207_200,
        253_402_207_201,
        u64::MAX,
    ];
    for from in times {
        for until in times {
            let entry = RingKey::new(key(1))
                .with_seal_from(at(from))
                .with_open_until(at(until));
            let printed = KeyRing::new([entry]).unwrap().expose_secrets();
            let again: KeyRing = printed.parse().unwrap();
            assert_eq!(again.keys()[0].seal_from(), Some(at(from)));
            assert_eq!(again.keys()[0].open_until(), Some(at(until)));
        }
    }
}

#[test]
fn a_key_seals_from_its_second_and_opens_until_its_second() {
    let ring = KeyRing::new([RingKey::new(key(1))
        .with_seal_from(at(NOW))
        .with_open_until(at(NOW + 500))])
    .unwrap();
    let codec: Codec<Account> = Codec::builder("shop.example", &ring).build().unwrap();
    let state = RevocationState::fixed(Epoch::ZERO);
    let seal = |now| {
        let context = Context::new(at(now), RevocationView::current(&state));
        codec.start(&typical(), &context, random(1))
    };
    assert_eq!(seal(NOW - 1).unwrap_err(), SealError::NoSealingKey);
    let token = seal(NOW).unwrap();
    assert!(seal(NOW + 499).is_ok());
    assert_eq!(seal(NOW + 500).unwrap_err(), SealError::RetiredSealingKey);
    // Opening ignores seal_from: another server's clock may be ahead.
    assert!(open_with(&codec, token.value(), NOW - 30, b"").is_ok());
    assert!(open_with(&codec, token.value(), NOW + 499, b"").is_ok());
    let retired = open_with(&codec, token.value(), NOW + 500, b"");
    assert_eq!(retired.unwrap_err(), OpenErrorKind::RetiredKey);
}

#[test]
fn a_key_that_moved_on_is_a_reason_to_renew_and_the_renewal_is_under_the_new_key() {
    let ring = KeyRing::new([
        RingKey::new(key(1)),
        RingKey::new(key(2)).with_seal_from(at(NOW + 10)),
    ])
    .unwrap();
    let codec: Codec<Account> = Codec::builder("shop.example", &ring).build().unwrap();
    let state = RevocationState::fixed(Epoch::ZERO);
    let context = |now| Context::new(at(now), RevocationView::current(&state));
    let token = codec.start(&typical(), &context(NOW), random(1)).unwrap();
    let before = codec.open(token.value(), &context(NOW + 9)).unwrap();
    assert!(!before.renewal().is_due());
    let after = codec.open(token.value(), &context(NOW + 10)).unwrap();
    assert!(after.renewal().key_moved_on() && !after.renewal().age());
    assert!(!after.renewal().schema_moved_on() && !after.renewal().protection_moved_on());
    let signing: Codec<Account> = Codec::builder("shop.example", &ring)
        .protection(sealed_session::Protection::Signed)
        .accept_both_protections()
        .build()
        .unwrap();
    assert_eq!(signing.cookie_name(), "__Host-session");
    let other = signing.open(token.value(), &context(NOW)).unwrap();
    assert!(other.renewal().protection_moved_on() && !other.renewal().key_moved_on());
    let renewed = codec
        .renew(&after, after.value(), &context(NOW + 10), random(2))
        .unwrap();
    assert_eq!(renewed.claims().started_at(), at(NOW));
    let again = codec.open(renewed.value(), &context(NOW + 10)).unwrap();
    assert!(!again.renewal().is_due());
    // A server that is a second behind neither refuses it nor takes it back to the old key.
    let behind = codec.open(renewed.value(), &context(NOW + 9)).unwrap();
    assert_eq!(behind.value(), &typical());
    assert!(!behind.renewal().is_due(), "or the two would take turns");
}

/// Nothing could renew it: no key seals.
#[test]
fn a_key_is_no_reason_to_renew_when_the_one_whose_turn_it_is_has_closed() {
    let ring = KeyRing::new([
        RingKey::new(key(1)),
        RingKey::new(key(2))
            .with_seal_from(at(NOW + 10))
            .with_open_until(at(NOW + 20)),
        RingKey::new(key(3)).with_seal_from(at(NOW + 30)),
    ])
    .unwrap();
    let codec: Codec<Account> = Codec::builder("shop.example", &ring).build().unwrap();
    let state = RevocationState::fixed(Epoch::ZERO);
    let context = |now| Context::new(at(now), RevocationView::current(&state));
    let token = codec.start(&typical(), &context(NOW), random(1)).unwrap();
    for (now, moved_on) in [
        (NOW + 9, false),
        (NOW + 10, true),
        (NOW + 19, true),
        (NOW + 20, false),
        (NOW + 29, false),
        (NOW + 30, true),
    ] {
        let session = codec.open(token.value(), &context(now)).unwrap();
        assert_eq!(session.renewal().key_moved_on(), moved_on, "at {now}");
        let renewed = codec.renew(&session, session.value(), &context(now), random(2));
        let expected = (NOW + 20..NOW + 30).contains(&now);
        assert_eq!(
            renewed.err(),
            expected.then_some(SealError::RetiredSealingKey),
            "at {now}"
        );
    }
}

/// Opening by one of many keys: each is found, and says so of itself alone.
#[test]
fn a_token_of_the_key_whose_turn_it_is_has_not_been_moved_on_from() {
    let starts = [NOW - 300, NOW - 200, NOW - 100];
    let ring = KeyRing::new(
        (1..)
            .zip(starts)
            .map(|(seed, from)| RingKey::new(key(seed)).with_seal_from(at(from))),
    )
    .unwrap();
    let codec: Codec<Account> = Codec::builder("shop.example", &ring).build().unwrap();
    let state = RevocationState::fixed(Epoch::ZERO);
    let context = |now| Context::new(at(now), RevocationView::current(&state));
    for (place, from) in starts.iter().enumerate() {
        let token = codec.start(&typical(), &context(*from), random(1)).unwrap();
        for (later, now) in starts.iter().enumerate().skip(place) {
            let session = codec.open(token.value(), &context(*now)).unwrap();
            assert_eq!(session.renewal().key_moved_on(), later > place);
        }
    }
}
