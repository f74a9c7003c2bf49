//! Where a [`KeyRing`] is loaded from: an environment variable or a file.

use std::path::Path;

use zeroize::Zeroizing;

use super::KeyRing;
use crate::error::KeyRingSourceError;

impl KeyRing {
    /// Reads the ring from the environment variable `variable`.
    ///
    /// # Errors
    ///
    /// [`KeyRingSourceError`] when the variable is not set, is not UTF-8 or holds no ring.
    pub fn from_env(variable: &str) -> Result<Self, KeyRingSourceError> {
        let text = std::env::var(variable).map_err(|error| match error {
            std::env::VarError::NotPresent => KeyRingSourceError::NotSet {
                variable: variable.into(),
            },
            std::env::VarError::NotUnicode(_) => KeyRingSourceError::NotUtf8,
        })?;
        Ok(Zeroizing::new(text).parse()?)
    }

    /// Reads the ring from the file at `path`.
    ///
    /// # Errors
    ///
    /// [`KeyRingSourceError`] when the file cannot be read, is not UTF-8 or holds no ring.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, KeyRingSourceError> {
        let bytes = Zeroizing::new(std::fs::read(path).map_err(KeyRingSourceError::Read)?);
        let text = core::str::from_utf8(&bytes).map_err(|_| KeyRingSourceError::NotUtf8)?;
        Ok(text.parse()?)
    }
}
