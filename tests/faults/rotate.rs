//! `keys rotate --in-place`, the command itself, killed or failed at every system call that it makes: the
//! old ring or the new one, readable, private, and the next rotation goes on.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sealed_session::{Key, KeyRing, KeyRingFile, RingKey, UnixTime};

/// Where the command was built, if it was.
const COMMAND: Option<&str> = option_env!("CARGO_BIN_EXE_sealed-session");

const FAULTS: [&str; 4] = [
    "signal=KILL:when=N",
    "error=EIO:when=N",
    "error=ENOSPC:when=N+",
    "error=EINTR:when=N",
];

const COMMENT: &str = "# the shop's keys";

pub(crate) fn at_every_system_call(here: &Path) {
    let Some(command) = COMMAND else {
        println!("keys rotate: did not run, the feature `cli` is off");
        return;
    };
    let mut outcomes = BTreeMap::<&str, u32>::new();
    let calls = record(command, &prepared(here, "record"));
    for (name, occurrence) in &calls {
        for fault in FAULTS {
            // A program that never gets to its first line has nothing to say of files.
            if fault.starts_with("error") && is_of_the_start(name) {
                continue;
            }
            let fault = fault.replace("=N", &format!("={occurrence}"));
            let folder = prepared(here, &format!("{name}-{occurrence}-{}", &fault[..9]));
            let inject = format!("inject={name}:{fault}");
            let done = rotate(command, &folder, &["-e", &inject]);
            let outcome = judge(command, &folder, done, &inject);
            *outcomes.entry(outcome).or_default() += 1;
            fs::remove_dir_all(&folder).unwrap();
        }
    }
    let all: u32 = outcomes.values().sum();
    println!("keys rotate: {all} injections: {outcomes:?}");
    assert!(all >= 200, "fewer than 200 injections");
    for outcome in ["done, new", "not done, old", "not done, new"] {
        assert!(outcomes.contains_key(outcome), "never seen: {outcome}");
    }
}

/// What loads the program and its libraries, and gives it memory.
fn is_of_the_start(name: &str) -> bool {
    ["execve", "brk", "mmap", "mprotect", "munmap", "arch_prctl"].contains(&name)
}

fn ring() -> KeyRing {
    let key = Key::from_bytes(&std::array::from_fn(|i| i as u8 + 1)).unwrap();
    KeyRing::new([RingKey::new(key).with_seal_from(UnixTime::from_secs(1_785_542_400))]).unwrap()
}

fn prepared(here: &Path, name: &str) -> PathBuf {
    let folder = here.join(format!("rotate-{name}"));
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join("ring");
    let text = format!("{COMMENT}\n{}", ring().expose_secrets().as_str());
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    // Left by one that was killed.
    fs::write(folder.join("ring.new"), "ssk1_half").unwrap();
    folder
}

/// Runs the command under strace. Whether it said that it was done.
fn rotate(command: &str, folder: &Path, options: &[&str]) -> bool {
    let status = Command::new("timeout")
        .args(["60", "strace", "-o"])
        .arg(folder.join("trace"))
        .args(options)
        .args([
            command,
            "keys",
            "rotate",
            "ring",
            "--in-place",
            "--audience",
            "a",
        ])
        .args(["--at", "2026-11-22T00:00:00Z"])
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert_ne!(status.code(), Some(124), "it hangs with {options:?}");
    status.success()
}

/// Every system call of an undisturbed run, and the how-manieth of its name.
fn record(command: &str, folder: &Path) -> Vec<(String, u32)> {
    assert!(rotate(command, folder, &[]));
    let mut counts = HashMap::<String, u32>::new();
    let trace = fs::read_to_string(folder.join("trace")).unwrap();
    let names = trace.lines().filter_map(|line| line.split_once('('));
    let calls = names.map(|(name, _)| {
        let count = counts.entry(name.into()).or_default();
        *count += 1;
        (name.to_owned(), *count)
    });
    let calls: Vec<_> = calls
        .filter(|(name, _)| !name.starts_with("exit"))
        .collect();
    assert!(calls.iter().any(|(name, _)| name == "rename"), "{calls:?}");
    calls
}

fn judge(command: &str, folder: &Path, done: bool, what: &str) -> &'static str {
    let file = KeyRingFile::new(folder.join("ring"));
    let found = file
        .load()
        .unwrap_or_else(|error| panic!("{what}: {error}"));
    let text = fs::read_to_string(file.path()).unwrap();
    assert!(text.starts_with(COMMENT), "{what}: the comment is lost");
    let old = ring().expose_secrets();
    let secret = old.split(' ').next().unwrap();
    assert!(
        found.expose_secrets().contains(secret),
        "{what}: the old key is lost"
    );
    let mode = fs::metadata(file.path()).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o640, "{what}");
    let is_new = found.keys().len() == 2;
    assert!(is_new || found.expose_secrets() == old, "{what}");
    // The next one is not held up, and finds what was there.
    assert!(rotate(command, folder, &[]), "{what}: the next one fails");
    assert_eq!(file.load().unwrap().keys().len(), 2, "{what}");
    assert!(!folder.join("ring.new").exists() || is_new, "{what}");
    match (done, is_new) {
        (true, true) => "done, new",
        (true, false) => panic!("{what}: done, and lost"),
        (false, true) => "not done, new",
        (false, false) => "not done, old",
    }
}
