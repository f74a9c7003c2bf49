//! How long a logout takes when many servers write to one store, as in docs/REVOCATION.md.
//!
//! ```sh
//! cargo run --release --example revocation_contention
//! ```
//!
//! The writers are the library's own. Time, the store and chance are simulated, so it prints the same on
//! every machine.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "it simulates a minute and prints a table of small numbers"
)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use sealed_session::{
    Background, BackgroundFuture, Clock, Key, KeyRing, Loaded, Randomness, Replaced,
    RevocationStore, Revocations, ScopeKind, StoreError, StoreFuture, TimeError, Version,
};
use tokio::time::{Instant, sleep, sleep_until};

#[path = "../tests/support/random.rs"]
mod random;
use random::Random;

const USER: ScopeKind<u64> = ScopeKind::new("user");

/// What an object store in the same region takes, there and back.
const LOAD: Duration = Duration::from_millis(30);
const PUT: Duration = Duration::from_millis(80);
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
/// For so long people log out.
const LASTS: Duration = Duration::from_secs(60);

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
    // The clock stands still while anything can run, and then goes on to the next timer.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()?;
    runtime.block_on(log_out(servers, each))
}

async fn log_out(servers: u64, each: f64) -> Result<Vec<Option<u64>>, Box<dyn std::error::Error>> {
    let keys = KeyRing::from_key(Key::from_bytes(&std::array::from_fn(|i| i as u8))?);
    let start = Instant::now();
    let world = World {
        document: Arc::default(),
        began: start,
    };
    let mut logouts = Vec::new();
    for server in 0..servers {
        let random = Mutex::new(Random(server));
        let revocations = Revocations::shared("shop.example", &keys, world.clone())
            .clock(world.clone())
            .background(world.clone())
            .refresh_on_use()
            .dangerous_randomness(move || {
                let mut random = random.lock().unwrap();
                let bytes = std::array::from_fn(|_| random.next() as u8);
                Ok(Randomness::dangerous_from_bytes(bytes))
            })
            .build()?;
        if server == 0 {
            revocations.create_store().await?;
        }
        let mut chance = Random(1_000_000 + server);
        let mut at = start + PUT;
        for user in server * 1_000_000.. {
            // So far apart on average, at random.
            let share = (chance.next() >> 11) as f64 / (1_u64 << 53) as f64;
            at += Duration::from_millis((-(1.0 - share).ln() / each * 1000.0) as u64);
            if at >= start + LASTS {
                break;
            }
            let revocations = revocations.clone();
            logouts.push(tokio::spawn(async move {
                sleep_until(at).await;
                let done = revocations.revoke_scope(USER, user).await;
                done.ok().map(|_| at.elapsed().as_millis() as u64)
            }));
        }
    }
    let mut took = Vec::new();
    for logout in logouts {
        took.push(logout.await?);
    }
    took.sort_unstable_by_key(|took| took.unwrap_or(u64::MAX));
    Ok(took)
}

/// A document, and how many writes came before it.
type Numbered = (u64, Vec<u8>);

/// A store, and the clock of its servers.
#[derive(Clone)]
struct World {
    document: Arc<Mutex<Option<Numbered>>>,
    began: Instant,
}

fn version(number: u64) -> Version {
    Version::from_bytes(&number.to_be_bytes())
}

impl RevocationStore for World {
    fn load<'a>(
        &'a self,
        known: Option<&'a Version>,
    ) -> StoreFuture<'a, Result<Loaded, StoreError>> {
        Box::pin(async move {
            sleep(LOAD / 2).await;
            let loaded = match &*self.document.lock().unwrap() {
                None => Loaded::Absent,
                Some((number, _)) if known == Some(&version(*number)) => Loaded::NotModified,
                Some((number, document)) => Loaded::Document {
                    bytes: document.clone(),
                    version: version(*number),
                },
            };
            sleep(LOAD / 2).await;
            Ok(loaded)
        })
    }

    fn replace<'a>(
        &'a self,
        expected: Option<&'a Version>,
        document: Vec<u8>,
    ) -> StoreFuture<'a, Result<Replaced, StoreError>> {
        Box::pin(async move {
            sleep(PUT / 2).await;
            let replaced = {
                let mut held = self.document.lock().unwrap();
                let number = held.as_ref().map(|(number, _)| *number);
                if number.map(version).as_ref() == expected {
                    let next = number.map_or(1, |number| number + 1);
                    *held = Some((next, document));
                    Replaced::Done(version(next))
                } else {
                    Replaced::Conflict
                }
            };
            sleep(PUT / 2).await;
            Ok(replaced)
        })
    }
}

impl Background for World {
    fn spawn(&self, task: BackgroundFuture) -> std::io::Result<()> {
        drop(tokio::spawn(task));
        Ok(())
    }

    fn sleep(&self, duration: Duration) -> BackgroundFuture {
        Box::pin(sleep(duration))
    }
}

impl Clock for World {
    fn unix_millis(&self) -> Result<u64, TimeError> {
        Ok(1_795_348_800_000 + self.began.elapsed().as_millis() as u64)
    }

    fn monotonic(&self) -> Duration {
        self.began.elapsed()
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
