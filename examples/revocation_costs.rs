//! Computes the tables of docs/REVOCATION.md: how soon a revocation takes effect, what an object
//! store is asked for and what that costs, and how long the document gets.
//!
//! ```sh
//! cargo run --example revocation_costs
//! ```

#![allow(
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    reason = "it prints tables of small numbers"
)]

use std::time::Duration;

use sealed_session::{
    DocumentCodec, Epoch, Key, KeyRing, Randomness, RevocationState, Scope, ScopeKind,
};
use sealed_session::{RevocationChange, UnixTime};

const DAY: f64 = 86_400.0;
/// Dollars for a thousand requests: S3 Standard, us-east-1, <https://aws.amazon.com/s3/pricing/>.
const GET: f64 = 0.0004 / 1000.0;

/// A load comes up to a quarter before its interval has gone, by chance.
const SHORTEST: f64 = 0.75;
const MEAN: f64 = (1.0 + SHORTEST) / 2.0;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    time_to_effect();
    requests();
    documents()
}

/// A revocation falls at any moment between two loads, more probably into a long pause.
fn time_to_effect() {
    println!(
        "| refresh interval | mean time to effect | at the latest, store in reach | staleness bound, store out of reach |"
    );
    println!("| ---: | ---: | ---: | ---: |");
    for (interval, staleness) in [(1.0, 10), (5.0, 60), (15.0, 120), (60.0, 300), (300.0, 900)] {
        let mean_square = (1.0 + SHORTEST + SHORTEST * SHORTEST) / 3.0;
        let mean = interval * mean_square / (2.0 * MEAN);
        println!("| {interval} s | {mean:.1} s | {interval} s and a load | {staleness} s |");
    }
    println!();
}

fn requests() {
    println!("| refresh interval | instances | loads a day | dollars a day |");
    println!("| ---: | ---: | ---: | ---: |");
    for interval in [1.0, 5.0, 60.0] {
        for instances in [10.0, 1000.0, 10_000.0] {
            let loads = instances * DAY / (interval * MEAN);
            let dollars = loads * GET;
            println!(
                "| {interval} s | {instances} | {:.3} million | {dollars:.2} |",
                loads / 1e6
            );
        }
    }
    println!();
}

/// Of default sessions: half an hour idle, twelve hours at all, a minute of skew and of staleness,
/// two minutes for a commit.
fn documents() -> Result<(), Box<dyn std::error::Error>> {
    let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
    let kept = |life| RevocationChange::retention(life, minutes(1), minutes(1), minutes(2));
    let (rejecting, accepting) = (kept(minutes(30)), kept(minutes(720)));
    println!(
        "An entry is kept for {} minutes where stale states are rejected, {} where they are accepted.",
        rejecting.as_secs() / 60,
        accepting.as_secs() / 60
    );
    println!();
    println!("| logouts a day | entries (rejecting) | document | entries (accepting) | document |");
    println!("| ---: | ---: | ---: | ---: | ---: |");
    for logouts in [100_u32, 10_000, 100_000, 1_000_000, 10_000_000] {
        let row = [rejecting, accepting].map(|kept| {
            let entries = (f64::from(logouts) * kept.as_secs_f64() / DAY).ceil();
            format!("{entries} | {}", size(62.0 + 20.0 * entries))
        });
        println!("| {logouts} | {} | {} |", row[0], row[1]);
    }
    println!();
    for (kept, how) in [(rejecting, "rejected"), (accepting, "accepted")] {
        let logouts = 100_000.0 * DAY / kept.as_secs_f64();
        println!(
            "100,000 entries, the default bound, are {logouts:.0} logouts a day where stale states are {how}."
        );
    }
    // The lengths above are those of the format.
    for entries in [0, 1, 1000] {
        assert_eq!(length(entries)?, 62 + 20 * entries);
    }
    Ok(())
}

fn length(entries: usize) -> Result<usize, Box<dyn std::error::Error>> {
    let codec = DocumentCodec::new("shop.example", &KeyRing::from_key(Key::generate()?))?;
    const USER: ScopeKind<usize> = ScopeKind::new("user");
    let scopes: Vec<Scope> = (0..entries).map(|id| Scope::new(USER, id)).collect();
    let mut state = RevocationState::fixed(Epoch::ZERO);
    state.revoke(&scopes, Epoch::ZERO, Epoch::ZERO)?;
    let document = codec.seal(&state, UnixTime::from_secs(0), &Randomness::from_os()?)?;
    Ok(document.len())
}

fn size(bytes: f64) -> String {
    if bytes < 10_000.0 {
        format!("{bytes} bytes")
    } else if bytes < 1e6 {
        format!("{:.0} kB", bytes / 1e3)
    } else {
        format!("{:.1} MB", bytes / 1e6)
    }
}
