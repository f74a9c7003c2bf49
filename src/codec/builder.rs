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

    /// The cookie's full name, prefix included. By default it is `__Host-` and
    /// [`SessionData::NAME`]. A session of one name never opens under another.
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

    /// Opens both encrypted and signed sessions, whichever of them is sealed. Use it to change from
    /// one form to the other: first deploy this on every server, then change
    /// [`protection`](Self::protection), and remove this when the last session of the former form
    /// has ended.
    #[must_use]
    pub const fn accept_both_protections(mut self) -> Self {
        self.settings.accept_both = true;
        self
    }

    /// How long a session lasts without being renewed. Whole seconds; 30 minutes by default. A
    /// shorter one takes effect at once, also for tokens that browsers already have.
    #[must_use]
    pub const fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.settings.idle_timeout = timeout;
        self
    }

    /// How long a session lasts from sign-in, however often it is renewed. Whole seconds; 12 hours
    /// by default. A shorter one takes effect at once, also for tokens that browsers already have.
    #[must_use]
    pub const fn absolute_timeout(mut self, timeout: Duration) -> Self {
        self.settings.absolute_timeout = timeout;
        self
    }

    /// How far the time of the server that seals may be ahead of the time here. Whole seconds; 60
    /// by default.
    #[must_use]
    pub const fn skew(mut self, skew: Duration) -> Self {
        self.settings.skew = skew;
        self
    }

    /// The most bytes that the cookie's name and value may take together; 4096 by default, and at
    /// most 4096, which is what browsers keep. A session that would take more is not sealed
    /// ([`SealError::TooLong`](crate::SealError::TooLong)). Set less if a proxy takes less: nginx
    /// answers 502 if the response's headers do not fit into its buffer (`proxy_buffer_size`),
    /// which has 4 KiB by default.
    #[must_use]
    pub const fn max_cookie_len(mut self, bytes: usize) -> Self {
        self.settings.max_len = bytes;
        self
    }

    /// Accepts timeouts and a skew of any length, also an idle timeout above the absolute one. This
    /// is for test vectors, which use the greatest numbers. No application needs it.
    #[must_use]
    pub const fn dangerous_any_times(mut self) -> Self {
        self.settings.any_times = true;
        self
    }

    /// Derives the keys.
    ///
    /// # Errors
    ///
    /// [`BuildError`]: an empty audience, a name that is not a valid cookie name or that another
    /// type uses, a timeout that is zero, too long or not whole seconds, or two keys with the same
    /// id for this audience.
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
