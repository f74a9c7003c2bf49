//! How full the table of revocations may get, and how far ahead its clock.

use std::time::Duration;

use sealed_session::{ChangeError, Clock as _, OpenErrorKind, RevocationEvent, RevokeError};

use crate::account::USER;
use crate::background::wait_until;
use crate::shared_fixture::Fleet;
use crate::writing::entry;

/// One account signs in and out as often as it likes.
#[test]
fn sign_outs_of_one_account_never_end_the_session_of_another() {
    let fleet = Fleet::new();
    let server = fleet.server(|builder| builder.max_entries(8));
    server.revocations.refresh().wait().unwrap();
    let bystander = server.sign_in(100);
    server.sessions.revoke_scope(USER, 101).wait().unwrap();
    let mut refused = 0;
    for _ in 0..20 {
        let session = server.sessions.open(server.sign_in(7)).unwrap();
        let signed_out = server.sessions.sign_out(session).wait();
        if let Err(error) = signed_out.everywhere() {
            refused += 1;
            let full = RevokeError::Change(ChangeError::TooManySessions {
                entries: 7,
                limit: 6,
            });
            assert_eq!(error.error().to_string(), full.to_string());
        }
    }
    assert_eq!(
        refused,
        20 - 5,
        "three quarters of the table, less one user"
    );
    assert_eq!(server.kind(&bystander), Ok(()));
    let told = server.events();
    let full = |event: &&RevocationEvent| matches!(event, RevocationEvent::Full(_));
    assert_eq!(told.iter().filter(full).count(), refused);
    // What a session becomes takes an entry, too: one account could do that as often.
    let session = server.sessions.open(server.sign_in(7)).unwrap();
    let changed = server.sessions.supersede(&session, session.value());
    assert!(matches!(
        changed.wait(),
        Err(RevokeError::Change(ChangeError::TooManySessions { .. }))
    ));
    // Users can be logged out, and everyone; also in one write with sessions that are refused.
    let gate = fleet.store.write_gate.try_lock().unwrap();
    let begun = fleet.store.inner().begun_writes;
    let first = server.sessions.revoke_scope(USER, 102);
    wait_until(|| fleet.store.inner().begun_writes > begun);
    let session = server.sessions.open(&bystander).unwrap();
    let refused = server.sessions.revoke_session(&session);
    let user = server.sessions.revoke_scope(USER, 7);
    drop(gate);
    first.wait().unwrap();
    assert!(matches!(
        refused.wait(),
        Err(RevokeError::Change(ChangeError::TooManySessions { .. }))
    ));
    let clock = user.wait().unwrap();
    assert_eq!(entry(&server, 7), clock);
    assert_eq!(server.kind(&bystander), Ok(()));
    // And sessions again, when those have been pruned.
    fleet.clock.advance(Duration::from_secs(3600));
    server.revocations.refresh().wait().unwrap();
    let session = server.sessions.open(server.sign_in(7)).unwrap();
    let signed_out = server.sessions.sign_out(session).wait();
    assert!(signed_out.everywhere().is_ok());
}

/// After a leak the clock is a day ahead.
#[test]
fn a_clock_that_is_ahead_keeps_no_entry_longer_and_is_moved_on_by_no_more_than_a_step() {
    let fleet = Fleet::new();
    let server = fleet.fresh_server();
    let after = server.revocations.revoke_everyone_after_leak();
    let ahead = after.wait().unwrap();
    let hour = 3_600_000;
    let now = fleet.clock.unix_millis().unwrap();
    assert_eq!(ahead.as_millis(), now + 25 * hour + 1);
    let mut clock = ahead;
    for minute in 0..60 {
        fleet.clock.advance(Duration::from_secs(60));
        let next = server.sessions.revoke_scope(USER, minute).wait().unwrap();
        assert_eq!(next.as_millis(), clock.as_millis() + 1);
        clock = next;
    }
    // 35 minutes, in parts of a sixteenth.
    let held = server.revocations.snapshot().unwrap().len();
    assert!((35..=39).contains(&held), "{held} entries");
}

#[test]
fn whoever_signs_in_after_a_leak_makes_servers_load_that_have_not_heard_of_it() {
    let fleet = Fleet::new();
    let (server, other) = (fleet.fresh_server(), fleet.fresh_server());
    let after = server.revocations.revoke_everyone_after_leak();
    after.wait().unwrap();
    let header = server.sign_in(7);
    fleet.clock.advance(Duration::from_secs(1));
    assert_eq!(other.kind(&header), Err(OpenErrorKind::Malformed));
    other.revocations.refresh_if_due().wait().unwrap();
    assert_eq!(other.kind(&header), Ok(()));
}
