//! When a renewal is due, and with which request: what a browser says of one, and what a handler knows.

use std::time::Duration;

use sealed_session::{
    FetchMetadata, Key, KeyRing, ManualClock, RingKey, SealError, Sessions, UnixTime,
};

use crate::account::{Account, typical};
use crate::fixture::{NOW, at, key};

fn sessions(clock: &ManualClock) -> Sessions<Account> {
    Sessions::builder("shop.example", &KeyRing::from_key(key(1)))
        .clock(clock.clone())
        .build()
        .unwrap()
}

use FetchMetadata::{Background, Navigation, Unknown};

#[test]
fn what_a_browser_says_of_a_request() {
    type Header = Option<&'static [u8]>;
    let cases: [(Header, Header, bool, FetchMetadata); 13] = [
        (None, None, false, Unknown),
        (Some(b"navigate"), Some(b"document"), false, Navigation),
        (Some(b"navigate"), None, false, Navigation),
        // Loaded ahead of time.
        (Some(b"navigate"), Some(b"document"), true, Background),
        (None, None, true, Background),
        (Some(b"navigate"), Some(b"iframe"), false, Background),
        (Some(b"cors"), Some(b"empty"), false, Background),
        (Some(b"same-origin"), Some(b"empty"), false, Background),
        (Some(b"no-cors"), Some(b"image"), false, Background),
        (Some(b"websocket"), Some(b"websocket"), false, Background),
        (None, Some(b"document"), false, Background),
        (Some(b"Navigate"), Some(b"document"), false, Background),
        (Some(b""), Some(b""), false, Background),
    ];
    for (mode, dest, has_purpose, expected) in cases {
        let metadata = FetchMetadata::new(mode, dest, has_purpose);
        assert_eq!(metadata, expected, "{mode:?} {dest:?} {has_purpose}");
    }
}

#[test]
fn a_request_in_the_background_renews_only_when_three_fifths_of_the_time_have_gone() {
    let clock = ManualClock::new(at(NOW));
    let sessions = sessions(&clock);
    let set = sessions.start(&typical()).unwrap();
    // Half an hour: a fifth is 360 seconds, three are 1080.
    for (second, any, background) in [
        (0, false, false),
        (359, false, false),
        (360, true, false),
        (1079, true, false),
        (1080, true, true),
        (1799, true, true),
    ] {
        clock.set(at(NOW + second));
        let session = sessions.open(set.pair()).unwrap();
        for (metadata, due) in [(Unknown, any), (Navigation, any), (Background, background)] {
            let session = session.clone().on_request(metadata);
            assert_eq!(session.renewal().is_due(), due, "{metadata:?} at {second}");
            assert_eq!(sessions.renew_if_due(&session).is_some(), due);
        }
        let never = session.without_renewal();
        assert!(!never.renewal().is_due() && sessions.renew_if_due(&never).is_none());
        assert!(!never.renewal().age() && !never.renewal().key_moved_on());
    }
}

#[test]
fn a_key_that_moved_on_waits_for_a_visit_of_a_page_too() {
    let ring = KeyRing::new([
        RingKey::new(key(1)),
        RingKey::new(key(2)).with_seal_from(at(NOW + 10)),
    ])
    .unwrap();
    let clock = ManualClock::new(at(NOW));
    let sessions = Sessions::<Account>::builder("shop.example", &ring)
        .clock(clock.clone())
        .build()
        .unwrap();
    let set = sessions.start(&typical()).unwrap();
    clock.set(at(NOW + 20));
    let session = sessions.open(set.pair()).unwrap();
    assert!(session.renewal().key_moved_on() && session.renewal().is_due());
    assert!(!session.clone().on_request(Background).renewal().is_due());
    let renewed = sessions
        .renew_if_due(&session.on_request(Navigation))
        .unwrap();
    assert_eq!(
        sessions.open(renewed.pair()).unwrap().key_id(),
        key(2).id("shop.example")
    );
}

#[test]
fn a_renewal_that_is_due_and_cannot_be_sealed_is_no_answer_and_no_error() {
    let closing = RingKey::new(Key::from_bytes(&crate::fixture::secret(1)).unwrap())
        .with_open_until(UnixTime::from_secs(NOW + 1000));
    let clock = ManualClock::new(at(NOW));
    let sessions = Sessions::<Account>::builder("shop.example", &KeyRing::new([closing]).unwrap())
        .clock(clock.clone())
        .build()
        .unwrap();
    let set = sessions.start(&typical()).unwrap();
    clock.advance(Duration::from_secs(999));
    let session = sessions.open(set.pair()).unwrap();
    clock.advance(Duration::from_secs(1));
    assert!(session.renewal().is_due());
    assert_eq!(sessions.renew_if_due(&session), None);
    assert_eq!(
        sessions.renew(&session).unwrap_err(),
        SealError::RetiredSealingKey
    );
}

#[cfg(feature = "http")]
#[test]
fn one_call_takes_a_request_with_cookies_in_several_headers_and_one_makes_the_answer() {
    use http::HeaderMap;
    use http::header::COOKIE;

    let clock = ManualClock::new(at(NOW));
    let sessions = sessions(&clock);
    let set = sessions.start(&typical()).unwrap();
    let mut headers = HeaderMap::new();
    headers.append(COOKIE, "a=1".parse().unwrap());
    headers.append(COOKIE, set.pair().parse().unwrap());
    headers.append(COOKIE, "b=2".parse().unwrap());
    clock.advance(Duration::from_secs(400));
    let session = sessions.open_request(&headers).unwrap();
    assert_eq!(session.value(), &typical());
    assert!(sessions.renew_if_due(&session).is_some());
    headers.insert("sec-fetch-mode", "cors".parse().unwrap());
    headers.insert("sec-fetch-dest", "empty".parse().unwrap());
    let session = sessions.open_request(&headers).unwrap();
    assert!(sessions.renew_if_due(&session).is_none());
    headers.insert("sec-fetch-mode", "navigate".parse().unwrap());
    headers.insert("sec-fetch-dest", "document".parse().unwrap());
    let session = sessions.open_request(&headers).unwrap();
    assert!(sessions.renew_if_due(&session).is_some());
    headers.insert("sec-purpose", "prefetch;prerender".parse().unwrap());
    let session = sessions.open_request(&headers).unwrap();
    assert!(sessions.renew_if_due(&session).is_none());
    assert!(sessions.bound(b"x").open_request(&headers).is_err());
}

#[test]
fn an_update_that_makes_another_users_session_is_an_error_that_says_what_to_do() {
    let clock = ManualClock::new(at(NOW));
    let sessions = sessions(&clock);
    let set = sessions.start(&typical()).unwrap();
    let session = sessions.open(set.pair()).unwrap();
    let other = Account {
        user: 1,
        ..typical()
    };
    let error = sessions.update(&session, &other).unwrap_err();
    assert_eq!(error, SealError::OtherScopes);
    assert_eq!(
        error.to_string(),
        "cannot change the session: its new value has other scopes, so it is another user's or \
         group's; start a new session instead, by begin_sign_in or start"
    );
    let same_user = Account {
        name: "alice the second".into(),
        ..typical()
    };
    assert!(sessions.update(&session, &same_user).is_ok());
}

/// A handler that changes the session, and a middleware or a request beside it that would renew it.
#[test]
fn a_renewal_gives_way_to_a_change_that_was_made_here_since() {
    let clock = ManualClock::new(at(NOW));
    let sessions = sessions(&clock);
    let set = sessions.start(&typical()).unwrap();
    clock.advance(Duration::from_secs(600));
    let session = sessions.open(set.pair()).unwrap();
    let of_a_request_beside = sessions.open(set.pair()).unwrap();
    let changed = Account {
        roles: vec!["second factor".into()],
        ..typical()
    };
    let changed_cookie = sessions.update(&session, &changed).unwrap();
    for held in [&session, &of_a_request_beside, &session.clone()] {
        assert!(held.renewal().is_due());
        assert_eq!(sessions.renew_if_due(held), None);
        // Who insists may.
        assert!(sessions.renew(held).is_ok());
    }
    // Of what was opened after the change, a renewal is due in its time.
    clock.advance(Duration::from_secs(600));
    let after = sessions.open(changed_cookie.pair()).unwrap();
    assert_eq!(after.value(), &changed);
    assert!(sessions.renew_if_due(&after).is_some());
    // Another session's change is no matter.
    let other = sessions.start(&typical()).unwrap();
    let other = sessions.open(other.pair()).unwrap();
    let held = sessions.open(changed_cookie.pair()).unwrap();
    let _ = sessions.update(&other, &changed).unwrap();
    assert!(sessions.renew_if_due(&held).is_some());
}
