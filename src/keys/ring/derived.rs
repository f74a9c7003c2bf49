//! A ring for one audience: look-up by key id, and the sealing key of a moment.
//!
//! It holds no root key. What the keys became is its parameter: those of tokens or of documents.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use super::{KeyRing, RingKey};
use crate::error::{KeyRingError, KeyRingErrorKind, OpenErrorKind, SealError};
use crate::keys::key::Key;
use crate::time::UnixTime;
use crate::token::key_id::KeyId;

/// One key of the ring, derived.
struct ScheduledKeys<K> {
    keys: Box<K>,
    open_until: Option<UnixTime>,
}

impl<K> ScheduledKeys<K> {
    fn opens_at(&self, now: UnixTime) -> bool {
        self.open_until.is_none_or(|until| now < until)
    }
}

/// The derived ring.
pub(crate) struct DerivedRing<K> {
    /// The ids of `keys`, in its order, close together so that a look-up reads one cache line.
    ids: Vec<KeyId>,
    keys: Vec<ScheduledKeys<K>>,
    /// When each of `keys` starts to seal, and its index; the latest first.
    schedule: Vec<(Option<UnixTime>, usize)>,
}

impl<K> DerivedRing<K> {
    /// Derives every key of `ring` by `derive`.
    pub(crate) fn new(
        ring: &KeyRing,
        audience: &str,
        derive: impl Fn(&Key) -> Box<K>,
    ) -> Result<Self, KeyRingError> {
        let ids = distinct_ids(ring, audience)?;
        let derive = |entry: &RingKey| ScheduledKeys {
            keys: derive(entry.key()),
            open_until: entry.open_until(),
        };
        let keys: Vec<_> = ring.keys().iter().map(derive).collect();
        let starts = ring.keys().iter().map(RingKey::seal_from);
        let mut schedule: Vec<_> = starts.zip(0..).collect();
        schedule.sort_unstable_by(|a, b| b.cmp(a));
        Ok(Self {
            ids,
            keys,
            schedule,
        })
    }

    /// Steps 4 and 5: the one key that a token may be tried under.
    #[inline]
    pub(crate) fn opening(&self, id: KeyId, now: UnixTime) -> Result<&K, OpenErrorKind> {
        let key = self.find(id).ok_or(OpenErrorKind::UnknownKey)?;
        if key.opens_at(now) {
            Ok(&key.keys)
        } else {
            Err(OpenErrorKind::RetiredKey)
        }
    }

    /// The key of this id, whatever its `open_until`.
    pub(crate) fn known(&self, id: KeyId) -> Option<&K> {
        self.find(id).map(|key| &*key.keys)
    }

    #[inline]
    fn find(&self, id: KeyId) -> Option<&ScheduledKeys<K>> {
        let index = self.ids.iter().position(|&known| known == id)?;
        self.keys.get(index)
    }

    /// The sealing key of `now`.
    pub(crate) fn sealing(&self, now: UnixTime) -> Result<&K, SealError> {
        let key = self.scheduled(now).ok_or(SealError::NoSealingKey)?;
        if key.opens_at(now) {
            Ok(&key.keys)
        } else {
            Err(SealError::RetiredSealingKey)
        }
    }

    /// Whether a later key than `id` seals at `now`. A token of a key that is yet to seal comes from
    /// a server whose clock is ahead, and is not taken back to the former key.
    #[inline]
    pub(crate) fn has_moved_on(&self, id: KeyId, now: UnixTime) -> bool {
        let mut latest_first = self.schedule.iter();
        let sealing = latest_first.find(|&&(start, _)| start <= Some(now));
        let seals = sealing
            .and_then(|&(_, index)| self.keys.get(index))
            .is_some_and(|key| key.opens_at(now));
        // What is left are the keys before it.
        seals && latest_first.any(|&(_, index)| self.ids.get(index) == Some(&id))
    }

    /// The key with the greatest `seal_from` that is not in the future. None is less than every
    /// time, and so counts as always.
    #[inline]
    fn scheduled(&self, now: UnixTime) -> Option<&ScheduledKeys<K>> {
        let started = |&&(start, _): &&(Option<UnixTime>, usize)| start <= Some(now);
        let &(_, index) = self.schedule.iter().find(started)?;
        self.keys.get(index)
    }
}

/// No two keys may share an id for the audience in use: a token names its key by it.
pub(crate) fn distinct_ids(ring: &KeyRing, audience: &str) -> Result<Vec<KeyId>, KeyRingError> {
    let id = |entry: &RingKey| entry.key().id(audience);
    let ids: Vec<KeyId> = ring.keys().iter().map(id).collect();
    for (index, (entry, id)) in ring.keys().iter().zip(&ids).enumerate() {
        if let Some(other) = ids.iter().take(index).position(|earlier| earlier == id) {
            let other = other.saturating_add(1);
            return Err(KeyRingError::new(
                KeyRingErrorKind::SameKeyId { other },
                entry.line,
                index.saturating_add(1),
            ));
        }
    }
    Ok(ids)
}

impl<K> fmt::Debug for DerivedRing<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(&self.ids).finish()
    }
}
