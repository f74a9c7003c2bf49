//! How long a logout takes when many servers write to one store, as in docs/REVOCATION.md.
//!
//! `cargo run --example revocation_contention`. The writers are the library's own; time, the store and
//! chance are played, so it prints the same on every machine.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "it plays one minute and prints a table of small numbers"
)]

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use sealed_session::{
    Clock, Key, KeyRing, Loaded, Randomness, Replaced, RevocationStore, Revocations, ScopeKind,
    StoreError, StoreFuture, TimeError, Version,
};

const USER: ScopeKind<u64> = ScopeKind::new("user");

/// What an object store in the same region takes, there and back.
const LOAD: u64 = 30;
const PUT: u64 = 80;
/// Servers, and logouts a second on each.
const LOADS: [(u64, f64); 7] = [
    (1, 2.0),
    (2, 2.0),
    (5, 2.0),
    (20, 2.0),
    (20, 20.0),
    (100, 0.2),
    (100, 2.0),
];
/// For so long people log out, in milliseconds.
const LASTS: u64 = 60_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!(
        "| servers | logouts a second, each | logouts | failed | half within | 95 % within | longest |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    for (servers, each) in LOADS {
        let took = run(servers, each)?;
        let failed = took.iter().filter(|took| took.is_none()).count();
        let share = |percent| match within(&took, percent) {
            Some(millis) => format!("{:.1} s", millis as f64 / 1000.0),
            None => "failed".into(),
        };
        println!(
            "| {servers} | {each} | {} | {failed} | {} | {} | {} |",
            took.len(),
            share(50),
            share(95),
            share(100),
        );
    }
    Ok(())
}

/// The time within which so many percent of the sorted were done; none if some of these failed.
fn within(took: &[Option<u64>], percent: usize) -> Option<u64> {
    *took.get((took.len() * percent / 100).min(took.len() - 1))?
}

/// How long each logout took in milliseconds, sorted; none, at the end, for one that failed.
fn run(servers: u64, each: f64) -> Result<Vec<Option<u64>>, Box<dyn std::error::Error>> {
    let world = World::default();
    let keys = KeyRing::from_key(Key::from_bytes(&std::array::from_fn(|i| i as u8))?);
    let took = Arc::new(Mutex::new(Vec::new()));
    for server in 0..servers {
        let random = Mutex::new(Random(server));
        let revocations = Revocations::shared("shop.example", &keys, world.clone())
            .clock(world.clone())
            .dangerous_randomness(move || {
                let mut random = random.lock().unwrap();
                let bytes = std::array::from_fn(|_| random.next() as u8);
                Ok(Randomness::dangerous_from_bytes(bytes))
            })
            .build()?;
        if server == 0 {
            let revocations = revocations.clone();
            world.spawn(async move {
                revocations.create_store().await.unwrap();
            });
            world.run();
        }
        let mut chance = Random(1_000_000 + server);
        let mut at = world.now();
        let end = at + LASTS;
        loop {
            // So far apart on average, and by chance as people are.
            let share = (chance.next() >> 11) as f64 / (1_u64 << 53) as f64;
            at += (-(1.0 - share).ln() / each * 1000.0) as u64;
            if at >= end {
                break;
            }
            let (revocations, world, took) =
                (revocations.clone(), world.clone(), Arc::clone(&took));
            let user = server * 1_000_000 + at;
            world.clone().spawn(async move {
                world.wait_until(at).await;
                let done = revocations.revoke_scope(USER, user).await;
                took.lock()
                    .unwrap()
                    .push(done.ok().map(|_| world.now() - at));
            });
        }
    }
    world.run();
    let mut took = took.lock().unwrap().clone();
    took.sort_unstable_by_key(|took| took.unwrap_or(u64::MAX));
    Ok(took)
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// The time, the document, and who waits for what.
#[derive(Clone, Default)]
struct World(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    now: u64,
    document: Option<(u64, Vec<u8>)>,
    timers: BinaryHeap<Reverse<(u64, u64)>>,
    wakers: std::collections::HashMap<u64, Waker>,
    timer: u64,
    tasks: std::collections::HashMap<u64, Task>,
    task: u64,
    ready: Arc<Mutex<Vec<u64>>>,
}

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

struct Ready(u64, Arc<Mutex<Vec<u64>>>);

impl Wake for Ready {
    fn wake(self: Arc<Self>) {
        self.1.lock().unwrap().push(self.0);
    }
}

impl World {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }

    fn now(&self) -> u64 {
        self.inner().now
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut inner = self.inner();
        inner.task += 1;
        let number = inner.task;
        inner.tasks.insert(number, Box::pin(task));
        inner.ready.lock().unwrap().push(number);
    }

    /// Until nobody waits for anything.
    fn run(&self) {
        loop {
            self.poll_what_is_ready();
            let mut inner = self.inner();
            let Some(Reverse((at, timer))) = inner.timers.pop() else {
                return;
            };
            inner.now = at;
            let waker = inner.wakers.remove(&timer);
            drop(inner);
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }

    fn poll_what_is_ready(&self) {
        let ready = Arc::clone(&self.inner().ready);
        loop {
            let Some(number) = ready.lock().unwrap().pop() else {
                return;
            };
            let Some(mut task) = self.inner().tasks.remove(&number) else {
                continue;
            };
            let waker = Waker::from(Arc::new(Ready(number, Arc::clone(&ready))));
            if task
                .as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_pending()
            {
                self.inner().tasks.insert(number, task);
            }
        }
    }

    async fn wait(&self, millis: u64) {
        let until = self.now() + millis;
        self.wait_until(until).await;
    }

    async fn wait_until(&self, until: u64) {
        let mut timer = None;
        poll_fn(|context| {
            let mut inner = self.inner();
            if inner.now >= until {
                return Poll::Ready(());
            }
            let number = *timer.get_or_insert_with(|| {
                inner.timer += 1;
                let number = inner.timer;
                inner.timers.push(Reverse((until, number)));
                number
            });
            inner.wakers.insert(number, context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    fn version(&self) -> Option<Version> {
        let inner = self.inner();
        let (version, _) = inner.document.as_ref()?;
        Some(Version::from_bytes(&version.to_be_bytes()))
    }
}

impl RevocationStore for World {
    fn load<'a>(
        &'a self,
        known: Option<&'a Version>,
    ) -> StoreFuture<'a, Result<Loaded, StoreError>> {
        Box::pin(async move {
            self.wait(LOAD / 2).await;
            let loaded = match self.version() {
                None => Loaded::Absent,
                Some(version) if known == Some(&version) => Loaded::NotModified,
                Some(version) => {
                    let bytes = self.inner().document.clone().unwrap_or_default().1;
                    Loaded::Document { bytes, version }
                }
            };
            self.wait(LOAD / 2).await;
            Ok(loaded)
        })
    }

    fn replace<'a>(
        &'a self,
        expected: Option<&'a Version>,
        document: Vec<u8>,
    ) -> StoreFuture<'a, Result<Replaced, StoreError>> {
        Box::pin(async move {
            self.wait(PUT / 2).await;
            let replaced = if self.version().as_ref() == expected {
                let mut inner = self.inner();
                let next = inner
                    .document
                    .as_ref()
                    .map_or(1, |(version, _)| version + 1);
                inner.document = Some((next, document));
                Replaced::Done(Version::from_bytes(&next.to_be_bytes()))
            } else {
                Replaced::Conflict
            };
            self.wait(PUT / 2).await;
            Ok(replaced)
        })
    }

    fn sleep(&self, duration: Duration) -> StoreFuture<'static, ()> {
        let world = self.clone();
        let millis = u64::try_from(duration.as_millis())
            .unwrap_or(u64::MAX)
            .max(1);
        Box::pin(async move { world.wait(millis).await })
    }
}

impl Clock for World {
    fn unix_millis(&self) -> Result<u64, TimeError> {
        Ok(1_795_348_800_000 + self.now())
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_servers_with_two_logouts_a_second_each_do_not_starve_one_another() {
        let took = run(20, 2.0).unwrap();
        assert!(took.len() > 2000, "{}", took.len());
        assert!(took.iter().all(Option::is_some), "one failed");
        let most = within(&took, 95).unwrap();
        assert!(most < 3000, "95 % within {most} ms");
    }
}
