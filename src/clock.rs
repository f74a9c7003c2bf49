//! Where [`Sessions`](crate::Sessions) reads the time.
//!
//! [`Codec`](crate::Codec) never reads a clock: there the time is an argument.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;

use crate::time::{TimeError, UnixTime};

/// A source of the present time.
pub trait Clock: Send + Sync + 'static {
    /// Milliseconds since 1970-01-01T00:00:00Z. Lifetimes use the whole seconds, revocations all of
    /// it.
    ///
    /// # Errors
    ///
    /// [`TimeError`] when there is none to give: the clock is set before 1970, or the platform
    /// has no clock.
    fn unix_millis(&self) -> Result<u64, TimeError>;
}

/// The operating system's wall clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn unix_millis(&self) -> Result<u64, TimeError> {
        // There the standard library's clock panics.
        if cfg!(all(
            target_family = "wasm",
            any(target_os = "unknown", target_os = "none")
        )) {
            return Err(TimeError::NoClock);
        }
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let millis = since.map_err(|_| TimeError::Before1970)?.as_millis();
        Ok(u64::try_from(millis).unwrap_or(u64::MAX))
    }
}

/// A clock that stands still until it is moved: for tests. Clones share one time.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<AtomicU64>);

impl ManualClock {
    /// A clock that shows `now`.
    #[must_use]
    pub fn new(now: UnixTime) -> Self {
        Self(Arc::new(AtomicU64::new(now.to_epoch().as_millis())))
    }

    /// Sets the time, forward or back.
    pub fn set(&self, now: UnixTime) {
        self.0.store(now.to_epoch().as_millis(), Ordering::Relaxed);
    }

    /// Moves the time forward by the whole milliseconds of `by`.
    pub fn advance(&self, by: Duration) {
        let by = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        let now = self.0.load(Ordering::Relaxed);
        self.0.store(now.saturating_add(by), Ordering::Relaxed);
    }
}

impl Clock for ManualClock {
    fn unix_millis(&self) -> Result<u64, TimeError> {
        Ok(self.0.load(Ordering::Relaxed))
    }
}
