//! One property a file: a function of any bytes that panics when the crate is wrong.

mod claims;
mod cookie_header;
mod envelope;
mod key_ring_text;
mod open_mutated;
mod open_payload;
mod open_text;
mod seal_open;
mod world;

pub use claims::claims;
pub use cookie_header::cookie_header;
pub use envelope::envelope;
pub use key_ring_text::key_ring_text;
pub use open_mutated::open_mutated;
pub use open_payload::open_payload;
pub use open_text::open_text;
pub use seal_open::seal_open;

/// Panics when what it says does not hold for these bytes.
pub type Property = fn(&[u8]);

/// Every property by the name of its fuzz target and corpus.
pub const ALL: [(&str, Property); 8] = [
    ("claims", claims),
    ("cookie_header", cookie_header),
    ("envelope", envelope),
    ("key_ring_text", key_ring_text),
    ("open_mutated", open_mutated),
    ("open_payload", open_payload),
    ("open_text", open_text),
    ("seal_open", seal_open),
];
