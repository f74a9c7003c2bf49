//! The session value as bytes: postcard 1.x, and nothing left over. Spec, section 5.
//!
//! What decodes here is authentic, but a key holder can be mistaken or taken over, so the bounds of
//! `guard` hold even under a valid tag.

mod guard;
mod strict;

use alloc::vec::Vec;

use postcard::Deserializer;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::SealError;
use guard::{Budget, Guarded};
use strict::Strict;

/// A payload that is no value of the type asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DecodeError;

/// Decodes one value that takes up all of `bytes`.
#[inline]
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    let budget = Budget::for_payload(bytes);
    let mut deserializer = Deserializer::from_bytes(bytes);
    let value = T::deserialize(Guarded::new(&mut deserializer, &budget));
    let left_over = deserializer.finalize().map_err(|_| DecodeError)?;
    // `postcard::from_bytes` would ignore it.
    if !left_over.is_empty() {
        return Err(DecodeError);
    }
    value.map_err(|_| DecodeError)
}

/// Appends the encoding of `value` to `out`, every field of it.
pub(crate) fn encode<T: Serialize>(value: &T, out: Vec<u8>) -> Result<Vec<u8>, SealError> {
    postcard::to_extend(&Strict(value), out).map_err(|_| SealError::Encode)
}
