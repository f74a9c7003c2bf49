//! The file store, as an operator meets it. What happens when a write is cut short is in
//! `tests/faults`.

use std::fs;
use std::path::PathBuf;

use sealed_session::{
    FileStore, KeyRing, RefreshError, Revocations, RevokeError, Scope, StoreErrorKind,
};

use crate::account::USER;
use crate::fixture::key;

const AUDIENCE: &str = "shop.example";

/// A folder that is removed in the end.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let name = format!("sealed-session-{}-{name}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.0.join("revocations")
    }

    /// Another process, as far as the store can tell.
    pub(crate) fn process(&self) -> Revocations {
        let ring = KeyRing::from_key(key(1));
        let store = FileStore::new(self.file());
        Revocations::shared(AUDIENCE, &ring, store)
            .refresh_on_use()
            .build()
            .unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn user(number: u64) -> Scope {
    Scope::new(USER, number)
}

#[test]
fn writers_of_many_processes_lose_nothing() {
    let folder = Folder::new("many");
    folder.process().create_store().wait().unwrap();
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let process = folder.process();
            scope.spawn(move || {
                for number in 0..25 {
                    process
                        .revoke(&[user(writer * 100 + number)])
                        .wait()
                        .unwrap();
                }
            });
        }
    });
    let state = folder.process().list().wait().unwrap();
    assert_eq!(state.len(), 100);
}

#[test]
fn a_document_is_for_its_owner_alone_unless_the_operator_says_otherwise() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new("mode");
    let mode = || fs::metadata(folder.file()).unwrap().permissions().mode() & 0o777;
    folder.process().create_store().wait().unwrap();
    assert_eq!(mode(), 0o600);
    fs::set_permissions(folder.file(), fs::Permissions::from_mode(0o640)).unwrap();
    folder.process().revoke(&[user(1)]).wait().unwrap();
    assert_eq!(mode(), 0o640, "and keeps what was set");
    let names = fs::read_dir(&folder.0).unwrap();
    let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["revocations", "revocations.lock"]);
}

#[test]
fn everyone_after_a_leak_is_logged_out_a_day_ahead_in_the_store() {
    let folder = Folder::new("leak");
    let first = folder.process().create_store().wait().unwrap();
    let leak = folder.process().revoke_everyone_after_leak().wait();
    let leak = leak.unwrap();
    assert!(leak.as_millis() > first.as_millis() + 86_400_000);
    let state = folder.process().list().wait().unwrap();
    assert_eq!((state.clock(), state.floor()), (leak, leak));
    // It goes on from there.
    let next = folder.process().revoke(&[user(1)]).wait().unwrap();
    assert_eq!(next.as_millis(), leak.as_millis() + 1);
}

#[test]
fn no_file_a_folder_and_a_link_in_its_place_are_told_apart() {
    let folder = Folder::new("wrong");
    let none = folder.process().refresh().wait();
    assert!(matches!(none, Err(RefreshError::NoStore)));
    fs::create_dir(folder.file()).unwrap();
    let Err(RefreshError::Store(error)) = folder.process().refresh().wait() else {
        panic!("a folder is no document");
    };
    assert_eq!(error.kind(), StoreErrorKind::Refused);
    fs::remove_dir(folder.file()).unwrap();

    let target = folder.0.join("elsewhere");
    std::os::unix::fs::symlink(&target, folder.file()).unwrap();
    let Err(RevokeError::Store(error)) = folder.process().create_store().wait() else {
        panic!("a link would be replaced");
    };
    assert_eq!(
        error.to_string(),
        format!(
            "the revocation store cannot be used: cannot replace {}: it is a symbolic link; \
             name the file itself",
            folder.file().display()
        )
    );
    assert!(!target.exists());
}

#[test]
fn a_folder_that_is_not_there_is_told_by_its_path() {
    let ring = KeyRing::from_key(key(1));
    let store = FileStore::new("/nowhere/at/all/revocations");
    let revocations = Revocations::shared(AUDIENCE, &ring, store)
        .refresh_on_use()
        .build()
        .unwrap();
    let error = revocations.create_store().wait().unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot revoke: the revocation store cannot be used: cannot open the lock beside \
         /nowhere/at/all/revocations: No such file or directory (os error 2)"
    );
}

#[test]
fn a_lock_that_another_process_holds_is_waited_for() {
    let folder = Folder::new("lock");
    let process = folder.process();
    process.create_store().wait().unwrap();
    let before = fs::read(folder.file()).unwrap();
    let lock = fs::File::open(folder.0.join("revocations.lock")).unwrap();
    lock.lock().unwrap();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| process.revoke(&[user(1)]).wait());
        // Time enough to write, were it not for the lock.
        std::thread::sleep(std::time::Duration::from_millis(300));
        assert_eq!(fs::read(folder.file()).unwrap(), before);
        assert!(!writer.is_finished());
        lock.unlock().unwrap();
        writer.join().unwrap().unwrap();
    });
}

/// Root's write must not shut the service out.
#[test]
fn a_document_keeps_its_owner_whoever_writes() {
    use std::os::unix::fs::{MetadataExt as _, chown};
    let folder = Folder::new("owner");
    folder.process().create_store().wait().unwrap();
    if chown(folder.file(), Some(12_345), Some(12_346)).is_err() {
        println!("did not run: only root may give files away");
        return;
    }
    folder.process().revoke(&[user(1)]).wait().unwrap();
    for name in ["revocations", "revocations.lock"] {
        let file = fs::metadata(folder.0.join(name)).unwrap();
        assert_eq!((file.uid(), file.gid()), (12_345, 12_346), "{name}");
    }
}

#[test]
fn a_file_of_any_length_is_not_read_into_memory() {
    let folder = Folder::new("long");
    let file = fs::File::create(folder.file()).unwrap();
    file.set_len(1 << 40).unwrap();
    let Err(RefreshError::Store(error)) = folder.process().refresh().wait() else {
        panic!("that is no document");
    };
    assert_eq!(
        error.to_string(),
        "the revocation store cannot be used: the document has 1099511627776 bytes, and at \
         most 67108864 are read"
    );
}

#[test]
fn every_bit_flip_and_every_cut_of_the_file_is_an_error_and_never_a_lower_clock() {
    let folder = Folder::new("flips");
    let process = folder.process();
    process.create_store().wait().unwrap();
    process.revoke(&[user(1)]).wait().unwrap();
    let (good, held) = (
        fs::read(folder.file()).unwrap(),
        process.snapshot().unwrap(),
    );
    let try_with = |bytes: &[u8]| {
        fs::write(folder.file(), bytes).unwrap();
        let new = folder.process();
        assert!(matches!(
            new.refresh().wait(),
            Err(RefreshError::Document(_))
        ));
        assert!(new.snapshot().is_none());
        // Who holds the state keeps it, whether it notices or not.
        let _ = process.refresh().wait();
        assert_eq!(process.snapshot().unwrap(), held);
    };
    for bit in 0..good.len() * 8 {
        let mut flipped = good.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        try_with(&flipped);
    }
    for len in 0..good.len() {
        try_with(&good[..len]);
    }
    fs::write(folder.file(), good).unwrap();
    assert_eq!(folder.process().list().wait().unwrap(), held);
}
