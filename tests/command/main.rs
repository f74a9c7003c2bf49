//! The command line, a case a file: arguments and input beside what is printed and the exit code.
//! `TRYCMD=overwrite` writes what is printed into the cases, to be read before it is kept.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

#[cfg(unix)]
mod completions;
#[cfg(unix)]
mod operations;

use std::path::Path;

#[test]
fn every_case_prints_what_its_file_says() {
    trycmd::TestCases::new()
        .register_bin(
            "sealed-session",
            Path::new(env!("CARGO_BIN_EXE_sealed-session")),
        )
        .case("tests/command/*.toml")
        .case("tests/command/*.trycmd");
}
