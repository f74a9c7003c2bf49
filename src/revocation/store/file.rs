//! [`FileStore`]: the document in one file, shared by the processes of a machine.
//!
//! A replacement takes the lock, compares, writes the new document aside, syncs it, renames it into
//! place and syncs the folder. So a crash at any moment leaves the old document or the new one, and
//! only the new one once the replacement was acknowledged. The lock is a file of its own, because
//! the document's is another one after every change; the kernel gives it back when its holder dies.

use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;
use core::time::Duration;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Instant;

use super::super::document::MARK_LEN;
use super::unblock::unblock;
use super::{
    Loaded, Replaced, RevocationStore, StoreError, StoreErrorKind, StoreFuture, Version, check_len,
};

/// How long another process may hold the lock.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);
const LOCK_RETRY: Duration = Duration::from_millis(5);

/// Keeps the document in a file, for the processes of one machine.
///
/// Beside it stand `….lock`, and for a moment `….new`. They are readable by their owner alone. The
/// folder must be on a local disk: over a network, locks and renames may mean less than they say.
///
/// ```
/// use sealed_session::{FileStore, Key, KeyRing, Revocations, Scope};
///
/// # let folder = std::env::temp_dir().join(format!("sealed-session-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// let keys = KeyRing::from_key(Key::generate()?);
/// let store = FileStore::new(folder.join("revocations"));
/// let revocations = Revocations::shared("shop.example", &keys, store).build()?;
/// revocations.create_store().wait()?; // once in the store's life, by hand or by the deployment
/// revocations.revoke(&[Scope::new("user", 7)?]).wait()?; // durable when this returns
/// # std::fs::remove_dir_all(folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct FileStore {
    path: PathBuf,
    on_calling_thread: bool,
}

impl FileStore {
    /// The store in the file `path`, in a folder that exists.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
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
        &self.path
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        let mut name: OsString = self.path.clone().into_os_string();
        name.push(suffix);
        name.into()
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
        let file = match File::open(&self.path) {
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
        self.check_no_link()?;
        let _lock = self.lock()?;
        let present = self.open()?.map(|opened| opened.version);
        if present.as_ref() != expected {
            return Ok(Replaced::Conflict);
        }
        let aside = self.beside(".new");
        self.write_aside(&aside, document)
            .map_err(|error| self.failed("cannot write beside", &error))?;
        // Opened first, so that what fails after the rename is the disk alone.
        #[cfg(unix)]
        let folder = File::open(folder_of(&self.path))
            .map_err(|error| self.failed("cannot open the folder of", &error))?;
        fs::rename(&aside, &self.path).map_err(|error| self.failed("cannot replace", &error))?;
        // The rename is durable when the folder is. Until then it may be done or not.
        #[cfg(unix)]
        folder.sync_all().map_err(|error| {
            let text = format!("cannot sync the folder of {}: {error}", self.path.display());
            StoreError::new(StoreErrorKind::Unavailable, text)
        })?;
        let len = u64::try_from(document.len()).unwrap_or(u64::MAX);
        let start = document.get(..MARK_LEN).unwrap_or(document);
        Ok(Replaced::Done(fingerprint(len, start)))
    }

    /// A rename would replace a link, and other processes go on with its target.
    fn check_no_link(&self) -> Result<(), StoreError> {
        if fs::symlink_metadata(&self.path).is_ok_and(|found| found.is_symlink()) {
            let link = "it is a symbolic link; name the file itself";
            let link = io::Error::new(ErrorKind::InvalidInput, link);
            return Err(self.failed("cannot replace", &link));
        }
        Ok(())
    }

    /// Only the holder of the lock writes aside, so what stands there was left by one that died.
    fn write_aside(&self, aside: &Path, document: &[u8]) -> io::Result<()> {
        match fs::remove_file(aside) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = private_options().write(true).create_new(true).open(aside)?;
        // Whose the document is, and who may read it, is the operator's choice once it is there.
        if let Ok(present) = fs::metadata(&self.path) {
            keep_owner(&file, &present)?;
            file.set_permissions(present.permissions())?;
        }
        file.write_all(document)?;
        // Before the rename: else the name could outlive a crash, and the bytes not.
        file.sync_all()
    }

    /// Waits for the lock, which ends with the file that is returned.
    fn lock(&self) -> Result<File, StoreError> {
        let path = self.beside(".lock");
        let file = private_options()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|error| self.failed("cannot open the lock beside", &error))?;
        // Whoever may write the document may lock it. Where this may not be changed, it was before.
        if let Ok(present) = fs::metadata(&self.path) {
            let _ = keep_owner(&file, &present);
        }
        let begun = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                // A signal that came in between is tried again, too.
                Err(TryLockError::Error(error)) if error.kind() != ErrorKind::Interrupted => {
                    return Err(self.failed("cannot lock", &error));
                }
                Err(_) if begun.elapsed() < LOCK_TIMEOUT => thread::sleep(LOCK_RETRY),
                Err(_) => {
                    let held = "another process has held it for 10 seconds";
                    let held = io::Error::new(ErrorKind::TimedOut, held);
                    return Err(self.failed("cannot lock", &held));
                }
            }
        }
    }

    fn run<R: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<R, StoreError> + Send + 'static,
    ) -> StoreFuture<'static, Result<R, StoreError>> {
        if self.on_calling_thread {
            return Box::pin(async move { work() });
        }
        unblock(work)
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
        StoreError::new(kind, format!("{what} {}: {error}", self.path.display()))
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

/// For the owner alone, where there are owners.
fn private_options() -> OpenOptions {
    let options = OpenOptions::new();
    #[cfg(unix)]
    let options = {
        use std::os::unix::fs::OpenOptionsExt as _;
        let mut options = options;
        options.mode(0o600);
        options
    };
    options
}

#[cfg(unix)]
fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if parent != Path::new("") => PathBuf::from(parent),
        _ => PathBuf::from("."),
    }
}

/// Gives `file` the owner and group of the document that stands there: root's write must not shut the
/// service out.
#[cfg(unix)]
fn keep_owner(file: &File, present: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let new = file.metadata()?;
    if (new.uid(), new.gid()) == (present.uid(), present.gid()) {
        return Ok(());
    }
    fchown(file, Some(present.uid()), Some(present.gid()))
}

#[cfg(not(unix))]
fn keep_owner(_: &File, _: &fs::Metadata) -> io::Result<()> {
    Ok(())
}
