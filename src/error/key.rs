//! What is wrong with a key or a key ring. Places are named, secrets never.

use core::fmt;

use crate::time::TimeError;

/// A text or byte string that is no key.
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

/// A key ring that is not usable, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyRingError {
    line: Option<usize>,
    entry: usize,
    kind: KeyRingErrorKind,
}

impl KeyRingError {
    pub(crate) const fn new(kind: KeyRingErrorKind, line: Option<usize>, entry: usize) -> Self {
        Self { line, entry, kind }
    }

    /// The line of the ring's text, from 1. None for a ring that was not read from text.
    #[must_use]
    pub const fn line(&self) -> Option<usize> {
        self.line
    }

    /// Which key of the ring, from 1, counting over all lines. 0 where the ring is empty.
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
        if self.entry > 0 {
            write!(f, ", key {}", self.entry)?;
        }
        f.write_str(": ")?;
        match self.kind {
            KeyRingErrorKind::Empty => f.write_str("there is no key"),
            KeyRingErrorKind::Key(error) => error.fmt(f),
            KeyRingErrorKind::UnknownField => f.write_str(
                "unknown field; after the key, \"seal-from=TIME\" and \"open-until=TIME\" may follow",
            ),
            KeyRingErrorKind::RepeatedField => f.write_str("the same field twice"),
            KeyRingErrorKind::SealFrom(error) => write!(f, "seal-from: {error}"),
            KeyRingErrorKind::OpenUntil(error) => write!(f, "open-until: {error}"),
            KeyRingErrorKind::SameSecret { other } => {
                write!(f, "the same secret as key {other}")
            }
            KeyRingErrorKind::SameSealFrom { other } => write!(
                f,
                "the same seal-from as key {other} (none counts as always), so neither is the \
                 sealing key",
            ),
            KeyRingErrorKind::SameKeyId { other } => write!(
                f,
                "the same key id as key {other} for this audience, by chance; generate another key",
            ),
        }
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
    /// Something other than `seal-from=…` or `open-until=…` follows a key.
    UnknownField,
    /// A field stands twice behind one key.
    RepeatedField,
    /// `seal-from` is no time.
    SealFrom(TimeError),
    /// `open-until` is no time.
    OpenUntil(TimeError),
    /// Two keys have the same secret.
    SameSecret {
        /// The other key's place in the ring.
        other: usize,
    },
    /// Two keys have the same `seal-from`, or none.
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

/// A key ring that could not be loaded, and from where.
#[cfg(feature = "std")]
#[derive(Debug)]
pub struct KeyRingSourceError {
    source: alloc::string::String,
    kind: KeyRingSourceErrorKind,
}

/// Why a key ring could not be loaded.
#[cfg(feature = "std")]
#[derive(Debug)]
#[non_exhaustive]
pub enum KeyRingSourceErrorKind {
    /// The environment variable is not set.
    NotSet,
    /// The environment variable or file is not UTF-8.
    NotUtf8,
    /// The file could not be read.
    Read(std::io::Error),
    /// It is longer than a mebibyte, so it is something else.
    TooLong,
    /// The text is no key ring.
    Ring(KeyRingError),
    /// What a source of one's own says.
    Other(alloc::boxed::Box<dyn core::error::Error + Send + Sync>),
}

#[cfg(feature = "std")]
impl KeyRingSourceError {
    pub(crate) const fn new(source: alloc::string::String, kind: KeyRingSourceErrorKind) -> Self {
        Self { source, kind }
    }

    /// What `source`, such as "vault", gave is no ring.
    #[must_use]
    pub fn ring(source: &str, error: KeyRingError) -> Self {
        Self::new(source.into(), KeyRingSourceErrorKind::Ring(error))
    }

    /// `source` gave nothing, and says why. The error must not hold a secret: it is logged.
    #[must_use]
    pub fn other(
        source: &str,
        error: impl Into<alloc::boxed::Box<dyn core::error::Error + Send + Sync>>,
    ) -> Self {
        Self::new(source.into(), KeyRingSourceErrorKind::Other(error.into()))
    }

    /// Why it could not be loaded.
    #[must_use]
    pub const fn kind(&self) -> &KeyRingSourceErrorKind {
        &self.kind
    }
}

#[cfg(feature = "std")]
impl fmt::Display for KeyRingSourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.source)?;
        match &self.kind {
            KeyRingSourceErrorKind::NotSet => f.write_str("not set"),
            KeyRingSourceErrorKind::NotUtf8 => f.write_str("the text is not UTF-8"),
            KeyRingSourceErrorKind::Read(error) => error.fmt(f),
            KeyRingSourceErrorKind::TooLong => {
                f.write_str("longer than a mebibyte, so not a key ring")
            }
            KeyRingSourceErrorKind::Ring(error) => error.fmt(f),
            KeyRingSourceErrorKind::Other(error) => error.fmt(f),
        }
    }
}

#[cfg(feature = "std")]
impl core::error::Error for KeyRingSourceError {}
