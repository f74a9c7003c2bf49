//! A key in the wrong hands is replaced: its sessions end at once, and all others open.

use sealed_session::{
    Codec, Context, Epoch, Finding, KeyRing, KeyRingErrorKind, OpenErrorKind, RevocationState,
    RevocationView, RingKey, Rotation, RotationError,
};

use super::{LAST, LIFE, PERIOD, SKEW, id, policy, ring, seconds, switch};
use crate::account::{Account, typical};
use crate::fixture::{NOW, at, key, open_with, random};
use crate::oracle::from_base64url;

/// The seed of the key that takes the leaked one's place.
const FRESH: u8 = 9;

fn replace(ring: &KeyRing, leaked: u8) -> Result<Rotation, RotationError> {
    policy().replace_leaked(ring, id(leaked), at(NOW), || Ok(key(FRESH)))
}

fn codec(ring: &KeyRing) -> Codec<Account> {
    Codec::builder("shop.example", ring)
        .idle_timeout(seconds(LIFE))
        .absolute_timeout(seconds(10 * LIFE))
        .skew(seconds(SKEW))
        .build()
        .unwrap()
}

/// A new session by a clock, and the id of the key that sealed it.
fn sign_in(codec: &Codec<Account>, clock: u64) -> (String, Vec<u8>) {
    let state = RevocationState::fixed(Epoch::ZERO);
    let context = Context::new(at(clock), RevocationView::current(&state));
    let sealed = codec.start(&typical(), &context, random(1)).unwrap();
    let key = from_base64url(sealed.value().as_bytes()).unwrap()[1..5].to_vec();
    (sealed.into_value(), key)
}

/// Replaces a key and asserts what becomes of every session that was made before, on a server whose
/// clock shows `closed`; and that every server can go on to seal, after that by other keys.
#[track_caller]
fn assert_replaced(deployed: &KeyRing, leaked: u8, closed: u64, expected: &KeyRing) -> Rotation {
    let rotation = replace(deployed, leaked).unwrap();
    let replaced = rotation.ring().expose_secrets();
    assert_eq!(replaced, expected.expose_secrets());
    let [before, after] = [deployed, rotation.ring()].map(codec);
    for clock in closed - LIFE + 2..=NOW + SKEW {
        let (token, by) = sign_in(&before, clock);
        let opened = open_with(&after, token, closed, b"").map(|_| ());
        let is_leaked = by == id(leaked).to_bytes();
        let kept = rotation.removed().is_empty();
        let expected = match (is_leaked, kept) {
            (false, _) => Ok(()),
            (true, true) => Err(OpenErrorKind::RetiredKey),
            (true, false) => Err(OpenErrorKind::UnknownKey),
        };
        assert_eq!(opened, expected, "sealed at {clock}");
    }
    for clock in NOW - SKEW..NOW + 1_000 {
        let (_, by) = sign_in(&after, clock);
        assert!(clock < closed || by != id(leaked).to_bytes(), "at {clock}");
    }
    rotation
}

fn too_soon(key: u8) -> Finding {
    Finding::SealsTooSoon {
        key: id(key),
        earliest: at(LAST + 1),
    }
}

fn closes(key: u8, open_until: u64, end: u64) -> Finding {
    Finding::ClosesTooSoon {
        key: id(key),
        open_until: at(open_until),
        needed: at(end + LIFE + SKEW),
    }
}

#[test]
fn the_sealing_key_is_followed_at_once_by_the_slowest_clock() {
    let from = NOW - SKEW;
    let expected = ring([(1, None, Some(NOW)), (FRESH, Some(from), None)]);
    let rotation = assert_replaced(&ring([(1, None, None)]), 1, NOW, &expected);
    assert!(rotation.is_change());
    assert_eq!(
        (rotation.added(), rotation.removed()),
        (Some(id(FRESH)), &[][..])
    );
    // What is lost: sessions of the new key where it is not known, and those of the leaked one.
    let lost = [too_soon(FRESH), closes(1, NOW, from)];
    assert_eq!(rotation.report().warnings(), lost);
    // A key that was to close and that nothing follows is no hindrance.
    let _ = assert_replaced(&ring([(1, None, Some(NOW + 500))]), 1, NOW, &expected);
}

#[test]
fn a_former_key_closes_and_nothing_else_changes() {
    let sealing = NOW - LIFE / 2;
    let expected = ring([(1, None, Some(NOW)), (2, Some(sealing), None)]);
    let rotation = assert_replaced(&switch(sealing), 1, NOW, &expected);
    assert!(rotation.is_change());
    assert_eq!((rotation.added(), rotation.removed()), (None, &[][..]));
    assert_eq!(rotation.report().warnings(), [closes(1, NOW, sealing)]);
    // One that has closed is not opened again.
    let closed = ring([(1, None, Some(NOW - 20)), (2, Some(NOW - 1_000), None)]);
    let rotation = replace(&closed, 1).unwrap();
    assert!(!rotation.is_change());
    assert_eq!(rotation.ring().expose_secrets(), closed.expose_secrets());
}

#[test]
fn the_sealing_key_before_a_planned_one_is_followed_until_then() {
    let planned = NOW + 500;
    let expected = ring([
        (1, None, Some(NOW)),
        (2, Some(planned), None),
        (FRESH, Some(NOW - SKEW), Some(planned + LIFE + SKEW)),
    ]);
    let rotation = assert_replaced(&switch(planned), 1, NOW, &expected);
    let lost = [too_soon(FRESH), closes(1, NOW, NOW - SKEW)];
    assert_eq!(rotation.report().warnings(), lost);
}

/// Servers ahead have sealed with it, and their sessions open.
#[test]
fn a_key_that_is_planned_within_the_skew_still_takes_over() {
    for planned in [NOW + 1, NOW + SKEW / 2, NOW + SKEW] {
        let expected = ring([
            (1, None, Some(NOW)),
            (2, Some(planned), None),
            (FRESH, Some(NOW - SKEW), Some(planned + LIFE + SKEW)),
        ]);
        let _ = assert_replaced(&switch(planned), 1, NOW, &expected);
    }
}

#[test]
fn a_planned_key_is_left_out_and_another_planned_in_its_place() {
    let planned = NOW + 500;
    let expected = ring([
        (1, None, Some(planned + LIFE + SKEW)),
        (FRESH, Some(planned), None),
    ]);
    let rotation = assert_replaced(&switch(planned), 2, NOW, &expected);
    let ids = (rotation.added(), rotation.removed());
    assert_eq!(ids, (Some(id(FRESH)), &[id(2)][..]));
    assert_eq!(rotation.report().warnings(), []);
    // As long as every server hears of it before its turn.
    let planned = LAST + SKEW + 1;
    let expected = ring([
        (1, None, Some(planned + LIFE + SKEW)),
        (FRESH, Some(planned), None),
    ]);
    let _ = assert_replaced(&switch(planned), 2, NOW, &expected);
    let planned = NOW + 500;
    // A third is planned after it.
    let deployed = ring([
        (1, None, Some(planned + LIFE + SKEW)),
        (2, Some(planned), Some(planned + 100 + LIFE + SKEW)),
        (3, Some(planned + 100), None),
    ]);
    let expected = ring([
        (1, None, Some(planned + LIFE + SKEW)),
        (3, Some(planned + 100), None),
        (FRESH, Some(planned), Some(planned + 100 + LIFE + SKEW)),
    ]);
    let _ = assert_replaced(&deployed, 2, NOW, &expected);
    // A third takes its place before another one could.
    let deployed = ring([
        (1, None, Some(NOW + 80 + LIFE + SKEW)),
        (2, Some(NOW + 80), Some(NOW + 90 + LIFE + SKEW)),
        (3, Some(NOW + 90), None),
    ]);
    // One is added all the same: without, the ring looks like a file that lost a part, and servers
    // that follow it would go on with the leaked key.
    let policy = policy().deploy_within(seconds(50));
    let rotation = policy.replace_leaked(&deployed, id(2), at(NOW), || Ok(key(FRESH)));
    let rotation = rotation.unwrap();
    let added = rotation
        .ring()
        .keys()
        .last()
        .unwrap()
        .seal_from()
        .unwrap()
        .as_secs();
    assert!(added > NOW + 90);
    let expected = ring([
        (1, None, Some(NOW + 90 + LIFE + SKEW)),
        (3, Some(NOW + 90), Some(added + LIFE + SKEW)),
        (FRESH, Some(added), None),
    ]);
    assert_eq!(rotation.ring().expose_secrets(), expected.expose_secrets());
    assert_eq!(rotation.report().warnings(), []);
}

/// Some servers hear of it when it seals already, perhaps the revocations: a key that they have sealed with is
/// never left out. The price is a second in which nobody can sign in.
#[test]
fn a_key_that_is_about_to_seal_is_closed_at_once_and_stays() {
    for planned in [NOW + 1, NOW + SKEW, LAST, LAST + SKEW] {
        let deployed = switch(planned);
        let rotation = replace(&deployed, 2).unwrap();
        let expected = ring([
            (1, None, Some(planned + LIFE + SKEW)),
            (2, Some(planned), Some(NOW)),
            (FRESH, Some(planned + 1), None),
        ]);
        assert_eq!(rotation.ring().expose_secrets(), expected.expose_secrets());
        let gap = Finding::NoSealingKey {
            from: at(planned),
            until: Some(at(planned + 1)),
        };
        assert_eq!(rotation.report().warnings()[0], gap);
        let after = codec(rotation.ring());
        let state = RevocationState::fixed(Epoch::ZERO);
        for clock in NOW - SKEW..NOW + 500 {
            let context = Context::new(at(clock), RevocationView::current(&state));
            let sealed = after.start(&typical(), &context, random(1));
            assert_eq!(sealed.is_ok(), clock != planned, "{clock}");
        }
        // It goes on: what is known is not found again.
        for now in [NOW, planned, planned + 1] {
            let again = policy().rotate(rotation.ring(), at(now), || Ok(key(3)));
            assert!(!again.unwrap().is_change());
        }
    }
}

/// Between the slowest clock and now.
#[test]
fn a_key_that_began_within_the_skew_is_followed_a_second_later() {
    for began in [NOW - SKEW, NOW - SKEW / 2, NOW - 1] {
        let until = began + LIFE + SKEW;
        let expected = ring([
            (1, None, Some(until)),
            (2, Some(began), Some(NOW)),
            (FRESH, Some(began + 1), None),
        ]);
        let _ = assert_replaced(&switch(began), 2, NOW, &expected);
    }
}

/// Or no key would seal in this second.
#[test]
fn a_key_that_began_this_very_second_goes_with_its_end() {
    let until = NOW + LIFE + SKEW;
    let expected = ring([
        (1, None, Some(until)),
        (2, Some(NOW), Some(NOW + 1)),
        (FRESH, Some(NOW + 1), None),
    ]);
    let rotation = assert_replaced(&switch(NOW), 2, NOW + 1, &expected);
    let lost = [too_soon(FRESH), closes(2, NOW + 1, NOW + 1)];
    assert_eq!(rotation.report().warnings(), lost);
    // Another takes over then.
    let deployed = ring([
        (1, None, Some(until)),
        (2, Some(NOW), Some(until + 1)),
        (3, Some(NOW + 1), None),
    ]);
    let expected = ring([
        (1, None, Some(until)),
        (2, Some(NOW), Some(NOW + 1)),
        (3, Some(NOW + 1), None),
    ]);
    let rotation = assert_replaced(&deployed, 2, NOW + 1, &expected);
    assert_eq!(rotation.added(), None);
}

/// What a leaked key's sessions have lost already, no later deploy loses; and nobody is told to open
/// the key again.
#[test]
fn rotation_goes_on_while_a_leaked_key_is_in_the_ring() {
    let replaced = replace(&ring([(1, None, None)]), 1).unwrap().into_ring();
    for now in [NOW, NOW + 1, NOW + SKEW, NOW + LIFE, NOW + 800] {
        let rotation = policy().rotate(&replaced, at(now), || Ok(key(3))).unwrap();
        assert!(!rotation.is_change());
        assert_eq!(rotation.report().warnings(), []);
    }
    let rotation = policy().rotate(&replaced, at(NOW + PERIOD), || Ok(key(3)));
    assert_eq!(rotation.unwrap().removed(), [id(1)]);
}

/// Servers with the former ring may seal the revocations with it for as long as there are any.
#[test]
fn a_leaked_key_stays_until_no_server_has_the_former_ring() {
    let replaced = replace(&ring([(1, None, None)]), 1).unwrap().into_ring();
    let late = policy().propagation(seconds(5_000)).period(seconds(0));
    for (now, gone) in [(NOW + 5_000 + SKEW - 1, false), (NOW + 5_000 + SKEW, true)] {
        let rotation = late.rotate(&replaced, at(now), || Ok(key(3))).unwrap();
        assert_eq!(rotation.removed().len() == 1, gone, "{now}");
    }
}

#[test]
fn a_key_that_the_ring_lacks_is_an_error() {
    let error = replace(&ring([(1, None, None)]), 2).unwrap_err();
    assert_eq!(error, RotationError::NoSuchKey(id(2)));
    assert_eq!(
        error.to_string(),
        "no key of the ring has the id 2d78d731 for this audience"
    );
}

#[test]
fn a_fresh_key_with_the_leaked_ones_id_is_an_error() {
    let [one, other] = crate::keys::colliding();
    let deployed = KeyRing::from_key(one.clone());
    let leaked = one.id("shop.example");
    let error = policy()
        .replace_leaked(&deployed, leaked, at(NOW), || Ok(other))
        .unwrap_err();
    let RotationError::Unsafe(report) = error else {
        panic!("{error}");
    };
    assert!(matches!(report.errors(), [Finding::Unusable(error)]
        if error.kind() == KeyRingErrorKind::SameKeyId { other: 1 }));
}

/// A leak is an emergency: what is wrong with another key does not hold up the ring that ends it.
#[test]
fn another_keys_mistakes_are_told_and_refuse_nothing() {
    let mistaken = [
        // Closes too soon, though its sessions live.
        ring([(1, None, Some(NOW + 1)), (2, Some(NOW - 1), None)]),
        // Ends in the future with nothing after it.
        ring([
            (1, Some(NOW - 9_000), Some(NOW + 500)),
            (2, Some(NOW - 10_000), None),
        ]),
        // A planned key that closes before it seals.
        ring([
            (1, Some(NOW + 900), Some(NOW + 800)),
            (2, Some(NOW - 9_000), None),
        ]),
        // No key seals at all.
        ring([
            (1, Some(NOW - 10), Some(NOW - 5)),
            (2, Some(NOW - 9_000), None),
        ]),
    ];
    for deployed in &mistaken {
        let report = policy().check(deployed, Some(deployed), at(NOW));
        assert!(!report.is_safe() && report.inherited().is_empty());
        let rotation = replace(deployed, 2).unwrap();
        let next = rotation.ring();
        let leaked = |key: &&RingKey| key.key().id("shop.example") == id(2);
        let left = next.keys().iter().find(leaked);
        assert!(left.is_none_or(|key| key.open_until() <= Some(at(NOW + 1))));
        assert!(
            next.sealing_key(at(NOW)).is_some_and(|key| !leaked(&key)),
            "{deployed:?}"
        );
        // What to do about the other key is still told, as what the deploy does not change; and where the
        // new key mends it, nothing is left to tell.
        assert_eq!(rotation.report().errors(), [], "{deployed:?}");
        let told = rotation.report().inherited();
        assert!(
            told.iter()
                .all(|finding| finding.to_string().contains("; "))
        );
        // The check before the deploy agrees.
        let check = policy().leaked(id(2)).check(next, Some(deployed), at(NOW));
        assert_eq!(check, *rotation.report());
    }
    let rotation = replace(&mistaken[0], 2).unwrap();
    let too_soon = Finding::ClosesTooSoon {
        key: id(1),
        open_until: at(NOW + 1),
        needed: at(NOW - 1 + LIFE + SKEW),
    };
    assert_eq!(rotation.report().inherited(), [too_soon]);
    // The same mistake made by the deploy itself is an error.
    let good = ring([(1, None, None), (2, Some(NOW - 1), None)]);
    let check = policy()
        .leaked(id(2))
        .check(&mistaken[0], Some(&good), at(NOW));
    assert_eq!(check.errors(), [too_soon]);
    assert_eq!(check.inherited(), []);
}

/// What the deploy makes worse is not what the deployed ring loses anyway.
#[test]
fn a_mistake_that_the_deploy_makes_worse_is_an_error_in_spite_of_a_leak() {
    let leaked = policy().leaked(id(9));
    // The end of the first key's turn moves, and its `open-until` does not.
    let needed = NOW + 100 + LIFE + SKEW;
    let deployed = ring([(1, None, Some(needed)), (2, Some(NOW + 100), None)]);
    let later = ring([(1, None, Some(needed)), (2, Some(NOW + 400), None)]);
    let errors = leaked.check(&later, Some(&deployed), at(NOW));
    assert!(
        !errors.is_safe() && errors.inherited().is_empty(),
        "{errors:?}"
    );
    // A gap that would have ended.
    let gap = [(1, Some(NOW - 9_000), Some(NOW + 5_000))];
    let ended = ring([gap[0], (2, Some(NOW + 8_000), None)]);
    let report = leaked.check(&ring(gap), Some(&ended), at(NOW));
    assert!(
        report
            .errors()
            .iter()
            .any(|error| matches!(error, Finding::NoSealingKey { until: None, .. })),
        "{report:?}"
    );
    // The leaked key is closed before its turn, and nothing follows it.
    let planned = switch(NOW + 9_000);
    let closed = ring([
        (1, None, Some(NOW + 9_000 + LIFE + SKEW)),
        (2, Some(NOW + 9_000), Some(NOW)),
    ]);
    let report = policy()
        .leaked(id(2))
        .check(&closed, Some(&planned), at(NOW));
    assert!(!report.is_safe());
}

/// The key that leaked was about to seal: its turn is a second in which no key seals, and servers that
/// follow a file take the ring before, in and after it.
#[test]
fn a_ring_that_closes_a_leaked_key_before_its_turn_is_followed_whenever_it_is_loaded() {
    let planned = NOW + SKEW / 2;
    let deployed = switch(planned);
    let rotation = replace(&deployed, 2).unwrap();
    for now in NOW..planned + LIFE + 3 * SKEW {
        if now == planned {
            continue;
        }
        let report = policy()
            .leaked(id(2))
            .check(rotation.ring(), Some(&deployed), at(now));
        let refused = |finding: &Finding| matches!(finding, Finding::NotFollowed { .. });
        assert!(
            !report.warnings().iter().any(refused),
            "{}: {report:?}",
            now - NOW
        );
    }
}
