//! For each kind of error a sequence in which it alone is found and a session is lost; and the same
//! sequence as the finding's text would have it, which is silent and loses nothing.
//!
//! A session lives four seconds, clocks differ by two, and a ring is everywhere after three. Who
//! checks has the slowest clock, unless something is said.

use sealed_session::Protection;

use crate::counts::{Kind, kinds};
use crate::fleet::run;
use crate::sequence::{AUDIENCE, Deploy, Entry, KEYS, Limits, START, Sequence, at};

const LIFE: u64 = 4;
const SKEW: u64 = 2;
const PROPAGATION: u64 = 3;

/// The least `seal-from` of a key that is published at the start.
const SOONEST: u64 = START + PROPAGATION + SKEW + 1;

fn key(key: usize) -> Entry {
    Entry {
        key,
        seal_from: None,
        open_until: None,
    }
}

impl Entry {
    fn from(self, time: u64) -> Self {
        Self {
            seal_from: Some(time),
            ..self
        }
    }

    fn until(self, time: u64) -> Self {
        Self {
            open_until: Some(time),
            ..self
        }
    }
}

/// Rings and when they are published.
type Deploys<'a> = &'a [(u64, &'a [Entry])];

fn sequence(protection: Protection, ahead: u64, deploys: Deploys<'_>) -> Sequence {
    let deploys = deploys.iter().map(|&(at, ring)| Deploy {
        at,
        ahead,
        ring: ring.to_vec(),
        limits: Limits {
            idle: LIFE,
            absolute: 10,
        },
    });
    Sequence {
        protection,
        skew: SKEW,
        propagation: PROPAGATION,
        deploys: deploys.collect(),
    }
}

/// Asserts that this kind alone is found, with this advice, and returns what is lost.
#[track_caller]
fn lost_by(kind: Kind, advice: &str, ahead: u64, deploys: Deploys<'_>) -> String {
    let [signed, encrypted] = [Protection::Signed, Protection::Encrypted].map(|protection| {
        let sequence = sequence(protection, ahead, deploys);
        let errors = sequence.errors();
        assert_eq!(kinds(&errors), [kind].into(), "{errors:?}");
        for error in errors {
            assert!(error.to_string().ends_with(advice), "{error}");
        }
        run(&sequence).lost.expect("a loss")
    });
    assert_eq!(signed, encrypted);
    signed
}

#[track_caller]
fn assert_safe(ahead: u64, deploys: Deploys<'_>) {
    for protection in [Protection::Signed, Protection::Encrypted] {
        let sequence = sequence(protection, ahead, deploys);
        assert_eq!(sequence.errors(), []);
        assert_eq!(run(&sequence).lost, None);
    }
}

fn id(key: usize) -> String {
    KEYS[key].id(AUDIENCE).to_string()
}

#[test]
fn no_sealing_key_a_key_that_nothing_follows_closes() {
    let lost = lost_by(
        Kind::NoSealingKey,
        "let a key seal from that second or before, without an open-until that ends it",
        0,
        &[(START, &[key(2)]), (START + 5, &[key(2).until(1_030)])],
    );
    assert!(
        lost.starts_with("nobody can sign in at 1030 with ring 1: "),
        "{lost}"
    );
    let followed = [key(2).until(1_030), key(3).from(1_030 - LIFE - SKEW)];
    assert_safe(0, &[(START, &[key(2)]), (START + 5, &followed)]);
}

#[test]
fn no_sealing_key_the_first_key_is_a_second_late_for_the_slowest_clock() {
    let lost = lost_by(
        Kind::NoSealingKey,
        "let a key seal from that second or before, without an open-until that ends it",
        SKEW,
        &[(START, &[key(2).from(START + 1)])],
    );
    assert!(
        lost.starts_with("nobody can sign in at 1000 with ring 0: "),
        "{lost}"
    );
    assert_safe(SKEW, &[(START, &[key(2).from(START)])]);
}

#[test]
fn seals_too_soon_the_last_server_does_not_know_the_key() {
    let ring = |from: u64| [key(2).until(from + LIFE + SKEW), key(3).from(from)];
    let lost = lost_by(
        Kind::SealsTooSoon,
        &format!("let it seal from {} or later", at(SOONEST)),
        0,
        &[(START, &[key(2)]), (START, &ring(SOONEST - 1))],
    );
    let expected = format!(
        "refused (UnknownKey) at 1003 with ring 0: a session under key {}, sealed at 1005 for until 1009",
        id(3)
    );
    assert_eq!(lost, expected);
    assert_safe(0, &[(START, &[key(2)]), (START, &ring(SOONEST))]);
}

#[test]
fn removed_a_session_of_the_key_has_a_second_to_go() {
    let both: &[Entry] = &[key(2).until(1_016), key(3).from(1_010)];
    let one: &[Entry] = &[key(3).from(1_010)];
    let lost = lost_by(
        Kind::Removed,
        &format!("keep it until {}", at(1_018)),
        SKEW,
        &[(START, both), (1_014, one)],
    );
    let expected = format!(
        "refused (UnknownKey) at 1014 with ring 1: a session under key {}, sealed at 1011 for until 1015",
        id(2)
    );
    assert_eq!(lost, expected);
    assert_safe(SKEW, &[(START, both), (1_016, one)]);
}

#[test]
fn rescheduled_the_former_ring_closes_a_key_by_the_former_schedule() {
    let ring = |from: u64, until: u64| [key(2).until(until), key(3).from(from)];
    let lost = lost_by(
        Kind::Rescheduled,
        "leave the past and the near future of the schedule as they are",
        0,
        &[(START, &ring(1_010, 1_016)), (1_011, &ring(1_014, 1_020))],
    );
    let expected = format!(
        "refused (RetiredKey) at 1016 with ring 0: a session under key {}, sealed at 1013 for until 1017",
        id(2)
    );
    assert_eq!(lost, expected);
    assert_safe(
        0,
        &[(START, &ring(1_010, 1_016)), (1_011, &ring(1_010, 1_020))],
    );
}

#[test]
fn closes_too_soon_a_session_of_the_key_has_a_second_to_go() {
    let ring = |until: u64| [key(2).until(until), key(3).from(SOONEST)];
    let needed = SOONEST + LIFE + SKEW;
    let lost = lost_by(
        Kind::ClosesTooSoon,
        &format!("let it open until {}", at(needed)),
        0,
        &[(START, &[key(2)]), (START, &ring(needed - 2))],
    );
    let expected = format!(
        "refused (RetiredKey) at 1010 with ring 1: a session under key {}, sealed at 1007 for until 1011",
        id(2)
    );
    assert_eq!(lost, expected);
    assert_safe(0, &[(START, &[key(2)]), (START, &ring(needed))]);
    // The rule is a second more careful than it has to be.
    let careful = sequence(
        Protection::Signed,
        0,
        &[(START, &[key(2)]), (START, &ring(needed - 1))],
    );
    assert_eq!(kinds(&careful.errors()), [Kind::ClosesTooSoon].into());
    assert_eq!(run(&careful).lost, None);
}

#[test]
fn unusable_no_server_can_tell_two_keys_apart() {
    let closing = key(0).until(SOONEST + LIFE + SKEW);
    let lost = lost_by(
        Kind::Unusable,
        "generate another key",
        0,
        &[
            (START, &[key(0)]),
            (START, &[closing, key(1).from(SOONEST)]),
        ],
    );
    assert!(
        lost.starts_with("no server starts at 1000 with ring 1: "),
        "{lost}"
    );
    assert_safe(
        0,
        &[
            (START, &[key(0)]),
            (START, &[closing, key(2).from(SOONEST)]),
        ],
    );
}
