//! A forked process and its parent repeat nothing (obligation 26), and each follows its keys and revocations.
//!
//! Without the test harness, so that one thread alone forks. On a platform without `fork` there is
//! nothing to show.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[cfg(unix)]
fn main() {
    repeat_nothing();
    println!("test a_forked_process_and_its_parent_repeat_nothing ... ok");
    follow_on();
    println!("test a_forked_process_and_its_parent_follow_keys_and_revocations ... ok");
    keep_no_lock();
    println!("test a_process_that_was_forked_under_a_lock_keeps_it_from_nobody ... ok");
}

#[cfg(unix)]
fn repeat_nothing() {
    use std::collections::BTreeSet;
    use std::io::{Read as _, Write as _};

    use fork::{Fork, fork, waitpid};
    use sealed_session::{Key, KeyRing, SessionData, Sessions};

    #[derive(serde::Serialize, serde::Deserialize)]
    struct Account(u64);
    impl SessionData for Account {
        const NAME: &'static str = "session";
        const SCHEMA: u32 = 1;
    }

    let keys = KeyRing::from_key(Key::generate().unwrap());
    let sessions = Sessions::<Account>::builder("shop.example", &keys)
        .build()
        .unwrap();
    let seal = || -> Vec<String> {
        (0..200)
            .map(|_| sessions.start(&Account(7)).unwrap().into())
            .collect()
    };
    // Whatever a generator in user space would hold, it holds by now.
    let before = seal();

    let (mut reader, mut writer) = std::io::pipe().unwrap();
    match fork().unwrap() {
        Fork::Child => {
            writer.write_all(seal().join("\n").as_bytes()).unwrap();
            std::process::exit(0);
        }
        Fork::Parent(child) => {
            drop(writer);
            let here = seal();
            let mut there = String::new();
            reader.read_to_string(&mut there).unwrap();
            assert_eq!(waitpid(child).unwrap(), 0, "the child failed");
            let there: Vec<String> = there.lines().map(str::to_owned).collect();
            let all: Vec<String> = [before, here, there].concat();
            let distinct: BTreeSet<&String> = all.iter().collect();
            assert_eq!((all.len(), distinct.len()), (600, 600));
        }
    }
}

/// The thread that loads and writes is the parent's. A child starts one of its own.
#[cfg(unix)]
fn follow_on() {
    use std::time::{Duration, Instant};

    use fork::{Fork, fork, waitpid};
    use sealed_session::{
        FileStore, Key, KeyRing, KeyRingFile, LiveKeyRing, OpenErrorKind, RingKey, ScopeKind,
        Scopes, SessionData, Sessions, UnixTime,
    };

    const USER: ScopeKind<u64> = ScopeKind::new("user");

    #[derive(serde::Serialize, serde::Deserialize)]
    struct Account(u64);
    impl SessionData for Account {
        const NAME: &'static str = "followed";
        const SCHEMA: u32 = 1;
        fn scopes(&self, scopes: &mut Scopes<'_>) {
            scopes.add(USER, self.0);
        }
    }

    fn wait_until(what: &str, done: impl Fn() -> bool) {
        let begun = Instant::now();
        while !done() {
            assert!(begun.elapsed() < Duration::from_secs(60), "never: {what}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    let folder = std::env::temp_dir().join(format!("sealed-session-fork-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = KeyRingFile::new(folder.join("keys"));
    let old = KeyRing::from_key(Key::generate().unwrap());
    file.create(&old).unwrap();
    let keys = LiveKeyRing::builder(file.clone())
        .refresh_interval(Duration::from_millis(100))
        .load()
        .wait()
        .unwrap();
    let soon = Duration::from_millis(100);
    let sessions = Sessions::<Account>::builder("shop.example", &keys)
        .revocations_with(FileStore::new(folder.join("revocations")), move |builder| {
            builder
                .refresh_interval(soon)
                .max_staleness(Duration::from_secs(1))
        })
        .build()
        .unwrap();
    sessions.revocations().create_store().wait().unwrap();
    let sign_in = |user| -> String {
        let sign_in = sessions.begin_sign_in().wait().unwrap();
        let set = sign_in.start(&Account(user)).unwrap();
        set.as_str().split(';').next().unwrap().into()
    };
    let refused = |cookie: &str| {
        let opened = sessions.open(cookie);
        opened.is_err_and(|error| error.kind() == OpenErrorKind::Revoked)
    };
    let (first, second) = (sign_in(1), sign_in(2));
    match fork().unwrap() {
        Fork::Child => {
            // It asks for nothing here, and only opens.
            wait_until("the child sees the parent's logout", || refused(&first));
            sessions.revoke_scope(USER, 2).wait().unwrap();
            // A key that came after the fork.
            let planned = RingKey::new(Key::generate().unwrap());
            let planned = planned.with_seal_from(UnixTime::from_secs(4_000_000_000));
            file.update(|ring| {
                let keys = ring.keys().iter().cloned().chain([planned]);
                KeyRing::new(keys).map(Some)
            })
            .unwrap();
            wait_until("the child follows the keys by itself", || {
                let _ = sessions.open(&second);
                keys.ring().keys().len() == 2
            });
            std::process::exit(0);
        }
        Fork::Parent(child) => {
            sessions.revoke_scope(USER, 1).wait().unwrap();
            wait_until("the parent sees the child's logout", || refused(&second));
            assert_eq!(waitpid(child).unwrap(), 0, "the child failed");
        }
    }
    std::fs::remove_dir_all(folder).unwrap();
}

/// A lock belongs to the open file, which a forked process shares.
#[cfg(unix)]
fn keep_no_lock() {
    use std::io::{Read as _, Write as _};

    use fork::{Fork, fork, waitpid};
    use sealed_session::{Key, KeyRing, KeyRingFile};

    let folder = std::env::temp_dir().join(format!("sealed-session-lock-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = KeyRingFile::new(folder.join("keys"));
    let ring = || KeyRing::from_key(Key::generate().unwrap());
    file.create(&ring()).unwrap();
    let (mut reader, mut writer) = std::io::pipe().unwrap();
    let mut child = None;
    // While the lock is held.
    let changed = file.update(|_| {
        match fork().unwrap() {
            Fork::Child => {
                let _ = reader.read(&mut [0]);
                std::process::exit(0);
            }
            Fork::Parent(pid) => child = Some(pid),
        }
        Ok::<_, std::convert::Infallible>(Some(ring()))
    });
    changed.unwrap();
    let changed = file.update(|_| Ok::<_, std::convert::Infallible>(Some(ring())));
    assert!(changed.is_ok(), "{changed:?}");
    writer.write_all(&[0]).unwrap();
    assert_eq!(waitpid(child.unwrap()).unwrap(), 0);
    std::fs::remove_dir_all(folder).unwrap();
}

#[cfg(not(unix))]
fn main() {
    println!("a_forked_process_and_its_parent_repeat_nothing did not run: no fork here");
}
