//! What [`Sessions`](crate::Sessions) ask of their revocations: a look at the state in each request, the
//! first step of a sign-in, and a revocation that stands on a check.

use alloc::sync::Arc;
use core::ops::Deref;
use core::time::Duration;

use super::super::change::RevocationChange;
use super::super::error::{RefreshError, RevokeError};
use super::super::scope::Scope;
use super::super::state::RevocationState;
use super::super::view::RevocationView;
use super::held::Held;
use super::{Kind, Revocations};
use crate::time::{Epoch, TimeError};

impl Revocations {
    /// The state and whether it may vouch, for a short look: no lock, no allocation.
    #[inline]
    pub(crate) fn glance(
        &self,
    ) -> Result<Glance<impl Deref<Target = Option<Arc<Held>>>>, TimeError> {
        let held = self.held().peek();
        let usable = match (&*self.0, &*held) {
            (Kind::Shared(shared), Some(held)) => {
                let staleness = &shared.settings.staleness;
                staleness.allows(held.as_of, shared.moment()?)
            }
            (Kind::Fixed(_) | Kind::Memory(_), _) => true,
            (Kind::Shared(_), None) => false,
        };
        Ok(Glance { held, usable })
    }

    /// Revokes one scope in a write of its own, if `check` allows it for the very state that it
    /// changes.
    pub(crate) async fn revoke_alone(
        &self,
        scope: Scope,
        check: impl Fn(&RevocationState) -> Result<(), RevokeError> + Send,
    ) -> Result<Epoch, RevokeError> {
        match &*self.0 {
            Kind::Fixed(_) => Err(RevokeError::Fixed),
            Kind::Memory(memory) => memory.write(RevocationChange::new().revoke(&[scope]), check),
            Kind::Shared(shared) => shared.revoke_alone(scope, check).await,
        }
    }

    /// The audience of the store's sessions, where there is a store.
    pub(crate) fn has_audience(&self, audience: &str) -> bool {
        match &*self.0 {
            Kind::Shared(shared) => shared
                .documents
                .load()
                .is_some_and(|documents| documents.audience() == audience),
            Kind::Fixed(_) | Kind::Memory(_) => true,
        }
    }

    /// Notes the timeouts and the skew of sessions that these revocations are for.
    pub(crate) fn learn_lifetimes(&self, idle: Duration, absolute: Duration, skew: Duration) {
        match &*self.0 {
            Kind::Fixed(_) => {}
            Kind::Memory(memory) => memory.lifetimes.learn(idle, absolute, skew),
            Kind::Shared(shared) => shared.lifetimes.learn(idle, absolute, skew),
        }
    }

    /// The sign-in's first step: the state of a load that begins after this call.
    pub(crate) async fn begin_sign_in(&self) -> Result<Arc<RevocationState>, RefreshError> {
        if let Kind::Shared(shared) = &*self.0 {
            let refreshed = shared.refresh().await;
            // Without a state there is nothing to go on with, and the reason is the load's.
            if !shared.settings.staleness.accepted || shared.held.load().is_none() {
                refreshed?;
            }
        }
        self.snapshot().ok_or(RefreshError::NoStore)
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
