//! A disk that loses power after any system call of a recorded write, and with it whatever was not
//! synced: any part of a file's bytes, and any of the changes of the folder.

use std::collections::BTreeMap;

use crate::driver::Scenario;
use crate::trace::Call;

type Inode = usize;

/// A change of the folder that is not yet on the disk.
#[derive(Clone, Debug)]
enum Change {
    Link(String, Inode),
    Unlink(String),
    /// It moves a file, and not whatever has its name.
    Rename(String, Inode, String),
}

#[derive(Clone, Debug, Default)]
struct File {
    synced: Vec<u8>,
    written: Vec<u8>,
}

#[derive(Default)]
struct Disk {
    files: Vec<File>,
    /// The folder as it is on the disk, and what has changed since.
    folder: BTreeMap<String, Inode>,
    changes: Vec<Change>,
    /// Open files by descriptor; None: the folder.
    open: BTreeMap<String, Option<Inode>>,
}

/// Replays `calls`. Returns how many states a loss of power can leave; panics if one is neither the
/// old document nor the new one, or the old one after the acknowledgement.
pub(crate) fn replay(calls: &[Call], scenario: Scenario) -> usize {
    let new = document_written(calls);
    let mut disk = Disk::default();
    if scenario != Scenario::Create {
        disk.add("revocations", b"old");
    }
    if scenario == Scenario::Leftover {
        disk.add("revocations.new", b"half of a docu");
    }
    let mut states = 0;
    for call in calls {
        disk.carry_out(call);
        for (change, found) in disk.after_power_loss() {
            states += 1;
            let old = match scenario {
                Scenario::Create => found.is_none(),
                Scenario::Replace | Scenario::Leftover => found.as_deref() == Some(b"old"),
            };
            let is_new = found.as_ref() == Some(&new);
            assert!(
                old || is_new,
                "torn after {}, with {change:?}: {:?} bytes of {}",
                call.name,
                found.as_ref().map(Vec::len),
                new.len()
            );
            assert!(
                is_new || !call.is_acknowledgement(),
                "acknowledged, and lost with {change:?}"
            );
        }
    }
    assert!(calls.last().is_some_and(Call::is_acknowledgement));
    states
}

/// What was written to the file that took the document's place.
fn document_written(calls: &[Call]) -> Vec<u8> {
    let mut disk = Disk::default();
    disk.add("revocations", b"old");
    for call in calls {
        disk.carry_out(call);
    }
    let all = disk.with_changes(&disk.changes);
    disk.files[all["revocations"]].written.clone()
}

impl Disk {
    fn add(&mut self, name: &str, bytes: &[u8]) {
        self.folder.insert(name.into(), self.files.len());
        let bytes = bytes.to_vec();
        self.files.push(File {
            synced: bytes.clone(),
            written: bytes,
        });
    }

    fn carry_out(&mut self, call: &Call) {
        let arguments: Vec<&str> = call.arguments.split(", ").collect();
        let failed = call.result.starts_with('-');
        match call.name.as_str() {
            "openat" if !failed => {
                let name = text(arguments[1]);
                let descriptor = call.result.clone();
                if arguments[2].contains("O_CREAT") && self.present(&name).is_none() {
                    self.files.push(File::default());
                    let inode = self.files.len() - 1;
                    self.changes.push(Change::Link(name.clone(), inode));
                }
                let inode = self.present(&name);
                self.open.insert(descriptor, inode);
            }
            "write" => {
                if let Some(&Some(inode)) = self.open.get(arguments[0]) {
                    let count: usize = call.result.parse().unwrap();
                    let bytes = &bytes(arguments[1])[..count];
                    self.files[inode].written.extend(bytes);
                }
            }
            "fsync" | "fdatasync" if !failed => match self.open.get(arguments[0]) {
                Some(&Some(inode)) => {
                    self.files[inode].synced = self.files[inode].written.clone();
                }
                Some(None) => {
                    self.folder = self.with_changes(&self.changes);
                    self.changes.clear();
                }
                None => panic!("an unknown file is synced: {call:?}"),
            },
            "unlink" if !failed => self.changes.push(Change::Unlink(text(arguments[0]))),
            "rename" if !failed => {
                let [from, to] = [0, 1].map(|at| text(arguments[at]));
                let inode = self.present(&from).unwrap();
                self.changes.push(Change::Rename(from, inode, to));
            }
            "close" => {
                self.open.remove(arguments[0]);
            }
            // Whatever else could change a file is not known here, and must not go unnoticed.
            "renameat" | "renameat2" | "unlinkat" | "linkat" | "pwrite64" | "writev"
            | "ftruncate" | "copy_file_range" | "sendfile" => panic!("not replayed: {call:?}"),
            _ => {}
        }
    }

    /// The inode that a process sees under `name`.
    fn present(&self, name: &str) -> Option<Inode> {
        self.with_changes(&self.changes).get(name).copied()
    }

    fn with_changes(&self, changes: &[Change]) -> BTreeMap<String, Inode> {
        let mut folder = self.folder.clone();
        for change in changes {
            match change {
                Change::Link(name, inode) => {
                    folder.insert(name.clone(), *inode);
                }
                Change::Unlink(name) => {
                    folder.remove(name);
                }
                Change::Rename(from, inode, to) => {
                    if folder.get(from) == Some(inode) {
                        folder.remove(from);
                    }
                    folder.insert(to.clone(), *inode);
                }
            }
        }
        folder
    }

    /// Every document that can be found after a loss of power now; None: none.
    fn after_power_loss(&self) -> Vec<(Vec<Change>, Option<Vec<u8>>)> {
        let mut found = Vec::new();
        for subset in 0..1_u32 << self.changes.len() {
            let kept = (0..).zip(&self.changes);
            let kept = kept.filter(|(at, _)| subset >> at & 1 == 1);
            let kept: Vec<Change> = kept.map(|(_, change)| change.clone()).collect();
            let folder = self.with_changes(&kept);
            let Some(&inode) = folder.get("revocations") else {
                found.push((kept, None));
                continue;
            };
            let File { synced, written } = &self.files[inode];
            // What was not synced is there as far as it pleases.
            for len in [
                synced.len(),
                (synced.len() + written.len()) / 2,
                written.len(),
            ] {
                let mut bytes = written.clone();
                bytes.truncate(len);
                found.push((kept.clone(), Some(bytes)));
            }
        }
        found
    }
}

/// The last part of a path in strace's hex.
fn text(argument: &str) -> String {
    let text = String::from_utf8(bytes(argument)).unwrap();
    text.rsplit('/').next().unwrap().to_owned()
}

/// The bytes of a string as `strace -xx` prints it.
fn bytes(argument: &str) -> Vec<u8> {
    let hex = argument.trim_matches('"').split("\\x").skip(1);
    hex.map(|byte| u8::from_str_radix(byte, 16).unwrap())
        .collect()
}
