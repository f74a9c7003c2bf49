//! What the library asks of the machine: time, threads, files. Needs `std`.
//!
//! - `clock`: where the time is read; `sync`: what threads share;
//! - `background`: what runs without a caller; `operation`: a call of it that is awaited or waited for;
//! - `follower`: one task that loads and writes; `pace`: when; both know nothing of keys or revocations;
//! - `whole_file`: a file that is replaced as a whole, and durably.

pub(crate) mod background;
pub(crate) mod clock;
pub(crate) mod follower;
pub(crate) mod operation;
pub(crate) mod pace;
pub(crate) mod sync;
pub(crate) mod whole_file;
