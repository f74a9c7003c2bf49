//! Signing out: the end of a session, by one call. [`SignOutError`] is what may be left to do.

use core::fmt;

use super::{Bound, Sessions};
use crate::codec::Session;
use crate::codec::data::SessionData;
use crate::cookie::RemovalCookies;
use crate::revocation::{RevokeError, Scope};
use crate::runtime::operation::Operation;
use crate::telemetry::TelemetryEvent;
use crate::time::UnixTime;

impl<T: SessionData> Sessions<T> {
    /// Signs out: ends `session`, and returns the lines that remove its cookie. Send each as a
    /// `Set-Cookie` header.
    ///
    /// It takes the session, and it is the end of it:
    ///
    /// | where revocations are kept | what holds when the call has returned |
    /// | --- | --- |
    /// | a store that servers share | No copy of the cookie opens anywhere once servers have loaded the store (within their refresh interval), and none is renewed. Here at once. |
    /// | [`Revocations::in_this_process`](crate::Revocations::in_this_process) | No copy opens or is renewed: there is no other process, and a restart ends every session. |
    /// | nowhere, or a fixed epoch | In this process, until it ends, no copy opens or is renewed. Other processes and a restarted one take a copy until it expires. |
    ///
    /// From the moment of the call on, even before it is awaited, this process no longer renews the
    /// session: not by a middleware that holds a clone, and not by a slow request that began before.
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
    /// # fn send(_: sealed_session::SetCookie) {}
    /// let session = sessions.open(cookie_header)?;
    /// for set_cookie in sessions.sign_out(session).wait()? { // or .await?
    ///     send(set_cookie);
    /// }
    /// assert!(sessions.open(cookie_header).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// Where the request's cookie does not open there is nothing to end:
    /// [`removal_cookies`](Self::removal_cookies) tidies up the browser.
    ///
    /// # Errors
    ///
    /// [`SignOutError`] when the store could not be written, so that copies of the cookie may still
    /// open on other servers. It has the lines that remove this browser's: send them all the same, and tell the
    /// user that signing out elsewhere may not have worked.
    pub fn sign_out(
        &self,
        session: Session<T>,
    ) -> Operation<'_, Result<RemovalCookies, SignOutError>> {
        self.bound(&[]).sign_out(session)
    }
}

impl<'a, T: SessionData> Bound<'a, T> {
    /// As [`Sessions::sign_out`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn sign_out(
        &self,
        session: Session<T>,
    ) -> Operation<'a, Result<RemovalCookies, SignOutError>> {
        let sessions = self.sessions;
        let claims = *session.claims();
        let ours = self.is_ours(&session);
        if ours {
            let absolute = sessions.0.codec.load().limits().longest();
            let until = UnixTime::from_secs(claims.started_at().as_secs().saturating_add(absolute));
            let now = self.now().unwrap_or(claims.issued_at());
            sessions
                .0
                .ended
                .add(claims.session_id(), until.max(claims.expires_at()), now);
        }
        drop(session);
        Operation::new(async move {
            let removal = sessions.removal_cookies();
            if !ours {
                return Err(SignOutError::new(RevokeError::OtherOrigin, removal));
            }
            let scope = Scope::session(claims.session_id());
            let revoked = sessions.0.revocations.revoke(&[scope]).await;
            let result = match revoked {
                // There is nothing to revoke with, and nothing that failed.
                Ok(_) | Err(RevokeError::Fixed) => Ok(removal),
                Err(error) => Err(SignOutError::new(error, removal)),
            };
            sessions.tell(|| TelemetryEvent::SignedOut {
                error: result.as_ref().err().map(SignOutError::error),
            });
            result
        })
    }

    /// Whether the session was opened by sessions of this audience and cookie name.
    pub(super) fn is_ours(&self, session: &Session<T>) -> bool {
        self.sessions.0.codec.load().has_opened(session)
    }
}

/// A sign-out that other servers may not know of.
///
/// In this process the session has ended all the same.
#[derive(Clone, Debug)]
pub struct SignOutError(alloc::boxed::Box<(RevokeError, RemovalCookies)>);

impl SignOutError {
    fn new(error: RevokeError, removal: RemovalCookies) -> Self {
        Self(alloc::boxed::Box::new((error, removal)))
    }

    /// Why it was not revoked.
    #[must_use]
    pub fn error(&self) -> &RevokeError {
        &self.0.0
    }

    /// The lines that remove the cookie from this browser.
    pub fn into_removal_cookies(self) -> RemovalCookies {
        self.0.1
    }
}

impl fmt::Display for SignOutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "signed out here, but a copy of the cookie may still open on other servers: {}",
            self.error()
        )
    }
}

impl core::error::Error for SignOutError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(self.error())
    }
}
