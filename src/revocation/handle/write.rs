//! Writers: changes that arrive together are written together, in one step of the clock, and
//! acknowledged when the store has them for good. Spec, section 7, "The clock".

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use tokio::sync::MutexGuard as AsyncMutexGuard;

use super::super::change::{Applied, ChangeError, RevocationChange};
use super::super::error::{RefreshError, RevokeError};
use super::super::scope::Scope;
use super::super::state::RevocationState;
use super::super::store::{Replaced, StoreErrorKind};
use super::event::RevocationEvent;
use super::held::{self, Found, Held, Mark, Turn};
use super::queue::{Place, Wanted, What};
use super::shared::Shared;
use super::turns::{self, Tries};
use crate::runtime::sync::{Mutex, lock};
use crate::time::{Epoch, UnixTime};

/// How long a writer tries, from its turn on.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest time from choosing a clock to its acknowledgement: stores answer within seconds.
const COMMIT: Duration = Duration::from_secs(120);

impl Shared {
    /// Makes a change, together with whatever else is waiting when its turn comes.
    pub(super) async fn revoke(&self, what: What) -> Result<Epoch, RevokeError> {
        self.check_writable()?;
        let (scopes, limit) = (what.scopes().len(), self.settings.max_entries);
        if scopes > limit {
            return Err(ChangeError::TooManyScopes { scopes, limit }.into());
        }
        let wanted = Arc::new(Wanted {
            what,
            result: Mutex::new(None),
        });
        lock(&self.queue.waiting).push(Arc::clone(&wanted));
        let place = Place {
            queue: &self.queue,
            wanted,
        };
        let mut last = self.queue.writing.lock().await;
        loop {
            // Somebody before may have written it along.
            if let Some(result) = lock(&place.wanted.result).take() {
                return result;
            }
            self.gather().await;
            let batch = self.next_batch();
            let result = self.write_batch(&batch, &mut last).await;
            for wanted in &batch {
                *lock(&wanted.result) = Some(result.clone());
            }
            lock(&self.queue.waiting)
                .retain(|waiting| !batch.iter().any(|wanted| Arc::ptr_eq(wanted, waiting)));
        }
    }

    /// After a write that other servers contended for, lets them come first, and more changes arrive.
    async fn gather(&self) {
        let contended = lock(&self.queue.contended).take();
        if let (Some((since, gathering)), Ok(now)) = (contended, self.moment())
            && now.since(since) < turns::CONTENDED
        {
            self.store.sleep(gathering).await;
        }
    }

    /// The first that wait, as many as the table may hold at once. They stay in the queue until they
    /// are written, in case this writer is dropped.
    fn next_batch(&self) -> Vec<Arc<Wanted>> {
        let mut room = self.settings.max_entries;
        let waiting = lock(&self.queue.waiting);
        let fitting = waiting.iter().map_while(|wanted| {
            room = room.checked_sub(wanted.what.scopes().len())?;
            Some(Arc::clone(wanted))
        });
        fitting.collect()
    }

    async fn write_batch(
        &self,
        batch: &[Arc<Wanted>],
        last: &mut Option<(Turn, RevokeError)>,
    ) -> Result<Epoch, RevokeError> {
        let mut change = RevocationChange::new();
        for wanted in batch {
            change = match &wanted.what {
                What::Scopes(scopes) => change.revoke(scopes),
                What::Everyone => change.revoke_everyone(),
                What::EveryoneAfterLeak => change.revoke_everyone_after_leak(),
            };
        }
        self.commit(&change, |_, _| Ok(()), last).await
    }

    /// The writer's turn for a write of its own; or the failure of one that gave up since this was asked
    /// for, so that those who wait for a store that hangs do not wait one after the other.
    async fn turn_alone(
        &self,
    ) -> Result<AsyncMutexGuard<'_, Option<(Turn, RevokeError)>>, RevokeError> {
        self.check_writable()?;
        let asked = self.next_turn();
        let last = self.queue.writing.lock().await;
        match &*last {
            Some((gave_up, error)) if *gave_up > asked => Err(error.clone()),
            _ => Ok(last),
        }
    }

    /// Revokes one scope in a write of its own, if `check` allows it for the very state that it
    /// changes. Returns the clock of the change.
    pub(super) async fn revoke_alone(
        &self,
        scope: Scope,
        check: impl Fn(&RevocationState) -> Result<(), RevokeError>,
    ) -> Result<Epoch, RevokeError> {
        let mut last = self.turn_alone().await?;
        let change = RevocationChange::new().revoke(&[scope]);
        let check = |base: &Held, attempted: &[Mark]| {
            // An attempt that failed may have been made all the same. If the document is that very
            // one, what it changed has passed. If somebody has written since, the scope is taken to
            // have been revoked by others: clocks and entries tell nothing, others may choose the same.
            if attempted.contains(&base.mark) {
                return Ok(());
            }
            check(&base.state)
        };
        self.commit(&change, check, &mut last).await
    }

    /// Prunes, in a write of its own.
    pub(super) async fn prune(&self) -> Result<Epoch, RevokeError> {
        let mut last = self.turn_alone().await?;
        let change = RevocationChange::new();
        self.commit(&change, |_, _| Ok(()), &mut last).await
    }

    /// The keys have moved on: whoever may write, writes the document again. Once; who comes second is
    /// told of a conflict, and needs not.
    pub(super) async fn keep_key_current(&self) {
        if !self.is_outdated() {
            return;
        }
        let result = match self.check_writable() {
            Ok(()) => self.write_again().await,
            Err(read_only) => Err(read_only),
        };
        if let Err(error) = result {
            self.tell(&RevocationEvent::NotWrittenAgain(error));
        }
    }

    /// Writes the document again under the present sealing key, unless a writer is at work, who does
    /// so anyway. Tried once: where it fails, the next load that is due asks for it again.
    async fn write_again(&self) -> Result<(), RevokeError> {
        let (Ok(_turn), Some(base)) = (self.queue.writing.try_lock(), self.held.load()) else {
            return Ok(());
        };
        let change = RevocationChange::new();
        self.attempt(&base, &change, &mut Vec::new())
            .await
            .map(drop)
    }

    /// Applies `change` to the present state and replaces the document, again and again until no
    /// other writer came in between. Each time `check` is asked about what is to be changed, with the
    /// marks of the documents attempted before, and the clock is chosen anew.
    ///
    /// The caller holds the writer's turn.
    async fn commit(
        &self,
        change: &RevocationChange,
        check: impl Fn(&Held, &[Mark]) -> Result<(), RevokeError>,
        last: &mut Option<(Turn, RevokeError)>,
    ) -> Result<Epoch, RevokeError> {
        let begun = self.moment()?;
        let mut attempted = Vec::new();
        let mut failed = RevokeError::Contended;
        let mut tries = Tries::default();
        let mut base = self.held.load();
        loop {
            let again = tries.any();
            if again {
                if self.moment()?.since(begun) >= WRITE_TIMEOUT {
                    break;
                }
                let Some(pause) = tries.pause(self.chance()) else {
                    break;
                };
                self.store.sleep(pause).await;
            }
            if again || base.is_none() {
                match self.load(self.begin()?).await.map_err(RevokeError::from) {
                    Ok(()) => base = self.held.load(),
                    Err(error) if may_pass(&error) => {
                        failed = error;
                        tries.failure();
                        continue;
                    }
                    Err(error) => return Err(error),
                }
            }
            let base = base.as_deref().ok_or(RefreshError::NoStore)?;
            check(base, &attempted)?;
            match self.attempt(base, change, &mut attempted).await {
                Ok(Some(clock)) => {
                    // It is made. Without a clock the next one does not gather, and that is all.
                    if let (true, Ok(now)) = (tries.met_others(), self.moment()) {
                        let gathering = turns::gathering(now.since(begun), self.chance());
                        *lock(&self.queue.contended) = Some((now, gathering));
                    }
                    return Ok(clock);
                }
                Ok(None) => {
                    failed = RevokeError::Contended;
                    tries.conflict();
                }
                Err(error) if may_pass(&error) => {
                    failed = error;
                    tries.failure();
                }
                Err(error) => return Err(error),
            }
        }
        *last = Some((self.next_turn(), failed.clone()));
        Err(failed)
    }

    /// One attempt on `base`. None: the document is another by now.
    async fn attempt(
        &self,
        base: &Held,
        change: &RevocationChange,
        attempted: &mut Vec<Mark>,
    ) -> Result<Option<Epoch>, RevokeError> {
        let begun = self.begin()?;
        let now = begun.at.wall;
        let mut state = RevocationState::clone(&base.state);
        let applied = state.apply(&self.bounded(change, now), now, self.seen())?;
        let (document, mark) = self.seal(&state, now)?;
        attempted.push(mark);
        let replaced = self.store.replace(base.version.as_ref(), document).await;
        let version = match replaced.map_err(RevokeError::Store)? {
            Replaced::Done(version) => version,
            Replaced::Conflict => return Ok(None),
        };
        let floor = state.floor();
        let found = Found::State {
            state,
            version,
            mark,
        };
        self.take(begun, found)?;
        let Applied {
            clock,
            pruned,
            dropped,
        } = applied;
        self.tell(&RevocationEvent::Written { clock });
        if pruned > 0 {
            self.tell(&RevocationEvent::Pruned { floor });
        }
        if dropped > 0 {
            self.tell(&RevocationEvent::Bounded { floor, dropped });
        }
        Ok(Some(clock))
    }

    /// A random byte, for pauses. Where there is no randomness no document can be sealed, either, so zero
    /// does.
    fn chance(&self) -> u8 {
        let random = (self.settings.randomness)();
        random.map_or(0, |random| random.as_bytes()[0])
    }

    /// `change` with what every write does besides: prune and bound the table.
    fn bounded(&self, change: &RevocationChange, now: Epoch) -> RevocationChange {
        let change = change.clone().max_entries(self.settings.max_entries);
        let staleness = &self.settings.staleness;
        self.lifetimes
            .pruning(change, now, staleness.accepted, staleness.max, COMMIT)
    }

    fn seal(&self, state: &RevocationState, now: Epoch) -> Result<(Vec<u8>, Mark), RevokeError> {
        let documents = self.documents.load().ok_or(RefreshError::NoStore)?;
        let random = (self.settings.randomness)()?;
        let document = documents.seal(state, UnixTime::from_millis(now.as_millis()), &random)?;
        let mark = held::mark(&document);
        Ok((document, mark))
    }

    /// Makes the store's first document. `seen` is the greatest clock or epoch that its maker knows
    /// from elsewhere.
    pub(super) async fn create(&self, seen: Epoch) -> Result<Epoch, RevokeError> {
        self.check_writable()?;
        let _turn = self.queue.writing.lock().await;
        if self.held.load().is_some() {
            return Err(RevokeError::HoldsState);
        }
        let begun = self.begin()?;
        let seen = seen.max(self.seen());
        let state = RevocationState::new_store(begun.at.wall, self.settings.skew, seen)
            .ok_or(ChangeError::ClockExhausted)?;
        let (document, mark) = self.seal(&state, begun.at.wall)?;
        let clock = state.clock();
        match self.store.replace(None, document).await {
            Ok(Replaced::Done(version)) => {
                let found = Found::State {
                    state,
                    version,
                    mark,
                };
                self.take(begun, found)?;
                self.tell(&RevocationEvent::Written { clock });
                Ok(clock)
            }
            Ok(Replaced::Conflict) => Err(RevokeError::StoreExists),
            Err(error) => Err(RevokeError::Store(error)),
        }
    }
}

/// Whether another try may do.
fn may_pass(error: &RevokeError) -> bool {
    match error {
        RevokeError::Store(error) | RevokeError::Refresh(RefreshError::Store(error)) => {
            error.kind() == StoreErrorKind::Unavailable
        }
        _ => false,
    }
}
