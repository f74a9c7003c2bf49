//! Any bytes as a token, and any envelope around a body: the crate and the oracle agree.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sealed_session_fuzz::properties::envelope(data));
