//! Does each part come back at its own place? A tuple has no names to compare, so its parts are given
//! values of their own, and are looked for after a way through the type and back.
//!
//! `struct T(#[serde(skip_serializing)] u8, u8, #[serde(skip_deserializing)] u8)` writes two parts and
//! reads two, which are not the same two.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::trace::{Event, Scalar, Trace};
use super::{read, write};
use crate::error::{PayloadCause, PayloadError};

/// Numbers and texts that are told apart: as many as fit into the smallest number.
const MAX_MARKS: u8 = 120;

/// Looks for a part of `trace` that comes back at another place.
pub(super) fn check<T: Serialize + DeserializeOwned>(trace: &Trace) -> Result<(), PayloadError> {
    // A type that puts its parts in order moves them for one of the two, and that is no mistake.
    let Some(rising) = moved::<T>(trace, |at| at) else {
        return Ok(());
    };
    if moved::<T>(trace, |at| MAX_MARKS.saturating_sub(at)).is_none() {
        return Ok(());
    }
    let path = read::path_of::<T>(trace, rising);
    Err(PayloadError::new(path, PayloadCause::PartMoved))
}

/// The event at which another one's mark came back. None, too, where the type refuses the marks.
fn moved<T: Serialize + DeserializeOwned>(trace: &Trace, mark: fn(u8) -> u8) -> Option<usize> {
    let marked = marked(trace, mark);
    let value: T = read::by_position(&marked)?;
    let (_, Some(again)) = write(&value).ok()? else {
        return None;
    };
    if again.events.len() != marked.events.len() {
        return None;
    }
    let came_from = |at: usize| {
        (0..marked.events.len())
            .find(|from| is_mark(&marked, *from) && same(&again, at, &marked, *from))
    };
    (0..marked.events.len())
        .filter(|at| is_mark(&marked, *at) && !same(&again, *at, &marked, *at))
        .find(|at| came_from(*at).is_some())
}

fn is_mark(trace: &Trace, at: usize) -> bool {
    trace.events.get(at).is_some_and(|event| {
        matches!(event, Event::Str { .. })
            || matches!(event, Event::Scalar(scalar) if with_number(*scalar, 0).is_some())
    })
}

fn same(one: &Trace, at: usize, other: &Trace, from: usize) -> bool {
    match (one.events.get(at), other.events.get(from)) {
        (
            Some(Event::Str { start, end }),
            Some(Event::Str {
                start: other_start,
                end: other_end,
            }),
        ) => one.bytes(*start, *end) == other.bytes(*other_start, *other_end),
        (event, other) => event == other,
    }
}

/// `trace` with another number or text in each place that has one.
fn marked(trace: &Trace, mark: fn(u8) -> u8) -> Trace {
    let mut marked = trace.clone();
    let mut marks = 1..MAX_MARKS;
    for at in 0..trace.events.len() {
        let event = match trace.events.get(at) {
            Some(Event::Str { .. }) => marks.next().map(|next| {
                let (start, end) = marked.put(&[b'a', mark(next)]);
                Event::Str { start, end }
            }),
            Some(Event::Scalar(scalar)) => with_number(*scalar, 0)
                .and_then(|scalar| with_number(scalar, mark(marks.next()?)))
                .map(Event::Scalar),
            _ => None,
        };
        if let (Some(event), Some(place)) = (event, marked.events.get_mut(at)) {
            *place = event;
        }
    }
    marked
}

/// `scalar` with another number, if it is one that holds each.
fn with_number(scalar: Scalar, number: u8) -> Option<Scalar> {
    Some(match scalar {
        // No mark is greater than MAX_MARKS.
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
        _ => return None,
    })
}
