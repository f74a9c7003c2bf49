//! [`Sessions`]: the codec with a clock, the operating system's randomness, a cookie's attributes,
//! keys that can be swapped, and a revocation state.
//!
//! Frameworks and applications use this type. `builder` holds its settings, `bound` the calls that
//! take a binding, and `following` takes each new ring of a [`LiveKeyRing`]. Whether a token opens
//! is decided by the codec alone.

mod bound;
mod builder;
mod following;
mod mint;
#[cfg(feature = "http")]
mod request;
mod sign_in;
mod sign_out;

use alloc::format;
use alloc::sync::Arc;
use core::fmt;

use arc_swap::ArcSwap;

use crate::codec::data::SessionData;
use crate::codec::{Codec, Session};
use crate::cookie::{CookieTemplate, RemovalCookies, SetCookie};
use crate::error::{KeyRingError, OpenError, RandomnessError, SealError};
use crate::keys::live::{Keys, LiveKeyRing};
use crate::keys::ring::KeyRing;
use crate::revocation::{
    InThisProcess, RefreshError, Revocations, RevokeError, Scope, ScopeId, ScopeKind,
};
use crate::runtime::clock::Clock;
use crate::runtime::operation::Operation;
use crate::telemetry::{Telemetry, TelemetryEvent};
use crate::time::Epoch;
use crate::token::random::Randomness;

pub use bound::Bound;
pub use builder::SessionsBuilder;
pub use mint::{Mint, mint};
pub use sign_in::SignIn;
pub use sign_out::{NotEverywhere, SignedOut};

/// Sessions of type `T` in cookies: one value for the whole application, cheap to clone, shared by
/// all its threads.
///
/// ```
/// use sealed_session::{Key, KeyRing, Scope, SessionData, Sessions};
/// use std::time::Duration;
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Account { user: u64 }
/// impl SessionData for Account { const NAME: &'static str = "account"; const SCHEMA: u32 = 1; }
///
/// // In production: KeyRing::from_env("SESSION_KEYS")?
/// let keys = KeyRing::from_key(Key::generate()?);
/// let sessions = Sessions::<Account>::builder("shop.example", &keys)
///     .idle_timeout(Duration::from_secs(20 * 60))
///     .build()?;
///
/// let set_cookie = sessions.start(&Account { user: 7 })?;          // at sign-in
/// # let cookie_header = set_cookie.as_str().split(';').next().unwrap();
/// let session = sessions.open(cookie_header)?;                     // in every request
/// if let Some(set_cookie) = sessions.renew_if_due(&session) {      // with the response
/// # let _ = set_cookie;
/// }
/// for set_cookie in sessions.sign_out(session).wait() {            // at sign-out, or .await
/// # let _ = set_cookie;
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Sessions<T>(Arc<Inner<T>>);

struct Inner<T> {
    codec: ArcSwap<Codec<T>>,
    cookie: CookieTemplate,
    revocations: Revocations,
    clock: Arc<dyn Clock>,
    randomness: Arc<RandomnessSource>,
    /// Whose rings they take.
    live: Option<LiveKeyRing>,
    telemetry: Option<Arc<dyn Telemetry>>,
    /// What was done in this process.
    here: Arc<InThisProcess>,
    /// Whether somebody was told that other servers know of revocations that these sessions do not.
    told_elsewhere: core::sync::atomic::AtomicBool,
    /// Whether the cookie is one for plain HTTP on a developer's machine.
    #[cfg(feature = "http")]
    for_loopback: bool,
    /// Whether somebody was told that the site is reached otherwise than the cookie is meant for.
    #[cfg(feature = "http")]
    told_origin: core::sync::atomic::AtomicBool,
}

/// Gives the random bytes of one sealing.
type RandomnessSource = dyn Fn() -> Result<Randomness, RandomnessError> + Send + Sync;

impl<T: SessionData> Sessions<T> {
    /// Starts the settings. `audience` names the application and deployment that the sessions are
    /// for, such as `"shop.example"` or `"admin, staging"`; a session of one audience never opens
    /// in another.
    ///
    /// `keys` is a `&KeyRing`, or a `&LiveKeyRing` that follows a file.
    pub fn builder<'a>(audience: &'a str, keys: impl Into<Keys<'a>>) -> SessionsBuilder<'a, T> {
        SessionsBuilder::new(audience, keys.into())
    }

    /// The same sessions with a binding: a byte string, such as a tenant or the hash of a client
    /// certificate, that must be the same when a session is sealed and when it is opened. The
    /// binding is authenticated, but not sent. To bind several values, join them with
    /// [`list`](crate::list).
    #[must_use]
    pub const fn bound<'a>(&'a self, binding: &'a [u8]) -> Bound<'a, T> {
        Bound::new(self, binding)
    }

    /// Opens the session in the value of a `Cookie` header.
    ///
    /// Other cookies are ignored. If several cookies have our name, the newest session that opens
    /// wins. At most sixteen are tried, and only the first 64 KiB are read.
    ///
    /// # Errors
    ///
    /// [`OpenError`]. If several cookies fail, it is the error of the one that passed the most
    /// checks.
    pub fn open(&self, cookie_header: impl AsRef<[u8]>) -> Result<Session<T>, OpenError> {
        self.bound(&[]).open(cookie_header)
    }

    /// The same for a request with several `Cookie` headers, as HTTP/2 allows:
    /// `open_headers(request.headers().get_all(COOKIE))`.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open). The limits hold for all headers together.
    pub fn open_headers<H: AsRef<[u8]>>(
        &self,
        cookie_headers: impl IntoIterator<Item = H>,
    ) -> Result<Session<T>, OpenError> {
        self.bound(&[]).open_headers(cookie_headers)
    }

    /// The same for the value of one cookie, where a framework has already parsed the header.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_value(&self, value: impl AsRef<[u8]>) -> Result<Session<T>, OpenError> {
        self.bound(&[]).open_value(value)
    }

    /// Begins a sign-in: asks the store what has been revoked until now. Call it before the
    /// credentials are checked. When they have been checked, call [`start`](SignIn::start) on the
    /// result:
    ///
    /// ```
    /// # use sealed_session::{Key, KeyRing, SessionData, Sessions};
    /// # #[derive(serde::Serialize, serde::Deserialize)]
    /// # struct Account { user: u64 }
    /// # impl SessionData for Account { const NAME: &'static str = "account"; const SCHEMA: u32 = 1; }
    /// # fn check_password() -> Account { Account { user: 7 } }
    /// # let keys = KeyRing::from_key(Key::generate()?);
    /// # let sessions = Sessions::<Account>::builder("shop.example", &keys).build()?;
    /// let sign_in = sessions.begin_sign_in().wait()?; // or .await?
    /// let account = check_password();
    /// let set_cookie = sign_in.start(&account)?;
    /// # let _ = set_cookie;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// So a revocation in between, of this user or of everyone, also ends this sign-in. A
    /// revocation that was made before does not, whichever server made it.
    ///
    /// # Errors
    ///
    /// [`RefreshError`] when the store cannot be read, unless stale states are accepted.
    pub fn begin_sign_in(&self) -> Operation<'_, Result<SignIn<'_, T>, RefreshError>> {
        self.bound(&[]).begin_sign_in()
    }

    /// Starts a new session at once. Send the returned line as a `Set-Cookie` header.
    ///
    /// Use it where no credentials are checked, such as for a visitor, or where sessions cannot be
    /// revoked at run time. In all other cases use [`begin_sign_in`](Self::begin_sign_in): a
    /// session that starts here is stamped with the revocation clock that this server knows, and a
    /// server that knows of later revocations may end it.
    ///
    /// A former session of this browser does not end, and a later renewal of it would overwrite the
    /// new cookie. End it first with `sessions.sign_out(former).await`, and send the new cookie
    /// instead of the lines that remove the former one.
    ///
    /// # Errors
    ///
    /// [`SealError`]; nothing was written.
    pub fn start(&self, value: &T) -> Result<SetCookie, SealError> {
        self.bound(&[]).start(value)
    }

    /// Returns a renewed cookie if a renewal is due ([`Session::renewal`]), and otherwise nothing.
    /// Send the cookie as a `Set-Cookie` header with the response.
    ///
    /// It also returns nothing, so that the response does not fail, in three cases: this process
    /// has changed the session since it was opened ([`update`](Self::update), in this request or in
    /// another), the session has ended meanwhile, or it cannot be sealed. In the last two cases the
    /// telemetry receives [`TelemetryEvent::NotSealed`].
    ///
    /// A renewal writes the session as this request saw it. What another request writes at the same
    /// time (a basket, a second factor, another user) is lost if its response arrives first. So it
    /// is better not to renew in background requests: see [`FetchMetadata`](crate::FetchMetadata)
    /// and [`Session::without_renewal`].
    pub fn renew_if_due(&self, session: &Session<T>) -> Option<SetCookie> {
        self.bound(&[]).renew_if_due(session)
    }

    /// Seals an open session again as it is, whether that is due or not. Its id and start stay the
    /// same. [`renew_if_due`](Self::renew_if_due) seals only when it is due, and its documentation
    /// says what a renewal overwrites.
    ///
    /// The session is checked once more: one that was revoked while the request was served is not
    /// brought back.
    ///
    /// # Errors
    ///
    /// [`SealError`], which may be [`SealError::Ended`]; nothing was written.
    pub fn renew(&self, session: &Session<T>) -> Result<SetCookie, SealError> {
        self.bound(&[]).renew(session)
    }

    /// Seals an open session again with another value. Its id and start stay the same.
    ///
    /// Two requests that change the same session at the same time overwrite each other, and so does
    /// a renewal: the response that arrives last wins. When the user changes or gains a privilege,
    /// begin a new sign-in ([`begin_sign_in`](Self::begin_sign_in)), or [`start`](Self::start) a
    /// new session.
    ///
    /// # Errors
    ///
    /// As [`renew`](Self::renew); and [`SealError::OtherScopes`] if the new value names other
    /// [scopes](SessionData::scopes), because it then belongs to another user.
    pub fn update(&self, session: &Session<T>, value: &T) -> Result<SetCookie, SealError> {
        self.bound(&[]).update(session, value)
    }

    /// Seals an open session with fewer rights than it had, such as when a role was taken away, and
    /// ends every former cookie of it. It revokes the session's own scope, and seals the new value
    /// with the revocation clock of that revocation. This server applies it at once. Other servers
    /// apply it as every revocation: within their refresh interval, and at the latest after their
    /// staleness bound.
    ///
    /// # Errors
    ///
    /// [`RevokeError`]; [`RevokeError::Seal`] when the session has ended or the value cannot be
    /// sealed.
    pub fn supersede<'s>(
        &'s self,
        session: &'s Session<T>,
        value: &'s T,
    ) -> Operation<'s, Result<SetCookie, RevokeError>>
    where
        T: Sync,
    {
        self.bound(&[]).supersede(session, value)
    }

    /// Replaces the key ring, also while other threads open and seal. Each of their calls uses
    /// either the former ring or the new one. The ring of the revocations is replaced, too.
    ///
    /// A [`LiveKeyRing`] does this by itself when its file or other source changes.
    ///
    /// # Errors
    ///
    /// [`KeyRingError`] when two keys of the ring have the same id for this audience; the present
    /// ring stays in use.
    pub fn replace_keys(&self, keys: &KeyRing) -> Result<(), KeyRingError> {
        let codec = self.0.codec.load().with_keys(keys)?;
        self.0.revocations.replace_keys(keys)?;
        self.0.codec.store(Arc::new(codec));
        Ok(())
    }

    /// Revokes one session, and so every copy of its cookie. When a user signs out, use
    /// [`sign_out`](Self::sign_out), which also removes the cookie.
    ///
    /// # Errors
    ///
    /// As [`revoke`](Self::revoke); and [`RevokeError::OtherOrigin`] if the session was opened by
    /// [`Sessions`] of another audience or cookie name.
    pub fn revoke_session(
        &self,
        session: &Session<T>,
    ) -> Operation<'static, Result<Epoch, RevokeError>> {
        if !self.0.codec.load().has_opened(session) {
            return Operation::new(core::future::ready(Err(RevokeError::OtherOrigin)));
        }
        let own = Scope::session(session.claims().session_id());
        self.0.revocations.revoke_sessions([own].into())
    }
}

impl<T> Sessions<T> {
    /// The lines that remove the cookie from the browser. They do nothing else: a copy of the
    /// cookie still opens. To sign a user out, use [`sign_out`](Self::sign_out). Use this one only
    /// for a sign-out whose cookie does not open.
    ///
    /// Remove a cookie only when a user signs out. A cookie that does not open does no harm, and
    /// the browser drops it after its `Max-Age`. A response that removes it may arrive late, and
    /// then it removes the cookie of a newer sign-in.
    pub fn removal_cookies(&self) -> RemovalCookies {
        self.0.cookie.removal()
    }

    /// Tells of a mistake of the set-up, once: to the telemetry, and without one to the developer.
    #[cold]
    fn advise(&self, told: &core::sync::atomic::AtomicBool, event: TelemetryEvent<'_>) {
        if told.swap(true, core::sync::atomic::Ordering::Relaxed) {
            return;
        }
        #[cfg(debug_assertions)]
        if self.0.telemetry.is_none()
            && let Some(advice) = event.advice()
        {
            std::eprintln!("sealed-session: {advice}");
        }
        self.tell(|| event);
    }

    #[inline]
    fn tell<'e>(&self, event: impl FnOnce() -> TelemetryEvent<'e>) {
        if let Some(telemetry) = &self.0.telemetry {
            telemetry.record(&event());
        }
    }

    /// The cookie's full name, prefix included.
    #[must_use]
    pub fn cookie_name(&self) -> &str {
        self.0.cookie.name()
    }

    /// The cookie's name, the timeouts and the skew, as a line of text. Print one for each kind of
    /// session. The command `sealed-session` reads these lines (`--timeouts`): they tell it how
    /// long each kind of session lasts when keys are rotated.
    ///
    /// ```
    /// # use sealed_session::{Key, KeyRing, SessionData, Sessions};
    /// # #[derive(serde::Serialize, serde::Deserialize)] struct Account;
    /// # impl SessionData for Account { const NAME: &'static str = "account"; const SCHEMA: u32 = 1; }
    /// # let keys = KeyRing::from_key(Key::generate()?);
    /// let sessions = Sessions::<Account>::builder("shop.example", &keys).build()?;
    /// assert_eq!(
    ///     sessions.timeouts().to_string(),
    ///     "__Host-account idle-timeout=1800s absolute-timeout=43200s skew=60s",
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn timeouts(&self) -> impl fmt::Display + use<T> {
        let codec = self.0.codec.load();
        let limits = codec.limits();
        format!(
            "{} idle-timeout={}s absolute-timeout={}s skew={}s",
            self.cookie_name(),
            limits.idle_timeout,
            limits.absolute_timeout,
            limits.skew
        )
    }

    /// Revokes every session of one scope: `revoke_scope(USER, 42)` logs that user out everywhere.
    ///
    /// # Errors
    ///
    /// As [`revoke`](Self::revoke).
    pub fn revoke_scope<I: ?Sized>(
        &self,
        kind: ScopeKind<I>,
        id: impl ScopeId<I>,
    ) -> Operation<'static, Result<Epoch, RevokeError>> {
        self.0.revocations.revoke_scope(kind, id)
    }

    /// Revokes every session of these scopes, in one step.
    ///
    /// When it returns, the revocation is durable. Other servers learn of it within their refresh
    /// interval, and at the latest after their staleness bound.
    ///
    /// # Errors
    ///
    /// [`RevokeError`].
    pub fn revoke(&self, scopes: &[Scope]) -> Operation<'static, Result<Epoch, RevokeError>> {
        self.0.revocations.revoke(scopes)
    }

    /// Logs out everyone.
    ///
    /// # Errors
    ///
    /// As [`revoke`](Self::revoke).
    pub fn revoke_everyone(&self) -> Operation<'static, Result<Epoch, RevokeError>> {
        self.0.revocations.revoke_everyone()
    }

    /// The revocation state, to share with other sessions of the same keys and audience.
    #[must_use]
    pub fn revocations(&self) -> &Revocations {
        &self.0.revocations
    }
}

impl<T> Clone for Sessions<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> fmt::Debug for Sessions<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions")
            .field("codec", &self.0.codec.load())
            .field("cookie", &self.0.cookie)
            .field("revocations", &self.0.revocations)
            .finish_non_exhaustive()
    }
}
