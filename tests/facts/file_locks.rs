//! The lock beside a file, whose the files are, and what is told of a file that cannot be replaced.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use sealed_session::{
    Background, BackgroundFuture, DocumentError, FileStore, KeyRing, KeyRingFile, RefreshError,
    Revocations, RevokeError, RingKey, StoreErrorKind,
};

use crate::files::{Folder, user};
use crate::fixture::{NOW, at, key};

/// A background that fails the test when a store is to be tried again.
struct Once;

impl Background for Once {
    fn spawn(&self, task: BackgroundFuture) -> std::io::Result<()> {
        std::thread::spawn(|| pollster::block_on(task));
        Ok(())
    }

    fn sleep(&self, duration: Duration) -> BackgroundFuture {
        assert!(
            duration >= Duration::from_secs(5),
            "a permanent error is tried again"
        );
        Box::pin(std::future::pending())
    }
}

fn tried_once(file: &Path) -> Revocations {
    let ring = KeyRing::from_key(key(1));
    Revocations::shared("shop.example", &ring, FileStore::new(file))
        .refresh_on_use()
        .background(Once)
        .build()
        .unwrap()
}

/// Runs the test `name` of this file, an ignored one, by `command` in `folder`. None where the command
/// is not to be had.
fn run(command: &mut Command, name: &str, folder: &Path) -> Option<()> {
    let output = command
        .args(["--exact", name, "--ignored"])
        .env("SEALED_SESSION_TEST_FOLDER", folder)
        .output()
        .ok()?;
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Some(())
}

fn given_file() -> PathBuf {
    PathBuf::from(std::env::var_os("SEALED_SESSION_TEST_FOLDER").unwrap()).join("revocations")
}

#[test]
fn a_lock_that_was_removed_keeps_nobody_from_waiting_for_the_next() {
    let folder = Folder::new("removed-lock");
    let process = folder.process();
    process.create_store().wait().unwrap();
    let before = fs::read(folder.file()).unwrap();
    let path = folder.0.join("revocations.lock");
    let removed = fs::File::open(&path).unwrap();
    removed.lock().unwrap();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| process.revoke(&[user(1)]).wait());
        std::thread::sleep(Duration::from_millis(200));
        // Another process makes its own, and is at work when the first lock is given back.
        fs::remove_file(&path).unwrap();
        let next = fs::File::create(&path).unwrap();
        next.lock().unwrap();
        removed.unlock().unwrap();
        std::thread::sleep(Duration::from_millis(300));
        assert_eq!(fs::read(folder.file()).unwrap(), before);
        assert!(!writer.is_finished());
        next.unlock().unwrap();
        writer.join().unwrap().unwrap();
    });
}

#[test]
fn a_file_is_not_replaced_by_one_whose_lock_was_removed_meanwhile() {
    let folder = Folder::new("removed-under-way");
    let file = KeyRingFile::new(folder.0.join("keys"));
    file.create(&KeyRing::from_key(key(1))).unwrap();
    let before = fs::read(file.path()).unwrap();
    let result = file.update(|_| {
        fs::remove_file(folder.0.join("keys.lock")).unwrap();
        let second = RingKey::new(key(2)).with_seal_from(at(NOW));
        let keys = [RingKey::new(key(1)), second];
        KeyRing::new(keys).map(Some)
    });
    let error = result.unwrap_err().to_string();
    assert!(
        error.contains("the lock beside it was removed meanwhile"),
        "{error}"
    );
    assert_eq!(fs::read(file.path()).unwrap(), before);
    assert!(!folder.0.join("keys.new").exists());
}

#[test]
fn a_document_that_is_damaged_and_as_long_as_before_is_noticed() {
    let folder = Folder::new("damaged");
    let process = folder.process();
    process.create_store().wait().unwrap();
    process.revoke(&[user(1)]).wait().unwrap();
    let good = fs::read(folder.file()).unwrap();
    for place in [0, 5, 28, 29, 40, good.len() - 1] {
        let mut damaged = good.clone();
        damaged[place] ^= 1;
        fs::write(folder.file(), &damaged).unwrap();
        let error = process.refresh().wait().unwrap_err();
        assert!(
            matches!(error, RefreshError::Document(_)),
            "byte {place}: {error}"
        );
        let not_damaged = matches!(error, RefreshError::Document(DocumentError::UnknownKey(_)));
        assert_eq!(not_damaged, place > 0 && place < 5, "byte {place}: {error}");
    }
    fs::write(folder.file(), &good).unwrap();
    process.refresh().wait().unwrap();
}

#[test]
fn what_cannot_be_written_is_told_at_once_and_why() {
    let folder = Folder::new("permanent");
    // With ".lock" behind it, it is longer than a name may be.
    let long = "x".repeat(253);
    let error = tried_once(&folder.0.join(&long)).create_store().wait();
    let Err(RevokeError::Store(error)) = error else {
        panic!("{error:?}");
    };
    assert_eq!(error.kind(), StoreErrorKind::Refused);

    folder.process().create_store().wait().unwrap();
    let in_its_place = folder.0.join("revocations.new");
    fs::create_dir(&in_its_place).unwrap();
    let error = tried_once(&folder.file()).revoke(&[user(1)]).wait();
    let text = error.unwrap_err().to_string();
    assert!(
        text.starts_with(
            "cannot revoke: the revocation store cannot be used: cannot write beside "
        ),
        "{text}"
    );
    fs::remove_dir(in_its_place).unwrap();

    let mut mounted = Command::new("unshare");
    let script = "mount --bind revocations revocations && exec \"$0\" \"$@\"";
    mounted.args(["--mount", "sh", "-c", script]);
    mounted
        .arg(std::env::current_exe().unwrap())
        .current_dir(&folder.0);
    let may_mount = Command::new("unshare").args(["--mount", "true"]).status();
    if !may_mount.is_ok_and(|status| status.success()) {
        println!("a file that is mounted by itself: did not run, this user may not mount");
        return;
    }
    run(
        &mut mounted,
        "file_locks::in_a_file_that_is_mounted_by_itself",
        &folder.0,
    )
    .unwrap();
}

#[test]
#[ignore = "another test runs it, in a folder whose file is a mount"]
fn in_a_file_that_is_mounted_by_itself() {
    let error = tried_once(&given_file()).revoke(&[user(1)]).wait();
    let text = error.unwrap_err().to_string();
    assert!(text.contains("(os error 16)"), "{text}");
    assert!(!text.contains("may have been done"), "{text}");
}

/// The user and the group of the service, and another user of that group.
const SERVICE: (u32, u32) = (12_345, 12_346);
const OTHER_USER: u32 = 12_347;

#[test]
fn what_root_makes_in_the_folder_of_a_service_is_the_services() {
    let folder = Folder::new("service");
    if chown(&folder.0, Some(SERVICE.0), Some(SERVICE.1)).is_err() {
        println!("did not run: only root may give files away");
        return;
    }
    folder.process().create_store().wait().unwrap();
    for name in ["revocations", "revocations.lock"] {
        let file = fs::metadata(folder.0.join(name)).unwrap();
        assert_eq!((file.uid(), file.gid()), SERVICE, "{name}");
    }
    // A key that root makes is root's.
    let keys = KeyRingFile::new(folder.0.join("keys"));
    keys.create(&KeyRing::from_key(key(1))).unwrap();
    assert_eq!(fs::metadata(keys.path()).unwrap().uid(), 0);
}

#[test]
fn users_of_one_group_write_in_turn() {
    let folder = Folder::new("group");
    if chown(&folder.0, Some(SERVICE.0), Some(SERVICE.1)).is_err() {
        println!("did not run: only root may give files away");
        return;
    }
    fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o2770)).unwrap();
    folder.process().create_store().wait().unwrap();
    // The operator's choice.
    fs::set_permissions(folder.file(), fs::Permissions::from_mode(0o660)).unwrap();
    folder.process().revoke(&[user(1)]).wait().unwrap();
    // The test's own program, where each of them can run it.
    let program = std::env::temp_dir().join(format!("sealed-session-group-{}", std::process::id()));
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    for uid in [SERVICE.0, OTHER_USER, SERVICE.0] {
        let mut as_user = Command::new(&program);
        as_user.uid(uid).gid(SERVICE.1).current_dir("/");
        run(
            &mut as_user,
            "file_locks::as_a_user_of_the_group",
            &folder.0,
        )
        .unwrap();
        let file = fs::metadata(folder.file()).unwrap();
        assert_eq!((file.gid(), file.mode() & 0o777), (SERVICE.1, 0o660));
    }
    fs::remove_file(program).unwrap();
    assert_eq!(folder.process().list().wait().unwrap().len(), 2);
}

#[test]
#[ignore = "another test runs it, as a user of the group"]
fn as_a_user_of_the_group() {
    tried_once(&given_file()).revoke(&[user(2)]).wait().unwrap();
}

/// What root makes for a service: each file and its lock belong to it from their first moment on.
#[test]
fn files_that_are_made_for_an_owner_belong_to_it_with_their_locks() {
    let folder = Folder::new("owned");
    let us = fs::metadata(&folder.0).unwrap();
    // Nobody else can give a file away.
    let owner = match us.uid() {
        0 => (65_534, 65_533),
        _ => (us.uid(), us.gid()),
    };
    let ring = KeyRing::from_key(key(1));
    let keys = folder.0.join("keys");
    let file = KeyRingFile::new(&keys).owned_by(owner.0, owner.1);
    file.create(&ring).unwrap();
    let store = FileStore::new(folder.file()).owned_by(owner.0, owner.1);
    let revocations = Revocations::shared("shop.example", &ring, store);
    let revocations = revocations.build().unwrap();
    revocations.create_store().wait().unwrap();
    for path in [keys, folder.file()] {
        let lock = PathBuf::from(format!("{}.lock", path.display()));
        for path in [path, lock] {
            let made = fs::metadata(&path).unwrap();
            assert_eq!((made.uid(), made.gid()), owner, "{}", path.display());
            assert_eq!(made.permissions().mode() & 0o777, 0o600);
        }
    }
    // Whose a file is that stands there is left alone.
    let file = KeyRingFile::new(folder.0.join("keys")).owned_by(us.uid(), us.gid());
    let changed =
        file.update(|_| Ok::<_, std::convert::Infallible>(Some(KeyRing::from_key(key(2)))));
    assert!(changed.unwrap());
    let kept = fs::metadata(folder.0.join("keys")).unwrap();
    assert_eq!((kept.uid(), kept.gid()), owner);
}

/// On a disk that hangs each call that was given up keeps its document.
#[test]
fn past_sixteen_calls_that_have_not_come_back_the_next_is_refused_at_once() {
    use sealed_session::RevocationStore as _;

    let folder = Folder::new("hanging");
    let store = FileStore::new(folder.file());
    let mut calls: Vec<_> = (0..16).map(|_| store.load(None)).collect();
    let error = pollster::block_on(store.clone().load(None)).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(error.to_string().contains("16 calls"), "{error}");
    // One comes back, and one is dropped.
    assert!(pollster::block_on(calls.remove(0)).is_ok());
    assert!(pollster::block_on(store.load(None)).is_ok());
    drop(calls);
    let calls: Vec<_> = (0..16).map(|_| store.load(None)).collect();
    for call in calls {
        assert!(pollster::block_on(call).is_ok());
    }
}
