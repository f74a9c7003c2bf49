//! Which ring may take the place of the present one. Pure.
//!
//! What could be a file that lost its end, or was caught half-written, is refused; and what adds to the
//! present ring is taken, even where [`check`](crate::RotationPolicy::check) would have advised against it: it is
//! deployed by now, and a server that lacks a key refuses what others seal.

use core::time::Duration;

use super::error::KeyRefreshError;
use crate::key_ring::{KeyRing, RingKey};
use crate::rotation::differences;
use crate::time::UnixTime;

/// How long the followers' sessions live, in whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lifetimes {
    life: u64,
    skew: u64,
}

impl Lifetimes {
    /// Of whole seconds, as builders have checked.
    pub(super) const fn new(life: Duration, skew: Duration) -> Self {
        Self {
            life: life.as_secs(),
            skew: skew.as_secs(),
        }
    }

    pub(super) fn max(self, other: Self) -> Self {
        Self {
            life: self.life.max(other.life),
            skew: self.skew.max(other.skew),
        }
    }

    /// How long after its last second as the sealing key a key may be missed.
    const fn needed(self) -> u64 {
        self.life.saturating_add(self.skew.saturating_mul(2))
    }
}

/// Whether `new` keeps what sessions need of `present` at `now`. `lifetimes`: None where nothing follows
/// yet, so that it is not known how long a key is needed.
pub(super) fn may_replace(
    present: &KeyRing,
    new: &KeyRing,
    now: UnixTime,
    lifetimes: Option<Lifetimes>,
) -> Result<(), KeyRefreshError> {
    let is_dead = |key: &RingKey| {
        let closed = key.open_until().is_some_and(|until| until <= now);
        let ended = present.sealing_end(key).zip(lifetimes);
        let ended = ended.is_some_and(|(end, lifetimes)| {
            let end = end.as_secs().saturating_add(lifetimes.needed());
            end <= now.as_secs()
        });
        closed || ended
    };
    // A file that lost its end has nothing new.
    let has_news = new.keys().iter().any(|key| !present.contains(key.key()));
    let skew = lifetimes.map_or(0, |lifetimes| lifetimes.skew);
    let latest = now.as_secs().saturating_add(skew);
    let is_replaced = |key: &RingKey| {
        has_news && key.seal_from() > Some(UnixTime::from_secs(latest)) && !new.contains(key.key())
    };
    for (entry, key) in (1..).zip(present.keys()) {
        if is_dead(key) || is_replaced(key) {
            continue;
        }
        let Some(kept) = new.find(key.key()) else {
            return Err(KeyRefreshError::Shrunken { entry });
        };
        // As in a line that lost its end.
        if key.seal_from().is_some() && kept.seal_from().is_none() {
            return Err(KeyRefreshError::Rescheduled { entry });
        }
    }
    if present.sealing_key(now).is_some() && new.sealing_key(now).is_none() {
        return Err(KeyRefreshError::NoSealingKey);
    }
    let lifetimes = lifetimes.unwrap_or(Lifetimes { life: 0, skew: 0 });
    let first = now.as_secs().saturating_sub(lifetimes.needed());
    let last = now.as_secs().saturating_add(lifetimes.skew);
    for difference in differences(first..=last, new, present) {
        let Some(before) = difference.before.filter(|key| !is_dead(key)) else {
            continue;
        };
        let is_news = |key: &RingKey| !present.contains(key.key());
        if !difference.after.is_some_and(is_news) {
            let place = present
                .keys()
                .iter()
                .position(|key| core::ptr::eq(key, before));
            let entry = place.unwrap_or_default().saturating_add(1);
            return Err(KeyRefreshError::Rescheduled { entry });
        }
    }
    Ok(())
}
