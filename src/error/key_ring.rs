//! What is wrong with a key ring. The errors name places, and never show a secret or anything else
//! of the text, because it may be a secret that was put into the wrong place.

use core::fmt;

use super::KeyError;
use crate::time::TimeError;

/// A key ring that cannot be used, and where the mistake is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyRingError {
    line: Option<usize>,
    column: Option<usize>,
    entry: usize,
    kind: KeyRingErrorKind,
}

impl KeyRingError {
    pub(crate) const fn new(kind: KeyRingErrorKind, line: Option<usize>, entry: usize) -> Self {
        Self {
            line,
            column: None,
            entry,
            kind,
        }
    }

    /// Of one character of the text, whatever key it belongs to.
    pub(crate) const fn at(kind: KeyRingErrorKind, line: usize, column: usize) -> Self {
        Self {
            line: Some(line),
            column: Some(column),
            entry: 0,
            kind,
        }
    }

    /// The line of the ring's text, from 1. `None` for a ring that was not read from text.
    #[must_use]
    pub const fn line(&self) -> Option<usize> {
        self.line
    }

    /// Which character of the line, from 1. `None` if the error is about more than one character.
    #[must_use]
    pub const fn column(&self) -> Option<usize> {
        self.column
    }

    /// Which key of the ring, from 1, counting over all lines. 0 if the error is not about one key.
    #[must_use]
    pub const fn entry(&self) -> usize {
        self.entry
    }

    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> KeyRingErrorKind {
        self.kind
    }
}

impl fmt::Display for KeyRingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("key ring")?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(column) = self.column {
            write!(f, ", column {column}")?;
        }
        if self.entry > 0 {
            write!(f, ", key {}", self.entry)?;
        }
        f.write_str(": ")?;
        self.kind.fmt(f)
    }
}

impl core::error::Error for KeyRingError {}

/// What is wrong with a key ring. Other keys are named by their place in it, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyRingErrorKind {
    /// There is no key.
    Empty,
    /// A key does not parse.
    Key(KeyError),
    /// Something other than a key, `seal-from=…` or `open-until=…` follows a key.
    UnknownField,
    /// A key has the same field twice.
    RepeatedField,
    /// A field has no key before it on its line.
    FieldBeforeKey,
    /// A key is followed by something without a space, comma or line end between.
    NotSeparated,
    /// A name stands before the key, as in `SESSION_KEYS=ssk1_…`.
    NameBeforeKey,
    /// The text is base64 of a ring, as Kubernetes shows a secret.
    Base64,
    /// A quote that is not one of a pair around the whole text.
    Quote,
    /// A backslash, as in a `\n` that is not a line end.
    Backslash,
    /// White space other than space, tab and line end, or an invisible character.
    OtherWhiteSpace,
    /// Another character that is not ASCII, outside of a comment.
    NotAscii,
    /// A control character other than tab and line end.
    ControlCharacter,
    /// A comment contains a key, as if a line end was lost.
    KeyInComment,
    /// In an environment variable: nothing follows the last key, as if the value was cut at a
    /// space.
    CutAtSpace,
    /// In an environment variable: the last key to seal closes, as if the value was cut at a line
    /// end.
    CutAtLineEnd,
    /// `seal-from` is not a time.
    SealFrom(TimeError),
    /// `open-until` is not a time.
    OpenUntil(TimeError),
    /// Two keys have the same secret.
    SameSecret {
        /// The other key's place in the ring.
        other: usize,
    },
    /// Two keys have the same `seal-from`, or both have none.
    SameSealFrom {
        /// The other key's place in the ring.
        other: usize,
    },
    /// Two keys have the same key id for the audience in use.
    SameKeyId {
        /// The other key's place in the ring.
        other: usize,
    },
}

impl fmt::Display for KeyRingErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Key(error) => return error.fmt(f),
            Self::SealFrom(error) => return write!(f, "seal-from: {error}"),
            Self::OpenUntil(error) => return write!(f, "open-until: {error}"),
            Self::SameSecret { other } => return write!(f, "the same secret as key {other}"),
            Self::SameSealFrom { other } => {
                return write!(
                    f,
                    "the same seal-from as key {other} (none counts as always), so neither is the \
                     sealing key",
                );
            }
            Self::SameKeyId { other } => {
                return write!(
                    f,
                    "the same key id as key {other} for this audience, by chance; generate another key",
                );
            }
            Self::Empty => "there is no key",
            Self::UnknownField => {
                "neither a key, \"ssk1_…\", nor \"seal-from=TIME\" or \"open-until=TIME\"; write them \
                 so, without spaces around ="
            }
            Self::RepeatedField => "the same field twice",
            Self::FieldBeforeKey => {
                "no key stands before this time; write seal-from and open-until behind their key, on \
                 the same line"
            }
            Self::NotSeparated => {
                "the key goes on without a break; put a space, a comma or a line end between it and \
                 what follows"
            }
            Self::NameBeforeKey => {
                "a name stands before the key; give only what follows NAME= or NAME:, from \"ssk1_\" on"
            }
            Self::Base64 => "the ring is in base64, as in a Kubernetes Secret; decode it first",
            Self::Quote => {
                "a quote; one pair of quotes may stand around the whole ring, and none inside it"
            }
            Self::Backslash => {
                "a backslash, as in \\n that did not become a line end; separate keys and times by \
                 commas instead"
            }
            Self::OtherWhiteSpace => {
                "white space that is not a space, tab or line end, or an invisible character, as in \
                 text from a web page or a chat; delete it, and type a plain space where one belongs"
            }
            Self::NotAscii => {
                "a character that is not ASCII, as in text from a web page or a chat; type it anew \
                 (only comments may hold such characters)"
            }
            Self::ControlCharacter => {
                "a control character, as in a damaged file or one that is not UTF-8; delete it, or \
                 save the ring as UTF-8"
            }
            Self::KeyInComment => {
                "the comment after # holds a key, which is not read, as where a line end was lost; \
                 leave the comment out, or give each key a line"
            }
            Self::CutAtSpace => {
                "nothing follows the last key, as where the value was cut at a space; if there was \
                 more, put the value in quotes, or write commas instead of spaces; if this is all, \
                 write \"ssk1_…,seal-from=always\""
            }
            Self::CutAtLineEnd => {
                "the last key to seal has an open-until and no key follows it, as where the value was \
                 cut at a line end; write commas instead of spaces and line ends; if this is all, keep \
                 the ring in a file"
            }
        })
    }
}
