//! The next ring: a new key when it is time for one, or in the place of one that has leaked.

use alloc::vec::Vec;

use super::finding::{CheckReport, Finding};
use super::outcome::{Rotation, RotationError};
use super::{RotationPolicy, later};
use crate::error::RandomnessError;
use crate::keys::key::Key;
use crate::keys::ring::{KeyRing, RingKey};
use crate::time::UnixTime;
use crate::token::key_id::KeyId;

impl RotationPolicy {
    /// The ring to deploy next in the place of `ring`, which is deployed.
    ///
    /// When the period of the latest key ends, a new one from `fresh` follows it as soon as the ring can be
    /// deployed and every server can know it, and the former is given the `open-until` that its last
    /// session needs. Keys that are dead are left out then. Else the ring stays as it is, so this may be run
    /// as often as one likes.
    ///
    /// So a key stays, closed, for a period after its last session: the revocations that it has sealed open
    /// as long, and a server that may write has time to write them again under another.
    ///
    /// A key without `seal-from` is of unknown age, and is followed at once. So is one that closes.
    ///
    /// # Errors
    ///
    /// [`RotationError`]; among them [`RotationError::Unsafe`] where `ring` itself loses sessions, so that
    /// no ring could follow it safely. Whatever is returned passes [`check`](Self::check).
    pub fn rotate(
        &self,
        ring: &KeyRing,
        now: UnixTime,
        fresh: impl FnOnce() -> Result<Key, RandomnessError>,
    ) -> Result<Rotation, RotationError> {
        let mut next = Draft::of(ring);
        let latest = ring.latest();
        // A key that closes, and that nothing follows, is followed at once, too.
        let is_due = self.is_due(latest.seal_from(), now) || latest.open_until().is_some();
        if latest.seal_from() <= Some(now) && is_due {
            let seal_from = now.as_secs().checked_add(self.notice());
            let seal_from = UnixTime::from_secs(seal_from.ok_or(RotationError::TooLate)?);
            next.close(latest, None);
            next.add(RingKey::new(fresh()?).with_seal_from(seal_from));
            next.close_superseded(self)?;
            next.remove(|key| {
                let end = ring.sealing_end(key);
                end.is_some_and(|end| self.dead_from(key, end) <= now)
            });
        }
        self.finish(ring, next, now, CheckReport::is_safe)
    }

    /// The ring to deploy at once when the key `leaked` is in the wrong hands: it neither opens nor
    /// seals from `now` on, which ends the sessions under it, and where it sealed, a new key from `fresh`
    /// does. One that begins in this very second has it to its end. One that is yet to seal is left out, and a
    /// new one is planned in its place; or, where servers that load a file may hear of it after it has begun,
    /// it stays, closed, and nobody can sign in for the one second of its turn.
    ///
    /// It is never refused because of another key. What is wrong with the other keys is left as it
    /// is, and told by [`CheckReport::inherited`](super::CheckReport::inherited); if no key seals
    /// now, and the leaked one has no turn to come, a new key does at once.
    ///
    /// A key that has sealed stays in the ring, closed, as long as its sessions would have lived: servers
    /// which follow a file can tell this from a file that lost its end, and they can open the
    /// revocations that it has sealed. [`Rotation::report`] says what is lost. Revoke everyone afterwards:
    /// whoever had the key may have had sessions renewed under another one.
    ///
    /// # Errors
    ///
    /// [`RotationError`].
    pub fn replace_leaked(
        &self,
        ring: &KeyRing,
        leaked: KeyId,
        now: UnixTime,
        fresh: impl FnOnce() -> Result<Key, RandomnessError>,
    ) -> Result<Rotation, RotationError> {
        let key = ring.keys().iter().find(|key| self.id(key) == leaked);
        let key = key.ok_or(RotationError::NoSuchKey(leaked))?;
        let mut next = Draft::of(ring);
        let heard = later(UnixTime::from_secs(self.last_mixed(now)), self.skew);
        let seal_from = if key.seal_from() > Some(heard) {
            self.replace_planned(ring, key, now, &mut next)
        } else {
            self.close_leaked(ring, key, now, &mut next)
        };
        let seal_from = match seal_from {
            None => self.needed_besides(&next.ring()?, ring, now),
            some => some,
        };
        if let Some(seal_from) = seal_from {
            let seal_from = next.free_second(seal_from)?;
            next.add(RingKey::new(fresh()?).with_seal_from(seal_from));
        }
        next.close_superseded(self)?;
        let policy = self.clone().leaked(leaked);
        policy.finish(ring, next, now, |report| {
            !report
                .errors
                .iter()
                .any(|error| matches!(error, Finding::Unusable(_)))
        })
    }

    /// When a new key is to seal though the leaked one needs no successor: where no key seals now, or
    /// where nothing new would tell the ring from a file that lost a part.
    fn needed_besides(&self, next: &KeyRing, former: &KeyRing, now: UnixTime) -> Option<UnixTime> {
        if next.sealing_key(now).is_none() {
            // Behind all that the key whose turn it is has sealed.
            let turn = next.scheduled_key(now);
            let begun = turn.and_then(RingKey::seal_from).map(|from| later(from, 1));
            let closed = turn.and_then(RingKey::open_until);
            let earliest = Some(UnixTime::from_secs(self.earliest_now(now)));
            return earliest.max(begun).max(closed);
        }
        let is_gone = |key: &RingKey| !next.contains(key.key());
        former.keys().iter().any(is_gone).then(|| {
            let last = next.latest().seal_from().unwrap_or(now);
            later(now, self.notice()).max(later(last, 1))
        })
    }

    /// Closes a key that has sealed. When the one in its place is to seal, if one is needed.
    fn close_leaked(
        &self,
        ring: &KeyRing,
        key: &RingKey,
        now: UnixTime,
        next: &mut Draft,
    ) -> Option<UnixTime> {
        let begun = key.seal_from().map(|from| later(from, 1));
        let begun = begun.unwrap_or(UnixTime::from_secs(0));
        // A key that begins in this very second seals to its end, or no key would.
        let closed = if key.seal_from() == Some(now) {
            begun
        } else {
            now
        };
        let closes = key.open_until().map_or(closed, |until| until.min(closed));
        next.close(key, Some(closes));
        let ended = ring
            .sealing_end(key)
            .is_some_and(|end| end <= closed.max(begun));
        // As early as any server's clock may be, and after the key that it follows.
        (!ended).then(|| UnixTime::from_secs(self.earliest_now(now)).max(begun))
    }

    /// Leaves out a key that has not sealed yet, likewise.
    fn replace_planned(
        &self,
        ring: &KeyRing,
        key: &RingKey,
        now: UnixTime,
        next: &mut Draft,
    ) -> Option<UnixTime> {
        let before = ring.keys().iter();
        let before = before.filter(|other| other.seal_from() < key.seal_from());
        let former = before.max_by_key(|other| other.seal_from());
        // It seals for longer now. What was closed stays closed.
        if let Some(former) = former.filter(|former| former.open_until() > Some(now)) {
            next.close(former, None);
        }
        next.remove(|other| other.key().as_bytes() == key.key().as_bytes());
        let known = later(now, self.notice());
        let seal_from = key.seal_from()?.max(known);
        let end = ring.sealing_end(key);
        // Another that is planned in between does.
        end.is_none_or(|end| end > seal_from).then_some(seal_from)
    }

    fn finish(
        &self,
        former: &KeyRing,
        draft: Draft,
        now: UnixTime,
        may_be_deployed: impl FnOnce(&CheckReport) -> bool,
    ) -> Result<Rotation, RotationError> {
        let ring = draft.ring()?;
        let report = self.check(&ring, Some(former), now);
        if !may_be_deployed(&report) {
            return Err(RotationError::Unsafe(report));
        }
        let ids = |keys: &[RingKey]| keys.iter().map(|key| self.id(key)).collect::<Vec<_>>();
        let latest = ring.latest().seal_from();
        Ok(Rotation {
            added: draft.added.as_ref().map(|key| self.id(key)),
            removed: ids(&draft.removed),
            changed: draft.changed,
            due: latest.map_or(now, |from| self.due(from)),
            ring,
            report,
        })
    }

    /// How long before it seals a key is made, so that it can be deployed and every server knows it.
    fn notice(&self) -> u64 {
        let known = self.last_mixed(UnixTime::from_secs(0)).saturating_add(1);
        known.saturating_add(self.deploy_within)
    }

    /// When the next key is to be made, so that it follows one that seals from `seal_from` after a period.
    fn due(&self, seal_from: UnixTime) -> UnixTime {
        later(seal_from, self.period.saturating_sub(self.notice()))
    }

    fn is_due(&self, seal_from: Option<UnixTime>, now: UnixTime) -> bool {
        seal_from.is_none_or(|from| self.due(from) <= now)
    }
}

/// A ring in the making.
struct Draft {
    keys: Vec<RingKey>,
    added: Option<RingKey>,
    removed: Vec<RingKey>,
    changed: bool,
}

impl Draft {
    fn of(ring: &KeyRing) -> Self {
        Self {
            keys: ring.keys().to_vec(),
            added: None,
            removed: Vec::new(),
            changed: false,
        }
    }

    fn ring(&self) -> Result<KeyRing, RotationError> {
        KeyRing::new(self.keys.clone()).map_err(RotationError::Ring)
    }

    /// The first second from this one on in which no key begins: two that begin in one are no ring.
    fn free_second(&self, from: UnixTime) -> Result<UnixTime, RotationError> {
        let begins = |second| {
            let mut keys = self.keys.iter();
            keys.any(|key| key.seal_from() == Some(UnixTime::from_secs(second)))
        };
        let free = (from.as_secs()..=u64::MAX).find(|&second| !begins(second));
        free.map(UnixTime::from_secs).ok_or(RotationError::TooLate)
    }

    fn add(&mut self, key: RingKey) {
        self.added = Some(key.clone());
        self.keys.push(key);
        self.changed = true;
    }

    /// Sets until when a key of the former ring opens. None: for ever.
    fn close(&mut self, key: &RingKey, open_until: Option<UnixTime>) {
        for own in &mut self.keys {
            if own.key().as_bytes() == key.key().as_bytes() {
                self.changed |= own.open_until() != open_until;
                *own = own.clone().open_until_or_for_ever(open_until);
            }
        }
    }

    /// Closes whatever another key follows and would open for ever.
    fn close_superseded(&mut self, policy: &RotationPolicy) -> Result<(), RotationError> {
        let ring = self.ring()?;
        for key in ring.keys() {
            if let Some(end) = ring.sealing_end(key)
                && key.open_until().is_none()
            {
                self.close(key, Some(policy.may_close(end)));
            }
        }
        Ok(())
    }

    fn remove(&mut self, is_removed: impl Fn(&RingKey) -> bool) {
        let (removed, kept) = core::mem::take(&mut self.keys)
            .into_iter()
            .partition(is_removed);
        (self.removed, self.keys) = (removed, kept);
        self.changed |= !self.removed.is_empty();
    }
}
