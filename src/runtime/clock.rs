//! Where [`Sessions`](crate::Sessions) reads the time.
//!
//! [`Codec`](crate::Codec) never reads a clock: there the time is an argument.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::sync::OnceLock;
use std::time::Instant;

use crate::time::{Epoch, TimeError, UnixTime};

/// A source of the present time.
pub trait Clock: Send + Sync + 'static {
    /// Milliseconds since 1970-01-01T00:00:00Z. Lifetimes use the whole seconds, and revocations
    /// the milliseconds.
    ///
    /// # Errors
    ///
    /// [`TimeError`] when there is none to give: the clock is set before 1970, or the platform
    /// has no clock.
    fn unix_millis(&self) -> Result<u64, TimeError>;

    /// The time since any fixed moment, on a clock that is never set. The age of a revocation state
    /// is the greater of what this clock and the wall clock say.
    ///
    /// By default it is that of the operating system's monotonic clock, or zero if there is none.
    fn monotonic(&self) -> Duration {
        since_first_use()
    }
}

/// What both clocks show at one moment. The wall clock may be set; the monotonic one may stand
/// still while a process is frozen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) wall: Epoch,
    pub(crate) monotonic: Duration,
}

impl Moment {
    pub(crate) const fn unix_time(self) -> UnixTime {
        UnixTime::from_millis(self.wall.as_millis())
    }

    pub(crate) fn now(clock: &dyn Clock) -> Result<Self, TimeError> {
        Ok(Self {
            wall: Epoch::from_millis(clock.unix_millis()?),
            monotonic: clock.monotonic(),
        })
    }

    /// The greater of what both clocks say: a frozen process thaws old.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        let wall = self.wall.as_millis();
        let wall = Duration::from_millis(wall.saturating_sub(earlier.wall.as_millis()));
        wall.max(self.monotonic.saturating_sub(earlier.monotonic))
    }
}

/// Whether the standard library has clocks here; where not, they panic.
const NO_CLOCK: bool = cfg!(all(
    target_family = "wasm",
    any(target_os = "unknown", target_os = "none")
));

fn since_first_use() -> Duration {
    static FIRST_USE: OnceLock<Instant> = OnceLock::new();
    if NO_CLOCK {
        return Duration::ZERO;
    }
    FIRST_USE.get_or_init(Instant::now).elapsed()
}

/// The operating system's wall clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn unix_millis(&self) -> Result<u64, TimeError> {
        if NO_CLOCK {
            return Err(TimeError::NoClock);
        }
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let millis = since.map_err(|_| TimeError::Before1970)?.as_millis();
        Ok(u64::try_from(millis).unwrap_or(u64::MAX))
    }
}

/// A clock that stands still until it is moved: for tests. Clones share one time.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Hands>);

/// Both in milliseconds.
#[derive(Debug)]
struct Hands {
    wall: AtomicU64,
    monotonic: AtomicU64,
}

impl ManualClock {
    /// A clock that shows `now`.
    #[must_use]
    pub fn new(now: UnixTime) -> Self {
        Self(Arc::new(Hands {
            wall: AtomicU64::new(now.to_epoch().as_millis()),
            monotonic: AtomicU64::new(0),
        }))
    }

    /// Sets the wall clock, forward or back.
    pub fn set(&self, now: UnixTime) {
        let now = now.to_epoch().as_millis();
        self.0.wall.store(now, Ordering::Relaxed);
    }

    /// Moves the time forward by the whole milliseconds of `by`.
    pub fn advance(&self, by: Duration) {
        let by = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        for hand in [&self.0.wall, &self.0.monotonic] {
            let now = hand.load(Ordering::Relaxed);
            hand.store(now.saturating_add(by), Ordering::Relaxed);
        }
    }
}

impl Clock for ManualClock {
    fn unix_millis(&self) -> Result<u64, TimeError> {
        Ok(self.0.wall.load(Ordering::Relaxed))
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.0.monotonic.load(Ordering::Relaxed))
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
}
