//! The process that is made to fail: it gets ready, waits for a line, writes once, and says how that
//! went.

use std::fs;
use std::io::{BufRead as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use sealed_session::{
    FileStore, Key, KeyRing, Loaded, Replaced, RevocationStore, Revocations, RevokeError, Scope,
    ScopeKind, StoreError, StoreFuture, Version,
};

const USER: ScopeKind<u64> = ScopeKind::new("user");

/// What the write finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scenario {
    /// No store: it is made.
    Create,
    /// A store.
    Replace,
    /// A store, and what a writer that was killed left beside it.
    Leftover,
}

/// Which document is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    Old,
    New,
}

const FILE: &str = "revocations";

impl Scenario {
    pub(crate) const ALL: [Self; 3] = [Self::Create, Self::Replace, Self::Leftover];

    pub(crate) fn named(name: &str) -> Self {
        let named = |scenario: &Self| format!("{scenario:?}") == name;
        Self::ALL.into_iter().find(named).unwrap()
    }

    pub(crate) fn prepare(self, folder: &Path) {
        if self == Self::Create {
            return;
        }
        let revocations = revocations(folder);
        revocations.create_store().wait().unwrap();
        // Some kilobytes, so that a write can stop in between.
        let users: Vec<Scope> = (1000..1300).map(user).collect();
        revocations.revoke(&users).wait().unwrap();
        if self == Self::Leftover {
            fs::write(folder.join("revocations.new"), b"half of a docu").unwrap();
        }
    }

    fn write(self, revocations: &Revocations) -> Result<(), RevokeError> {
        match self {
            Self::Create => revocations.create_store().wait(),
            Self::Replace | Self::Leftover => revocations.revoke(&[user(1)]).wait(),
        }
        .map(drop)
    }

    /// Opens what is there as a new process does. A torn document does not open.
    pub(crate) fn held(self, folder: &Path) -> Held {
        let revocations = revocations(folder);
        if self == Self::Create {
            return match revocations.refresh().wait() {
                Ok(()) => Held::New,
                Err(sealed_session::RefreshError::NoStore) => Held::Old,
                Err(error) => panic!("{error}"),
            };
        }
        let state = revocations.list().wait().expect("the document opens");
        let has = |number| state.revoked().any(|(scope, _)| scope == user(number));
        assert!(
            (1000..1300).all(has),
            "nothing that was there before is lost"
        );
        if has(1) { Held::New } else { Held::Old }
    }

    /// The next writer is not held up, and finds what was there.
    pub(crate) fn go_on(self, folder: &Path, held: Held) {
        let next = revocations(folder);
        if self == Self::Create && held == Held::Old {
            next.create_store().wait().unwrap();
        }
        next.revoke(&[user(2)]).wait().unwrap();
        assert!(self == Self::Create || self.held(folder) == held);
        let left: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".new"))
            .collect();
        assert!(left.is_empty(), "{left:?} lies about");
    }
}

fn user(number: u64) -> Scope {
    Scope::new(USER, number)
}

fn revocations(folder: &Path) -> Revocations {
    let bytes = std::array::from_fn(|i| i as u8 + 1);
    let keys = KeyRing::from_key(Key::from_bytes(&bytes).unwrap());
    Revocations::shared("shop.example", &keys, FileStore::new(folder.join(FILE)))
        .refresh_on_use()
        .background(Impatient)
        .build()
        .unwrap()
}

/// Without pauses, and one thread that makes all calls.
struct Impatient;

impl Background for Impatient {
    fn spawn(&self, task: BackgroundFuture) -> std::io::Result<()> {
        std::thread::spawn(|| pollster::block_on(task));
        Ok(())
    }

    fn sleep(&self, duration: Duration) -> BackgroundFuture {
        // What is longer is no pause, but the time-out of a call.
        if duration > Duration::from_secs(10) {
            return Box::pin(std::future::pending());
        }
        Box::pin(std::future::ready(()))
    }
}

/// The life of the process.
pub(crate) fn drive(folder: &Path, scenario: Scenario) {
    let revocations = revocations(folder);
    // The write alone is to come, so what it needs is known.
    let _ = revocations.refresh().wait();
    say("ready");
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).unwrap();
    match scenario.write(&revocations) {
        Ok(()) => say("acknowledged"),
        Err(error) => say(&format!("failed: {error}")),
    }
}

fn say(line: &str) {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{line}").unwrap();
    stdout.flush().unwrap();
}

/// Runs the process with files limited to `kib` KiB, and without the signal that tells of it.
pub(crate) fn run_limited(folder: &Path, scenario: Scenario, kib: u32) -> String {
    let mut shell = Command::new("bash");
    let program = std::env::current_exe().unwrap();
    shell
        .arg("-c")
        .arg(format!("trap '' XFSZ; ulimit -f {kib}; exec \"$@\""))
        .arg("bash")
        .arg(program)
        .args(["drive", folder.to_str().unwrap(), &format!("{scenario:?}")])
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let output = shell.output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    said.lines().nth(1).unwrap_or("died").to_owned()
}
