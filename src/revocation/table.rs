//! [`Table`]: revoked scopes in the order of their bytes, with an index over their first bits, and a
//! filter over the next four.
//!
//! Scopes are hashes, so a bucket of the index holds one or two of them whatever the size of the
//! table. Most look-ups are of a scope that is not there, and seven in eight of those end at the
//! filter: it takes a tenth of the table's memory, so it stays in a cache that the table has no room
//! in. The others read one place of the index and one of the entries. Whoever finds ids whose hashes
//! fall together makes a bucket longer, and it is searched by halves.

use alloc::vec;
use alloc::vec::Vec;

use super::scope::Scope;
use crate::time::Epoch;

/// Bytes of an entry, here and in a stored document.
pub(super) const ENTRY_LEN: usize = 20;

/// A scope and the clock at which it was revoked. Bytes, so that an entry has no padding.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Entry {
    scope: Scope,
    epoch: [u8; 8],
}
const _: () = assert!(size_of::<Entry>() == ENTRY_LEN);

impl Entry {
    fn new(scope: Scope, epoch: Epoch) -> Self {
        Self {
            scope,
            epoch: epoch.as_millis().to_be_bytes(),
        }
    }

    fn epoch(&self) -> Epoch {
        Epoch::from_millis(u64::from_be_bytes(self.epoch))
    }
}

/// At most one entry a scope. An empty one has no index.
#[derive(Clone)]
pub(super) struct Table {
    entries: Vec<Entry>,
    /// For each value of a scope's first bits, where its entries begin; and the end of the last.
    index: Vec<u32>,
    /// For each of those values, a bit for each value of the next four bits that an entry has.
    filter: Vec<u16>,
    /// What is left of 32 bits without the first.
    shift: u32,
    newest: Epoch,
}

/// The rest follows from the entries.
impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}

impl Eq for Table {}

impl Table {
    pub(super) const fn empty() -> Self {
        Self {
            entries: Vec::new(),
            index: Vec::new(),
            filter: Vec::new(),
            shift: 0,
            newest: Epoch::ZERO,
        }
    }

    /// The entries in any order; the greatest epoch of each scope counts.
    pub(super) fn new(entries: impl IntoIterator<Item = (Scope, Epoch)>) -> Self {
        let new = |(scope, epoch)| Entry::new(scope, epoch);
        let mut entries: Vec<Entry> = entries.into_iter().map(new).collect();
        // The latest first within a scope, and the first is kept.
        entries.sort_unstable_by_key(|entry| (entry.scope, core::cmp::Reverse(entry.epoch)));
        entries.dedup_by_key(|entry| entry.scope);
        Self::of(entries)
    }

    /// None unless the scopes ascend.
    pub(super) fn from_ascending(
        entries: impl IntoIterator<Item = (Scope, Epoch)>,
    ) -> Option<Self> {
        let new = |(scope, epoch)| Entry::new(scope, epoch);
        let entries: Vec<Entry> = entries.into_iter().map(new).collect();
        entries
            .is_sorted_by(|a, b| a.scope < b.scope)
            .then(|| Self::of(entries))
    }

    /// `entries` ascend, and hold a scope once.
    fn of(mut entries: Vec<Entry>) -> Self {
        entries.shrink_to_fit();
        // Four of the 32 are the filter's.
        let bits = entries.len().checked_ilog2().unwrap_or(0).min(28);
        let shift = 32_u32.saturating_sub(bits);
        let buckets = 1_usize.checked_shl(bits).unwrap_or(1);
        let mut index = Vec::with_capacity(buckets.saturating_add(1));
        let mut filter = vec![0; buckets];
        for (position, entry) in (0..).zip(&entries) {
            let (bucket, bit) = bucket(entry.scope, shift);
            if let Some(bits) = filter.get_mut(bucket) {
                *bits |= bit;
            }
            while index.len() <= bucket {
                index.push(position);
            }
        }
        let end = u32::try_from(entries.len()).unwrap_or(u32::MAX);
        index.resize(buckets.saturating_add(1), end);
        let newest = entries.iter().map(Entry::epoch).max().unwrap_or_default();
        Self {
            entries,
            index,
            filter,
            shift,
            newest,
        }
    }

    /// When `scope` was last revoked.
    pub(super) fn get(&self, scope: Scope) -> Option<Epoch> {
        let (bucket, bit) = bucket(scope, self.shift);
        if self.filter.get(bucket)? & bit == 0 {
            return None;
        }
        let position =
            |bucket| Some(usize::try_from(*self.index.get(bucket)?).unwrap_or(usize::MAX));
        let (start, end) = (position(bucket)?, position(bucket.saturating_add(1))?);
        let entries = self.entries.get(start..end)?;
        let found = entries.binary_search_by_key(&scope, |entry| entry.scope);
        found.ok().and_then(|at| entries.get(at)).map(Entry::epoch)
    }

    /// The greatest epoch: a token at or above it is in none of the entries.
    pub(super) const fn newest(&self) -> Epoch {
        self.newest
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Scope, Epoch)> + '_ {
        self.entries
            .iter()
            .map(|entry| (entry.scope, entry.epoch()))
    }

    /// The same table with `scopes` at `epoch`, which is above every entry.
    pub(super) fn with(&self, scopes: &[Scope], epoch: Epoch) -> Self {
        let mut scopes = scopes.to_vec();
        scopes.sort_unstable();
        scopes.dedup();
        let mut entries = Vec::with_capacity(self.len().saturating_add(scopes.len()));
        let mut former = self.entries.iter().copied().peekable();
        for scope in scopes {
            while let Some(entry) = former.next_if(|entry| entry.scope < scope) {
                entries.push(entry);
            }
            former.next_if(|entry| entry.scope == scope);
            entries.push(Entry::new(scope, epoch));
        }
        entries.extend(former);
        Self::of(entries)
    }

    /// The entries above `floor`.
    pub(super) fn above(&self, floor: Epoch) -> Self {
        let kept = self.entries.iter().filter(|entry| entry.epoch() > floor);
        Self::of(kept.copied().collect())
    }
}

/// The place of `scope` in an index over all but `shift` of its first 32 bits, and the bit of the
/// filter that stands for the next four.
fn bucket(scope: Scope, shift: u32) -> (usize, u16) {
    let [a, b, c, d, ..] = scope.to_bytes();
    let prefix = u32::from_be_bytes([a, b, c, d]);
    // A shift by all 32 bits leaves nothing: one bucket.
    let bucket = prefix.checked_shr(shift).unwrap_or(0);
    let next = prefix.checked_shr(shift.saturating_sub(4)).unwrap_or(0) & 0xf;
    (
        usize::try_from(bucket).unwrap_or(usize::MAX),
        1_u16.checked_shl(next).unwrap_or(0),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;

    /// Scopes that fall into few buckets, and others.
    fn scope(number: u64) -> Scope {
        let mut bytes = [0; 12];
        let spread = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let first = if number.is_multiple_of(3) { 7 } else { spread };
        bytes[..8].copy_from_slice(&first.to_be_bytes());
        bytes[8..].copy_from_slice(&u32::try_from(number).unwrap().to_be_bytes());
        Scope::from_bytes(bytes)
    }

    #[test]
    fn every_size_of_table_finds_its_own_scopes_and_no_other() {
        let most = if cfg!(miri) { 130 } else { 5000 };
        for len in (0..70).chain([127, 128, 129, 1000, 4097]) {
            if len > most {
                continue;
            }
            let entry = |number| (scope(number), Epoch::from_millis(number + 1));
            let table = Table::new((0..len).map(entry));
            for number in 0..len + 20 {
                let expected = (number < len).then(|| Epoch::from_millis(number + 1));
                assert_eq!(table.get(scope(number)), expected);
            }
            assert_eq!(table.newest(), Epoch::from_millis(len));
            assert_eq!(table.len() as u64, len);
        }
    }

    #[test]
    fn changes_give_the_table_of_a_plain_map() {
        let mut table = Table::empty();
        let mut model = BTreeMap::new();
        let mut number = 1;
        let steps = if cfg!(miri) { 30 } else { 200 };
        for step in 1..steps {
            let epoch = Epoch::from_millis(step);
            let scopes: Vec<Scope> = (0..step % 5)
                .map(|_| {
                    number = number * 48_271 % 0x7fff_ffff;
                    scope(number % 40)
                })
                .collect();
            table = table.with(&scopes, epoch);
            model.extend(scopes.into_iter().map(|scope| (scope, epoch)));
            if step % 7 == 0 {
                let floor = Epoch::from_millis(step - 6);
                table = table.above(floor);
                model.retain(|_, epoch| *epoch > floor);
            }
            assert!(
                table
                    .iter()
                    .eq(model.iter().map(|(&scope, &epoch)| (scope, epoch)))
            );
            assert!(table == Table::new(model.clone()));
        }
    }

    #[test]
    #[cfg_attr(
        miri,
        ignore = "a million entries take Miri an hour, and their size is no matter of memory safety"
    )]
    fn a_million_entries_take_less_than_64_mib() {
        let table = Table::new((0..1_000_000).map(|number| {
            let spread = scope(number * 3 + 1);
            (spread, Epoch::from_millis(number))
        }));
        let bytes = table.entries.capacity() * ENTRY_LEN
            + table.index.capacity() * 4
            + table.filter.capacity() * 2;
        assert!(bytes < 64 << 20);
        assert_eq!(bytes, 23_145_732, "22.1 MiB");
    }

    /// Where a bucket holds nearly two entries, as many as it ever does on average.
    #[test]
    fn the_filter_ends_seven_in_eight_look_ups_of_scopes_that_are_not_there() {
        if cfg!(miri) {
            return;
        }
        let user = |number: u32| Scope::named("user", &number.to_be_bytes()).unwrap();
        let table = Table::new((0..16_000).map(|number| (user(number), Epoch::from_millis(1))));
        let passes = |scope: Scope| {
            let (bucket, bit) = bucket(scope, table.shift);
            table.filter[bucket] & bit != 0
        };
        let passed = (16_000..32_000).filter(|&number| passes(user(number)));
        assert!((1_700..2_000).contains(&passed.count()));
    }
}
