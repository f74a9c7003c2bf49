//! [`InThisProcess`]: what was done here to single sessions, so that an answer which comes later does not
//! undo it.
//!
//! A sign-out is the end of a session here, whatever keeps revocations: a middleware that holds an older
//! copy of the session, or a request that began before and ends after, can no longer renew it. Other
//! processes know of it only through a store. Asked at step 10 (spec, section 6).
//!
//! A change is not undone by a renewal of what was opened before it, where both are made here.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use core::fmt;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock};

use crate::time::UnixTime;
use crate::token::claims::SessionId;

/// How many sign-outs are remembered: some megabytes. Beyond, the one that has the least time left is
/// forgotten.
const MOST_ENDED: usize = if cfg!(miri) { 100 } else { 100_000 };

/// How many changes are remembered, the last ones. A request takes seconds.
const MOST_CHANGED: usize = if cfg!(miri) { 100 } else { 10_000 };

/// What is remembered of the sessions of one audience and cookie.
#[derive(Default)]
pub(crate) struct InThisProcess {
    /// As long as there is none, nobody takes the lock.
    count: AtomicUsize,
    ended: RwLock<Ended>,
    /// How many changes there were.
    changes: AtomicU64,
    changed: RwLock<Changed>,
}

#[derive(Default)]
struct Ended {
    ids: BTreeSet<[u8; 8]>,
    /// The same by the time from which on no token opens anyway.
    by_end: BTreeSet<(UnixTime, [u8; 8])>,
}

#[derive(Default)]
struct Changed {
    /// Each with the number of its last change.
    last: BTreeMap<[u8; 8], u64>,
    order: VecDeque<([u8; 8], u64)>,
}

impl InThisProcess {
    /// Notes that a session has ended. `until` is the time from which on no token of it opens anyway; a
    /// clock that is wrong for a moment must forget nothing, so it only says which one goes first.
    pub(crate) fn end(&self, id: SessionId, until: UnixTime) {
        let mut ended = self.ended.write().unwrap_or_else(PoisonError::into_inner);
        let Ended { ids, by_end } = &mut *ended;
        if ids.insert(id.to_bytes()) {
            by_end.insert((until, id.to_bytes()));
        }
        if ids.len() > MOST_ENDED
            && let Some((_, first)) = by_end.pop_first()
        {
            ids.remove(&first);
        }
        self.count.store(ids.len(), Ordering::Release);
    }

    /// Whether this session was signed out here.
    #[inline]
    pub(crate) fn has_ended(&self, id: SessionId) -> bool {
        if self.count.load(Ordering::Acquire) == 0 {
            return false;
        }
        let ended = self.ended.read().unwrap_or_else(PoisonError::into_inner);
        ended.ids.contains(&id.to_bytes())
    }

    /// How many changes there were until now: what a session that is opened now has seen.
    #[inline]
    pub(crate) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// Notes that a session was sealed with another value.
    pub(crate) fn change(&self, id: SessionId) {
        let mut changed = self.changed.write().unwrap_or_else(PoisonError::into_inner);
        let number = self.changes().saturating_add(1);
        let Changed { last, order } = &mut *changed;
        last.insert(id.to_bytes(), number);
        order.push_back((id.to_bytes(), number));
        if order.len() > MOST_CHANGED
            && let Some((first, number)) = order.pop_front()
            && last.get(&first) == Some(&number)
        {
            last.remove(&first);
        }
        self.changes.store(number, Ordering::Release);
    }

    /// Whether this session was changed here after `seen` changes.
    #[inline]
    pub(crate) fn has_changed_since(&self, id: SessionId, seen: u64) -> bool {
        if self.changes() == seen {
            return false;
        }
        let changed = self.changed.read().unwrap_or_else(PoisonError::into_inner);
        changed
            .last
            .get(&id.to_bytes())
            .is_some_and(|number| *number > seen)
    }
}

impl fmt::Debug for InThisProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InThisProcess")
            .field("ended", &self.count.load(Ordering::Relaxed))
            .field("changes", &self.changes())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: usize) -> SessionId {
        SessionId::from_bytes((number as u64).to_be_bytes())
    }

    #[test]
    fn what_has_ended_is_remembered_and_nothing_else() {
        let here = InThisProcess::default();
        assert!(!here.has_ended(id(1)));
        here.end(id(1), UnixTime::from_secs(20));
        assert!(here.has_ended(id(1)) && !here.has_ended(id(2)));
    }

    #[test]
    fn of_too_many_that_have_ended_the_one_with_the_least_time_left_is_forgotten() {
        let here = InThisProcess::default();
        for number in 0..MOST_ENDED {
            here.end(id(number), UnixTime::from_secs(2000 + number as u64));
            // A second time is no other.
            here.end(id(number), UnixTime::from_secs(1));
        }
        assert!(here.has_ended(id(0)));
        here.end(id(MOST_ENDED), UnixTime::from_secs(9_999_999));
        assert!(!here.has_ended(id(0)));
        assert!(here.has_ended(id(1)) && here.has_ended(id(MOST_ENDED)));
        assert_eq!(here.count.load(Ordering::Relaxed), MOST_ENDED);
        assert_eq!(here.ended.read().unwrap().by_end.len(), MOST_ENDED);
    }

    #[test]
    fn a_change_is_news_to_what_was_opened_before_it_and_to_no_other() {
        let here = InThisProcess::default();
        let before = here.changes();
        here.change(id(1));
        let after = here.changes();
        assert!(here.has_changed_since(id(1), before));
        assert!(!here.has_changed_since(id(1), after));
        assert!(!here.has_changed_since(id(2), before));
        here.change(id(2));
        assert!(!here.has_changed_since(id(1), after) && here.has_changed_since(id(2), after));
    }

    #[test]
    fn the_last_changes_are_remembered_and_memory_is_bounded() {
        let here = InThisProcess::default();
        here.change(id(0));
        for number in 1..MOST_CHANGED {
            here.change(id(number));
        }
        assert!(here.has_changed_since(id(0), 0));
        // Changed again, so that its first place in the order means nothing.
        here.change(id(0));
        assert!(here.has_changed_since(id(0), 0) && here.has_changed_since(id(1), 0));
        here.change(id(MOST_CHANGED));
        assert!(!here.has_changed_since(id(1), 0) && here.has_changed_since(id(2), 0));
        let changed = here.changed.read().unwrap();
        assert_eq!(changed.order.len(), MOST_CHANGED);
        assert_eq!(changed.last.len(), MOST_CHANGED);
    }
}
