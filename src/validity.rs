//! Time: claims, limits and the present time in, verdict out. Pure. Spec, sections 5 and 6.

use crate::claims::Claims;
use crate::error::{OpenErrorKind, SealError};
use crate::time::{Epoch, UnixTime};

/// How far an epoch may be ahead of both the clock and the time: a day, in milliseconds. One forged
/// or mistaken epoch cannot push the clock to its end.
const EPOCH_AHEAD: u64 = 86_400_000;

/// A session is renewed when this part of its time has gone.
const RENEWAL_PART: u64 = 5;

/// A reader's or sealer's own time limits, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) idle_timeout: u64,
    pub(crate) absolute_timeout: u64,
    pub(crate) skew: u64,
}

impl Limits {
    /// Steps 8 and 9. The sums of the reader's own timeouts saturate.
    #[inline]
    pub(crate) fn check(&self, claims: &Claims, now: UnixTime) -> Result<(), OpenErrorKind> {
        if claims.issued_at > later(now, self.skew) {
            return Err(OpenErrorKind::NotYetValid);
        }
        if now >= self.end_of(claims) {
            return Err(OpenErrorKind::Expired);
        }
        Ok(())
    }

    /// The second from which on `claims` are expired for this reader.
    #[inline]
    fn end_of(&self, claims: &Claims) -> UnixTime {
        claims
            .expires_at
            .min(later(claims.issued_at, self.idle_timeout))
            .min(later(claims.started_at, self.absolute_timeout))
    }

    /// Whether a fifth of the token's time has gone and a renewal would lengthen it.
    #[inline]
    pub(crate) fn renewal_due(&self, claims: &Claims, now: UnixTime) -> bool {
        let issued = claims.issued_at.as_secs();
        let end = self.end_of(claims);
        let lifetime = end.as_secs().saturating_sub(issued);
        let gone = now.as_secs().saturating_sub(issued);
        let renewed_end =
            later(now, self.idle_timeout).min(later(claims.started_at, self.absolute_timeout));
        gone.saturating_mul(RENEWAL_PART) >= lifetime && renewed_end > end
    }

    /// `expires_at` of a token sealed now.
    pub(crate) fn expiry(
        &self,
        started_at: UnixTime,
        issued_at: UnixTime,
    ) -> Result<UnixTime, SealError> {
        let sum = |time: UnixTime, timeout| time.as_secs().checked_add(timeout);
        let idle_end = sum(issued_at, self.idle_timeout).ok_or(SealError::TimeOverflow)?;
        let end = sum(started_at, self.absolute_timeout).ok_or(SealError::TimeOverflow)?;
        let expires_at = UnixTime::from_secs(idle_end.min(end));
        if expires_at <= issued_at {
            return Err(SealError::NoLifetime);
        }
        Ok(expires_at)
    }
}

/// The part of step 7 that needs a clock.
#[inline]
pub(crate) fn epoch_is_plausible(epoch: Epoch, clock: Epoch, now: UnixTime) -> bool {
    epoch <= clock.max(now.to_epoch()).saturating_add(EPOCH_AHEAD)
}

const fn later(time: UnixTime, seconds: u64) -> UnixTime {
    UnixTime::from_secs(time.as_secs().saturating_add(seconds))
}
