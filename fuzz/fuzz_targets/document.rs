//! Any bytes as a document, and as the body of one behind a valid tag: the crate and the oracle agree.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sealed_session_fuzz::properties::document(data));
