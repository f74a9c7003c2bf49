//! A write that is tried again: after conflicts with other writers, and after failures of the store.

use std::time::Duration;

use sealed_session::{Clock, RevokeError};

use crate::account::USER;
use crate::shared_fixture::Fleet;
use crate::writing::entry;

#[test]
fn conflicts_and_failures_are_tried_again_and_an_answer_that_was_lost_does_no_harm() {
    let fleet = Fleet::new();
    let server = fleet.fresh_server();
    for (number, set) in [
        (
            1,
            (|inner| inner.conflicts = 5) as fn(&mut crate::test_store::Inner),
        ),
        (2, |inner| inner.fail = 3),
        (3, |inner| inner.lose_answers = 2),
        (4, |inner| {
            inner.lose_answers = 1;
            inner.conflicts = 1;
            inner.fail = 1;
        }),
    ] {
        set(&mut fleet.store.inner());
        let clock = server.sessions.revoke_scope(USER, number).wait().unwrap();
        assert_eq!(entry(&fleet.fresh_server(), number), clock);
    }
}

/// The store's pauses are all that moves the clock here.
#[test]
fn a_writer_that_met_others_gathers_before_it_writes_again_and_only_for_a_while() {
    let fleet = Fleet::new();
    let server = fleet.fresh_server();
    let waited = |conflicts| {
        fleet.store.inner().conflicts = conflicts;
        let begun = fleet.clock.monotonic();
        server.sessions.revoke_scope(USER, 1).wait().unwrap();
        fleet.clock.monotonic() - begun
    };
    assert_eq!(waited(0), Duration::ZERO);
    let contended = waited(5);
    assert!(contended > Duration::ZERO);
    let gathered = waited(0);
    let bound = Duration::from_millis(1500).min(contended * 3);
    assert!(gathered > bound / 2 && gathered <= bound, "{gathered:?}");
    assert_eq!(waited(0), Duration::ZERO, "nobody was met");
    fleet.store.inner().fail = 3;
    assert!(waited(0) > Duration::ZERO);
    assert_eq!(waited(0), Duration::ZERO, "a failure is no other writer");
    waited(5);
    fleet.clock.advance(Duration::from_secs(10));
    assert_eq!(waited(0), Duration::ZERO, "it was long ago");
}

#[test]
fn a_writer_gives_up_with_the_reason_and_has_acknowledged_nothing() {
    let fleet = Fleet::new();
    let server = fleet.fresh_server();
    let before = fleet.store.document();
    fleet.store.inner().conflicts = u32::MAX;
    let error = server.sessions.revoke_scope(USER, 1).wait().unwrap_err();
    assert!(matches!(error, RevokeError::Contended));
    fleet.store.inner().conflicts = 0;
    fleet.store.inner().fail = u32::MAX;
    let error = server.sessions.revoke_scope(USER, 1).wait().unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot revoke: cannot read the revocations: the revocation store failed: told to fail"
    );
    assert_eq!(fleet.store.document(), before);
}
