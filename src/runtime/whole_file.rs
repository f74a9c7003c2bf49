//! [`WholeFile`]: a file that is only ever replaced as a whole, under a lock, and durably.
//!
//! The new content is written aside, synced, renamed into place, and the folder synced. So a crash at
//! any moment leaves the old content or the new one, and only the new one once the replacement was
//! acknowledged. The lock is a file of its own, because the file itself is another one after every
//! change; the kernel gives it back when its holder dies.

use core::time::Duration;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Instant;

/// How long another process may hold the lock.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);
const LOCK_RETRY: Duration = Duration::from_millis(5);

/// A path, beside which stand `….lock`, and for a moment `….new`, readable by their owner alone.
#[derive(Clone, Debug)]
pub(crate) struct WholeFile {
    path: PathBuf,
    owner: Option<Owner>,
}

/// Whose a file is to be: the numbers of the user and of the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) user: u32,
    pub(crate) group: u32,
}

/// Proof that this process alone replaces the file, until it is dropped or somebody removes the lock.
#[derive(Debug)]
pub(crate) struct Lock {
    held: File,
    path: PathBuf,
}

/// Unlocked, and not only closed: a process that was forked meanwhile has the same file open, and the
/// lock would be its.
impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.held.unlock();
    }
}

impl Lock {
    /// Whether others lock this very file, too. One that was removed locks nobody out: the next process
    /// makes another.
    fn stands(&self) -> io::Result<bool> {
        match fs::metadata(&self.path) {
            Ok(named) => Ok(is_same(&self.held.metadata()?, &named)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Who may read the new content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readers {
    /// Who could read the old one; the owner of the folder, where there was none.
    AsBefore,
    /// The same, but never everybody; its maker, where there was none.
    NotOthers,
}

/// What failed: `what` is the beginning of a sentence that the path ends.
#[derive(Debug)]
pub(crate) struct FileError {
    pub(crate) what: &'static str,
    pub(crate) error: io::Error,
}

impl FileError {
    fn on(what: &'static str) -> impl Fn(io::Error) -> Self {
        move |error| Self { what, error }
    }

    /// Whether the new content can be seen but may not survive a crash.
    pub(crate) fn is_undurable(&self) -> bool {
        self.what == SYNC_FOLDER
    }
}

const SYNC_FOLDER: &str = "cannot sync the folder of";

impl WholeFile {
    pub(crate) fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            owner: None,
        }
    }

    /// Gives the file and its lock to `owner` when they are made.
    #[cfg(unix)]
    pub(crate) fn set_owner(&mut self, owner: Owner) {
        self.owner = Some(owner);
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        let mut name: OsString = self.path.clone().into_os_string();
        name.push(suffix);
        name.into()
    }

    /// Waits for the lock. A symbolic link is refused: a rename would replace it, and other processes
    /// go on with its target.
    pub(crate) fn lock(&self) -> Result<Lock, FileError> {
        if fs::symlink_metadata(&self.path).is_ok_and(|found| found.is_symlink()) {
            let link = "it is a symbolic link; name the file itself";
            let link = io::Error::new(ErrorKind::InvalidInput, link);
            return Err(FileError::on("cannot replace")(link));
        }
        let path = self.beside(".lock");
        let failed = FileError::on("cannot lock");
        let begun = Instant::now();
        loop {
            let held = self
                .open_lock(&path)
                .map_err(FileError::on("cannot open the lock beside"))?;
            let locked = held.try_lock();
            let lock = Lock {
                held,
                path: path.clone(),
            };
            match locked {
                Ok(()) if lock.stands().map_err(&failed)? => return Ok(lock),
                // A signal that came in between is tried again, too.
                Err(TryLockError::Error(error)) if error.kind() != ErrorKind::Interrupted => {
                    return Err(failed(error));
                }
                _ if begun.elapsed() < LOCK_TIMEOUT => thread::sleep(LOCK_RETRY),
                _ => {
                    let held = "another process has held it for 10 seconds";
                    return Err(failed(io::Error::new(ErrorKind::TimedOut, held)));
                }
            }
        }
    }

    /// Whoever may write the file may lock it: the lock is given the owner and the mode of the file, where
    /// it is nothing but a lock.
    fn open_lock(&self, path: &Path) -> io::Result<File> {
        let mut options = private_options();
        let file = match options.write(true).create_new(true).open(path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                OpenOptions::new().write(true).open(path)?
            }
            made => made?,
        };
        if is_empty_file_of_that_name(&file, path)? {
            // Where this may not be done, others are refused, and say so.
            match self.present()? {
                Some(present) => {
                    let _ = keep_owner(&file, &present);
                    let _ = file.set_permissions(present.permissions());
                }
                None => self.give_to_owner(&file)?,
            }
        }
        Ok(file)
    }

    /// The file, if there is one.
    fn present(&self) -> io::Result<Option<fs::Metadata>> {
        match fs::symlink_metadata(&self.path) {
            Ok(present) => Ok(Some(present)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A first file: it is whose it is to be. Where nothing was said, what root makes in a service's
    /// folder is the service's. Nobody else can give a file away, and needs not.
    fn give_to_owner(&self, file: &File) -> io::Result<()> {
        #[cfg(unix)]
        if let Some(owner) = self.owner {
            return std::os::unix::fs::fchown(file, Some(owner.user), Some(owner.group));
        }
        #[cfg(unix)]
        if let Ok(folder) = fs::metadata(folder_of(&self.path)) {
            let _ = keep_owner(file, &folder);
        }
        #[cfg(not(unix))]
        let _ = file;
        Ok(())
    }

    /// Puts `content` in the place of what there is. After an error the old content is there, unless
    /// the error [is undurable](FileError::is_undurable).
    pub(crate) fn replace(
        &self,
        lock: &Lock,
        content: &[u8],
        readers: Readers,
    ) -> Result<(), FileError> {
        let aside = self.beside(".new");
        self.write_aside(&aside, content, readers)
            .inspect_err(|_| {
                // Half of it is of no use to anybody.
                let _ = fs::remove_file(&aside);
            })
            .map_err(FileError::on("cannot write beside"))?;
        // Opened first, so that what fails after the rename is the disk alone.
        #[cfg(unix)]
        let folder = File::open(folder_of(&self.path))
            .map_err(FileError::on("cannot open the folder of"))?;
        if !lock.stands().map_err(FileError::on("cannot lock"))? {
            let _ = fs::remove_file(&aside);
            let removed = "the lock beside it was removed meanwhile, so others may be writing; leave it there";
            return Err(FileError::on("cannot replace")(io::Error::other(removed)));
        }
        fs::rename(&aside, &self.path)
            .inspect_err(|_| drop(fs::remove_file(&aside)))
            .map_err(FileError::on("cannot replace"))?;
        // The rename is durable when the folder is. Until then it may be done or not.
        #[cfg(unix)]
        folder.sync_all().map_err(FileError::on(SYNC_FOLDER))?;
        Ok(())
    }

    /// Only the holder of the lock writes aside, so what stands there was left by one that died.
    fn write_aside(&self, aside: &Path, content: &[u8], readers: Readers) -> io::Result<()> {
        match fs::remove_file(aside) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = private_options().write(true).create_new(true).open(aside)?;
        // Whose the file is, and who may read it, is the operator's choice once it is there.
        match self.present()? {
            Some(present) => {
                keep_owner(&file, &present)?;
                file.set_permissions(permissions(&present, readers))?;
            }
            // A secret is its maker's.
            None if readers == Readers::NotOthers && self.owner.is_none() => {}
            None => self.give_to_owner(&file)?,
        }
        file.write_all(content)?;
        // Before the rename: else the name could outlive a crash, and the bytes not.
        file.sync_all()
    }
}

#[cfg(unix)]
fn permissions(present: &fs::Metadata, readers: Readers) -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt as _;
    let mut permissions = present.permissions();
    if readers == Readers::NotOthers {
        permissions.set_mode(permissions.mode() & 0o770);
    }
    permissions
}

#[cfg(not(unix))]
fn permissions(present: &fs::Metadata, _: Readers) -> fs::Permissions {
    present.permissions()
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

/// Gives `file` the owner and group of the one that stands there: root's write must not shut the
/// service out. Who may not give files away keeps the group at least, through which others get at it.
#[cfg(unix)]
fn keep_owner(file: &File, present: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let new = file.metadata()?;
    if (new.uid(), new.gid()) == (present.uid(), present.gid()) {
        return Ok(());
    }
    match fchown(file, Some(present.uid()), Some(present.gid())) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            fchown(file, None, Some(present.gid()))
        }
        done => done,
    }
}

#[cfg(unix)]
fn is_same(one: &fs::Metadata, other: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Where a file that is open cannot be removed.
#[cfg(not(unix))]
const fn is_same(_: &fs::Metadata, _: &fs::Metadata) -> bool {
    true
}

/// Whose folder it is may put another's file, or a link to it, where root expects a lock. It is not given away.
#[cfg(unix)]
fn is_empty_file_of_that_name(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let open = file.metadata()?;
    let Ok(named) = fs::symlink_metadata(path) else {
        return Ok(false);
    };
    Ok(is_same(&open, &named) && named.is_file() && open.nlink() == 1 && open.len() == 0)
}

#[cfg(not(unix))]
fn is_empty_file_of_that_name(file: &File, _: &Path) -> io::Result<bool> {
    Ok(file.metadata()?.len() == 0)
}

#[cfg(not(unix))]
fn keep_owner(_: &File, _: &fs::Metadata) -> io::Result<()> {
    Ok(())
}
