//! [`LiveKeyRingBuilder`]: the settings of a ring that follows its source, and the first load.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::sync::atomic::AtomicBool;
use core::time::Duration;
use std::sync::Mutex;

use super::pace::Pace;
use super::{KeyRefreshError, KeyRingEvent, KeyRingSource, Listener, Live, LiveKeyRing, Present};
use crate::keys::rotation::Lifetimes;
use crate::runtime::clock::{Clock, Moment, SystemClock};
use crate::runtime::operation::Operation;

const REFRESH_INTERVAL: Duration = Duration::from_secs(60);
/// A source is not asked more often than this, whatever is set.
const LEAST_INTERVAL: Duration = Duration::from_secs(1);

/// Settings of a [`LiveKeyRing`]. From [`LiveKeyRing::builder`].
#[must_use]
pub struct LiveKeyRingBuilder {
    source: Box<dyn KeyRingSource>,
    refresh_interval: Duration,
    clock: Arc<dyn Clock>,
    listener: Box<Listener>,
    lifetimes: Option<Lifetimes>,
}

impl LiveKeyRingBuilder {
    pub(super) fn new(source: Box<dyn KeyRingSource>) -> Self {
        Self {
            source,
            refresh_interval: REFRESH_INTERVAL,
            clock: Arc::new(SystemClock),
            listener: Box::new(|_| {}),
            lifetimes: None,
        }
    }

    /// How long between two loads; a minute by default, a second at the least. A ring that is published
    /// is known after it, and the time of a load: part of the
    /// [propagation time](crate::RotationPolicy::propagation).
    pub fn refresh_interval(mut self, interval: Duration) -> Self {
        self.refresh_interval = interval.max(LEAST_INTERVAL);
        self
    }

    /// The timeouts and the skew of sessions that are not built with this ring, such as those of a
    /// [`Codec`](crate::Codec): a key is kept until they have ended. Those of [`Sessions`](crate::Sessions)
    /// are known. Where none are known, a key is kept until it closes.
    pub fn other_sessions(
        mut self,
        idle_timeout: Duration,
        absolute_timeout: Duration,
        skew: Duration,
    ) -> Self {
        // A fraction of a second counts as one.
        let [life, skew] = [idle_timeout.min(absolute_timeout), skew].map(|time| {
            time.saturating_add(Duration::from_nanos(999_999_999))
                .as_secs()
        });
        self.lifetimes = Some(Lifetimes::new(life, skew));
        self
    }

    /// Where the time comes from. The system's clocks by default.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Is told when a ring was taken, and when one was not: to count, to log, and to raise an alarm. It
    /// should return soon.
    pub fn on_event(
        mut self,
        listener: impl Fn(&KeyRingEvent<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.listener = Box::new(listener);
        self
    }

    /// Loads the first ring.
    ///
    /// # Errors
    ///
    /// [`KeyRefreshError`]: there is no ring to begin with.
    pub fn load(self) -> Operation<'static, Result<LiveKeyRing, KeyRefreshError>> {
        Operation::new(async move {
            let begun = Moment::now(&*self.clock).map_err(KeyRefreshError::Clock)?;
            let ring = self.source.load().await.map_err(KeyRefreshError::Source)?;
            let mut pace = Pace::default();
            pace.note(self.refresh_interval, begun, false);
            Ok(LiveKeyRing(Arc::new(Live {
                source: self.source,
                refresh_interval: self.refresh_interval,
                clock: self.clock,
                listener: self.listener,
                present: Mutex::new(Present {
                    ring: Arc::new(ring),
                    followers: Vec::new(),
                    lifetimes: self.lifetimes,
                    heard: begun,
                }),
                pace: Mutex::new(pace),
                loading: tokio::sync::Mutex::new(()),
                hint: AtomicBool::new(false),
                wake: Arc::new(tokio::sync::Notify::new()),
            })))
        })
    }
}

impl fmt::Debug for LiveKeyRingBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveKeyRingBuilder")
            .field("refresh_interval", &self.refresh_interval)
            .finish_non_exhaustive()
    }
}
