//! Any body behind a valid tag, under any settings: the crate and the oracle agree on the verdict,
//! the claims and the session.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sealed_session_fuzz::properties::claims(data));
