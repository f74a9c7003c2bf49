//! How writers on several servers take turns at one store. Pure: chance is an argument.
//!
//! A store only says who came first: whoever lost loads and tries again, and there is no queue. Three
//! rules make that fair enough, as `examples/revocation_contention` measures. A pause after a conflict
//! is left to chance, so that two that collided do not collide again. It gets shorter with each conflict,
//! so that who has waited longest comes next. And who got through gathers changes for a while before it
//! writes again: the others come first, and more is written at once.

use core::time::Duration;

/// The longest pause after a first conflict.
const FIRST: Duration = Duration::from_millis(200);
/// And after many.
const LEAST: Duration = Duration::from_millis(5);
/// The longest pause after a first failure.
const FIRST_FAILURE: Duration = Duration::from_millis(20);
/// And after many.
const LONGEST_FAILURE: Duration = Duration::from_secs(2);
/// How often a write is tried where no clock moves, which else ends it sooner. So many conflicts take a
/// store's answers and some 6 s of pauses; so many failures in a row, some 40 s.
const MOST_CONFLICTS: u32 = 1024;
const MOST_FAILURES: u32 = 32;
/// Where chance says none at all, nobody spins.
const SHORTEST: Duration = Duration::from_millis(1);
/// The longest that a writer gathers.
const LONGEST_GATHERING: Duration = Duration::from_millis(1500);
/// For so long after a write that others contended for, the next one is expected to be contended for, too.
pub(super) const CONTENDED: Duration = Duration::from_secs(10);

/// How the tries of one write have ended so far.
#[derive(Default)]
pub(super) struct Tries {
    conflicts: u32,
    /// Since the last conflict.
    failures: u32,
}

impl Tries {
    /// Another writer came first.
    pub(super) const fn conflict(&mut self) {
        self.conflicts = self.conflicts.saturating_add(1);
        self.failures = 0;
    }

    /// The store failed, and may recover.
    pub(super) const fn failure(&mut self) {
        self.failures = self.failures.saturating_add(1);
    }

    pub(super) const fn any(&self) -> bool {
        self.conflicts > 0 || self.failures > 0
    }

    pub(super) const fn met_others(&self) -> bool {
        self.conflicts > 0
    }

    /// How long to wait before the next try; none after too many.
    pub(super) fn pause(&self, chance: u8) -> Option<Duration> {
        if self.conflicts >= MOST_CONFLICTS || self.failures >= MOST_FAILURES {
            return None;
        }
        let pause = match self.failures {
            0 => after_conflicts(self.conflicts, chance),
            failures => after_failures(failures, chance),
        };
        Some(pause.max(SHORTEST))
    }
}

/// Anything up to 200 ms after a first conflict, then up to 120 ms, 72 ms, and so on down to 5 ms.
fn after_conflicts(conflicts: u32, chance: u8) -> Duration {
    let times = conflicts.saturating_sub(1).min(8);
    let most = (0..times).fold(FIRST, |most, _| share(most, 3, 5));
    share(most.max(LEAST), u32::from(chance), 256)
}

/// Up to 20 ms after a first failure, then up to 40 ms, 80 ms, and so on up to 2 s, and at least half of
/// that.
fn after_failures(failures: u32, chance: u8) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    let most = FIRST_FAILURE.saturating_mul(1 << doublings);
    let most = most.min(LONGEST_FAILURE);
    share(most, 256_u32.saturating_add(u32::from(chance)), 512)
}

/// How long to gather changes after a write that took so long against others: three times that, up to 1.5 s.
/// A tenth is left to chance.
pub(super) fn gathering(took: Duration, chance: u8) -> Duration {
    let most = took.saturating_mul(3).min(LONGEST_GATHERING);
    share(most, 2304_u32.saturating_add(u32::from(chance)), 2560)
}

fn share(of: Duration, numerator: u32, denominator: u32) -> Duration {
    of.saturating_mul(numerator)
        .checked_div(denominator)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn pauses_are_shorter_after_each_conflict_and_left_to_chance() {
        let longest: Vec<_> = (1..=10)
            .map(|n| after_conflicts(n, 255).as_millis())
            .collect();
        assert_eq!(longest, [199, 119, 71, 43, 25, 15, 9, 5, 4, 4]);
        assert_eq!(after_conflicts(u32::MAX, 255), after_conflicts(9, 255));
        assert_eq!(after_conflicts(1, 128), millis(100));
        assert_eq!(after_conflicts(1, 0), Duration::ZERO);
    }

    #[test]
    fn a_store_that_fails_is_asked_more_and_more_rarely() {
        let shortest: Vec<_> = (1..=9).map(|n| after_failures(n, 0).as_millis()).collect();
        assert_eq!(shortest, [10, 20, 40, 80, 160, 320, 640, 1000, 1000]);
        assert_eq!(after_failures(u32::MAX, 128), millis(1500));
    }

    #[test]
    fn a_conflict_says_that_the_store_is_there_and_the_tries_have_an_end() {
        let mut tries = Tries::default();
        assert!(!tries.any());
        tries.failure();
        assert!(tries.any());
        tries.failure();
        assert_eq!(tries.pause(0), Some(millis(20)));
        assert!(!tries.met_others());
        tries.conflict();
        assert!(tries.any());
        assert_eq!(tries.pause(128), Some(millis(100)));
        assert_eq!(tries.pause(0), Some(SHORTEST));
        assert!(tries.met_others());
        for _ in 1..MOST_CONFLICTS {
            assert!(tries.pause(0).is_some());
            tries.conflict();
        }
        assert_eq!(tries.pause(0), None);
        let mut tries = Tries::default();
        for _ in 0..MOST_FAILURES {
            assert!(tries.pause(0).is_some());
            tries.failure();
        }
        assert_eq!(tries.pause(0), None);
    }

    #[test]
    fn changes_are_gathered_for_longer_after_a_longer_write_up_to_a_bound() {
        assert_eq!(gathering(millis(100), 0), millis(270));
        assert_eq!(gathering(millis(100), 128), millis(285));
        assert_eq!(gathering(Duration::MAX, 0), millis(1350));
    }
}
