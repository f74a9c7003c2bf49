//! Time ends sessions, and nothing lengthens them. Obligations 11 to 14.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sealed_session::{
    Clock, Codec, Context, Epoch, KeyRing, OpenErrorKind, RevocationState, RevocationView, RingKey,
    SealError, Sessions, TimeError, UnixTime,
};

use crate::account::{Account, typical};
use crate::fixture::{BOTH, EPOCH, NOW, Setting, at, claims, key, open_with, random};
use crate::oracle::OracleClaims;

/// One second either side of every limit, through the whole codec.
#[test]
fn every_limit_holds_to_the_second() {
    for protection in BOTH {
        let setting = Setting::of(protection);
        let codec = setting.codec();
        let token = setting.forge_claims(&OracleClaims {
            started_at: NOW - 42_000,
            expires_at: NOW + 900,
            ..claims()
        });
        for (now, expected) in [
            (NOW - 61, Err(OpenErrorKind::NotYetValid)),
            (NOW - 60, Ok(())),
            (NOW, Ok(())),
            (NOW + 899, Ok(())),
            (NOW + 900, Err(OpenErrorKind::Expired)),
            (u64::MAX, Err(OpenErrorKind::Expired)),
        ] {
            let opened = open_with(&codec, &token, now, b"").map(|_| ());
            assert_eq!(opened, expected, "at {now}");
        }
        // The reader's own limits: 1800 s idle, and 43,200 s from the start.
        let generous = |started_at| OracleClaims {
            started_at,
            expires_at: u64::MAX,
            ..claims()
        };
        for (started_at, now, alive) in [
            (NOW, NOW + 1799, true),
            (NOW, NOW + 1800, false),
            (NOW - 43_000, NOW + 199, true),
            (NOW - 43_000, NOW + 200, false),
        ] {
            let token = setting.forge_claims(&generous(started_at));
            assert_eq!(open_with(&codec, &token, now, b"").is_ok(), alive);
        }
    }
}

#[test]
fn no_time_or_timeout_panics_or_wraps() {
    let edges = [0, 1, 1 << 31, 1 << 32, 1 << 63, u64::MAX - 1, u64::MAX];
    for idle in edges.into_iter().filter(|idle| *idle > 0) {
        for skew in edges {
            let setting = Setting {
                idle,
                skew,
                absolute: u64::MAX,
                protection: sealed_session::Protection::Signed,
                ..Setting::default()
            };
            let codec = setting.codec();
            for started_at in edges {
                for now in edges {
                    let token = setting.forge_claims(&OracleClaims {
                        epoch: 0,
                        started_at,
                        issued_at: started_at,
                        expires_at: u64::MAX,
                        ..claims()
                    });
                    let wide = |number: u64| u128::from(number);
                    let end = (wide(started_at) + wide(idle)).min(wide(u64::MAX));
                    let expected = if wide(started_at) > wide(now) + wide(skew) {
                        Err(OpenErrorKind::NotYetValid)
                    } else if wide(now) >= end {
                        Err(OpenErrorKind::Expired)
                    } else {
                        Ok(())
                    };
                    let opened = open_with(&codec, &token, now, b"").map(|_| ());
                    assert_eq!(opened, expected, "{started_at} {now} {idle} {skew}");
                }
            }
        }
    }
}

#[test]
fn sealing_at_the_end_of_time_is_an_error() {
    let state = RevocationState::fixed(Epoch::ZERO);
    for now in [u64::MAX, u64::MAX - 1799, u64::MAX - 43_199] {
        let context = Context::new(at(now), RevocationView::current(&state));
        let sealed = Setting::default()
            .codec()
            .start(&typical(), &context, random(1));
        assert_eq!(sealed.unwrap_err(), SealError::TimeOverflow);
    }
    let context = Context::new(at(u64::MAX - 43_200), RevocationView::current(&state));
    let codec = Setting::default().codec();
    let sealed = codec.start(&typical(), &context, random(1)).unwrap();
    assert!(codec.open(sealed.value(), &context).is_ok());
}

/// fastify's secure session (CVE-2024-31999) could be kept alive for ever.
#[test]
fn renewal_and_rotation_for_ever_still_end_at_the_absolute_timeout() {
    for protection in BOTH {
        let ring = KeyRing::new((0..40u8).map(|i| {
            let entry = RingKey::new(key(i + 1));
            match i {
                0 => entry,
                _ => entry.with_seal_from(at(NOW + u64::from(i) * 1100)),
            }
        }))
        .unwrap();
        let codec: Codec<Account> = Codec::builder("shop.example", &ring)
            .protection(protection)
            .build()
            .unwrap();
        let state = RevocationState::fixed(Epoch::from_millis(EPOCH));
        let context = |now| Context::new(at(now), RevocationView::current(&state));
        let first = codec.start(&typical(), &context(NOW), random(1)).unwrap();
        let id = first.claims().session_id();
        let mut token = first.into_value();
        let mut now = NOW;
        let mut rotations = 0;
        let end = loop {
            now += 173;
            let session = match codec.open(&token, &context(now)) {
                Ok(session) => session,
                Err(error) => {
                    assert_eq!(error.kind(), OpenErrorKind::Expired);
                    break now;
                }
            };
            rotations += u32::from(session.renewal().key_moved_on());
            let renewed = codec
                .renew(&session, session.value(), &context(now), random(2))
                .unwrap();
            assert_eq!(renewed.claims().started_at(), at(NOW));
            assert_eq!(renewed.claims().session_id(), id);
            assert!(renewed.claims().expires_at() <= at(NOW + 43_200));
            token = renewed.into_value();
        };
        assert!(rotations > 30);
        assert_eq!(end, NOW + 43_200_u64.next_multiple_of(173));
    }
}

#[test]
fn a_session_past_its_absolute_timeout_is_not_renewed_into_a_longer_life() {
    let codec = Setting::default().codec();
    let state = RevocationState::fixed(Epoch::ZERO);
    let context = |now| Context::new(at(now), RevocationView::current(&state));
    let token = Setting::default().seal(&typical());
    let session = codec.open(&token, &context(NOW + 1000)).unwrap();
    for (now, kind) in [
        (NOW + 1800, OpenErrorKind::Expired),
        (NOW + 43_200, OpenErrorKind::Expired),
        (NOW - 61, OpenErrorKind::NotYetValid),
    ] {
        let renewed = codec.renew(&session, &typical(), &context(now), random(1));
        assert_eq!(renewed.unwrap_err(), SealError::Ended(kind));
    }
}

#[test]
fn the_max_age_of_the_cookie_never_decides_validity() {
    let clock = sealed_session::ManualClock::new(at(NOW));
    let ring = KeyRing::from_key(key(1));
    let build = |settings: sealed_session::CookieSettings| {
        Sessions::<Account>::builder("shop.example", &ring)
            .cookie(settings)
            .clock(clock.clone())
            .build()
            .unwrap()
    };
    let cookie = sealed_session::CookieSettings::default();
    let with = build(cookie.clone());
    let without = build(cookie.until_browser_closes());
    let set = with.start(&typical()).unwrap();
    assert!(set.as_str().ends_with("; Max-Age=1800"));
    let header = set.as_str().split(';').next().unwrap();
    for sessions in [&with, &without] {
        clock.set(at(NOW + 1799));
        assert!(sessions.open(header).is_ok());
        clock.set(at(NOW + 1800));
        let error = sessions.open(header).unwrap_err();
        assert_eq!(error.kind(), OpenErrorKind::Expired);
    }
    clock.set(at(NOW));
    assert!(
        !without
            .start(&typical())
            .unwrap()
            .as_str()
            .contains("Max-Age")
    );
}

#[test]
fn a_tightened_timeout_applies_to_tokens_already_out() {
    let token = Setting::default().seal(&typical());
    let tight_idle = Setting {
        idle: 300,
        ..Setting::default()
    }
    .codec();
    let tight_end = Setting {
        absolute: 200,
        ..Setting::default()
    }
    .codec();
    for (codec, end) in [(tight_idle, 300), (tight_end, 200)] {
        assert!(open_with(&codec, &token, NOW + end - 1, b"").is_ok());
        let opened = open_with(&codec, &token, NOW + end, b"");
        assert_eq!(opened.unwrap_err(), OpenErrorKind::Expired);
    }
    // A loosened one does not lengthen what was sealed.
    let loose = Setting {
        idle: 7200,
        ..Setting::default()
    }
    .codec();
    let opened = open_with(&loose, &token, NOW + 1800, b"");
    assert_eq!(opened.unwrap_err(), OpenErrorKind::Expired);
}

#[test]
fn a_renewal_is_due_after_a_fifth_of_what_is_left_and_only_if_it_gains_time() {
    let due = |setting: &Setting, token: &str, now| {
        let session = open_with(&setting.codec(), token, now, b"").unwrap();
        session.renewal().age()
    };
    let default = Setting::default();
    let token = default.seal(&typical());
    assert!(!due(&default, &token, NOW + 359));
    assert!(due(&default, &token, NOW + 360));
    // A reader with a tighter timeout renews earlier, or its users would be logged out.
    let tight = Setting {
        idle: 100,
        ..Setting::default()
    };
    assert!(!due(&tight, &token, NOW + 19));
    assert!(due(&tight, &token, NOW + 20));
    // A token with a shorter life than the reader's setting, likewise.
    let short = Setting {
        idle: 100,
        ..Setting::default()
    }
    .seal(&typical());
    assert!(due(&default, &short, NOW + 20));
    // Near the end of the session a renewal gains nothing.
    let ending = default.forge_claims(&OracleClaims {
        started_at: NOW - 43_000,
        expires_at: NOW + 200,
        ..claims()
    });
    assert!(!due(&default, &ending, NOW + 199));
}

#[test]
fn a_renewal_on_a_server_whose_clock_is_behind_seals_what_opens() {
    for protection in BOTH {
        let setting = Setting::of(protection);
        let codec = setting.codec();
        let state = RevocationState::fixed(Epoch::from_millis(EPOCH));
        let context = |now| Context::new(at(now), RevocationView::current(&state));
        let token = setting.seal(&typical());
        let behind = context(NOW - 60);
        let session = codec.open(&token, &behind).unwrap();
        let renewed = codec
            .renew(&session, &typical(), &behind, random(1))
            .unwrap();
        assert_eq!(
            renewed.claims().issued_at(),
            at(NOW),
            "never before the former one"
        );
        for now in [NOW - 60, NOW, NOW + 1799] {
            assert!(
                codec.open(renewed.value(), &context(now)).is_ok(),
                "at {now}"
            );
        }
    }
}

#[test]
fn a_token_from_the_future_is_refused_and_so_is_its_epoch() {
    let setting = Setting::default();
    let codec = setting.codec();
    let issued = |ahead| OracleClaims {
        started_at: NOW + ahead,
        issued_at: NOW + ahead,
        expires_at: NOW + ahead + 1,
        ..claims()
    };
    let opened = |claims: &OracleClaims| {
        open_with(&codec, setting.forge_claims(claims), NOW, b"").map(|_| ())
    };
    assert_eq!(opened(&issued(60)), Ok(()));
    assert_eq!(opened(&issued(61)), Err(OpenErrorKind::NotYetValid));
    let day = 86_400_000;
    for (epoch, expected) in [
        (EPOCH + day, Ok(())),
        (EPOCH + day + 1, Err(OpenErrorKind::Malformed)),
        (u64::MAX, Err(OpenErrorKind::Malformed)),
    ] {
        assert_eq!(
            opened(&OracleClaims { epoch, ..claims() }),
            expected,
            "epoch {epoch}"
        );
    }
}

struct Broken;

impl Clock for Broken {
    fn unix_millis(&self) -> Result<u64, TimeError> {
        UnixTime::try_from(UNIX_EPOCH - Duration::from_millis(1)).map(UnixTime::as_secs)
    }
}

#[test]
fn a_clock_before_1970_is_an_error_and_no_panic() {
    let ring = KeyRing::from_key(key(1));
    let sessions = Sessions::<Account>::builder("shop.example", &ring)
        .clock(Broken)
        .build()
        .unwrap();
    let error = SealError::Clock(TimeError::Before1970);
    assert_eq!(sessions.start(&typical()).unwrap_err(), error);
    let token = Setting::default().seal(&typical());
    let opened = sessions.open(format!("__Host-session={token}"));
    assert_eq!(opened.unwrap_err().kind(), OpenErrorKind::Clock);
    assert!(sessions.revoke_everyone().wait().is_err());
    assert_eq!(UnixTime::try_from(UNIX_EPOCH), Ok(at(0)));
    assert!(UnixTime::try_from(SystemTime::now()).is_ok());
}
