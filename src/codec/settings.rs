//! [`Settings`] of a codec: their defaults, and what they must be, checked once.

use core::marker::PhantomData;
use core::time::Duration;

use super::session::Origin;
use super::{Codec, derive_ring};
use crate::cookie;
use crate::error::BuildError;
use crate::keys::ring::KeyRing;
use crate::token::canonical::length_prefix;
use crate::token::validity::Limits;
use crate::token::wire::{Accepted, Protection};

/// What does not depend on the audience, the cookie or the keys.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) protection: Protection,
    pub(crate) accept_both: bool,
    pub(crate) idle_timeout: Duration,
    pub(crate) absolute_timeout: Duration,
    pub(crate) skew: Duration,
}

impl Settings {
    /// Half an hour, half a day, and a minute.
    pub(crate) const DEFAULT: Self = Self {
        protection: Protection::Encrypted,
        accept_both: false,
        idle_timeout: Duration::from_secs(30 * 60),
        absolute_timeout: Duration::from_secs(12 * 60 * 60),
        skew: Duration::from_secs(60),
    };

    pub(crate) fn build<T>(
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
        if self.idle_timeout.is_zero() || self.absolute_timeout.is_zero() {
            return Err(BuildError::ZeroTimeout);
        }
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
            limits: Limits {
                idle_timeout: whole_seconds(self.idle_timeout)?,
                absolute_timeout: whole_seconds(self.absolute_timeout)?,
                skew: whole_seconds(self.skew)?,
            },
            ring: derive_ring(keys, audience, cookie_name)?,
            origin: Origin::new(audience, cookie_name),
            data: PhantomData,
        })
    }
}

const fn whole_seconds(duration: Duration) -> Result<u64, BuildError> {
    if duration.subsec_nanos() == 0 {
        Ok(duration.as_secs())
    } else {
        Err(BuildError::FractionOfSecond)
    }
}
