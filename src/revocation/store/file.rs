//! [`FileStore`]: the document in one file, shared by the processes of a machine.
//!
//! [`WholeFile`] replaces it so that a crash leaves the old document or the new one.

use alloc::boxed::Box;
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use super::{
    Loaded, MAX_DOCUMENT, Replaced, RevocationStore, StoreError, StoreErrorKind, StoreFuture,
    Version, check_len, fingerprint,
};
use crate::runtime::background::unblock;
#[cfg(unix)]
use crate::runtime::whole_file::Owner;
use crate::runtime::whole_file::{FileError, Readers, WholeFile};

/// Keeps the document in a file, for the processes of one machine.
///
/// Beside it are `….lock` and, for a moment, `….new`. Only their owner can read them. The folder
/// must be on a local disk: on a network file system, locks and renames may not keep their
/// promises.
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
/// revocations.create_store().wait()?; // unless there is one
/// revocations.revoke_scope(USER, 7).wait()?; // durable when this returns
/// # std::fs::remove_dir_all(folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct FileStore {
    file: WholeFile,
    /// Calls that have not come back.
    calls: Arc<AtomicUsize>,
}

/// A disk that hangs keeps each call that was given up, with its document. Past so many there is no
/// other.
const MAX_CALLS: usize = 16;

/// One of these calls.
struct Call(Arc<AtomicUsize>);

impl Drop for Call {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl FileStore {
    /// The store in the file `path`, in a folder that exists.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            file: WholeFile::new(path),
            calls: Arc::default(),
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

    fn load_now(&self, known: Option<&Version>) -> Result<Loaded, StoreError> {
        let Some(bytes) = self.read()? else {
            return Ok(Loaded::Absent);
        };
        let version = fingerprint(&bytes);
        if known == Some(&version) {
            return Ok(Loaded::NotModified);
        }
        Ok(Loaded::Document { bytes, version })
    }

    /// The document as it stands there, damaged or not. None where there is no file.
    fn read(&self) -> Result<Option<Vec<u8>>, StoreError> {
        let cannot_read = |error| self.failed("cannot read", &error);
        let file = match File::open(self.path()) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.failed("cannot open", &error)),
        };
        let len = file.metadata().map_err(cannot_read)?.len();
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        check_len(len)?;
        let mut bytes = Vec::with_capacity(len);
        let mut limited = file.take(MAX_DOCUMENT as u64);
        limited.read_to_end(&mut bytes).map_err(cannot_read)?;
        Ok(Some(bytes))
    }

    fn replace_now(
        &self,
        expected: Option<&Version>,
        document: &[u8],
    ) -> Result<Replaced, StoreError> {
        let lock = self.file.lock().map_err(|error| self.refused(&error))?;
        let present = self.read()?.map(|bytes| fingerprint(&bytes));
        if present.as_ref() != expected {
            return Ok(Replaced::Conflict);
        }
        self.file
            .replace(&lock, document, Readers::AsBefore)
            .map_err(|error| self.refused(&error))?;
        Ok(Replaced::Done(fingerprint(document)))
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
        let begun = self.calls.fetch_add(1, Ordering::Relaxed);
        let call = Call(Arc::clone(&self.calls));
        let path = self.path().to_path_buf();
        Box::pin(async move {
            if begun >= MAX_CALLS {
                let text = format!("{begun} calls on {} have not come back", path.display());
                return Err(StoreError::new(StoreErrorKind::Unavailable, text));
            }
            let work = move || {
                let _call = call;
                work()
            };
            let done = unblock(work).await;
            done.unwrap_or_else(|error| Err(StoreError::new(StoreErrorKind::Unavailable, error)))
        })
    }

    fn failed(&self, what: &str, error: &io::Error) -> StoreError {
        let kind = if may_pass(error) {
            StoreErrorKind::Unavailable
        } else {
            StoreErrorKind::Refused
        };
        StoreError::new(kind, format!("{what} {}: {error}", self.path().display()))
    }
}

/// Whether the same call can succeed a moment later, with nobody's help. What is not known to is
/// not tried again: a full disk, a file that is mounted by itself, a missing permission.
fn may_pass(error: &io::Error) -> bool {
    match error.kind() {
        ErrorKind::Interrupted
        | ErrorKind::WouldBlock
        | ErrorKind::TimedOut
        | ErrorKind::OutOfMemory
        | ErrorKind::StaleNetworkFileHandle => true,
        // Of our own, without a number: the lock was removed, a thread died.
        ErrorKind::Other => true,
        _ => cfg!(unix) && matches!(error.raw_os_error(), Some(EIO | ENFILE | EMFILE)),
    }
}

/// The disk failed, or too many files are open. Numbers of Linux, the BSDs and macOS.
const EIO: i32 = 5;
const ENFILE: i32 = 23;
const EMFILE: i32 = 24;

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
