//! [`Shared`]: the state of a store, as this process holds it, and how a load brings it up to date.
//!
//! Readers look at a snapshot and never wait. Loads and writes are made by one task, one after the other
//! ([`Follower`](crate::runtime::follower::Follower)); what they found is taken by `take`, which alone replaces
//! the snapshot.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::future::Future;
use core::sync::atomic::AtomicBool;
use core::time::Duration;

use tokio::sync::oneshot;

use super::super::document::DocumentCodec;
use super::super::error::{RefreshError, RevokeError};
use super::super::freshness::Staleness;
use super::super::state::RevocationState;
use super::super::store::{Loaded, Replaced, RevocationStore, StoreError, StoreErrorKind, Version};
use super::event::RevocationEvent;
use super::held::{self, Found, Held, Mark};
use super::lifetimes::{Delays, Lifetimes};
use super::queue::{Queue, Ticket, What};
use crate::error::{KeyRingError, RandomnessError};
use crate::keys::ring::KeyRing;
use crate::runtime::background::{self, Background, NoAnswer};
use crate::runtime::clock::{Clock, Moment};
use crate::runtime::follower::{Followed, Work};
use crate::runtime::sync::{AtomicU64, Mutex, Ordering, Slot, lock};
use crate::time::{Epoch, TimeError, UnixTime};
use crate::token::random::Randomness;

/// How long a call of a store may take. One that hangs is given up, and may have been done or not.
const CALL_TIMEOUT: Duration = Duration::from_secs(15);
/// The longest time from choosing a clock to its acknowledgement.
const COMMIT: Duration = Duration::from_secs(120);

/// Gives the random bytes of one document.
pub(super) type RandomnessSource = dyn Fn() -> Result<Randomness, RandomnessError> + Send + Sync;
/// Is told what happens.
pub(super) type Listener = dyn Fn(&RevocationEvent) + Send + Sync;

/// What the builder decided.
pub(super) struct Settings {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) background: Arc<dyn Background>,
    pub(super) randomness: Arc<RandomnessSource>,
    pub(super) listener: Box<Listener>,
    pub(super) staleness: Staleness,
    pub(super) skew: Duration,
    pub(super) max_entries: usize,
    pub(super) read_only: bool,
}

impl Settings {
    pub(super) const fn delays(&self) -> Delays {
        Delays {
            accepts_stale: self.staleness.accepted,
            staleness: self.staleness.max,
            commit: COMMIT,
        }
    }
}

/// A store and what is known of it.
pub(super) struct Shared {
    pub(super) settings: Settings,
    store: Box<dyn RevocationStore>,
    documents: Slot<DocumentCodec>,
    pub(super) held: Slot<Held>,
    /// The greatest epoch seen in an authentic token, in milliseconds: the clock steps over it.
    seen: AtomicU64,
    /// The greatest of them that a load which began after it has answered.
    answered: AtomicU64,
    /// An authentic token was so far ahead that it was not taken.
    pub(super) ahead: AtomicBool,
    pub(super) queue: Mutex<Queue>,
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
            ahead: AtomicBool::new(false),
            queue: Mutex::new(Queue::default()),
        }
    }

    pub(super) fn has_audience(&self, audience: &str) -> bool {
        let documents = self.documents.load();
        documents.is_some_and(|documents| documents.audience() == audience)
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

    /// Notes the epoch of an authentic token. Whether it is ahead of the state held, and so brings news.
    pub(super) fn observe(&self, epoch: Epoch) -> bool {
        let millis = epoch.as_millis();
        let known = {
            let held = self.held.peek();
            held.as_ref()
                .is_some_and(|held| epoch <= held.state.clock())
        };
        !known
            && millis > self.seen.load(Ordering::Relaxed)
            && self.seen.fetch_max(millis, Ordering::AcqRel) < millis
    }

    pub(super) fn seen(&self) -> Epoch {
        Epoch::from_millis(self.seen.load(Ordering::Acquire))
    }

    /// The clock of the state held, 0 where there is none.
    fn clock(&self) -> Epoch {
        let held = self.held.load();
        held.map_or(Epoch::ZERO, |held| held.state.clock())
    }

    /// One load, and what it found is taken.
    pub(super) async fn load_now(&self) -> Result<(), RefreshError> {
        let seen = self.seen();
        let result = match self.load_untold().await {
            Err(error @ RefreshError::RolledBack { .. }) => {
                // The event comes first, for it is the reason.
                self.tell(&RevocationEvent::Failed(error.clone()));
                return self.repaired().await.then_some(()).ok_or(error);
            }
            result => result,
        };
        match &result {
            Ok(()) => self.answer(seen),
            Err(error) => self.tell(&RevocationEvent::Failed(error.clone())),
        }
        result
    }

    pub(super) async fn load_untold(&self) -> Result<(), RefreshError> {
        let begun = self.moment()?;
        let known = self.held.load().and_then(|held| held.version.clone());
        let loaded = self
            .call(async { self.store.load(known.as_ref()).await })
            .await;
        let found = match loaded.map_err(RefreshError::Store)? {
            Loaded::Absent => Found::Absent,
            Loaded::NotModified => Found::Still,
            Loaded::Document { bytes, version } => {
                let mark = held::mark(&bytes);
                let documents = self.documents.load().ok_or(RefreshError::NoStore)?;
                let state = documents.open(bytes)?;
                Found::State {
                    state,
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

    /// Takes what a load or a write found, and returns the clock if it is another.
    pub(super) fn take(&self, begun: Moment, found: Found) -> Result<Option<Epoch>, RefreshError> {
        let former = self.held.load();
        let held = held::after(former.as_deref(), begun, found)?;
        let clock = held.state.clock();
        self.held.store(Arc::new(held));
        self.lifetimes.note(begun, clock, self.settings.delays());
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

    /// Puts a document in the place of the one of version `expected`.
    pub(super) async fn replace(
        &self,
        expected: Option<&Version>,
        document: Vec<u8>,
    ) -> Result<Replaced, RevokeError> {
        let replaced = self
            .call(async { self.store.replace(expected, document).await })
            .await;
        replaced.map_err(RevokeError::Store)
    }

    /// Loads the document, without comparing it with the state that is held.
    pub(super) async fn look(&self) -> Result<Option<(RevocationState, Version)>, RefreshError> {
        let loaded = self.call(async { self.store.load(None).await }).await;
        match loaded.map_err(RefreshError::Store)? {
            Loaded::Document { bytes, version } => {
                let documents = self.documents.load().ok_or(RefreshError::NoStore)?;
                Ok(Some((documents.open(bytes)?, version)))
            }
            Loaded::Absent | Loaded::NotModified => Ok(None),
        }
    }

    /// A call of the store, which may hang or panic; it begins in here.
    async fn call<R>(
        &self,
        call: impl Future<Output = Result<R, StoreError>>,
    ) -> Result<R, StoreError> {
        let answer = background::guarded(&*self.settings.background, CALL_TIMEOUT, call).await;
        answer.unwrap_or_else(|no_answer| {
            let text = match no_answer {
                NoAnswer::TimedOut => "no answer for 15 seconds",
                NoAnswer::Panicked => "it panicked",
            };
            Err(StoreError::new(StoreErrorKind::Unavailable, text))
        })
    }

    /// Whether the document is under another key than the one that seals now.
    pub(super) fn is_outdated(&self) -> bool {
        let (Some(held), Some(documents)) = (self.held.load(), self.documents.load()) else {
            return false;
        };
        let now = self.moment();
        now.is_ok_and(|now| documents.has_moved_on(&held.mark, now.unix_time()))
    }

    /// Where the keys have moved on, whoever may write writes the document again.
    fn keep_key_current(&self) {
        if !self.is_outdated() {
            return;
        }
        if self.settings.read_only {
            return self.tell(&RevocationEvent::NotWrittenAgain(RevokeError::ReadOnly));
        }
        let mut queue = lock(&self.queue);
        // Any other write does it, too.
        if queue.waiting.is_empty() && queue.job.is_none() {
            let (answer, _) = oneshot::channel();
            let what = What::KeepKey;
            queue.waiting.push_back(Ticket { what, answer });
        }
    }

    pub(super) fn seal(
        &self,
        state: &RevocationState,
        now: UnixTime,
    ) -> Result<(Vec<u8>, Mark), RevokeError> {
        let documents = self.documents.load().ok_or(RefreshError::NoStore)?;
        let document = documents.seal(state, now, &(self.settings.randomness)()?)?;
        let mark = held::mark(&document);
        Ok((document, mark))
    }

    pub(super) fn tell(&self, event: &RevocationEvent) {
        background::told(|| (self.settings.listener)(event));
    }
}

impl Followed for Shared {
    type Error = RefreshError;

    async fn load(&self) -> Result<(), RefreshError> {
        self.ahead.store(false, Ordering::Relaxed);
        self.load_now().await?;
        self.keep_key_current();
        Ok(())
    }

    async fn changed(&self) {
        // One that panics tells no more, and the interval goes on.
        if background::caught(async { self.store.changed().await })
            .await
            .is_err()
        {
            core::future::pending().await
        }
    }

    async fn work(&self) -> Work {
        self.write().await
    }

    fn has_work(&self) -> bool {
        let queue = lock(&self.queue);
        queue.job.is_some() || !queue.waiting.is_empty()
    }

    fn is_hinted(&self) -> bool {
        let answered = Epoch::from_millis(self.answered.load(Ordering::Acquire));
        self.ahead.load(Ordering::Relaxed) || self.seen() > self.clock().max(answered)
    }

    fn will_do(&self) -> bool {
        let held = self.held.load();
        let staleness = &self.settings.staleness;
        let now = self.moment();
        held.is_some_and(|held| now.is_ok_and(|now| staleness.allows(held.as_of, now)))
    }

    /// A random byte. Where there is no randomness no document can be sealed, either, so zero does.
    fn chance(&self) -> u8 {
        let random = (self.settings.randomness)();
        random.map_or(0, |random| random.as_bytes()[0])
    }

    fn give_up(&self) -> impl Send {
        core::mem::take(&mut *lock(&self.queue))
    }

    fn lost(&self) {
        self.tell(&RevocationEvent::Interrupted);
    }

    fn lost_error() -> RefreshError {
        RefreshError::Interrupted
    }
}
