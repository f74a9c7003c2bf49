//! What the bytes of a token are. Pure, and below everything else: nothing here knows of rings, cookies
//! or stores.
//!
//! - `canonical`: the two injective encodings; `schedule`: what a root key becomes;
//! - `wire`: text to bytes to parts; `aead`, `mac`: what protects them; `random`: what a nonce is made of;
//! - `claims`, `validity`: what a token says of itself, and whether that still holds;
//! - `payload`: the session's value as bytes;
//! - `key_id`, `sealed`: what their names say.

pub(crate) mod aead;
pub(crate) mod canonical;
pub(crate) mod claims;
pub(crate) mod key_id;
pub(crate) mod mac;
pub(crate) mod payload;
pub(crate) mod random;
pub(crate) mod schedule;
pub(crate) mod sealed;
pub(crate) mod validity;
pub(crate) mod wire;
