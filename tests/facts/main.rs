//! The facts that hold, one test each: its name says the fact.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "../support/account.rs"]
mod account;
#[path = "../support/background.rs"]
mod background;
mod bounds;
mod cookie_lines;
mod cookies;
mod data;
mod decoding;
#[path = "../support/document_oracle.rs"]
mod document_oracle;
mod documents;
#[cfg(unix)]
mod file_locks;
#[cfg(unix)]
mod files;
mod fixture;
mod hangs;
mod headers;
#[cfg(feature = "cli")]
mod inspect;
mod keys;
mod kinds;
mod lifetimes;
mod live;
#[allow(dead_code, reason = "each test binary uses its part of it")]
#[path = "../support/oracle.rs"]
mod oracle;
mod origin;
mod payload_by_hand;
mod payload_empty;
mod payload_errors;
mod payload_fields;
#[cfg(feature = "json")]
mod payload_loose;
mod payload_moved;
mod payload_names;
mod payload_nesting;
mod payload_types;
mod payload_visitors;
mod pushed;
mod randomness;
mod refreshing;
mod remember;
mod renewing;
mod revocation;
mod revocation_change;
mod revocation_state;
mod ring_files;
mod ring_text;
mod ring_variable;
mod rotation;
mod scopes;
mod secrecy;
mod sessions;
mod set_up;
mod shared;
mod shared_fixture;
mod sign_out;
mod size;
mod telemetry;
#[path = "../support/test_store.rs"]
mod test_store;
mod tries;
mod writing;
