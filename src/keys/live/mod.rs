//! [`LiveKeyRing`]: a ring that follows its source while requests run.
//!
//! - `source`: where a ring comes from;
//! - `builder`, `error`, `keys`: what their names say.
//!
//! The task that loads is a [`Follower`](crate::runtime::follower::Follower).
//! [`rotation`](crate::keys::rotation) decides which ring may replace the present one. This module
//! gives a new ring to all sessions that follow it, or to none, and knows nothing else about them.

mod builder;
mod error;
mod keys;
mod source;

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::future::Future;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::KeyRingError;
use crate::keys::ring::{KeyRing, RingKey};
use crate::keys::rotation::{Lifetimes, Reason, Refusal, closing_early, may_follow};
use crate::runtime::background::{self, Background, NoAnswer};
use crate::runtime::clock::{Clock, Moment};
use crate::runtime::follower::{Followed, Follower, Work};
use crate::runtime::operation::Operation;
use crate::time::UnixTime;

pub use builder::LiveKeyRingBuilder;
pub use error::{KeyRefreshError, KeyRingEvent};
pub use keys::Keys;
pub(crate) use keys::KeysKind;
pub use source::{KeyRingSource, SourceFuture};

/// A key ring that follows a file or another source in the background, for as long as it is used.
/// Clones share one ring.
///
/// [`Sessions`](crate::Sessions) that are built with it take each new ring, while requests run. A
/// ring that cannot be read, is empty or is cut short changes nothing: the present one stays in
/// use, and [`on_event`](LiveKeyRingBuilder::on_event) is told.
///
/// ```
/// use sealed_session::{Key, KeyRing, KeyRingFile, LiveKeyRing, SessionData, Sessions};
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Account { user: u64 }
/// impl SessionData for Account { const NAME: &'static str = "account"; const SCHEMA: u32 = 1; }
///
/// # let folder = std::env::temp_dir().join(format!("sealed-session-live-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// # let path = folder.join("session-keys");
/// # std::fs::write(&path, Key::generate()?.expose_secret().as_str())?;
/// let keys = LiveKeyRing::builder(KeyRingFile::new(path)).load().wait()?; // or .await
/// let sessions = Sessions::<Account>::builder("shop.example", &keys).build()?;
/// # let _ = sessions;
/// # std::fs::remove_dir_all(folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # What is not taken
///
/// A file may be cut short, and what is left may still be a ring. So a new ring replaces the
/// present one only if it keeps what living sessions need: every key that still opens, and the
/// times at which each key sealed.
///
/// - A key may be left out when it is past its `open-until`, or when it stopped sealing so long ago
///   that its sessions have ended.
/// - A leaked key must not be deleted, but closed
///   ([`RotationPolicy::replace_leaked`](crate::RotationPolicy::replace_leaked)).
/// - A key that does not seal yet may be left out only if a new key replaces it.
/// - A closed key stays closed.
///
/// A process that starts takes any ring that it finds. So does a process that was frozen, or could
/// not reach its source, for longer than sessions live.
#[derive(Clone)]
pub struct LiveKeyRing(Arc<Following>);

/// A source that is followed until nobody uses it any more.
struct Following(Arc<Follower<Live>>);

impl Drop for Following {
    fn drop(&mut self) {
        self.0.close();
    }
}

struct Live {
    source: Box<dyn KeyRingSource>,
    clock: Arc<dyn Clock>,
    background: Arc<dyn Background>,
    listener: Box<Listener>,
    present: Mutex<Present>,
    /// A token named a key that the ring lacks.
    hint: AtomicBool,
}

/// How long a load may take. One that hangs is given up.
const LOAD_TIMEOUT: Duration = Duration::from_secs(15);

/// The ring that was taken, if it was another one.
type Taken = Result<Option<Arc<KeyRing>>, KeyRefreshError>;

type Listener = dyn Fn(&KeyRingEvent<'_>) + Send + Sync;

struct Present {
    ring: Arc<KeyRing>,
    takers: Vec<Box<dyn Taker>>,
    /// The greatest of theirs.
    lifetimes: Option<Lifetimes>,
    /// When the source last gave a ring, this one or one that was refused.
    heard: Moment,
}

/// Who takes over each new ring.
pub(crate) trait Taker: Send {
    /// Whether nobody uses it any more.
    fn is_gone(&self) -> bool;

    /// Gets ready to use `ring`. None: it is gone.
    fn prepare(&self, ring: &Arc<KeyRing>) -> Option<Result<Commit, KeyRingError>>;
}

/// Takes the ring that was prepared. It cannot fail.
pub(crate) type Commit = Box<dyn FnOnce()>;

impl LiveKeyRing {
    /// Starts the settings of a ring that follows `source`.
    pub fn builder(source: impl KeyRingSource) -> LiveKeyRingBuilder {
        LiveKeyRingBuilder::new(Box::new(source))
    }

    fn live(&self) -> &Live {
        &self.0.0.subject
    }

    /// The present ring.
    #[must_use]
    pub fn ring(&self) -> Arc<KeyRing> {
        Arc::clone(&lock(&self.live().present).ring)
    }

    /// Loads the ring, with a load that begins after this call, and takes it if it has changed.
    /// Returns whether it has.
    ///
    /// # Errors
    ///
    /// [`KeyRefreshError`]; the present ring stays in use.
    pub fn refresh(&self) -> Operation<'static, Result<bool, KeyRefreshError>> {
        self.change_by(|follower| follower.refresh())
    }

    /// Loads the ring if a load is due. Call it in every request if the ring is loaded on use
    /// ([`refresh_on_use`](LiveKeyRingBuilder::refresh_on_use)), such as in a function that is
    /// frozen between calls. It mostly returns at once. When a load is due, one request loads, and
    /// the others go on with the present ring.
    ///
    /// After a session that did not open because of an [unknown
    /// key](crate::OpenErrorKind::UnknownKey), a load is due at once, but at most once in an
    /// interval, because anybody can make up a key id.
    ///
    /// # Errors
    ///
    /// [`KeyRefreshError`]; the present ring stays in use, and the request may go on with it.
    pub fn refresh_if_due(&self) -> Operation<'static, Result<bool, KeyRefreshError>> {
        self.change_by(|follower| follower.refresh_if_due())
    }

    /// Whether the ring has changed from before this call to the end of what it begins.
    fn change_by<R: Future<Output = Result<(), KeyRefreshError>> + Send + 'static>(
        &self,
        refresh: impl FnOnce(&Arc<Follower<Live>>) -> R,
    ) -> Operation<'static, Result<bool, KeyRefreshError>> {
        let (this, before) = (self.clone(), self.ring());
        let refreshed = refresh(&self.0.0);
        Operation::new(async move {
            refreshed.await?;
            Ok(!Arc::ptr_eq(&before, &this.ring()))
        })
    }

    /// Notes that a token named a key that is not in the ring. [`Sessions`](crate::Sessions) do
    /// this by themselves. With a [`Codec`](crate::Codec), call it for each session that was
    /// refused as [`UnknownKey`](crate::OpenErrorKind::UnknownKey).
    pub fn observe_unknown_key(&self) {
        if !self.live().hint.swap(true, Ordering::Relaxed) {
            self.0.0.look_about();
        }
    }

    /// Sees to it that the ring is followed. To be called with each session.
    #[inline]
    pub(crate) fn glance(&self, now: UnixTime) {
        self.0.0.glance(now);
    }

    /// Builds a follower on the present ring, so that it misses no later one.
    pub(crate) fn follow<R, E: From<KeyRingError>>(
        &self,
        idle: Duration,
        absolute: Duration,
        skew: Duration,
        build: impl FnOnce(&KeyRing) -> Result<(R, Box<dyn Taker>), E>,
    ) -> Result<R, E> {
        // Not under the lock: the application's own code may ask for the ring.
        let ring = self.ring();
        let (built, taker) = build(&ring)?;
        let mut present = lock(&self.live().present);
        if !Arc::ptr_eq(&ring, &present.ring)
            && let Some(prepared) = taker.prepare(&present.ring)
        {
            prepared?();
        }
        present.takers.retain(|taker| !taker.is_gone());
        present.takers.push(taker);
        // Whole seconds, as the build has checked.
        let lifetimes = Lifetimes::new(idle.min(absolute).as_secs(), skew.as_secs());
        let known = present.lifetimes;
        let longest = known.map_or(lifetimes, |known| known.max(lifetimes));
        present.lifetimes = Some(longest);
        let ring = Arc::clone(&present.ring);
        drop(present);
        if known != Some(longest) {
            self.live().tell_closing_early(&ring, Some(longest));
        }
        Ok(built)
    }
}

/// The ring of the source, which may hang or panic.
async fn load(
    source: &dyn KeyRingSource,
    background: &dyn Background,
) -> Result<KeyRing, KeyRefreshError> {
    let loaded = background::guarded(background, LOAD_TIMEOUT, async { source.load().await }).await;
    let loaded = loaded.map_err(|no_answer| match no_answer {
        NoAnswer::TimedOut => KeyRefreshError::TimedOut,
        NoAnswer::Panicked => KeyRefreshError::Panicked,
    })?;
    loaded.map_err(KeyRefreshError::Source)
}

impl Live {
    fn moment(&self) -> Result<Moment, KeyRefreshError> {
        Moment::now(&*self.clock).map_err(KeyRefreshError::Clock)
    }

    async fn load_untold(&self) -> Taken {
        self.take(load(&*self.source, &*self.background).await?)
    }

    /// Under no lock, so that the listener may ask for the ring.
    fn tell(&self, event: &KeyRingEvent<'_>) {
        background::told(|| (self.listener)(event));
    }

    fn tell_closing_early(&self, ring: &KeyRing, lifetimes: Option<Lifetimes>) {
        let (Ok(now), Some(lifetimes)) = (self.moment(), lifetimes) else {
            return;
        };
        for found in closing_early(ring, now.unix_time(), lifetimes) {
            self.tell(&found.into());
        }
    }

    fn take(&self, ring: KeyRing) -> Taken {
        let now = self.moment()?;
        let mut guard = lock(&self.present);
        let present = &mut *guard;
        if present.ring.is_same(&ring) {
            present.heard = now;
            return Ok(None);
        }
        let refusal = may_follow(&present.ring, &ring, now.unix_time(), present.lifetimes).err();
        if let Some(refusal) = refusal {
            let error = refused(&present.ring, &refusal);
            // A process that has heard nothing for longer than sessions live knows of none: it was frozen,
            // or the source was out of reach, and it takes what there is like one that starts.
            let silence = now.since(present.heard).as_secs();
            let is_new = present
                .lifetimes
                .is_some_and(|known| silence > known.needed());
            if !is_new {
                present.heard = now;
                return Err(error);
            }
            if ring.sealing_key(now.unix_time()).is_none() {
                return Err(KeyRefreshError::NoSealingKey);
            }
        }
        let ring = Arc::new(ring);
        let takers = present.takers.iter();
        let prepared = takers.filter_map(|taker| taker.prepare(&ring));
        let commits: Result<Vec<Commit>, _> = prepared.collect();
        for commit in commits.map_err(KeyRefreshError::KeyRing)? {
            commit();
        }
        present.ring = Arc::clone(&ring);
        present.heard = now;
        Ok(Some(ring))
    }
}

impl Followed for Live {
    type Error = KeyRefreshError;

    async fn load(&self) -> Result<(), KeyRefreshError> {
        self.hint.store(false, Ordering::Relaxed);
        match self.load_untold().await {
            Ok(Some(ring)) => {
                let keys = ring.keys().len();
                self.tell(&KeyRingEvent::Replaced { keys });
                let lifetimes = lock(&self.present).lifetimes;
                self.tell_closing_early(&ring, lifetimes);
                Ok(())
            }
            Ok(None) => Ok(()),
            Err(error) => {
                self.tell(&KeyRingEvent::Failed(&error));
                Err(error)
            }
        }
    }

    async fn changed(&self) {
        core::future::pending().await
    }

    async fn work(&self) -> Work {
        Work::Nothing
    }

    fn has_work(&self) -> bool {
        false
    }

    fn is_hinted(&self) -> bool {
        self.hint.load(Ordering::Relaxed)
    }

    /// The present ring always will.
    fn will_do(&self) -> bool {
        true
    }

    /// A ring is not loaded so often that servers would have to be kept apart.
    fn chance(&self) -> u8 {
        0
    }

    fn give_up(&self) -> impl Send {
        // The load that a token asked for is not made any more.
        self.hint.store(false, Ordering::Relaxed);
    }

    fn lost(&self) {
        self.tell(&KeyRingEvent::Failed(&KeyRefreshError::Interrupted));
    }

    fn lost_error() -> KeyRefreshError {
        KeyRefreshError::Interrupted
    }
}

fn refused(present: &KeyRing, refusal: &Refusal<'_>) -> KeyRefreshError {
    let same = |key: &RingKey| {
        refusal
            .key
            .is_some_and(|refused| core::ptr::eq(key, refused))
    };
    let place = present.keys().iter().position(same);
    let entry = place.unwrap_or_default().saturating_add(1);
    match refusal.reason {
        Reason::Missing => KeyRefreshError::Shrunken { entry },
        Reason::Moved => KeyRefreshError::Rescheduled { entry },
        Reason::Reopened => KeyRefreshError::Reopened { entry },
        Reason::NoSealingKey => KeyRefreshError::NoSealingKey,
    }
}

/// Nothing that is done under these locks leaves half of it behind.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for LiveKeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveKeyRing")
            .field("ring", &self.ring())
            .finish_non_exhaustive()
    }
}
