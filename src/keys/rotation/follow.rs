//! Which ring a server that follows a file takes in the place of the one it has. Pure.
//!
//! What could be a file that lost its end, or was caught half-written, is refused; and what adds to the
//! present ring is taken, even where `check` would have advised against it: it is deployed by now, and a
//! server that lacks a key refuses what others seal.

#[cfg(feature = "std")]
use super::later;
use super::stretch::differences;
use crate::keys::ring::{KeyRing, RingKey};
use crate::time::UnixTime;

/// How long sessions live, in whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lifetimes {
    life: u64,
    skew: u64,
}

impl Lifetimes {
    pub(crate) const fn new(life: u64, skew: u64) -> Self {
        Self { life, skew }
    }

    #[cfg(feature = "std")]
    pub(crate) fn max(self, other: Self) -> Self {
        Self {
            life: self.life.max(other.life),
            skew: self.skew.max(other.skew),
        }
    }

    /// How long after its last second as the sealing key a key may be missed.
    pub(crate) const fn needed(self) -> u64 {
        self.life.saturating_add(self.skew.saturating_mul(2))
    }
}

/// A key that closes while sessions of the known lifetimes live under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg(feature = "std")]
pub(crate) struct ClosesEarly {
    /// Its place in the ring, from 1.
    pub(crate) entry: usize,
    pub(crate) open_until: UnixTime,
    /// The least `open-until` that is safe (K2).
    pub(crate) needed: UnixTime,
}

/// Those of `ring`. A key that is closed already was closed on purpose, and is not among them.
#[cfg(feature = "std")]
pub(crate) fn closing_early(
    ring: &KeyRing,
    now: UnixTime,
    lifetimes: Lifetimes,
) -> impl Iterator<Item = ClosesEarly> {
    (1..).zip(ring.keys()).filter_map(move |(entry, key)| {
        let (end, open_until) = (ring.sealing_end(key)?, key.open_until()?);
        let needed = later(later(end, lifetimes.life), lifetimes.skew);
        (now < open_until && open_until < needed).then_some(ClosesEarly {
            entry,
            open_until,
            needed,
        })
    })
}

/// Why a ring is not taken.
pub(crate) struct Refusal<'r> {
    pub(crate) reason: Reason,
    /// Which key of the present ring. None: none alone.
    pub(crate) key: Option<&'r RingKey>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    Missing,
    Moved,
    Reopened,
    NoSealingKey,
}

/// Whether `new` keeps what sessions need of `present` at `now`. `lifetimes`: None where nothing follows
/// yet, so that it is not known how long a key is needed.
pub(crate) fn may_follow<'r>(
    present: &'r KeyRing,
    new: &'r KeyRing,
    now: UnixTime,
    lifetimes: Option<Lifetimes>,
) -> Result<(), Refusal<'r>> {
    let refuse = |reason, key| Err(Refusal { reason, key });
    let is_closed = |key: &RingKey| key.open_until().is_some_and(|until| until <= now);
    let is_dead = |key: &RingKey| {
        let ended = present.sealing_end(key).zip(lifetimes);
        is_closed(key)
            || ended.is_some_and(|(end, lifetimes)| {
                let end = end.as_secs().saturating_add(lifetimes.needed());
                end <= now.as_secs()
            })
    };
    let known = lifetimes.unwrap_or(Lifetimes { life: 0, skew: 0 });
    let last = now.as_secs().saturating_add(known.skew);
    // A file that lost its end has nothing new.
    let has_news = new.keys().iter().any(|key| !present.contains(key.key()));
    let is_planned = |key: &RingKey| key.seal_from() > Some(UnixTime::from_secs(last));
    for key in present.keys() {
        match new.find(key.key()) {
            Some(kept) if is_closed(key) && !is_closed(kept) => {
                return refuse(Reason::Reopened, Some(key));
            }
            _ if is_dead(key) => {}
            // As in a line that lost its end.
            Some(kept) if key.seal_from().is_some() && kept.seal_from().is_none() => {
                return refuse(Reason::Moved, Some(key));
            }
            None if !(has_news && is_planned(key)) => return refuse(Reason::Missing, Some(key)),
            _ => {}
        }
    }
    if present.sealing_key(now).is_some() && new.sealing_key(now).is_none() {
        return refuse(Reason::NoSealingKey, None);
    }
    let first = now.as_secs().saturating_sub(known.needed());
    for difference in differences(first..=last, new, present) {
        let Some(before) = difference.before.filter(|key| !is_dead(key)) else {
            continue;
        };
        // A key that leaked and was closed before its turn leaves a gap, and another one is new.
        let closed = new.find(before.key()).and_then(RingKey::open_until);
        let is_closed = closed.is_some_and(|until| {
            let was_open = before.open_until().is_none_or(|former| until < former);
            was_open && until <= difference.from
        });
        if has_news && is_closed && difference.after.is_none() {
            continue;
        }
        let is_news = |key: &RingKey| !present.contains(key.key());
        if !difference.after.is_some_and(is_news) {
            return refuse(Reason::Moved, Some(before));
        }
    }
    Ok(())
}
