//! Rotation of keys, to the second. Obligation 23; fleets under the check are in `tests/rotation`.

mod errors;
mod leaks;
mod plan;
mod warnings;

use std::time::Duration;

use sealed_session::{CheckReport, Finding, KeyId, KeyRing, RingKey, RotationPolicy};

use crate::fixture::{NOW, at, key};

const LIFE: u64 = 100;
const SKEW: u64 = 10;
const PROPAGATION: u64 = 50;
const PERIOD: u64 = 1_000;

/// The greatest second that a server with a former ring can show.
const LAST: u64 = NOW + PROPAGATION + SKEW;

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) fn policy() -> RotationPolicy {
    RotationPolicy::new("shop.example")
        .idle_timeout(seconds(LIFE))
        .absolute_timeout(seconds(10 * LIFE))
        .skew(seconds(SKEW))
        .propagation(seconds(PROPAGATION))
        .deploy_within(seconds(0))
        .period(seconds(PERIOD))
}

/// A key's seed, `seal-from` and `open-until`.
pub(crate) type Entry = (u8, Option<u64>, Option<u64>);

pub(crate) fn ring<const N: usize>(entries: [Entry; N]) -> KeyRing {
    let keys = entries.map(|(seed, seal_from, open_until)| {
        let key = RingKey::new(key(seed));
        let key = match seal_from {
            Some(time) => key.with_seal_from(at(time)),
            None => key,
        };
        match open_until {
            Some(time) => key.with_open_until(at(time)),
            None => key,
        }
    });
    KeyRing::new(keys).unwrap()
}

pub(crate) fn id(seed: u8) -> KeyId {
    key(seed).id("shop.example")
}

/// Errors and warnings.
fn check(new: &KeyRing, deployed: &KeyRing, now: u64) -> (Vec<Finding>, Vec<Finding>) {
    findings(&policy().check(new, Some(deployed), at(now)))
}

fn findings(report: &CheckReport) -> (Vec<Finding>, Vec<Finding>) {
    (report.errors().to_vec(), report.warnings().to_vec())
}

const NOTHING: (Vec<Finding>, Vec<Finding>) = (vec![], vec![]);

/// A ring in which key 2 takes over from key 1, which opens for as long as it must.
fn switch(time: u64) -> KeyRing {
    ring([(1, None, Some(time + LIFE + SKEW)), (2, Some(time), None)])
}

#[test]
fn a_policy_starts_with_the_defaults_of_sessions_a_day_and_ninety() {
    let day = 24 * 60 * 60;
    let spelled = RotationPolicy::new("shop.example")
        .idle_timeout(seconds(30 * 60))
        .absolute_timeout(seconds(12 * 60 * 60))
        .skew(seconds(60))
        .propagation(seconds(day))
        .deploy_within(seconds(day))
        .period(seconds(90 * day));
    assert_eq!(RotationPolicy::new("shop.example"), spelled);
}

#[test]
fn durations_with_a_fraction_are_rounded_up() {
    for (duration, whole) in [
        (Duration::from_nanos(1), 1),
        (Duration::from_millis(99_001), 100),
        (Duration::new(99, 999_999_999), 100),
        (Duration::new(100, 0), 100),
        (Duration::MAX, u64::MAX),
    ] {
        let whole = seconds(whole);
        assert_eq!(
            policy().idle_timeout(duration),
            policy().idle_timeout(whole)
        );
        assert_eq!(
            policy().absolute_timeout(duration),
            policy().absolute_timeout(whole)
        );
        assert_eq!(policy().skew(duration), policy().skew(whole));
        assert_eq!(policy().propagation(duration), policy().propagation(whole));
        assert_eq!(policy().period(duration), policy().period(whole));
    }
}

#[test]
fn a_life_is_the_lesser_of_the_two_limits() {
    let needed = |policy: RotationPolicy| {
        let ring = ring([(1, None, None), (2, Some(NOW), None)]);
        policy.check(&ring, None, at(NOW)).warnings().to_vec()
    };
    let expected = |life: u64| {
        let (key, needed) = (id(1), at(NOW + life + SKEW));
        vec![Finding::NeverCloses { key, needed }]
    };
    assert_eq!(needed(policy()), expected(LIFE));
    assert_eq!(needed(policy().absolute_timeout(seconds(7))), expected(7));
    assert_eq!(
        needed(policy().idle_timeout(seconds(2_000))),
        expected(10 * LIFE)
    );
}
