//! [`KeyRingFile`]: a ring in a file, read, made and changed in place.

use alloc::format;
use alloc::sync::Arc;
use core::error::Error;
use core::fmt;
use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::KeyRing;
use super::source::name;
use crate::error::{KeyRingSourceError, KeyRingSourceErrorKind};
#[cfg(unix)]
use crate::runtime::whole_file::Owner;
use crate::runtime::whole_file::{FileError, Readers, WholeFile};

/// Longer than any ring.
const MAX_LEN: u64 = 1 << 20;

/// A key ring in a file. A process that changes the file holds a lock, the file `….lock` beside it,
/// and replaces the file as a whole. So a reader finds the old ring or the new one, also after a
/// crash.
#[derive(Clone, Debug)]
pub struct KeyRingFile {
    file: WholeFile,
}

impl KeyRingFile {
    /// The ring in the file `path`.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            file: WholeFile::new(path),
        }
    }

    /// The numbers of the user and the group that will own the file and its lock when they are
    /// created: for root, who creates them for a service. Unix only.
    #[cfg(unix)]
    #[must_use]
    pub fn owned_by(mut self, user: u32, group: u32) -> Self {
        self.file.set_owner(Owner { user, group });
        self
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Reads the ring.
    ///
    /// # Errors
    ///
    /// [`KeyRingSourceError`] when the file cannot be read, is longer than a mebibyte, is not UTF-8
    /// or holds no ring.
    pub fn load(&self) -> Result<KeyRing, KeyRingSourceError> {
        let text = self.read().map_err(|kind| self.source_error(kind))?;
        self.parse(&text)
    }

    /// Creates the file. Only its owner can read it.
    ///
    /// # Errors
    ///
    /// [`KeyRingUpdateError::Write`]; an existing file is left as it is.
    pub fn create(
        &self,
        ring: &KeyRing,
    ) -> Result<(), KeyRingUpdateError<core::convert::Infallible>> {
        // Before anything is put beside it, and again when nobody else can make it.
        self.check_absent()?;
        let lock = self.file.lock().map_err(|error| self.write_error(&error))?;
        self.check_absent()?;
        self.file
            .replace(&lock, ring.expose_secrets().as_bytes(), Readers::NotOthers)
            .map_err(|error| self.write_error(&error))
    }

    fn check_absent<E>(&self) -> Result<(), KeyRingUpdateError<E>> {
        if std::fs::symlink_metadata(self.path()).is_err() {
            return Ok(());
        }
        let exists = FileError {
            what: "cannot make",
            error: io::Error::new(ErrorKind::AlreadyExists, "it is there already"),
        };
        Err(self.write_error(&exists))
    }

    /// Reads the ring, and replaces it by what `change` returns. If that is `None`, the file stays
    /// as it is. Lines that have not changed are kept with their comments. A changed file keeps its
    /// owner, and is no longer readable by everybody. Returns whether the file has changed.
    ///
    /// # Errors
    ///
    /// [`KeyRingUpdateError`]. The file is as it was, unless the error says otherwise.
    pub fn update<E>(
        &self,
        change: impl FnOnce(&KeyRing) -> Result<Option<KeyRing>, E>,
    ) -> Result<bool, KeyRingUpdateError<E>> {
        let lock = self.file.lock().map_err(|error| self.write_error(&error))?;
        let text = self.read().map_err(|kind| self.source_error(kind));
        let text = text.map_err(KeyRingUpdateError::Load)?;
        let ring = self.parse(&text).map_err(KeyRingUpdateError::Load)?;
        let Some(new) = change(&ring).map_err(KeyRingUpdateError::Change)? else {
            return Ok(false);
        };
        let amended = new.amend(&text).map_err(KeyRingSourceErrorKind::Ring);
        let amended = amended.map_err(|kind| KeyRingUpdateError::Load(self.source_error(kind)))?;
        self.file
            .replace(&lock, amended.as_bytes(), Readers::NotOthers)
            .map_err(|error| self.write_error(&error))?;
        Ok(true)
    }

    fn read(&self) -> Result<Zeroizing<alloc::string::String>, KeyRingSourceErrorKind> {
        let file = File::open(self.path()).map_err(unread)?;
        let len = file.metadata().map_err(unread)?.len();
        // Room for all of it, so that the text never moves and leaves a copy behind.
        let room = usize::try_from(len.min(MAX_LEN)).unwrap_or_default();
        let mut bytes = Zeroizing::new(alloc::vec::Vec::with_capacity(room.saturating_add(1)));
        let mut limited = file.take(MAX_LEN.saturating_add(1));
        let read = limited.read_to_end(&mut bytes);
        let read = read.map_err(unread)?;
        if u64::try_from(read).unwrap_or(u64::MAX) > MAX_LEN {
            return Err(KeyRingSourceErrorKind::TooLong);
        }
        let text = core::str::from_utf8(&bytes).map_err(|_| {
            // The byte-order mark of either order, which no UTF-8 has.
            match bytes.as_slice() {
                [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => KeyRingSourceErrorKind::Utf16,
                _ => KeyRingSourceErrorKind::NotUtf8,
            }
        })?;
        Ok(Zeroizing::new(text.into()))
    }

    fn parse(&self, text: &str) -> Result<KeyRing, KeyRingSourceError> {
        let ring = text.parse().map_err(KeyRingSourceErrorKind::Ring);
        ring.map_err(|kind| self.source_error(kind))
    }

    fn source_error(&self, kind: KeyRingSourceErrorKind) -> KeyRingSourceError {
        KeyRingSourceError::new(name("file", &self.path().to_string_lossy()), kind)
    }

    pub(crate) fn failed(&self, error: io::Error) -> KeyRingSourceError {
        self.source_error(unread(error))
    }

    fn write_error<E>(&self, error: &FileError) -> KeyRingUpdateError<E> {
        let after = if error.is_undurable() {
            "; the new ring is there, and a crash may take it back: write it again before it is deployed"
        } else {
            ""
        };
        let text = format!(
            "{} {}: {}{after}",
            error.what,
            self.path().display(),
            error.error
        );
        KeyRingUpdateError::Write(io::Error::new(error.error.kind(), text))
    }
}

/// Why a ring's file was not changed.
#[derive(Debug)]
#[non_exhaustive]
pub enum KeyRingUpdateError<E> {
    /// The present ring could not be loaded, or the new one does not fit the file.
    Load(KeyRingSourceError),
    /// `change` returned an error.
    Change(E),
    /// The new ring could not be written.
    Write(io::Error),
}

impl<E: fmt::Display> fmt::Display for KeyRingUpdateError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Load(error) => error.fmt(f),
            Self::Change(error) => error.fmt(f),
            Self::Write(error) => error.fmt(f),
        }
    }
}

impl<E: Error> Error for KeyRingUpdateError<E> {}

fn unread(error: io::Error) -> KeyRingSourceErrorKind {
    KeyRingSourceErrorKind::Read(Arc::new(error))
}
