//! [`LiveKeyRing`]: a ring that follows its source while requests run.
//!
//! - `source`: where a ring comes from; `pace` (pure): when the next load is due; which ring may take the
//!   place of the present one is decided in [`rotation`](crate::keys::rotation);
//! - `keep_fresh`: the task that loads; `builder`, `error`, `keys`: what their names say.
//!
//! It hands a new ring to the sessions that follow it, all or none, and knows nothing else of them.

mod builder;
mod error;
// A task needs threads or timers, and these targets have neither: refresh on use there.
#[cfg(not(all(target_family = "wasm", any(target_os = "unknown", target_os = "none"))))]
mod keep_fresh;
mod keys;
mod pace;
mod source;

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::KeyRingError;
use crate::keys::ring::{KeyRing, RingKey};
use crate::keys::rotation::{Lifetimes, Reason, Refusal, may_follow};
use crate::runtime::clock::{Clock, Moment};
use crate::runtime::operation::Operation;
use pace::Pace;

pub use builder::LiveKeyRingBuilder;
pub use error::{KeyRefreshError, KeyRingEvent};
pub use keys::Keys;
pub(crate) use keys::KeysKind;
pub use source::{KeyRingSource, SourceFuture};

/// A key ring that follows a file or another source, for as long as the process runs. Clones share
/// one.
///
/// [`Sessions`](crate::Sessions) that are built with it take each new ring, while requests run. A ring that cannot be
/// read, is empty or is cut short changes nothing: the present one stays, and
/// [`on_event`](LiveKeyRingBuilder::on_event) is told.
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
/// keys.keep_fresh_on_a_thread()?; // or tokio::spawn(keys.keep_fresh())
/// # let _ = sessions;
/// # std::fs::remove_dir_all(folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # What is not taken
///
/// A file may lose its end, and what is left may still be a ring. So a ring takes the place of the
/// present one only if it keeps what living sessions need: every key that still opens, and which of
/// them sealed when. A key may be left out when it is past its `open-until`, or when it stopped to seal so long ago
/// that its sessions have ended; one that has leaked is not deleted but closed
/// ([`RotationPolicy::replace_leaked`](crate::RotationPolicy::replace_leaked)); one that is yet to seal
/// may only be replaced by a new one; and one that was closed stays closed. A process that starts takes what it
/// finds, and so does one that was frozen, or had no source, for longer than sessions live.
#[derive(Clone)]
pub struct LiveKeyRing(Arc<Live>);

struct Live {
    source: Box<dyn KeyRingSource>,
    refresh_interval: Duration,
    clock: Arc<dyn Clock>,
    listener: Box<Listener>,
    present: Mutex<Present>,
    pace: Mutex<Pace>,
    /// Held by whoever loads.
    loading: tokio::sync::Mutex<()>,
    /// A token named a key that the ring lacks.
    hint: AtomicBool,
    wake: Arc<tokio::sync::Notify>,
}

/// The ring that was taken, if it was another one.
type Taken = Result<Option<Arc<KeyRing>>, KeyRefreshError>;

type Listener = dyn Fn(&KeyRingEvent<'_>) + Send + Sync;

struct Present {
    ring: Arc<KeyRing>,
    followers: Vec<Box<dyn Follower>>,
    /// The greatest of the followers.
    lifetimes: Option<Lifetimes>,
    /// When the source last gave a ring, this one or one that was refused.
    heard: Moment,
}

/// Who takes over each new ring.
pub(crate) trait Follower: Send {
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

    /// The present ring.
    #[must_use]
    pub fn ring(&self) -> Arc<KeyRing> {
        Arc::clone(&lock(&self.0.present).ring)
    }

    /// Loads the ring, by a load that begins after this call, and takes it if it has changed. Whether it
    /// did.
    ///
    /// # Errors
    ///
    /// [`KeyRefreshError`]; the present ring stays.
    pub fn refresh(&self) -> Operation<'_, Result<bool, KeyRefreshError>> {
        Operation::new(async move { self.0.tell(self.0.refresh().await) })
    }

    /// Loads the ring if a load is due: call it in every request where no task can run, such as in a
    /// function that is frozen between calls. It mostly returns at once. One request loads; others go on with
    /// what is there.
    ///
    /// After a session that did not open because of an
    /// [unknown key](crate::OpenErrorKind::UnknownKey) a load is due at once, but no more often than once in an
    /// interval: anybody can make up an id. A load that is dropped half-way, with its request, is made again
    /// by another one, a second later at the earliest; where there can be a task, spawn
    /// [`keep_fresh`](Self::keep_fresh).
    ///
    /// # Errors
    ///
    /// [`KeyRefreshError`]; the present ring stays, and the request may go on with it.
    pub fn refresh_if_due(&self) -> Operation<'_, Result<bool, KeyRefreshError>> {
        Operation::new(async move { self.0.tell(self.0.refresh_if_due().await) })
    }

    /// Notes that a token named a key which the ring lacks. [`Sessions`](crate::Sessions) do so; whoever opens with
    /// a [`Codec`](crate::Codec) passes on what it refuses as
    /// [`UnknownKey`](crate::OpenErrorKind::UnknownKey).
    pub fn observe_unknown_key(&self) {
        if !self.0.hint.swap(true, Ordering::Relaxed) {
            self.0.wake.notify_one();
        }
    }

    /// Builds a follower on the present ring, so that it misses no later one.
    pub(crate) fn follow<R, E>(
        &self,
        idle: Duration,
        absolute: Duration,
        skew: Duration,
        build: impl FnOnce(&KeyRing) -> Result<(R, Box<dyn Follower>), E>,
    ) -> Result<R, E> {
        let mut present = lock(&self.0.present);
        let (built, follower) = build(&present.ring)?;
        present.followers.retain(|follower| !follower.is_gone());
        present.followers.push(follower);
        // Whole seconds, as the build has checked.
        let lifetimes = Lifetimes::new(idle.min(absolute).as_secs(), skew.as_secs());
        present.lifetimes = Some(
            present
                .lifetimes
                .map_or(lifetimes, |known| known.max(lifetimes)),
        );
        Ok(built)
    }
}

impl Live {
    fn moment(&self) -> Result<Moment, KeyRefreshError> {
        Moment::now(&*self.clock).map_err(KeyRefreshError::Clock)
    }

    /// How long until a load is due.
    fn wait(&self, now: Moment) -> Duration {
        let hinted = self.hint.load(Ordering::Relaxed);
        lock(&self.pace).wait(self.refresh_interval, now, hinted)
    }

    async fn refresh(&self) -> Taken {
        let _one = self.loading.lock().await;
        self.load(self.moment()?).await
    }

    async fn refresh_if_due(&self) -> Taken {
        if !self.wait(self.moment()?).is_zero() {
            return Ok(None);
        }
        let Ok(_one) = self.loading.try_lock() else {
            return Ok(None);
        };
        // Whoever loaded a moment ago has done it for this one, too.
        let now = self.moment()?;
        if !self.wait(now).is_zero() {
            return Ok(None);
        }
        self.load(now).await
    }

    /// By the holder of `loading`.
    async fn load(&self, begun: Moment) -> Taken {
        let hinted = self.hint.swap(false, Ordering::Relaxed);
        let regular = lock(&self.pace).note(self.refresh_interval, begun, hinted);
        let unfinished = Unfinished {
            live: self,
            regular,
        };
        let loaded = self.source.load().await;
        unfinished.finish();
        self.take(loaded.map_err(KeyRefreshError::Source)?)
    }

    /// Under no lock, so that the listener may ask for the ring, or for another load.
    fn tell(&self, taken: Taken) -> Result<bool, KeyRefreshError> {
        match &taken {
            Ok(Some(ring)) => {
                let keys = ring.keys().len();
                (self.listener)(&KeyRingEvent::Replaced { keys });
            }
            Ok(None) => {}
            Err(error) => (self.listener)(&KeyRingEvent::Failed(error)),
        }
        taken.map(|ring| ring.is_some())
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
        let followers = present.followers.iter();
        let prepared = followers.filter_map(|follower| follower.prepare(&ring));
        let commits: Result<Vec<Commit>, _> = prepared.collect();
        for commit in commits.map_err(KeyRefreshError::KeyRing)? {
            commit();
        }
        present.ring = Arc::clone(&ring);
        present.heard = now;
        Ok(Some(ring))
    }
}

/// A load whose request may be dropped half-way. One that was due is due again, or strangers who come and
/// go could keep the ring from ever being loaded; but not at once, or they could have it loaded all the time.
struct Unfinished<'a> {
    live: &'a Live,
    regular: bool,
}

impl Unfinished<'_> {
    fn finish(mut self) {
        self.regular = false;
    }
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if self.regular {
            lock(&self.live.pace).retry_soon();
        }
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
            .field("refresh_interval", &self.0.refresh_interval)
            .finish_non_exhaustive()
    }
}
