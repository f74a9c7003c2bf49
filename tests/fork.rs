//! A forked process and its parent repeat nothing. Obligation 26.
//!
//! Without the test harness, so that one thread alone forks. On a platform without `fork` there is
//! nothing to show.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[cfg(unix)]
fn main() {
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
            waitpid(child).unwrap();
            let there: Vec<String> = there.lines().map(str::to_owned).collect();
            let all: Vec<String> = [before, here, there].concat();
            let distinct: BTreeSet<&String> = all.iter().collect();
            assert_eq!((all.len(), distinct.len()), (600, 600));
        }
    }
    println!("test a_forked_process_and_its_parent_repeat_nothing ... ok");
}

#[cfg(not(unix))]
fn main() {
    println!("a_forked_process_and_its_parent_repeat_nothing did not run: no fork here");
}
