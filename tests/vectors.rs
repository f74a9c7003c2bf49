//! Every vector of `tests/vectors/*.json`, and of the files that `SEALED_SESSION_VECTORS` names
//! (separated by `:`), as a test of its own. `tests/vectors/VECTORS.md` describes the fields.
//!
//! Opening gives exactly what the vector expects; where it has `seal`, sealing gives its token byte
//! for byte. The oracle must agree, so that what other tests compare with it is worth something.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "support/account.rs"]
#[allow(dead_code, reason = "each test binary uses its part of it")]
mod account;
#[path = "support/oracle.rs"]
#[allow(dead_code, reason = "each test binary uses its part of it")]
mod oracle;

#[path = "support/vector.rs"]
mod vector;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};
use vector::VectorFile;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for path in files()? {
        let text = std::fs::read_to_string(&path)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        let file =
            VectorFile::parse(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        let stem = path.file_stem().unwrap_or_default().display().to_string();
        for vector in file.vectors {
            let name = format!("{stem}: {}", vector.name);
            trials.push(Trial::test(name, move || {
                vector.run();
                Ok(())
            }));
        }
    }
    Ok(libtest_mimic::run(&arguments, trials).exit_code())
}

fn files() -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors");
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            files.push(path);
        }
    }
    files.sort();
    if let Some(more) = std::env::var_os("SEALED_SESSION_VECTORS") {
        files.extend(std::env::split_paths(&more).filter(|path| !path.as_os_str().is_empty()));
    }
    Ok(files)
}
