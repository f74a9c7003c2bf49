//! The handle under a model checker that chooses, at every use of a shared variable, which thread goes
//! on. Obligation 15: clock and floor never decrease, under any interleaving; and what was
//! acknowledged is held.
//!
//! `.ci/shuttle` runs it; `.ci/twins` breaks the handle and asks it to fail.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests"
)]

use std::boxed::Box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::time::Duration;
use std::vec::Vec;

use sealed_session::{
    Background, BackgroundFuture, Epoch, Key, KeyRing, Loaded, ManualClock, Randomness, Replaced,
    RevocationStore, Revocations, Scope, ScopeKind, StoreError, StoreFuture, UnixTime, Version,
};
use shuttle::sync::Mutex;
use shuttle::{future, thread};

const USER: ScopeKind<u64> = ScopeKind::new("user");

const SCHEDULES: usize = 20_000;

/// A document under a lock that the checker knows. A load may answer late.
#[derive(Clone, Default)]
struct Store(Arc<Mutex<(Option<Vec<u8>>, u64)>>);

fn name(version: u64) -> Version {
    Version::from_bytes(&version.to_be_bytes())
}

impl RevocationStore for Store {
    fn load<'a>(
        &'a self,
        known: Option<&'a Version>,
    ) -> StoreFuture<'a, Result<Loaded, StoreError>> {
        Box::pin(async move {
            let (document, version) = self.0.lock().unwrap().clone();
            future::yield_now().await;
            Ok(match document {
                None => Loaded::Absent,
                Some(_) if known == Some(&name(version)) => Loaded::NotModified,
                Some(bytes) => Loaded::Document {
                    bytes,
                    version: name(version),
                },
            })
        })
    }

    fn replace<'a>(
        &'a self,
        expected: Option<&'a Version>,
        document: Vec<u8>,
    ) -> StoreFuture<'a, Result<Replaced, StoreError>> {
        Box::pin(async move {
            future::yield_now().await;
            let replaced = {
                let mut present = self.0.lock().unwrap();
                let version = present.0.as_ref().map(|_| name(present.1));
                if version.as_ref() == expected {
                    *present = (Some(document), present.1 + 1);
                    Replaced::Done(name(present.1))
                } else {
                    Replaced::Conflict
                }
            };
            future::yield_now().await;
            Ok(replaced)
        })
    }
}

/// Tasks are the checker's, and pauses take no time. What is longer is no pause, but the time-out of a call.
struct Tasks;

impl Background for Tasks {
    fn spawn(&self, task: BackgroundFuture) -> std::io::Result<()> {
        drop(thread::spawn(|| future::block_on(task)));
        Ok(())
    }

    fn sleep(&self, duration: Duration) -> BackgroundFuture {
        if duration > Duration::from_secs(10) {
            return Box::pin(std::future::pending());
        }
        Box::pin(future::yield_now())
    }
}

fn process(store: &Store, clock: &ManualClock) -> Revocations {
    let key = Key::from_bytes(&std::array::from_fn(|i| i as u8 + 1)).unwrap();
    let next = AtomicU8::new(0);
    Revocations::shared("shop.example", &KeyRing::from_key(key), store.clone())
        .clock(clock.clone())
        .background(Tasks)
        .refresh_on_use()
        .dangerous_randomness(move || {
            let byte = next.fetch_add(1, Relaxed);
            Ok(Randomness::dangerous_from_bytes([byte; 32]))
        })
        .build()
        .unwrap()
}

fn user(number: u64) -> Scope {
    Scope::new(USER, number)
}

/// Two processes on one store. The first has two writers, one who loads and one who reads; the other
/// has one who writes, and then asks the first.
fn race() {
    let clock = ManualClock::new(UnixTime::from_secs(1_795_348_800));
    let store = Store::default();
    future::block_on(process(&store, &clock).create_store()).unwrap();
    let (one, other) = (process(&store, &clock), process(&store, &clock));
    future::block_on(one.refresh()).unwrap();

    let revoke = |revocations: &Revocations, number: u64| {
        let clock = future::block_on(revocations.revoke(&[user(number)])).unwrap();
        let held = revocations.snapshot().unwrap();
        assert!(
            held.revoked_before(user(number)) >= clock,
            "its own is held"
        );
        clock
    };
    let writer = |number: u64| {
        let one = one.clone();
        thread::spawn(move || revoke(&one, number))
    };
    let elsewhere = {
        let (one, other) = (one.clone(), other);
        thread::spawn(move || {
            let clock = revoke(&other, 3);
            let listed = future::block_on(one.list()).unwrap();
            assert!(
                listed.revoked_before(user(3)) >= clock,
                "a load that begins after an acknowledgement knows of it"
            );
            clock
        })
    };
    let writers = [writer(1), writer(2), elsewhere];
    let loader = {
        let one = one.clone();
        thread::spawn(move || {
            for _ in 0..2 {
                future::block_on(one.refresh()).unwrap();
            }
        })
    };
    let mut last = Epoch::ZERO;
    for _ in 0..6 {
        let state = one.snapshot().unwrap();
        assert!(state.clock() >= last, "the clock fell");
        last = state.clock();
        one.observe(last);
        thread::yield_now();
    }
    let clocks = writers.map(|writer| writer.join().unwrap());
    loader.join().unwrap();
    let state = future::block_on(process(&store, &clock).list()).unwrap();
    for (number, clock) in (1..).zip(clocks) {
        assert_eq!(state.revoked_before(user(number)), clock, "nothing is lost");
    }
}

#[test]
fn no_interleaving_makes_a_clock_fall_or_loses_what_was_acknowledged() {
    shuttle::check_random(race, SCHEDULES);
    shuttle::check_pct(race, SCHEDULES, 4);
}
