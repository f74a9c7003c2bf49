//! A ring's file, made and changed in place. What happens when that is cut short is in `tests/faults`.

use std::fs;
use std::path::PathBuf;

use sealed_session::{KeyRing, KeyRingFile, KeyRingUpdateError, RingKey};

use crate::fixture::{at, key};

/// A folder that is removed in the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("sealed-session-{}-ring-{name}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn file(&self) -> PathBuf {
        self.0.join("keys")
    }

    fn with(text: &str, name: &str) -> Self {
        let folder = Self::new(name);
        fs::write(folder.file(), text).unwrap();
        folder
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn text(seed: u8) -> String {
    key(seed).expose_secret().to_string()
}

#[derive(Debug)]
struct Never;

impl std::fmt::Display for Never {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("not to be")
    }
}

#[test]
fn an_update_keeps_comments_order_and_what_has_not_changed() {
    let [a, b, c, d] = [1, 2, 3, 4].map(text);
    let before = format!(
        "# the shop's keys\r\n\n  {a} ,{b} seal-from=2026-01-01T01:00:00+01:00   # two\n\
         {c} seal-from=2026-06-01T00:00:00Z # the third, \"ssk1_\"\n# the end",
    );
    let folder = Folder::with(&before, "comments");
    let file = KeyRingFile::new(folder.file());
    // The third is closed, the first goes, a fourth comes.
    let changed = file.update::<Never>(|ring| {
        let mut keys = ring.keys().to_vec();
        keys[2] = keys[2].clone().with_open_until(at(1_798_761_600));
        keys.remove(0);
        keys.push(RingKey::new(key(4)).with_seal_from(at(1_798_000_000)));
        Ok(Some(KeyRing::new(keys).unwrap()))
    });
    assert!(changed.unwrap());
    assert_eq!(
        fs::read_to_string(folder.file()).unwrap(),
        format!(
            "# the shop's keys\n\n{b} seal-from=2026-01-01T00:00:00Z  # two\n\
             {c} seal-from=2026-06-01T00:00:00Z open-until=2027-01-01T00:00:00Z  # the third, \"ssk1_\"\n\
             # the end\n{d} seal-from=2026-12-23T04:26:40Z\n"
        )
    );
    // A line whose only key goes, goes with its comment.
    let changed = file.update::<Never>(|ring| {
        let left = ring.keys().iter().skip(1).cloned();
        Ok(Some(KeyRing::new(left).unwrap()))
    });
    assert!(changed.unwrap());
    let after = fs::read_to_string(folder.file()).unwrap();
    assert!(
        after.starts_with(&format!("# the shop's keys\n\n{c} ")),
        "{after}"
    );
}

#[test]
fn what_is_not_to_be_changed_is_not_touched() {
    let before = format!("{}   # mine", text(1));
    let folder = Folder::with(&before, "untouched");
    let file = KeyRingFile::new(folder.file());
    assert!(!file.update::<Never>(|_| Ok(None)).unwrap());
    let refused = file.update(|_| Err(Never)).unwrap_err();
    assert!(matches!(refused, KeyRingUpdateError::Change(Never)));
    assert_eq!(fs::read_to_string(folder.file()).unwrap(), before);
    fs::write(folder.file(), "half of a k").unwrap();
    let refused = file
        .update::<Never>(|_| panic!("there is no ring"))
        .unwrap_err();
    assert!(matches!(refused, KeyRingUpdateError::Load(_)), "{refused}");
    assert_eq!(fs::read_to_string(folder.file()).unwrap(), "half of a k");
}

#[test]
fn a_file_that_is_there_is_not_made_anew() {
    let folder = Folder::with("precious", "there");
    let ring = KeyRing::from_key(key(1));
    let error = KeyRingFile::new(folder.file()).create(&ring).unwrap_err();
    let expected = format!(
        "cannot make {}: it is there already",
        folder.file().display()
    );
    assert_eq!(error.to_string(), expected);
    assert_eq!(fs::read_to_string(folder.file()).unwrap(), "precious");
}

#[cfg(unix)]
#[test]
fn a_ring_is_made_for_its_owner_alone_and_never_becomes_readable_by_others() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new("mode");
    let file = KeyRingFile::new(folder.file());
    let mode = || fs::metadata(folder.file()).unwrap().permissions().mode() & 0o777;
    file.create(&KeyRing::from_key(key(1))).unwrap();
    assert_eq!(mode(), 0o600);
    for (before, after) in [
        (0o600, 0o600),
        (0o640, 0o640),
        (0o644, 0o640),
        (0o400, 0o400),
    ] {
        fs::set_permissions(folder.file(), fs::Permissions::from_mode(before)).unwrap();
        let same = file.update::<Never>(|ring| Ok(Some(ring.clone())));
        assert!(same.unwrap());
        assert_eq!(mode(), after, "from {before:o}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_is_named_and_left_alone() {
    let folder = Folder::with(&text(1), "link");
    let link = folder.0.join("link");
    std::os::unix::fs::symlink(folder.file(), &link).unwrap();
    let file = KeyRingFile::new(&link);
    assert_eq!(file.load().unwrap().keys().len(), 1);
    let error = file.update::<Never>(|_| Ok(None)).unwrap_err().to_string();
    assert!(
        error.ends_with("it is a symbolic link; name the file itself"),
        "{error}"
    );
}

#[test]
fn two_who_change_a_ring_at_once_both_do() {
    let folder = Folder::with(&text(1), "two");
    std::thread::scope(|scope| {
        for seed in 2..10 {
            let file = KeyRingFile::new(folder.file());
            scope.spawn(move || {
                let changed = file.update::<Never>(|ring| {
                    let new = RingKey::new(key(seed)).with_seal_from(at(u64::from(seed)));
                    let keys = ring.keys().iter().cloned().chain([new]);
                    Ok(Some(KeyRing::new(keys).unwrap()))
                });
                assert!(changed.unwrap());
            });
        }
    });
    let ring = KeyRingFile::new(folder.file()).load().unwrap();
    assert_eq!(ring.keys().len(), 9);
}

/// Whoever owns the folder may put a link where root expects the lock.
#[cfg(unix)]
#[test]
fn what_a_link_in_the_locks_place_leads_to_is_not_given_away() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::with(&text(1), "lock-link");
    let [other, empty] = ["other", "empty"].map(|name| folder.0.join(name));
    fs::write(&other, "another's secret").unwrap();
    fs::write(&empty, "").unwrap();
    let lock = folder.0.join("keys.lock");
    let private = fs::Permissions::from_mode(0o600);
    fs::set_permissions(folder.file(), fs::Permissions::from_mode(0o640)).unwrap();
    let file = KeyRingFile::new(folder.file());
    for target in [&other, &empty] {
        fs::set_permissions(target, private.clone()).unwrap();
        for hard in [false, true] {
            if hard {
                fs::hard_link(target, &lock).unwrap();
            } else {
                std::os::unix::fs::symlink(target, &lock).unwrap();
            }
            assert!(!file.update::<Never>(|_| Ok(None)).unwrap());
            let mode = fs::metadata(target).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{}, hard: {hard}", target.display());
            fs::remove_file(&lock).unwrap();
        }
    }
    // A lock of our own is for whoever the file is for.
    assert!(!file.update::<Never>(|_| Ok(None)).unwrap());
    let mode = fs::metadata(&lock).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o640);
}
