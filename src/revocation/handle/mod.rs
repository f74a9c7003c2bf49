//! [`Revocations`]: the state that every request reads, without I/O and without a lock.
//!
//! - `shared`: a store's state, and how a load brings it up to date; `queue`, `write`: changes of
//!   it;
//! - `held`, `turns` (pure): how an answer of the store changes the state that is held, and how
//!   writers take turns;
//! - `memory`: this process's own state; `lifetimes`: how long its entries must be kept;
//! - `for_sessions`: what sessions ask of it in each request;
//! - `builder`, `event`: what their names say.
//!
//! The task that loads and writes is a [`Follower`](crate::runtime::follower::Follower).

mod builder;
mod event;
mod for_sessions;
mod held;
mod lifetimes;
mod memory;
mod queue;
mod shared;
mod turns;
mod write;

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::future::Future;
use core::time::Duration;

use tokio::sync::oneshot;

use super::change::ChangeError;
use super::error::{RefreshError, RevokeError};
use super::scope::{Scope, ScopeId, ScopeKind};
use super::state::RevocationState;
use super::store::RevocationStore;
use crate::error::KeyRingError;
use crate::keys::ring::KeyRing;
use crate::runtime::clock::{Clock, SystemClock};
use crate::runtime::follower::Follower;
use crate::runtime::operation::Operation;
use crate::runtime::sync::{Slot, lock};
use crate::time::{Epoch, TimeError};

pub use builder::RevocationsBuilder;
pub use event::RevocationEvent;
use held::Held;
use memory::Memory;
pub(crate) use queue::Superseded;
use queue::{Answer, Ticket, What};
use shared::Shared;

/// How far clocks may differ, where nothing else is said.
const SKEW: Duration = Duration::from_secs(60);

/// Where revocations are kept. Clones share one state.
///
/// - [`fixed`](Self::fixed): a number from the configuration.
/// - [`in_this_process`](Self::in_this_process): the memory of a single server.
/// - [`shared`](Self::shared): a store for many servers, which is loaded and written in the
///   background. Every request reads a snapshot.
#[derive(Clone)]
pub struct Revocations(Arc<Kind>);

enum Kind {
    Fixed(Slot<Held>),
    Memory(Memory),
    Shared(Following),
}

/// A store that is followed until nobody uses it any more.
struct Following(Arc<Follower<Shared>>);

impl Drop for Following {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Following {
    fn shared(&self) -> &Shared {
        &self.0.subject
    }

    /// Asks for a change, which is then made whether or not anybody waits for the answer.
    fn ask(&self, what: What) -> impl Future<Output = Answer> + Send + use<> {
        let settings = &self.shared().settings;
        let (answer, answered) = oneshot::channel();
        let refused = match &what {
            _ if settings.read_only => Some(RevokeError::ReadOnly),
            What::Scopes(scopes) | What::Sessions(scopes)
                if scopes.len() > settings.max_entries =>
            {
                let (scopes, limit) = (scopes.len(), settings.max_entries);
                Some(ChangeError::TooManyScopes { scopes, limit }.into())
            }
            _ => None,
        };
        let refused = refused.or_else(|| {
            self.0.leave_parent();
            let ticket = Ticket { what, answer };
            lock(&self.shared().queue).waiting.push_back(ticket);
            self.0.nudge().is_err().then_some(RevokeError::Interrupted)
        });
        async move {
            match refused {
                Some(error) => Err(error),
                None => answered.await.unwrap_or(Err(RevokeError::Interrupted)),
            }
        }
    }
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

    /// The memory of this process: for a single server that may log everybody out when it restarts,
    /// and for tests. It uses the [`SystemClock`] and a skew of a minute.
    ///
    /// After a restart every session from before is refused, because the process has forgotten what
    /// was revoked. The revocation clock of each process starts two minutes ahead of the time. So
    /// the time at the restart must be later than the time at the former start, by a millisecond
    /// for each revocation made since. If the system's time may have been set back, give the
    /// greatest known clock to [`in_this_process_with`](Self::in_this_process_with), or change the
    /// keys.
    ///
    /// Each revocation drops the entries that no living session can need. At most 100,000 of the
    /// others are kept. If there are more, the oldest are dropped, which ends every session from
    /// before them, and there is no event for this.
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

    /// The same with another [`Clock`] and another skew, and with `seen`, the greatest revocation
    /// clock or epoch that is known from before.
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

    /// A store that servers share, for the sessions of `audience`. All sessions of one audience and
    /// key ring share one store, also if their cookies have different names.
    pub fn shared<'a>(
        audience: &str,
        keys: &'a KeyRing,
        store: impl RevocationStore,
    ) -> RevocationsBuilder<'a> {
        RevocationsBuilder::new(audience, keys, Box::new(store))
    }

    /// Creates the store, unless there is one. It is safe to call this whenever a server starts.
    /// The revocation clock of a new store begins two skews ahead of the time, so that every
    /// session from before is refused. Returns this clock.
    ///
    /// # Errors
    ///
    /// [`RevokeError`]. A document that does not open is left as it is.
    pub fn create_store(&self) -> Operation<'static, Result<Epoch, RevokeError>> {
        self.create_store_above(Epoch::ZERO)
    }

    /// The same, and makes sure that the store's clock is above `seen`, a clock that is known from
    /// before. To replace a store that was lost, give the greatest clock that servers name in
    /// [`RefreshError::Lost`]. A store with a lower clock is raised, which ends every session.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn create_store_above(
        &self,
        seen: Epoch,
    ) -> Operation<'static, Result<Epoch, RevokeError>> {
        self.change(What::Create(seen))
    }

    /// Makes a change. It is under way when this returns.
    fn change(&self, what: What) -> Operation<'static, Result<Epoch, RevokeError>> {
        let answer = match &*self.0 {
            Kind::Fixed(_) => Err(RevokeError::Fixed),
            Kind::Memory(memory) => memory.change(&what),
            Kind::Shared(following) => return Operation::new(following.ask(what)),
        };
        Operation::new(core::future::ready(answer))
    }

    /// Loads the revocations if a load is due. Call it in every request if they are loaded on use
    /// ([`refresh_on_use`](RevocationsBuilder::refresh_on_use)), such as in a function that is
    /// frozen between calls. It mostly returns at once. When a load is due, one request loads, and
    /// the others go on with the state that is held, unless it is too old.
    ///
    /// # Errors
    ///
    /// [`RefreshError`]. The request may go on all the same: the state that is held counts, up to
    /// the staleness bound.
    pub fn refresh_if_due(&self) -> Operation<'static, Result<(), RefreshError>> {
        match &*self.0 {
            Kind::Shared(following) => Operation::new(following.0.refresh_if_due()),
            Kind::Fixed(_) | Kind::Memory(_) => Operation::new(core::future::ready(Ok(()))),
        }
    }

    /// Loads the revocations, with a load that begins after this call. Await it before the server
    /// takes requests. Otherwise the server refuses the first ones.
    ///
    /// # Errors
    ///
    /// [`RefreshError`]; the state that was held stays.
    pub fn refresh(&self) -> Operation<'static, Result<(), RefreshError>> {
        let this = self.clone();
        let Kind::Shared(following) = &*self.0 else {
            return Operation::new(core::future::ready(Ok(())));
        };
        let refreshed = following.0.refresh();
        Operation::new(async move {
            refreshed.await?;
            if let Kind::Shared(following) = &*this.0
                && following.shared().is_outdated()
            {
                // The listener is told whether it could be.
                let _ = following.ask(What::KeepKey).await;
            }
            Ok(())
        })
    }

    /// What is revoked, as of a load that begins after this call: clock, floor and scopes.
    ///
    /// # Errors
    ///
    /// [`RefreshError`].
    pub fn list(&self) -> Operation<'static, Result<Arc<RevocationState>, RefreshError>> {
        let (this, refreshed) = (self.clone(), self.refresh());
        Operation::new(async move {
            refreshed.await?;
            this.snapshot().ok_or(RefreshError::NoStore)
        })
    }

    /// Ends every session of these scopes that was sealed until now. It is acknowledged when the
    /// store has written it durably. Calls that arrive together are written together.
    ///
    /// The revocation is under way when this returns. If the caller goes away, it goes on, and only
    /// the answer is lost. A store that answers is written within moments. A store that does not
    /// answer is tried for 30 seconds.
    ///
    /// # Errors
    ///
    /// [`RevokeError`].
    pub fn revoke(&self, scopes: &[Scope]) -> Operation<'static, Result<Epoch, RevokeError>> {
        self.change(What::Scopes(scopes.to_vec()))
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
    ) -> Operation<'static, Result<Epoch, RevokeError>> {
        self.revoke(&[Scope::new(kind, id)])
    }

    /// Ends every session that was sealed until now.
    ///
    /// # Errors
    ///
    /// [`RevokeError`].
    pub fn revoke_everyone(&self) -> Operation<'static, Result<Epoch, RevokeError>> {
        self.change(What::Everyone)
    }

    /// The same after a key has leaked. It also ends the sessions that were forged with the key and
    /// renewed under another key since, whatever epoch they were given. First close the key on
    /// every server ([`RotationPolicy::replace_leaked`](crate::RotationPolicy::replace_leaked)):
    /// while one server accepts it, more sessions can be forged.
    ///
    /// The revocation clock is set a day and an hour ahead: servers accept an epoch that is up to a
    /// day ahead, and the hour is for servers whose times differ. Time catches up with it. A
    /// session that starts after this is [`Malformed`](crate::OpenErrorKind::Malformed) on servers
    /// that have not loaded the change. They load it at once, within a second.
    ///
    /// # Errors
    ///
    /// [`RevokeError`]; [`RevokeError::OnlyInMemory`] if a restart would forget it.
    pub fn revoke_everyone_after_leak(&self) -> Operation<'static, Result<Epoch, RevokeError>> {
        self.change(What::EveryoneAfterLeak)
    }

    /// Drops the entries that no living session can need. Every write does this, too.
    ///
    /// # Errors
    ///
    /// [`RevokeError`].
    pub fn prune(&self) -> Operation<'static, Result<Epoch, RevokeError>> {
        self.change(What::Prune)
    }

    /// The present state. The returned value does not change later. `None` until a state was
    /// loaded.
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
            Kind::Shared(following) => &following.shared().held,
        }
    }

    /// The age of the state, counted from the beginning of the load that brought or confirmed it.
    /// `None` until a state was loaded; zero if there is no store.
    ///
    /// # Errors
    ///
    /// [`TimeError`] when there is no usable time.
    pub fn age(&self) -> Result<Option<Duration>, TimeError> {
        let Kind::Shared(following) = &*self.0 else {
            return Ok(Some(Duration::ZERO));
        };
        let shared = following.shared();
        let held = shared.held.load();
        let now = shared.moment()?;
        Ok(held.map(|held| now.since(held.as_of)))
    }

    /// Notes the epoch of an authentic token. The next revocation sets the clock above it. If it is
    /// ahead of the state that is held, a load is due at once (at most one a second).
    ///
    /// [`Sessions`](crate::Sessions) do this with every token. With a [`Codec`](crate::Codec), call
    /// it with the `authentic_epoch` of each session or error.
    #[inline]
    pub fn observe(&self, epoch: Epoch) {
        match &*self.0 {
            Kind::Fixed(_) => {}
            Kind::Memory(memory) => memory.observe(epoch),
            Kind::Shared(following) => {
                if following.shared().observe(epoch) {
                    following.0.look_about();
                }
            }
        }
    }

    /// Replaces the key ring of the documents. `Sessions::replace_keys` does this, too.
    ///
    /// # Errors
    ///
    /// [`KeyRingError`] when two keys of the ring have the same id for this audience; the present
    /// ring stays in use.
    pub fn replace_keys(&self, keys: &KeyRing) -> Result<(), KeyRingError> {
        match &*self.0 {
            Kind::Shared(following) => following.shared().replace_keys(keys),
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
