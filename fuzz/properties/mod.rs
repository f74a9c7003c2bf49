//! One property a file: a function of any bytes that panics when the crate is wrong.

mod claims;
mod cookie_header;
mod document;
mod envelope;
mod key_ring_text;
mod open_mutated;
mod open_payload;
mod open_text;
mod revocations;
mod seal_open;
mod world;

pub use claims::claims;
pub use cookie_header::cookie_header;
pub use document::document;
pub use envelope::envelope;
pub use key_ring_text::key_ring_text;
pub use open_mutated::open_mutated;
pub use open_payload::open_payload;
pub use open_text::open_text;
pub use revocations::revocations;
pub use seal_open::seal_open;

/// Panics when what it says does not hold for these bytes.
pub type Property = fn(&[u8]);

/// Every property by the name of its fuzz target and corpus.
pub const ALL: [(&str, Property); 10] = [
    ("claims", claims),
    ("cookie_header", cookie_header),
    ("document", document),
    ("envelope", envelope),
    ("key_ring_text", key_ring_text),
    ("open_mutated", open_mutated),
    ("open_payload", open_payload),
    ("open_text", open_text),
    ("revocations", revocations),
    ("seal_open", seal_open),
];
