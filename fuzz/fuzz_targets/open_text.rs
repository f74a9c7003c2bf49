//! Of any text, only what was sealed opens.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sealed_session_fuzz::properties::open_text(data));
