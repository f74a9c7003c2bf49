//! What the check says that a deploy would lose.

use sealed_session::{Finding, KeyRing, KeyRingErrorKind, RingKey, RotationPolicy};

use super::{LAST, LIFE, NOTHING, SKEW, check, findings, id, policy, ring, seconds, switch};
use crate::fixture::{NOW, at};

/// The one error, with what it says.
#[track_caller]
fn assert_error(found: &(Vec<Finding>, Vec<Finding>), error: Finding, text: &str) {
    assert_eq!(found.0, [error]);
    assert_eq!(error.to_string(), text);
}

#[test]
fn a_first_ring_seals_from_the_slowest_clock_on() {
    let first = |from| findings(&policy().check(&ring([(1, Some(from), None)]), None, at(NOW)));
    assert_eq!(first(NOW - SKEW - 1), NOTHING);
    assert_eq!(first(NOW - SKEW), NOTHING);
    assert_error(
        &first(NOW - SKEW + 1),
        Finding::NoSealingKey {
            from: at(NOW - SKEW),
            until: Some(at(NOW - SKEW + 1)),
        },
        "no key seals from 2026-11-22T11:59:50Z until 2026-11-22T11:59:51Z: nobody can sign in; let a \
         key seal from that second or before, without an open-until that ends it",
    );
    // Nothing is asked of a past that nobody has deployed.
    let any_past = ring([(1, None, None), (2, Some(NOW + 1), None)]);
    let report = policy().check(&any_past, None, at(NOW));
    assert!(report.is_safe());
}

#[test]
fn a_key_that_closes_is_followed_by_the_second_in_which_it_does() {
    let closing = ring([(1, None, Some(NOW + 500))]);
    assert_error(
        &findings(&policy().check(&closing, None, at(NOW))),
        Finding::NoSealingKey {
            from: at(NOW + 500),
            until: None,
        },
        "no key seals from 2026-11-22T12:08:20Z on: nobody can sign in; let a key seal from that \
         second or before, without an open-until that ends it",
    );
    // Two gaps are two findings, and what is over is none.
    let gaps = ring([
        (1, None, Some(NOW - SKEW)),
        (2, Some(NOW), Some(NOW + 500)),
        (3, Some(NOW + 501), None),
    ]);
    let gap = |from, until| Finding::NoSealingKey {
        from: at(from),
        until: Some(at(until)),
    };
    let (errors, _) = check(&gaps, &gaps, NOW);
    assert_eq!(
        errors[..2],
        [gap(NOW - SKEW, NOW), gap(NOW + 500, NOW + 501)]
    );
    let (errors, _) = check(&gaps, &gaps, NOW + SKEW);
    assert_eq!(errors[..1], [gap(NOW + 500, NOW + 501)]);
}

#[test]
fn a_new_key_seals_when_every_server_has_heard_of_it() {
    let deployed = ring([(1, None, None)]);
    for from in [LAST - 1, LAST] {
        assert_error(
            &check(&switch(from), &deployed, NOW),
            Finding::SealsTooSoon {
                key: id(2),
                earliest: at(LAST + 1),
            },
            "key 2d78d731 seals before every server knows it, and those that do not refuse its \
             sessions; let it seal from 2026-11-22T12:01:01Z or later",
        );
    }
    assert_eq!(check(&switch(LAST + 1), &deployed, NOW), NOTHING);
    // The rings meet for one second by the slowest clock.
    let was = ring([(1, None, None), (3, Some(NOW - SKEW + 1), None)]);
    let too_soon = Finding::SealsTooSoon {
        key: id(2),
        earliest: at(LAST + 1),
    };
    let with = |from| {
        ring([
            (1, None, None),
            (2, Some(from), None),
            (3, Some(NOW - SKEW + 1), None),
        ])
    };
    assert!(check(&with(NOW - SKEW), &was, NOW).0.contains(&too_soon));
}

#[test]
fn a_key_stays_until_the_last_session_under_it_has_ended() {
    let rest = ring([(2, Some(NOW), None)]);
    let may_go = NOW + LIFE + 2 * SKEW;
    // Sealed in the second before the switch is the last, so that a second less is enough.
    for now in [may_go - 3, may_go - 2] {
        assert_error(
            &check(&rest, &switch(NOW), now),
            Finding::Removed {
                key: id(1),
                may_go: Some(at(may_go)),
                seals_from: None,
            },
            "key c9abc078 is removed, which ends the sessions under it; keep it until \
             2026-11-22T12:02:00Z",
        );
    }
    for now in [may_go - 1, may_go, may_go + 1] {
        assert_eq!(check(&rest, &switch(NOW), now), NOTHING);
    }
}

#[test]
fn a_sealing_key_does_not_just_go() {
    let (new, deployed) = (ring([(2, None, None)]), ring([(1, None, None)]));
    let too_soon = Finding::SealsTooSoon {
        key: id(2),
        earliest: at(LAST + 1),
    };
    let removed = Finding::Removed {
        key: id(1),
        may_go: None,
        seals_from: None,
    };
    assert_eq!(
        check(&new, &deployed, NOW),
        (vec![too_soon, removed], vec![])
    );
    assert_eq!(
        removed.to_string(),
        "key c9abc078 is removed, which ends the sessions under it; keep it, and add another key to take \
         over"
    );
}

#[test]
fn a_schedule_stays_as_it_is_while_servers_and_sessions_go_by_it() {
    let rescheduled = |from, to, deployed: Option<u8>, new: Option<u8>| Finding::Rescheduled {
        from: at(from),
        to: at(to),
        deployed: deployed.map(id),
        new: new.map(id),
    };
    // The end of the near future.
    for (second, is_found) in [(LAST - 1, true), (LAST, true), (LAST + 1, false)] {
        let found = check(&switch(second + 1), &switch(second), NOW);
        let error = rescheduled(second, second, Some(2), Some(1));
        assert_eq!(found.0, if is_found { vec![error] } else { vec![] });
    }
    // The start of the past that matters.
    let past = NOW - LIFE - 2 * SKEW;
    for (second, is_found) in [(past, false), (past + 1, true), (past + 2, true)] {
        let found = check(&switch(second), &switch(second + 1), NOW);
        let error = rescheduled(second, second, Some(1), Some(2));
        assert_eq!(found.0, if is_found { vec![error] } else { vec![] });
    }
    assert_error(
        &check(&switch(NOW + 500), &switch(NOW), NOW),
        rescheduled(NOW, LAST, Some(2), Some(1)),
        "from 2026-11-22T12:00:00Z to 2026-11-22T12:01:00Z key 2d78d731 seals by the deployed ring and \
         key c9abc078 by the new one, so that keys are dropped while they are in use; leave the past and the \
         near future of the schedule as they are",
    );
    let since = |from| ring([(1, Some(from), None)]);
    let (early, late) = (since(NOW - SKEW - 2), since(NOW - SKEW));
    let error = rescheduled(NOW - SKEW - 2, NOW - SKEW - 1, Some(1), None);
    assert_eq!(check(&late, &early, NOW), (vec![error], vec![]));
    let text = error.to_string();
    assert!(
        text.contains(" key c9abc078 seals by the deployed ring and no key by the new one, "),
        "{text}"
    );
}

#[test]
fn a_key_opens_until_the_last_session_under_it_has_ended() {
    let needed = NOW + LIFE + SKEW;
    let until = |time| ring([(1, None, Some(time)), (2, Some(NOW), None)]);
    let may_go = needed + SKEW;
    for now in [NOW - 1_000, NOW, may_go - 2] {
        assert_eq!(check(&until(needed), &until(needed), now), NOTHING);
        assert_error(
            &check(&until(needed - 1), &until(needed), now),
            Finding::ClosesTooSoon {
                key: id(1),
                open_until: at(needed - 1),
                needed: at(needed),
            },
            "key c9abc078 opens until 2026-11-22T12:01:49Z, and its last sessions end later; let it open \
             until 2026-11-22T12:01:50Z",
        );
    }
    // The last of them has ended.
    assert_eq!(check(&until(NOW), &until(needed), may_go - 1), NOTHING);
}

/// It has been found before; a later deploy can make it no better and no worse.
#[test]
fn what_the_deployed_ring_has_closed_is_lost_by_no_other() {
    let until = |time| ring([(1, None, Some(time)), (2, Some(NOW), None)]);
    let closed = NOW + SKEW;
    let errors = |new: &KeyRing, now| check(new, &until(closed), now).0.len();
    assert_eq!(errors(&until(closed), closed - 1), 1);
    assert_eq!(errors(&until(closed), closed), 0);
    assert_eq!(errors(&until(closed + 1), closed), 0);
    // By a clock that is behind it is open still.
    assert_eq!(errors(&until(closed - 1), closed), 1);
}

#[test]
fn two_keys_with_one_id_make_a_ring_unusable() {
    let [one, other] = crate::keys::colliding();
    let keys = [
        RingKey::new(one.clone()).with_open_until(at(LAST + 1 + LIFE + SKEW)),
        RingKey::new(other).with_seal_from(at(LAST + 1)),
    ];
    let new = KeyRing::new(keys).unwrap();
    let deployed = KeyRing::from_key(one);
    let (errors, warnings) = check(&new, &deployed, NOW);
    let [Finding::Unusable(error)] = errors[..] else {
        panic!("{errors:?}");
    };
    assert_eq!(error.kind(), KeyRingErrorKind::SameKeyId { other: 1 });
    assert_eq!(error.entry(), 2);
    assert_eq!(errors[0].to_string(), error.to_string());
    assert_eq!(warnings, []);
    // Under another audience the two are told apart.
    let other = RotationPolicy::new("other")
        .propagation(seconds(0))
        .skew(seconds(0));
    assert!(
        !other
            .check(&new, None, at(NOW))
            .errors()
            .contains(&errors[0])
    );
}

/// Or a session under it would end with it once more.
#[test]
fn a_key_that_was_closed_and_seals_again_closes_as_late_as_any() {
    let from = NOW + 10_000;
    let deployed = ring([
        (1, Some(NOW - 90_000), Some(NOW - 50_000)),
        (2, Some(NOW - 80_000), None),
    ]);
    let again = ring([
        (1, Some(from), Some(from + 101)),
        (2, Some(NOW - 80_000), Some(from + LIFE + SKEW)),
        (3, Some(from + 100), None),
    ]);
    let (errors, _) = check(&again, &deployed, NOW);
    let closes = Finding::ClosesTooSoon {
        key: id(1),
        open_until: at(from + 101),
        needed: at(from + 100 + LIFE + SKEW),
    };
    assert_eq!(errors, [closes]);
}

/// A backup is older than the ring that is deployed: it is refused alike whether the key that it lacks
/// is planned or seals already.
#[test]
fn a_backup_without_the_newest_key_is_an_error_before_and_after_that_key_seals() {
    let backup = ring([(1, None, None)]);
    for planned in [NOW - 10, NOW, NOW + 10, LAST, LAST + 1, LAST + 9_000] {
        let (errors, warnings) = check(&backup, &switch(planned), NOW);
        let [Finding::Removed { key, .. }] = errors.as_slice() else {
            panic!("{planned}: {errors:?}");
        };
        assert_eq!(*key, id(2));
        assert_eq!(warnings, [], "{planned}");
    }
    let (errors, _) = check(&backup, &switch(LAST + 9_000), NOW);
    assert!(errors[0].to_string().ends_with(
        "is removed, but a server that follows a file keeps it and seals with it from \
         2026-11-22T14:31:00Z, and other servers refuse those sessions; keep it, or add a new key in its \
         place"
    ), "{}", errors[0]);
    // With a new one in its place nothing is lost, and where it has leaked it may go.
    let other = ring([(1, None, None), (3, Some(LAST + 9_000), None)]);
    assert_eq!(check(&other, &switch(LAST + 9_000), NOW).0, []);
    let leaked = policy().leaked(id(2));
    assert!(
        leaked
            .check(&backup, Some(&switch(LAST + 9_000)), at(NOW))
            .is_safe()
    );
}
