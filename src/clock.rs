//! Where [`Sessions`](crate::Sessions) reads the time.
//!
//! [`Codec`](crate::Codec) never reads a clock: there the time is an argument.

use alloc::sync::Arc;
use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;

use crate::error::TimeError;
use crate::time::UnixTime;

/// A source of the present time.
pub trait Clock: Send + Sync + 'static {
    /// The present time.
    ///
    /// # Errors
    ///
    /// [`TimeError`] when there is none to give: the clock is set before 1970, or the platform
    /// has no clock.
    fn now(&self) -> Result<UnixTime, TimeError>;
}

/// The operating system's wall clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Result<UnixTime, TimeError> {
        // There the standard library's clock panics.
        if cfg!(all(
            target_family = "wasm",
            any(target_os = "unknown", target_os = "none")
        )) {
            return Err(TimeError::NoClock);
        }
        std::time::SystemTime::now().try_into()
    }
}

/// A clock that stands still until it is moved: for tests. Clones share one time.
#[derive(Clone)]
pub struct ManualClock(Arc<AtomicU64>);

impl ManualClock {
    /// A clock that shows `now`.
    #[must_use]
    pub fn new(now: UnixTime) -> Self {
        Self(Arc::new(AtomicU64::new(now.as_secs())))
    }

    /// Sets the time, forward or back.
    pub fn set(&self, now: UnixTime) {
        self.0.store(now.as_secs(), Ordering::Relaxed);
    }

    /// Moves the time forward by the whole seconds of `by`.
    pub fn advance(&self, by: Duration) {
        let now = self.0.load(Ordering::Relaxed);
        self.0
            .store(now.saturating_add(by.as_secs()), Ordering::Relaxed);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Result<UnixTime, TimeError> {
        Ok(UnixTime::from_secs(self.0.load(Ordering::Relaxed)))
    }
}

impl fmt::Debug for ManualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ManualClock").field(&self.0).finish()
    }
}
