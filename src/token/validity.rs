//! Time: claims, limits and the present time in, verdict out. Pure. Spec, sections 5 and 6.

use crate::error::{OpenErrorKind, SealError};
use crate::time::{Epoch, UnixTime};
use crate::token::claims::Claims;

/// How far an epoch may be ahead of both the clock and the time: a day, in milliseconds. One forged
/// or mistaken epoch cannot push the clock to its end.
pub(crate) const EPOCH_AHEAD: u64 = 86_400_000;

/// A session is renewed when a fifth of its time has gone, and where a better request for it may come,
/// when three have.
const PARTS: u64 = 5;
const SOON_OVER: u64 = 3;

/// A reader's or sealer's own time limits, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) idle_timeout: u64,
    pub(crate) absolute_timeout: u64,
    pub(crate) skew: u64,
}

impl Limits {
    /// When the session of `claims` has surely ended, whoever renews it meanwhile under limits like these.
    #[cfg(feature = "std")]
    pub(crate) fn last_end(&self, claims: &Claims) -> UnixTime {
        later(claims.issued_at, self.absolute_timeout).max(claims.expires_at)
    }

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
        let renewed_end =
            later(now, self.idle_timeout).min(later(claims.started_at, self.absolute_timeout));
        self.has_gone(1, claims, now) && renewed_end > self.end_of(claims)
    }

    /// Whether three fifths of the token's time have gone.
    #[inline]
    pub(crate) fn soon_over(&self, claims: &Claims, now: UnixTime) -> bool {
        self.has_gone(SOON_OVER, claims, now)
    }

    /// Whether so many fifths of the token's time have gone.
    #[inline]
    fn has_gone(&self, parts: u64, claims: &Claims, now: UnixTime) -> bool {
        let issued = claims.issued_at.as_secs();
        let lifetime = self.end_of(claims).as_secs().saturating_sub(issued);
        let gone = now.as_secs().saturating_sub(issued);
        gone.saturating_mul(PARTS) >= lifetime.saturating_mul(parts)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::claims::SessionId;

    /// Fewer under Miri, which is some hundred times slower and looks at memory, not at results.
    const EDGES: &[u64] = if cfg!(miri) {
        &[0, 1 << 32, u64::MAX]
    } else {
        &ALL_EDGES
    };

    const ALL_EDGES: [u64; 12] = [
        0,
        1,
        59,
        1 << 31,
        (1 << 32) - 1,
        1 << 32,
        (1 << 63) - 1,
        1 << 63,
        (1 << 63) + 60,
        u64::MAX - 60,
        u64::MAX - 1,
        u64::MAX,
    ];

    fn claims(started_at: u64, issued_at: u64, expires_at: u64) -> Claims {
        let [started_at, issued_at, expires_at] =
            [started_at, issued_at, expires_at].map(UnixTime::from_secs);
        Claims {
            schema: 1,
            epoch: Epoch::ZERO,
            session_id: SessionId::from_bytes([0; 8]),
            started_at,
            issued_at,
            expires_at,
        }
    }

    /// The spec's steps 8 and 9 in numbers that cannot overflow.
    fn model(claims: &Claims, limits: &Limits, now: u64) -> Result<(), OpenErrorKind> {
        let wide = |time: UnixTime| u128::from(time.as_secs());
        let later = |time, by: u64| {
            let sum = wide(time).checked_add(by.into()).unwrap();
            sum.min(u128::from(u64::MAX))
        };
        let now = UnixTime::from_secs(now);
        if wide(claims.issued_at) > later(now, limits.skew) {
            return Err(OpenErrorKind::NotYetValid);
        }
        let dead = wide(now) >= wide(claims.expires_at)
            || wide(now) >= later(claims.issued_at, limits.idle_timeout)
            || wide(now) >= later(claims.started_at, limits.absolute_timeout);
        if dead {
            Err(OpenErrorKind::Expired)
        } else {
            Ok(())
        }
    }

    #[test]
    fn every_mix_of_boundary_values_gives_the_verdict_of_a_u128_model() {
        for &started_at in EDGES {
            for &issued_at in EDGES {
                for &expires_at in EDGES {
                    let claims = claims(started_at, issued_at, expires_at);
                    for &idle_timeout in EDGES {
                        for absolute_timeout in [1, 1 << 32, 1 << 63, u64::MAX] {
                            for skew in [0, 60, u64::MAX] {
                                let limits = Limits {
                                    idle_timeout,
                                    absolute_timeout,
                                    skew,
                                };
                                for &now in EDGES {
                                    let verdict = limits.check(&claims, UnixTime::from_secs(now));
                                    assert_eq!(verdict, model(&claims, &limits, now));
                                    // No panic, whatever comes.
                                    let _ = limits.renewal_due(&claims, UnixTime::from_secs(now));
                                    let _ = limits.soon_over(&claims, UnixTime::from_secs(now));
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn an_expiry_is_within_both_limits_or_an_error() {
        for &started_at in EDGES {
            for &issued_at in EDGES {
                for &idle_timeout in EDGES {
                    for &absolute_timeout in EDGES {
                        let limits = Limits {
                            idle_timeout,
                            absolute_timeout,
                            skew: 0,
                        };
                        let wide = u128::from;
                        let idle_end = wide(issued_at) + wide(idle_timeout);
                        let end = wide(started_at) + wide(absolute_timeout);
                        let expected = if idle_end.max(end) > wide(u64::MAX) {
                            Err(SealError::TimeOverflow)
                        } else if idle_end.min(end) <= wide(issued_at) {
                            Err(SealError::NoLifetime)
                        } else {
                            Ok(idle_end.min(end))
                        };
                        let [start, issue] = [started_at, issued_at].map(UnixTime::from_secs);
                        let expiry = limits.expiry(start, issue);
                        assert_eq!(expiry.map(|time| wide(time.as_secs())), expected);
                    }
                }
            }
        }
    }

    #[cfg(feature = "std")]
    #[test]
    fn a_session_has_surely_ended_when_neither_this_token_nor_a_renewal_by_these_limits_is_left() {
        let limits = |absolute_timeout| Limits {
            idle_timeout: 10,
            absolute_timeout,
            skew: 0,
        };
        let last_end =
            |absolute_timeout, claims: Claims| limits(absolute_timeout).last_end(&claims).as_secs();
        assert_eq!(last_end(1000, claims(100, 200, 250)), 1200);
        // Sealed under longer limits.
        assert_eq!(last_end(1000, claims(100, 200, 5000)), 5000);
        assert_eq!(last_end(u64::MAX, claims(100, 200, 250)), u64::MAX);
    }

    #[test]
    fn an_epoch_is_plausible_up_to_a_day_past_clock_and_time_and_the_sum_saturates() {
        for &clock in EDGES {
            for &now in EDGES {
                for &epoch in EDGES {
                    let latest = (u128::from(now) * 1000)
                        .min(u128::from(u64::MAX))
                        .max(u128::from(clock))
                        + u128::from(EPOCH_AHEAD);
                    let [epoch_, clock] = [epoch, clock].map(Epoch::from_millis);
                    let plausible = epoch_is_plausible(epoch_, clock, UnixTime::from_secs(now));
                    assert_eq!(plausible, u128::from(epoch) <= latest);
                }
            }
        }
    }
}
