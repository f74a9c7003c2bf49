//! Any payload behind a valid tag, as any type: an error, or a value that seals and opens again.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sealed_session_fuzz::properties::open_payload(data));
