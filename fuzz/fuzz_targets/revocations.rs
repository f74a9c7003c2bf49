//! Any sequence of steps of two processes on one store (revoke, restart, rotate, lose, open): the crate
//! and a model that keeps everything agree.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sealed_session_fuzz::properties::revocations(data));
