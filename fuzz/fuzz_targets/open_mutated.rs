//! A token that was changed in any way does not open: bits, bytes, cuts, splices of two.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sealed_session_fuzz::properties::open_mutated(data));
