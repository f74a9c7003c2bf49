//! Moments: [`UnixTime`] in whole seconds, [`Epoch`] in milliseconds.
//!
//! Two types, so that a lifetime is never compared with a revocation clock. Reading a real clock
//! is left to [`clock`](crate::clock). Spec, section 1.

use core::fmt;
use core::str::FromStr;

use ::time::OffsetDateTime;
use ::time::format_description::well_known::Rfc3339;

/// Milliseconds in a second.
const MILLIS: u64 = 1_000;

/// A moment in whole seconds since 1970-01-01T00:00:00Z, UTC, without leap seconds.
///
/// Reads and prints RFC 3339 (`2026-11-22T00:00:00Z`). A moment past 9999-12-31T23:59:59Z is `@` and
/// its seconds (`@253402300800`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(u64);

impl UnixTime {
    /// The moment `seconds` after 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds)
    }

    /// The second that holds the moment `millis` milliseconds after 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis / MILLIS)
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.0
    }

    /// This moment on the scale of revocation clocks, or the greatest epoch there is.
    #[must_use]
    pub const fn to_epoch(self) -> Epoch {
        Epoch(self.0.saturating_mul(MILLIS))
    }
}

impl fmt::Display for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = i64::try_from(self.0).ok();
        let moment = seconds.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
        let Some(moment) = moment else {
            return write!(f, "@{}", self.0);
        };
        let (year, month, day) = moment.to_calendar_date();
        let (hour, minute, second) = moment.to_hms();
        let month = u8::from(month);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"
        )
    }
}

impl FromStr for UnixTime {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        if let Some(seconds) = text.strip_prefix('@') {
            return parse_seconds(seconds)
                .map(Self)
                .ok_or(TimeError::NotRfc3339);
        }
        let fraction = has_rfc_3339_shape(text).ok_or(TimeError::NotRfc3339)?;
        let moment = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| TimeError::NotRfc3339)?;
        if fraction {
            return Err(TimeError::FractionOfSecond);
        }
        u64::try_from(moment.unix_timestamp())
            .map(Self)
            .map_err(|_| TimeError::Before1970)
    }
}

/// Whether `text` has the shape of RFC 3339, section 5.6, in capitals and without a leap second; and
/// if so, whether it has a fraction of a second. The library reads more than that: small letters, leap
/// seconds.
fn has_rfc_3339_shape(text: &str) -> Option<bool> {
    let (second, rest) = text.split_at_checked("2026-11-22T00:00:00".len())?;
    let matches = |text: &str, shape: &str| {
        text.len() == shape.len()
            && text.bytes().zip(shape.bytes()).all(|(byte, expected)| {
                byte == expected || (expected == b'0' && byte.is_ascii_digit())
            })
    };
    let leap_second = second.ends_with("60");
    if !matches(second, "0000-00-00T00:00:00") || leap_second {
        return None;
    }
    let (zone, fraction) = match rest.strip_prefix('.') {
        Some(fraction) => (
            fraction.trim_start_matches(|c: char| c.is_ascii_digit()),
            true,
        ),
        None => (rest, false),
    };
    let is_offset = (matches(zone, "+00:00") || matches(zone, "-00:00"))
        && zone.get(1..3) < Some("24")
        && zone.get(4..6) < Some("60");
    (zone == "Z" || is_offset).then_some(fraction)
}

/// Decimal digits alone: no sign, no white space.
fn parse_seconds(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

#[cfg(feature = "std")]
impl TryFrom<std::time::SystemTime> for UnixTime {
    type Error = TimeError;

    /// The whole seconds of `time`, its fraction dropped.
    fn try_from(time: std::time::SystemTime) -> Result<Self, TimeError> {
        time.duration_since(std::time::UNIX_EPOCH)
            .map(|since| Self(since.as_secs()))
            .map_err(|_| TimeError::Before1970)
    }
}

/// A reading of the revocation clock: milliseconds since 1970-01-01T00:00:00Z, as a counter that
/// never falls behind time. Spec, section 7.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(u64);

impl Epoch {
    /// The least epoch, below every revocation.
    pub const ZERO: Self = Self(0);

    /// The epoch `millis` milliseconds after 1970-01-01T00:00:00Z, or any small number that a
    /// configuration counts up.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// The epoch `millis` later, or the greatest there is.
    pub(crate) const fn saturating_add(self, millis: u64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// The epoch `millis` later, if there is one.
    pub(crate) fn checked_add(self, millis: u64) -> Option<Self> {
        self.0.checked_add(millis).map(Self)
    }

    /// The next epoch, if there is one.
    pub(crate) fn next(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A time that cannot be read or has no place on the scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeError {
    /// Not a moment in RFC 3339.
    NotRfc3339,
    /// The moment has a fraction of a second.
    FractionOfSecond,
    /// The moment lies before 1970-01-01T00:00:00Z.
    Before1970,
    /// The platform has no clock that the standard library can read.
    NoClock,
}

impl fmt::Display for TimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotRfc3339 => "not an RFC 3339 time such as 2026-11-22T00:00:00Z",
            Self::FractionOfSecond => "the time has a fraction of a second",
            Self::Before1970 => "the time lies before 1970",
            Self::NoClock => "this platform has no clock; give the sessions one of your own",
        })
    }
}

impl core::error::Error for TimeError {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn times_read_and_print_rfc_3339() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-11-22T00:00:00Z", 1_795_305_600),
            ("2024-02-29T23:59:09Z", 1_709_251_149),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
            ("@253402300800", 253_402_300_800),
            ("@18446744073709551615", u64::MAX),
        ] {
            assert_eq!(text.parse(), Ok(UnixTime::from_secs(seconds)));
            assert_eq!(UnixTime::from_secs(seconds).to_string(), text);
        }
        assert_eq!("@5".parse(), Ok(UnixTime::from_secs(5)));
        assert_eq!(
            "2026-11-22T02:00:00+02:00".parse(),
            Ok(UnixTime::from_secs(1_795_305_600))
        );
        // In UTC it is in the year 10000.
        assert_eq!(
            "9999-12-31T23:59:59-01:00".parse(),
            Ok(UnixTime::from_secs(253_402_304_399))
        );
    }

    #[test]
    fn times_without_a_place_on_the_scale_are_errors() {
        for (text, error) in [
            ("1969-12-31T23:59:59Z", TimeError::Before1970),
            ("2026-11-22T00:00:00.5Z", TimeError::FractionOfSecond),
            ("2026-11-22", TimeError::NotRfc3339),
            ("2026-11-22T00:00:00", TimeError::NotRfc3339),
            ("1795305600", TimeError::NotRfc3339),
            ("2026-11-22T00Z", TimeError::NotRfc3339),
            ("20261122T000000Z", TimeError::NotRfc3339),
            ("2026-11-22 00:00:00Z", TimeError::NotRfc3339),
            ("2026-11-22t00:00:00z", TimeError::NotRfc3339),
            ("2026-11-22T00:00:00Z[UTC]", TimeError::NotRfc3339),
            ("2026-11-22T00:00:00+01", TimeError::NotRfc3339),
            ("2026-11-22T00:00:00+24:00", TimeError::NotRfc3339),
            ("2026-11-22T00:00:00-25:59", TimeError::NotRfc3339),
            ("2026-11-22T00:00:00+00:60", TimeError::NotRfc3339),
            ("10000-01-01T00:00:00Z", TimeError::NotRfc3339),
            ("0000-01-01T00:00:00Z", TimeError::Before1970),
            ("1970-01-01T00:00:00+00:01", TimeError::Before1970),
            ("2026-11-22T00:00:00.Z", TimeError::NotRfc3339),
            ("2026-11-22T24:00:00Z", TimeError::NotRfc3339),
            ("2026-11-22T00:60:00Z", TimeError::NotRfc3339),
            ("2026-00-22T00:00:00Z", TimeError::NotRfc3339),
            ("2026-11-22T00:00:00Z ", TimeError::NotRfc3339),
            ("+002026-11-22T00:00:00Z", TimeError::NotRfc3339),
            ("2026-11-22T23:59:60Z", TimeError::NotRfc3339),
            ("2026-13-22T00:00:00Z", TimeError::NotRfc3339),
            ("2026-02-29T00:00:00Z", TimeError::NotRfc3339),
            ("2026-11-22T00:00:00.000Z", TimeError::FractionOfSecond),
            ("2026-11-22T00:00:00é", TimeError::NotRfc3339),
            ("@", TimeError::NotRfc3339),
            ("@+1", TimeError::NotRfc3339),
            ("@-1", TimeError::NotRfc3339),
            ("@1.5", TimeError::NotRfc3339),
            ("@18446744073709551616", TimeError::NotRfc3339),
            ("", TimeError::NotRfc3339),
        ] {
            assert_eq!(text.parse::<UnixTime>(), Err(error), "{text}");
        }
    }
}
