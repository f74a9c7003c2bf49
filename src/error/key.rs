//! What is wrong with a key. The errors show nothing of the key.

use core::fmt;

/// A text or byte string that is not a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// The text does not start with `ssk1_`.
    Prefix,
    /// The text does not have 53 characters.
    Length,
    /// What follows `ssk1_` is not canonical base64url.
    Encoding,
    /// The check sum does not match: a character was changed or lost.
    CheckSum,
    /// The secret is one byte repeated, so it did not come from a random generator.
    Weak,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Prefix => "a key starts with \"ssk1_\"",
            Self::Length => "a key has 53 characters: \"ssk1_\" and 48 more",
            Self::Encoding => "the characters after \"ssk1_\" are not base64url",
            Self::CheckSum => "the key's check sum does not match: it was damaged in copying",
            Self::Weak => "the key's secret is one repeated byte, not random",
        })
    }
}

impl core::error::Error for KeyError {}
