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
use crate::keys::key::Key;
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
            for entry in entries(line) {
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

fn entries(line: &str) -> impl Iterator<Item = &str> {
    let content = line.split_once('#').map_or(line, |(content, _)| content);
    content.split(',').map(str::trim).filter(|e| !e.is_empty())
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
            push_entry(&mut text, key);
            text.push('\n');
        }
        text
    }

    /// `former`, the text of another ring, changed where this one differs, wiped when dropped: lines that
    /// stay the same keep their comments and their place, a line whose keys are all gone goes, and new keys
    /// come last. It reads back as this ring.
    ///
    /// # Errors
    ///
    /// [`KeyRingError`] when `former` is no ring.
    pub fn amend(&self, former: &str) -> Result<Zeroizing<String>, KeyRingError> {
        let known: Self = former.parse()?;
        let times = |key: &RingKey| (key.seal_from, key.open_until);
        // Room for all of it, as above, however short a line was.
        let added = self.keys.len().saturating_mul(LINE_CAPACITY);
        let mut text = Zeroizing::new(String::with_capacity(former.len().saturating_add(added)));
        for (number, line) in (1..).zip(former.lines()) {
            let here = known.keys.iter().filter(|key| key.line == Some(number));
            let kept: Vec<&RingKey> = here.clone().filter_map(|key| self.find(&key.key)).collect();
            let same = here
                .clone()
                .map(times)
                .eq(kept.iter().map(|key| times(key)));
            if same {
                text.push_str(line);
            } else if kept.is_empty() {
                continue;
            } else {
                for (place, key) in kept.iter().enumerate() {
                    text.push_str(if place == 0 { "" } else { ", " });
                    push_entry(&mut text, key);
                }
                if let Some((_, comment)) = line.split_once('#') {
                    text.push_str("  #");
                    text.push_str(comment);
                }
            }
            text.push('\n');
        }
        for key in self.keys.iter().filter(|key| !known.contains(&key.key)) {
            push_entry(&mut text, key);
            text.push('\n');
        }
        Ok(text)
    }
}

fn push_entry(text: &mut String, key: &RingKey) {
    text.push_str(&key.key.expose_secret());
    for (field, time) in [(SEAL_FROM, key.seal_from), (OPEN_UNTIL, key.open_until)] {
        if let Some(time) = time {
            text.push(' ');
            text.push_str(field);
            text.push_str(&time.to_string());
        }
    }
}
