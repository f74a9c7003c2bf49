//! [`Lifetime`]: how long one session may last, where that is chosen at sign-in ("remember me").

use core::time::Duration;

use crate::error::SealError;
use crate::token::validity::Limits;

/// How long one session may last, within the timeouts of the builder. What
/// [`SessionData::lifetime`](crate::SessionData::lifetime) returns.
///
/// "Remember me" is a field of the session. The builder has the longest timeouts, and a session
/// that is not to be remembered asks for shorter ones:
///
/// ```
/// use sealed_session::{Key, KeyRing, Lifetime, SessionData, Sessions};
/// use std::time::Duration;
///
/// const HOUR: Duration = Duration::from_secs(60 * 60);
/// const DAY: Duration = Duration::from_secs(24 * 60 * 60);
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Account { user: u64, remember: bool }
///
/// impl SessionData for Account {
///     const NAME: &'static str = "account";
///     const SCHEMA: u32 = 1;
///
///     fn lifetime(&self) -> Lifetime {
///         if self.remember {
///             Lifetime::LONGEST
///         } else {
///             Lifetime::until_browser_closes().idle_timeout(HOUR).absolute_timeout(12 * HOUR)
///         }
///     }
/// }
///
/// # #[cfg(feature = "std")] {
/// let keys = KeyRing::from_key(Key::generate()?);
/// let sessions = Sessions::<Account>::builder("shop.example", &keys)
///     .idle_timeout(30 * DAY)
///     .absolute_timeout(90 * DAY)
///     .build()?;
/// let remembered = sessions.start(&Account { user: 7, remember: true })?;
/// assert!(remembered.as_str().ends_with("; Max-Age=2592000"));
/// let forgotten = sessions.start(&Account { user: 7, remember: false })?;
/// assert!(!forgotten.as_str().contains("Max-Age"));
/// # }
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// It applies to every cookie of the session, also when the session is renewed. It is asked again
/// when a cookie is opened, so a shorter one takes effect at once, also for cookies that browsers
/// already have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    idle_timeout: Option<Duration>,
    absolute_timeout: Option<Duration>,
    outlives_browser: bool,
}

impl Lifetime {
    /// As long as the builder's timeouts allow.
    pub const LONGEST: Self = Self {
        idle_timeout: None,
        absolute_timeout: None,
        outlives_browser: true,
    };

    /// The browser forgets the cookie when it is closed: there is no `Max-Age`. The session ends by
    /// its timeouts either way, and browsers that restore their tabs may keep the cookie.
    #[must_use]
    pub const fn until_browser_closes() -> Self {
        Self {
            outlives_browser: false,
            ..Self::LONGEST
        }
    }

    /// How long the session lasts without being renewed. Whole seconds, and no more than the
    /// builder's: sealing with a longer one is an error.
    #[must_use]
    pub const fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = Some(timeout);
        self
    }

    /// How long the session lasts from sign-in. Whole seconds, and no more than the builder's:
    /// sealing with a longer one is an error.
    #[must_use]
    pub const fn absolute_timeout(mut self, timeout: Duration) -> Self {
        self.absolute_timeout = Some(timeout);
        self
    }

    pub(super) const fn outlives_browser(&self) -> bool {
        self.outlives_browser
    }

    /// `limits`, where this asks for less.
    #[inline]
    pub(super) fn within(&self, limits: &Limits) -> Limits {
        let shorter = |timeout: Option<Duration>, limit: u64| {
            timeout.map_or(limit, |timeout| timeout.as_secs().min(limit))
        };
        Limits {
            idle_timeout: shorter(self.idle_timeout, limits.idle_timeout),
            absolute_timeout: shorter(self.absolute_timeout, limits.absolute_timeout),
            skew: limits.skew,
        }
    }

    /// Whether a new session can last as long as this asks for.
    pub(super) fn check(&self, limits: &Limits) -> Result<(), SealError> {
        let fits = |timeout: Option<Duration>, limit: u64| {
            timeout.is_none_or(|timeout| {
                timeout.subsec_nanos() == 0 && (1..=limit).contains(&timeout.as_secs())
            })
        };
        let in_order = self
            .absolute_timeout
            .is_none_or(|absolute| self.idle_timeout.is_none_or(|idle| idle <= absolute));
        if in_order
            && fits(self.idle_timeout, limits.idle_timeout)
            && fits(self.absolute_timeout, limits.absolute_timeout)
        {
            Ok(())
        } else {
            Err(SealError::Lifetime)
        }
    }
}

impl Default for Lifetime {
    fn default() -> Self {
        Self::LONGEST
    }
}
