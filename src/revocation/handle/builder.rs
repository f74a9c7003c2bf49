//! [`RevocationsBuilder`]: the settings of shared revocations, checked once.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

use super::super::change::DEFAULT_MAX_ENTRIES;
use super::super::document::DocumentCodec;
use super::super::freshness::Staleness;
use super::super::store::{MAX_DOCUMENT, RevocationStore};
use super::event::RevocationEvent;
use super::shared::{Listener, RandomnessSource, Settings, Shared};
use super::{Following, Kind, Revocations};
use crate::error::{BuildError, RandomnessError};
use crate::keys::ring::KeyRing;
use crate::runtime::background::{Background, OwnThread};
use crate::runtime::clock::{Clock, SystemClock};
use crate::runtime::follower::{self, Follower};
use crate::runtime::pace::Paces;
use crate::token::random::Randomness;

const REFRESH_INTERVAL: Duration = Duration::from_secs(5);
const MAX_STALENESS: Duration = Duration::from_secs(60);
/// What stores read is bounded; this many entries fit.
const MOST_ENTRIES: usize = 3_000_000;
const _: () = assert!(62 + 20 * MOST_ENTRIES <= MAX_DOCUMENT);

/// Settings of [`Revocations`] in a store. From [`Revocations::shared`].
#[must_use]
pub struct RevocationsBuilder<'a> {
    audience: String,
    keys: &'a KeyRing,
    store: Box<dyn RevocationStore>,
    refresh_interval: Duration,
    max_staleness: Duration,
    accept_stale: bool,
    skew: Duration,
    max_entries: usize,
    longest_session: Option<(Duration, Duration)>,
    read_only: bool,
    on_use: bool,
    background: Arc<dyn Background>,
    clock: Arc<dyn Clock>,
    randomness: Arc<RandomnessSource>,
    listener: Box<Listener>,
}

impl<'a> RevocationsBuilder<'a> {
    pub(crate) fn new(audience: &str, keys: &'a KeyRing, store: Box<dyn RevocationStore>) -> Self {
        Self {
            audience: audience.into(),
            keys,
            store,
            refresh_interval: REFRESH_INTERVAL,
            max_staleness: MAX_STALENESS,
            accept_stale: false,
            skew: super::SKEW,
            max_entries: DEFAULT_MAX_ENTRIES,
            longest_session: None,
            read_only: false,
            on_use: false,
            background: Arc::new(OwnThread),
            clock: Arc::new(SystemClock),
            randomness: Arc::new(Randomness::from_os),
            listener: Box::new(|_| {}),
        }
    }

    /// The time between two loads; 5 seconds by default, and at most half of the staleness bound.
    /// Each interval is shortened at random, by up to a quarter. A revocation on another server
    /// takes effect here within this interval and the time of a load.
    pub const fn refresh_interval(mut self, interval: Duration) -> Self {
        self.refresh_interval = interval;
        self
    }

    /// How old the state may be, counted from the beginning of its load; a minute by default. If
    /// the store is out of reach for longer than this, every session is refused with
    /// [`StaleState`](crate::OpenErrorKind::StaleState). So an acknowledged revocation holds on
    /// every server after this time, whatever fails.
    pub const fn max_staleness(mut self, age: Duration) -> Self {
        self.max_staleness = age;
        self
    }

    /// Accepts sessions while the store is out of reach, however old the state is. A server that
    /// cannot load then accepts sessions that other servers have revoked. Users can also sign in. A
    /// server that has never loaded a state still refuses every session.
    pub const fn accept_stale_states(mut self) -> Self {
        self.accept_stale = true;
        self
    }

    /// How far the times of servers may differ; 60 seconds by default.
    pub const fn skew(mut self, skew: Duration) -> Self {
        self.skew = skew;
        self
    }

    /// How many revoked scopes are kept, each of 20 bytes; 100,000 by default, and at most 3
    /// million. If there are more, the oldest are dropped, which ends every session that is older
    /// than they are. [`RevocationEvent::Bounded`] tells of it.
    pub const fn max_entries(mut self, entries: usize) -> Self {
        self.max_entries = entries;
        self
    }

    /// The timeouts of sessions that share the store and are not built in this process: entries are
    /// kept until they have ended. The timeouts of [`Sessions`](crate::Sessions) that are built
    /// with these revocations are known without this. If no timeouts are known, nothing is pruned.
    ///
    /// If another process has longer timeouts, and they are not given here, the writes of this
    /// process end sessions of the other one early ([`RevocationEvent::Pruned`] names the floor).
    /// No session that was revoked comes back. The same happens while a deploy makes a timeout
    /// longer, so first give the longer one here on every process. If any process accepts stale
    /// states, give the absolute timeout twice.
    pub const fn other_sessions(
        mut self,
        idle_timeout: Duration,
        absolute_timeout: Duration,
    ) -> Self {
        self.longest_session = Some((idle_timeout, absolute_timeout));
        self
    }

    /// Never writes: for servers whose credentials only allow reading. Such a server cannot revoke.
    pub const fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// Loads only when the application begins a sign-in or calls
    /// [`refresh_if_due`](Revocations::refresh_if_due), which it must do in every request: for
    /// functions that are frozen between calls. By default the revocations are loaded in the
    /// background at every interval.
    pub const fn refresh_on_use(mut self) -> Self {
        self.on_use = true;
        self
    }

    /// What the loads and writes run on. By default it is a thread that everything in this process
    /// shares.
    pub fn background(mut self, background: impl Background) -> Self {
        self.background = Arc::new(background);
        self
    }

    /// Where the time comes from. The system's clocks by default.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    pub(crate) fn shared_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Where the 32 random bytes of each document come from. By default they come from the
    /// operating system.
    ///
    /// Dangerous as
    /// [`SessionsBuilder::dangerous_randomness`](crate::SessionsBuilder::dangerous_randomness) is.
    pub fn dangerous_randomness(
        mut self,
        source: impl Fn() -> Result<Randomness, RandomnessError> + Send + Sync + 'static,
    ) -> Self {
        self.randomness = Arc::new(source);
        self
    }

    /// Is told what happens to the revocations: to count and to log. It is called in the
    /// background, between one step and the next, and should return soon. It must not wait for a
    /// call of these revocations: do that on another thread or task.
    pub fn on_event(mut self, listener: impl Fn(&RevocationEvent) + Send + Sync + 'static) -> Self {
        self.listener = Box::new(listener);
        self
    }

    /// Checks the settings, and begins to load in the background. No session opens until a load has
    /// succeeded. So await [`refresh`](Revocations::refresh) before the server takes requests.
    ///
    /// # Errors
    ///
    /// [`BuildError`] says which setting is wrong.
    pub fn build(self) -> Result<Revocations, BuildError> {
        let twice = self.refresh_interval.saturating_mul(2);
        if self.refresh_interval.is_zero() || twice > self.max_staleness {
            return Err(BuildError::RefreshInterval);
        }
        if self.max_entries == 0 || self.max_entries > MOST_ENTRIES {
            return Err(BuildError::MaxEntries);
        }
        let documents = DocumentCodec::new(&self.audience, self.keys)?;
        let settings = Settings {
            clock: Arc::clone(&self.clock),
            randomness: self.randomness,
            listener: self.listener,
            background: Arc::clone(&self.background),
            staleness: Staleness {
                max: self.max_staleness,
                accepted: self.accept_stale,
            },
            skew: self.skew,
            max_entries: self.max_entries,
            read_only: self.read_only,
        };
        let shared = Shared::new(settings, self.store, documents);
        if let Some((idle, absolute)) = self.longest_session {
            shared.lifetimes.learn(idle, absolute, Duration::ZERO);
        }
        let follower = Follower::new(
            shared,
            follower::Settings {
                clock: self.clock,
                background: self.background,
                paces: Paces::for_authentic_hints(self.refresh_interval, self.max_staleness),
                on_use: self.on_use,
            },
        );
        // Also where it loads on use: that there is no thread is told now, and not at the first logout.
        follower.nudge().map_err(|_| BuildError::NoBackground)?;
        Ok(Revocations(Arc::new(Kind::Shared(Following(follower)))))
    }
}

impl fmt::Debug for RevocationsBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RevocationsBuilder")
            .field("audience", &self.audience)
            .field("keys", &self.keys)
            .field("refresh_interval", &self.refresh_interval)
            .field("max_staleness", &self.max_staleness)
            .field("accept_stale", &self.accept_stale)
            .field("max_entries", &self.max_entries)
            .field("read_only", &self.read_only)
            .finish_non_exhaustive()
    }
}
