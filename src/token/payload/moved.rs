//! Does each part come back at its own place? A tuple has no names to compare, so its parts are given
//! values of their own, and are looked for after a way through the type and back.
//!
//! `struct T(#[serde(skip_serializing)] u8, u8, #[serde(skip_deserializing)] u8)` writes two parts and
//! reads two, which are not the same two.
//!
//! Numbers, characters, texts, byte strings and flags are looked for. Variants without content are not, as
//! the other variants of their type are not known here; nor is what is empty by default, an option or a
//! list, as the part that is not read has nothing in it.

use alloc::vec::Vec;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::trace::{Event, Scalar, Trace};
use super::{read, write};
use crate::error::{PayloadCause, PayloadError};

/// Parts are numbered from 1 to below this, so that the smallest number and a character hold each.
const END_OF_PARTS: u8 = 120;

/// The event at `at` with the value that its part has in a round. None for one of another kind.
type Give = fn(&mut Trace, at: usize, part: u8, round: u32) -> Option<Event>;

/// Looks for a part of `trace` that comes back at another place.
pub(super) fn check<T: Serialize + DeserializeOwned>(trace: &Trace) -> Result<(), PayloadError> {
    let value_moved = || moved::<T>(trace, give_value, VALUE_ROUNDS);
    let flag_moved = || moved::<T>(trace, give_flag, FLAG_ROUNDS);
    match value_moved().or_else(flag_moved) {
        None => Ok(()),
        Some(at) => {
            let path = read::path_of::<T>(trace, at);
            Err(PayloadError::new(path, PayloadCause::PartMoved))
        }
    }
}

/// The event at which another one's value came back in every round. None, too, where the type refuses
/// the values.
fn moved<T: Serialize + DeserializeOwned>(trace: &Trace, give: Give, rounds: u32) -> Option<usize> {
    let parts = parts(trace, give);
    if parts.len() < 2 {
        return None;
    }
    let rounds: Vec<(Trace, Trace)> = (0..rounds)
        .map(|round| there_and_back::<T>(given(trace, &parts, give, round)))
        .collect::<Option<_>>()?;
    let comes_back_at = |from: usize, at: usize| {
        let in_round = |(given, again): &(Trace, Trace)| same(again, at, given, from);
        rounds.iter().all(in_round)
    };
    parts
        .iter()
        .filter(|at| !comes_back_at(**at, **at))
        .find(|at| parts.iter().any(|from| comes_back_at(*from, **at)))
        .copied()
}

/// The events that are given a value.
fn parts(trace: &Trace, give: Give) -> Vec<usize> {
    let mut scratch = trace.clone();
    (0..trace.events.len())
        .filter(|at| give(&mut scratch, *at, 1, 0).is_some())
        .take(usize::from(END_OF_PARTS).saturating_sub(1))
        .collect()
}

/// `trace` with a value of its own in each of the parts.
fn given(trace: &Trace, parts: &[usize], give: Give, round: u32) -> Trace {
    let mut given = trace.clone();
    for (at, part) in parts.iter().zip(1..END_OF_PARTS) {
        let event = give(&mut given, *at, part, round);
        if let (Some(event), Some(place)) = (event, given.events.get_mut(*at)) {
            *place = event;
        }
    }
    given
}

/// What is read as by position, and what is written of it. None where that is of another length.
fn there_and_back<T: Serialize + DeserializeOwned>(given: Trace) -> Option<(Trace, Trace)> {
    let value: T = read::by_position(&given)?;
    let (_, Some(again)) = write(&value).ok()? else {
        return None;
    };
    (again.events.len() == given.events.len()).then_some((given, again))
}

fn same(one: &Trace, at: usize, other: &Trace, from: usize) -> bool {
    match (one.events.get(at), other.events.get(from)) {
        (
            Some(Event::Str { start, end } | Event::Bytes { start, end }),
            Some(
                Event::Str {
                    start: other_start,
                    end: other_end,
                }
                | Event::Bytes {
                    start: other_start,
                    end: other_end,
                },
            ),
        ) => one.bytes(*start, *end) == other.bytes(*other_start, *other_end),
        (event, other) => event == other,
    }
}

/// Greater and greater values in the first round, smaller and smaller ones in the second: a type that puts
/// its parts in order moves them in one of the two only, and that is no mistake.
const VALUE_ROUNDS: u32 = 2;

fn give_value(trace: &mut Trace, at: usize, part: u8, round: u32) -> Option<Event> {
    let number = match round {
        0 => part,
        _ => END_OF_PARTS.saturating_sub(part),
    };
    match *trace.events.get(at)? {
        Event::Str { .. } => {
            let (start, end) = trace.put(&[b'a', number]);
            Some(Event::Str { start, end })
        }
        Event::Bytes { .. } => {
            let (start, end) = trace.put(&[b'a', number]);
            Some(Event::Bytes { start, end })
        }
        Event::Scalar(scalar) => with_number(scalar, number).map(Event::Scalar),
        _ => None,
    }
}

/// Two rounds for each bit of a part's number: the bit, then its opposite. Two parts differ in one bit at
/// least, and what a type makes of several flags follows no single one of them through all rounds.
const FLAG_ROUNDS: u32 = 2 * 7;
const _: () = assert!(END_OF_PARTS < 1 << (FLAG_ROUNDS / 2));

fn give_flag(trace: &mut Trace, at: usize, part: u8, round: u32) -> Option<Event> {
    let Event::Scalar(Scalar::Bool(_)) = trace.events.get(at)? else {
        return None;
    };
    let bit = part >> (round / 2) & 1 == 1;
    let opposite = round % 2 == 1;
    Some(Event::Scalar(Scalar::Bool(bit != opposite)))
}

/// `scalar` with another number, if it is one that holds each.
fn with_number(scalar: Scalar, number: u8) -> Option<Scalar> {
    Some(match scalar {
        Scalar::Bool(_) => return None,
        Scalar::I8(_) => Scalar::I8(i8::try_from(number).ok()?),
        Scalar::I16(_) => Scalar::I16(number.into()),
        Scalar::I32(_) => Scalar::I32(number.into()),
        Scalar::I64(_) => Scalar::I64(number.into()),
        Scalar::I128(_) => Scalar::I128(number.into()),
        Scalar::U8(_) => Scalar::U8(number),
        Scalar::U16(_) => Scalar::U16(number.into()),
        Scalar::U32(_) => Scalar::U32(number.into()),
        Scalar::U64(_) => Scalar::U64(number.into()),
        Scalar::U128(_) => Scalar::U128(number.into()),
        Scalar::F32(_) => Scalar::F32(number.into()),
        Scalar::F64(_) => Scalar::F64(number.into()),
        Scalar::Char(_) => Scalar::Char(number.into()),
    })
}
