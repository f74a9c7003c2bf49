//! What [`Sessions`](crate::Sessions) ask of their revocations: a look at the state in each request, the
//! first step of a sign-in, and a revocation that stands on a check.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Deref;
use core::sync::atomic::Ordering;
use core::time::Duration;

use super::super::error::{RefreshError, RevokeError};
use super::super::scope::Scope;
use super::super::state::RevocationState;
use super::super::view::RevocationView;
use super::held::Held;
use super::queue::{Superseded, What};
use super::{Kind, Revocations};
use crate::runtime::operation::Operation;
use crate::time::{Epoch, TimeError};

impl Revocations {
    /// The state and whether it may vouch, for a short look: no lock, no allocation.
    #[inline]
    pub(crate) fn glance(
        &self,
    ) -> Result<Glance<impl Deref<Target = Option<Arc<Held>>>>, TimeError> {
        let held = self.held().peek();
        let usable = match (&*self.0, &*held) {
            (Kind::Shared(following), Some(held)) => {
                let shared = following.shared();
                let staleness = &shared.settings.staleness;
                let now = shared.moment()?;
                let usable = staleness.allows(held.as_of, now);
                if usable {
                    following.0.glance(now.unix_time());
                } else {
                    following.0.look_about();
                }
                usable
            }
            (Kind::Fixed(_) | Kind::Memory(_), _) => true,
            (Kind::Shared(following), None) => {
                following.0.look_about();
                false
            }
        };
        Ok(Glance { held, usable })
    }

    /// Ends single sessions, by their own scopes.
    pub(crate) fn revoke_sessions(
        &self,
        own: Vec<Scope>,
    ) -> Operation<'static, Result<Epoch, RevokeError>> {
        self.change(What::Sessions(own))
    }

    /// Ends all former cookies of a session, unless the very state that is changed says that it has ended.
    pub(crate) fn supersede(
        &self,
        session: Superseded,
    ) -> Operation<'static, Result<Epoch, RevokeError>> {
        self.change(What::Supersede(session))
    }

    /// The audience of the store's sessions, where there is a store.
    pub(crate) fn has_audience(&self, audience: &str) -> bool {
        match &*self.0 {
            Kind::Shared(following) => following.shared().has_audience(audience),
            Kind::Fixed(_) | Kind::Memory(_) => true,
        }
    }

    /// Whether the epoch of an authentic token tells of revocations that this process has no store for.
    #[inline]
    pub(crate) fn are_elsewhere(&self, epoch: Epoch) -> bool {
        let Kind::Fixed(held) = &*self.0 else {
            return false;
        };
        let held = held.peek();
        held.as_ref().is_some_and(|held| epoch > held.state.clock())
    }

    /// An authentic token is so far ahead that it is not taken, such as after a leak: a load may tell why.
    #[cold]
    pub(crate) fn hint(&self) {
        if let Kind::Shared(following) = &*self.0 {
            following.shared().ahead.store(true, Ordering::Relaxed);
            following.0.look_about();
        }
    }

    /// Notes the timeouts and the skew of sessions that these revocations are for.
    pub(crate) fn learn_lifetimes(&self, idle: Duration, absolute: Duration, skew: Duration) {
        match &*self.0 {
            Kind::Fixed(_) => {}
            Kind::Memory(memory) => memory.lifetimes.learn(idle, absolute, skew),
            Kind::Shared(following) => following.shared().lifetimes.learn(idle, absolute, skew),
        }
    }

    /// The sign-in's first step: the state of a load that begins with this call.
    pub(crate) fn begin_sign_in(
        &self,
    ) -> Operation<'static, Result<Arc<RevocationState>, RefreshError>> {
        let this = self.clone();
        let refreshed = match &*self.0 {
            Kind::Shared(following) => Some(following.0.refresh()),
            Kind::Fixed(_) | Kind::Memory(_) => None,
        };
        Operation::new(async move {
            if let (Some(refreshed), Kind::Shared(following)) = (refreshed, &*this.0) {
                let (refreshed, shared) = (refreshed.await, following.shared());
                // Without a state there is nothing to go on with, and the reason is the load's.
                if !shared.settings.staleness.accepted || shared.held.load().is_none() {
                    refreshed?;
                }
            }
            this.snapshot().ok_or(RefreshError::NoStore)
        })
    }
}

/// What [`Revocations::glance`] saw.
pub(crate) struct Glance<G> {
    held: G,
    usable: bool,
}

impl<G: Deref<Target = Option<Arc<Held>>>> Glance<G> {
    #[inline]
    pub(crate) fn view(&self) -> RevocationView<'_> {
        match &*self.held {
            Some(held) if self.usable => RevocationView::current(&held.state),
            Some(held) => RevocationView::stale(&held.state),
            None => RevocationView::absent(),
        }
    }
}
