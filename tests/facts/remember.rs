//! Timeouts: what makes no sense is an error at build, and a session may ask for less ("remember me").

use std::time::Duration;

use sealed_session::testing::mint;
use sealed_session::{
    BuildError, KeyRing, Lifetime, ManualClock, OpenErrorKind, SealError, SessionData, Sessions,
};
use serde::{Deserialize, Serialize};

use crate::account::Account;
use crate::fixture::{NOW, at, key};

const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

const HOUR: u64 = 60 * 60;
const DAY: u64 = 24 * HOUR;

#[test]
fn timeouts_that_no_application_means_are_errors_at_build_that_say_the_fix() {
    let build = |idle, absolute, skew| {
        Sessions::<Account>::builder("shop.example", &KeyRing::from_key(key(1)))
            .idle_timeout(idle)
            .absolute_timeout(absolute)
            .skew(skew)
            .build()
            .map(|_| ())
    };
    let minute = secs(60);
    for (idle, absolute, skew, expected) in [
        (secs(1), secs(1), secs(0), Ok(())),
        (secs(400 * DAY), secs(400 * DAY), secs(HOUR), Ok(())),
        (secs(30 * DAY), secs(3653 * DAY), minute, Ok(())),
        (secs(2), secs(1), minute, Err(BuildError::IdleAboveAbsolute)),
        (
            secs(7 * DAY),
            secs(12 * HOUR),
            minute,
            Err(BuildError::IdleAboveAbsolute),
        ),
        (
            secs(400 * DAY + 1),
            secs(500 * DAY),
            minute,
            Err(BuildError::TimeoutTooLong),
        ),
        (
            secs(HOUR),
            secs(3653 * DAY + 1),
            minute,
            Err(BuildError::TimeoutTooLong),
        ),
        (
            secs(u64::MAX),
            secs(u64::MAX),
            minute,
            Err(BuildError::TimeoutTooLong),
        ),
        (
            secs(HOUR),
            secs(u64::MAX),
            minute,
            Err(BuildError::TimeoutTooLong),
        ),
        (
            Duration::MAX,
            Duration::MAX,
            minute,
            Err(BuildError::FractionOfSecond),
        ),
        (
            secs(HOUR),
            secs(DAY),
            secs(HOUR + 1),
            Err(BuildError::SkewTooLong),
        ),
        (
            secs(HOUR),
            secs(DAY),
            secs(3 * 365 * DAY),
            Err(BuildError::SkewTooLong),
        ),
        (
            secs(HOUR),
            secs(DAY),
            secs(u64::MAX),
            Err(BuildError::SkewTooLong),
        ),
        (
            secs(HOUR),
            secs(DAY),
            Duration::MAX,
            Err(BuildError::FractionOfSecond),
        ),
        (secs(0), secs(DAY), minute, Err(BuildError::ZeroTimeout)),
    ] {
        assert_eq!(
            build(idle, absolute, skew),
            expected,
            "{idle:?} {absolute:?} {skew:?}"
        );
    }
    // One alone, against the default of the other.
    let alone = Sessions::<Account>::builder("shop.example", &KeyRing::from_key(key(1)))
        .idle_timeout(secs(7 * DAY))
        .build();
    let message = alone.unwrap_err().to_string();
    assert!(message.contains("raise absolute_timeout, which is 12 hours where nothing is said"));
}

/// A session whose lifetime is its value.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum Visit {
    Remembered,
    UntilClosed,
    Short { idle: u64, absolute: u64 },
    Nanoseconds,
}

impl SessionData for Visit {
    const NAME: &'static str = "visit";
    const SCHEMA: u32 = 1;

    fn lifetime(&self) -> Lifetime {
        match *self {
            Self::Remembered => Lifetime::default(),
            Self::UntilClosed => Lifetime::until_browser_closes(),
            Self::Short { idle, absolute } => Lifetime::until_browser_closes()
                .idle_timeout(secs(idle))
                .absolute_timeout(secs(absolute)),
            Self::Nanoseconds => Lifetime::LONGEST.idle_timeout(Duration::from_nanos(1)),
        }
    }
}

fn visits(clock: &ManualClock) -> Sessions<Visit> {
    Sessions::builder("remember", &KeyRing::from_key(key(1)))
        .idle_timeout(secs(30 * DAY))
        .absolute_timeout(secs(90 * DAY))
        .clock(clock.clone())
        .build()
        .unwrap()
}

const SHORT: Visit = Visit::Short {
    idle: HOUR,
    absolute: 12 * HOUR,
};

#[test]
fn a_session_that_is_remembered_has_the_builders_timeouts_and_another_its_own() {
    let clock = ManualClock::new(at(NOW));
    let sessions = visits(&clock);
    for (visit, life, max_age) in [
        (Visit::Remembered, 30 * DAY, Some("; Max-Age=2592000")),
        (Visit::UntilClosed, 30 * DAY, None),
        (SHORT, HOUR, None),
    ] {
        let set = sessions.start(&visit).unwrap();
        let line = set.as_str();
        assert_eq!(line.find("; Max-Age").map(|place| &line[place..]), max_age);
        let session = sessions.open(set.pair()).unwrap();
        assert_eq!(session.claims().expires_at(), at(NOW + life));
    }
}

#[test]
fn a_renewal_keeps_the_shorter_lifetime() {
    let clock = ManualClock::new(at(NOW));
    let sessions = visits(&clock);
    let mut cookie = sessions.start(&SHORT).unwrap();
    let mut ended = None;
    for quarter in 1..100 {
        clock.set(at(NOW + quarter * 900));
        match sessions.open(cookie.pair()) {
            Ok(session) => {
                let claims = *session.claims();
                assert!(claims.expires_at() <= at(NOW + 12 * HOUR));
                if let Some(renewed) = sessions.renew_if_due(&session) {
                    assert!(!renewed.as_str().contains("Max-Age"));
                    cookie = renewed;
                }
            }
            Err(error) => {
                assert_eq!(error.kind(), OpenErrorKind::Expired);
                ended = Some(quarter * 900);
                break;
            }
        }
    }
    assert_eq!(ended, Some(12 * HOUR));
}

#[test]
fn a_renewal_is_due_by_a_fifth_of_the_shorter_lifetime() {
    let clock = ManualClock::new(at(NOW));
    let sessions = visits(&clock);
    let cookie = sessions.start(&SHORT).unwrap();
    for (second, due) in [(719, false), (720, true)] {
        clock.set(at(NOW + second));
        let session = sessions.open(cookie.pair()).unwrap();
        assert_eq!(session.renewal().is_due(), due);
    }
}

/// A deploy that makes the lifetime of a kind of visit shorter: the value of the cookie stays.
#[test]
fn a_lifetime_that_was_made_shorter_holds_for_cookies_already_out() {
    let clock = ManualClock::new(at(NOW));
    let setting = crate::fixture::Setting {
        cookie_name: "__Host-visit".into(),
        idle: 30 * DAY,
        absolute: 90 * DAY,
        ..crate::fixture::Setting::of_test("remember")
    };
    // What the former release sealed: the same value, with the long lifetime.
    let claims = crate::oracle::OracleClaims {
        expires_at: NOW + 30 * DAY,
        ..crate::fixture::claims()
    };
    let payload = [&[2][..], &[0x90, 0x1c], &[0xc0, 0xd1, 0x02]].concat();
    let token = setting.forge_payload(&claims, &payload);
    let sessions = visits(&clock);
    for (second, alive) in [(0, true), (HOUR - 1, true), (HOUR, false)] {
        clock.set(at(NOW + second));
        let opened = sessions.open_value(&token);
        match opened {
            Ok(session) => assert!(alive && *session.value() == SHORT),
            Err(error) => {
                assert!(!alive, "{error}");
                assert_eq!(error.kind(), OpenErrorKind::Expired);
            }
        }
    }
}

#[test]
fn a_lifetime_longer_than_the_builders_or_no_time_at_all_is_an_error_at_sign_in() {
    let sessions = visits(&ManualClock::new(at(NOW)));
    for (idle, absolute, fits) in [
        (30 * DAY, 90 * DAY, true),
        (1, 1, true),
        (30 * DAY + 1, 90 * DAY, false),
        (HOUR, 90 * DAY + 1, false),
        (0, HOUR, false),
        (HOUR, 0, false),
        // An idle timeout that would never be reached.
        (HOUR + 1, HOUR, false),
        (u64::MAX, u64::MAX, false),
    ] {
        let started = sessions.start(&Visit::Short { idle, absolute }).map(|_| ());
        let expected = if fits {
            Ok(())
        } else {
            Err(SealError::Lifetime)
        };
        assert_eq!(started, expected, "{idle} {absolute}");
    }
    let fraction = sessions.start(&Visit::Nanoseconds).unwrap_err();
    assert_eq!(fraction, SealError::Lifetime);
    assert!(
        fraction
            .to_string()
            .contains("give the builder the longest timeouts")
    );
}

#[test]
fn a_test_makes_a_cookie_for_any_start_issue_key_and_binding() {
    let ring = KeyRing::new([
        sealed_session::RingKey::new(key(1)).with_open_until(at(NOW + 1)),
        sealed_session::RingKey::new(key(2)).with_seal_from(at(NOW - 100)),
        sealed_session::RingKey::new(key(3)).with_seal_from(at(NOW + 100)),
    ])
    .unwrap();
    let clock = ManualClock::new(at(NOW));
    let sessions = Sessions::<Account>::builder("minting", &ring)
        .clock(clock)
        .build()
        .unwrap();
    let value = crate::account::typical();
    let session = |cookie: &sealed_session::SetCookie| sessions.open(cookie.pair()).unwrap();

    let plain = session(&mint(&sessions).cookie(&value).unwrap());
    assert_eq!(plain.claims().started_at(), at(NOW));
    assert_eq!(plain.key_id(), key(2).id("minting"));

    let eleven = mint(&sessions)
        .signed_in_ago(secs(11 * HOUR))
        .issued_ago(secs(60))
        .cookie(&value)
        .unwrap();
    let eleven = session(&eleven);
    assert_eq!(eleven.claims().started_at(), at(NOW - 11 * HOUR));
    assert_eq!(eleven.claims().issued_at(), at(NOW - 60));

    for seed in [1, 2, 3] {
        let id = key(seed).id("minting");
        let by_key = mint(&sessions).key(id).cookie(&value).unwrap();
        assert_eq!(session(&by_key).key_id(), id);
    }
    let unknown = mint(&sessions).key(key(9).id("minting")).cookie(&value);
    assert_eq!(unknown.unwrap_err(), SealError::NoSealingKey);

    let bound = mint(&sessions).binding(b"tenant-7").cookie(&value).unwrap();
    assert!(sessions.open(bound.pair()).is_err());
    assert!(sessions.bound(b"tenant-7").open(bound.pair()).is_ok());

    let dead = mint(&sessions)
        .signed_in_ago(secs(13 * HOUR))
        .cookie(&value)
        .unwrap();
    let error = sessions.open(dead.pair()).unwrap_err();
    assert_eq!(error.kind(), OpenErrorKind::Expired);
    let nonsense = mint(&sessions).signed_in_at(at(NOW)).issued_at(at(NOW - 1));
    assert_eq!(nonsense.cookie(&value).unwrap_err(), SealError::NoLifetime);
}

#[test]
fn a_change_of_the_lifetime_is_checked_as_at_sign_in() {
    let clock = ManualClock::new(at(NOW));
    let sessions = visits(&clock);
    let set = sessions.start(&Visit::Remembered).unwrap();
    let session = sessions.open(set.pair()).unwrap();
    for (visit, fits) in [
        (SHORT, true),
        (Visit::UntilClosed, true),
        (Visit::Nanoseconds, false),
        (
            Visit::Short {
                idle: 31 * DAY,
                absolute: 60 * DAY,
            },
            false,
        ),
    ] {
        let updated = sessions.update(&session, &visit).map(|_| ());
        let superseded = sessions.supersede(&session, &visit).wait();
        if fits {
            assert_eq!(updated, Ok(()));
        } else {
            assert_eq!(updated, Err(SealError::Lifetime));
            let error = superseded.map(|_| ()).unwrap_err();
            let sealed = sealed_session::RevokeError::Seal(SealError::Lifetime);
            assert_eq!(error.to_string(), sealed.to_string());
        }
        let minted = mint(&sessions).cookie(&visit).map(|_| ());
        assert_eq!(minted.is_ok(), fits, "{visit:?}");
    }
    // Back to a longer one: the token that is sealed has it.
    let set = sessions.start(&SHORT).unwrap();
    let session = sessions.open(set.pair()).unwrap();
    let longer = sessions.update(&session, &Visit::Remembered).unwrap();
    let longer = sessions.open(longer.pair()).unwrap();
    assert_eq!(longer.claims().expires_at(), at(NOW + 30 * DAY));
}

/// A deploy that lowers the builder's timeouts below what the value asks for.
#[test]
fn a_session_that_asked_for_more_than_a_deploy_now_allows_is_renewed_within_it() {
    let clock = ManualClock::new(at(NOW));
    let build = |absolute| {
        Sessions::<Visit>::builder("remember less", &KeyRing::from_key(key(1)))
            .idle_timeout(secs(HOUR))
            .absolute_timeout(secs(absolute))
            .clock(clock.clone())
            .build()
            .unwrap()
    };
    let set = build(24 * HOUR).start(&SHORT).unwrap();
    let tighter = build(6 * HOUR);
    clock.advance(secs(1800));
    let session = tighter.open(set.pair()).unwrap();
    let renewed = tighter.renew_if_due(&session).unwrap();
    let session = tighter.open(renewed.pair()).unwrap();
    assert_eq!(session.claims().expires_at(), at(NOW + 1800 + HOUR));
}

#[test]
fn what_its_own_lifetime_has_ended_is_not_renewed() {
    let clock = ManualClock::new(at(NOW));
    let setting = crate::fixture::Setting {
        cookie_name: "__Host-visit".into(),
        ..crate::fixture::Setting::of_test("remember")
    };
    let claims = crate::oracle::OracleClaims {
        expires_at: NOW + 30 * DAY,
        ..crate::fixture::claims()
    };
    let payload = [&[2][..], &[0x90, 0x1c], &[0xc0, 0xd1, 0x02]].concat();
    let token = setting.forge_payload(&claims, &payload);
    let sessions = visits(&clock);
    clock.set(at(NOW + HOUR - 1));
    let session = sessions.open_value(token).unwrap();
    assert!(sessions.renew(&session).is_ok());
    clock.set(at(NOW + HOUR));
    let ended = SealError::Ended(OpenErrorKind::Expired);
    assert_eq!(sessions.renew(&session).unwrap_err(), ended);
}
