//! How long a logout takes when many servers write to one store, and what a fleet asks of a store of each kind:
//! two tables of docs/REVOCATION.md.
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

mod fleet;
#[path = "../../tests/support/random.rs"]
mod random;
mod world;

use std::sync::Mutex;
use std::time::Duration;

use random::Random;
use sealed_session::{Key, KeyRing, Randomness, Revocations, ScopeKind};
use tokio::time::{Instant, sleep_until};
use world::{Latency, World};

const USER: ScopeKind<u64> = ScopeKind::new("user");

/// What an object store in the same region takes, there and back.
const OBJECT_STORE: Latency = Latency {
    load: Duration::from_millis(30),
    replace: Duration::from_millis(80),
};
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
/// How often servers load, unless they are told otherwise.
const INTERVAL: Duration = Duration::from_secs(5);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!(
        "| servers | logouts a second, each | logouts | failed | half within | 95 % within | longest |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    for (servers, each) in LOADS {
        let took = run(by_itself(servers, each))?.took;
        let failed = took.iter().filter(|took| took.is_none()).count();
        let share = |percent| seconds(within(&took, percent));
        println!(
            "| {servers} | {each} | {} | {failed} | {} | {} | {} |",
            took.len(),
            share(50),
            share(95),
            share(100),
        );
    }
    println!();
    fleet::table()
}

const fn by_itself(servers: u64, each: f64) -> Load {
    Load {
        servers,
        each,
        lasts: LASTS,
        latency: OBJECT_STORE,
        follows: Follows::Not,
    }
}

fn seconds(millis: Option<u64>) -> String {
    match millis {
        Some(millis) => format!("{:.1} s", millis as f64 / 1000.0),
        None => "failed".into(),
    }
}

/// The time within which so many percent of the sorted were done; none if some of these failed.
fn within(took: &[Option<u64>], percent: usize) -> Option<u64> {
    *took.get((took.len() * percent / 100).min(took.len() - 1))?
}

/// What happens.
#[derive(Clone, Copy)]
struct Load {
    servers: u64,
    /// Logouts a second on each server.
    each: f64,
    lasts: Duration,
    latency: Latency,
    follows: Follows,
}

/// How servers know what others write.
#[derive(Clone, Copy, PartialEq)]
enum Follows {
    /// They load when their own write meets another.
    Not,
    /// Every 5 seconds.
    Polls,
    /// And when the store tells them.
    Told,
}

struct Outcome {
    /// How long each logout took in milliseconds, sorted; none, at the end, for one that failed.
    took: Vec<Option<u64>>,
    /// How many replacements were asked for.
    replaces: u64,
}

fn run(load: Load) -> Result<Outcome, Box<dyn std::error::Error>> {
    // The clock stands still while anything can run, and then goes on to the next timer.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()?;
    runtime.block_on(log_out(load))
}

async fn log_out(load: Load) -> Result<Outcome, Box<dyn std::error::Error>> {
    let keys = KeyRing::from_key(Key::from_bytes(&std::array::from_fn(|i| i as u8))?);
    let start = Instant::now();
    let world = World::new(start, load.latency, load.follows == Follows::Told);
    let (mut servers, mut logouts) = (Vec::new(), Vec::new());
    // Those who follow have all loaded by then, each at its own time.
    let begin = match load.follows {
        Follows::Not => start + load.latency.replace,
        Follows::Polls | Follows::Told => start + 2 * INTERVAL,
    };
    for server in 0..load.servers {
        let random = Mutex::new(Random(server));
        let mut builder = Revocations::shared("shop.example", &keys, world.server())
            .clock(world.clone())
            .background(world.clone())
            .dangerous_randomness(move || {
                let mut random = random.lock().unwrap();
                let bytes = std::array::from_fn(|_| random.next() as u8);
                Ok(Randomness::dangerous_from_bytes(bytes))
            });
        builder = match load.follows {
            Follows::Not => builder.refresh_on_use(),
            Follows::Polls | Follows::Told => builder.refresh_interval(INTERVAL),
        };
        let revocations = builder.build()?;
        if server == 0 {
            revocations.create_store().await?;
        }
        let mut chance = Random(1_000_000 + server);
        // At least 0, and less than 1.
        let mut share = move || (chance.next() >> 11) as f64 / (1_u64 << 53) as f64;
        if load.follows != Follows::Not {
            let (revocations, starts) = (revocations.clone(), start + INTERVAL.mul_f64(share()));
            drop(tokio::spawn(async move {
                sleep_until(starts).await;
                revocations.refresh().await
            }));
        }
        let mut at = begin;
        for user in server * 1_000_000.. {
            // So far apart on average, at random.
            at += Duration::from_millis((-(1.0 - share()).ln() / load.each * 1000.0) as u64);
            if at >= begin + load.lasts {
                break;
            }
            let revocations = revocations.clone();
            logouts.push(tokio::spawn(async move {
                sleep_until(at).await;
                let done = revocations.revoke_scope(USER, user).await;
                done.ok().map(|_| at.elapsed().as_millis() as u64)
            }));
        }
        servers.push(revocations);
    }
    let mut took = Vec::new();
    for logout in logouts {
        took.push(logout.await?);
    }
    took.sort_unstable_by_key(|took| took.unwrap_or(u64::MAX));
    let replaces = world.replaces();
    Ok(Outcome { took, replaces })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_servers_with_two_logouts_a_second_each_do_not_starve_one_another() {
        let took = run(by_itself(20, 2.0)).unwrap().took;
        assert!(took.len() > 2000, "{}", took.len());
        assert!(took.iter().all(Option::is_some), "one failed");
        let most = within(&took, 95).unwrap();
        assert!(most < 3000, "95 % within {most} ms");
    }
}
