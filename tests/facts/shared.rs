//! Revocations that servers share: what a load makes of the state held. Obligations 15, 17 and 21.

use std::time::Duration;

use sealed_session::{
    BuildError, DocumentError, Epoch, KeyRing, OpenErrorKind, RefreshError, RevocationEvent,
    Revocations, RevokeError, RingKey, Scope, SealError, Sessions,
};

use crate::account::{Account, USER, typical};
use crate::background::wait_until;
use crate::fixture::{NOW, at, key};
use crate::shared_fixture::{AUDIENCE, Fleet, INTERVAL, STALENESS, Server};

const REVOKED: Result<(), OpenErrorKind> = Err(OpenErrorKind::Revoked);
const STALE: Result<(), OpenErrorKind> = Err(OpenErrorKind::StaleState);

#[test]
fn a_logout_on_one_server_reaches_another_with_its_next_load() {
    let fleet = Fleet::new();
    let (one, other) = (fleet.fresh_server(), fleet.fresh_server());
    let (seven, eight) = (one.sign_in(7), one.sign_in(8));
    assert_eq!(other.kind(&seven), Ok(()));
    one.sessions.revoke_scope(USER, 7).wait().unwrap();
    assert_eq!(one.kind(&seven), REVOKED, "at once where it was made");
    assert_eq!(other.kind(&seven), Ok(()), "not yet");
    fleet.clock.advance(INTERVAL);
    other.revocations.refresh_if_due().wait().unwrap();
    assert_eq!(other.kind(&seven), REVOKED);
    assert_eq!(other.kind(&eight), Ok(()));
    assert_eq!(other.kind(&one.sign_in(7)), Ok(()), "who signs in again");
}

#[test]
fn opening_asks_the_store_for_nothing() {
    let fleet = Fleet::new();
    let server = fleet.fresh_server();
    let header = server.sign_in(7);
    let loads = fleet.store.inner().loads;
    for _ in 0..1000 {
        assert_eq!(server.kind(&header), Ok(()));
        fleet.clock.advance(Duration::from_millis(50));
    }
    assert_eq!(fleet.store.inner().loads, loads);
}

#[test]
fn without_a_state_nothing_opens_and_nothing_is_sealed() {
    let fleet = Fleet::new();
    let header = fleet.fresh_server().sign_in(7);
    for server in [
        fleet.server(|builder| builder),
        fleet.server(|builder| builder.accept_stale_states()),
    ] {
        assert_eq!(server.kind(&header), STALE);
        let start = server.sessions.start(&typical()).map(|_| ());
        assert_eq!(start, Err(SealError::StaleState));
        assert!(server.revocations.snapshot().is_none());
        assert_eq!(server.revocations.age(), Ok(None));
    }
}

#[test]
fn a_source_that_is_down_counts_for_nothing_up_to_the_very_bound_and_for_all_past_it() {
    let fleet = Fleet::new();
    let server = fleet.fresh_server();
    let header = server.sign_in(7);
    let session = server.sessions.open(&header).unwrap();
    fleet.store.inner().fail = u32::MAX;
    fleet.clock.advance(STALENESS);
    assert!(server.revocations.refresh_if_due().wait().is_err());
    assert_eq!(server.revocations.age(), Ok(Some(STALENESS)));
    assert_eq!(server.kind(&header), Ok(()), "at the bound");
    assert!(server.sessions.renew(&session).is_ok());
    fleet.clock.advance(Duration::from_millis(1));
    let error = server.sessions.open(&header).unwrap_err();
    assert_eq!(error.kind(), OpenErrorKind::StaleState);
    let stale = Err(SealError::StaleState);
    assert_eq!(server.sessions.renew(&session).map(|_| ()), stale);
    assert_eq!(server.sessions.start(&typical()).map(|_| ()), stale);
    let sign_in = server.sessions.begin_sign_in().wait();
    assert!(matches!(sign_in, Err(RefreshError::Store(_))));
    // An earlier verdict is final, and told first.
    fleet.store.inner().fail = 0;
    fleet
        .fresh_server()
        .sessions
        .revoke_scope(USER, 7)
        .wait()
        .unwrap();
    server.revocations.refresh().wait().unwrap();
    fleet.clock.advance(STALENESS * 2);
    let session_scope = fleet.fresh_server();
    assert_eq!(session_scope.kind(&header), REVOKED);
    assert_eq!(
        server.kind(&header),
        STALE,
        "the user's scope is read after the bound"
    );
}

#[test]
fn stale_states_are_accepted_where_that_was_said() {
    let fleet = Fleet::new();
    let server = fleet.server(|builder| builder.accept_stale_states());
    server.revocations.refresh().wait().unwrap();
    let header = server.sign_in(7);
    fleet.store.inner().fail = u32::MAX;
    fleet.clock.advance(STALENESS * 10);
    let session = server.sessions.open(&header).unwrap();
    assert!(server.sessions.renew(&session).is_ok());
    let late = server.sign_in(8);
    assert_eq!(server.kind(&late), Ok(()), "signing in goes on, too");
}

#[test]
fn an_age_counts_from_the_beginning_of_the_load_and_not_modified_renews_it() {
    let fleet = Fleet::new();
    let server = fleet.fresh_server();
    let sent = fleet.store.inner().sent;
    for _ in 0..20 {
        fleet.clock.advance(INTERVAL);
        server.revocations.refresh_if_due().wait().unwrap();
        assert_eq!(server.revocations.age(), Ok(Some(Duration::ZERO)));
    }
    assert_eq!(
        fleet.store.inner().sent,
        sent,
        "the document was not sent again"
    );
    let held_up = fleet.store.gate.clone();
    let slow = async {
        let gate = held_up.lock().await;
        let begun = fleet.store.inner().begun_loads;
        let refresh = server.revocations.refresh();
        let release = async {
            wait_until(|| fleet.store.inner().begun_loads > begun);
            fleet.clock.advance(Duration::from_secs(9));
            drop(gate);
        };
        let (result, ()) = tokio::join!(refresh, release);
        result.unwrap();
    };
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(slow);
    assert_eq!(server.revocations.age(), Ok(Some(Duration::from_secs(9))));
}

#[test]
fn a_wall_clock_that_is_set_back_makes_no_state_younger() {
    let fleet = Fleet::new();
    let server = fleet.fresh_server();
    fleet.clock.advance(STALENESS);
    fleet.clock.set(at(NOW));
    assert_eq!(server.revocations.age(), Ok(Some(STALENESS)));
}

#[test]
fn garbage_forged_foreign_or_cut_documents_change_nothing() {
    let fleet = Fleet::new();
    let server = fleet.fresh_server();
    let header = server.sign_in(7);
    let good = fleet.store.document().unwrap();
    let foreign = {
        let other = Fleet::without_store();
        let builder = Revocations::shared("other.example", &other.ring, other.store.clone());
        let builder = builder
            .refresh_on_use()
            .background(other.background.clone());
        let revocations = builder.clock(other.clock.clone()).build().unwrap();
        revocations.create_store().wait().unwrap();
        other.store.document().unwrap()
    };
    let before = server.revocations.snapshot().unwrap();
    for (bad, expected) in [
        (Vec::new(), "too short"),
        (vec![0; 200], "too short"),
        (vec![3; 200], "no key of the ring"),
        (good[..good.len() - 1].to_vec(), "forged, cut or damaged"),
        (foreign, "no key of the ring"),
    ] {
        fleet.store.put(Some(bad));
        let error = server.revocations.refresh().wait().unwrap_err();
        assert!(matches!(error, RefreshError::Document(_)));
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(server.revocations.snapshot().unwrap(), before);
        assert_eq!(server.kind(&header), Ok(()));
        let new = fleet.server(|builder| builder);
        assert!(new.revocations.refresh().wait().is_err());
        assert_eq!(new.kind(&header), STALE, "a new process has nothing");
        let revoke = new.revocations.revoke_everyone().wait();
        assert!(matches!(
            revoke,
            Err(RevokeError::Refresh(RefreshError::Document(_)))
        ));
    }
    fleet.store.put(Some(good));
    server.revocations.refresh().wait().unwrap();
}

#[test]
fn an_old_document_is_refused_and_reported_by_whoever_may_not_write_and_has_seen_a_newer_one() {
    let fleet = Fleet::new();
    let one = fleet.fresh_server();
    let server = fleet.server(|builder| builder.read_only());
    let header = one.sign_in(7);
    let old = fleet.store.document();
    let clock = one.sessions.revoke_scope(USER, 7).wait().unwrap();
    server.revocations.refresh().wait().unwrap();
    fleet.store.put(old);
    server.events();
    let error = server.revocations.refresh().wait().unwrap_err();
    let RefreshError::RolledBack { held, found } = error else {
        panic!("{error}");
    };
    assert!(held == clock && found < held);
    assert!(matches!(
        server.events()[..],
        [RevocationEvent::Failed(RefreshError::RolledBack { .. })]
    ));
    assert_eq!(server.kind(&header), REVOKED, "what it knows stays");
    // It goes stale: what others revoke now is unknown to it.
    fleet.clock.advance(STALENESS + Duration::from_millis(1));
    assert_eq!(server.kind(&fleet.fresh_server().sign_in(9)), STALE);
    // A process that has just started cannot know, until a token of the newer line arrives.
    let new = fleet.fresh_server();
    assert_eq!(new.kind(&header), Ok(()));
}

/// A store that fails over to a copy without the last write, or to which an old copy is put back.
#[test]
fn a_store_that_forgot_a_write_is_put_right_by_whoever_knows_and_forgives_nobody() {
    for asks_first in ["load", "write", "sign-in"] {
        let fleet = Fleet::new();
        let (server, other) = (fleet.fresh_server(), fleet.fresh_server());
        let (out, alive) = (server.sign_in(7), server.sign_in(8));
        let old = fleet.store.document();
        let forgotten = server.sessions.revoke_scope(USER, 7).wait().unwrap();
        fleet.store.put(old);
        // Another server goes on with the old copy, and does not know.
        let since = other.sessions.revoke_scope(USER, 9).wait().unwrap();
        server.events();
        match asks_first {
            "load" => server.revocations.refresh().wait().unwrap(),
            "write" => drop(server.sessions.revoke_scope(USER, 10).wait().unwrap()),
            _ => drop(server.sign_in(10)),
        }
        let events = server.events();
        assert!(
            matches!(
                events[..],
                [
                    RevocationEvent::Failed(RefreshError::RolledBack { .. }),
                    RevocationEvent::Repaired { clock },
                    ..
                ] if clock > forgotten && clock > since
            ),
            "{asks_first}: {events:?}"
        );
        other.revocations.refresh().wait().unwrap();
        for server in [&server, &other, &fleet.fresh_server()] {
            assert_eq!(server.kind(&out), REVOKED, "it is not forgiven");
            assert_eq!(server.kind(&alive), REVOKED, "once, everybody");
            assert_eq!(server.kind(&server.sign_in(7)), Ok(()));
        }
        // Once: nobody finds anything to put right after it.
        for server in [&server, &other] {
            server.events();
            server.revocations.refresh().wait().unwrap();
            assert!(
                server
                    .events()
                    .iter()
                    .all(|event| !matches!(event, RevocationEvent::Repaired { .. }))
            );
        }
    }
}

#[test]
fn of_several_who_know_more_than_the_store_one_puts_it_right() {
    let fleet = Fleet::new();
    let servers = [(); 5].map(|()| fleet.fresh_server());
    let old = fleet.store.document();
    servers[0].sessions.revoke_scope(USER, 7).wait().unwrap();
    for server in &servers {
        server.revocations.refresh().wait().unwrap();
    }
    fleet.store.put(old);
    let written = fleet.store.inner().writes;
    for server in &servers {
        server.revocations.refresh().wait().unwrap();
    }
    assert_eq!(fleet.store.inner().writes, written + 1);
}

/// What a replica answers that is behind, while the store itself has forgotten nothing.
#[test]
fn a_single_old_answer_ends_no_session() {
    let fleet = Fleet::new();
    let server = fleet.fresh_server();
    let old = fleet.store.document();
    let (out, alive) = (server.sign_in(7), server.sign_in(8));
    server.sessions.revoke_scope(USER, 7).wait().unwrap();
    let written = fleet.store.inner().writes;
    fleet.store.inner().stale = old;
    server.revocations.refresh().wait().unwrap();
    assert_eq!(fleet.store.inner().writes, written);
    assert_eq!(server.kind(&out), REVOKED);
    assert_eq!(server.kind(&alive), Ok(()));
}

#[test]
fn a_token_that_is_ahead_of_the_store_tells_that_an_old_copy_was_put_back() {
    let fleet = Fleet::new();
    let old = fleet.store.document();
    let one = fleet.fresh_server();
    one.sessions.revoke_scope(USER, 8).wait().unwrap();
    let ahead = one.sign_in(7);
    fleet.store.put(old);
    let new = fleet.fresh_server();
    assert_eq!(new.kind(&ahead), Ok(()));
    fleet.clock.advance(Duration::from_secs(1));
    new.events();
    new.revocations.refresh_if_due().wait().unwrap();
    let behind = |event: &RevocationEvent| matches!(event, RevocationEvent::BehindTokens { .. });
    assert!(new.events().iter().any(behind));
    // Once; and the next revocation steps over it.
    fleet.clock.advance(INTERVAL);
    new.revocations.refresh_if_due().wait().unwrap();
    assert!(!new.events().iter().any(behind));
    new.sessions.revoke_scope(USER, 7).wait().unwrap();
    assert_eq!(new.kind(&ahead), REVOKED);
}

#[test]
fn a_store_that_is_lost_ends_sessions_and_forgives_none() {
    let fleet = Fleet::new();
    let server = fleet.fresh_server();
    let (out, alive) = (server.sign_in(7), server.sign_in(8));
    server.sessions.revoke_scope(USER, 7).wait().unwrap();
    fleet.store.put(None);
    assert!(matches!(
        server.revocations.refresh().wait(),
        Err(RefreshError::Lost { .. })
    ));
    assert_eq!(server.kind(&out), REVOKED);
    assert_eq!(server.kind(&alive), Ok(()));
    let revoke = server.sessions.revoke_scope(USER, 8).wait();
    assert!(matches!(
        revoke,
        Err(RevokeError::Refresh(RefreshError::Lost { .. }))
    ));
    let new = fleet.server(|builder| builder);
    assert!(matches!(
        new.revocations.refresh().wait(),
        Err(RefreshError::NoStore)
    ));
    // A process that has held a state makes it above that, and a new one has nothing to go by but the time.
    new.revocations.create_store().wait().unwrap();
    for server in [&server, &new] {
        server.revocations.refresh().wait().unwrap();
        assert_eq!(server.kind(&out), REVOKED);
        assert_eq!(server.kind(&alive), REVOKED);
        assert_eq!(server.kind(&new.sign_in(7)), Ok(()));
    }
}

#[test]
fn a_store_is_made_once_and_above_whatever_its_maker_knows() {
    let fleet = Fleet::without_store();
    let maker = fleet.server(|builder| builder);
    let seen = Epoch::from_millis(NOW * 1000 + 900_000);
    let clock = maker.revocations.create_store_above(seen).wait().unwrap();
    assert_eq!(clock.as_millis(), seen.as_millis() + 1);
    let state = maker.revocations.snapshot().unwrap();
    assert_eq!((state.clock(), state.floor()), (clock, clock));
    let document = fleet.store.document();
    for again in 0..200 {
        let server = fleet.server(|builder| builder);
        if again % 2 == 0 {
            server.revocations.refresh().wait().unwrap();
        }
        let made = server.revocations.create_store().wait();
        assert_eq!(made.unwrap(), clock, "at every start, for it is there");
    }
    assert_eq!(fleet.store.document(), document);
    // Where a clock that is known from elsewhere is not below it, it is raised over that.
    let raised = maker.revocations.create_store_above(clock).wait().unwrap();
    assert!(raised > clock);
    assert_eq!(maker.revocations.snapshot().unwrap().floor(), raised);
    let plain = Fleet::without_store();
    let clock = plain
        .server(|builder| builder)
        .revocations
        .create_store()
        .wait();
    assert_eq!(
        clock.unwrap().as_millis(),
        (NOW + 120) * 1000,
        "two skews ahead"
    );
}

#[test]
fn a_document_under_a_former_key_is_written_again_by_whoever_may() {
    let mut fleet = Fleet::new();
    let server = fleet.fresh_server();
    server.sessions.revoke_scope(USER, 7).wait().unwrap();
    let reader = fleet.server(|builder| builder.read_only());
    let old = RingKey::new(key(1));
    let new = RingKey::new(key(2)).with_seal_from(at(NOW + 900));
    fleet.ring = KeyRing::new([old, new]).unwrap();
    server.sessions.replace_keys(&fleet.ring).unwrap();
    reader.sessions.replace_keys(&fleet.ring).unwrap();
    let before = fleet.store.document();
    server.revocations.refresh().wait().unwrap();
    assert_eq!(
        fleet.store.document(),
        before,
        "the new key does not seal yet"
    );
    fleet.clock.set(at(NOW + 900));
    reader.events();
    reader.revocations.refresh().wait().unwrap();
    assert_eq!(fleet.store.document(), before, "it may not write");
    let told = |server: &Server| {
        let not_written = |event| matches!(event, RevocationEvent::NotWrittenAgain(_));
        server.events().into_iter().any(not_written)
    };
    assert!(told(&reader), "and says so");
    server.events();
    fleet.store.inner().fail_writes = 2;
    server.revocations.refresh().wait().unwrap();
    assert!(
        told(&server),
        "a failure is told, and the next load tries again"
    );
    fleet.store.inner().fail_writes = 0;
    server.revocations.refresh().wait().unwrap();
    assert_ne!(fleet.store.document(), before);
    let written = fleet.store.inner().writes;
    server.revocations.refresh().wait().unwrap();
    assert_eq!(fleet.store.inner().writes, written, "once");
    // The former key may go now.
    let ring = KeyRing::from_key(key(2));
    server.sessions.replace_keys(&ring).unwrap();
    fleet.ring = ring;
    let late = fleet.fresh_server();
    let user = Scope::new(USER, 7);
    let entry = |server: &Server| server.revocations.snapshot().unwrap().revoked_before(user);
    assert_eq!(entry(&late), entry(&server));
    // And one that still has the old ring alone is told.
    fleet.ring = KeyRing::from_key(key(1));
    let error = fleet.server(|builder| builder).revocations.refresh().wait();
    let unknown = DocumentError::UnknownKey(key(2).id(AUDIENCE));
    assert!(matches!(error, Err(RefreshError::Document(error)) if error == unknown));
}

#[test]
fn settings_that_cannot_be_meant_are_refused() {
    let fleet = Fleet::without_store();
    let builder = || Revocations::shared(AUDIENCE, &fleet.ring, fleet.store.clone());
    for wrong in [
        builder().refresh_interval(Duration::ZERO),
        builder().refresh_interval(Duration::from_secs(31)),
    ] {
        assert_eq!(wrong.build().unwrap_err(), BuildError::RefreshInterval);
    }
    for wrong in [0, 3_000_001] {
        let error = builder().max_entries(wrong).build().unwrap_err();
        assert_eq!(error, BuildError::MaxEntries);
    }
    assert!(
        builder()
            .refresh_interval(Duration::from_secs(30))
            .build()
            .is_ok()
    );
    let empty = Revocations::shared("", &fleet.ring, fleet.store.clone()).build();
    assert_eq!(empty.unwrap_err(), BuildError::EmptyAudience);
    let other = Revocations::shared("other.example", &fleet.ring, fleet.store.clone());
    let sessions = Sessions::<Account>::builder(AUDIENCE, &fleet.ring)
        .revocations(other.build().unwrap())
        .build();
    assert_eq!(sessions.unwrap_err(), BuildError::RevocationsAudience);
}
