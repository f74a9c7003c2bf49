//! A ring for one audience and one cookie name: look-up by key id, and the sealing key of a moment.
//!
//! It holds no root key.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use super::{KeyRing, RingKey};
use crate::error::{KeyRingError, KeyRingErrorKind, OpenErrorKind, SealError};
use crate::key::KeyId;
use crate::schedule::DerivedKeys;
use crate::time::UnixTime;

/// One key of the ring, derived.
struct ScheduledKeys {
    keys: Box<DerivedKeys>,
    open_until: Option<UnixTime>,
}

impl ScheduledKeys {
    fn opens_at(&self, now: UnixTime) -> bool {
        self.open_until.is_none_or(|until| now < until)
    }
}

/// The derived ring.
pub(crate) struct DerivedRing {
    /// The ids of `keys`, in its order, close together so that a look-up reads one cache line.
    ids: Vec<KeyId>,
    keys: Vec<ScheduledKeys>,
    /// When each of `keys` starts to seal, and its index; the latest first.
    schedule: Vec<(Option<UnixTime>, usize)>,
}

impl DerivedRing {
    /// Derives every key of `ring`.
    pub(crate) fn derive(
        ring: &KeyRing,
        audience: &str,
        cookie_name: &str,
    ) -> Result<Self, KeyRingError> {
        check_ids(ring, audience)?;
        let derive = |entry: &RingKey| ScheduledKeys {
            keys: DerivedKeys::derive(entry.key(), audience, cookie_name),
            open_until: entry.open_until(),
        };
        let keys: Vec<_> = ring.keys().iter().map(derive).collect();
        let starts = ring.keys().iter().map(RingKey::seal_from);
        let mut schedule: Vec<_> = starts.zip(0..).collect();
        schedule.sort_unstable_by(|a, b| b.cmp(a));
        Ok(Self {
            ids: keys.iter().map(|key| key.keys.id).collect(),
            keys,
            schedule,
        })
    }

    /// Steps 4 and 5: the one key that a token may be tried under.
    #[inline]
    pub(crate) fn opening(&self, id: KeyId, now: UnixTime) -> Result<&DerivedKeys, OpenErrorKind> {
        let key = self
            .ids
            .iter()
            .position(|&known| known == id)
            .and_then(|index| self.keys.get(index))
            .ok_or(OpenErrorKind::UnknownKey)?;
        if key.opens_at(now) {
            Ok(&key.keys)
        } else {
            Err(OpenErrorKind::RetiredKey)
        }
    }

    /// The sealing key of `now`.
    pub(crate) fn sealing(&self, now: UnixTime) -> Result<&DerivedKeys, SealError> {
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
    fn scheduled(&self, now: UnixTime) -> Option<&ScheduledKeys> {
        let started = |&&(start, _): &&(Option<UnixTime>, usize)| start <= Some(now);
        let &(_, index) = self.schedule.iter().find(started)?;
        self.keys.get(index)
    }
}

/// No two keys may share an id for the audience in use: a token names its key by it.
fn check_ids(ring: &KeyRing, audience: &str) -> Result<(), KeyRingError> {
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
    Ok(())
}

impl fmt::Debug for DerivedRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(&self.ids).finish()
    }
}
