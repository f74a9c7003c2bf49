//! The process that is made to fail: it gets ready, waits for a line, writes once, and says how that
//! went.

use std::fs;
use std::future::{Future as _, poll_fn};
use std::io::{BufRead as _, Write as _};
use std::mem;
use std::path::Path;
use std::pin::Pin;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sealed_session::{
    Background, BackgroundFuture, FileStore, Key, KeyRing, Operation, Revocations, RevokeError,
    Scope, ScopeKind,
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
        let revocations = Alone::new(folder);
        revocations.ask(Revocations::create_store).unwrap();
        // Some kilobytes, so that a write can stop in between.
        let users: Vec<Scope> = (1000..1300).map(user).collect();
        revocations.ask(|it| it.revoke(&users)).unwrap();
        if self == Self::Leftover {
            fs::write(folder.join("revocations.new"), b"half of a docu").unwrap();
        }
    }

    fn write(self, revocations: &Alone) -> Result<(), RevokeError> {
        match self {
            Self::Create => revocations.ask(Revocations::create_store),
            Self::Replace | Self::Leftover => revocations.ask(|it| it.revoke(&[user(1)])),
        }
        .map(drop)
    }

    /// Opens what is there as a new process does. A torn document does not open.
    pub(crate) fn held(self, folder: &Path) -> Held {
        let revocations = Alone::new(folder);
        if self == Self::Create {
            return match revocations.ask(Revocations::refresh) {
                Ok(()) => Held::New,
                Err(sealed_session::RefreshError::NoStore) => Held::Old,
                Err(error) => panic!("{error}"),
            };
        }
        let state = revocations
            .ask(Revocations::list)
            .expect("the document opens");
        let has = |number| state.revoked().any(|(scope, _)| scope == user(number));
        assert!(
            (1000..1300).all(has),
            "nothing that was there before is lost"
        );
        if has(1) { Held::New } else { Held::Old }
    }

    /// The next writer is not held up, and finds what was there.
    pub(crate) fn go_on(self, folder: &Path, held: Held) {
        let next = Alone::new(folder);
        if self == Self::Create && held == Held::Old {
            next.ask(Revocations::create_store).unwrap();
        }
        next.ask(|it| it.revoke(&[user(2)])).unwrap();
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

/// A handle whose background task runs on the thread that asks, which is the one that strace watches.
struct Alone {
    revocations: Revocations,
    tasks: Arc<Mutex<Vec<BackgroundFuture>>>,
}

impl Alone {
    fn new(folder: &Path) -> Self {
        let bytes = std::array::from_fn(|i| i as u8 + 1);
        let keys = KeyRing::from_key(Key::from_bytes(&bytes).unwrap());
        let tasks = Arc::new(Mutex::new(Vec::new()));
        let store = FileStore::new(folder.join(FILE));
        let revocations = Revocations::shared("shop.example", &keys, store)
            .refresh_on_use()
            .background(OnCallingThread(tasks.clone()))
            .build()
            .unwrap();
        Self { revocations, tasks }
    }

    /// Asks, and runs the task until there is an answer.
    fn ask<R>(&self, call: impl FnOnce(&Revocations) -> Operation<'static, R>) -> R {
        let mut operation = call(&self.revocations);
        pollster::block_on(poll_fn(|context| {
            let mut tasks = mem::take(&mut *self.tasks.lock().unwrap());
            tasks.retain_mut(|task| task.as_mut().poll(context).is_pending());
            self.tasks.lock().unwrap().append(&mut tasks);
            Pin::new(&mut operation).poll(context)
        }))
    }
}

/// Without pauses.
struct OnCallingThread(Arc<Mutex<Vec<BackgroundFuture>>>);

impl Background for OnCallingThread {
    fn spawn(&self, task: BackgroundFuture) -> std::io::Result<()> {
        self.0.lock().unwrap().push(task);
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
    let revocations = Alone::new(folder);
    // The write alone is to come, so what it needs is known.
    let _ = revocations.ask(Revocations::refresh);
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
