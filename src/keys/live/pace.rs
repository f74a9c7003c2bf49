//! [`Pace`]: when the next load of a ring is due. Pure.

use core::time::Duration;

use crate::runtime::clock::Moment;

/// The pause before a load that was dropped is made again.
const RETRY: Duration = Duration::from_secs(1);

/// When the ring was loaded.
#[derive(Debug, Default)]
pub(super) struct Pace {
    last: Option<Moment>,
    /// The last load that was brought forward by a token, which anybody can make up.
    last_hinted: Option<Moment>,
    /// Whether the last one is to be made again.
    retry: bool,
}

impl Pace {
    /// Notes a load that began at `begun`; `hinted`: a token had named an unknown key.
    ///
    /// Whether it was due without the token.
    pub(super) fn note(&mut self, interval: Duration, begun: Moment, hinted: bool) -> bool {
        let regular = self.wait(interval, begun, false).is_zero();
        // One that was due anyway is not charged to the token.
        if hinted && !regular {
            self.last_hinted = Some(begun);
        }
        self.last = Some(begun);
        self.retry = false;
        regular
    }

    /// The load that was noted last did not come to its end.
    pub(super) fn retry_soon(&mut self) {
        self.retry = true;
    }

    /// How long until a load is due; zero: now.
    pub(super) fn wait(&self, interval: Duration, now: Moment, hinted: bool) -> Duration {
        let regular = if self.retry { RETRY } else { interval };
        let regular = wait_since(self.last, regular.min(interval), now);
        if hinted {
            regular.min(wait_since(self.last_hinted, interval, now))
        } else {
            regular
        }
    }
}

fn wait_since(last: Option<Moment>, interval: Duration, now: Moment) -> Duration {
    last.map_or(Duration::ZERO, |last| {
        interval.saturating_sub(now.since(last))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::UnixTime;

    const INTERVAL: Duration = Duration::from_secs(60);

    fn at(seconds: u64) -> Moment {
        Moment {
            wall: UnixTime::from_secs(seconds).to_epoch(),
            monotonic: Duration::from_secs(seconds),
        }
    }

    #[test]
    fn loads_are_an_interval_apart() {
        let mut pace = Pace::default();
        assert_eq!(pace.wait(INTERVAL, at(5), false), Duration::ZERO);
        pace.note(INTERVAL, at(5), false);
        for (now, wait) in [(5, 60), (6, 59), (64, 1), (65, 0), (1000, 0)] {
            let wait = Duration::from_secs(wait);
            assert_eq!(pace.wait(INTERVAL, at(now), false), wait);
        }
    }

    #[test]
    fn a_load_that_was_dropped_is_due_again_after_a_second() {
        let mut pace = Pace::default();
        assert!(pace.note(INTERVAL, at(0), false), "the first is due");
        pace.retry_soon();
        assert_eq!(pace.wait(INTERVAL, at(0), false), Duration::from_secs(1));
        assert!(pace.note(INTERVAL, at(1), true), "due without the token");
        assert_eq!(pace.wait(INTERVAL, at(1), false), INTERVAL);
        // It was not charged to the token.
        assert_eq!(pace.wait(INTERVAL, at(1), true), Duration::ZERO);
        assert!(!pace.note(INTERVAL, at(2), true));
        assert_eq!(pace.wait(INTERVAL, at(2), true), INTERVAL);
    }

    #[test]
    fn an_unknown_key_brings_a_load_forward_once_in_an_interval() {
        let mut pace = Pace::default();
        pace.note(INTERVAL, at(0), false);
        let mut loads = 0;
        // A token with a made-up key arrives in every second of an hour.
        for now in 1..=3600 {
            if pace.wait(INTERVAL, at(now), true).is_zero() {
                pace.note(INTERVAL, at(now), true);
                loads += 1;
            }
        }
        assert!((60..=120).contains(&loads), "{loads} loads");
    }
}
