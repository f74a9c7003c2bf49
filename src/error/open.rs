//! Why a cookie does not open: [`OpenError`] and its kinds, in the order of the spec's table.

use core::fmt;

use crate::time::Epoch;

/// A cookie that did not open.
///
/// It says which check failed, and contains nothing of the cookie. A client must not see a
/// difference between the checks that fail before the tag is verified: answer every kind in the
/// same way, and count [`kind`](Self::kind) for the operator. Do not remove the cookie. One that
/// does not open does no harm, and the browser drops it after its `Max-Age`. A response that
/// removes it may arrive late, and then it removes the cookie of a newer sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenError {
    kind: OpenErrorKind,
    authentic_epoch: Option<Epoch>,
    used_a_key: bool,
    too_far_ahead: bool,
}

impl OpenError {
    /// A cookie that failed before a key was used.
    const fn new(kind: OpenErrorKind) -> Self {
        Self {
            kind,
            authentic_epoch: None,
            used_a_key: false,
            too_far_ahead: false,
        }
    }

    /// An authentic token whose epoch is further ahead than readers take.
    pub(crate) const fn of_an_epoch_too_far_ahead() -> Self {
        Self {
            too_far_ahead: true,
            ..Self::having_used_a_key(OpenErrorKind::Malformed)
        }
    }

    /// A token that failed at its tag, or after it and up to step 7.
    pub(crate) const fn having_used_a_key(kind: OpenErrorKind) -> Self {
        Self {
            used_a_key: true,
            ..Self::new(kind)
        }
    }

    /// A token that had passed step 7.
    pub(crate) const fn of_authentic(kind: OpenErrorKind, epoch: Epoch) -> Self {
        Self {
            kind,
            authentic_epoch: Some(epoch),
            used_a_key: true,
            too_far_ahead: false,
        }
    }

    /// The error of several cookies of one name: the check that came furthest.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            kind: self.kind.max(other.kind),
            authentic_epoch: self.authentic_epoch.max(other.authentic_epoch),
            used_a_key: self.used_a_key || other.used_a_key,
            too_far_ahead: self.too_far_ahead || other.too_far_ahead,
        }
    }

    /// Whether a key was tried.
    pub(crate) const fn used_a_key(&self) -> bool {
        self.used_a_key
    }

    /// Whether a revocation state that is far behind could be the reason, so that it should be
    /// loaded.
    #[cfg(feature = "std")]
    pub(crate) const fn is_too_far_ahead(&self) -> bool {
        self.too_far_ahead
    }

    /// The check that failed.
    #[must_use]
    pub const fn kind(&self) -> OpenErrorKind {
        self.kind
    }

    /// The epoch of a token that is authentic (past step 7 of the spec's table) but did not open.
    ///
    /// A revocation state whose clock is lower is out of date: load it again. The clock of the next
    /// revocation must be higher.
    #[must_use]
    pub const fn authentic_epoch(&self) -> Option<Epoch> {
        self.authentic_epoch
    }
}

impl From<OpenErrorKind> for OpenError {
    fn from(kind: OpenErrorKind) -> Self {
        Self::new(kind)
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the session cookie did not open: ")?;
        f.write_str(self.kind.reason())
    }
}

impl core::error::Error for OpenError {}

/// The check that a cookie failed, in the order in which they are made (spec, section 6).
///
/// Anybody can provoke the kinds up to [`Unauthentic`](Self::Unauthentic); none of them alone is a
/// reason for an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum OpenErrorKind {
    /// The server has no usable time, so it opens nothing. Only from [`Sessions`](crate::Sessions).
    Clock,
    /// The request carries no cookie of this name. Only where a header
    /// is opened.
    Missing,
    /// The request carries a cookie of this name that is joined with another by a comma. Some
    /// gateways join several `Cookie` headers in this way, but they must join them by `; ` (RFC
    /// 9113, section 8.2.3). Only where a header is opened.
    Joined,
    /// Steps 1, 3 and 7: too long, not canonical base64url, too short, or claims that make no
    /// sense.
    Malformed,
    /// Step 2: a first byte that this reader does not accept. Perhaps a newer server's cookie.
    UnsupportedFormat,
    /// Step 4: sealed under a key that is not in the ring.
    UnknownKey,
    /// Step 5: that key is past its `open-until`.
    RetiredKey,
    /// Step 6: the tag is wrong. Not sealed by us, or for another cookie name or binding.
    Unauthentic,
    /// Step 8: issued further in the future than the allowed skew.
    NotYetValid,
    /// Step 9: past one of its time limits.
    Expired,
    /// Steps 10 and 14: the session was revoked.
    Revoked,
    /// Step 11: the revocation state is too old to tell whether the session was revoked. Nothing is
    /// wrong with the cookie itself.
    StaleState,
    /// Step 12: a schema that this reader neither has nor migrates. Perhaps a newer server's
    /// cookie.
    UnsupportedSchema,
    /// Step 13: the payload does not decode under its schema.
    Payload,
}

impl OpenErrorKind {
    /// A short name for a counter or a log, in small letters and underscores: `"unknown_key"`.
    /// Names do not change.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clock => "clock",
            Self::Missing => "missing",
            Self::Joined => "joined",
            Self::Malformed => "malformed",
            Self::UnsupportedFormat => "unsupported_format",
            Self::UnknownKey => "unknown_key",
            Self::RetiredKey => "retired_key",
            Self::Unauthentic => "unauthentic",
            Self::NotYetValid => "not_yet_valid",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::StaleState => "stale_state",
            Self::UnsupportedSchema => "unsupported_schema",
            Self::Payload => "payload",
        }
    }

    /// A short reason, without a full stop.
    const fn reason(self) -> &'static str {
        match self {
            Self::Clock => "the server's clock gives no usable time",
            Self::Missing => "the request has no cookie of this name",
            Self::Joined => {
                "a comma joins it with another cookie; let the gateway join Cookie headers by \"; \""
            }
            Self::Malformed => "malformed",
            Self::UnsupportedFormat => "a format that this server does not accept",
            Self::UnknownKey => "sealed under a key that is not in the ring",
            Self::RetiredKey => "sealed under a key that is past its open-until",
            Self::Unauthentic => "not authentic",
            Self::NotYetValid => "issued in the future",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::StaleState => "the revocation state is too old to vouch for it",
            Self::UnsupportedSchema => "a schema that this server cannot read",
            Self::Payload => "its payload does not decode",
        }
    }
}

impl fmt::Display for OpenErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())
    }
}
