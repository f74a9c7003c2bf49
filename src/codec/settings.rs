//! [`Settings`] of a codec: their defaults, and what they must be, checked once.

use alloc::sync::Arc;
use core::marker::PhantomData;
use core::time::Duration;

use super::data::SessionData;
#[cfg(feature = "std")]
use super::registry::register;
use super::session::Origin;
use super::{Codec, derive_ring};
use crate::cookie;
use crate::error::BuildError;
use crate::keys::ring::KeyRing;
use crate::token::canonical::length_prefix;
use crate::token::payload;
use crate::token::validity::Limits;
use crate::token::wire::{Accepted, MAX_NAME_AND_VALUE, Protection};

/// What does not depend on the audience, the cookie or the keys.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) protection: Protection,
    pub(crate) accept_both: bool,
    pub(crate) idle_timeout: Duration,
    pub(crate) absolute_timeout: Duration,
    pub(crate) skew: Duration,
    /// The most bytes of a cookie's name and value together.
    pub(crate) max_len: usize,
    /// Whether timeouts and skew may be what no application means.
    pub(crate) any_times: bool,
}

impl Settings {
    /// Half an hour, half a day, and a minute.
    pub(crate) const DEFAULT: Self = Self {
        protection: Protection::Encrypted,
        accept_both: false,
        idle_timeout: Duration::from_secs(30 * 60),
        absolute_timeout: Duration::from_secs(12 * 60 * 60),
        skew: Duration::from_secs(60),
        max_len: MAX_NAME_AND_VALUE,
        any_times: false,
    };

    pub(crate) fn build<T: SessionData>(
        self,
        audience: &str,
        cookie_name: &str,
        keys: &KeyRing,
    ) -> Result<Codec<T>, BuildError> {
        if audience.is_empty() {
            return Err(BuildError::EmptyAudience);
        }
        if length_prefix(audience.as_bytes()).is_none() {
            return Err(BuildError::AudienceTooLong);
        }
        cookie::check_name(cookie_name)?;
        if self.max_len > MAX_NAME_AND_VALUE {
            return Err(BuildError::CookieTooLong);
        }
        payload::check_type::<T>()?;
        let limits = self.limits()?;
        let accepted = if self.accept_both {
            Accepted {
                encrypted: true,
                signed: true,
            }
        } else {
            Accepted::only(self.protection)
        };
        Ok(Codec {
            audience: audience.into(),
            cookie_name: cookie_name.into(),
            protection: self.protection,
            accepted,
            limits,
            max_len: self.max_len,
            ring: Arc::new(derive_ring(keys, audience, cookie_name)?),
            origin: Origin::new(audience, cookie_name),
            #[cfg(feature = "std")]
            in_this_process: register::<T>(audience, cookie_name)?,
            data: PhantomData,
        })
    }

    /// No session is longer than what was asked for, and none is shorter without a word.
    fn limits(&self) -> Result<Limits, BuildError> {
        if self.idle_timeout.is_zero() || self.absolute_timeout.is_zero() {
            return Err(BuildError::ZeroTimeout);
        }
        let limits = Limits {
            idle_timeout: whole_seconds(self.idle_timeout)?,
            absolute_timeout: whole_seconds(self.absolute_timeout)?,
            skew: whole_seconds(self.skew)?,
        };
        if self.any_times {
            return Ok(limits);
        }
        if limits.idle_timeout > LONGEST_COOKIE || limits.absolute_timeout > LONGEST_SESSION {
            return Err(BuildError::TimeoutTooLong);
        }
        if limits.idle_timeout > limits.absolute_timeout {
            return Err(BuildError::IdleAboveAbsolute);
        }
        if limits.skew > LARGEST_SKEW {
            return Err(BuildError::SkewTooLong);
        }
        Ok(limits)
    }
}

const DAY: u64 = 24 * 60 * 60;
/// For how long browsers keep a cookie at the most (draft-ietf-httpbis-rfc6265bis, section 5.5).
const LONGEST_COOKIE: u64 = 400 * DAY;
/// Ten years: more is a mistake of units.
const LONGEST_SESSION: u64 = 3653 * DAY;
/// Clocks that differ by more than an hour are wrong.
const LARGEST_SKEW: u64 = 60 * 60;

const fn whole_seconds(duration: Duration) -> Result<u64, BuildError> {
    if duration.subsec_nanos() == 0 {
        Ok(duration.as_secs())
    } else {
        Err(BuildError::FractionOfSecond)
    }
}
