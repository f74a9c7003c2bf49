//! The text form of a [`KeyRing`], written: a key a line for a file, one line without spaces for an
//! environment variable, or another text changed where the ring differs.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::surface::Surface;
use super::text::{ALWAYS, OPEN_UNTIL, SEAL_FROM};
use super::{KeyRing, RingKey};
use crate::error::KeyRingError;

/// More than a line takes: 53 characters of a key and two fields of at most 32.
const LINE_CAPACITY: usize = 128;

impl KeyRing {
    /// Room for all of it, so that the text never moves and leaves a copy behind.
    fn room(&self) -> Zeroizing<String> {
        let capacity = self.keys.len().saturating_mul(LINE_CAPACITY);
        Zeroizing::new(String::with_capacity(capacity))
    }

    /// The text form, one key a line, wiped when dropped. It reads back as the same ring.
    #[must_use]
    pub fn expose_secrets(&self) -> Zeroizing<String> {
        let mut text = self.room();
        for key in &self.keys {
            push_line(&mut text, key);
            text.push('\n');
        }
        text
    }

    /// The text form in one line without spaces, for an environment variable: nothing on the way there cuts
    /// it, and it needs no quotes. Wiped when dropped. It reads back as the same ring.
    ///
    /// ```text
    /// ssk1_…,seal-from=2026-11-22T00:00:00Z,open-until=2027-02-01T00:00:00Z,ssk1_…,seal-from=2027-01-15T00:00:00Z
    /// ```
    #[must_use]
    pub fn expose_secrets_in_one_line(&self) -> Zeroizing<String> {
        let mut text = self.room();
        for (place, key) in self.keys.iter().enumerate() {
            text.push_str(if place == 0 { "" } else { "," });
            let from = key.seal_from.map(|time| time.to_string());
            let from = from.unwrap_or_else(|| ALWAYS.into());
            push_entry(&mut text, key, ",", Some(from));
        }
        text
    }

    /// `former`, the text of another ring, changed where this one differs, wiped when dropped: lines that
    /// stay the same keep their comments and their place, a line whose keys are all gone goes, and new keys
    /// come last. A byte-order mark and quotes around the whole go. It reads back as this ring.
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
        for line in Surface::of(former).lines() {
            let here = known
                .keys
                .iter()
                .filter(|key| key.line == Some(line.number));
            let kept: Vec<&RingKey> = here.clone().filter_map(|key| self.find(&key.key)).collect();
            let same = here
                .clone()
                .map(times)
                .eq(kept.iter().map(|key| times(key)));
            if same {
                text.push_str(line.whole);
            } else if kept.is_empty() {
                continue;
            } else {
                for (place, key) in kept.iter().enumerate() {
                    text.push_str(if place == 0 { "" } else { ", " });
                    push_line(&mut text, key);
                }
                if let Some(comment) = line.comment {
                    text.push_str("  #");
                    text.push_str(comment);
                }
            }
            text.push('\n');
        }
        for key in self.keys.iter().filter(|key| !known.contains(&key.key)) {
            push_line(&mut text, key);
            text.push('\n');
        }
        Ok(text)
    }
}

/// As in a file.
fn push_line(text: &mut String, key: &RingKey) {
    let from = key.seal_from.map(|time| time.to_string());
    push_entry(text, key, " ", from);
}

fn push_entry(text: &mut String, key: &RingKey, separator: &str, from: Option<String>) {
    text.push_str(&key.key.expose_secret());
    let until = key.open_until.map(|time| time.to_string());
    for (field, time) in [(SEAL_FROM, from), (OPEN_UNTIL, until)] {
        if let Some(time) = time {
            text.push_str(separator);
            text.push_str(field);
            text.push_str(&time);
        }
    }
}
