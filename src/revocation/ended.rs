//! [`Ended`]: which sessions were signed out in this process.
//!
//! A sign-out is the end of a session here, whatever keeps revocations: a middleware that holds an older
//! copy of the session, or a request that began before and ends after, can no longer renew it. Other
//! processes know of it only through a store. Asked at step 10 (spec, section 6).

use alloc::collections::BTreeSet;
use core::fmt;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock};

use crate::time::UnixTime;
use crate::token::claims::SessionId;

/// How many are remembered: some megabytes. Beyond, the one that has the least time left is forgotten.
const MOST: usize = if cfg!(miri) { 100 } else { 100_000 };

/// Sessions that were signed out, each until no token of it can be alive.
#[derive(Default)]
pub(crate) struct Ended {
    /// As long as there is none, nobody takes the lock.
    count: AtomicUsize,
    sessions: RwLock<Remembered>,
}

#[derive(Default)]
struct Remembered {
    ids: BTreeSet<[u8; 8]>,
    /// The same by the time from which on no token opens anyway.
    by_end: BTreeSet<(UnixTime, [u8; 8])>,
}

impl Ended {
    /// Notes that a session has ended. `until` is the time from which on no token of it opens anyway.
    pub(crate) fn add(&self, id: SessionId, until: UnixTime, now: UnixTime) {
        let mut sessions = self
            .sessions
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let Remembered { ids, by_end } = &mut *sessions;
        while let Some(&(end, first)) = by_end.first()
            && (end <= now || ids.len() >= MOST)
        {
            by_end.pop_first();
            ids.remove(&first);
        }
        if ids.insert(id.to_bytes()) {
            by_end.insert((until, id.to_bytes()));
        }
        self.count.store(ids.len(), Ordering::Release);
    }

    /// Whether none was signed out.
    pub(crate) fn is_empty(&self) -> bool {
        self.count.load(Ordering::Acquire) == 0
    }

    /// Whether this session was signed out here.
    #[inline]
    pub(crate) fn contains(&self, id: SessionId) -> bool {
        if self.is_empty() {
            return false;
        }
        let sessions = self.sessions.read().unwrap_or_else(PoisonError::into_inner);
        sessions.ids.contains(&id.to_bytes())
    }
}

impl fmt::Debug for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ended({} sessions)", self.count.load(Ordering::Relaxed))
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
        let ended = Ended::default();
        assert!(!ended.contains(id(1)));
        ended.add(id(1), UnixTime::from_secs(20), UnixTime::from_secs(10));
        assert!(ended.contains(id(1)) && !ended.contains(id(2)));
    }

    #[test]
    fn memory_is_bounded_and_the_dead_go_before_the_living() {
        let ended = Ended::default();
        let now = UnixTime::from_secs(10);
        for number in 0..MOST {
            // Every other one is dead at 1000.
            let until = if number % 2 == 0 {
                100
            } else {
                2000 + number as u64
            };
            ended.add(id(number), UnixTime::from_secs(until), now);
        }
        ended.add(
            id(MOST),
            UnixTime::from_secs(9999),
            UnixTime::from_secs(1000),
        );
        assert!(!ended.contains(id(0)) && ended.contains(id(1)) && ended.contains(id(MOST)));
        // All are alive: the one with the least time left goes.
        for number in MOST + 1..=MOST + MOST / 2 {
            let until = UnixTime::from_secs(1_000_000 + number as u64);
            ended.add(id(number), until, now);
        }
        assert!(!ended.contains(id(1)) && ended.contains(id(3)));
        assert_eq!(ended.count.load(Ordering::Relaxed), MOST);
        assert_eq!(ended.sessions.read().unwrap().by_end.len(), MOST);
    }
}
