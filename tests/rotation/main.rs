//! Fleets of servers that use two to four rings, one after another and side by side: where
//! `RotationPolicy::check` had nothing to say at any deploy, no session is lost. Obligation 23.
//!
//! The rings, the check and the codecs are the crate's; the clocks and the deploys are played, so that a
//! seed repeats. `.ci/rotations` runs more sequences; `SEED=7 cargo test --test rotation` one alone.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

mod counts;
mod draw;
mod fleet;
mod kinds;
#[path = "../support/random.rs"]
mod random;
mod sequence;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

use counts::Counts;
use sequence::Sequence;

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().expect("a number"))
}

#[test]
fn no_session_is_lost_where_the_check_is_silent_at_every_deploy() {
    let seeds = match number("SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SEQUENCES").unwrap_or(2_000),
    };
    let next = AtomicU64::new(seeds.start);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let total = std::thread::scope(|scope| {
        let work = || {
            let mut counts = Counts::default();
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if !seeds.contains(&seed) {
                    return Ok(counts);
                }
                let tried = AssertUnwindSafe(|| try_seed(seed, &mut counts));
                let tried = catch_unwind(tried).unwrap_or_else(|_| panic!("seed {seed}"));
                if let Err(failure) = tried {
                    next.store(seeds.end, Ordering::Relaxed);
                    return Err(failure);
                }
            }
        };
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let mut total = Counts::default();
        for thread in threads {
            match thread.join().expect("a seed fails with an error") {
                Ok(counts) => total.add(&counts),
                Err(failure) => panic!("{failure}"),
            }
        }
        total
    });
    println!("{total}");
    // A fleet to which nothing happens shows nothing.
    if seeds.end - seeds.start >= 1_000 {
        total.assert_telling();
    }
}

fn try_seed(seed: u64, counts: &mut Counts) -> Result<(), String> {
    let sequence = Sequence::draw(seed);
    let errors = sequence.errors();
    let run = fleet::run(&sequence);
    counts.count(&errors, &run);
    match run.lost {
        Some(lost) if errors.is_empty() => Err(format!(
            "{lost}, though the check was silent\nseed {seed}: {sequence}"
        )),
        _ => Ok(()),
    }
}
