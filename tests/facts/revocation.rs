//! The pure part of revocation, and what the handle of one process adds. Obligations 14, 15 and 17
//! as far as they need no store.

use std::time::Duration;

use sealed_session::{
    ChangeError, Context, Epoch, KeyRing, ManualClock, OpenErrorKind, RevocationState,
    RevocationView, Revocations, RevokeError, Scope, SealError, Sessions,
};

use crate::account::{Account, USER, typical};
use crate::fixture::{EPOCH, NOW, Setting, at, claims, key, random};
use crate::oracle::OracleClaims;

fn millis(epoch: u64) -> Epoch {
    Epoch::from_millis(epoch)
}

const MINUTE: Duration = Duration::from_secs(60);

fn in_this_process(clock: &ManualClock) -> Revocations {
    Revocations::in_this_process_with(clock.clone(), MINUTE, Epoch::ZERO).unwrap()
}

struct World {
    clock: ManualClock,
    sessions: Sessions<Account>,
}

fn world() -> World {
    let clock = ManualClock::new(at(NOW));
    let sessions = Sessions::<Account>::builder("shop.example", &KeyRing::from_key(key(1)))
        .clock(clock.clone())
        .revocations(in_this_process(&clock))
        .build()
        .unwrap();
    World { clock, sessions }
}

impl World {
    fn sign_in(&self, user: u64) -> String {
        let set = self.sessions.start(&Account { user, ..typical() }).unwrap();
        set.as_str().split(';').next().unwrap().to_owned()
    }

    fn kind(&self, header: &str) -> Result<(), OpenErrorKind> {
        self.sessions
            .open(header)
            .map(|_| ())
            .map_err(|error| error.kind())
    }
}

#[test]
fn logging_out_a_user_ends_every_copy_of_their_cookies_and_nobody_elses() {
    let world = world();
    let (a, b, other) = (world.sign_in(7), world.sign_in(7), world.sign_in(8));
    world
        .sessions
        .revoke(&[Scope::new(USER, 7)])
        .wait()
        .unwrap();
    assert_eq!(world.kind(&a), Err(OpenErrorKind::Revoked));
    assert_eq!(world.kind(&b), Err(OpenErrorKind::Revoked));
    assert_eq!(world.kind(&other), Ok(()));
    assert_eq!(
        world.kind(&world.sign_in(7)),
        Ok(()),
        "a session from after it"
    );
}

#[test]
fn logging_out_one_session_leaves_the_users_others() {
    let world = world();
    let (phone, laptop) = (world.sign_in(7), world.sign_in(7));
    let session = world.sessions.open(&phone).unwrap();
    world.sessions.revoke_session(&session).wait().unwrap();
    assert_eq!(world.kind(&phone), Err(OpenErrorKind::Revoked));
    assert_eq!(world.kind(&laptop), Ok(()));
}

#[test]
fn logging_out_everyone_ends_every_session_until_now() {
    let world = world();
    let before: Vec<String> = (0..5).map(|user| world.sign_in(user)).collect();
    world.sessions.revoke_everyone().wait().unwrap();
    for header in before {
        assert_eq!(world.kind(&header), Err(OpenErrorKind::Revoked));
    }
    assert_eq!(world.kind(&world.sign_in(1)), Ok(()));
}

#[test]
fn a_restart_that_forgot_what_was_revoked_forgives_nothing() {
    let world = world();
    let header = world.sign_in(7);
    world
        .sessions
        .revoke(&[Scope::new(USER, 7)])
        .wait()
        .unwrap();
    // Within the same second.
    world.clock.advance(Duration::from_millis(1));
    let restarted = Sessions::<Account>::builder("shop.example", &KeyRing::from_key(key(1)))
        .clock(world.clock.clone())
        .revocations(in_this_process(&world.clock))
        .build()
        .unwrap();
    let error = restarted.open(&header).unwrap_err();
    assert_eq!(error.kind(), OpenErrorKind::Revoked);
    let set = restarted.start(&typical()).unwrap();
    assert!(
        restarted
            .open(set.as_str().split(';').next().unwrap())
            .is_ok()
    );
}

/// The race of a logout with a request that is under way.
#[test]
fn a_session_revoked_between_opening_and_renewal_is_not_brought_back() {
    let world = world();
    for revoke in [
        (|world: &World, _: &sealed_session::Session<Account>| {
            world
                .sessions
                .revoke(&[Scope::new(USER, 7)])
                .wait()
                .unwrap();
        }) as fn(&World, &sealed_session::Session<Account>),
        |world, session| {
            world.sessions.revoke_session(session).wait().unwrap();
        },
        |world, _| {
            world.sessions.revoke_everyone().wait().unwrap();
        },
    ] {
        let header = world.sign_in(7);
        let session = world.sessions.open(&header).unwrap();
        revoke(&world, &session);
        let ended = Err(SealError::Ended(OpenErrorKind::Revoked));
        assert_eq!(world.sessions.renew(&session).map(|_| ()), ended);
        // Nor by a value that no longer names the user.
        let other = Account {
            user: 9,
            ..typical()
        };
        assert_eq!(world.sessions.update(&session, &other).map(|_| ()), ended);
    }
}

/// The old password is verified, then it is changed and the user logged out everywhere, and then
/// the sign-in with the old one goes on.
#[test]
fn a_sign_in_that_began_before_a_logout_starts_no_session() {
    let world = world();
    let user = [Scope::new(USER, 7)];
    let account = Account {
        user: 7,
        ..typical()
    };
    let revoked = Err(SealError::Ended(OpenErrorKind::Revoked));
    let overtaken = world.sessions.begin_sign_in().wait().unwrap();
    let bystander = world.sessions.bound(b"b").begin_sign_in().wait().unwrap();
    world.sessions.revoke(&user).wait().unwrap();
    assert_eq!(overtaken.start(&account).map(|_| ()), revoked);
    let other = bystander
        .start(&Account {
            user: 8,
            ..typical()
        })
        .unwrap();
    let header = other.as_str().split(';').next().unwrap();
    assert!(world.sessions.bound(b"b").open(header).is_ok());
    let overtaken = world.sessions.begin_sign_in().wait().unwrap();
    world.sessions.revoke_everyone().wait().unwrap();
    assert_eq!(overtaken.start(&account).map(|_| ()), revoked);
    // One that begins after it starts.
    assert_eq!(world.kind(&world.sign_in(7)), Ok(()));
}

#[test]
fn a_sign_in_stamps_the_clock_of_its_beginning() {
    let world = world();
    let begun = world.sessions.revocations().snapshot().unwrap().clock();
    let sign_in = world.sessions.begin_sign_in().wait().unwrap();
    let others = world
        .sessions
        .revoke(&[Scope::new(USER, 1)])
        .wait()
        .unwrap();
    assert!(others > begun);
    let set = sign_in.start(&typical()).unwrap();
    let session = world
        .sessions
        .open(set.as_str().split(';').next().unwrap())
        .unwrap();
    assert_eq!(session.claims().epoch(), begun);
}

#[test]
fn the_clock_counts_milliseconds_and_not_seconds() {
    let world = world();
    world.clock.set(at(NOW + 200));
    world.clock.advance(Duration::from_millis(345));
    let clock = world.sessions.revoke_everyone().wait().unwrap();
    assert_eq!(clock, millis(EPOCH + 200_345));
}

#[test]
fn an_update_into_another_users_scope_is_refused_revoked_or_not() {
    let world = world();
    let session = world.sessions.open(world.sign_in(7)).unwrap();
    world
        .sessions
        .revoke(&[Scope::new(USER, 9)])
        .wait()
        .unwrap();
    let other = Account {
        user: 9,
        ..typical()
    };
    let refused = Err(SealError::OtherScopes);
    assert_eq!(world.sessions.update(&session, &other).map(|_| ()), refused);
    assert!(world.sessions.renew(&session).is_ok());
}

#[test]
fn a_new_process_leaves_room_for_a_revocation_or_is_an_error() {
    let with = |seen| {
        let clock = ManualClock::new(at(NOW));
        Revocations::in_this_process_with(clock, MINUTE, millis(seen))
    };
    let exhausted = |result: Result<Epoch, RevokeError>| {
        let error = RevokeError::from(ChangeError::ClockExhausted);
        assert_eq!(result.unwrap_err().to_string(), error.to_string());
    };
    for seen in [u64::MAX, u64::MAX - 1] {
        exhausted(with(seen).map(|_| Epoch::ZERO));
    }
    let last = with(u64::MAX - 2).unwrap();
    assert_eq!(last.revoke_everyone().wait().unwrap(), millis(u64::MAX));
    exhausted(last.revoke_everyone().wait());
}

#[test]
fn a_renewal_stamps_the_clock_it_was_checked_under_and_never_a_newer_one() {
    let codec = Setting::default().codec();
    let mut state = RevocationState::from_parts(millis(EPOCH), millis(0), []).unwrap();
    let token = Setting::default().forge_claims(&OracleClaims {
        epoch: EPOCH - 5,
        ..claims()
    });
    let session = {
        let context = Context::new(at(NOW), RevocationView::current(&state));
        codec.open(&token, &context).unwrap()
    };
    // Somebody else is logged out meanwhile: the clock moves on.
    let moved = state.revoke(&[Scope::new(USER, 1)], millis(EPOCH + 5000), Epoch::ZERO);
    assert_eq!(moved, Ok(millis(EPOCH + 5000)));
    let context = Context::new(at(NOW + 5), RevocationView::current(&state));
    let renewed = codec
        .renew(&session, session.value(), &context, random(1))
        .unwrap();
    assert_eq!(renewed.claims().epoch(), millis(EPOCH));
    // And never below the token's own.
    let ahead = Setting::default().forge_claims(&OracleClaims {
        epoch: EPOCH + 9000,
        ..claims()
    });
    let session = codec.open(&ahead, &context).unwrap();
    let renewed = codec
        .renew(&session, session.value(), &context, random(1))
        .unwrap();
    assert_eq!(renewed.claims().epoch(), millis(EPOCH + 9000));
}

/// A forged or mistaken epoch far ahead is refused as malformed, so it is never stepped over.
#[test]
fn an_epoch_of_2_to_the_64_minus_1_does_not_break_revocation_for_good() {
    let world = world();
    let setting = Setting::default();
    let header = |epoch| {
        let token = setting.forge_claims(&OracleClaims { epoch, ..claims() });
        format!("__Host-session={token}")
    };
    assert_eq!(world.kind(&header(u64::MAX)), Err(OpenErrorKind::Malformed));
    let ahead = EPOCH + 3_600_000;
    assert_eq!(
        world.kind(&header(ahead)),
        Ok(()),
        "another server's clock is ahead"
    );
    let clock = world
        .sessions
        .revoke(&[Scope::new(USER, 69_245)])
        .wait()
        .unwrap();
    assert_eq!(clock, millis(ahead + 1));
    assert_eq!(world.kind(&header(ahead)), Err(OpenErrorKind::Revoked));
}

#[test]
fn the_epoch_of_an_expired_token_is_stepped_over_too() {
    let world = world();
    let ahead = EPOCH + 3_600_000;
    let token = Setting::default().forge_claims(&OracleClaims {
        epoch: ahead,
        started_at: NOW - 1000,
        issued_at: NOW - 1000,
        expires_at: NOW - 1,
        ..claims()
    });
    let error = world
        .sessions
        .open(format!("__Host-session={token}"))
        .unwrap_err();
    assert_eq!(error.kind(), OpenErrorKind::Expired);
    assert_eq!(error.authentic_epoch(), Some(millis(ahead)));
    assert_eq!(
        world.sessions.revoke_everyone().wait().unwrap(),
        millis(ahead + 1)
    );
}

#[test]
fn a_fixed_epoch_ends_what_is_below_it_and_cannot_be_revoked_at_run_time() {
    let build = |epoch| {
        Sessions::<Account>::builder("shop.example", &KeyRing::from_key(key(1)))
            .clock(ManualClock::new(at(NOW)))
            .revocation_epoch(millis(epoch))
            .build()
            .unwrap()
    };
    let (old, new) = (build(1), build(2));
    let header = |sessions: &Sessions<Account>| {
        let set = sessions.start(&typical()).unwrap();
        set.as_str().split(';').next().unwrap().to_owned()
    };
    assert_eq!(
        new.open(header(&old)).unwrap_err().kind(),
        OpenErrorKind::Revoked
    );
    assert!(new.open(header(&new)).is_ok());
    assert!(old.open(header(&new)).is_ok(), "a deploy in progress");
    for result in [new.revoke_everyone().wait(), new.revoke(&[]).wait()] {
        assert!(matches!(result, Err(RevokeError::Fixed)));
    }
}

#[test]
fn concurrent_revocations_all_take_effect() {
    let revocations = in_this_process(&ManualClock::new(at(NOW)));
    std::thread::scope(|scope| {
        for thread in 0..4u64 {
            let revocations = revocations.clone();
            scope.spawn(move || {
                let mut last = Epoch::ZERO;
                for i in 0..250 {
                    let user = Scope::new(USER, thread * 1000 + i);
                    let clock = revocations.revoke(&[user]).wait().unwrap();
                    assert!(clock > last);
                    last = clock;
                }
            });
        }
    });
    let state = revocations.snapshot().unwrap();
    assert_eq!(state.revoked().count(), 1000);
    let mut epochs: Vec<Epoch> = state.revoked().map(|(_, epoch)| epoch).collect();
    epochs.sort_unstable();
    epochs.dedup();
    assert_eq!(epochs.len(), 1000, "each in a step of its own");
}

#[test]
fn a_codec_supersedes_a_session_with_the_clock_of_its_revocation() {
    let codec = Setting::default().codec();
    let mut state = RevocationState::from_parts(millis(EPOCH), millis(0), []).unwrap();
    let before = state.clone();
    let context = Context::new(at(NOW), RevocationView::current(&before));
    let token = Setting::default().forge_claims(&claims());
    let session = codec.open(&token, &context).unwrap();
    let own = Scope::session(session.claims().session_id());
    let revoked_at = state.revoke(&[own], millis(0), Epoch::ZERO).unwrap();
    let sealed = codec
        .supersede(&session, session.value(), revoked_at, &context, random(1))
        .unwrap();
    let after = Context::new(at(NOW), RevocationView::current(&state));
    assert_eq!(sealed.claims().epoch(), revoked_at);
    assert!(codec.open(sealed.value(), &after).is_ok());
    let former = codec.open(&token, &after).unwrap_err();
    assert_eq!(former.kind(), OpenErrorKind::Revoked);
    // Under the state from after the step the session has ended: it is checked under the one from before.
    let again = codec.supersede(&session, session.value(), revoked_at, &after, random(1));
    let ended = Err(SealError::Ended(OpenErrorKind::Revoked));
    assert_eq!(again.map(|_| ()), ended);
}

#[test]
fn a_session_of_one_process_is_superseded_too() {
    let world = world();
    let header = world.sign_in(7);
    let session = world.sessions.open(&header).unwrap();
    let set = world.sessions.supersede(&session, session.value()).wait();
    let set = set.unwrap();
    assert_eq!(world.kind(&header), Err(OpenErrorKind::Revoked));
    assert_eq!(world.kind(set.as_str().split(';').next().unwrap()), Ok(()));
    world.sessions.revoke_scope(USER, 7).wait().unwrap();
    let session = world.sessions.supersede(&session, session.value()).wait();
    assert!(matches!(session, Err(RevokeError::Seal(_))));
}

/// A forger chooses the epoch, up to a day ahead, and a renewal under another key keeps it.
#[test]
fn what_was_forged_with_a_leaked_key_and_renewed_ends_with_everyone_after_a_leak() {
    let day = 86_400_000;
    let codec = Setting::default().codec();
    // Another server's clock is ahead of ours by an hour, and took what was the latest for it.
    for ahead in [0, day, day + 3_600_000] {
        let forged = RevocationState::fixed(millis(EPOCH + ahead));
        let context = Context::new(at(NOW), RevocationView::current(&forged));
        let token = codec.start(&typical(), &context, random(1)).unwrap();
        let opens = |state: &RevocationState| {
            let context = Context::new(at(NOW + 3600), RevocationView::current(state));
            let opened = codec.open(token.value(), &context.clone());
            let earlier = Context::new(at(NOW + 1), RevocationView::current(state));
            opened.is_ok() || codec.open(token.value(), &earlier).is_ok()
        };
        let mut state = RevocationState::fixed(millis(EPOCH));
        let change = sealed_session::RevocationChange::new();
        let everyone = change.clone().revoke_everyone();
        state.apply(&everyone, millis(EPOCH), Epoch::ZERO).unwrap();
        assert_eq!(opens(&state), (1..=day).contains(&ahead), "{ahead}");
        let leaked = change.revoke_everyone_after_leak();
        let applied = state.apply(&leaked, millis(EPOCH), Epoch::ZERO).unwrap();
        assert!(!opens(&state), "{ahead}");
        assert!(applied.clock > forged.clock());
        assert_eq!(state.floor(), applied.clock);
    }
    let clock = ManualClock::new(at(NOW));
    // The memory of a process would forget it with a restart, and let in what was forged.
    let memory = in_this_process(&clock);
    let refused = memory.revoke_everyone_after_leak().wait();
    assert!(matches!(refused, Err(RevokeError::OnlyInMemory)));
    let fixed = Revocations::fixed(millis(EPOCH));
    let refused = fixed.revoke_everyone_after_leak().wait();
    assert!(matches!(refused, Err(RevokeError::Fixed)));
}
