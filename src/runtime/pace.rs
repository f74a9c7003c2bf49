//! [`Pace`]: when the next load is due. Pure: chance is an argument. An interval between loads, a growing
//! one between failures, a short one when a token hints at news.

use core::time::Duration;

use super::clock::Moment;

/// At most one load in so long, for all the tokens that hint at news.
const LEAST_GAP: Duration = Duration::from_secs(1);

/// At most one load in so long, for all that is pushed.
const PUSHED_GAP: Duration = Duration::from_millis(50);

/// What is pushed takes this part of the time for loads: a long document or a busy server makes them fewer.
const PUSHED_SHARE: u32 = 5;

/// How far apart loads are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paces {
    interval: Duration,
    /// How far apart they may be while they fail.
    longest: Duration,
    /// How far apart those are that hints bring forward.
    hinted: Duration,
}

impl Paces {
    /// For what tokens hint at that are authentic. Failures may be apart for a quarter of the staleness bound, so
    /// that some are left before it.
    pub(crate) fn for_authentic_hints(interval: Duration, max_staleness: Duration) -> Self {
        let quarter = max_staleness.checked_div(4).unwrap_or_default();
        Self {
            interval,
            longest: interval.max(quarter),
            hinted: Duration::ZERO,
        }
    }

    /// For what anybody can hint at: it brings one load an interval forward.
    pub(crate) const fn for_hints_of_anybody(interval: Duration) -> Self {
        Self {
            interval,
            longest: interval,
            hinted: interval,
        }
    }

    /// How long to wait after the beginning of a load, when `failures` in a row have failed. Between
    /// three quarters of that and all of it, by `chance`: servers that started together do not all load
    /// at once.
    fn delay(&self, failures: u32, chance: u8) -> Duration {
        let doublings = failures.saturating_sub(1).min(16);
        let grown = self.interval.saturating_mul(1 << doublings);
        let full = grown.min(self.longest);
        let quarter = full.checked_div(4).unwrap_or_default();
        let taken = quarter.saturating_mul(u32::from(chance));
        let left = full.saturating_sub(taken.checked_div(255).unwrap_or_default());
        // Wall clocks count whole milliseconds.
        Duration::from_millis(u64::try_from(left.as_millis()).unwrap_or(u64::MAX))
    }

    /// The greatest time between the beginnings of two loads that take no time.
    pub(crate) const fn longest(&self) -> Duration {
        self.longest
    }

    /// The least time between two loads.
    pub(crate) fn least_gap(&self) -> Duration {
        self.interval.min(LEAST_GAP)
    }
}

/// How the last loads went.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pace {
    last: Option<Moment>,
    /// The last load that was brought forward by a hint.
    last_hinted: Option<Moment>,
    failures: u32,
    delay: Duration,
    /// How long the last load took.
    took: Duration,
}

impl Pace {
    /// Notes that a load begins at `begun`; `hinted`: a token hints at news.
    pub(crate) fn begin(&mut self, paces: &Paces, begun: Moment, hinted: bool) {
        // One that was due anyway is not charged to the token.
        if hinted && !self.wait(paces, begun, false).is_zero() {
            self.last_hinted = Some(begun);
        }
        self.last = Some(begun);
        self.delay = paces.interval;
    }

    /// Notes how it ended, `took` after its begin.
    pub(crate) fn end(&mut self, paces: &Paces, failed: bool, took: Duration, chance: u8) {
        self.took = took;
        self.failures = if failed {
            self.failures.saturating_add(1)
        } else {
            0
        };
        self.delay = paces.delay(self.failures, chance);
    }

    /// The same when what is followed says itself that it has changed.
    pub(crate) fn wait_pushed(&self, paces: &Paces, now: Moment) -> Duration {
        let regular = self.wait(paces, now, false);
        // What fails is not asked more often for being pushed.
        if self.failures > 0 {
            return regular;
        }
        let gap = PUSHED_GAP.max(self.took.saturating_mul(PUSHED_SHARE));
        let gap = gap.min(paces.interval);
        let since = self.last.map_or(gap, |last| now.since(last));
        regular.min(gap.saturating_sub(since))
    }

    /// How long until a load is due; zero: now.
    pub(crate) fn wait(&self, paces: &Paces, now: Moment, hinted: bool) -> Duration {
        let since = |last: Option<Moment>, delay: Duration| {
            last.map_or(Duration::ZERO, |last| delay.saturating_sub(now.since(last)))
        };
        let regular = since(self.last, self.delay);
        // What fails is not asked more often for all the hints.
        if !hinted || self.failures > 0 {
            return regular;
        }
        let gap = since(self.last, paces.least_gap());
        regular.min(gap.max(since(self.last_hinted, paces.hinted)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Epoch;

    fn at(millis: u64) -> Moment {
        Moment {
            wall: Epoch::from_millis(millis),
            monotonic: Duration::from_millis(millis),
        }
    }

    fn load(pace: &mut Pace, paces: &Paces, begun: Moment, failed: bool, chance: u8) {
        pace.begin(paces, begun, false);
        pace.end(paces, failed, Duration::ZERO, chance);
    }

    #[test]
    fn loads_are_an_interval_apart_less_up_to_a_quarter() {
        let paces = Paces::for_authentic_hints(Duration::from_secs(8), Duration::from_secs(60));
        for (chance, millis) in [(0, 8_000_u64), (255, 6_000), (51, 7_600)] {
            let mut pace = Pace::default();
            assert_eq!(pace.wait(&paces, at(0), false), Duration::ZERO, "the first");
            load(&mut pace, &paces, at(1000), false, chance);
            let wait = |by: u64, hinted| pace.wait(&paces, at(1000 + by), hinted).as_millis();
            assert_eq!(wait(0, false), u128::from(millis));
            assert_eq!(wait(millis - 1, false), 1);
            assert_eq!(wait(millis, false), 0);
            assert_eq!(wait(0, true), 1000, "news wait a second");
            assert_eq!(wait(1000, true), 0);
        }
    }

    #[test]
    fn what_is_pushed_is_loaded_within_50_milliseconds_unless_loads_fail() {
        let paces = Paces::for_authentic_hints(Duration::from_secs(5), Duration::from_secs(60));
        let mut pace = Pace::default();
        assert_eq!(pace.wait_pushed(&paces, at(0)), Duration::ZERO, "the first");
        load(&mut pace, &paces, at(1000), false, 0);
        let wait = |pace: &Pace, now| pace.wait_pushed(&paces, at(now)).as_millis();
        assert_eq!(wait(&pace, 1000), 50);
        assert_eq!(wait(&pace, 1030), 20);
        assert_eq!(wait(&pace, 1050), 0);
        pace.end(&paces, false, Duration::from_millis(30), 0);
        assert_eq!(wait(&pace, 1050), 100, "a fifth of the time is for loads");
        load(&mut pace, &paces, at(2000), true, 0);
        assert_eq!(wait(&pace, 2050), 4950, "after a failure");
    }

    #[test]
    fn failures_are_further_and_further_apart_up_to_a_quarter_of_the_bound() {
        let paces = Paces::for_authentic_hints(Duration::from_secs(2), Duration::from_secs(60));
        let mut pace = Pace::default();
        for seconds in [2, 4, 8, 15, 15, 15] {
            load(&mut pace, &paces, at(0), true, 0);
            for hinted in [false, true] {
                let wait = pace.wait(&paces, at(0), hinted);
                assert_eq!(wait, Duration::from_secs(seconds));
            }
        }
        load(&mut pace, &paces, at(0), false, 0);
        assert_eq!(pace.wait(&paces, at(0), false), Duration::from_secs(2));
        for failures in 0..100 {
            assert!(paces.delay(failures, 255) >= Duration::from_millis(1500));
        }
    }

    #[test]
    fn a_load_that_does_not_end_is_due_again_after_an_interval() {
        let paces = Paces::for_authentic_hints(Duration::from_secs(2), Duration::from_secs(60));
        let mut pace = Pace::default();
        pace.begin(&paces, at(0), false);
        assert_eq!(pace.wait(&paces, at(0), false), Duration::from_secs(2));
    }

    #[test]
    fn what_anybody_can_hint_at_brings_a_load_forward_once_in_an_interval() {
        let paces = Paces::for_hints_of_anybody(Duration::from_secs(60));
        let mut pace = Pace::default();
        load(&mut pace, &paces, at(0), false, 0);
        let mut loads = 0;
        // A token with a made-up key arrives in every second of an hour.
        for now in 1..=3600 {
            if pace.wait(&paces, at(now * 1000), true).is_zero() {
                pace.begin(&paces, at(now * 1000), true);
                pace.end(&paces, false, Duration::ZERO, 0);
                loads += 1;
            }
        }
        assert!((60..=120).contains(&loads), "{loads} loads");
    }
}
