//! When a state is loaded: on use, by a task, by a token's news, at a sign-in.

use std::time::Duration;

use sealed_session::{OpenErrorKind, RefreshError, RevocationEvent, SealError};
use tokio::runtime::Builder;

use crate::account::{Account, USER, typical};
use crate::background::wait_until;
use crate::shared_fixture::{Fleet, INTERVAL, STALENESS};

fn block_on<R>(future: impl Future<Output = R>) -> R {
    let runtime = Builder::new_current_thread().enable_time().build();
    runtime.unwrap().block_on(future)
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_load_on_use_is_made_once_an_interval() {
    let fleet = Fleet::new();
    let server = fleet.server(|builder| builder);
    let loads = || fleet.store.inner().loads;
    let before = loads();
    for _ in 0..120 {
        server.revocations.refresh_if_due().wait().unwrap();
        fleet.clock.advance(SECOND);
    }
    // An interval of 5 s, less up to a quarter: every 4 or 5 s on a clock of whole seconds.
    assert!(
        (24..=31).contains(&(loads() - before)),
        "{}",
        loads() - before
    );
}

#[test]
fn one_request_loads_and_the_others_go_on_with_what_is_held() {
    let fleet = Fleet::new();
    let server = fleet.fresh_server();
    fleet.clock.advance(INTERVAL);
    let loads = fleet.store.inner().loads;
    block_on(async {
        let gate = fleet.store.gate.lock().await;
        let mut loading = server.revocations.refresh_if_due();
        let soon = tokio::time::timeout(Duration::ZERO, &mut loading);
        assert!(soon.await.is_err(), "the first is held up");
        for _ in 0..100 {
            let soon = tokio::time::timeout(Duration::ZERO, server.revocations.refresh_if_due());
            soon.await.expect("the others are not").unwrap();
        }
        // Too old to go on with: now they wait.
        fleet.clock.advance(STALENESS);
        let mut waiting = server.revocations.refresh_if_due();
        let soon = tokio::time::timeout(Duration::ZERO, &mut waiting);
        assert!(soon.await.is_err());
        drop(gate);
        loading.await.unwrap();
        waiting.await.unwrap();
    });
    // The second load began after the first had: its own age demanded it.
    assert!(fleet.store.inner().loads <= loads + 2);
}

#[test]
fn a_load_goes_on_when_whoever_asked_for_it_has_gone() {
    let fleet = Fleet::new();
    let server = fleet.fresh_server();
    fleet.clock.advance(INTERVAL);
    block_on(async {
        let gate = fleet.store.gate.lock().await;
        let soon = tokio::time::timeout(Duration::ZERO, server.revocations.refresh());
        assert!(soon.await.is_err());
        drop(gate);
        server.revocations.refresh_if_due().await.unwrap();
    });
    wait_until(|| server.revocations.age() == Ok(Some(Duration::ZERO)));
}

#[test]
fn failures_are_further_and_further_apart() {
    let fleet = Fleet::new();
    let server = fleet.fresh_server();
    fleet.store.inner().fail = u32::MAX;
    let before = fleet.store.inner().loads;
    for _ in 0..600 {
        fleet.clock.advance(SECOND);
        let _ = server.revocations.refresh_if_due().wait();
    }
    let made = fleet.store.inner().loads - before;
    // A quarter of the staleness bound apart, less up to a quarter of that.
    assert!((40..=62).contains(&made), "{made}");
}

#[test]
fn a_token_that_is_ahead_asks_for_a_load_at_once_and_once_a_second_at_the_most() {
    let fleet = Fleet::new();
    let (one, other) = (fleet.fresh_server(), fleet.fresh_server());
    let old = one.sign_in(7);
    one.sessions.revoke_scope(USER, 7).wait().unwrap();
    let ahead = one.sign_in(8);
    let loads = || fleet.store.inner().loads;
    let before = loads();
    other.revocations.refresh_if_due().wait().unwrap();
    assert_eq!(loads(), before, "nothing is due yet");
    assert_eq!(other.kind(&ahead), Ok(()));
    other.revocations.refresh_if_due().wait().unwrap();
    assert_eq!(loads(), before, "not within a second of the last");
    fleet.clock.advance(SECOND);
    assert_eq!(other.kind(&old), Ok(()), "it does not know yet");
    other.revocations.refresh_if_due().wait().unwrap();
    assert_eq!(loads(), before + 1);
    assert_eq!(other.kind(&old), Err(OpenErrorKind::Revoked));
    // The news are known by now, and ask for nothing more.
    for _ in 0..3 {
        assert_eq!(other.kind(&ahead), Ok(()));
        fleet.clock.advance(SECOND);
        other.revocations.refresh_if_due().wait().unwrap();
    }
    assert_eq!(loads(), before + 1);
}

#[test]
fn a_sign_in_is_stamped_by_a_load_that_begins_after_it_and_joins_none_under_way() {
    let fleet = Fleet::new();
    let (server, other) = (fleet.fresh_server(), fleet.fresh_server());
    block_on(async {
        // A load is under way when the user is logged out elsewhere, and signs in here again.
        let gate = fleet.store.gate.lock().await;
        let begun = fleet.store.inner().begun_loads;
        let mut under_way = server.revocations.refresh();
        wait_until(|| fleet.store.inner().begun_loads > begun);
        assert!(
            tokio::time::timeout(Duration::ZERO, &mut under_way)
                .await
                .is_err()
        );
        let revoked = other.sessions.revoke_scope(USER, 7).await.unwrap();
        let mut sign_in = server.sessions.begin_sign_in();
        assert!(
            tokio::time::timeout(Duration::ZERO, &mut sign_in)
                .await
                .is_err()
        );
        let loads = fleet.store.inner().loads;
        drop(gate);
        under_way.await.unwrap();
        let sign_in = sign_in.await.unwrap();
        assert_eq!(fleet.store.inner().loads, loads + 2, "its own");
        let set = sign_in
            .start(&Account {
                user: 7,
                ..typical()
            })
            .unwrap();
        let session = server
            .sessions
            .open(set.as_str().split(';').next().unwrap());
        assert!(session.unwrap().claims().epoch() >= revoked);
    });
}

#[test]
fn sign_ins_that_wait_share_the_next_load() {
    let fleet = Fleet::new();
    let server = fleet.fresh_server();
    block_on(async {
        let gate = fleet.store.gate.lock().await;
        let begun = fleet.store.inner().begun_loads;
        let mut under_way = server.revocations.refresh();
        wait_until(|| fleet.store.inner().begun_loads > begun);
        assert!(
            tokio::time::timeout(Duration::ZERO, &mut under_way)
                .await
                .is_err()
        );
        let mut waiting: Vec<_> = (0..50).map(|_| server.sessions.begin_sign_in()).collect();
        for sign_in in &mut waiting {
            assert!(tokio::time::timeout(Duration::ZERO, sign_in).await.is_err());
        }
        let loads = fleet.store.inner().loads;
        drop(gate);
        under_way.await.unwrap();
        for sign_in in waiting {
            let _begun = sign_in.await.unwrap();
        }
        assert_eq!(fleet.store.inner().loads, loads + 2);
    });
}

#[test]
fn a_logout_elsewhere_between_the_steps_of_a_sign_in_ends_it() {
    let fleet = Fleet::new();
    let (server, other) = (fleet.fresh_server(), fleet.fresh_server());
    let account = Account {
        user: 7,
        ..typical()
    };
    let sign_in = server.sessions.begin_sign_in().wait().unwrap();
    other.sessions.revoke_scope(USER, 7).wait().unwrap();
    // This server does not know: the session starts, and dies where it is known.
    let set = sign_in.start(&account).unwrap();
    let header = set.as_str().split(';').next().unwrap();
    assert_eq!(other.kind(header), Err(OpenErrorKind::Revoked));
    server.revocations.refresh().wait().unwrap();
    assert_eq!(server.kind(header), Err(OpenErrorKind::Revoked));
    // Where it is known in time, it does not start.
    let sign_in = server.sessions.begin_sign_in().wait().unwrap();
    server.sessions.revoke_scope(USER, 7).wait().unwrap();
    let ended = SealError::Ended(OpenErrorKind::Revoked);
    assert_eq!(sign_in.start(&account).map(|_| ()), Err(ended));
    // And not when the state has become too old meanwhile.
    let sign_in = server.sessions.begin_sign_in().wait().unwrap();
    fleet.clock.advance(STALENESS + SECOND);
    let stale = sign_in.start(&account).map(|_| ());
    assert_eq!(stale, Err(SealError::StaleState));
}

/// Obligation 35, where the logout is another server's.
#[test]
fn a_session_that_was_logged_out_elsewhere_while_a_request_was_served_is_not_brought_back() {
    let fleet = Fleet::new();
    let (server, other) = (fleet.fresh_server(), fleet.fresh_server());
    let header = server.sign_in(7);
    let session = server.sessions.open(&header).unwrap();
    other.sessions.revoke_session(&session).wait().unwrap();
    // A renewal on the server that does not know yet: stamped with what it was opened under.
    let set = server.sessions.renew(&session).unwrap();
    let renewed = set.as_str().split(';').next().unwrap();
    assert_eq!(other.kind(renewed), Err(OpenErrorKind::Revoked));
    // The news arrives between opening and the answer.
    server.revocations.refresh().wait().unwrap();
    let ended = SealError::Ended(OpenErrorKind::Revoked);
    assert_eq!(server.sessions.renew(&session).map(|_| ()), Err(ended));
    assert_eq!(server.kind(renewed), Err(OpenErrorKind::Revoked));
}

#[test]
fn it_loads_by_itself_at_once_and_at_every_interval_and_ends_with_the_last_handle() {
    let fleet = Fleet::new();
    let server = fleet.server_by_itself(|builder| builder);
    let loads = || fleet.store.inner().loads;
    // Its pauses move the clock, so it runs on.
    wait_until(|| loads() > 10);
    assert!(server.revocations.snapshot().is_some());
    drop(server);
    wait_until(|| fleet.background.running() == 0);
}

#[test]
fn every_failure_is_told_to_the_listener() {
    let fleet = Fleet::new();
    let server = fleet.fresh_server();
    server.events();
    fleet.store.inner().fail = 1;
    assert!(server.revocations.refresh().wait().is_err());
    assert!(matches!(
        server.events()[..],
        [RevocationEvent::Failed(RefreshError::Store(_))]
    ));
    fleet
        .fresh_server()
        .sessions
        .revoke_everyone()
        .wait()
        .unwrap();
    server.revocations.refresh().wait().unwrap();
    let clock = server.revocations.snapshot().unwrap().clock();
    assert!(matches!(
        server.events()[..],
        [RevocationEvent::Loaded { clock: told }] if told == clock
    ));
}

#[test]
fn who_waits_for_a_store_that_fails_shares_the_failure() {
    let fleet = Fleet::new();
    let server = fleet.fresh_server();
    fleet.store.inner().fail = u32::MAX;
    block_on(async {
        let gate = fleet.store.gate.lock().await;
        let mut waiting: Vec<_> = (0..50).map(|_| server.sessions.begin_sign_in()).collect();
        for sign_in in &mut waiting {
            let soon = tokio::time::timeout(Duration::ZERO, sign_in);
            assert!(soon.await.is_err(), "held up");
        }
        let loads = fleet.store.inner().loads;
        drop(gate);
        for sign_in in waiting {
            assert!(matches!(sign_in.await, Err(RefreshError::Store(_))));
        }
        assert!(fleet.store.inner().loads <= loads + 2);
    });
}

#[test]
fn a_sign_in_without_any_state_tells_the_reason_of_the_load() {
    let fleet = Fleet::new();
    let server = fleet.server(|builder| builder.accept_stale_states());
    fleet.store.inner().fail = 1;
    let error = server.sessions.begin_sign_in().wait();
    assert!(matches!(error, Err(RefreshError::Store(_))));
}

/// A timer stands still while the machine is suspended, and the state ages.
#[test]
fn it_never_sleeps_for_longer_than_five_seconds() {
    let fleet = Fleet::new();
    let _server =
        fleet.server_by_itself(|builder| builder.refresh_interval(Duration::from_secs(30)));
    let before = fleet.store.inner().loads;
    wait_until(|| fleet.store.inner().loads > before + 3);
    assert_eq!(fleet.background.longest_pause(), Duration::from_secs(5));
}
