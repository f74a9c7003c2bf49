//! Where a [`KeyRing`] is loaded from: an environment variable or a file.

use alloc::format;
use alloc::string::String;
use std::env::VarError;
use std::path::Path;

use zeroize::Zeroizing;

use super::{KeyRing, KeyRingFile};
use crate::error::{KeyRingSourceError, KeyRingSourceErrorKind};
use crate::keys::key::PREFIX;

impl KeyRing {
    /// Reads the ring from the environment variable `variable`, as strictly as
    /// [`from_variable`](Self::from_variable) does.
    ///
    /// # Errors
    ///
    /// [`KeyRingSourceError`] when the variable is not set, is not UTF-8, holds no ring, or may hold a part
    /// of one.
    pub fn from_env(variable: &str) -> Result<Self, KeyRingSourceError> {
        read_env(variable)
            .map_err(|kind| KeyRingSourceError::new(name("environment variable", variable), kind))
    }

    /// Reads the ring from the file at `path`.
    ///
    /// # Errors
    ///
    /// [`KeyRingSourceError`] when the file cannot be read, is not UTF-8 or holds no ring.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, KeyRingSourceError> {
        KeyRingFile::new(path.as_ref()).load()
    }
}

/// The source `name`, unless that is the ring itself, given in the place of its name.
pub(super) fn name(source: &str, name: &str) -> String {
    if name.contains(PREFIX) {
        format!(
            "{source} whose name holds a key (not shown here; give the name of what holds the ring)"
        )
    } else {
        format!("{source} {name}")
    }
}

fn read_env(variable: &str) -> Result<KeyRing, KeyRingSourceErrorKind> {
    let text = std::env::var(variable).map_err(|error| match error {
        VarError::NotPresent => KeyRingSourceErrorKind::NotSet,
        VarError::NotUnicode(text) => {
            drop(Zeroizing::new(text.into_encoded_bytes()));
            KeyRingSourceErrorKind::NotUtf8
        }
    })?;
    let text = Zeroizing::new(text);
    KeyRing::from_variable(&text).map_err(KeyRingSourceErrorKind::Ring)
}
