//! What the library asks of the machine: time, threads, files. Needs `std`.
//!
//! - `clock`: where the time is read; `sync`: what threads share;
//! - `operation`: a call that is awaited or waited for; `unblock`: work on a thread of its own;
//! - `whole_file`: a file that is replaced as a whole, and durably.

pub(crate) mod clock;
pub(crate) mod operation;
pub(crate) mod sync;
pub(crate) mod unblock;
pub(crate) mod whole_file;
