//! [`Queue`]: changes that somebody asked for, and waits for. They are made whether he waits or not.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;

use tokio::sync::oneshot;

use super::super::change::RevocationChange;
use super::super::error::RevokeError;
use super::super::scope::Scope;
use super::super::state::RevocationState;
use super::held::Mark;
use super::turns::{self, Tries};
use crate::error::{OpenErrorKind, SealError};
use crate::runtime::clock::Moment;
use crate::time::Epoch;

/// The answer to a change: the clock that it was made at.
pub(super) type Answer = Result<Epoch, RevokeError>;

/// A change that somebody asked for.
pub(super) struct Ticket {
    pub(super) what: What,
    pub(super) answer: oneshot::Sender<Answer>,
}

pub(super) enum What {
    Scopes(Vec<Scope>),
    /// The own scopes of sessions, of which one account may end many.
    Sessions(Vec<Scope>),
    Everyone,
    EveryoneAfterLeak,
    /// One session's own scope, unless the session has been revoked. One account may do that often, too.
    Supersede(Superseded),
    Prune,
    /// Writes the document again if its key has moved on.
    KeepKey,
    /// Sees to it that there is a store, with a clock above this.
    Create(Epoch),
}

/// A session of which all former cookies end.
pub(crate) struct Superseded {
    pub(crate) own: Scope,
    pub(crate) epoch: Epoch,
    /// Those of its value.
    pub(crate) scopes: Vec<Scope>,
}

impl Superseded {
    /// Whatever else was revoked before ends the session.
    pub(super) fn check(&self, base: &RevocationState) -> Result<(), RevokeError> {
        let mut scopes = self.scopes.iter().chain([&self.own]);
        if scopes.any(|scope| self.epoch < base.revoked_before(*scope)) {
            return Err(SealError::Ended(OpenErrorKind::Revoked).into());
        }
        Ok(())
    }
}

impl What {
    fn scopes(&self) -> Option<&[Scope]> {
        match self {
            Self::Scopes(scopes) | Self::Sessions(scopes) => Some(scopes),
            Self::Everyone | Self::EveryoneAfterLeak => Some(&[]),
            // In a write of its own, of which the answer depends on nothing else.
            Self::Supersede(_) | Self::Prune | Self::KeepKey | Self::Create(_) => None,
        }
    }

    pub(super) fn add_to(&self, change: RevocationChange) -> RevocationChange {
        match self {
            Self::Scopes(scopes) => change.revoke(scopes),
            Self::Sessions(scopes) => change.revoke_sessions(scopes),
            Self::Supersede(session) => change.revoke_sessions(&[session.own]),
            Self::Everyone => change.revoke_everyone(),
            Self::EveryoneAfterLeak => change.revoke_everyone_after_leak(),
            Self::Create(_) => change.revoke_everyone(),
            Self::Prune | Self::KeepKey => change,
        }
    }
}

/// Changes that are made together, in one write.
pub(super) struct Job {
    pub(super) tickets: Vec<Ticket>,
    /// The marks of the documents that it has tried to write.
    pub(super) attempted: Vec<Mark>,
    pub(super) begun: Moment,
    pub(super) tries: Tries,
    /// Why the last try failed.
    pub(super) failed: RevokeError,
}

impl Job {
    pub(super) fn change(&self) -> RevocationChange {
        let tickets = self.tickets.iter();
        tickets.fold(RevocationChange::new(), |change, ticket| {
            ticket.what.add_to(change)
        })
    }

    /// The clock has stepped over what was forged, by a try of which the answer was lost: it need not
    /// step again.
    pub(super) fn has_stepped(&mut self) {
        for ticket in &mut self.tickets {
            if let What::EveryoneAfterLeak = ticket.what {
                ticket.what = What::Everyone;
            }
        }
    }

    pub(super) fn is_for_key(&self) -> bool {
        let first = self.tickets.first();
        first.is_some_and(|ticket| matches!(ticket.what, What::KeepKey))
    }

    /// Answers those tickets that `refuse` names, which are then left out.
    pub(super) fn refuse(&mut self, refuse: impl Fn(&What) -> Option<RevokeError>) {
        let tickets = core::mem::take(&mut self.tickets);
        for ticket in tickets {
            match refuse(&ticket.what) {
                Some(error) => drop(ticket.answer.send(Err(error))),
                None => self.tickets.push(ticket),
            }
        }
    }

    pub(super) fn answer(self, answer: &Answer) {
        for ticket in self.tickets {
            // Whoever asked may have gone.
            let _ = ticket.answer.send(answer.clone());
        }
    }
}

/// Changes that wait, and the one job that is being tried.
#[derive(Default)]
pub(super) struct Queue {
    pub(super) waiting: VecDeque<Ticket>,
    pub(super) job: Option<Job>,
    /// The end of the last write, if other servers contended for it, and how long the next one gathers changes.
    pub(super) contended: Option<(Moment, Duration)>,
}

/// What a writer does next.
pub(super) enum Next {
    Nothing,
    /// It gathers changes for so long.
    Gather(Duration),
    Job(Job),
}

impl Queue {
    /// The job to be tried now; a new one takes the first that wait, as many as the table may hold at once.
    pub(super) fn next(&mut self, now: Moment, max_entries: usize) -> Next {
        if let Some(job) = self.job.take() {
            return Next::Job(job);
        }
        if self.waiting.is_empty() {
            return Next::Nothing;
        }
        if let Some((since, gathering)) = self.contended.take()
            && now.since(since) < turns::CONTENDED
        {
            return Next::Gather(gathering);
        }
        let mut room = max_entries;
        let mut tickets = Vec::new();
        while let Some(ticket) = self.waiting.front() {
            let fits = match ticket.what.scopes() {
                Some(scopes) => room.checked_sub(scopes.len()),
                None if tickets.is_empty() => Some(0),
                None => None,
            };
            let Some(left) = fits else { break };
            let alone = ticket.what.scopes().is_none();
            room = left;
            tickets.extend(self.waiting.pop_front());
            if alone {
                break;
            }
        }
        Next::Job(Job {
            tickets,
            attempted: Vec::new(),
            begun: now,
            tries: Tries::default(),
            failed: RevokeError::Contended,
        })
    }
}
