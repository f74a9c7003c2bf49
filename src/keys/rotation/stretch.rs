//! A ring's schedule as stretches of seconds, in each of which the sealing key stays the same.
//!
//! Between two times that a ring names its sealing key does not change, so one second stands for all
//! of such a stretch.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::ops::RangeInclusive;

use crate::keys::ring::{KeyRing, RingKey};
use crate::time::UnixTime;

/// The stretches from `first` on in which no key seals, as long as each goes on under one key's turn.
pub(super) fn gaps(ring: &KeyRing, first: u64) -> Vec<RangeInclusive<u64>> {
    let mut gaps: Vec<RangeInclusive<u64>> = Vec::new();
    for stretch in stretches(first..=u64::MAX, &[ring]) {
        let at = UnixTime::from_secs(*stretch.start());
        if ring.sealing_key(at).is_some() {
            continue;
        }
        let turn = |second| ring.scheduled_key(UnixTime::from_secs(second));
        match gaps.last_mut() {
            Some(last)
                if last.end().checked_add(1) == Some(*stretch.start())
                    && same(turn(*last.start()), turn(*stretch.start())) =>
            {
                *last = *last.start()..=*stretch.end();
            }
            _ => gaps.push(stretch),
        }
    }
    gaps
}

/// Whether the key seals in this second or a later one.
pub(super) fn seals_after(ring: &KeyRing, key: &RingKey, second: u64) -> bool {
    stretches(second..=u64::MAX, &[ring]).any(|stretch| {
        let first = UnixTime::from_secs(*stretch.start());
        same(ring.sealing_key(first), Some(key))
    })
}

/// A stretch in which two rings seal with different keys.
pub(super) struct Difference<'r> {
    pub(super) from: UnixTime,
    pub(super) to: UnixTime,
    pub(super) after: Option<&'r RingKey>,
    pub(super) before: Option<&'r RingKey>,
}

pub(super) fn differences<'r>(
    window: RangeInclusive<u64>,
    new: &'r KeyRing,
    deployed: &'r KeyRing,
) -> Vec<Difference<'r>> {
    let mut found: Vec<Difference<'r>> = Vec::new();
    for stretch in stretches(window, &[new, deployed]) {
        let [from, to] = [*stretch.start(), *stretch.end()].map(UnixTime::from_secs);
        let [after, before] = [new, deployed].map(|ring| ring.sealing_key(from));
        if same(after, before) {
            continue;
        }
        match found.last_mut() {
            Some(last)
                if last.to.as_secs().checked_add(1) == Some(from.as_secs())
                    && same(last.after, after)
                    && same(last.before, before) =>
            {
                last.to = to;
            }
            _ => found.push(Difference {
                from,
                to,
                after,
                before,
            }),
        }
    }
    found
}

/// `window`, cut wherever one of the rings may change its sealing key.
fn stretches(
    window: RangeInclusive<u64>,
    rings: &[&KeyRing],
) -> impl Iterator<Item = RangeInclusive<u64>> + use<> {
    let keys = rings.iter().flat_map(|ring| ring.keys());
    let times = keys.flat_map(|key| [key.seal_from(), key.open_until()]);
    let times = times.flatten().map(UnixTime::as_secs);
    let firsts: BTreeSet<u64> = times
        .chain([*window.start()])
        .filter(|time| window.contains(time))
        .collect();
    let lasts: Vec<u64> = firsts
        .iter()
        .skip(1)
        .map(|next| next.saturating_sub(1))
        .chain([*window.end()])
        .collect();
    firsts
        .into_iter()
        .zip(lasts)
        .map(|(first, last)| first..=last)
}

/// Whether both are none or have one secret.
fn same(a: Option<&RingKey>, b: Option<&RingKey>) -> bool {
    a.map(|key| key.key().as_bytes()) == b.map(|key| key.key().as_bytes())
}
