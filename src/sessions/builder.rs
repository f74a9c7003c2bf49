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
use crate::keys::live::{KeyRingEvent, Keys, KeysKind, LiveKeyRing};
use crate::keys::ring::KeyRing;
use crate::keys::rotation::{Lifetimes, closing_early};
use crate::revocation::{RevocationStore, Revocations, RevocationsBuilder};
use crate::runtime::clock::{Clock, Moment, SystemClock};
use crate::telemetry::Telemetry;
use crate::time::Epoch;
use crate::token::random::Randomness;
use crate::token::wire::Protection;

/// Where revocations are to be kept.
enum RevocationsKept<'a> {
    Nowhere,
    At(Revocations),
    InStore(Box<dyn RevocationStore>, Box<SetRevocations<'a>>),
}

type SetRevocations<'a> = dyn for<'k> FnOnce(RevocationsBuilder<'k>) -> RevocationsBuilder<'k> + 'a;

/// Settings of [`Sessions`].
#[must_use]
pub struct SessionsBuilder<'a, T> {
    audience: &'a str,
    keys: Keys<'a>,
    codec: Settings,
    cookie: CookieSettings,
    origin: Option<&'a str>,
    another_process: bool,
    revocations: RevocationsKept<'a>,
    epoch: Option<Epoch>,
    clock: Arc<dyn Clock>,
    randomness: Arc<RandomnessSource>,
    telemetry: Option<Arc<dyn Telemetry>>,
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
            revocations: RevocationsKept::Nowhere,
            epoch: None,
            clock: Arc::new(SystemClock),
            randomness: Arc::new(Randomness::from_os),
            telemetry: None,
            data: PhantomData,
        }
    }

    /// How long a session lasts without being renewed. Whole seconds; 30 minutes by default. A
    /// shorter one takes effect at once, also for cookies that browsers already have.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.codec.idle_timeout = timeout;
        self
    }

    /// How long a session lasts from sign-in, however often it is renewed. Whole seconds; 12 hours
    /// by default. A shorter one takes effect at once, also for cookies that browsers already have.
    pub fn absolute_timeout(mut self, timeout: Duration) -> Self {
        self.codec.absolute_timeout = timeout;
        self
    }

    /// How far the time of another server may be ahead of the time here. Whole seconds; 60 by
    /// default.
    pub fn skew(mut self, skew: Duration) -> Self {
        self.codec.skew = skew;
        self
    }

    /// The most bytes that the cookie's name and value may take together; 4096 by default, and at
    /// most 4096, which is what browsers keep. A session that would take more is not sealed
    /// ([`SealError::TooLong`](crate::SealError::TooLong)). Set less if a proxy takes less: nginx
    /// answers 502 if the response's headers do not fit into its buffer (`proxy_buffer_size`),
    /// which has 4 KiB by default.
    pub fn max_cookie_len(mut self, bytes: usize) -> Self {
        self.codec.max_len = bytes;
        self
    }

    /// How sessions are sealed, and which form is opened. Encrypted by default.
    pub fn protection(mut self, protection: Protection) -> Self {
        self.codec.protection = protection;
        self
    }

    /// Opens both encrypted and signed sessions, whichever of them is sealed. Use it to change from
    /// one form to the other: first deploy this on every server, then change
    /// [`protection`](Self::protection), and remove this when the last session of the former form
    /// has ended.
    pub fn accept_both_protections(mut self) -> Self {
        self.codec.accept_both = true;
        self
    }

    /// The cookie's name and attributes. By default the name is `__Host-` and
    /// [`SessionData::NAME`], and the attributes are the strict defaults of [`CookieSettings`].
    pub fn cookie(mut self, settings: CookieSettings) -> Self {
        self.cookie = settings;
        self
    }

    /// The origin at which the site is reached: `"https://shop.example"`, or
    /// `"http://localhost:3000"` on a developer's machine. Read it from the configuration, and the
    /// same program runs at both.
    ///
    /// Browsers and other clients keep a `Secure` cookie only over HTTPS. Some of them (Safari,
    /// Python's and Go's) make no exception for localhost: a sign-in would lead back to the sign-in
    /// page, without an error. So at an origin with plain HTTP the cookie has no prefix, no
    /// `Secure` and no `Domain`. Such an origin must be this machine itself (`localhost`, a name
    /// below it, `127.0.0.0/8`, `[::1]`). Any other origin with plain HTTP is an error at
    /// [`build`](Self::build).
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

    /// Keeps revocations in a store that servers share, and loads it in the background. No session
    /// opens until the store has been loaded. So await [`create_store`](Revocations::create_store)
    /// before the server takes requests. It also creates the store if there is none yet.
    ///
    /// ```
    /// use sealed_session::{FileStore, Key, KeyRing, SessionData, Sessions};
    ///
    /// # #[derive(serde::Serialize, serde::Deserialize)]
    /// # struct Account { user: u64 }
    /// # impl SessionData for Account { const NAME: &'static str = "account"; const SCHEMA: u32 = 1; }
    /// # let keys = KeyRing::from_key(Key::generate()?);
    /// # let path = std::env::temp_dir().join(format!("revocations-in-{}", std::process::id()));
    /// let sessions = Sessions::<Account>::builder("shop.example", &keys)
    ///     .revocations_in(FileStore::new(&path))
    ///     .build()?;
    /// sessions.revocations().create_store().wait()?; // or .await?
    /// # std::fs::remove_file(path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// The revocations use the audience, keys (also those of a [`LiveKeyRing`]), timeouts, skew and
    /// [`Clock`] of the sessions, and the [`telemetry`](Self::telemetry) is told what happens. A
    /// second kind of session shares them with `.revocations(sessions.revocations().clone())`.
    pub fn revocations_in(self, store: impl RevocationStore) -> Self {
        self.revocations_with(store, |revocations| revocations)
    }

    /// The same with other settings, such as
    /// `.revocations_with(store, |revocations| revocations.refresh_interval(Duration::from_secs(15)))`.
    pub fn revocations_with(
        mut self,
        store: impl RevocationStore,
        settings: impl for<'k> FnOnce(RevocationsBuilder<'k>) -> RevocationsBuilder<'k> + 'a,
    ) -> Self {
        self.revocations = RevocationsKept::InStore(Box::new(store), Box::new(settings));
        self
    }

    /// Where revocations are kept, unless these sessions have [a store of their
    /// own](Self::revocations_in). By default the epoch is fixed at 0, and nothing can be revoked.
    ///
    /// All sessions with the same keys and audience must share one `Revocations`, also if their
    /// cookies have different names.
    pub fn revocations(mut self, revocations: Revocations) -> Self {
        self.revocations = RevocationsKept::At(revocations);
        self
    }

    /// A fixed revocation epoch from the configuration. Raising it with the next deploy logs
    /// everybody out.
    pub fn revocation_epoch(mut self, epoch: Epoch) -> Self {
        self.epoch = Some(epoch);
        self
    }

    /// Where the time comes from. The system's clock by default.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Where the 32 random bytes of each sealing come from: for tests, and for platforms without an
    /// operating system's generator, such as `wasm32-unknown-unknown`. By default they come from
    /// the operating system.
    ///
    /// Dangerous, because the caller is responsible for them: see
    /// [`Randomness::dangerous_from_bytes`]. Never use a generator in user space: a restored
    /// snapshot of the machine repeats its output.
    pub fn dangerous_randomness(
        mut self,
        source: impl Fn() -> Result<Randomness, RandomnessError> + Send + Sync + 'static,
    ) -> Self {
        self.randomness = Arc::new(source);
        self
    }

    /// Is told of every session that is opened, refused or sealed. There is none by default.
    pub fn telemetry(mut self, telemetry: impl Telemetry) -> Self {
        self.telemetry = Some(Arc::new(telemetry));
        self
    }

    /// For tests of several servers in one process: these sessions do not see what other
    /// [`Sessions`] of this process have signed out or changed, as if they ran in another process.
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
                    let taker = sessions.taker();
                    Ok((sessions, taker))
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
        let revocations = match (self.revocations, self.epoch) {
            (RevocationsKept::Nowhere, epoch) => Revocations::fixed(epoch.unwrap_or_default()),
            (_, Some(_)) => return Err(BuildError::RevocationsTwice),
            (RevocationsKept::At(revocations), None) => revocations,
            (RevocationsKept::InStore(store, settings), None) => {
                let builder = RevocationsBuilder::new(self.audience, ring, store)
                    .skew(self.codec.skew)
                    .shared_clock(Arc::clone(&self.clock));
                let builder = match &self.telemetry {
                    Some(telemetry) => {
                        let telemetry = Arc::clone(telemetry);
                        builder.on_event(move |event| telemetry.record(&event.into()))
                    }
                    None => builder,
                };
                settings(builder).build()?
            }
        };
        if !revocations.has_audience(codec.audience()) {
            return Err(BuildError::RevocationsAudience);
        }
        if live.is_some() {
            // They may have been built on a ring that has been replaced since.
            revocations.replace_keys(ring)?;
        }
        let Settings {
            idle_timeout,
            absolute_timeout,
            skew,
            ..
        } = self.codec;
        revocations.learn_lifetimes(idle_timeout, absolute_timeout, skew);
        if let (None, Some(telemetry)) = (&live, &self.telemetry)
            && let Ok(now) = Moment::now(&*self.clock)
        {
            let lifetimes =
                Lifetimes::new(idle_timeout.min(absolute_timeout).as_secs(), skew.as_secs());
            for found in closing_early(ring, now.unix_time(), lifetimes) {
                telemetry.record(&(&KeyRingEvent::from(found)).into());
            }
        }
        let here = if self.another_process {
            Arc::default()
        } else {
            Arc::clone(codec.in_this_process())
        };
        Ok(Sessions(Arc::new(Inner {
            codec: ArcSwap::from_pointee(codec),
            cookie,
            revocations,
            clock: self.clock,
            randomness: self.randomness,
            live,
            telemetry: self.telemetry,
            here,
            told_elsewhere: core::sync::atomic::AtomicBool::new(false),
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
            .finish_non_exhaustive()
    }
}
