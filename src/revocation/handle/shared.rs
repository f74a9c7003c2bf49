//! [`Shared`]: the state of a store, as this process holds it. Loads it, one load at a time.
//!
//! Readers look at a snapshot and never wait. What a load or a write found is taken in by `take`,
//! which alone replaces the snapshot.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::time::Duration;

use tokio::sync::{Mutex as AsyncMutex, MutexGuard as AsyncMutexGuard, Notify};

use super::super::document::DocumentCodec;
use super::super::error::{RefreshError, RevokeError};
use super::super::freshness::Staleness;
use super::super::store::{Loaded, RevocationStore};
use super::event::RevocationEvent;
use super::held::{self, Begun, Found, Held, Turn};
use super::lifetimes::Lifetimes;
use super::pace::{Pace, Paces};
use super::queue::Queue;
use crate::error::{KeyRingError, RandomnessError};
use crate::keys::ring::KeyRing;
use crate::runtime::clock::{Clock, Moment};
use crate::runtime::sync::{AtomicU64, Mutex, Ordering, Slot, lock};
use crate::time::{Epoch, TimeError, UnixTime};
use crate::token::random::Randomness;

/// Gives the random bytes of one document.
pub(super) type RandomnessSource = dyn Fn() -> Result<Randomness, RandomnessError> + Send + Sync;
/// Is told what happens.
pub(super) type Listener = dyn Fn(&RevocationEvent) + Send + Sync;

/// What the builder decided.
pub(super) struct Settings {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) randomness: Arc<RandomnessSource>,
    pub(super) listener: Box<Listener>,
    pub(super) paces: Paces,
    pub(super) staleness: Staleness,
    pub(super) skew: Duration,
    pub(super) max_entries: usize,
    pub(super) read_only: bool,
}

/// The turn in which a load began, and its result.
struct LastLoad {
    begun: Turn,
    result: Result<(), RefreshError>,
}

/// A store and what is known of it.
pub(super) struct Shared {
    pub(super) settings: Settings,
    pub(super) store: Box<dyn RevocationStore>,
    pub(super) documents: Slot<DocumentCodec>,
    pub(super) held: Slot<Held>,
    /// The greatest epoch seen in an authentic token, in milliseconds: the clock steps over it.
    seen: AtomicU64,
    /// The greatest of them that a load which began after it has answered.
    answered: AtomicU64,
    turns: AtomicU64,
    /// Puts those in order who replace `held`. It guards no data.
    taking: Mutex<()>,
    pace: Mutex<Pace>,
    /// Held by the one load that is under way, with how the last one went.
    loading: AsyncMutex<LastLoad>,
    /// Wakes the task that keeps the state fresh.
    pub(super) wake: Arc<Notify>,
    pub(super) queue: Queue,
    pub(super) lifetimes: Lifetimes,
}

impl Shared {
    pub(super) fn new(
        settings: Settings,
        store: Box<dyn RevocationStore>,
        documents: DocumentCodec,
    ) -> Self {
        Self {
            lifetimes: Lifetimes::new(settings.skew),
            settings,
            store,
            documents: Slot::new(Some(Arc::new(documents))),
            held: Slot::new(None),
            seen: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            turns: AtomicU64::new(0),
            taking: Mutex::new(()),
            pace: Mutex::new(Pace::default()),
            loading: AsyncMutex::new(LastLoad {
                begun: 0,
                result: Ok(()),
            }),
            wake: Arc::new(Notify::new()),
            queue: Queue::new(),
        }
    }

    pub(super) fn replace_keys(&self, keys: &KeyRing) -> Result<(), KeyRingError> {
        if let Some(documents) = self.documents.load() {
            self.documents.store(Arc::new(documents.with_keys(keys)?));
        }
        Ok(())
    }

    pub(super) fn moment(&self) -> Result<Moment, TimeError> {
        Moment::now(&*self.settings.clock)
    }

    /// Notes the epoch of an authentic token. One that is ahead of the state held brings news.
    pub(super) fn observe(&self, epoch: Epoch, held: Option<Epoch>) {
        let millis = epoch.as_millis();
        if held.is_some_and(|clock| epoch <= clock) || millis <= self.seen.load(Ordering::Relaxed) {
            return;
        }
        if self.seen.fetch_max(millis, Ordering::AcqRel) < millis {
            self.wake.notify_one();
        }
    }

    pub(super) fn seen(&self) -> Epoch {
        Epoch::from_millis(self.seen.load(Ordering::Acquire))
    }

    /// Loads if a load is due, and nobody else is at it. Whoever can go on with what is held does not
    /// wait for the other. Whether it loaded.
    pub(super) async fn refresh_if_due(&self) -> Result<bool, RefreshError> {
        if !self.wait(self.moment()?).is_zero() {
            return Ok(false);
        }
        let turn = match self.loading.try_lock() {
            Ok(turn) => turn,
            Err(_) if self.is_usable()? => return Ok(false),
            Err(_) => {
                let turn = self.loading.lock().await;
                if !self.wait(self.moment()?).is_zero() {
                    // The other has tried meanwhile.
                    return lock(&self.pace).error.clone().map_or(Ok(false), Err);
                }
                turn
            }
        };
        self.load_paced(turn).await?;
        Ok(true)
    }

    /// Waits for a load that begins after this call: one of its own, or the next that others are
    /// waiting for, too, but none that is under way. A failure is shared like a success, so that
    /// those who wait for a store that hangs do not wait one after the other.
    pub(super) async fn refresh(&self) -> Result<(), RefreshError> {
        let asked = self.next_turn();
        let last = self.loading.lock().await;
        if last.begun > asked {
            return last.result.clone();
        }
        self.load_paced(last).await
    }

    async fn load_paced(
        &self,
        mut last: AsyncMutexGuard<'_, LastLoad>,
    ) -> Result<(), RefreshError> {
        let begun = self.begin()?;
        let result = self.load(begun).await;
        let jitter = (self.settings.randomness)().map_or(0, |random| random.as_bytes()[0]);
        let error = result.as_ref().err().cloned();
        lock(&self.pace).note(&self.settings.paces, begun.at, error, jitter);
        *last = LastLoad {
            begun: begun.turn,
            result: result.clone(),
        };
        result
    }

    /// One load, and what it found is taken in.
    pub(super) async fn load(&self, begun: Begun) -> Result<(), RefreshError> {
        let seen = self.seen();
        let result = self.load_quietly(begun).await;
        match &result {
            Ok(()) => self.answer(seen),
            Err(error) => self.tell(&RevocationEvent::Failed(error.clone())),
        }
        result
    }

    async fn load_quietly(&self, begun: Begun) -> Result<(), RefreshError> {
        let known = self.held.load().and_then(|held| held.version.clone());
        let loaded = self.store.load(known.as_ref()).await;
        let found = match loaded.map_err(RefreshError::Store)? {
            Loaded::Absent => Found::Absent,
            Loaded::NotModified => known.map_or(Found::Absent, Found::Still),
            Loaded::Document { bytes, version } => {
                let mark = held::mark(&bytes);
                let documents = self.documents.load().ok_or(RefreshError::NoStore)?;
                Found::State {
                    state: documents.open(bytes)?,
                    version,
                    mark,
                }
            }
        };
        if let Some(clock) = self.take(begun, found)? {
            self.tell(&RevocationEvent::Loaded { clock });
        }
        Ok(())
    }

    /// Takes in what a load or a write found, and returns the clock if it is another.
    pub(super) fn take(&self, begun: Begun, found: Found) -> Result<Option<Epoch>, RefreshError> {
        let _turn = lock(&self.taking);
        let former = self.held.load();
        let Some(held) = held::after(former.as_deref(), begun, found, self.next_turn())? else {
            return Ok(None);
        };
        let clock = held.state.clock();
        self.held.store(Arc::new(held));
        Ok(former
            .is_none_or(|former| former.state.clock() != clock)
            .then_some(clock))
    }

    /// A load that began after `seen` was noted has come back. Where the state is still behind, the
    /// store has forgotten what a token knows, and asking again is of no use.
    fn answer(&self, seen: Epoch) {
        let seen = seen.as_millis();
        let before = self.answered.fetch_max(seen, Ordering::AcqRel);
        let clock = self.clock();
        if before < seen && clock.as_millis() < seen {
            let seen = Epoch::from_millis(seen);
            self.tell(&RevocationEvent::BehindTokens { seen, clock });
        }
    }

    /// How long until a load is due.
    pub(super) fn wait(&self, now: Moment) -> Duration {
        let answered = Epoch::from_millis(self.answered.load(Ordering::Acquire));
        let news = self.seen() > self.clock().max(answered);
        lock(&self.pace).wait(&self.settings.paces, now, news)
    }

    pub(super) fn begin(&self) -> Result<Begun, TimeError> {
        Ok(Begun {
            at: self.moment()?,
            turn: self.next_turn(),
        })
    }

    pub(super) fn next_turn(&self) -> Turn {
        self.turns.fetch_add(1, Ordering::AcqRel).saturating_add(1)
    }

    /// The clock of the state held, 0 where there is none.
    fn clock(&self) -> Epoch {
        self.held
            .load()
            .map_or(Epoch::ZERO, |held| held.state.clock())
    }

    fn is_usable(&self) -> Result<bool, TimeError> {
        let now = self.moment()?;
        let held = self.held.load();
        Ok(held.is_some_and(|held| self.settings.staleness.allows(held.as_of, now)))
    }

    /// Whether the document is under another key than the one that seals now.
    pub(super) fn is_outdated(&self) -> bool {
        let (Some(held), Some(documents)) = (self.held.load(), self.documents.load()) else {
            return false;
        };
        let Ok(now) = self.moment() else {
            return false;
        };
        let now = UnixTime::from_millis(now.wall.as_millis());
        documents.has_moved_on(&held.mark, now)
    }

    pub(super) fn tell(&self, event: &RevocationEvent) {
        (self.settings.listener)(event);
    }

    /// Whether this process may write.
    pub(super) fn check_writable(&self) -> Result<(), RevokeError> {
        if self.settings.read_only {
            return Err(RevokeError::ReadOnly);
        }
        Ok(())
    }
}
