//! Where a key ring was to be loaded from, and why it was not. Places are named, secrets never.

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
    /// It is longer than a mebibyte, so it is something else.
    TooLong,
    /// The text is no key ring.
    Ring(KeyRingError),
    /// What a source of one's own says.
    Other(alloc::sync::Arc<dyn core::error::Error + Send + Sync>),
}

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
