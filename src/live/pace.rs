//! [`Pace`]: when the next load of a ring is due. Pure.

use core::time::Duration;

use crate::clock::Moment;

/// When the ring was loaded.
#[derive(Debug, Default)]
pub(super) struct Pace {
    last: Option<Moment>,
    /// The last load that was brought forward by a token, which anybody can make up.
    last_hinted: Option<Moment>,
}

impl Pace {
    /// Notes a load that began at `begun`; `hinted`: a token had named an unknown key.
    pub(super) fn note(&mut self, interval: Duration, begun: Moment, hinted: bool) {
        // One that was due anyway is not charged to the token.
        if hinted && !wait_since(self.last, interval, begun).is_zero() {
            self.last_hinted = Some(begun);
        }
        self.last = Some(begun);
    }

    /// How long until a load is due; zero: now.
    pub(super) fn wait(&self, interval: Duration, now: Moment, hinted: bool) -> Duration {
        let regular = wait_since(self.last, interval, now);
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
