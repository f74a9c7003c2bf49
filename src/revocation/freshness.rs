//! How old a state is, and how old it may be. Pure. Spec, section 7, "Age".

use core::time::Duration;

use crate::time::Epoch;

/// What both clocks show at one moment. The wall clock may be set; the monotonic one may stand
/// still while a process is frozen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) wall: Epoch,
    pub(super) monotonic: Duration,
}

impl Moment {
    /// The greater of what both clocks say: a frozen process thaws old.
    pub(super) fn since(self, earlier: Self) -> Duration {
        let wall = self.wall.as_millis();
        let wall = Duration::from_millis(wall.saturating_sub(earlier.wall.as_millis()));
        wall.max(self.monotonic.saturating_sub(earlier.monotonic))
    }
}

/// How old a state may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Staleness {
    pub(super) max: Duration,
    /// Whether a state past it is accepted all the same.
    pub(super) accepted: bool,
}

impl Staleness {
    /// Whether a state that was current at `as_of` may vouch for a session at `now`. At the very bound
    /// it may.
    pub(super) fn allows(&self, as_of: Moment, now: Moment) -> bool {
        self.accepted || now.since(as_of) <= self.max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(wall: u64, monotonic: u64) -> Moment {
        Moment {
            wall: Epoch::from_millis(wall),
            monotonic: Duration::from_millis(monotonic),
        }
    }

    #[test]
    fn an_age_is_the_greater_of_both_clocks_whichever_is_set_or_stands_still() {
        let begun = moment(1_000_000, 5_000);
        for (now, millis) in [
            (moment(1_000_000, 5_000), 0),
            (moment(1_000_700, 5_700), 700),
            // Frozen: only the wall clock went on.
            (moment(4_600_000, 5_010), 3_600_000),
            // Set back: only the monotonic clock went on.
            (moment(0, 9_000), 4_000),
            (moment(0, 0), 0),
        ] {
            assert_eq!(now.since(begun), Duration::from_millis(millis));
        }
    }

    #[test]
    fn the_bound_decides_at_the_very_bound() {
        let bound = |accepted| Staleness {
            max: Duration::from_secs(60),
            accepted,
        };
        let begun = moment(1_000_000, 0);
        for (by, within) in [(59_999, true), (60_000, true), (60_001, false)] {
            for now in [
                moment(1_000_000 + by, 0),
                moment(1_000_000, by),
                moment(1_000_000 + by, by),
            ] {
                assert_eq!(bound(false).allows(begun, now), within);
                assert!(bound(true).allows(begun, now));
            }
        }
    }
}
