//! [`CodecBuilder`]: the settings of a codec, checked once.

use core::fmt;
use core::marker::PhantomData;
use core::time::Duration;

use super::session::Origin;
use super::{Codec, derive_ring};
use crate::canonical::length_prefix;
use crate::cookie;
use crate::data::SessionData;
use crate::error::BuildError;
use crate::key_ring::KeyRing;
use crate::validity::Limits;
use crate::wire::{Accepted, Protection};

/// Half an hour.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30 * 60);
/// Half a day.
const ABSOLUTE_TIMEOUT: Duration = Duration::from_secs(12 * 60 * 60);
/// A minute.
const SKEW: Duration = Duration::from_secs(60);

/// Settings of a [`Codec`].
#[derive(Clone)]
pub struct CodecBuilder<'a, T> {
    audience: &'a str,
    keys: &'a KeyRing,
    cookie_name: &'a str,
    protection: Protection,
    accept_both: bool,
    idle_timeout: Duration,
    absolute_timeout: Duration,
    skew: Duration,
    data: PhantomData<fn(T) -> T>,
}

impl<'a, T: SessionData> CodecBuilder<'a, T> {
    pub(super) fn new(audience: &'a str, keys: &'a KeyRing) -> Self {
        Self {
            audience,
            keys,
            cookie_name: cookie::DEFAULT_NAME,
            protection: Protection::Encrypted,
            accept_both: false,
            idle_timeout: IDLE_TIMEOUT,
            absolute_timeout: ABSOLUTE_TIMEOUT,
            skew: SKEW,
            data: PhantomData,
        }
    }

    /// The cookie's full name, prefix included. `__Host-session` by default. A session of one name
    /// never opens under another.
    #[must_use]
    pub const fn cookie_name(mut self, name: &'a str) -> Self {
        self.cookie_name = name;
        self
    }

    /// How sessions are sealed, and which form is opened. Encrypted by default.
    #[must_use]
    pub const fn protection(mut self, protection: Protection) -> Self {
        self.protection = protection;
        self
    }

    /// Opens both forms, whichever is sealed: for the time in which a fleet changes over. First
    /// deploy this on every server, then change [`protection`](Self::protection), and remove this
    /// when the last session of the former form has ended.
    #[must_use]
    pub const fn accept_both_protections(mut self) -> Self {
        self.accept_both = true;
        self
    }

    /// How long a session lasts without being renewed. Whole seconds; 30 minutes by default.
    /// A shorter one takes effect at once, on tokens already out.
    #[must_use]
    pub const fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// How long a session lasts from sign-in, whatever its renewals. Whole seconds; 12 hours by
    /// default. A shorter one takes effect at once, on tokens already out.
    #[must_use]
    pub const fn absolute_timeout(mut self, timeout: Duration) -> Self {
        self.absolute_timeout = timeout;
        self
    }

    /// How far a sealer's clock may be ahead of this one. Whole seconds; 60 by default.
    #[must_use]
    pub const fn skew(mut self, skew: Duration) -> Self {
        self.skew = skew;
        self
    }

    /// Derives the keys.
    ///
    /// # Errors
    ///
    /// [`BuildError`]: an empty audience, a name that is no cookie name, a timeout of zero, a
    /// fraction of a second, or two keys with the same id for this audience.
    pub fn build(self) -> Result<Codec<T>, BuildError> {
        if self.audience.is_empty() {
            return Err(BuildError::EmptyAudience);
        }
        if length_prefix(self.audience.as_bytes()).is_none() {
            return Err(BuildError::AudienceTooLong);
        }
        cookie::check_name(self.cookie_name)?;
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
            audience: self.audience.into(),
            cookie_name: self.cookie_name.into(),
            protection: self.protection,
            accepted,
            limits: Limits {
                idle_timeout: whole_seconds(self.idle_timeout)?,
                absolute_timeout: whole_seconds(self.absolute_timeout)?,
                skew: whole_seconds(self.skew)?,
            },
            ring: derive_ring(self.keys, self.audience, self.cookie_name)?,
            origin: Origin::new(self.audience, self.cookie_name),
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

impl<T> fmt::Debug for CodecBuilder<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CodecBuilder")
            .field("audience", &self.audience)
            .field("keys", &self.keys)
            .field("cookie_name", &self.cookie_name)
            .field("protection", &self.protection)
            .field("accept_both", &self.accept_both)
            .field("idle_timeout", &self.idle_timeout)
            .field("absolute_timeout", &self.absolute_timeout)
            .field("skew", &self.skew)
            .finish()
    }
}
