//! Any text as a key ring: a ring that prints and reads back the same, or an error that names a
//! line of the text and shows none of its words.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sealed_session_fuzz::properties::key_ring_text(data));
