//! How old a state is, and how old it may be. Pure. Spec, section 7, "Age".

use core::time::Duration;

use crate::runtime::clock::Moment;

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
    use crate::time::Epoch;

    fn moment(wall: u64, monotonic: u64) -> Moment {
        Moment {
            wall: Epoch::from_millis(wall),
            monotonic: Duration::from_millis(monotonic),
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
