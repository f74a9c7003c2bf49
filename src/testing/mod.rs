//! For the tests of applications: does yesterday's cookie still open? And with `std`: what happens
//! to the cookie of a sign-in eleven hours ago?
//!
//! With `std`, [`check_store`] checks whether a revocation store of your own keeps its promises.
//!
//! [`mint`] makes a cookie for any value, start, issue, key and binding, and a
//! [`ManualClock`](crate::ManualClock) moves the time.
//!
//! postcard writes fields without names, so a field that was added, moved or retyped changes what
//! the cookies that browsers already have decode to. Three assertions find such a change if
//! [`SessionData::SCHEMA`] was not raised:
//!
//! - [`assert_layout`] pins the names, kinds and order of all that a type reads. It needs no sample
//!   and sees every variant.
//! - [`assert_encoding`] pins the bytes of a sample. It also sees what a type's own code writes, by
//!   `serialize_with` or by hand.
//! - [`assert_migrates`] shows that a former pin can still be read.
//!
//! Each needs a pin, something kept from before the change. Without a pin the change cannot be
//! found: a program knows only its present types, and a token says nothing about its layout but
//! `SCHEMA`. (A token could contain a digest of the layout. That would cost bytes in every cookie
//! of every request, to find what a test finds once.)

#[cfg(feature = "std")]
mod store;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::any::type_name;
use core::fmt::Debug;

use crate::codec::data::{OldPayload, SessionData};
#[cfg(feature = "std")]
pub use crate::sessions::{Mint, mint};
use crate::token::payload;
#[cfg(feature = "std")]
pub use store::{check_store, check_store_tells};

/// Asserts that `sample` is encoded as `pin` says, and decodes again.
///
/// A pin is the schema and the encoding as hex, `"1:07036a6f65"`. Start with `""`: the failure
/// prints the right one. Choose a sample in which every field has a different value, numbers are
/// greater than 127 and nothing is empty. Give every variant of an enum a pin. Put at most one
/// entry into a `HashMap` or `HashSet`, because their order is different each time.
///
/// ```
/// use sealed_session::{SessionData, testing::assert_encoding};
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Account { user: u64, name: String }
/// impl SessionData for Account { const NAME: &'static str = "account"; const SCHEMA: u32 = 1; }
///
/// let sample = Account { user: 300, name: "joe".into() };
/// assert_encoding(&sample, "1:ac02036a6f65");
/// ```
///
/// # Panics
///
/// When the pin does not match: the message says what to do. Also when the sample does not decode
/// again.
#[track_caller]
pub fn assert_encoding<T: SessionData>(sample: &T, pin: &str) {
    if let Err(message) = check_encoding(sample, pin) {
        fail(&message);
    }
}

/// Asserts that `T` reads the same fields and variants, by name, kind and order, as when `pin` was
/// made.
///
/// A pin is the schema and a fingerprint, `"1:0f1e2d3c4b5a6978"`. Start with `""`: the failure
/// prints the right one. The fingerprint is made from what `T`'s `Deserialize` asks for when it is
/// given made-up values. It also changes with a new name or `alias`, which need no new schema: then
/// only replace the pin. It does not see into a type that refuses made-up values, such as one that
/// verifies a check sum: pin samples of it by [`assert_encoding`].
///
/// ```
/// use sealed_session::{SessionData, testing::assert_layout};
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Account { user: u64, name: String }
/// impl SessionData for Account { const NAME: &'static str = "account"; const SCHEMA: u32 = 1; }
///
/// assert_layout::<Account>("1:5ad10f871332d9a8");
/// ```
///
/// # Panics
///
/// When the pin does not match: the message says what to do. Also when `T` cannot be a session.
#[track_caller]
pub fn assert_layout<T: SessionData>(pin: &str) {
    if let Err(message) = check_layout::<T>(pin) {
        fail(&message);
    }
}

/// Asserts that a cookie with the payload of `pin`, sealed under an older schema, opens as
/// `expected`.
///
/// # Panics
///
/// When it does not, or when `pin` is not a pin.
#[track_caller]
pub fn assert_migrates<T: SessionData + PartialEq + Debug>(pin: &str, expected: &T) {
    let Some((schema, bytes)) = parse_pin(pin) else {
        fail(&format!("{pin:?} is no pin such as \"1:07036a6f65\""));
    };
    match T::migrate(OldPayload::new(schema, &bytes)) {
        Ok(value) => assert_eq!(&value, expected, "schema {schema} reads as another value"),
        Err(error) => fail(&format!(
            "{} does not read schema {schema} any more: {error}",
            type_name::<T>()
        )),
    }
}

/// What the two assertions have instead of a macro's message, at the caller's line.
#[track_caller]
#[expect(clippy::panic, reason = "an assertion fails by panicking")]
fn fail(message: &str) -> ! {
    panic!("{message}")
}

fn check_encoding<T: SessionData>(sample: &T, pin: &str) -> Result<(), String> {
    let name = type_name::<T>();
    let bytes = payload::encode(sample).map_err(|error| format!("{name}: {error}"))?;
    if has_random_order::<T>(&bytes) {
        return Err(format!(
            "the encoding of this {name} is another one each time, since the order of a HashMap or \
             HashSet is random: use BTreeMap or BTreeSet, or leave no more than one entry in the \
             sample"
        ));
    }
    let actual = print_pin(T::SCHEMA, &bytes);
    if actual == pin {
        return Ok(());
    }
    Err(match parse_pin(pin) {
        Some((schema, _)) if schema == T::SCHEMA => format!(
            "the encoding of {name} changed, but its SCHEMA is still {schema}: cookies already out \
             would be misread. Set SCHEMA to {}, read schema {schema} in migrate, keep the pin \
             {pin:?} for assert_migrates, and pin the new encoding: {:?}",
            schema.saturating_add(1),
            print_pin(T::SCHEMA.saturating_add(1), &bytes),
        ),
        _ => format!("pin the encoding of {name} with: {actual:?}"),
    })
}

/// Whether equal values are written in unequal ways. Each `HashMap` that is decoded has an order of
/// its own: two entries come out alike in all rounds once in 2^60 times.
fn has_random_order<T: SessionData>(bytes: &[u8]) -> bool {
    let again = || {
        let value: T = payload::decode(bytes).ok()?;
        payload::encode(&value).ok()
    };
    let first = again();
    (0..60).any(|_| again() != first)
}

fn check_layout<T: SessionData>(pin: &str) -> Result<(), String> {
    let name = type_name::<T>();
    payload::check_type::<T>().map_err(|error| format!("{name}: {error}"))?;
    let fingerprint = payload::fingerprint::<T>().map_err(|error| format!("{name}: {error}"))?;
    let actual = print_pin(T::SCHEMA, &fingerprint);
    if actual == pin {
        return Ok(());
    }
    Err(match parse_pin(pin) {
        Some((schema, _)) if schema == T::SCHEMA => format!(
            "the layout of {name} changed, but its SCHEMA is still {schema}. If more than a name or an \
             alias changed, cookies already out would be misread: set SCHEMA to {next}, read schema \
             {schema} in migrate, and pin the new layout: {:?}. If a name alone changed, pin: {actual:?}",
            print_pin(schema.saturating_add(1), &fingerprint),
            next = schema.saturating_add(1),
        ),
        _ => format!("pin the layout of {name} with: {actual:?}"),
    })
}

fn print_pin(schema: u32, bytes: &[u8]) -> String {
    let mut pin = format!("{schema}:");
    for byte in bytes {
        pin.push_str(&format!("{byte:02x}"));
    }
    pin
}

fn parse_pin(pin: &str) -> Option<(u32, Vec<u8>)> {
    let (schema, hex) = pin.split_once(':')?;
    let digits: Vec<u8> = hex
        .chars()
        .map(|digit| {
            digit
                .to_digit(16)
                .and_then(|value| u8::try_from(value).ok())
        })
        .collect::<Option<_>>()?;
    let bytes = digits.chunks(2).map(|pair| match pair {
        [high, low] => Some(high << 4 | low),
        _ => None,
    });
    Some((schema.parse().ok()?, bytes.collect::<Option<_>>()?))
}
