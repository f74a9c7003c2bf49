//! [`CodecBuilder`]: the settings of a codec, one call each.

use core::fmt;
use core::marker::PhantomData;
use core::time::Duration;

use super::Codec;
use super::settings::Settings;
use crate::codec::data::SessionData;
use crate::cookie;
use crate::error::BuildError;
use crate::keys::ring::KeyRing;
use crate::token::wire::Protection;

/// Settings of a [`Codec`].
#[derive(Clone)]
pub struct CodecBuilder<'a, T> {
    audience: &'a str,
    keys: &'a KeyRing,
    cookie_name: Option<&'a str>,
    settings: Settings,
    data: PhantomData<fn(T) -> T>,
}

impl<'a, T: SessionData> CodecBuilder<'a, T> {
    pub(super) fn new(audience: &'a str, keys: &'a KeyRing) -> Self {
        Self {
            audience,
            keys,
            cookie_name: None,
            settings: Settings::DEFAULT,
            data: PhantomData,
        }
    }

    /// The cookie's full name, prefix included. `__Host-` and [`SessionData::NAME`] by default. A
    /// session of one name never opens under another.
    #[must_use]
    pub const fn cookie_name(mut self, name: &'a str) -> Self {
        self.cookie_name = Some(name);
        self
    }

    /// How sessions are sealed, and which form is opened. Encrypted by default.
    #[must_use]
    pub const fn protection(mut self, protection: Protection) -> Self {
        self.settings.protection = protection;
        self
    }

    /// Opens both forms, whichever is sealed: for the time in which a fleet changes over. First
    /// deploy this on every server, then change [`protection`](Self::protection), and remove this
    /// when the last session of the former form has ended.
    #[must_use]
    pub const fn accept_both_protections(mut self) -> Self {
        self.settings.accept_both = true;
        self
    }

    /// How long a session lasts without being renewed. Whole seconds; 30 minutes by default.
    /// A shorter one takes effect at once, on tokens already out.
    #[must_use]
    pub const fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.settings.idle_timeout = timeout;
        self
    }

    /// How long a session lasts from sign-in, whatever its renewals. Whole seconds; 12 hours by
    /// default. A shorter one takes effect at once, on tokens already out.
    #[must_use]
    pub const fn absolute_timeout(mut self, timeout: Duration) -> Self {
        self.settings.absolute_timeout = timeout;
        self
    }

    /// How far a sealer's clock may be ahead of this one. Whole seconds; 60 by default.
    #[must_use]
    pub const fn skew(mut self, skew: Duration) -> Self {
        self.settings.skew = skew;
        self
    }

    /// The most bytes that the cookie's name and value may take together; 4096 by default, which is
    /// what browsers keep, and no more than that. A session that would take more is not sealed
    /// ([`SealError::TooLong`](crate::SealError::TooLong)). Set less where a proxy takes less: nginx answers 502 where the
    /// response's headers do not fit into its buffer, 4 KiB by default (`proxy_buffer_size`).
    #[must_use]
    pub const fn max_cookie_len(mut self, bytes: usize) -> Self {
        self.settings.max_len = bytes;
        self
    }

    /// Takes timeouts and a skew of any length, also an idle timeout above the absolute one: to read
    /// test vectors, which try the limits of the numbers. No application needs it.
    #[must_use]
    pub const fn dangerous_any_times(mut self) -> Self {
        self.settings.any_times = true;
        self
    }

    /// Derives the keys.
    ///
    /// # Errors
    ///
    /// [`BuildError`]: an empty audience, a name that is no cookie name or that another type has, a
    /// timeout that is zero, too long or a fraction of a second, or two keys with the same id for this
    /// audience.
    pub fn build(self) -> Result<Codec<T>, BuildError> {
        let by_type = [cookie::HOST_PREFIX, T::NAME].concat();
        let cookie_name = match self.cookie_name {
            Some(name) => name,
            None => {
                cookie::check_given(T::NAME)?;
                &by_type
            }
        };
        self.settings.build(self.audience, cookie_name, self.keys)
    }
}

impl<T> fmt::Debug for CodecBuilder<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CodecBuilder")
            .field("audience", &self.audience)
            .field("keys", &self.keys)
            .field("cookie_name", &self.cookie_name)
            .field("settings", &self.settings)
            .finish()
    }
}
