//! Writers: changes that wait are written together, in one step of the clock, and acknowledged when
//! the store has them for good. Spec, section 7, "The clock".

use alloc::collections::VecDeque;
use core::time::Duration;

use super::super::change::{Applied, ChangeError, RevocationChange};
use super::super::error::{RefreshError, RevokeError};
use super::super::state::RevocationState;
use super::super::store::{Replaced, StoreErrorKind, Version};
use super::event::RevocationEvent;
use super::held::{Found, Held, follows};
use super::queue::{Answer, Job, Next, What};
use super::shared::Shared;
use super::turns;
use crate::runtime::clock::Moment;
use crate::runtime::follower::{Followed as _, Work};
use crate::runtime::sync::lock;
use crate::time::Epoch;

/// How long a change is tried.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// What became of a try.
enum Tried {
    Made(Epoch),
    /// Another writer came first.
    Conflict,
}

impl Shared {
    /// Takes one step: a try of what is to be written.
    pub(super) async fn write(&self) -> Work {
        let now = self.moment();
        let next = lock(&self.queue).next(now.unwrap_or_default(), self.settings.max_entries);
        let mut job = match next {
            Next::Nothing => return Work::Nothing,
            Next::Gather(wait) => return Work::After(wait),
            Next::Job(job) => job,
        };
        let tried = match now {
            Ok(_) => self.try_job(&mut job).await,
            Err(error) => Err(error.into()),
        };
        match tried {
            Ok(Tried::Made(clock)) => {
                self.note_contention(&job);
                job.answer(&Ok(clock));
                Work::Done
            }
            // The next load that finds it so asks for it again.
            Ok(Tried::Conflict) if job.is_for_key() => {
                job.answer(&Err(RevokeError::Contended));
                Work::Done
            }
            Err(error) if job.is_for_key() => {
                self.tell(&RevocationEvent::NotWrittenAgain(error.clone()));
                job.answer(&Err(error));
                Work::Done
            }
            Ok(Tried::Conflict) => {
                job.failed = RevokeError::Contended;
                job.tries.conflict();
                self.try_again(job)
            }
            Err(error) if may_pass(&error) => {
                job.failed = error;
                job.tries.failure();
                self.try_again(job)
            }
            Err(error) => {
                job.answer(&Err(error));
                Work::Done
            }
        }
    }

    /// Keeps the job for another try after a pause, or gives up: then those who have asked since share a
    /// failure of the store, so that they do not wait for one that hangs one after the other.
    fn try_again(&self, job: Job) -> Work {
        let in_time = |now: Moment| now.since(job.begun) < WRITE_TIMEOUT;
        let pause = job.tries.pause(self.chance());
        if let Some(pause) = pause
            && self.moment().is_ok_and(in_time)
        {
            lock(&self.queue).job = Some(job);
            return Work::After(pause);
        }
        let failed: Answer = Err(job.failed.clone());
        let waiting = match failed {
            Err(RevokeError::Contended) => VecDeque::new(),
            _ => core::mem::take(&mut lock(&self.queue).waiting),
        };
        job.answer(&failed);
        for ticket in waiting {
            let _ = ticket.answer.send(failed.clone());
        }
        Work::Done
    }

    fn note_contention(&self, job: &Job) {
        // Without a clock the next one does not gather, and that is all.
        if let (true, Ok(now)) = (job.tries.met_others(), self.moment()) {
            let gathering = turns::gathering(now.since(job.begun), self.chance());
            lock(&self.queue).contended = Some((now, gathering));
        }
    }

    /// One try. Each time the present state is asked, and the clock is chosen anew.
    async fn try_job(&self, job: &mut Job) -> Result<Tried, RevokeError> {
        if let Some(&What::Create(above)) = job.tickets.first().map(|ticket| &ticket.what) {
            return self.create(above).await;
        }
        if job.tries.any() || self.held.load().is_none() {
            self.load_now().await?;
        }
        let base = self.held.load().ok_or(RefreshError::NoStore)?;
        // A try that failed may have been made all the same. If the document is that very one, what it
        // changed has passed. If somebody has written since, the scope is taken to have been revoked by
        // others: clocks and entries tell nothing, others may choose the same.
        if !job.attempted.contains(&base.mark) {
            job.refuse(|what| match what {
                What::Supersede(session) => session.check(&base.state).err(),
                _ => None,
            });
        } else {
            job.has_stepped();
        }
        if job.tickets.is_empty() || (job.is_for_key() && !self.is_outdated()) {
            return Ok(Tried::Made(base.state.clock()));
        }
        loop {
            let tried = self.attempt(&base, job).await;
            match tried {
                // The others are written without them.
                Err(RevokeError::Change(error @ ChangeError::TooManySessions { .. })) => {
                    self.tell(&RevocationEvent::Full(error));
                    job.refuse(|what| match what {
                        What::Sessions(_) | What::Supersede(_) => Some(RevokeError::Change(error)),
                        _ => None,
                    });
                    if job.tickets.is_empty() {
                        return Ok(Tried::Made(base.state.clock()));
                    }
                }
                tried => return tried,
            }
        }
    }

    /// Replaces the document by `base` with the job's change.
    async fn attempt(&self, base: &Held, job: &mut Job) -> Result<Tried, RevokeError> {
        let now = self.moment()?;
        let mut state = RevocationState::clone(&base.state);
        let change = self.bounded(job.change(), now);
        let applied = state.apply(&change, now.wall, self.seen())?;
        let (document, mark) = self.seal(&state, now.unix_time())?;
        job.attempted.push(mark);
        let version = match self.replace(base.version.as_ref(), document).await? {
            Replaced::Done(version) => version,
            Replaced::Conflict => return Ok(Tried::Conflict),
        };
        let floor = state.floor();
        let found = Found::State {
            state,
            version,
            mark,
        };
        self.take(now, found)?;
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
        Ok(Tried::Made(clock))
    }

    /// `change` with what every write does besides: prune and bound the table.
    fn bounded(&self, change: RevocationChange, now: Moment) -> RevocationChange {
        let change = change.max_entries(self.settings.max_entries);
        self.lifetimes.pruning(change, now, self.settings.delays())
    }

    /// Sees to it that there is a store whose clock is above `above`.
    async fn create(&self, above: Epoch) -> Result<Tried, RevokeError> {
        let seen = above.max(self.seen());
        let mut made = self.put_new_state(None, seen).await?;
        if made.is_none() {
            match self.look().await? {
                Some((state, _)) if state.clock() > above => {
                    self.load_now().await?;
                    return Ok(Tried::Made(state.clock()));
                }
                Some((_, version)) => made = self.put_new_state(Some(&version), seen).await?,
                None => {}
            }
        }
        if let Some(clock) = made {
            self.tell(&RevocationEvent::Written { clock });
        }
        Ok(made.map_or(Tried::Conflict, Tried::Made))
    }

    /// An old copy stands in the store's place, or the store has forgotten a write, and this process knows
    /// more. A new state above both takes its place, so that nothing is forgiven: every session ends, once.
    /// Whether it did.
    pub(super) async fn repaired(&self) -> bool {
        let (false, Some(held)) = (self.settings.read_only, self.held.load()) else {
            return false;
        };
        let Ok(Some((found, version))) = self.look().await else {
            return false;
        };
        // Another server has put it right meanwhile, or a single answer was an old one.
        if follows(&held.state, &found) {
            return self.load_untold().await.is_ok();
        }
        let seen = held.state.clock().max(found.clock()).max(self.seen());
        let Ok(Some(clock)) = self.put_new_state(Some(&version), seen).await else {
            // Another server may have come first. The next load tells.
            return false;
        };
        self.tell(&RevocationEvent::Repaired { clock });
        true
    }

    /// Puts a new store's first state in the place of the document of version `expected`, above `seen` and
    /// what is held. None: somebody else came first.
    async fn put_new_state(
        &self,
        expected: Option<&Version>,
        seen: Epoch,
    ) -> Result<Option<Epoch>, RevokeError> {
        let now = self.moment()?;
        let held = self.held.load().map(|held| held.state.clock());
        let seen = seen.max(held.unwrap_or_default());
        let state = RevocationState::new_store(now.wall, self.settings.skew, seen)
            .ok_or(ChangeError::ClockExhausted)?;
        let (document, mark) = self.seal(&state, now.unix_time())?;
        let clock = state.clock();
        let version = match self.replace(expected, document).await? {
            Replaced::Done(version) => version,
            Replaced::Conflict => return Ok(None),
        };
        let found = Found::State {
            state,
            version,
            mark,
        };
        self.take(now, found)?;
        Ok(Some(clock))
    }
}

/// Whether another try may do.
fn may_pass(error: &RevokeError) -> bool {
    match error {
        RevokeError::Store(error) | RevokeError::Refresh(RefreshError::Store(error)) => {
            error.kind() == StoreErrorKind::Unavailable
        }
        // Another server was about to put it right.
        RevokeError::Refresh(RefreshError::RolledBack { .. }) => true,
        _ => false,
    }
}
