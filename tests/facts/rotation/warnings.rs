//! What the check says that loses nothing, or only what a leaked key had sealed.

use sealed_session::Finding;

use super::{LIFE, NOTHING, PERIOD, SKEW, check, findings, id, policy, ring, switch};
use crate::fixture::{NOW, at};

#[track_caller]
fn assert_warning(found: &(Vec<Finding>, Vec<Finding>), warning: Finding, text: &str) {
    assert_eq!(*found, (vec![], vec![warning]));
    assert_eq!(warning.to_string(), text);
}

#[test]
fn a_key_under_which_nothing_lives_is_dead_by_the_second() {
    let may_go = NOW + LIFE + 2 * SKEW;
    // One that has closed is left to the next rotation.
    for now in [may_go - 1, may_go] {
        assert_eq!(check(&switch(NOW), &switch(NOW), now), NOTHING);
    }
    let ring = ring([(1, None, Some(may_go + 2)), (2, Some(NOW), None)]);
    assert_eq!(check(&ring, &ring, may_go - 1), NOTHING);
    for now in [may_go, may_go + 1] {
        assert_warning(
            &check(&ring, &ring, now),
            Finding::Dead {
                key: id(1),
                since: at(may_go),
            },
            "all that key c9abc078 sealed has ended by 2026-11-22T12:02:00Z; it may be removed",
        );
    }
}

#[test]
fn a_key_that_another_follows_closes_some_day() {
    let ring = ring([(1, None, None), (2, Some(NOW), None)]);
    for now in [NOW - 100_000, NOW + LIFE + 2 * SKEW - 1] {
        assert_warning(
            &check(&ring, &ring, now),
            Finding::NeverCloses {
                key: id(1),
                needed: at(NOW + LIFE + SKEW),
            },
            "key c9abc078 opens for ever, though another takes over; add open-until=2026-11-22T12:01:50Z",
        );
    }
}

#[test]
fn a_key_is_overdue_a_second_after_its_period() {
    let ring = ring([(1, Some(NOW), None)]);
    for now in [NOW + SKEW, NOW + PERIOD - 1, NOW + PERIOD] {
        assert_eq!(check(&ring, &ring, now), NOTHING);
    }
    assert_warning(
        &check(&ring, &ring, NOW + PERIOD + 1),
        Finding::Overdue {
            key: id(1),
            since: at(NOW),
        },
        "key c9abc078 has sealed since 2026-11-22T12:00:00Z, longer than a period; rotate",
    );
    // Another one is planned.
    assert_eq!(
        check(&switch(NOW + 9_999), &switch(NOW + 9_999), NOW + 9_000),
        NOTHING
    );
}

#[test]
fn what_is_found_because_a_leaked_key_goes_is_a_warning() {
    let deployed = switch(NOW);
    let rest = ring([(2, Some(NOW), None)]);
    let (errors, _) = check(&rest, &deployed, NOW + SKEW);
    assert!(!errors.is_empty());
    let leaked = policy().leaked(id(1));
    let found = findings(&leaked.check(&rest, Some(&deployed), at(NOW + SKEW)));
    let not_followed = Finding::NotFollowed { key: id(1) };
    assert_eq!(found, (vec![], [errors, vec![not_followed]].concat()));
    // Of another key, it is an error still.
    let other = policy().leaked(id(2));
    assert!(
        !other
            .check(&rest, Some(&deployed), at(NOW + SKEW))
            .is_safe()
    );
    let closed = ring([(1, None, Some(NOW)), (2, Some(NOW), None)]);
    let too_soon = Finding::ClosesTooSoon {
        key: id(1),
        open_until: at(NOW),
        needed: at(NOW + LIFE + SKEW),
    };
    let found = findings(&leaked.check(&closed, Some(&deployed), at(NOW)));
    assert_eq!(found, (vec![], vec![too_soon]));
    let found = findings(&other.check(&closed, Some(&deployed), at(NOW)));
    assert_eq!(found, (vec![too_soon], vec![]));
}

/// Where every other server takes a ring, those that follow a file may not: see `live`.
#[test]
fn a_ring_that_a_running_server_would_not_take_is_a_warning() {
    let not_followed = |key| (vec![], vec![Finding::NotFollowed { key: id(key) }]);
    // A line that lost its seal-from.
    let one = ring([(1, None, None)]);
    let old = ring([(1, Some(NOW - 5_000), None)]);
    assert_eq!(check(&one, &old, NOW), not_followed(1));
    // A closed key that opens again.
    let closed = ring([(1, None, Some(NOW - 5)), (2, Some(NOW - 50), None)]);
    let open = ring([(1, None, Some(NOW + 5_000)), (2, Some(NOW - 50), None)]);
    assert_eq!(check(&open, &closed, NOW), not_followed(1));
    let text = not_followed(1).1[0].to_string();
    assert_eq!(
        text,
        "servers that follow a file do not take this ring, because key c9abc078 is missing, has another \
         seal-from, or is open again; leave it as it was, or restart every process that follows a file"
    );
}
