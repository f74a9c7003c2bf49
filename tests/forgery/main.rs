//! What nobody without the key can do, run with every backend: make a token, change one, or use one elsewhere.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "a test fails by panicking"
)]

#[path = "../support/account.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod account;
mod binding;
#[path = "../facts/fixture.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod fixture;
#[path = "../support/oracle.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod oracle;
mod tokens;
