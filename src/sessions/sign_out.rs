//! Signing out: ends a session in one call. [`SignedOut`] has the lines to send, and says whether
//! other servers know of it.

use alloc::vec::Vec;
use core::fmt;

use super::{Bound, Sessions};
use crate::codec::Session;
use crate::codec::data::SessionData;
use crate::cookie::{RemovalCookies, SetCookie};
use crate::revocation::{RevokeError, Scope};
use crate::runtime::operation::Operation;
use crate::telemetry::TelemetryEvent;
use crate::token::claims::SessionId;

impl<T: SessionData> Sessions<T> {
    /// Signs out: ends `session`, and gives the lines that remove its cookie. Send each as a
    /// `Set-Cookie` header.
    ///
    /// It takes the session by value. What has ended depends on where revocations are kept:
    ///
    /// | where revocations are kept | what holds when the call has returned |
    /// | --- | --- |
    /// | a store that servers share | No copy of the cookie opens or is renewed: on this server at once, on other servers when they have loaded the store (within their refresh interval). |
    /// | [`Revocations::in_this_process`](crate::Revocations::in_this_process) | No copy opens or is renewed: there is no other process, and a restart ends every session. |
    /// | nowhere, or a fixed epoch | No copy opens or is renewed in this process, until the process ends. It remembers 100,000 sign-outs; beyond that, it forgets those whose sessions would expire first. Other processes, and this one after a restart, open a copy until it expires. |
    ///
    /// From the moment of the call, even before it is awaited, this process no longer renews the
    /// session. A middleware that holds a clone cannot renew it, and neither can a slow request
    /// that began before.
    ///
    /// If the request had several cookies of our name that open, such as one with a former
    /// `Domain`, all their sessions end. Otherwise the next request would open one of the others.
    ///
    /// ```
    /// # use sealed_session::{Key, KeyRing, SessionData, Sessions};
    /// # #[derive(serde::Serialize, serde::Deserialize)]
    /// # struct Account { user: u64 }
    /// # impl SessionData for Account { const NAME: &'static str = "account"; const SCHEMA: u32 = 1; }
    /// # let keys = KeyRing::from_key(Key::generate()?);
    /// # let sessions = Sessions::<Account>::builder("shop.example", &keys).build()?;
    /// # let set_cookie = sessions.start(&Account { user: 7 })?;
    /// # let cookie_header = set_cookie.pair();
    /// # fn send(_: &sealed_session::SetCookie) {}
    /// let session = sessions.open(cookie_header)?;
    /// let signed_out = sessions.sign_out(session).wait(); // or .await
    /// for set_cookie in signed_out.removal_cookies() {
    ///     send(set_cookie);
    /// }
    /// if let Err(error) = signed_out.everywhere() {
    ///     eprintln!("{error}"); // the store is down: a copy may still open on other servers
    /// }
    /// assert!(sessions.open(cookie_header).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// If the request's cookie does not open, there is nothing to end.
    /// [`removal_cookies`](Self::removal_cookies) has the lines that remove it from the browser.
    pub fn sign_out(&self, session: Session<T>) -> Operation<'_, SignedOut> {
        self.bound(&[]).sign_out(session)
    }
}

impl<'a, T: SessionData> Bound<'a, T> {
    /// As [`Sessions::sign_out`].
    pub fn sign_out(&self, session: Session<T>) -> Operation<'a, SignedOut> {
        let sessions = self.sessions;
        let is_ours = self.end_here(&session);
        let ids = core::iter::once(session.claims().session_id());
        let ids = ids.chain(session.others().iter().copied());
        let scopes: Vec<Scope> = ids.map(Scope::session).collect();
        drop(session);
        // It is under way from here on, whatever becomes of the request.
        let revoked = is_ours.then(|| sessions.0.revocations.revoke_sessions(scopes));
        Operation::new(async move {
            let revoked = match revoked {
                Some(revoked) => revoked.await.map(drop),
                None => Err(RevokeError::OtherOrigin),
            };
            let revoked = match revoked {
                // There is nothing to revoke with, and nothing that failed.
                Err(RevokeError::Fixed) => Ok(()),
                revoked => revoked,
            };
            sessions.tell(|| TelemetryEvent::SignedOut {
                error: revoked.as_ref().err(),
            });
            SignedOut {
                removal: sessions.removal_cookies(),
                revoked,
            }
        })
    }

    /// Ends the session, and those that stood beside it in its request, in this process. Not one
    /// that sessions of another audience or cookie name have opened.
    pub(super) fn end_here(&self, session: &Session<T>) -> bool {
        let inner = &*self.sessions.0;
        let codec = inner.codec.load();
        if !codec.has_opened(session) {
            return false;
        }
        let claims = session.claims();
        let until = codec.limits().last_end(claims);
        let end = |id: &SessionId| inner.here.end(*id, until);
        end(&claims.session_id());
        session.others().iter().for_each(end);
        true
    }
}

/// The result of a sign-out. In this process the session has ended, with one exception that
/// [`everywhere`](Self::everywhere) names.
#[derive(Clone, Debug)]
#[must_use = "the cookie is removed only when the removal cookies are sent as Set-Cookie headers"]
pub struct SignedOut {
    removal: RemovalCookies,
    revoked: Result<(), RevokeError>,
}

impl SignedOut {
    /// The lines that remove the cookie. Send each as a `Set-Cookie` header, also when
    /// [`everywhere`](Self::everywhere) is an error.
    pub fn removal_cookies(&self) -> &[SetCookie] {
        self.removal.lines()
    }

    /// The same lines, by value.
    pub fn into_removal_cookies(self) -> RemovalCookies {
        self.removal
    }

    /// Whether the store that servers share knows of the sign-out, too. Without a store this is
    /// `Ok`.
    ///
    /// # Errors
    ///
    /// [`NotEverywhere`] when the store could not be written: a copy of the cookie may still open
    /// on other servers. Tell the user, for example by a 503 with the removal cookies, and let them
    /// try again. It is also returned for a session that was opened by [`Sessions`] of another
    /// audience or cookie name: that session has not ended at all.
    pub fn everywhere(&self) -> Result<(), NotEverywhere> {
        self.revoked.clone().map_err(NotEverywhere)
    }
}

impl IntoIterator for SignedOut {
    type Item = SetCookie;
    type IntoIter = alloc::vec::IntoIter<SetCookie>;

    fn into_iter(self) -> Self::IntoIter {
        self.removal.into_iter()
    }
}

/// Why other servers may not know of a sign-out. From [`SignedOut::everywhere`].
#[derive(Clone, Debug)]
pub struct NotEverywhere(RevokeError);

impl NotEverywhere {
    /// What failed.
    #[must_use]
    pub const fn error(&self) -> &RevokeError {
        &self.0
    }
}

impl fmt::Display for NotEverywhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let RevokeError::OtherOrigin = self.0 {
            return write!(f, "not signed out: {}", self.0);
        }
        write!(
            f,
            "signed out here, but a copy of the cookie may still open on other servers: {}",
            self.0
        )
    }
}

impl core::error::Error for NotEverywhere {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&self.0)
    }
}
