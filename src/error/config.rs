//! What is wrong with the settings.

use core::fmt;

use super::{CookieError, KeyRingError};

/// Settings from which no codec can be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildError {
    /// The audience is empty.
    EmptyAudience,
    /// The audience is 4 GiB or longer.
    AudienceTooLong,
    /// A timeout of zero.
    ZeroTimeout,
    /// A timeout or the skew has a fraction of a second.
    FractionOfSecond,
    /// The cookie's name or attributes.
    Cookie(CookieError),
    /// The key ring, for this audience.
    KeyRing(KeyRingError),
    /// The interval at which revocations are loaded is zero, or longer than half of the time that they
    /// may be stale.
    RefreshInterval,
    /// The bound of the table of revocations is zero, or more than stores read.
    MaxEntries,
    /// The revocations were built for another audience than the sessions.
    RevocationsAudience,
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptyAudience => f.write_str(
                "the audience is empty; name the application and deployment, such as \
                 \"shop.example\"",
            ),
            Self::AudienceTooLong => f.write_str("the audience is 4 GiB or longer"),
            Self::ZeroTimeout => f.write_str("a timeout is zero"),
            Self::FractionOfSecond => {
                f.write_str("a timeout or the skew has a fraction of a second")
            }
            Self::Cookie(error) => error.fmt(f),
            Self::KeyRing(error) => error.fmt(f),
            Self::RefreshInterval => f.write_str(
                "the refresh interval of the revocations is zero, or longer than half of their \
                 staleness bound",
            ),
            Self::MaxEntries => f.write_str("the revocations may have 1 to 3,000,000 entries"),
            Self::RevocationsAudience => {
                f.write_str("the revocations were built for another audience than the sessions")
            }
        }
    }
}

impl core::error::Error for BuildError {}

impl From<CookieError> for BuildError {
    fn from(error: CookieError) -> Self {
        Self::Cookie(error)
    }
}

impl From<KeyRingError> for BuildError {
    fn from(error: KeyRingError) -> Self {
        Self::KeyRing(error)
    }
}
