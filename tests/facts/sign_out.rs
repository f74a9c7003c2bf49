//! Signing out is the end of a session: with a store, in one process, and without any. Obligations 39
//! and 40.

use std::time::Duration;

use sealed_session::{
    CookieSettings, Epoch, KeyRing, ManualClock, OpenErrorKind, Revocations, RevokeError, Scope,
    SealError, Session, Sessions, SetCookie,
};

use crate::account::{Account, typical};
use crate::fixture::{NOW, at, key};
use crate::shared_fixture::{Fleet, Server};

fn sessions(clock: &ManualClock, revocations: Revocations) -> Sessions<Account> {
    Sessions::builder("shop.example", &KeyRing::from_key(key(1)))
        .clock(clock.clone())
        .revocations(revocations)
        .build()
        .unwrap()
}

fn without_any() -> (ManualClock, Sessions<Account>) {
    let clock = ManualClock::new(at(NOW));
    let sessions = sessions(&clock, Revocations::default());
    (clock, sessions)
}

fn in_this_process() -> (ManualClock, Sessions<Account>) {
    let clock = ManualClock::new(at(NOW));
    let skew = Duration::from_secs(60);
    let revocations = Revocations::in_this_process_with(clock.clone(), skew, Epoch::ZERO).unwrap();
    let sessions = sessions(&clock, revocations);
    (clock, sessions)
}

fn pair(set: &SetCookie) -> String {
    set.pair().to_owned()
}

const ENDED: SealError = SealError::Ended(OpenErrorKind::Revoked);

#[test]
fn after_a_sign_out_nothing_of_the_session_opens_or_is_renewed_in_this_process() {
    for (clock, sessions) in [without_any(), in_this_process()] {
        let cookie = pair(&sessions.start(&typical()).unwrap());
        clock.advance(Duration::from_secs(600));
        let session = sessions.open(&cookie).unwrap();
        let a_middlewares_clone = session.clone();
        let of_a_slow_request = sessions.open(&cookie).unwrap();
        assert!(session.renewal().is_due());
        let signed_out = sessions.sign_out(session).wait();
        assert!(signed_out.everywhere().is_ok());
        assert_eq!(
            signed_out.into_removal_cookies(),
            sessions.removal_cookies()
        );

        for held in [&a_middlewares_clone, &of_a_slow_request] {
            assert!(held.renewal().is_due());
            assert_eq!(sessions.renew_if_due(held), None);
            assert_eq!(sessions.renew(held).unwrap_err(), ENDED);
            assert_eq!(sessions.update(held, &typical()).unwrap_err(), ENDED);
            let superseded = sessions.supersede(held, &typical()).wait();
            assert!(matches!(
                superseded,
                Err(RevokeError::Seal(ENDED) | RevokeError::Fixed)
            ));
        }
        let error = sessions.open(&cookie).unwrap_err();
        assert_eq!(error.kind(), OpenErrorKind::Revoked);
        assert!(
            sessions
                .open_value(cookie.split_once('=').unwrap().1)
                .is_err()
        );
        assert!(sessions.bound(b"").open_headers([&cookie]).is_err());

        // Signing in again is another session.
        let again = pair(&sessions.start(&typical()).unwrap());
        assert!(sessions.open(&again).is_ok());
        for header in [format!("{cookie}; {again}"), format!("{again}; {cookie}")] {
            assert!(sessions.open(header).is_ok());
        }
    }
}

/// The cookie that a slow request renewed just before, and whose answer arrives after the sign-out.
#[test]
fn a_renewal_that_was_sealed_before_the_sign_out_and_arrives_after_it_does_not_open() {
    for (_, sessions) in [without_any(), in_this_process()] {
        let cookie = pair(&sessions.start(&typical()).unwrap());
        let slow = sessions.open(&cookie).unwrap();
        let late = pair(&sessions.renew(&slow).unwrap());
        let session = sessions.open(&cookie).unwrap();
        sessions.sign_out(session).wait().everywhere().unwrap();
        assert_eq!(
            sessions.open(&late).unwrap_err().kind(),
            OpenErrorKind::Revoked
        );
    }
}

#[test]
fn a_sign_out_takes_effect_here_before_it_is_awaited() {
    let (_, sessions) = without_any();
    let cookie = pair(&sessions.start(&typical()).unwrap());
    let session = sessions.open(&cookie).unwrap();
    let held = session.clone();
    let dropped = sessions.sign_out(session);
    drop(dropped);
    assert_eq!(sessions.renew(&held).unwrap_err(), ENDED);
}

/// In one second, so that neither cookie is the newer one.
#[test]
fn a_cookie_that_was_signed_out_does_not_hide_another_session() {
    let (_, sessions) = without_any();
    let [former, present] = [(); 2].map(|()| pair(&sessions.start(&typical()).unwrap()));
    let session = sessions.open(&former).unwrap();
    sessions.sign_out(session).wait().everywhere().unwrap();
    for header in [
        format!("{former}; {present}"),
        format!("{present}; {former}"),
    ] {
        assert!(sessions.open(header).is_ok());
    }
}

#[test]
fn a_sign_out_of_one_session_leaves_the_others_of_its_user() {
    let (_, sessions) = without_any();
    let here = pair(&sessions.start(&typical()).unwrap());
    let there = pair(&sessions.start(&typical()).unwrap());
    let session = sessions.open(&here).unwrap();
    sessions.sign_out(session).wait().everywhere().unwrap();
    assert!(sessions.open(&here).is_err());
    let other = sessions.open(&there).unwrap();
    assert!(sessions.renew(&other).is_ok());
}

/// Whether the server has loaded a revocation of the session.
fn has_loaded_the_end_of(server: &Server, session: &Session<Account>) -> bool {
    server.revocations.refresh().wait().unwrap();
    let state = server.revocations.snapshot().unwrap();
    let claims = session.claims();
    state.revoked_before(Scope::session(claims.session_id())) > claims.epoch()
}

#[test]
fn with_a_store_a_sign_out_ends_the_session_on_other_servers_too() {
    let fleet = Fleet::new();
    let (here, there) = (fleet.fresh_server(), fleet.fresh_server());
    let cookie = here.sign_in(7);
    let session = here.sessions.open(&cookie).unwrap();
    let slow_elsewhere = there.sessions.open(&cookie).unwrap();
    assert!(!has_loaded_the_end_of(&there, &slow_elsewhere));
    here.sessions.sign_out(session).wait().everywhere().unwrap();
    assert_eq!(here.kind(&cookie), Err(OpenErrorKind::Revoked));
    assert!(has_loaded_the_end_of(&there, &slow_elsewhere));
    assert_eq!(there.kind(&cookie), Err(OpenErrorKind::Revoked));
    assert_eq!(there.sessions.renew(&slow_elsewhere).unwrap_err(), ENDED);
}

#[test]
fn where_the_store_is_down_the_error_has_the_removal_and_the_session_ends_here() {
    let fleet = Fleet::new();
    let server = fleet.fresh_server();
    let cookie = server.sign_in(7);
    let session = server.sessions.open(&cookie).unwrap();
    let held = session.clone();
    fleet.store.inner().fail = u32::MAX;
    let signed_out = server.sessions.sign_out(session).wait();
    let error = signed_out.everywhere().unwrap_err();
    assert!(matches!(
        error.error(),
        RevokeError::Store(_) | RevokeError::Refresh(_)
    ));
    assert!(error.to_string().starts_with(
        "signed out here, but a copy of the cookie may still open on other servers: cannot revoke: "
    ));
    assert_eq!(
        signed_out.into_removal_cookies(),
        server.sessions.removal_cookies()
    );
    assert_eq!(server.sessions.renew(&held).unwrap_err(), ENDED);
    assert_eq!(server.kind(&cookie), Err(OpenErrorKind::Revoked));
}

#[test]
fn a_session_is_signed_out_and_revoked_only_by_the_sessions_that_opened_it() {
    let ring = KeyRing::from_key(key(1));
    let build = |name| {
        Sessions::<Account>::builder("shop.example", &ring)
            .cookie(CookieSettings::host(name))
            .build()
            .unwrap()
    };
    let (a, b) = (build("a"), build("b"));
    let cookie = pair(&b.start(&typical()).unwrap());
    let session = b.open(&cookie).unwrap();
    let revoked = a.revoke_session(&session).wait();
    assert!(matches!(revoked, Err(RevokeError::OtherOrigin)));
    let signed_out = a.sign_out(session.clone()).wait();
    let error = signed_out.everywhere().unwrap_err();
    assert!(matches!(error.error(), RevokeError::OtherOrigin));
    assert_eq!(
        error.to_string(),
        "not signed out: cannot revoke: the session was opened under another audience or cookie name; use \
         the sessions that opened it"
    );
    assert!(b.open(&cookie).is_ok() && b.renew(&session).is_ok());
    b.sign_out(session).wait().everywhere().unwrap();
    assert!(b.open(&cookie).is_err());
}

#[test]
fn a_bound_session_is_signed_out_with_its_binding_or_without() {
    let (_, sessions) = without_any();
    let bound = sessions.bound(b"tenant-7");
    for by_bound in [true, false] {
        let cookie = pair(&bound.start(&typical()).unwrap());
        let session = bound.open(&cookie).unwrap();
        let removal = if by_bound {
            bound.sign_out(session).wait()
        } else {
            sessions.sign_out(session).wait()
        };
        assert!(removal.everywhere().is_ok());
        assert!(bound.open(&cookie).is_err());
    }
}

#[test]
fn signing_out_removes_the_cookie_at_every_place_where_it_was() {
    let cookie = CookieSettings::secure("session")
        .domain("shop.example")
        .path("/app")
        .formerly(
            CookieSettings::secure("session")
                .domain("shop.example")
                .formerly(CookieSettings::host("session")),
        );
    let sessions = Sessions::<Account>::builder("shop.example", &KeyRing::from_key(key(1)))
        .cookie(cookie)
        .build()
        .unwrap();
    let cookie = pair(&sessions.start(&typical()).unwrap());
    let session = sessions.open(&cookie).unwrap();
    let removal = sessions.sign_out(session).wait();
    let end = "Secure; HttpOnly; SameSite=Lax; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";
    let lines: Vec<String> = removal.into_iter().map(String::from).collect();
    assert_eq!(
        lines,
        [
            format!("__Secure-session=; Path=/app; Domain=shop.example; {end}"),
            format!("__Secure-session=; Path=/; Domain=shop.example; {end}"),
            format!("__Host-session=; Path=/; {end}"),
        ]
    );
}

#[test]
fn all_sessions_of_one_audience_and_cookie_know_of_a_sign_out_also_those_built_later() {
    let build = |audience| {
        Sessions::<Account>::builder(audience, &KeyRing::from_key(key(1)))
            .build()
            .unwrap()
    };
    let here = build("sign-outs");
    let there = build("sign-outs");
    let cookie = pair(&here.start(&typical()).unwrap());
    let held = there.open(&cookie).unwrap();
    here.sign_out(here.open(&cookie).unwrap())
        .wait()
        .everywhere()
        .unwrap();
    assert_eq!(there.renew(&held).unwrap_err(), ENDED);
    assert_eq!(
        there.open(&cookie).unwrap_err().kind(),
        OpenErrorKind::Revoked
    );
    drop((here, there));
    let later = build("sign-outs");
    assert_eq!(
        later.open(&cookie).unwrap_err().kind(),
        OpenErrorKind::Revoked
    );
    assert_eq!(later.renew(&held).unwrap_err(), ENDED);
}

/// A cookie of a former place, of another user, beside the present one.
#[test]
fn signing_out_ends_every_session_of_the_request_so_that_no_other_user_comes_back() {
    let fleet = Fleet::new();
    let (here, there) = (fleet.fresh_server(), fleet.fresh_server());
    let former = here.sign_in(5);
    fleet.clock.advance(Duration::from_secs(1));
    let present = here.sign_in(6);
    fleet.clock.advance(Duration::from_secs(1));
    let both = format!("{former}; {present}");
    let session = here.sessions.open(&both).unwrap();
    assert_eq!(session.value().user, 6);
    let clone = session.clone();
    let alone = here.sessions.open(&former).unwrap();
    here.sessions.sign_out(session).wait().everywhere().unwrap();
    for header in [&both, &former, &present] {
        assert_eq!(here.kind(header), Err(OpenErrorKind::Revoked));
    }
    for session in [&alone, &clone] {
        assert!(has_loaded_the_end_of(&there, session));
    }
    assert_eq!(here.sessions.renew(&clone).unwrap_err(), ENDED);
}

#[test]
fn a_clock_that_is_ahead_for_a_moment_forgets_no_sign_out() {
    let (clock, sessions) = without_any();
    let cookie = pair(&sessions.start(&typical()).unwrap());
    let session = sessions.open(&cookie).unwrap();
    sessions.sign_out(session).wait().everywhere().unwrap();
    clock.set(at(NOW + 1_000_000));
    let other = pair(&sessions.start(&typical()).unwrap());
    let other = sessions.open(&other).unwrap();
    sessions.sign_out(other).wait().everywhere().unwrap();
    clock.set(at(NOW + 1));
    assert_eq!(
        sessions.open(&cookie).unwrap_err().kind(),
        OpenErrorKind::Revoked
    );
}
