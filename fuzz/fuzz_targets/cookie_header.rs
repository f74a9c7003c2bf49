//! Any `Cookie` header: the same verdict as from a slow reading of it. `@` stands for a token that
//! opens, `$` for our name, so that the fuzzer can write them.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sealed_session_fuzz::properties::cookie_header(data));
