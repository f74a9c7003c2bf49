//! [`Queue`]: changes that wait for the one writer.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use tokio::sync::Mutex as AsyncMutex;

use super::super::error::RevokeError;
use super::super::scope::Scope;
use super::held::Turn;
use crate::runtime::clock::Moment;
use crate::runtime::sync::{Mutex, lock};
use crate::time::Epoch;

/// Changes that wait for the writer's turn.
pub(super) struct Queue {
    pub(super) waiting: Mutex<Vec<Arc<Wanted>>>,
    /// Held by the one writer, with the last that gave up on the store: when, and why.
    pub(super) writing: AsyncMutex<Option<(Turn, RevokeError)>>,
    /// The end of the last write, if others contended for it, and how long the next one gathers changes.
    pub(super) contended: Mutex<Option<(Moment, Duration)>>,
}

impl Queue {
    pub(super) fn new() -> Self {
        Self {
            waiting: Mutex::new(Vec::new()),
            writing: AsyncMutex::new(None),
            contended: Mutex::new(None),
        }
    }
}

/// A change that somebody waits for.
pub(super) struct Wanted {
    pub(super) what: What,
    pub(super) result: Mutex<Option<Result<Epoch, RevokeError>>>,
}

/// Who is to be logged out.
pub(super) enum What {
    Scopes(Vec<Scope>),
    Everyone,
    EveryoneAfterLeak,
}

impl What {
    pub(super) fn scopes(&self) -> &[Scope] {
        match self {
            Self::Scopes(scopes) => scopes,
            Self::Everyone | Self::EveryoneAfterLeak => &[],
        }
    }
}

/// Takes a change out of the queue when whoever wanted it has gone, so that it is not made much
/// later, against sessions that began meanwhile.
pub(super) struct Place<'a> {
    pub(super) queue: &'a Queue,
    pub(super) wanted: Arc<Wanted>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        lock(&self.queue.waiting).retain(|wanted| !Arc::ptr_eq(wanted, &self.wanted));
    }
}
