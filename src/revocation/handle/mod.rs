//! [`Revocations`]: the state that every request reads, without I/O and without a lock.
//!
//! - `shared`: a store's state, loaded one load at a time; `queue`, `write`: changes of it;
//! - `held`, `pace` (pure): what an answer makes of the state held, and when the next load is due;
//! - `memory`: this process's own state; `lifetimes`: how long its entries must be kept;
//! - `for_sessions`: what sessions ask of it in each request;
//! - `keep_fresh`: the task that loads; `builder`, `event`: what their names say.

mod builder;
mod event;
mod for_sessions;
mod held;
// A task needs threads or timers, and these targets have neither: refresh on use there.
#[cfg(not(all(target_family = "wasm", any(target_os = "unknown", target_os = "none"))))]
mod keep_fresh;
mod lifetimes;
mod memory;
mod pace;
mod queue;
mod shared;
mod turns;
mod write;

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

use super::change::RevocationChange;
use super::error::{RefreshError, RevokeError};
use super::scope::{Scope, ScopeId, ScopeKind};
use super::state::RevocationState;
use super::store::RevocationStore;
use crate::error::KeyRingError;
use crate::keys::ring::KeyRing;
use crate::runtime::clock::{Clock, SystemClock};
use crate::runtime::operation::Operation;
use crate::runtime::sync::Slot;
use crate::time::{Epoch, TimeError};

pub use builder::RevocationsBuilder;
pub use event::RevocationEvent;
use held::Held;
use memory::Memory;
use queue::What;
use shared::Shared;

/// How far clocks may differ, where nothing else is said.
const SKEW: Duration = Duration::from_secs(60);

/// Where revocations are kept. Clones share one state.
///
/// - [`fixed`](Self::fixed): a number from the configuration.
/// - [`in_this_process`](Self::in_this_process): the memory of a single server.
/// - [`shared`](Self::shared): a store for many servers. One process loads it by a task
///   ([`keep_fresh`](Self::keep_fresh)) or on use ([`refresh_if_due`](Self::refresh_if_due)), and
///   reads a snapshot.
#[derive(Clone)]
pub struct Revocations(Arc<Kind>);

enum Kind {
    Fixed(Slot<Held>),
    Memory(Memory),
    Shared(Box<Shared>),
}

impl Revocations {
    /// A number from the configuration, without any store: raising it with the next deploy logs
    /// everybody out. It takes effect when the last server with the old number has stopped, and is
    /// never lowered.
    #[must_use]
    pub fn fixed(epoch: Epoch) -> Self {
        let held = Held::local(RevocationState::fixed(epoch));
        Self(Arc::new(Kind::Fixed(Slot::new(Some(Arc::new(held))))))
    }

    /// The memory of this process: for a single server that may log everybody out when it
    /// restarts, and for tests. It starts with the system's clock and a skew of a minute.
    ///
    /// Every session from before is refused, as what was revoked then is forgotten. Both processes'
    /// clocks start two minutes ahead of the time, so this holds when the time at the restart is
    /// past that of the former start, by a millisecond for each revocation made since. Where the
    /// system's time may have been set back, give the greatest clock known to
    /// [`in_this_process_with`](Self::in_this_process_with), or change the keys.
    ///
    /// Entries that no living session can need are dropped with each revocation. Of those that are left
    /// it holds 100,000; beyond, it ends every session from before the oldest, and nobody is told.
    ///
    /// Servers that share a key ring must not each have one of these: they would refuse one
    /// another's sessions, and a logout on one would not reach the others.
    ///
    /// # Errors
    ///
    /// [`RevokeError::Clock`] when there is no usable time.
    pub fn in_this_process() -> Result<Self, RevokeError> {
        Self::in_this_process_with(SystemClock, SKEW, Epoch::ZERO)
    }

    /// The same with another clock and another skew, and `seen`, the greatest clock or epoch that is
    /// known from before.
    ///
    /// # Errors
    ///
    /// As there; and [`RevokeError::Change`] when the time and twice the skew leave no room for a
    /// revocation.
    pub fn in_this_process_with(
        clock: impl Clock,
        skew: Duration,
        seen: Epoch,
    ) -> Result<Self, RevokeError> {
        let memory = Memory::new(Arc::new(clock), skew, seen)?;
        Ok(Self(Arc::new(Kind::Memory(memory))))
    }

    /// A store that servers share, for the sessions of `audience`. Those of one audience and key ring
    /// share one store, whatever their cookies are called.
    pub fn shared<'a>(
        audience: &str,
        keys: &'a KeyRing,
        store: impl RevocationStore,
    ) -> RevocationsBuilder<'a> {
        RevocationsBuilder::new(audience, keys, Box::new(store))
    }

    /// Makes the store: once in its life, by hand or by the deployment. It starts two skews ahead of
    /// the time, so that every session from before is refused. In the place of a store that was lost,
    /// [`create_store_above`](Self::create_store_above): its clock may have been further ahead.
    ///
    /// # Errors
    ///
    /// [`RevokeError::StoreExists`], and [`RevokeError::HoldsState`] where this process has already
    /// held a state: a store that was lost is made anew by a new process.
    pub fn create_store(&self) -> Operation<'_, Result<Epoch, RevokeError>> {
        self.create_store_above(Epoch::ZERO)
    }

    /// The same above the greatest clock that is known from before: in the place of a store that was
    /// lost or rolled back, the greatest that servers name in [`RefreshError::Lost`] and
    /// [`RefreshError::RolledBack`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn create_store_above(&self, seen: Epoch) -> Operation<'_, Result<Epoch, RevokeError>> {
        Operation::new(async move {
            match &*self.0 {
                Kind::Fixed(_) => Err(RevokeError::Fixed),
                Kind::Memory(_) => Err(RevokeError::StoreExists),
                Kind::Shared(shared) => shared.create(seen).await,
            }
        })
    }

    /// Loads the revocations if a load is due: call it in every request where no task can run, such
    /// as in a function that is frozen between calls. It mostly returns at once. One request loads;
    /// others go on with what is held, unless that is too old.
    ///
    /// # Errors
    ///
    /// [`RefreshError`]. The request may go on all the same: what is held decides, up to the
    /// staleness bound.
    pub fn refresh_if_due(&self) -> Operation<'_, Result<(), RefreshError>> {
        Operation::new(async move {
            match &*self.0 {
                Kind::Shared(shared) => {
                    if shared.refresh_if_due().await? {
                        shared.keep_key_current().await;
                    }
                    Ok(())
                }
                Kind::Fixed(_) | Kind::Memory(_) => Ok(()),
            }
        })
    }

    /// Loads the revocations, by a load that begins after this call.
    ///
    /// # Errors
    ///
    /// [`RefreshError`]; what was held stays.
    pub fn refresh(&self) -> Operation<'_, Result<(), RefreshError>> {
        Operation::new(async move {
            match &*self.0 {
                Kind::Shared(shared) => {
                    shared.refresh().await?;
                    shared.keep_key_current().await;
                    Ok(())
                }
                Kind::Fixed(_) | Kind::Memory(_) => Ok(()),
            }
        })
    }

    /// What is revoked, as of a load that begins after this call: clock, floor and scopes.
    ///
    /// # Errors
    ///
    /// [`RefreshError`].
    pub fn list(&self) -> Operation<'_, Result<Arc<RevocationState>, RefreshError>> {
        Operation::new(async move {
            self.refresh().await?;
            self.snapshot().ok_or(RefreshError::NoStore)
        })
    }

    /// Ends every session of these scopes that was sealed until now. Acknowledged when the store has
    /// it for good; calls that arrive together are written together.
    ///
    /// # Errors
    ///
    /// [`RevokeError`].
    pub fn revoke(&self, scopes: &[Scope]) -> Operation<'_, Result<Epoch, RevokeError>> {
        let scopes = scopes.to_vec();
        Operation::new(async move {
            match &*self.0 {
                Kind::Fixed(_) => Err(RevokeError::Fixed),
                Kind::Memory(memory) => memory.revoke(&scopes),
                Kind::Shared(shared) => shared.revoke(What::Scopes(scopes)).await,
            }
        })
    }

    /// The same for the scope of one kind and id: `revoke_scope(USER, 42)`.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn revoke_scope<I: ?Sized>(
        &self,
        kind: ScopeKind<I>,
        id: impl ScopeId<I>,
    ) -> Operation<'_, Result<Epoch, RevokeError>> {
        self.revoke(&[Scope::new(kind, id)])
    }

    /// Ends every session that was sealed until now.
    ///
    /// # Errors
    ///
    /// [`RevokeError`].
    pub fn revoke_everyone(&self) -> Operation<'_, Result<Epoch, RevokeError>> {
        Operation::new(async move {
            match &*self.0 {
                Kind::Fixed(_) => Err(RevokeError::Fixed),
                Kind::Memory(memory) => {
                    memory.write(RevocationChange::new().revoke_everyone(), |_| Ok(()))
                }
                Kind::Shared(shared) => shared.revoke(What::Everyone).await,
            }
        })
    }

    /// The same after a key has leaked: also the sessions that were forged with it and have been renewed
    /// under another key since, whatever clock they were given. First close the key on every server
    /// ([`RotationPolicy::replace_leaked`](crate::RotationPolicy::replace_leaked)); while one takes it, more can
    /// be forged.
    ///
    /// The clock is set a day and an hour ahead, which is the latest that readers take. Time catches up with it.
    ///
    /// # Errors
    ///
    /// [`RevokeError`].
    pub fn revoke_everyone_after_leak(&self) -> Operation<'_, Result<Epoch, RevokeError>> {
        Operation::new(async move {
            match &*self.0 {
                Kind::Fixed(_) => Err(RevokeError::Fixed),
                Kind::Memory(memory) => {
                    let change = RevocationChange::new().revoke_everyone_after_leak();
                    memory.write(change, |_| Ok(()))
                }
                Kind::Shared(shared) => shared.revoke(What::EveryoneAfterLeak).await,
            }
        })
    }

    /// Drops the entries that no living session can need, as every write does besides.
    ///
    /// # Errors
    ///
    /// [`RevokeError`].
    pub fn prune(&self) -> Operation<'_, Result<Epoch, RevokeError>> {
        Operation::new(async move {
            match &*self.0 {
                Kind::Fixed(_) => Err(RevokeError::Fixed),
                Kind::Memory(memory) => memory.revoke(&[]),
                Kind::Shared(shared) => shared.prune().await,
            }
        })
    }

    /// The state as of now. It does not change under the reader. None until one was loaded.
    #[must_use]
    pub fn snapshot(&self) -> Option<Arc<RevocationState>> {
        let held = self.held().load()?;
        Some(Arc::clone(&held.state))
    }

    #[inline]
    fn held(&self) -> &Slot<Held> {
        match &*self.0 {
            Kind::Fixed(held) => held,
            Kind::Memory(memory) => &memory.held,
            Kind::Shared(shared) => &shared.held,
        }
    }

    /// How long ago the load began that brought or confirmed the state. None until one was loaded; zero
    /// where there is no store.
    ///
    /// # Errors
    ///
    /// [`TimeError`] when there is no usable time.
    pub fn age(&self) -> Result<Option<Duration>, TimeError> {
        let Kind::Shared(shared) = &*self.0 else {
            return Ok(Some(Duration::ZERO));
        };
        let held = shared.held.load();
        let now = shared.moment()?;
        Ok(held.map(|held| now.since(held.as_of)))
    }

    /// Notes the epoch of an authentic token: the next revocation steps over it, and where it is ahead
    /// of the state held, a load is due at once (at most one a second).
    ///
    /// [`Sessions`](crate::Sessions) do so with every token. Whoever opens with a
    /// [`Codec`](crate::Codec) passes on what `authentic_epoch` says of the session or the error.
    #[inline]
    pub fn observe(&self, epoch: Epoch) {
        match &*self.0 {
            Kind::Fixed(_) => {}
            Kind::Memory(memory) => memory.observe(epoch),
            Kind::Shared(shared) => {
                let held = shared.held.peek();
                let clock = held.as_ref().map(|held| held.state.clock());
                shared.observe(epoch, clock);
            }
        }
    }

    /// Puts another ring in the place of the present one, for the documents. `Sessions::replace_keys`
    /// does so, too.
    ///
    /// # Errors
    ///
    /// [`KeyRingError`] when two keys of the ring have the same id for this audience; the present
    /// ring stays.
    pub fn replace_keys(&self, keys: &KeyRing) -> Result<(), KeyRingError> {
        match &*self.0 {
            Kind::Shared(shared) => shared.replace_keys(keys),
            Kind::Fixed(_) | Kind::Memory(_) => Ok(()),
        }
    }
}

/// A fixed epoch of 0: nothing is revoked.
impl Default for Revocations {
    fn default() -> Self {
        Self::fixed(Epoch::ZERO)
    }
}

impl fmt::Debug for Revocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &*self.0 {
            Kind::Fixed(_) => "fixed",
            Kind::Memory(_) => "in this process",
            Kind::Shared(_) => "shared",
        };
        f.debug_struct("Revocations")
            .field("kind", &kind)
            .field("state", &self.snapshot())
            .finish()
    }
}
