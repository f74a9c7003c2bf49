//! The text form of a [`KeyRing`], read. It is written in `print`; what surrounds it, and which characters
//! it may have, is in `surface`.
//!
//! ```text
//! ring   = line *( line-end line )
//! line   = *separator [ key *( 1*separator ( key / field ) ) *separator ] [ "#" comment ]
//! field  = "seal-from=" ( time / "always" ) / "open-until=" time
//! ```
//!
//! Separators are spaces, tabs and commas. A field belongs to the key before it on its line. So there is a
//! form without spaces and line ends, which nothing cuts on its way through an environment variable.

use alloc::vec::Vec;
use core::str::FromStr;

use super::surface::Surface;
use super::{KeyRing, RingKey};
use crate::error::{KeyRingError, KeyRingErrorKind};
use crate::keys::key::{Key, PREFIX, TEXT_LEN};

pub(super) const SEAL_FROM: &str = "seal-from=";
pub(super) const OPEN_UNTIL: &str = "open-until=";
/// What a key without `seal-from` has, spelled out.
pub(super) const ALWAYS: &str = "always";

/// What base64 makes of a text that starts with a key.
const PREFIX_IN_BASE64: &str = "c3NrMV";

impl FromStr for KeyRing {
    type Err = KeyRingError;

    fn from_str(text: &str) -> Result<Self, KeyRingError> {
        Reader::read(text)?.into_ring()
    }
}

impl KeyRing {
    /// Reads the ring from the value of an environment variable, however the program came by it. Stricter
    /// than `parse`, because the value of such a variable may have been cut on its way:
    ///
    /// - After the last key there must be a field. A key without a start and without an end is written
    ///   `ssk1_…,seal-from=always`.
    /// - The last key to seal must have no `open-until`.
    ///
    /// [`expose_secrets_in_one_line`](Self::expose_secrets_in_one_line) gives the form that is never cut.
    ///
    /// # Errors
    ///
    /// [`KeyRingError`]: the value is no ring, or may be a part of one.
    pub fn from_variable(value: &str) -> Result<Self, KeyRingError> {
        let reader = Reader::read(value)?;
        let is_bare = reader.given == Given::default();
        let ring = reader.into_ring()?;
        let cut = if is_bare {
            ring.keys
                .last()
                .map(|key| (KeyRingErrorKind::CutAtSpace, key))
        } else {
            let latest = Some(ring.latest()).filter(|key| key.open_until.is_some());
            latest.map(|key| (KeyRingErrorKind::CutAtLineEnd, key))
        };
        match cut {
            None => Ok(ring),
            Some((kind, key)) => Err(KeyRingError::new(kind, key.line, ring.place(key))),
        }
    }
}

/// Which fields the last key has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Given {
    seal_from: bool,
    open_until: bool,
}

/// The keys so far.
#[derive(Default)]
struct Reader {
    keys: Vec<RingKey>,
    given: Given,
    /// Why there may be nothing else.
    hidden: Option<KeyRingError>,
}

impl Reader {
    fn read(text: &str) -> Result<Self, KeyRingError> {
        let mut reader = Self::default();
        for line in Surface::of(text).lines() {
            line.check(reader.next_place())?;
            let before = reader.keys.len();
            for word in line.words() {
                let has_key = reader.keys.len() > before;
                reader.word(word, line.number, has_key)?;
            }
            if let Some(hidden) = line.key_in_comment() {
                if reader.keys.len() > before {
                    return Err(hidden);
                }
                reader.hidden = reader.hidden.or(Some(hidden));
            }
        }
        Ok(reader)
    }

    fn next_place(&self) -> usize {
        self.keys.len().saturating_add(1)
    }

    /// One word of line `number`, which has a key before it or not.
    fn word(&mut self, word: &str, number: usize, has_key: bool) -> Result<(), KeyRingError> {
        if has_key && !word.starts_with(PREFIX) {
            let field = self.field(word);
            return field.map_err(|kind| KeyRingError::new(kind, Some(number), self.keys.len()));
        }
        let error = |kind| KeyRingError::new(kind, Some(number), self.next_place());
        if [SEAL_FROM, OPEN_UNTIL]
            .iter()
            .any(|field| word.starts_with(field))
        {
            return Err(error(KeyRingErrorKind::FieldBeforeKey));
        }
        if word.starts_with(PREFIX_IN_BASE64) {
            return Err(error(KeyRingErrorKind::Base64));
        }
        let key = word.parse().map_err(|kind| {
            let key = word.get(..TEXT_LEN).map(str::parse::<Key>);
            error(match key {
                Some(Ok(_)) => KeyRingErrorKind::NotSeparated,
                _ => KeyRingErrorKind::Key(kind),
            })
        })?;
        self.keys.push(RingKey {
            line: Some(number),
            ..RingKey::new(key)
        });
        self.given = Given::default();
        Ok(())
    }

    /// A field of the last key.
    fn field(&mut self, word: &str) -> Result<(), KeyRingErrorKind> {
        let key = self
            .keys
            .last_mut()
            .ok_or(KeyRingErrorKind::FieldBeforeKey)?;
        let given = if let Some(time) = word.strip_prefix(SEAL_FROM) {
            if time != ALWAYS {
                key.seal_from = Some(time.parse().map_err(KeyRingErrorKind::SealFrom)?);
            }
            &mut self.given.seal_from
        } else if let Some(time) = word.strip_prefix(OPEN_UNTIL) {
            key.open_until = Some(time.parse().map_err(KeyRingErrorKind::OpenUntil)?);
            &mut self.given.open_until
        } else if word.contains("=ssk1_") || word.contains(":ssk1_") {
            return Err(KeyRingErrorKind::NameBeforeKey);
        } else {
            return Err(KeyRingErrorKind::UnknownField);
        };
        if core::mem::replace(given, true) {
            return Err(KeyRingErrorKind::RepeatedField);
        }
        Ok(())
    }

    fn into_ring(self) -> Result<KeyRing, KeyRingError> {
        match self.hidden {
            Some(hidden) if self.keys.is_empty() => Err(hidden),
            _ => KeyRing::new(self.keys),
        }
    }
}
