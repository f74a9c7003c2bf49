//! The file store with a failure at every system call of a write. Obligation 19: the old document or
//! the new one, never a torn one; after the acknowledgement only the new. And the same for a key ring that is
//! rotated in place.
//!
//! `.ci/faults` runs it. For each system call that a write makes, strace (1) fails it once, (2) fails
//! it from then on (or, for a signal, three times), (3) kills the process there. `disk` replays the calls on a disk that loses what was
//! not synced.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

mod disk;
mod driver;
mod rotate;
mod trace;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use driver::{Held, Scenario};
use trace::Call;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [mode, folder, scenario] = &arguments[..]
        && mode == "drive"
    {
        return driver::drive(Path::new(folder), Scenario::named(scenario));
    }
    let here = std::env::temp_dir().join(format!("faults-{}", std::process::id()));
    let mut tally = Tally::default();
    for scenario in Scenario::ALL {
        let calls = trace::record(&folder(&here, scenario, "record"), scenario);
        println!("{scenario:?}: {} system calls", calls.len());
        let states = disk::replay(&calls, scenario);
        println!("{scenario:?}: {states} states of a disk that lost power, none torn");
        for call in &calls {
            if call.is_drivers() {
                continue;
            }
            for fault in FAULTS {
                inject(&here, scenario, call, fault, &mut tally);
            }
        }
    }
    short_writes(&here, &mut tally);
    rotate::at_every_system_call(&here);
    fs::remove_dir_all(&here).unwrap();
    println!("{} injections: {:?}", tally.all(), tally.outcomes);
    assert!(tally.all() >= 300, "fewer than 300 injections");
}

/// What is done to a system call, as strace is told.
const FAULTS: [&str; 7] = [
    "error=EIO:when=N",
    "error=ENOSPC:when=N",
    "error=EINTR:when=N",
    "error=EIO:when=N+",
    "error=ENOSPC:when=N+",
    "error=EINTR:when=N..M",
    "signal=KILL:when=N",
];

#[derive(Default)]
struct Tally {
    outcomes: BTreeMap<String, u32>,
}

impl Tally {
    fn all(&self) -> u32 {
        self.outcomes.values().sum()
    }
}

/// A folder with the store as it is before the write.
fn folder(here: &Path, scenario: Scenario, name: &str) -> PathBuf {
    let folder = here.join(format!("{scenario:?}-{name}"));
    fs::create_dir_all(&folder).unwrap();
    scenario.prepare(&folder);
    folder
}

fn inject(here: &Path, scenario: Scenario, call: &Call, fault: &str, tally: &mut Tally) {
    let (first, third) = (call.occurrence, call.occurrence + 2);
    let fault = fault
        .replace("=N", &format!("={first}"))
        .replace("..M", &format!("..{third}"));
    let name = format!("{}-{}-{}", call.name, call.occurrence, tally.all());
    let folder = folder(here, scenario, &name);
    let inject = format!("inject={}:{fault}", call.name);
    let said = trace::run(&folder, scenario, &["-e", &inject], "/dev/null");
    judge(
        &folder,
        scenario,
        &format!("{}:{fault}", call.name),
        &said,
        tally,
    );
}

/// The kernel itself writes less than it was asked for, by a limit to the size of files.
fn short_writes(here: &Path, tally: &mut Tally) {
    for kib in [1, 2, 3] {
        let scenario = Scenario::Replace;
        let folder = folder(here, scenario, &format!("short-{kib}"));
        let said = driver::run_limited(&folder, scenario, kib);
        assert!(said.starts_with("failed"), "{said}");
        judge(
            &folder,
            scenario,
            &format!("write:short:{kib} KiB"),
            &said,
            tally,
        );
    }
}

/// Looks at what is left, and whether the next writer can go on from it.
fn judge(folder: &Path, scenario: Scenario, what: &str, said: &str, tally: &mut Tally) {
    let acknowledged = said.starts_with("acknowledged");
    let held = scenario.held(folder);
    let result = match (held, acknowledged) {
        (Held::New, true) => "acknowledged, new",
        (Held::Old, true) => panic!("{scenario:?} {what}: acknowledged, and lost"),
        (Held::New, false) => "not acknowledged, new",
        (Held::Old, false) => "not acknowledged, old",
    };
    println!("{scenario:?} {what}: {result}{}", reason(said));
    *tally.outcomes.entry(result.into()).or_default() += 1;
    scenario.go_on(folder, held);
    fs::remove_dir_all(folder).unwrap();
}

fn reason(said: &str) -> String {
    said.strip_prefix("failed").map_or(String::new(), |error| {
        format!(" ({})", error.trim_start_matches(": ").trim())
    })
}
