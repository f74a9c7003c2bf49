//! Why a key ring was not loaded, and from where. The errors name places, never secrets.

use core::fmt;

use super::KeyRingError;

/// A key ring that could not be loaded, and from where.
#[derive(Clone, Debug)]
pub struct KeyRingSourceError {
    source: alloc::string::String,
    kind: KeyRingSourceErrorKind,
}

/// Why a key ring could not be loaded.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum KeyRingSourceErrorKind {
    /// The environment variable is not set.
    NotSet,
    /// The environment variable or file is not UTF-8.
    NotUtf8,
    /// The file is UTF-16, as some editors and shells of Windows write it.
    Utf16,
    /// The file could not be read.
    Read(alloc::sync::Arc<std::io::Error>),
    /// It is longer than a mebibyte, so it is not a key ring.
    TooLong,
    /// The text is not a key ring.
    Ring(KeyRingError),
    /// The error of a source of your own.
    Other(alloc::sync::Arc<dyn core::error::Error + Send + Sync>),
}

impl KeyRingSourceError {
    pub(crate) const fn new(source: alloc::string::String, kind: KeyRingSourceErrorKind) -> Self {
        Self { source, kind }
    }

    /// What `source`, such as "vault", gave is not a ring.
    #[must_use]
    pub fn ring(source: &str, error: KeyRingError) -> Self {
        Self::new(source.into(), KeyRingSourceErrorKind::Ring(error))
    }

    /// `source` gave nothing; `error` says why. It must not contain a secret, because it is logged.
    #[must_use]
    pub fn other(
        source: &str,
        error: impl Into<alloc::boxed::Box<dyn core::error::Error + Send + Sync>>,
    ) -> Self {
        Self::new(
            source.into(),
            KeyRingSourceErrorKind::Other(error.into().into()),
        )
    }

    /// Why it could not be loaded.
    #[must_use]
    pub const fn kind(&self) -> &KeyRingSourceErrorKind {
        &self.kind
    }
}

impl fmt::Display for KeyRingSourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.source)?;
        match &self.kind {
            KeyRingSourceErrorKind::NotSet => f.write_str("not set"),
            KeyRingSourceErrorKind::NotUtf8 => {
                f.write_str("the text is not UTF-8; save it as UTF-8")
            }
            KeyRingSourceErrorKind::Utf16 => f.write_str("the text is UTF-16; save it as UTF-8"),
            KeyRingSourceErrorKind::Read(error) => error.fmt(f),
            KeyRingSourceErrorKind::TooLong => {
                f.write_str("longer than a mebibyte, so not a key ring")
            }
            KeyRingSourceErrorKind::Ring(error) => error.fmt(f),
            KeyRingSourceErrorKind::Other(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for KeyRingSourceError {}
