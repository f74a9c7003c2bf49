//! What is wrong with the settings.

use core::fmt;

use super::{CookieError, KeyRingError, PayloadError};

/// Settings that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildError {
    /// The audience is empty.
    EmptyAudience,
    /// The audience is 4 GiB or longer.
    AudienceTooLong,
    /// A timeout of zero.
    ZeroTimeout,
    /// The idle timeout is longer than the absolute timeout, and would never be reached.
    IdleAboveAbsolute,
    /// The idle timeout is longer than 400 days, the longest that browsers keep a cookie
    /// (draft-ietf-httpbis-rfc6265bis, section 5.5), or the absolute timeout is longer than ten
    /// years.
    TimeoutTooLong,
    /// The skew is longer than an hour.
    SkewTooLong,
    /// A cookie was to take more than 4096 bytes, which browsers do not keep.
    CookieTooLong,
    /// A timeout or the skew has a fraction of a second.
    FractionOfSecond,
    /// The cookie's name or attributes.
    Cookie(CookieError),
    /// Another type of session has this audience and cookie name in this process.
    NameTaken {
        /// The type that was to be built.
        this: &'static str,
        /// The type that has the name.
        other: &'static str,
    },
    /// The key ring, for this audience.
    KeyRing(KeyRingError),
    /// The encoding cannot carry the session type.
    Payload(PayloadError),
    /// The interval at which revocations are loaded is zero, or longer than half of the time that
    /// they may be stale.
    RefreshInterval,
    /// The bound of the table of revocations is zero, or more than a store can read.
    MaxEntries,
    /// The revocations were built for another audience than the sessions.
    RevocationsAudience,
    /// Both a place for revocations and a fixed revocation epoch were given.
    RevocationsTwice,
    /// There is no thread to load and write on in the background. A platform without threads needs
    /// a background of its own.
    NoBackground,
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
            Self::IdleAboveAbsolute => f.write_str(
                "the idle timeout is longer than the absolute timeout, which would end the session \
                 first; raise absolute_timeout, which is 12 hours where nothing is said, or lower \
                 idle_timeout",
            ),
            Self::TimeoutTooLong => f.write_str(
                "the idle timeout is longer than 400 days, after which browsers drop a cookie, or \
                 the absolute timeout is longer than ten years; set a shorter one",
            ),
            Self::SkewTooLong => f.write_str(
                "the skew is longer than an hour; it is how far two servers' clocks may differ, a \
                 minute where nothing is said",
            ),
            Self::CookieTooLong => f.write_str(
                "a cookie's name and value together take at most 4096 bytes, for browsers keep no \
                 longer one; set a lower max_cookie_len",
            ),
            Self::FractionOfSecond => {
                f.write_str("a timeout or the skew has a fraction of a second")
            }
            Self::Cookie(error) => error.fmt(f),
            Self::NameTaken { this, other } => write!(
                f,
                "{this} would have the cookie of {other}, and the one would open as the other; \
                 give each type of session a NAME of its own",
            ),
            Self::KeyRing(error) => error.fmt(f),
            Self::Payload(error) => write!(f, "the session type cannot be sealed: {error}"),
            Self::RefreshInterval => f.write_str(
                "the refresh interval of the revocations is zero, or longer than half of their \
                 staleness bound",
            ),
            Self::MaxEntries => f.write_str("the revocations may have 1 to 3,000,000 entries"),
            Self::RevocationsAudience => {
                f.write_str("the revocations were built for another audience than the sessions")
            }
            Self::RevocationsTwice => f.write_str(
                "both revocations and a fixed revocation_epoch are given, and only one can count; leave \
                 revocation_epoch out",
            ),
            Self::NoBackground => f.write_str(
                "there is no thread to load and write on; where the platform has none, give a background of \
                 your own",
            ),
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

impl From<PayloadError> for BuildError {
    fn from(error: PayloadError) -> Self {
        Self::Payload(error)
    }
}
