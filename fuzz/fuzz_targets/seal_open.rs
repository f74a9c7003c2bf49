//! Any session under any settings: what is sealed opens as the same value for as long as it says,
//! through renewals; what is not sealed is refused for a reason that holds.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sealed_session_fuzz::properties::seal_open(data));
