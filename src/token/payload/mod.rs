//! The session value as bytes: postcard 1.x, and nothing left over. Spec, section 5.
//!
//! What decodes here is authentic, but a key holder can be mistaken or taken over, so the bounds of
//! `guard` hold even under a valid tag.
//!
//! postcard writes no names. So a type whose `Serialize` and `Deserialize` disagree, by an attribute of
//! serde that works one way only, would open as another value than was sealed. Sealing therefore
//! writes down the names (`strict`, `trace`) and compares them with what would be read (`read`);
//! opening does nothing of the kind. `probe` asks the type alone, before there is a value.

mod guard;
mod moved;
mod path;
mod probe;
mod read;
mod representation;
mod strict;
mod trace;

use alloc::string::String;
use alloc::vec::Vec;

use postcard::Deserializer;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{PayloadCause, PayloadError};
use crate::token::wire::MAX_TOKEN;
use guard::{Budget, Guarded};
use strict::{Strict, Written};
use trace::{Event, Trace};

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

/// The encoding of `value`, only if it decodes again as what it was. What would not is refused here,
/// at sign-in, and not later by logging somebody out or by letting somebody in.
pub(crate) fn encode<T: Serialize + DeserializeOwned>(value: &T) -> Result<Vec<u8>, PayloadError> {
    let (bytes, trace) = match write(value) {
        Ok(written) => written,
        Err(error) => return Err(explain::<T>(error)),
    };
    let Some(trace) = trace else {
        // It was not compared, and no cookie may hold it.
        return if bytes.len() > MAX_TOKEN {
            Ok(bytes)
        } else {
            Err(whole(PayloadCause::TooManyEmpty))
        };
    };
    let budget = Budget::for_payload(&bytes);
    // As at opening.
    let decoded = decode_under::<T>(&bytes, &budget);
    compare(&trace, decoded.as_ref().ok())?;
    match decoded {
        Ok(_) => Ok(bytes),
        Err(DecodeError) if budget.is_exhausted() => Err(whole(PayloadCause::TooManyEmpty)),
        Err(DecodeError) => Err(whole(PayloadCause::Rejected)),
    }
}

/// Whether any value of `T` could be refused by [`encode`], as far as can be told without one.
pub(crate) fn check_type<T: Serialize + DeserializeOwned>() -> Result<(), PayloadError> {
    probe::check::<T>()
}

/// Eight bytes that change with the names, kinds and order of what `T` reads.
pub(crate) fn fingerprint<T: DeserializeOwned>() -> Result<[u8; 8], PayloadError> {
    probe::fingerprint::<T>()
}

/// What [`encode`] does, short of decoding; and what takes a value that may be changed.
fn check_value<T: Serialize + DeserializeOwned>(value: &T) -> Result<(), PayloadError> {
    let (_, Some(trace)) = write(value)? else {
        return Ok(());
    };
    compare(&trace, Some(value))?;
    moved::check::<T>(&trace)
}

fn write<T: Serialize>(value: &T) -> Result<(Vec<u8>, Option<Trace>), PayloadError> {
    let written = Written::default();
    let bytes = postcard::to_extend(&Strict::new(value, &written), Vec::new());
    let trace = written.finish(bytes.is_err())?;
    Ok((bytes.unwrap_or_default(), trace))
}

/// Compares `trace` with what `T` reads. `decoded` is a value that came out of it.
fn compare<T: Serialize + DeserializeOwned>(
    trace: &Trace,
    decoded: Option<&T>,
) -> Result<(), PayloadError> {
    let Err(mismatch) = read::compare::<T>(trace) else {
        return Ok(());
    };
    // A variant of which another name is read is one that is renamed if, read by its number, it is
    // written under the first name again.
    if let (Some((event, read)), Some(decoded)) = (mismatch.in_place, decoded)
        && let Some(Event::Variant { name: written, .. }) = trace.events.get(event)
        && let Ok((_, Some(again))) = write(decoded)
        && again.events.get(event) == trace.events.get(event)
    {
        let path = mismatch.error.path().into();
        return Err(PayloadError::new(
            path,
            PayloadCause::Renamed { written, read },
        ));
    }
    Err(mismatch.error)
}

/// A better explanation than `error`, which was found while writing, if the type has one.
fn explain<T: Serialize + DeserializeOwned>(error: PayloadError) -> PayloadError {
    match error.cause() {
        PayloadCause::UnknownLength
        | PayloadCause::Serialize
        | PayloadCause::SelfDescribing { .. } => check_type::<T>().err().unwrap_or(error),
        _ => error,
    }
}

const fn whole(cause: PayloadCause) -> PayloadError {
    PayloadError::new(String::new(), cause)
}
