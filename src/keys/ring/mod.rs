//! [`KeyRing`]: root keys and their schedule.
//!
//! It decides which key seals at a moment and which keys may still open, and refuses every ring in
//! which that is unclear. `surface` and `text` read its text form, and `print` writes it. `derived`
//! derives the keys for an audience. Spec, section 2.

pub(crate) mod derived;
#[cfg(feature = "std")]
mod file;
mod print;
#[cfg(feature = "std")]
mod source;
mod surface;
mod text;

use alloc::vec::Vec;
use core::fmt;

use crate::error::{KeyRingError, KeyRingErrorKind};
use crate::keys::key::Key;
use crate::time::UnixTime;

#[cfg(feature = "std")]
pub use file::{KeyRingFile, KeyRingUpdateError};

/// A key and its place in the schedule.
#[derive(Clone)]
pub struct RingKey {
    key: Key,
    seal_from: Option<UnixTime>,
    open_until: Option<UnixTime>,
    line: Option<usize>,
}

impl RingKey {
    /// A key that may seal and open at any time.
    #[must_use]
    pub const fn new(key: Key) -> Self {
        Self {
            key,
            seal_from: None,
            open_until: None,
            line: None,
        }
    }

    /// From this second on the key seals, until a key with a later `seal_from` takes over. Opening
    /// ignores it.
    #[must_use]
    pub const fn with_seal_from(mut self, time: UnixTime) -> Self {
        self.seal_from = Some(time);
        self
    }

    /// From this second on the key neither opens nor seals.
    #[must_use]
    pub const fn with_open_until(mut self, time: UnixTime) -> Self {
        self.open_until = Some(time);
        self
    }

    pub(crate) const fn open_until_or_for_ever(mut self, time: Option<UnixTime>) -> Self {
        self.open_until = time;
        self
    }

    /// The key.
    #[must_use]
    pub const fn key(&self) -> &Key {
        &self.key
    }

    /// When the key starts to seal. `None` means always.
    #[must_use]
    pub const fn seal_from(&self) -> Option<UnixTime> {
        self.seal_from
    }

    /// When the key stops opening. `None` means never.
    #[must_use]
    pub const fn open_until(&self) -> Option<UnixTime> {
        self.open_until
    }
}

impl fmt::Debug for RingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RingKey")
            .field("key", &self.key)
            .field("seal_from", &self.seal_from)
            .field("open_until", &self.open_until)
            .finish()
    }
}

/// Root keys with a schedule, so that a new key is deployed once and every server switches to it
/// in the same second.
///
/// At any moment, the key with the latest `seal_from` that is not in the future seals. A key
/// without a `seal_from` comes before all others. The order of the list means nothing. A key
/// without an `open_until` opens for ever.
///
/// The text form has one or more keys on a line, each followed by optional fields. Spaces or commas
/// separate them. `#` starts a comment, which ends with its line. The form is the same in a file
/// and in an environment variable. Use `parse` for the text of a file. Do not use it for an
/// environment variable, whose value may have been cut on its way: [`from_env`](Self::from_env) and
/// [`from_variable`](Self::from_variable) refuse a value that looks cut.
///
/// ```
/// use sealed_session::{KeyRing, UnixTime};
///
/// # let old = sealed_session::Key::from_bytes(&core::array::from_fn(|i| i as u8))?.expose_secret();
/// # let new = sealed_session::Key::from_bytes(&core::array::from_fn(|i| !i as u8))?.expose_secret();
/// # let (old, new) = (old.as_str(), new.as_str());
/// let ring: KeyRing = format!("
///     {old}  open-until=2027-02-01T00:00:00Z   # until the last session under it has ended
///     {new}  seal-from=2027-01-15T00:00:00Z
/// ").parse()?;
///
/// let new_years_eve: UnixTime = "2026-12-31T23:59:59Z".parse()?;
/// let sealing = ring.sealing_key(new_years_eve).map(|key| key.key().id("shop.example"));
/// assert_eq!(sealing, Some(old.parse::<sealed_session::Key>()?.id("shop.example")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct KeyRing {
    keys: Vec<RingKey>,
}

impl KeyRing {
    /// A ring of these keys, in any order.
    ///
    /// # Errors
    ///
    /// [`KeyRingError`], which names the key by its place: no key at all, or the same secret or the
    /// same `seal_from` twice.
    pub fn new(keys: impl IntoIterator<Item = RingKey>) -> Result<Self, KeyRingError> {
        let keys: Vec<RingKey> = keys.into_iter().collect();
        if keys.is_empty() {
            return Err(KeyRingError::new(KeyRingErrorKind::Empty, None, 0));
        }
        for (index, key) in keys.iter().enumerate() {
            let entry = index.saturating_add(1);
            let error = |kind| KeyRingError::new(kind, key.line, entry);
            for (other, earlier) in (1..).zip(keys.iter().take(index)) {
                if earlier.key.as_bytes() == key.key.as_bytes() {
                    return Err(error(KeyRingErrorKind::SameSecret { other }));
                }
                if earlier.seal_from == key.seal_from {
                    return Err(error(KeyRingErrorKind::SameSealFrom { other }));
                }
            }
        }
        Ok(Self { keys })
    }

    /// A ring of one key, which seals always and opens for ever.
    #[must_use]
    pub fn from_key(key: Key) -> Self {
        Self {
            keys: alloc::vec![RingKey::new(key)],
        }
    }

    /// The keys, in the order in which they were given.
    #[must_use]
    pub fn keys(&self) -> &[RingKey] {
        &self.keys
    }

    /// The key that seals at `now`. `None` if every `seal_from` is in the future, or if the key
    /// whose turn it is has passed its `open_until`.
    #[must_use]
    pub fn sealing_key(&self, now: UnixTime) -> Option<&RingKey> {
        self.scheduled_key(now)
            .filter(|key| key.open_until.is_none_or(|until| now < until))
    }

    /// The key whose turn it is at `now`, whether it has closed or not.
    pub(crate) fn scheduled_key(&self, now: UnixTime) -> Option<&RingKey> {
        let begun = self.keys.iter().filter(|key| key.seal_from <= Some(now));
        begun.max_by_key(|key| key.seal_from)
    }

    /// The key that takes over last. A ring has one.
    pub(crate) fn latest(&self) -> &RingKey {
        #[expect(clippy::expect_used, reason = "`new` refuses a ring without keys")]
        self.keys
            .iter()
            .max_by_key(|key| key.seal_from)
            .expect("a ring has a key")
    }

    /// When another key takes over from `key`: the next greater `seal_from`. None: never.
    pub(crate) fn sealing_end(&self, key: &RingKey) -> Option<UnixTime> {
        let starts = self.keys.iter().filter_map(|other| other.seal_from);
        starts.filter(|&start| Some(start) > key.seal_from).min()
    }

    /// The entry of this secret.
    pub(crate) fn find(&self, key: &Key) -> Option<&RingKey> {
        let same = |own: &&RingKey| own.key.as_bytes() == key.as_bytes();
        self.keys.iter().find(same)
    }

    /// The place of this secret's entry, from 1. 0: it has none.
    fn place(&self, key: &RingKey) -> usize {
        let mut places = (1..).zip(&self.keys);
        places
            .find(|(_, own)| own.key.as_bytes() == key.key.as_bytes())
            .map_or(0, |(place, _)| place)
    }

    /// Whether it has this secret.
    pub(crate) fn contains(&self, key: &Key) -> bool {
        self.find(key).is_some()
    }

    /// Whether the same keys have the same times, in whatever order and lines.
    #[cfg(feature = "std")]
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let has = |key: &RingKey| {
            let times = |key: &RingKey| (key.seal_from, key.open_until);
            other
                .find(&key.key)
                .is_some_and(|own| times(own) == times(key))
        };
        // Secrets are distinct within a ring.
        self.keys.len() == other.keys.len() && self.keys.iter().all(has)
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.keys).finish()
    }
}
