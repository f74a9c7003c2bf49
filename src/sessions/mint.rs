//! [`Mint`]: makes cookies for an application's tests, such as that of a sign-in eleven hours ago.
//! [`testing`](crate::testing) exports it.

use core::fmt;
use core::time::Duration;

use super::Sessions;
use crate::codec::Minted;
use crate::codec::data::SessionData;
use crate::cookie::SetCookie;
use crate::error::SealError;
use crate::time::{Epoch, UnixTime};
use crate::token::key_id::KeyId;

/// For tests: makes cookies of `sessions` with any start, time of issue, key and binding.
///
/// ```
/// use sealed_session::testing::mint;
/// use sealed_session::{Key, KeyRing, ManualClock, OpenErrorKind, SessionData, Sessions};
/// use std::time::Duration;
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Account { user: u64 }
/// impl SessionData for Account { const NAME: &'static str = "account"; const SCHEMA: u32 = 1; }
///
/// const HOUR: Duration = Duration::from_secs(60 * 60);
///
/// let clock = ManualClock::new("2026-11-25T12:00:00Z".parse()?);
/// let sessions = Sessions::<Account>::builder("shop.example", &KeyRing::from_key(Key::generate()?))
///     .clock(clock.clone())
///     .build()?;
///
/// // Signed in eleven hours ago, and used until a minute ago.
/// let cookie = mint(&sessions)
///     .signed_in_ago(11 * HOUR)
///     .issued_ago(Duration::from_secs(60))
///     .cookie(&Account { user: 7 })?;
/// assert!(sessions.open(cookie.pair()).is_ok());
///
/// // Half an hour later nobody has used it.
/// clock.advance(HOUR / 2);
/// let error = sessions.open(cookie.pair()).unwrap_err();
/// assert_eq!(error.kind(), OpenErrorKind::Expired);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The cookies are authentic. Without other settings, the cookie is what [`Sessions::start`] makes.
pub const fn mint<T: SessionData>(sessions: &Sessions<T>) -> Mint<'_, T> {
    Mint {
        sessions,
        started: When::Ago(Duration::ZERO),
        issued: None,
        epoch: None,
        key: None,
        binding: &[],
    }
}

/// Settings of a cookie for a test. From [`mint`].
#[must_use = "`cookie` makes the cookie"]
pub struct Mint<'a, T> {
    sessions: &'a Sessions<T>,
    started: When,
    issued: Option<When>,
    epoch: Option<Epoch>,
    key: Option<KeyId>,
    binding: &'a [u8],
}

#[derive(Clone, Copy)]
enum When {
    At(UnixTime),
    Ago(Duration),
}

impl When {
    const fn before(self, now: UnixTime) -> UnixTime {
        match self {
            Self::At(time) => time,
            Self::Ago(by) => UnixTime::from_secs(now.as_secs().saturating_sub(by.as_secs())),
        }
    }
}

impl<'a, T: SessionData> Mint<'a, T> {
    /// How long ago the session began, by the sessions' [`Clock`](crate::Clock). Whole seconds. By
    /// default it begins now.
    pub const fn signed_in_ago(mut self, by: Duration) -> Self {
        self.started = When::Ago(by);
        self
    }

    /// When the session began.
    pub const fn signed_in_at(mut self, time: UnixTime) -> Self {
        self.started = When::At(time);
        self
    }

    /// How long ago the cookie was sealed by the last renewal. Whole seconds. By default it was
    /// sealed when the session began.
    pub const fn issued_ago(mut self, by: Duration) -> Self {
        self.issued = Some(When::Ago(by));
        self
    }

    /// When the cookie was sealed.
    pub const fn issued_at(mut self, time: UnixTime) -> Self {
        self.issued = Some(When::At(time));
        self
    }

    /// The revocation clock that the cookie is stamped with. By default it is that of the state
    /// that the sessions hold.
    pub const fn epoch(mut self, epoch: Epoch) -> Self {
        self.epoch = Some(epoch);
        self
    }

    /// The key of the ring that seals the cookie. It may be one that has closed, or one that does
    /// not seal yet. By default it is the key that seals at the time of issue.
    pub const fn key(mut self, key: KeyId) -> Self {
        self.key = Some(key);
        self
    }

    /// What the cookie is tied to, as by [`Sessions::bound`]. Nothing by default.
    pub const fn binding(mut self, binding: &'a [u8]) -> Self {
        self.binding = binding;
        self
    }

    /// Makes the cookie. [`SetCookie::pair`] is what a browser sends back.
    ///
    /// # Errors
    ///
    /// [`SealError`]: [`NoLifetime`](SealError::NoLifetime) where the cookie would have been issued
    /// before the session began, or past its absolute timeout;
    /// [`NoSealingKey`](SealError::NoSealingKey) where the ring lacks the key.
    pub fn cookie(&self, value: &T) -> Result<SetCookie, SealError> {
        let inner = &*self.sessions.0;
        let now = self.sessions.bound(self.binding).now()?;
        let started_at = self.started.before(now);
        let issued_at = self.issued.map_or(started_at, |issued| issued.before(now));
        let held = || {
            let state = inner.revocations.snapshot();
            state.map_or(Epoch::ZERO, |state| state.clock())
        };
        let minted = Minted {
            started_at,
            issued_at,
            epoch: self.epoch.unwrap_or_else(held),
            key: self.key,
        };
        let random = (inner.randomness)()?;
        let codec = inner.codec.load();
        let sealed = codec.mint(value, &minted, self.binding, &random)?;
        Ok(inner.cookie.set(&sealed, now))
    }
}

impl<T> fmt::Debug for Mint<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mint")
            .field("key", &self.key)
            .field("epoch", &self.epoch)
            .finish_non_exhaustive()
    }
}
