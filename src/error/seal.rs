//! Why a session is not sealed: [`SealError`].

use core::fmt;

use super::open::OpenErrorKind;
use super::payload::PayloadError;
use crate::time::TimeError;

/// A session that was not sealed. Nothing was written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SealError {
    /// There is no usable time.
    Clock(TimeError),
    /// The random generator failed.
    Randomness(RandomnessError),
    /// No key of the ring has reached its `seal-from`.
    NoSealingKey,
    /// The sealing key of this moment is past its own `open-until`.
    RetiredSealingKey,
    /// The revocation state is missing or past its staleness bound.
    StaleState,
    /// The session would not open: it has expired or was revoked since it was opened or its sign-in
    /// began, or the server's time was set back ([`OpenErrorKind::NotYetValid`]).
    Ended(OpenErrorKind),
    /// The session to renew was opened under another audience, cookie name or binding.
    OtherOrigin,
    /// The new value of the session names other scopes than the opened one, so it would be another
    /// user's. Begin a new sign-in.
    OtherScopes,
    /// [`SessionData::lifetime`](crate::SessionData::lifetime) asks for a timeout that is zero, a
    /// fraction of a second, or longer than the builder's, or for an idle timeout above its
    /// absolute one.
    Lifetime,
    /// The session to renew has a newer schema than this server's. A newer server sealed it, and
    /// could not read what this server would write.
    NewerSchema,
    /// No lifetime is left: the absolute timeout has been reached.
    NoLifetime,
    /// A time and a timeout add up to more than 2^64 - 1 seconds.
    TimeOverflow,
    /// The encoding cannot carry the value, or its type: it would not open again, or would open as
    /// another value.
    Payload(PayloadError),
    /// The cipher failed.
    Encryption,
    /// The binding is 4 GiB or longer.
    BindingTooLong,
    /// Name and value together are longer than browsers keep, or than `max_cookie_len` allows.
    TooLong {
        /// Length of the cookie's name and value together, in bytes.
        name_and_value: usize,
        /// The greatest length allowed, in bytes.
        limit: usize,
    },
}

impl SealError {
    /// A short name for a counter or a log, in small letters and underscores: `"no_sealing_key"`.
    /// Names do not change.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Clock(_) => "clock",
            Self::Randomness(_) => "randomness",
            Self::NoSealingKey => "no_sealing_key",
            Self::RetiredSealingKey => "retired_sealing_key",
            Self::StaleState => "stale_state",
            Self::Ended(_) => "ended",
            Self::OtherOrigin => "other_origin",
            Self::OtherScopes => "other_scopes",
            Self::Lifetime => "lifetime",
            Self::NewerSchema => "newer_schema",
            Self::NoLifetime => "no_lifetime",
            Self::TimeOverflow => "time_overflow",
            Self::Payload(_) => "payload",
            Self::Encryption => "encryption",
            Self::BindingTooLong => "binding_too_long",
            Self::TooLong { .. } => "too_long",
        }
    }
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clock(error) => write!(f, "cannot seal a session: {error}"),
            Self::Randomness(error) => write!(f, "cannot seal a session: {error}"),
            Self::NoSealingKey => f.write_str(
                "cannot seal a session: no key in the ring has reached its seal-from; \
                 add a key without seal-from, or with one in the past",
            ),
            Self::RetiredSealingKey => f.write_str(
                "cannot seal a session: the sealing key of this moment is past its open-until; \
                 add a key that takes over before then",
            ),
            Self::StaleState => {
                f.write_str("cannot seal a session: the revocation state is missing or too old")
            }
            Self::Ended(kind) => write!(f, "cannot seal a session: it would not open ({kind})"),
            Self::OtherOrigin => f.write_str(
                "cannot renew the session: it was opened under another audience, cookie name or \
                 binding",
            ),
            Self::OtherScopes => f.write_str(
                "cannot change the session: its new value has other scopes, so it is another user's \
                 or group's; start a new session instead, by begin_sign_in or start",
            ),
            Self::Lifetime => f.write_str(
                "cannot seal a session: its lifetime() asks for a timeout of zero, of a fraction of a \
                 second, or longer than the builder's, or for an idle timeout above its absolute one; \
                 give the builder the longest timeouts, and each value its own within them",
            ),
            Self::NewerSchema => {
                f.write_str("cannot renew the session: its schema is newer than this server's")
            }
            Self::NoLifetime => {
                f.write_str("cannot seal a session: its absolute timeout leaves it no lifetime")
            }
            Self::TimeOverflow => f.write_str(
                "cannot seal a session: time and timeout together overflow; set a smaller timeout",
            ),
            Self::Payload(error) => write!(f, "cannot seal a session: {error}"),
            Self::Encryption => f.write_str("cannot seal a session: the cipher failed"),
            Self::BindingTooLong => {
                f.write_str("cannot seal a session: its binding is 4 GiB or longer")
            }
            Self::TooLong {
                name_and_value,
                limit,
            } => write!(
                f,
                "cannot seal a session: cookie name and value take {name_and_value} bytes, and at \
                 most {limit} are allowed (browsers keep 4096); store less in the session",
            ),
        }
    }
}

impl core::error::Error for SealError {}

impl From<TimeError> for SealError {
    fn from(error: TimeError) -> Self {
        Self::Clock(error)
    }
}

impl From<PayloadError> for SealError {
    fn from(error: PayloadError) -> Self {
        Self::Payload(error)
    }
}

impl From<RandomnessError> for SealError {
    fn from(error: RandomnessError) -> Self {
        Self::Randomness(error)
    }
}

/// The random generator failed, or there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RandomnessError {}

impl RandomnessError {
    /// The error of a generator that gave nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self {}
    }
}

impl Default for RandomnessError {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for RandomnessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the random generator gave no bytes")
    }
}

impl core::error::Error for RandomnessError {}
