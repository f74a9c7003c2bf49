//! A hundred servers with their own clocks, one store, and a network that delays, cuts and loses.
//! Obligations 15 to 18. The handle, the sessions and the documents are the crate's; the clocks, the
//! store and the network are played, so that a seed repeats.
//!
//! `.ci/simulate` runs more seeds; `SEED=7 cargo test --test simulation` one alone.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

mod network;
#[path = "../support/random.rs"]
mod random;
mod run;
mod truth;

use std::sync::atomic::{AtomicU64, Ordering};

use truth::Counts;

const SERVERS: usize = 100;

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().expect("a number"))
}

#[test]
fn revocations_hold_on_a_hundred_servers_whatever_happens_to_them() {
    let seeds = match number("SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SEEDS").unwrap_or(200),
    };
    let next = AtomicU64::new(seeds.start);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let total = std::thread::scope(|scope| {
        let work = || {
            let mut total = Counts::default();
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if !seeds.contains(&seed) {
                    return total;
                }
                let counts = std::panic::catch_unwind(|| run::run(seed, SERVERS));
                let counts = counts.unwrap_or_else(|_| panic!("seed {seed}"));
                total.add(&counts);
            }
        };
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let mut total = Counts::default();
        for thread in threads {
            total.add(&thread.join().expect("a seed failed"));
        }
        total
    });
    println!("{seeds:?}: {total:?}");
    // A run in which nothing happens shows nothing.
    if seeds.end - seeds.start >= 20 {
        assert!(total.all().iter().all(|&count| count > 0), "{total:?}");
    }
}
