//! [`Pace`]: when the next load is due. Pure: jitter is an argument. An interval between loads, a
//! growing one between failures, a short one when a token brings news.

use core::time::Duration;

use super::super::error::RefreshError;
use crate::runtime::clock::Moment;

/// At most one load in so long, whatever asks for it.
const LEAST_GAP: Duration = Duration::from_secs(1);

/// The interval, and how far it may grow while loads fail.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paces {
    interval: Duration,
    longest: Duration,
}

impl Paces {
    /// Failures may be apart for a quarter of the staleness bound, so that some are left before it.
    pub(super) fn new(interval: Duration, max_staleness: Duration) -> Self {
        let quarter = max_staleness.checked_div(4).unwrap_or_default();
        Self {
            interval,
            longest: interval.max(quarter),
        }
    }

    /// How long to wait after the beginning of a load, when `failures` in a row have failed. Between
    /// three quarters of that and all of it, by `jitter`: servers that started together do not all load
    /// at once.
    fn delay(&self, failures: u32, jitter: u8) -> Duration {
        let doublings = failures.saturating_sub(1).min(16);
        let grown = self.interval.saturating_mul(1 << doublings);
        let full = grown.min(self.longest);
        let quarter = full.checked_div(4).unwrap_or_default();
        let taken = quarter.saturating_mul(u32::from(jitter));
        let left = full.saturating_sub(taken.checked_div(255).unwrap_or_default());
        // Wall clocks count whole milliseconds.
        Duration::from_millis(u64::try_from(left.as_millis()).unwrap_or(u64::MAX))
    }

    /// The gap between two loads that news asked for, and the least that the task sleeps.
    pub(super) fn least_gap(&self) -> Duration {
        self.interval.min(LEAST_GAP)
    }
}

/// How the last loads went.
#[derive(Debug, Default)]
pub(super) struct Pace {
    last: Option<Moment>,
    failures: u32,
    delay: Duration,
    pub(super) error: Option<RefreshError>,
}

impl Pace {
    /// Notes how the load that began at `begun` ended.
    pub(super) fn note(
        &mut self,
        paces: &Paces,
        begun: Moment,
        error: Option<RefreshError>,
        jitter: u8,
    ) {
        self.last = Some(begun);
        self.failures = match error {
            Some(_) => self.failures.saturating_add(1),
            None => 0,
        };
        self.delay = paces.delay(self.failures, jitter);
        self.error = error;
    }

    /// How long until a load is due; zero: now. With `news`, an authentic token was ahead of what is
    /// held.
    pub(super) fn wait(&self, paces: &Paces, now: Moment, news: bool) -> Duration {
        let Some(last) = self.last else {
            return Duration::ZERO;
        };
        // A store that fails is not asked more often for all the news.
        let delay = if news && self.failures == 0 {
            self.delay.min(paces.least_gap())
        } else {
            self.delay
        };
        delay.saturating_sub(now.since(last))
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

    #[test]
    fn loads_are_an_interval_apart_less_up_to_a_quarter() {
        let paces = Paces::new(Duration::from_secs(8), Duration::from_secs(60));
        for (jitter, millis) in [(0, 8_000_u64), (255, 6_000), (51, 7_600)] {
            let mut pace = Pace::default();
            assert_eq!(pace.wait(&paces, at(0), false), Duration::ZERO, "the first");
            pace.note(&paces, at(1000), None, jitter);
            let wait = |by: u64, news| pace.wait(&paces, at(1000 + by), news).as_millis();
            assert_eq!(wait(0, false), u128::from(millis));
            assert_eq!(wait(millis - 1, false), 1);
            assert_eq!(wait(millis, false), 0);
            assert_eq!(wait(0, true), 1000, "news wait a second");
            assert_eq!(wait(1000, true), 0);
        }
    }

    #[test]
    fn failures_are_further_and_further_apart_up_to_a_quarter_of_the_bound() {
        let paces = Paces::new(Duration::from_secs(2), Duration::from_secs(60));
        let mut pace = Pace::default();
        for seconds in [2, 4, 8, 15, 15, 15] {
            pace.note(&paces, at(0), Some(RefreshError::NoStore), 0);
            for news in [false, true] {
                assert_eq!(pace.wait(&paces, at(0), news), Duration::from_secs(seconds));
            }
        }
        pace.note(&paces, at(0), None, 0);
        assert_eq!(pace.wait(&paces, at(0), false), Duration::from_secs(2));
        for failures in 0..100 {
            assert!(paces.delay(failures, 255) >= Duration::from_millis(1500));
        }
    }
}
