//! Writers of a shared store: conflicts, lost answers, changes that arrive together. Obligations 16
//! and 20 as far as one process shows them.

use std::time::Duration;

use sealed_session::{
    ChangeError, Epoch, OpenErrorKind, RevocationEvent, RevokeError, Scope, SealError,
};
use tokio::runtime::Builder;

use crate::account::{Account, USER, typical};
use crate::background::wait_until;
use crate::shared_fixture::{Fleet, Server};

fn user(number: u64) -> Scope {
    Scope::new(USER, number)
}

pub(crate) fn entry(server: &Server, number: u64) -> Epoch {
    server.revocations.refresh().wait().unwrap();
    server
        .revocations
        .snapshot()
        .unwrap()
        .revoked_before(user(number))
}

fn block_on<R>(future: impl Future<Output = R>) -> R {
    Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap()
        .block_on(future)
}

#[test]
fn writers_who_meet_read_again_and_lose_nothing() {
    let fleet = Fleet::new();
    let (one, other) = (fleet.fresh_server(), fleet.fresh_server());
    // Neither knows of the other's last write.
    for round in 0..10 {
        one.sessions.revoke_scope(USER, round).wait().unwrap();
        other
            .sessions
            .revoke_scope(USER, 100 + round)
            .wait()
            .unwrap();
    }
    let state = fleet.fresh_server().revocations.list().wait().unwrap();
    assert_eq!(state.len(), 20);
    let mut clocks: Vec<Epoch> = state.revoked().map(|(_, epoch)| epoch).collect();
    clocks.sort_unstable();
    clocks.dedup();
    assert_eq!(clocks.len(), 20, "each write has a clock of its own");
}

#[test]
fn changes_that_arrive_together_are_written_together_in_one_step_of_the_clock() {
    let fleet = Fleet::new();
    let server = fleet.fresh_server();
    let clocks = block_on(async {
        let gate = fleet.store.write_gate.lock().await;
        let revoke = |number| server.sessions.revoke_scope(USER, number);
        let begun = fleet.store.inner().begun_writes;
        let first = revoke(1);
        wait_until(|| fleet.store.inner().begun_writes > begun);
        let rest = [revoke(2), revoke(3), revoke(4)];
        drop(gate);
        let mut clocks = vec![first.await.unwrap()];
        for revoked in rest {
            clocks.push(revoked.await.unwrap());
        }
        clocks
    });
    // The first was alone when it began; the rest waited for it, and for nothing else.
    assert_eq!(fleet.store.inner().writes, 1 + 2);
    assert!(clocks[0] < clocks[1]);
    assert_eq!(clocks[1], clocks[2]);
    assert_eq!(clocks[1], clocks[3]);
    for (number, clock) in (1..).zip(clocks) {
        assert_eq!(entry(&fleet.fresh_server(), number), clock);
    }
}

#[test]
fn a_logout_is_carried_out_though_whoever_asked_for_it_went_away() {
    let fleet = Fleet::new();
    let server = fleet.fresh_server();
    let header = server.sign_in(4);
    let session = server.sessions.open(&header).unwrap();
    block_on(async {
        let gate = fleet.store.write_gate.lock().await;
        // Never polled, polled once, and waited for while others are written.
        drop(server.sessions.revoke_scope(USER, 1));
        let mut waiting = server.sessions.revoke_scope(USER, 2);
        let soon = tokio::time::timeout(Duration::ZERO, &mut waiting);
        assert!(soon.await.is_err(), "it waits");
        drop(waiting);
        drop(server.sessions.sign_out(session));
        drop(gate);
        server.sessions.revoke_scope(USER, 3).await.unwrap();
    });
    let other = fleet.fresh_server();
    for number in 1..=3 {
        assert!(entry(&other, number) > Epoch::ZERO, "{number}");
    }
    assert_eq!(other.kind(&header), Err(OpenErrorKind::Revoked));
}

#[test]
fn what_the_last_user_of_a_store_asked_for_is_done_after_it_is_gone() {
    let fleet = Fleet::new();
    let server = fleet.fresh_server();
    drop(server.sessions.revoke_scope(USER, 1));
    drop(server);
    wait_until(|| fleet.background.running() == 0);
    let other = fleet.fresh_server();
    assert!(entry(&other, 1) > other.revocations.snapshot().unwrap().floor());
}

#[test]
fn a_process_without_a_state_or_without_leave_says_so_when_it_is_to_write() {
    let fleet = Fleet::without_store();
    let server = fleet.server(|builder| builder);
    let error = server.sessions.revoke_everyone().wait().unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot revoke: cannot read the revocations: the store holds none; make it once, by \
         create_store, or look whether its place is the right one"
    );
    assert!(fleet.store.document().is_none(), "none was made");
    let fleet = Fleet::new();
    let reader = fleet.server(|builder| builder.read_only());
    let before = fleet.store.document();
    for error in [
        reader.sessions.revoke_everyone().wait().unwrap_err(),
        reader.revocations.prune().wait().unwrap_err(),
        reader.revocations.create_store().wait().unwrap_err(),
    ] {
        assert!(matches!(error, RevokeError::ReadOnly));
    }
    assert_eq!(fleet.store.document(), before);
}

#[test]
fn entries_are_pruned_when_no_session_can_need_them_and_not_before() {
    let fleet = Fleet::new();
    let server = fleet.fresh_server();
    let revoked = server.sessions.revoke_scope(USER, 7).wait().unwrap();
    // Half an hour of idle time, a minute of staleness, two of skew, two to commit; to the second.
    fleet
        .clock
        .advance(Duration::from_secs(1800 + 60 + 120 + 120));
    let early = server.revocations.prune().wait();
    early.unwrap();
    assert_eq!(server.revocations.snapshot().unwrap().len(), 1);
    fleet.clock.advance(Duration::from_secs(1));
    server.events();
    server.revocations.prune().wait().unwrap();
    let state = server.revocations.snapshot().unwrap();
    assert_eq!((state.len(), state.floor()), (0, revoked));
    assert!(matches!(
        server.events()[..],
        [RevocationEvent::Written { .. }, RevocationEvent::Pruned { floor }] if floor == revoked
    ));
    // Where stale states are accepted a token counts until its absolute end.
    let lax = fleet.server(|builder| builder.accept_stale_states());
    lax.sessions.revoke_scope(USER, 8).wait().unwrap();
    fleet
        .clock
        .advance(Duration::from_secs(43_200 + 60 + 120 + 120));
    lax.revocations.prune().wait().unwrap();
    assert_eq!(lax.revocations.snapshot().unwrap().len(), 1);
    fleet.clock.advance(Duration::from_secs(1));
    lax.revocations.prune().wait().unwrap();
    assert!(lax.revocations.snapshot().unwrap().is_empty());
}

#[test]
fn who_knows_no_sessions_prunes_nothing_unless_told_of_others() {
    let fleet = Fleet::new();
    let revocations = |others: bool| {
        let builder =
            sealed_session::Revocations::shared("shop.example", &fleet.ring, fleet.store.clone());
        let builder = builder.clock(fleet.clock.clone()).refresh_on_use();
        let builder = builder.background(fleet.background.clone());
        let minute = Duration::from_secs(60);
        let builder = if others {
            builder.other_sessions(minute, minute)
        } else {
            builder
        };
        builder.build().unwrap()
    };
    revocations(false).revoke(&[user(7)]).wait().unwrap();
    fleet.clock.advance(Duration::from_secs(1 << 30));
    let alone = revocations(false);
    alone.prune().wait().unwrap();
    assert_eq!(alone.snapshot().unwrap().len(), 1);
    let told = revocations(true);
    told.prune().wait().unwrap();
    assert!(told.snapshot().unwrap().is_empty());
}

#[test]
fn a_full_table_ends_the_oldest_sessions_and_says_so() {
    let fleet = Fleet::new();
    let server = fleet.server(|builder| builder.max_entries(3));
    server.revocations.refresh().wait().unwrap();
    let bystander = server.sign_in(100);
    for number in 0..3 {
        server.sessions.revoke_scope(USER, number).wait().unwrap();
    }
    server.events();
    assert_eq!(server.kind(&bystander), Ok(()));
    server.sessions.revoke_scope(USER, 3).wait().unwrap();
    let state = server.revocations.snapshot().unwrap();
    assert_eq!(state.len(), 3);
    assert!(matches!(
        server.events()[..],
        [
            RevocationEvent::Written { .. },
            RevocationEvent::Bounded { dropped: 1, floor },
        ] if floor == state.floor()
    ));
    assert_eq!(server.kind(&bystander), Err(OpenErrorKind::Revoked));
    let four: Vec<Scope> = (0..4).map(user).collect();
    let error = server.sessions.revoke(&four).wait().unwrap_err();
    let too_many = ChangeError::TooManyScopes {
        scopes: 4,
        limit: 3,
    };
    assert!(matches!(error, RevokeError::Change(error) if error == too_many));
}

#[test]
fn a_superseded_session_opens_by_its_new_cookie_alone() {
    let fleet = Fleet::new();
    let (server, other) = (fleet.fresh_server(), fleet.fresh_server());
    let header = server.sign_in(7);
    let session = server.sessions.open(&header).unwrap();
    let copy = server.sessions.renew(&session).unwrap();
    let less = Account {
        user: 7,
        roles: vec![],
        ..typical()
    };
    let set = server.sessions.supersede(&session, &less).wait().unwrap();
    let new = set.as_str().split(';').next().unwrap();
    let opened = server.sessions.open(new).unwrap();
    assert_eq!(opened.value(), &less);
    assert_eq!(opened.claims().session_id(), session.claims().session_id());
    assert_eq!(opened.claims().started_at(), session.claims().started_at());
    other.revocations.refresh().wait().unwrap();
    let copy = copy.as_str().split(';').next().unwrap();
    for server in [&server, &other] {
        assert_eq!(server.kind(&header), Err(OpenErrorKind::Revoked));
        assert_eq!(server.kind(copy), Err(OpenErrorKind::Revoked));
        assert_eq!(server.kind(new), Ok(()));
    }
    // Twice is once: the second request had the former cookie.
    let ended = server.sessions.supersede(&session, &less).wait();
    assert!(matches!(
        ended,
        Err(RevokeError::Seal(SealError::Ended(OpenErrorKind::Revoked)))
    ));
}

#[test]
fn a_session_that_others_have_ended_is_not_superseded_whatever_the_server_knows() {
    let fleet = Fleet::new();
    for revoke in [
        (|other: &Server, _: &_| other.sessions.revoke_scope(USER, 7).wait().unwrap())
            as fn(&Server, &sealed_session::Session<Account>) -> Epoch,
        |other, session| other.sessions.revoke_session(session).wait().unwrap(),
        |other, _| other.sessions.revoke_everyone().wait().unwrap(),
    ] {
        let (server, other) = (fleet.fresh_server(), fleet.fresh_server());
        let session = server.sessions.open(server.sign_in(7)).unwrap();
        other.revocations.refresh().wait().unwrap();
        revoke(&other, &session);
        let before = fleet.store.document();
        let result = server.sessions.supersede(&session, session.value()).wait();
        let ended = SealError::Ended(OpenErrorKind::Revoked);
        assert!(matches!(result, Err(RevokeError::Seal(error)) if error == ended));
        assert_eq!(fleet.store.document(), before, "and nothing was written");
    }
}

#[test]
fn superseding_survives_a_lost_answer_and_ends_when_others_wrote_since() {
    let fleet = Fleet::new();
    let server = fleet.fresh_server();
    let session = server.sessions.open(server.sign_in(7)).unwrap();
    fleet.store.inner().lose_answers = 1;
    let set = server
        .sessions
        .supersede(&session, session.value())
        .wait()
        .unwrap();
    assert_eq!(server.kind(set.as_str().split(';').next().unwrap()), Ok(()));
    // What cannot be sealed is found before anything is revoked.
    let session = server.sessions.open(server.sign_in(8)).unwrap();
    let before = fleet.store.document();
    let long = Account {
        user: 8,
        name: "n".repeat(5000),
        ..typical()
    };
    let error = server
        .sessions
        .supersede(&session, &long)
        .wait()
        .unwrap_err();
    assert!(matches!(
        error,
        RevokeError::Seal(SealError::TooLong { .. })
    ));
    assert_eq!(fleet.store.document(), before);
}

#[test]
fn who_waits_to_write_alone_shares_the_failure_of_the_one_before() {
    let fleet = Fleet::new();
    let server = fleet.fresh_server();
    fleet.store.inner().fail = u32::MAX;
    let begun = fleet.store.inner().loads;
    let results = block_on(async {
        let gate = fleet.store.write_gate.lock().await;
        let prune = || server.revocations.prune();
        let all = (prune(), prune(), prune(), prune());
        drop(gate);
        tokio::join!(all.0, all.1, all.2, all.3)
    });
    assert!(results.0.is_err() && results.1.is_err() && results.2.is_err() && results.3.is_err());
    let four = fleet.store.inner().loads - begun;
    fleet.clock.advance(Duration::from_secs(60));
    let begun = fleet.store.inner().loads;
    server.revocations.prune().wait().unwrap_err();
    let one = fleet.store.inner().loads - begun;
    // Pauses are left to chance, and the time is what ends the tries.
    assert!(
        four < 2 * one,
        "four tried {four} times, and one {one} times"
    );
}

#[test]
fn entries_are_kept_for_the_greatest_skew_and_lifetime_of_the_sessions() {
    let fleet = Fleet::new();
    let server = fleet.fresh_server();
    let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
    let _longer = sealed_session::Sessions::<Account>::builder("shop.example", &fleet.ring)
        .revocations(server.revocations.clone())
        .idle_timeout(minutes(40))
        .skew(minutes(5))
        .build()
        .unwrap();
    server.sessions.revoke_scope(USER, 7).wait().unwrap();
    // Idle, staleness, twice the skew, commit.
    fleet.clock.advance(minutes(40 + 1 + 10 + 2));
    server.revocations.prune().wait().unwrap();
    assert_eq!(server.revocations.snapshot().unwrap().len(), 1);
    fleet.clock.advance(Duration::from_millis(1));
    server.revocations.prune().wait().unwrap();
    assert!(server.revocations.snapshot().unwrap().is_empty());
}

#[test]
fn a_session_that_expires_while_it_is_superseded_gets_no_cookie() {
    let fleet = Fleet::new();
    let server = fleet.fresh_server();
    let session = server.sessions.open(server.sign_in(7)).unwrap();
    fleet.clock.advance(Duration::from_secs(1799));
    server.revocations.refresh().wait().unwrap();
    // Written again and again, for more than the second that is left.
    fleet.store.inner().lose_answers = 8;
    let error = server.sessions.supersede(&session, session.value()).wait();
    let ended = SealError::Ended(OpenErrorKind::Expired);
    assert!(matches!(error, Err(RevokeError::Seal(error)) if error == ended));
}

/// The answer of the write is lost, and the next try finds it made: the clock has stepped over what was
/// forged already.
#[test]
fn a_logout_after_a_leak_steps_over_the_forged_clocks_once_however_often_it_is_tried() {
    use sealed_session::Clock as _;

    let fleet = Fleet::new();
    let server = fleet.fresh_server();
    fleet.store.inner().lose_answers = 2;
    let clock = server.revocations.revoke_everyone_after_leak().wait();
    let ahead = clock.unwrap().as_millis() - fleet.clock.unix_millis().unwrap();
    let day = 24 * 60 * 60 * 1000;
    assert!((day..2 * day).contains(&ahead), "{ahead} ms");
}
