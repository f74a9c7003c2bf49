//! [`LiveKeyRingBuilder`]: the settings of a ring that follows its source, and the first load.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::sync::atomic::AtomicBool;
use core::time::Duration;
use std::sync::Mutex;

use tokio::sync::oneshot;

use super::{
    Following, KeyRefreshError, KeyRingEvent, KeyRingSource, Listener, Live, LiveKeyRing, Present,
    load, lock,
};
use crate::keys::rotation::Lifetimes;
use crate::runtime::background::{Background, OwnThread};
use crate::runtime::clock::{Clock, Moment, SystemClock};
use crate::runtime::follower::{Follower, Settings};
use crate::runtime::operation::Operation;
use crate::runtime::pace::Paces;

const REFRESH_INTERVAL: Duration = Duration::from_secs(60);
/// A source is not asked more often than this, whatever is set.
const LEAST_INTERVAL: Duration = Duration::from_secs(1);

/// Settings of a [`LiveKeyRing`]. From [`LiveKeyRing::builder`].
#[must_use]
pub struct LiveKeyRingBuilder {
    source: Box<dyn KeyRingSource>,
    refresh_interval: Duration,
    on_use: bool,
    background: Arc<dyn Background>,
    clock: Arc<dyn Clock>,
    listener: Box<Listener>,
    lifetimes: Option<Lifetimes>,
}

impl LiveKeyRingBuilder {
    pub(super) fn new(source: Box<dyn KeyRingSource>) -> Self {
        Self {
            source,
            refresh_interval: REFRESH_INTERVAL,
            on_use: false,
            background: Arc::new(OwnThread),
            clock: Arc::new(SystemClock),
            listener: Box::new(|_| {}),
            lifetimes: None,
        }
    }

    /// The time between two loads; a minute by default, and at least a second. A published ring is
    /// known here after this interval and the time of a load. Both are part of the [propagation
    /// time](crate::RotationPolicy::propagation).
    pub fn refresh_interval(mut self, interval: Duration) -> Self {
        self.refresh_interval = interval.max(LEAST_INTERVAL);
        self
    }

    /// The timeouts and the skew of sessions that are not built with this ring, such as those of a
    /// [`Codec`](crate::Codec): a new ring must keep a key until they have ended. The timeouts of
    /// [`Sessions`](crate::Sessions) that are built with this ring are known without this. If no
    /// timeouts are known, a new ring must keep a key until it closes.
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

    /// Loads only when the application calls [`refresh_if_due`](LiveKeyRing::refresh_if_due), which
    /// it must do in every request: for functions that are frozen between calls. By default the
    /// ring is loaded in the background at every interval.
    pub const fn refresh_on_use(mut self) -> Self {
        self.on_use = true;
        self
    }

    /// What the loads run on. By default it is a thread that everything in this process shares.
    pub fn background(mut self, background: impl Background) -> Self {
        self.background = Arc::new(background);
        self
    }

    /// Where the time comes from. The system's clocks by default.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Is told when a ring was taken, and when one was not: to count, to log, and to raise an
    /// alarm. It is called in the background, and should return soon.
    pub fn on_event(
        mut self,
        listener: impl Fn(&KeyRingEvent<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.listener = Box::new(listener);
        self
    }

    /// Loads the first ring, and follows its source from then on.
    ///
    /// # Errors
    ///
    /// [`KeyRefreshError`]: there is no ring to begin with.
    pub fn load(self) -> Operation<'static, Result<LiveKeyRing, KeyRefreshError>> {
        let (sender, loaded) = oneshot::channel();
        let background = Arc::clone(&self.background);
        let first = async move { drop(sender.send(self.load_first().await)) };
        let begun = background.spawn(Box::pin(first));
        Operation::new(async move {
            begun.map_err(|_| KeyRefreshError::NoBackground)?;
            loaded.await.unwrap_or(Err(KeyRefreshError::Interrupted))
        })
    }

    async fn load_first(self) -> Result<LiveKeyRing, KeyRefreshError> {
        let begun = Moment::now(&*self.clock).map_err(KeyRefreshError::Clock)?;
        let ring = load(&*self.source, &*self.background).await?;
        let live = Live {
            source: self.source,
            clock: Arc::clone(&self.clock),
            background: Arc::clone(&self.background),
            listener: self.listener,
            present: Mutex::new(Present {
                ring: Arc::new(ring),
                takers: Vec::new(),
                lifetimes: self.lifetimes,
                heard: begun,
            }),
            hint: AtomicBool::new(false),
        };
        let settings = Settings {
            clock: self.clock,
            background: self.background,
            paces: Paces::for_hints_of_anybody(self.refresh_interval),
            on_use: self.on_use,
        };
        let follower = Follower::new(live, settings);
        follower.has_loaded(begun);
        let (ring, lifetimes) = {
            let present = lock(&follower.subject.present);
            (Arc::clone(&present.ring), present.lifetimes)
        };
        follower.subject.tell_closing_early(&ring, lifetimes);
        let nudged = follower.nudge();
        nudged.map_err(|_| KeyRefreshError::NoBackground)?;
        Ok(LiveKeyRing(Arc::new(Following(follower))))
    }
}

impl fmt::Debug for LiveKeyRingBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveKeyRingBuilder")
            .field("refresh_interval", &self.refresh_interval)
            .finish_non_exhaustive()
    }
}
