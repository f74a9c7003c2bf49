//! The session value as bytes: postcard 1.x, and nothing left over. Spec, section 5.
//!
//! What decodes here is authentic, but a key holder can be mistaken or taken over, so the bounds of
//! `guard` hold even under a valid tag.

mod guard;
mod shape;
mod strict;

use alloc::vec::Vec;

use postcard::Deserializer;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::SealError;
use guard::{Budget, Guarded};
use shape::Shape;
use strict::Strict;

/// A payload that is no value of the type asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DecodeError;

/// Decodes one value that takes up all of `bytes`.
#[inline]
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    decode_under(bytes, &Budget::for_payload(bytes))
}

#[inline]
fn decode_under<T: DeserializeOwned>(bytes: &[u8], budget: &Budget) -> Result<T, DecodeError> {
    let mut deserializer = Deserializer::from_bytes(bytes);
    let value = T::deserialize(Guarded::new(&mut deserializer, budget));
    let left_over = deserializer.finalize().map_err(|_| DecodeError)?;
    // `postcard::from_bytes` would ignore it.
    if !left_over.is_empty() {
        return Err(DecodeError);
    }
    value.map_err(|_| DecodeError)
}

/// The encoding of `value`: every field of it, and only if it decodes again. What would not is
/// refused here, at sign-in, and not later by logging somebody out.
pub(crate) fn encode<T: Serialize + DeserializeOwned>(value: &T) -> Result<Vec<u8>, SealError> {
    let written = Shape::default();
    let bytes = postcard::to_extend(&Strict::new(value, &written), Vec::new())
        .map_err(|_| SealError::Encode)?;
    let budget = Budget::for_payload(&bytes);
    decode_under::<T>(&bytes, &budget).map_err(|_| SealError::Unreadable)?;
    if !budget.shape.is_like(&written) {
        return Err(SealError::Unreadable);
    }
    Ok(bytes)
}
