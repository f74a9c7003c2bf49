//! [`Sessions`]: the codec with a clock, the operating system's randomness, a cookie's attributes,
//! keys that can be swapped, and a revocation state.
//!
//! What frameworks and applications use. `builder` holds its settings, `bound` the calls that take
//! a binding, `following` what takes the rings of a file. It decides nothing that the codec has not decided.

mod bound;
mod builder;
mod following;
mod sign_in;

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;

use arc_swap::ArcSwap;

use crate::codec::data::SessionData;
use crate::codec::{Codec, Session};
use crate::cookie::{CookieTemplate, SetCookie};
use crate::error::{KeyRingError, OpenError, RandomnessError, SealError};
use crate::keys::live::{Keys, LiveKeyRing};
use crate::keys::ring::KeyRing;
use crate::revocation::{RefreshError, Revocations, RevokeError, Scope, ScopeId};
use crate::runtime::clock::Clock;
use crate::runtime::operation::Operation;
use crate::telemetry::Telemetry;
use crate::time::Epoch;
use crate::token::random::Randomness;

pub use bound::Bound;
pub use builder::SessionsBuilder;
pub use sign_in::SignIn;

/// Sessions of type `T` in cookies: one value for the whole application, cheap to clone, shared by
/// all its threads.
///
/// ```
/// use sealed_session::{Key, KeyRing, Scope, SessionData, Sessions};
/// use std::time::Duration;
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Account { user: u64 }
/// impl SessionData for Account { const SCHEMA: u32 = 1; }
///
/// // In earnest: KeyRing::from_env("SESSION_KEYS")?
/// let keys = KeyRing::from_key(Key::generate()?);
/// let sessions = Sessions::<Account>::builder("shop.example", &keys)
///     .idle_timeout(Duration::from_secs(20 * 60))
///     .build()?;
///
/// let set_cookie = sessions.start(&Account { user: 7 })?;          // at sign-in
/// # let cookie_header = set_cookie.as_str().split(';').next().unwrap();
/// let session = sessions.open(cookie_header)?;                     // in every request
/// if session.renewal().is_due()
///     && let Ok(set_cookie) = sessions.renew(&session)             // with the response, if any
/// {
/// # let _ = set_cookie;
/// }
/// let set_cookie = sessions.removal_cookie();                      // at sign-out
/// # let _ = set_cookie;
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
    telemetry: Option<Box<dyn Telemetry>>,
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

    /// The same sessions for one call, tied to a byte string that both sides must give alike: a
    /// tenant, the hash of a client certificate. It is authenticated and not sent. Several values
    /// are joined by [`list`](crate::list).
    #[must_use]
    pub const fn bound<'a>(&'a self, binding: &'a [u8]) -> Bound<'a, T> {
        Bound::new(self, binding)
    }

    /// Opens the session in the value of a `Cookie` header.
    ///
    /// Other cookies are passed over. Of several with our name the first that opens wins; four are
    /// tried at the most, and a header over 64 KiB is not read.
    ///
    /// # Errors
    ///
    /// [`OpenError`]. Where none opens, the kind of the check that came furthest.
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

    /// The same for a cookie's value, where a framework has taken the header apart.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_value(&self, value: impl AsRef<[u8]>) -> Result<Session<T>, OpenError> {
        self.bound(&[]).open_value(value)
    }

    /// Begins a sign-in: asks the store what has been revoked until now. Call it before the
    /// credentials are checked, and [`start`](SignIn::start) on what it returns after:
    ///
    /// ```
    /// # use sealed_session::{Key, KeyRing, SessionData, Sessions};
    /// # #[derive(serde::Serialize, serde::Deserialize)]
    /// # struct Account { user: u64 }
    /// # impl SessionData for Account { const SCHEMA: u32 = 1; }
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
    /// So a logout in between, of this user or of everyone, ends this sign-in, too; and one of before
    /// does not, on whatever server it was made.
    ///
    /// # Errors
    ///
    /// [`RefreshError`] when the store cannot be read, unless stale states are accepted.
    pub fn begin_sign_in(&self) -> Operation<'_, Result<SignIn<'_, T>, RefreshError>> {
        self.bound(&[]).begin_sign_in()
    }

    /// Starts a new session at once: where no credentials are checked, such as for a visitor, or
    /// where sessions cannot be revoked at run time. Else [`begin_sign_in`](Self::begin_sign_in): what
    /// starts here is stamped with the state that is held, and servers that know more may end it.
    /// Send the returned line as a `Set-Cookie` header.
    ///
    /// The former session of this browser, if there was one, lives on where it was copied: end it
    /// with [`revoke_session`](Self::revoke_session).
    ///
    /// # Errors
    ///
    /// [`SealError`]; nothing was written.
    pub fn start(&self, value: &T) -> Result<SetCookie, SealError> {
        self.bound(&[]).start(value)
    }

    /// Seals an open session again as it is, with its id and start kept: when
    /// [`Session::renewal`] is due.
    ///
    /// The session is checked once more, so that one that was logged out while the request was
    /// served is not brought back.
    ///
    /// # Errors
    ///
    /// [`SealError`], [`SealError::Ended`] among them; nothing was written.
    pub fn renew(&self, session: &Session<T>) -> Result<SetCookie, SealError> {
        self.bound(&[]).renew(session)
    }

    /// Seals an open session again with another value, its id and start kept.
    ///
    /// Two requests that change the same session at the same time overwrite each other: the later
    /// answer wins. Where the user changes or gains a privilege, [`start`](Self::start) a new
    /// session instead.
    ///
    /// # Errors
    ///
    /// As [`renew`](Self::renew).
    pub fn update(&self, session: &Session<T>, value: &T) -> Result<SetCookie, SealError> {
        self.bound(&[]).update(session, value)
    }

    /// Seals an open session with less than it had, such as a role that was taken away, and ends
    /// every former cookie of it: revokes the session's own scope and seals the new value with the
    /// clock of that. Here at once; on other servers, as every revocation, within their refresh
    /// interval, and at the latest after their staleness bound.
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

    /// Puts another ring in the place of the present one, while other threads open and seal. Each
    /// call uses the one ring or the other. The ring of the revocations' store is replaced, too.
    ///
    /// A [`LiveKeyRing`] does it by itself when a file changes.
    ///
    /// # Errors
    ///
    /// [`KeyRingError`] when two keys of the ring have the same id for this audience; the present
    /// ring stays.
    pub fn replace_keys(&self, keys: &KeyRing) -> Result<(), KeyRingError> {
        let codec = self.0.codec.load().with_keys(keys)?;
        self.0.revocations.replace_keys(keys)?;
        self.0.codec.store(Arc::new(codec));
        Ok(())
    }

    /// Logs out one session, wherever its cookie has been copied to.
    ///
    /// # Errors
    ///
    /// As [`revoke`](Self::revoke).
    pub fn revoke_session(
        &self,
        session: &Session<T>,
    ) -> Operation<'_, Result<Epoch, RevokeError>> {
        self.revoke(&[Scope::session(session.claims().session_id())])
    }
}

impl<T> Sessions<T> {
    /// The line that removes the cookie: at sign-out, and where
    /// [`OpenError::removes_cookie`] says so.
    ///
    /// It only asks the browser. A copy of the cookie works on until it expires, or until the
    /// session is revoked.
    pub fn removal_cookie(&self) -> SetCookie {
        self.0.cookie.removal()
    }

    /// The cookie's full name, prefix included.
    #[must_use]
    pub fn cookie_name(&self) -> &str {
        self.0.cookie.name()
    }

    /// Logs out every session of one scope: `revoke_scope("user", 42)` signs that user out
    /// everywhere.
    ///
    /// # Errors
    ///
    /// As [`revoke`](Self::revoke); and [`RevokeError::Scope`] for the reserved kind `"session"`.
    pub fn revoke_scope(
        &self,
        kind: &str,
        id: impl ScopeId,
    ) -> Operation<'_, Result<Epoch, RevokeError>> {
        self.0.revocations.revoke_scope(kind, id)
    }

    /// Logs out every session of these scopes, in one step.
    ///
    /// When it returns, the revocation is durable. Other servers know within their refresh interval,
    /// and at the latest after their staleness bound.
    ///
    /// # Errors
    ///
    /// [`RevokeError`].
    pub fn revoke(&self, scopes: &[Scope]) -> Operation<'_, Result<Epoch, RevokeError>> {
        self.0.revocations.revoke(scopes)
    }

    /// Logs out everyone.
    ///
    /// # Errors
    ///
    /// As [`revoke`](Self::revoke).
    pub fn revoke_everyone(&self) -> Operation<'_, Result<Epoch, RevokeError>> {
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
