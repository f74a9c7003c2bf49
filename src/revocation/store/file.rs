//! [`FileStore`]: the document in one file, shared by the processes of a machine.
//!
//! How it is replaced so that a crash leaves the old document or the new one is [`WholeFile`]'s.

use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;
use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use super::super::document::MARK_LEN;
use super::{
    Loaded, Replaced, RevocationStore, StoreError, StoreErrorKind, StoreFuture, Version, check_len,
};
use crate::runtime::unblock::unblock;
use crate::runtime::whole_file::{FileError, Readers, WholeFile};

/// Keeps the document in a file, for the processes of one machine.
///
/// Beside it stand `….lock`, and for a moment `….new`. They are readable by their owner alone. The
/// folder must be on a local disk: over a network, locks and renames may mean less than they say.
///
/// ```
/// use sealed_session::{FileStore, Key, KeyRing, Revocations, ScopeKind};
///
/// const USER: ScopeKind<u64> = ScopeKind::new("user");
///
/// # let folder = std::env::temp_dir().join(format!("sealed-session-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// let keys = KeyRing::from_key(Key::generate()?);
/// let store = FileStore::new(folder.join("revocations"));
/// let revocations = Revocations::shared("shop.example", &keys, store).build()?;
/// revocations.create_store().wait()?; // once in the store's life, by hand or by the deployment
/// revocations.revoke_scope(USER, 7).wait()?; // durable when this returns
/// # std::fs::remove_dir_all(folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct FileStore {
    file: WholeFile,
    on_calling_thread: bool,
}

impl FileStore {
    /// The store in the file `path`, in a folder that exists.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            file: WholeFile::new(path),
            on_calling_thread: false,
        }
    }

    /// Reads and writes on the thread that drives the call, and not on one of its own: for code
    /// without a runtime, which waits for it anyway.
    #[must_use]
    pub const fn on_calling_thread(mut self) -> Self {
        self.on_calling_thread = true;
        self
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    fn load_now(&self, known: Option<&Version>) -> Result<Loaded, StoreError> {
        let Some(Opened {
            mut file,
            len,
            version,
            mut bytes,
        }) = self.open()?
        else {
            return Ok(Loaded::Absent);
        };
        if known == Some(&version) {
            return Ok(Loaded::NotModified);
        }
        check_len(usize::try_from(len).unwrap_or(usize::MAX))?;
        file.read_to_end(&mut bytes)
            .map_err(|error| self.failed("cannot read", &error))?;
        Ok(Loaded::Document { bytes, version })
    }

    /// None where there is no file.
    fn open(&self) -> Result<Option<Opened>, StoreError> {
        let file = match File::open(self.path()) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.failed("cannot open", &error)),
        };
        Opened::read(file)
            .map(Some)
            .map_err(|error| self.failed("cannot read", &error))
    }

    fn replace_now(
        &self,
        expected: Option<&Version>,
        document: &[u8],
    ) -> Result<Replaced, StoreError> {
        let lock = self.file.lock().map_err(|error| self.refused(&error))?;
        let present = self.open()?.map(|opened| opened.version);
        if present.as_ref() != expected {
            return Ok(Replaced::Conflict);
        }
        self.file
            .replace(&lock, document, Readers::AsBefore)
            .map_err(|error| self.refused(&error))?;
        let len = u64::try_from(document.len()).unwrap_or(u64::MAX);
        let start = document.get(..MARK_LEN).unwrap_or(document);
        Ok(Replaced::Done(fingerprint(len, start)))
    }

    fn refused(&self, error: &FileError) -> StoreError {
        if error.is_undurable() {
            let text = format!("{} {}: {}", error.what, self.path().display(), error.error);
            return StoreError::new(StoreErrorKind::Unavailable, text);
        }
        self.failed(error.what, &error.error)
    }

    fn run<R: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<R, StoreError> + Send + 'static,
    ) -> StoreFuture<'static, Result<R, StoreError>> {
        if self.on_calling_thread {
            return Box::pin(async move { work() });
        }
        Box::pin(async move {
            let done = unblock(work).await;
            done.unwrap_or_else(|error| Err(StoreError::new(StoreErrorKind::Unavailable, error)))
        })
    }

    fn failed(&self, what: &str, error: &io::Error) -> StoreError {
        let kind = match error.kind() {
            ErrorKind::PermissionDenied
            | ErrorKind::ReadOnlyFilesystem
            | ErrorKind::NotADirectory
            | ErrorKind::IsADirectory
            | ErrorKind::NotFound
            | ErrorKind::InvalidInput => StoreErrorKind::Refused,
            _ => StoreErrorKind::Unavailable,
        };
        StoreError::new(kind, format!("{what} {}: {error}", self.path().display()))
    }
}

/// The document's file, and its first bytes.
struct Opened {
    file: File,
    len: u64,
    version: Version,
    bytes: Vec<u8>,
}

impl Opened {
    fn read(file: File) -> io::Result<Self> {
        let len = file.metadata()?.len();
        let mut bytes = Vec::new();
        (&file).take(MARK_LEN as u64).read_to_end(&mut bytes)?;
        Ok(Self {
            version: fingerprint(len, &bytes),
            file,
            len,
            bytes,
        })
    }
}

/// What no two documents share, and the length.
fn fingerprint(len: u64, start: &[u8]) -> Version {
    Version::from_bytes(&[&len.to_be_bytes()[..], start].concat())
}

impl RevocationStore for FileStore {
    fn load<'a>(
        &'a self,
        known: Option<&'a Version>,
    ) -> StoreFuture<'a, Result<Loaded, StoreError>> {
        let (store, known) = (self.clone(), known.cloned());
        self.run(move || store.load_now(known.as_ref()))
    }

    fn replace<'a>(
        &'a self,
        expected: Option<&'a Version>,
        document: Vec<u8>,
    ) -> StoreFuture<'a, Result<Replaced, StoreError>> {
        let (store, expected) = (self.clone(), expected.cloned());
        self.run(move || store.replace_now(expected.as_ref(), &document))
    }
}
