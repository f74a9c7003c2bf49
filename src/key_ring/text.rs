//! The text form of a [`KeyRing`], read and written.
//!
//! ```text
//! ring  = line *( LF line )
//! line  = [ entry *( "," entry ) ] [ "#" comment ]
//! entry = [ key *( space field ) ]
//! field = "seal-from=" time / "open-until=" time
//! ```

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::str::FromStr;

use zeroize::Zeroizing;

use super::{KeyRing, RingKey};
use crate::error::{KeyRingError, KeyRingErrorKind};
use crate::key::Key;
use crate::time::UnixTime;

const SEAL_FROM: &str = "seal-from=";
const OPEN_UNTIL: &str = "open-until=";

/// More than a line takes: 53 characters of a key and two fields of at most 32.
const LINE_CAPACITY: usize = 128;

impl FromStr for KeyRing {
    type Err = KeyRingError;

    fn from_str(text: &str) -> Result<Self, KeyRingError> {
        let mut keys = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let content = line.split_once('#').map_or(line, |(content, _)| content);
            for entry in content.split(',').map(str::trim).filter(|e| !e.is_empty()) {
                let place = keys.len().saturating_add(1);
                let key = parse_entry(entry)
                    .map_err(|kind| KeyRingError::new(kind, Some(number), place))?;
                keys.push(RingKey {
                    line: Some(number),
                    ..key
                });
            }
        }
        Self::new(keys)
    }
}

fn parse_entry(entry: &str) -> Result<RingKey, KeyRingErrorKind> {
    let mut words = entry.split_whitespace();
    let key: Key = words
        .next()
        .unwrap_or_default()
        .parse()
        .map_err(KeyRingErrorKind::Key)?;
    let mut parsed = RingKey::new(key);
    for word in words {
        if let Some(time) = word.strip_prefix(SEAL_FROM) {
            let time = time.parse().map_err(KeyRingErrorKind::SealFrom)?;
            set_once(&mut parsed.seal_from, time)?;
        } else if let Some(time) = word.strip_prefix(OPEN_UNTIL) {
            let time = time.parse().map_err(KeyRingErrorKind::OpenUntil)?;
            set_once(&mut parsed.open_until, time)?;
        } else {
            return Err(KeyRingErrorKind::UnknownField);
        }
    }
    Ok(parsed)
}

fn set_once(field: &mut Option<UnixTime>, time: UnixTime) -> Result<(), KeyRingErrorKind> {
    match field.replace(time) {
        None => Ok(()),
        Some(_) => Err(KeyRingErrorKind::RepeatedField),
    }
}

impl KeyRing {
    /// The text form, one key a line, wiped when dropped. It reads back as the same ring.
    #[must_use]
    pub fn expose_secrets(&self) -> Zeroizing<String> {
        // Room for all of it, so that the text never moves and leaves a copy behind.
        let capacity = self.keys.len().saturating_mul(LINE_CAPACITY);
        let mut text = Zeroizing::new(String::with_capacity(capacity));
        for key in &self.keys {
            text.push_str(&key.key.expose_secret());
            for (field, time) in [(SEAL_FROM, key.seal_from), (OPEN_UNTIL, key.open_until)] {
                if let Some(time) = time {
                    text.push(' ');
                    text.push_str(field);
                    text.push_str(&time.to_string());
                }
            }
            text.push('\n');
        }
        text
    }
}
