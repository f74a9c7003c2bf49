//! The values that are offered, one after the other until one is taken.

/// Texts, from what most types take to what a few insist on.
pub(super) const TEXTS: [&str; 20] = [
    "",
    "a",
    "0",
    "1970-01-01T00:00:00Z",
    "1970-01-01",
    "00:00:00",
    "1970-01-01T00:00:00",
    "00000000-0000-0000-0000-000000000000",
    "00000000000000000000000000",
    "127.0.0.1",
    "127.0.0.1:80",
    "::1",
    "http://a.example/",
    "a@a.example",
    "UTC",
    "en",
    "null",
    "{}",
    "[]",
    "1.0.0",
];

/// Lengths of byte strings of zeros.
pub(super) const LENGTHS: [usize; 9] = [0, 1, 4, 8, 12, 16, 20, 32, 64];

pub(super) const ZEROS: [u8; 64] = [0; 64];
