//! `Sessions`: what it adds to the codec, under threads.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use sealed_session::{
    BuildError, CookieError, CookieSettings, KeyRing, KeyRingErrorKind, ManualClock, OpenErrorKind,
    RingKey, SealError, Sessions,
};

use crate::account::{Account, typical};
use crate::fixture::{NOW, at, key};

fn pair(sessions: &Sessions<Account>) -> String {
    let set = sessions.start(&typical()).unwrap();
    set.as_str().split(';').next().unwrap().to_owned()
}

#[test]
fn settings_that_make_no_sense_are_errors_when_building() {
    let ring = KeyRing::from_key(key(1));
    let builder = || Sessions::<Account>::builder("shop.example", &ring);
    let empty = Sessions::<Account>::builder("", &ring).build();
    assert_eq!(empty.unwrap_err(), BuildError::EmptyAudience);
    let zero = builder().idle_timeout(Duration::ZERO).build();
    assert_eq!(zero.unwrap_err(), BuildError::ZeroTimeout);
    let zero = builder().absolute_timeout(Duration::ZERO).build();
    assert_eq!(zero.unwrap_err(), BuildError::ZeroTimeout);
    for built in [
        builder().idle_timeout(Duration::from_millis(1500)).build(),
        builder().absolute_timeout(Duration::from_nanos(1)).build(),
        builder().skew(Duration::from_millis(1)).build(),
    ] {
        assert_eq!(built.unwrap_err(), BuildError::FractionOfSecond);
    }
    let cookie = builder().cookie(CookieSettings::host("a b")).build();
    assert_eq!(
        cookie.unwrap_err(),
        BuildError::Cookie(CookieError::NameByte { position: 8 })
    );
}

#[test]
fn a_binding_ties_the_cookie_to_its_call() {
    let sessions = Sessions::<Account>::builder("shop.example", &KeyRing::from_key(key(1)))
        .build()
        .unwrap();
    let bound = sessions.bound(b"tenant-7");
    let set = bound.start(&typical()).unwrap();
    let header = set.as_str().split(';').next().unwrap();
    let session = bound.open(header).unwrap();
    for other in [&b""[..], b"tenant-8"] {
        let opened = sessions.bound(other).open(header);
        assert_eq!(opened.unwrap_err().kind(), OpenErrorKind::Unauthentic);
    }
    let renewed = bound.renew(&session).unwrap();
    let header = renewed.as_str().split(';').next().unwrap();
    assert!(bound.open_headers([header]).is_ok());
    assert!(sessions.open(header).is_err());
}

#[test]
fn an_update_changes_the_value_and_keeps_start_and_id() {
    let clock = ManualClock::new(at(NOW));
    let sessions = Sessions::<Account>::builder("shop.example", &KeyRing::from_key(key(1)))
        .clock(clock.clone())
        .build()
        .unwrap();
    let before = sessions.open(pair(&sessions)).unwrap();
    clock.advance(Duration::from_secs(100));
    let changed = Account {
        roles: vec![],
        ..typical()
    };
    let set = sessions.update(&before, &changed).unwrap();
    let after = sessions
        .open(set.as_str().split(';').next().unwrap())
        .unwrap();
    assert_eq!(after.value(), &changed);
    assert_eq!(after.claims().session_id(), before.claims().session_id());
    assert_eq!(after.claims().started_at(), at(NOW));
    assert_eq!(after.claims().issued_at(), at(NOW + 100));
    // A new sign-in is another session.
    let new = sessions.open(pair(&sessions)).unwrap();
    assert_ne!(new.claims().session_id(), before.claims().session_id());
    assert_eq!(new.claims().started_at(), at(NOW + 100));
}

#[test]
fn a_ring_swapped_while_others_open_and_seal_refuses_nothing() {
    let rings: Vec<KeyRing> = (0..3)
        .map(|seal| {
            // The same keys; another one seals.
            KeyRing::new((0..3u8).map(|i| {
                let later = at(NOW - 10 + u64::from(seal == i));
                let entry = RingKey::new(key(i + 1));
                if seal == i {
                    entry.with_seal_from(later)
                } else {
                    entry.with_seal_from(at(u64::from(i)))
                }
            }))
            .unwrap()
        })
        .collect();
    let sessions = Sessions::<Account>::builder("shop.example", &rings[0])
        .clock(ManualClock::new(at(NOW)))
        .build()
        .unwrap();
    let done = AtomicBool::new(false);
    let opened = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let session = sessions.open(pair(&sessions)).unwrap();
                    assert_eq!(session.value(), &typical());
                    opened.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for swap in 0..600 {
            sessions.replace_keys(&rings[swap % 3]).unwrap();
        }
        while opened.load(Ordering::Relaxed) < 100 {
            std::thread::yield_now();
        }
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn a_ring_that_cannot_be_used_leaves_the_present_one() {
    let sessions = Sessions::<Account>::builder("shop.example", &KeyRing::from_key(key(1)))
        .build()
        .unwrap();
    let header = pair(&sessions);
    // Two keys with the same id for this audience.
    let [a, b] = crate::keys::colliding();
    let colliding = KeyRing::new([RingKey::new(a), RingKey::new(b).with_seal_from(at(1))]).unwrap();
    let error = sessions.replace_keys(&colliding).unwrap_err();
    assert_eq!(error.kind(), KeyRingErrorKind::SameKeyId { other: 1 });
    assert!(sessions.open(&header).is_ok());
    assert!(sessions.open(pair(&sessions)).is_ok());
    // One that can be used takes its place.
    sessions.replace_keys(&KeyRing::from_key(key(2))).unwrap();
    let kind = sessions.open(&header).unwrap_err().kind();
    assert_eq!(kind, OpenErrorKind::UnknownKey);
    assert!(sessions.open(pair(&sessions)).is_ok());
}

#[test]
fn a_session_is_renewed_only_by_what_opened_it() {
    let ring = KeyRing::from_key(key(1));
    let build = |audience, name| {
        Sessions::<Account>::builder(audience, &ring)
            .cookie(CookieSettings::host(name))
            .build()
            .unwrap()
    };
    let shop = build("shop.example", "session");
    let others = [
        build("shop.example", "admin"),
        build("admin.example", "session"),
    ];
    let session = shop.open(pair(&shop)).unwrap();
    for other in &others {
        assert_eq!(other.renew(&session).unwrap_err(), SealError::OtherOrigin);
        let updated = other.update(&session, &typical());
        assert_eq!(updated.unwrap_err(), SealError::OtherOrigin);
    }
    // A binding that was forgotten, added or changed.
    let bound = shop.bound(b"tenant-7");
    let set = bound.start(&typical()).unwrap();
    let tied = bound.open(set.as_str().split(';').next().unwrap()).unwrap();
    assert_eq!(shop.renew(&tied).unwrap_err(), SealError::OtherOrigin);
    let other = shop.bound(b"tenant-8").renew(&tied);
    assert_eq!(other.unwrap_err(), SealError::OtherOrigin);
    assert_eq!(bound.renew(&session).unwrap_err(), SealError::OtherOrigin);
    assert!(bound.renew(&tied).is_ok() && shop.renew(&session).is_ok());
    // A swapped ring changes nothing of it.
    shop.replace_keys(&KeyRing::from_key(key(2))).unwrap();
    assert!(shop.renew(&session).is_ok());
}

#[test]
fn sessions_are_shared_between_threads_whatever_their_value() {
    fn shared<T: Send + Sync + Clone + 'static>() {}
    shared::<Sessions<Account>>();
    shared::<Sessions<std::cell::Cell<u8>>>();
}

#[test]
fn a_clone_of_a_codec_opens_what_it_sealed_and_a_pair_is_what_a_browser_sends() {
    let setting = crate::fixture::Setting::default();
    let codec = setting.codec();
    let token = setting.seal(&typical());
    let clone = codec.clone();
    drop(codec);
    let session = crate::fixture::open_with(&clone, &token, NOW, b"").unwrap();
    assert_eq!(session.clone().value(), session.value());
    let sessions = Sessions::<Account>::builder("shop.example", &KeyRing::from_key(key(1)))
        .build()
        .unwrap();
    let set = sessions.start(&typical()).unwrap();
    assert_eq!(Some(set.pair()), set.as_str().split(';').next());
    let removal = sessions.removal_cookies();
    assert_eq!(removal.lines()[0].pair(), "__Host-session=");
}
