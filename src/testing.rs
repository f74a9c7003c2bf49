//! Tests for applications: does yesterday's cookie still open? And with `std`: what happens to one of a
//! sign-in eleven hours ago?
//!
//! [`mint`] makes a cookie for any value, start, issue, key and binding, and a
//! [`ManualClock`](crate::ManualClock) moves the time.
//!
//! postcard writes fields without names, so a field that was added, moved or retyped changes what
//! cookies already out decode to. [`assert_encoding`] pins the encoding of a sample; when it changes
//! without [`SessionData::SCHEMA`], the application's own tests fail. [`assert_migrates`] shows that
//! a former pin still reads.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::any::type_name;
use core::fmt::Debug;

use crate::codec::data::{OldPayload, SessionData};
#[cfg(feature = "std")]
pub use crate::sessions::{Mint, mint};
use crate::token::payload;

/// Asserts that `sample` is encoded as `pin` says, and decodes again.
///
/// A pin is the schema and the encoding as hex, `"1:07036a6f65"`. Start with `""`: the failure
/// prints the right one. Choose a sample in which every field has a value of its own, numbers
/// greater than 127 and nothing empty; give every variant of an enum a pin.
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
/// When the pin does not match, with what to do; and when the sample does not decode again.
#[track_caller]
pub fn assert_encoding<T: SessionData>(sample: &T, pin: &str) {
    if let Err(message) = check_encoding(sample, pin) {
        fail(&message);
    }
}

/// Asserts that a cookie with the payload of `pin`, sealed under an older schema, opens as
/// `expected`.
///
/// # Panics
///
/// When it does not, or when `pin` is no pin.
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
