//! [`SessionsBuilder`]: the settings of sessions.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::marker::PhantomData;
use core::time::Duration;

use arc_swap::ArcSwap;

use super::{Inner, RandomnessSource, Sessions};
use crate::codec::data::SessionData;
use crate::codec::{Codec, Settings};
use crate::cookie::{CookieSettings, SiteOrigin};
use crate::error::{BuildError, RandomnessError};
use crate::keys::live::{Keys, KeysKind, LiveKeyRing};
use crate::keys::ring::KeyRing;
use crate::revocation::Revocations;
use crate::runtime::clock::{Clock, SystemClock};
use crate::telemetry::Telemetry;
use crate::time::Epoch;
use crate::token::random::Randomness;
use crate::token::wire::Protection;

/// Settings of [`Sessions`].
#[must_use]
pub struct SessionsBuilder<'a, T> {
    audience: &'a str,
    keys: Keys<'a>,
    codec: Settings,
    cookie: CookieSettings,
    origin: Option<&'a str>,
    another_process: bool,
    revocations: Revocations,
    clock: Arc<dyn Clock>,
    randomness: Arc<RandomnessSource>,
    telemetry: Option<Box<dyn Telemetry>>,
    data: PhantomData<fn(T) -> T>,
}

impl<'a, T: SessionData> SessionsBuilder<'a, T> {
    pub(super) fn new(audience: &'a str, keys: Keys<'a>) -> Self {
        Self {
            audience,
            keys,
            codec: Settings::DEFAULT,
            cookie: CookieSettings::default(),
            origin: None,
            another_process: false,
            revocations: Revocations::default(),
            clock: Arc::new(SystemClock),
            randomness: Arc::new(Randomness::from_os),
            telemetry: None,
            data: PhantomData,
        }
    }

    /// How long a session lasts without being renewed. Whole seconds; 30 minutes by default.
    /// A shorter one takes effect at once, on cookies already out.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.codec.idle_timeout = timeout;
        self
    }

    /// How long a session lasts from sign-in, whatever its renewals. Whole seconds; 12 hours by
    /// default. A shorter one takes effect at once, on cookies already out.
    pub fn absolute_timeout(mut self, timeout: Duration) -> Self {
        self.codec.absolute_timeout = timeout;
        self
    }

    /// How far another server's clock may be ahead of this one. Whole seconds; 60 by default.
    pub fn skew(mut self, skew: Duration) -> Self {
        self.codec.skew = skew;
        self
    }

    /// How sessions are sealed, and which form is opened. Encrypted by default.
    pub fn protection(mut self, protection: Protection) -> Self {
        self.codec.protection = protection;
        self
    }

    /// Opens both forms, whichever is sealed: for the time in which a fleet changes over. First
    /// deploy this on every server, then change [`protection`](Self::protection), and remove this
    /// when the last session of the former form has ended.
    pub fn accept_both_protections(mut self) -> Self {
        self.codec.accept_both = true;
        self
    }

    /// The cookie's name and attributes. `__Host-` and [`SessionData::NAME`], and the strictest
    /// attributes by default.
    pub fn cookie(mut self, settings: CookieSettings) -> Self {
        self.cookie = settings;
        self
    }

    /// Where the site is reached: `"https://shop.example"`, or `"http://localhost:3000"` on a
    /// developer's machine. Read it from the configuration, and the same program runs at both.
    ///
    /// Browsers keep a `Secure` cookie over HTTPS alone, as do other clients, and some (Safari, Python's
    /// and Go's) make no exception for localhost: a sign-in would lead back to the sign-in page without
    /// a word. So at an origin of plain HTTP, which must be this very machine (`localhost`, a name below it,
    /// `127.0.0.0/8`, `[::1]`), the cookie has no prefix, no `Secure` and no `Domain`. Any other origin of
    /// plain HTTP is an error at [`build`](Self::build).
    ///
    /// ```
    /// use sealed_session::{Key, KeyRing, SessionData, Sessions};
    ///
    /// # #[derive(serde::Serialize, serde::Deserialize)]
    /// # struct Account { user: u64 }
    /// # impl SessionData for Account { const NAME: &'static str = "account"; const SCHEMA: u32 = 1; }
    /// # let keys = KeyRing::from_key(Key::generate()?);
    /// let sessions = Sessions::<Account>::builder("shop.example", &keys)
    ///     .origin("http://localhost:3000")
    ///     .build()?;
    /// assert_eq!(sessions.cookie_name(), "account");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn origin(mut self, origin: &'a str) -> Self {
        self.origin = Some(origin);
        self
    }

    /// Where revocations are kept. A fixed epoch of 0 by default: nothing can be revoked.
    ///
    /// Sessions of the same keys and audience must share one, whatever their cookies are called.
    pub fn revocations(mut self, revocations: Revocations) -> Self {
        self.revocations = revocations;
        self
    }

    /// A fixed revocation epoch from the configuration. Raising it with the next deploy logs
    /// everybody out.
    pub fn revocation_epoch(self, epoch: Epoch) -> Self {
        self.revocations(Revocations::fixed(epoch))
    }

    /// Where the time comes from. The system's clock by default.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Where the 32 random bytes of each sealing come from: for tests, and for platforms without an
    /// operating system's generator, such as `wasm32-unknown-unknown`. The operating system by
    /// default.
    ///
    /// Dangerous, because the caller answers for them: see [`Randomness::dangerous_from_bytes`].
    /// Never a generator in user space, which a restored snapshot repeats.
    pub fn dangerous_randomness(
        mut self,
        source: impl Fn() -> Result<Randomness, RandomnessError> + Send + Sync + 'static,
    ) -> Self {
        self.randomness = Arc::new(source);
        self
    }

    /// Is told of every session that is opened, refused or sealed. Nobody by default.
    pub fn telemetry(mut self, telemetry: impl Telemetry) -> Self {
        self.telemetry = Some(Box::new(telemetry));
        self
    }

    /// For tests of several servers in one process: knows nothing of what other sessions of this
    /// process have signed out or changed, as if it were another process.
    pub fn as_in_another_process(mut self) -> Self {
        self.another_process = true;
        self
    }

    /// Checks the settings and derives the keys.
    ///
    /// # Errors
    ///
    /// [`BuildError`] says which setting is wrong.
    pub fn build(self) -> Result<Sessions<T>, BuildError> {
        match self.keys.0 {
            KeysKind::Ring(ring) => self.build_on(ring, None),
            KeysKind::Live(live) => {
                let Settings {
                    idle_timeout,
                    absolute_timeout,
                    skew,
                    ..
                } = self.codec;
                live.follow(idle_timeout, absolute_timeout, skew, |ring| {
                    let sessions = self.build_on(ring, Some(live.clone()))?;
                    let follower = sessions.follower();
                    Ok((sessions, follower))
                })
            }
        }
    }

    fn build_on(
        self,
        ring: &KeyRing,
        live: Option<LiveKeyRing>,
    ) -> Result<Sessions<T>, BuildError> {
        let origin = self.origin.map(SiteOrigin::parse).transpose()?;
        let cookie = self.cookie.build_for(T::NAME, origin.as_ref())?;
        let codec: Codec<T> = self.codec.build(self.audience, cookie.name(), ring)?;
        if !self.revocations.has_audience(codec.audience()) {
            return Err(BuildError::RevocationsAudience);
        }
        if live.is_some() {
            // They may have been built on a ring that has been replaced since.
            self.revocations.replace_keys(ring)?;
        }
        let Settings {
            idle_timeout,
            absolute_timeout,
            skew,
            ..
        } = self.codec;
        self.revocations
            .learn_lifetimes(idle_timeout, absolute_timeout, skew);
        let here = if self.another_process {
            Arc::default()
        } else {
            Arc::clone(codec.in_this_process())
        };
        Ok(Sessions(Arc::new(Inner {
            codec: ArcSwap::from_pointee(codec),
            cookie,
            revocations: self.revocations,
            clock: self.clock,
            randomness: self.randomness,
            live,
            telemetry: self.telemetry,
            here,
            #[cfg(feature = "http")]
            for_loopback: origin.is_some_and(|origin| !origin.is_https()),
            #[cfg(feature = "http")]
            told_origin: core::sync::atomic::AtomicBool::new(false),
        })))
    }
}

impl<T> fmt::Debug for SessionsBuilder<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionsBuilder")
            .field("audience", &self.audience)
            .field("keys", &self.keys)
            .field("codec", &self.codec)
            .field("cookie", &self.cookie)
            .field("revocations", &self.revocations)
            .finish_non_exhaustive()
    }
}
