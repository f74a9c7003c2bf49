//! Laws of the revocation state, against a model that keeps everything for ever. Obligations 15 and
//! 18: the clock and the floor never decrease, and neither pruning nor bounding brings a revoked
//! token back.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "tests"
)]

use proptest::collection::vec;
use proptest::prelude::*;
use sealed_session::{Epoch, RevocationChange, RevocationState, Scope, ScopeKind};

const USER: ScopeKind<u64> = ScopeKind::new("user");

const SCOPES: u64 = 12;
const START: u64 = 10_000;

fn millis(epoch: u64) -> Epoch {
    Epoch::from_millis(epoch)
}

fn scope(number: u64) -> Scope {
    Scope::new(USER, number)
}

/// One change, and what surrounds it.
#[derive(Clone, Debug)]
struct Step {
    everyone: bool,
    scopes: Vec<u64>,
    prune_before: u64,
    max_entries: usize,
    now: u64,
    seen: u64,
}

fn step(prunes: bool) -> impl Strategy<Value = Step> {
    let near = START - 50..START + 400;
    (
        prop::bool::weighted(0.05),
        vec(0..SCOPES, 0..4),
        prop::option::weighted(0.3, near.clone()),
        prop::option::weighted(0.3, 4_usize..8),
        near.clone(),
        prop::option::weighted(0.1, near),
    )
        .prop_map(
            move |(everyone, scopes, prune_before, max_entries, now, seen)| Step {
                everyone,
                scopes,
                prune_before: prune_before.filter(|_| prunes).unwrap_or(0),
                max_entries: max_entries.filter(|_| prunes).unwrap_or(1000),
                now,
                seen: seen.unwrap_or(0),
            },
        )
}

impl Step {
    fn change(&self) -> RevocationChange {
        let scopes: Vec<Scope> = self.scopes.iter().copied().map(scope).collect();
        let change = RevocationChange::new()
            .revoke(&scopes)
            .prune_before(millis(self.prune_before))
            .max_entries(self.max_entries);
        if self.everyone {
            change.revoke_everyone()
        } else {
            change
        }
    }
}

/// Everything that was ever revoked, and when.
#[derive(Default)]
struct Model(Vec<(u64, Step)>);

impl Model {
    fn revokes(&self, epoch: u64, number: u64) -> bool {
        self.0
            .iter()
            .any(|(clock, step)| epoch < *clock && (step.everyone || step.scopes.contains(&number)))
    }
}

fn revokes(state: &RevocationState, epoch: u64, number: u64) -> bool {
    millis(epoch) < state.revoked_before(scope(number))
}

/// Makes the changes, and returns every state on the way.
fn states(steps: &[Step], model: &mut Model) -> Vec<RevocationState> {
    let mut state = RevocationState::fixed(millis(START));
    let mut states = vec![state.clone()];
    for step in steps {
        let applied = state.apply(&step.change(), millis(step.now), millis(step.seen));
        let clock = applied.unwrap().clock;
        assert_eq!(clock, state.clock());
        model.0.push((clock.as_millis(), step.clone()));
        states.push(state.clone());
    }
    states
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn whatever_is_pruned_or_bounded_no_revoked_token_comes_back(steps in vec(step(true), 0..25)) {
        let mut model = Model::default();
        let states = states(&steps, &mut model);
        let last = states.last().unwrap();
        for epoch in START - 5..=last.clock().as_millis() + 5 {
            for number in 0..SCOPES {
                prop_assert!(!model.revokes(epoch, number) || revokes(last, epoch, number));
            }
        }
    }

    #[test]
    fn without_pruning_exactly_what_was_revoked_is(steps in vec(step(false), 0..25)) {
        let mut model = Model::default();
        let states = states(&steps, &mut model);
        let last = states.last().unwrap();
        for epoch in START..=last.clock().as_millis() + 5 {
            for number in 0..SCOPES {
                prop_assert_eq!(model.revokes(epoch, number), revokes(last, epoch, number));
            }
        }
    }

    #[test]
    fn pruning_ends_nothing_from_its_horizon_on(steps in vec(step(false), 0..25), horizon in START..START + 400) {
        let states = states(&steps, &mut Model::default());
        let before = states.last().unwrap();
        let mut after = before.clone();
        let change = RevocationChange::new().prune_before(millis(horizon));
        after.apply(&change, Epoch::ZERO, Epoch::ZERO).unwrap();
        prop_assert!(after.floor() < millis(horizon).max(before.floor()) || after.floor() == before.floor());
        for epoch in horizon.max(START)..=before.clock().as_millis() + 5 {
            for number in 0..SCOPES {
                prop_assert_eq!(revokes(before, epoch, number), revokes(&after, epoch, number));
            }
        }
        let below = after.revoked().filter(|&(_, epoch)| epoch < millis(horizon)).count();
        prop_assert_eq!(below, 0, "what lies below is dropped");
    }

    #[test]
    fn a_table_keeps_to_its_bound_and_its_newest_entries(steps in vec(step(false), 0..25), bound in 4_usize..8) {
        let states = states(&steps, &mut Model::default());
        let before = states.last().unwrap();
        let mut after = before.clone();
        let change = RevocationChange::new().max_entries(bound);
        let applied = after.apply(&change, Epoch::ZERO, Epoch::ZERO).unwrap();
        prop_assert!(after.len() <= bound);
        prop_assert_eq!(applied.dropped, before.len() - after.len());
        if before.len() <= bound {
            prop_assert_eq!(after.floor(), before.floor(), "there is room");
        }
        // All that was dropped is covered, and nothing that is newer was dropped.
        let kept: Vec<_> = before.revoked().filter(|&(_, epoch)| epoch > after.floor()).collect();
        prop_assert!(after.revoked().eq(kept));
    }

    #[test]
    fn clock_and_floor_never_decrease_and_every_state_succeeds_those_before(steps in vec(step(true), 0..15)) {
        let states = states(&steps, &mut Model::default());
        for (at, former) in states.iter().enumerate() {
            prop_assert!(former.succeeds(former));
            for later in &states[at + 1..] {
                prop_assert!(later.clock() > former.clock());
                prop_assert!(later.floor() >= former.floor());
                prop_assert!(later.succeeds(former));
                prop_assert!(!former.succeeds(later));
            }
        }
    }

    #[test]
    fn a_clock_is_above_itself_the_time_and_every_epoch_seen(steps in vec(step(true), 1..25)) {
        let states = states(&steps, &mut Model::default());
        for (step, pair) in steps.iter().zip(states.windows(2)) {
            let least = (pair[0].clock().as_millis() + 1).max(step.now).max(step.seen + 1);
            prop_assert_eq!(pair[1].clock(), millis(least));
        }
    }

    /// Of scopes in one change, and of changes for whoever was sealed before all of them.
    #[test]
    fn order_means_nothing(scopes in vec(0..SCOPES, 0..8), shuffled in any::<prop::sample::Index>()) {
        let change = |numbers: &[u64]| {
            let scopes: Vec<Scope> = numbers.iter().copied().map(scope).collect();
            let mut state = RevocationState::fixed(millis(START));
            state.apply(&RevocationChange::new().revoke(&scopes), Epoch::ZERO, Epoch::ZERO).unwrap();
            state
        };
        let mut turned = scopes.clone();
        if !turned.is_empty() {
            turned.rotate_left(shuffled.index(scopes.len()));
        }
        turned.reverse();
        prop_assert_eq!(change(&scopes), change(&turned));
        let one_by_one = |numbers: &[u64]| {
            let mut state = RevocationState::fixed(millis(START));
            for &number in numbers {
                state.revoke(&[scope(number)], Epoch::ZERO, Epoch::ZERO).unwrap();
            }
            state
        };
        let (one, other) = (one_by_one(&scopes), one_by_one(&turned));
        for number in 0..SCOPES {
            prop_assert_eq!(revokes(&one, START, number), revokes(&other, START, number));
        }
    }
}

#[test]
fn a_change_of_more_scopes_than_the_table_holds_is_refused_and_changes_nothing() {
    let scopes: Vec<Scope> = (0..9).map(scope).collect();
    let change = RevocationChange::new().revoke(&scopes).max_entries(8);
    let mut state = RevocationState::fixed(millis(START));
    let error = state.apply(&change, Epoch::ZERO, Epoch::ZERO).unwrap_err();
    assert_eq!(
        error.to_string(),
        "9 scopes at once are more than the 8 that the table may hold; log out everyone instead"
    );
    assert_eq!(state, RevocationState::fixed(millis(START)));
    // The same scope twice is one.
    let twice = [&scopes[..8], &scopes[..8]].concat();
    let change = RevocationChange::new().revoke(&twice).max_entries(8);
    assert!(state.apply(&change, Epoch::ZERO, Epoch::ZERO).is_ok());
}
