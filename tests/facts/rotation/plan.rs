//! The next ring, of its own time or by hand.

use std::cell::Cell;

use sealed_session::{
    CheckReport, Finding, Key, KeyRing, KeyRingErrorKind, RandomnessError, RingKey, Rotation,
    RotationError, RotationPolicy,
};

use super::{LAST, LIFE, PERIOD, PROPAGATION, SKEW, id, policy, ring, seconds, switch};
use crate::fixture::{NOW, at, key};

/// With a new key of this seed.
fn rotate(ring: &KeyRing, now: u64, seed: u8) -> Result<Rotation, RotationError> {
    policy().rotate(ring, at(now), || Ok(key(seed)))
}

/// Asserts that nothing changes, and that no key is made for it.
#[track_caller]
fn assert_unchanged(ring: &KeyRing, now: u64, due: u64) {
    let fresh = || -> Result<Key, RandomnessError> { panic!("nothing is due") };
    let rotation = policy().rotate(ring, at(now), fresh).unwrap();
    assert!(!rotation.is_change());
    assert_eq!((rotation.added(), rotation.removed()), (None, &[][..]));
    assert_eq!(
        rotation.ring().expose_secrets(),
        ring.expose_secrets(),
        "not a letter"
    );
    assert_eq!(rotation.due(), at(due));
}

#[test]
fn a_key_of_unknown_age_is_followed_as_soon_as_every_server_can_know() {
    let deployed = KeyRing::from_key(key(1));
    let rotation = rotate(&deployed, NOW, 2).unwrap();
    let from = NOW + PROPAGATION + SKEW + 1;
    let expected = ring([(1, None, Some(from + LIFE + SKEW)), (2, Some(from), None)]);
    assert_eq!(rotation.ring().expose_secrets(), expected.expose_secrets());
    assert!(rotation.is_change());
    assert_eq!(
        (rotation.added(), rotation.removed()),
        (Some(id(2)), &[][..])
    );
    assert_eq!(rotation.due(), at(NOW + PERIOD));
    assert_eq!(*rotation.report(), CheckReport::default());
    assert_eq!(
        rotation.into_ring().expose_secrets(),
        expected.expose_secrets()
    );
}

#[test]
fn a_key_is_followed_when_its_period_ends_and_not_a_second_before() {
    let deployed = ring([(1, Some(NOW), None)]);
    let due = NOW + PERIOD - (PROPAGATION + SKEW + 1);
    for now in [NOW + SKEW, due - 1] {
        assert_unchanged(&deployed, now, due);
    }
    let from = NOW + PERIOD;
    let next = ring([
        (1, Some(NOW), Some(from + LIFE + SKEW)),
        (2, Some(from), None),
    ]);
    let rotation = rotate(&deployed, due, 2).unwrap();
    assert_eq!(rotation.ring().expose_secrets(), next.expose_secrets());
    assert_eq!(rotation.due(), at(due + PERIOD));
    // One is planned, so no other is.
    assert_unchanged(&next, due, due + PERIOD);
    assert_unchanged(&next, from - 1, due + PERIOD);
    // A period that is too short to tell everybody is as short as it can be.
    let hasty = policy().period(seconds(1));
    let rotation = hasty
        .rotate(&deployed, at(NOW + SKEW), || Ok(key(2)))
        .unwrap();
    assert_eq!(
        rotation.ring().keys()[1].seal_from(),
        Some(at(LAST + SKEW + 1))
    );
}

/// They harm nobody, being closed, and what else they have sealed opens until then.
#[test]
fn dead_keys_are_left_out_by_the_next_rotation() {
    let deployed = switch(NOW);
    let due = NOW + PERIOD - (PROPAGATION + SKEW + 1);
    let may_go = NOW + LIFE + 2 * SKEW;
    for now in [may_go - 1, may_go, due - 1] {
        assert_unchanged(&deployed, now, due);
    }
    let rotation = rotate(&deployed, due, 3).unwrap();
    let next = NOW + PERIOD;
    let rest = ring([
        (2, Some(NOW), Some(next + LIFE + SKEW)),
        (3, Some(next), None),
    ]);
    assert_eq!(rotation.ring().expose_secrets(), rest.expose_secrets());
    let ids = (rotation.added(), rotation.removed());
    assert_eq!(ids, (Some(id(3)), &[id(1)][..]));
    // Alive to the second.
    let hasty = policy().period(seconds(0));
    for (now, removed) in [(may_go - 1, 0), (may_go, 1)] {
        let rotation = hasty.rotate(&deployed, at(now), || Ok(key(3))).unwrap();
        assert_eq!(rotation.removed().len(), removed);
    }
}

/// A careless operator's keys are closed with the next rotation, when they are known to be followed.
#[test]
fn a_rotation_closes_what_would_open_for_ever() {
    let deployed = ring([(1, Some(NOW - LIFE), None), (2, Some(NOW - 1), None)]);
    let hasty = policy().period(seconds(0));
    let rotation = hasty.rotate(&deployed, at(NOW), || Ok(key(3))).unwrap();
    let expected = ring([
        (1, Some(NOW - LIFE), Some(NOW - 1 + LIFE + SKEW)),
        (2, Some(NOW - 1), Some(LAST + 1 + LIFE + SKEW)),
        (3, Some(LAST + 1), None),
    ]);
    assert_eq!(rotation.ring().expose_secrets(), expected.expose_secrets());
}

#[test]
fn a_ring_that_is_not_safe_by_itself_has_no_next_one() {
    // It would leave the servers without a key before another can take over.
    let closing = ring([(1, None, Some(LAST))]);
    let error = rotate(&closing, NOW, 2).unwrap_err();
    let RotationError::Unsafe(report) = &error else {
        panic!("{error}");
    };
    let rescheduled = Finding::Rescheduled {
        from: at(LAST),
        to: at(LAST),
        deployed: None,
        new: Some(id(1)),
    };
    assert_eq!(report.errors(), [rescheduled]);
    let prefix = "the ring is not safe as it is: ";
    assert_eq!(error.to_string(), format!("{prefix}{rescheduled}"));
    // There is time still, and the key opens for longer.
    let rotation = rotate(&ring([(1, None, Some(LAST + 1))]), NOW, 2).unwrap();
    let expected = switch(LAST + 1);
    assert_eq!(rotation.ring().expose_secrets(), expected.expose_secrets());
    // However young, a key that closes is followed.
    let young = ring([(1, Some(NOW - SKEW), Some(NOW + 500))]);
    let rotation = rotate(&young, NOW, 2).unwrap();
    assert_eq!(rotation.added(), Some(id(2)));
    // No key seals yet, and nothing is hidden.
    let future = ring([(1, Some(NOW + 500), None)]);
    let error = rotate(&future, NOW, 2).unwrap_err();
    let RotationError::Unsafe(report) = &error else {
        panic!("{error}");
    };
    let gap = Finding::NoSealingKey {
        from: at(NOW - SKEW),
        until: Some(at(NOW + 500)),
    };
    assert_eq!(report.errors(), [gap]);
}

#[test]
fn a_ring_may_be_deployed_for_as_long_as_was_said_and_no_second_more() {
    let policy = policy().deploy_within(seconds(30));
    let deployed = ring([(1, None, None)]);
    let rotation = policy.rotate(&deployed, at(NOW), || Ok(key(2))).unwrap();
    assert_eq!(
        rotation.ring().keys()[1].seal_from(),
        Some(at(LAST + 1 + 30))
    );
    for (now, safe) in [(NOW, true), (NOW + 30, true), (NOW + 31, false)] {
        let report = policy.check(rotation.ring(), Some(&deployed), at(now));
        assert_eq!(report.is_safe(), safe, "{now}");
    }
}

#[test]
fn a_new_key_that_does_not_fit_is_an_error() {
    let deployed = KeyRing::from_key(key(1));
    let error = rotate(&deployed, NOW, 1).unwrap_err();
    assert!(matches!(&error, RotationError::Ring(error)
        if error.kind() == KeyRingErrorKind::SameSecret { other: 1 }));
    let [one, other] = crate::keys::colliding();
    let deployed = KeyRing::from_key(one);
    let error = policy()
        .rotate(&deployed, at(NOW), || Ok(other))
        .unwrap_err();
    let RotationError::Unsafe(report) = &error else {
        panic!("{error}");
    };
    assert!(matches!(report.errors(), [Finding::Unusable(error)]
        if error.kind() == KeyRingErrorKind::SameKeyId { other: 1 }));
    let deployed = ring([(1, None, None)]);
    let error = rotate(&deployed, u64::MAX - PROPAGATION - SKEW, 2).unwrap_err();
    assert_eq!(error, RotationError::TooLate);
    assert_eq!(error.to_string(), "the time is at the end of its scale");
}

#[test]
fn a_daily_run_over_three_years_changes_keys_every_ninety_days() {
    const DAY: u64 = 24 * 60 * 60;
    let policy = RotationPolicy::new("shop.example");
    let mut deployed = KeyRing::from_key(key(0));
    let made = Cell::new(0);
    let mut changes = Vec::new();
    for day in 0..3 * 365 {
        let now = NOW + day * DAY;
        let fresh = || {
            made.set(made.get() + 1);
            Ok(key(made.get()))
        };
        let rotation = policy.rotate(&deployed, at(now), fresh).unwrap();
        let report = policy.check(rotation.ring(), Some(&deployed), at(now));
        assert_eq!(report, *rotation.report());
        assert_eq!((report.errors(), report.warnings()), (&[][..], &[][..]));
        if rotation.is_change() {
            changes.push((day, rotation.added().is_some(), rotation.removed().len()));
        } else {
            assert_eq!(
                rotation.ring().expose_secrets(),
                deployed.expose_secrets(),
                "not a letter"
            );
        }
        assert!(rotation.ring().keys().len() <= 2);
        deployed = rotation.into_ring();
    }
    // A key is announced every ninety days, and with it goes the one before its predecessor.
    let expected = (0..=12).map(|n| (90 * n, true, usize::from(n > 0)));
    assert_eq!(changes, expected.collect::<Vec<_>>());
    assert_eq!(made.get(), 13);
}

/// No time is too late for an answer, and none is a panic.
#[test]
fn every_mix_of_edges_has_an_answer() {
    const EDGES: [Option<u64>; 5] = [
        None,
        Some(0),
        Some(1 << 63),
        Some(u64::MAX - 1),
        Some(u64::MAX),
    ];
    let entry = |seed: u8, times: usize| (seed, EDGES[times % 5], EDGES[times / 5]);
    let mut answers = 0;
    for life in [0, 1, u64::MAX] {
        for skew in [0, 60, u64::MAX] {
            let policy = policy()
                .idle_timeout(seconds(life))
                .absolute_timeout(seconds(life))
                .skew(seconds(skew))
                .propagation(seconds(skew / 2))
                .period(seconds(life));
            for times in 0..25 * 25 {
                let entries = [entry(1, times / 25), entry(2, times % 25)];
                if entries[0].1 == entries[1].1 {
                    continue;
                }
                let ring = ring(entries);
                for now in [0, 61, 1 << 63, u64::MAX - 61, u64::MAX] {
                    let fresh = || Ok(key(3));
                    let report = policy.check(&ring, Some(&ring), at(now));
                    let rotated = policy.rotate(&ring, at(now), fresh);
                    match rotated {
                        Ok(rotation) => assert!(rotation.report().is_safe()),
                        Err(error) => assert!(!error.to_string().is_empty()),
                    }
                    let replaced = policy.replace_leaked(&ring, id(1), at(now), fresh);
                    if let Err(error) = replaced {
                        assert!(!matches!(error, RotationError::Unsafe(_)), "{error}");
                    }
                    answers += usize::from(report.is_safe());
                }
            }
        }
    }
    assert!(answers > 100, "{answers}");
}

/// Whatever the policy, each key of a ring can be replaced, and a ring that is safe can be rotated.
#[test]
fn every_ring_survives_each_leak_and_a_safe_one_has_a_safe_next_one() {
    let mut state = 7_u64;
    let mut below = |end: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % end
    };
    let [mut safe, mut changed] = [0; 2];
    for _ in 0..20_000 {
        let skew = below(4);
        let policy = policy()
            .idle_timeout(seconds(1 + below(12)))
            .absolute_timeout(seconds(1 + below(20)))
            .skew(seconds(skew))
            .propagation(seconds(below(8)))
            .period(seconds(below(40)));
        let keys = (1..=1 + below(3)).map(|seed| {
            let mut key = RingKey::new(key(seed as u8));
            if below(4) > 0 {
                key = key.with_seal_from(at(NOW - 30 + below(40)));
            }
            if below(2) > 0 {
                key = key.with_open_until(at(NOW + below(40)));
            }
            key
        });
        let Ok(ring) = KeyRing::new(keys.collect::<Vec<_>>()) else {
            continue;
        };
        let is_safe = policy.check(&ring, Some(&ring), at(NOW)).is_safe();
        for leaked in ring.keys() {
            let id = leaked.key().id("shop.example");
            let rotation = policy.replace_leaked(&ring, id, at(NOW), || Ok(key(9)));
            let rotation =
                rotation.unwrap_or_else(|error| panic!("{error}\n{ring:?}\n{policy:?}\n{id:?}"));
            let mut kept = rotation.ring().keys().iter();
            let kept = kept.find(|key| key.key().id("shop.example") == id);
            assert!(kept.is_none_or(|key| key.open_until() <= Some(at(NOW + skew + 1))));
            // Who could sign in can do so, if not in this very second.
            let seals = |ring: &KeyRing, now| ring.sealing_key(at(now)).is_some();
            let goes_on = seals(rotation.ring(), NOW) || seals(rotation.ring(), NOW + 1);
            assert!(
                goes_on || !seals(&ring, NOW),
                "{ring:?}\n{policy:?}\n{id:?}"
            );
            assert!(!is_safe || rotation.report().is_safe());
        }
        if !is_safe {
            continue;
        }
        safe += 1;
        let rotation = policy.rotate(&ring, at(NOW), || Ok(key(9))).unwrap();
        let report = policy.check(rotation.ring(), Some(&ring), at(NOW));
        assert!(report.is_safe(), "{ring:?}\n{policy:?}\n{report:?}");
        assert_eq!(report, *rotation.report());
        changed += usize::from(rotation.is_change());
    }
    assert!(safe > 3_000 && changed > 1_000, "{safe} {changed}");
}
