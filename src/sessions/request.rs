//! From the headers of a request to its session, by one call. Feature `http`.

use core::sync::atomic::Ordering;

use http::HeaderMap;
use http::header::{COOKIE, ORIGIN};

use super::{Bound, Sessions};
use crate::codec::data::SessionData;
use crate::codec::{FetchMetadata, Session};
use crate::cookie::is_plain_http;
use crate::error::OpenError;
use crate::telemetry::TelemetryEvent;

impl<T: SessionData> Sessions<T> {
    /// Opens the session of a request, from all its headers: every `Cookie` header, since HTTP/2 splits
    /// them, and what the browser says of the request, by which renewals wait for a visit of a page
    /// ([`FetchMetadata`]). Answer with [`renew_if_due`](Self::renew_if_due):
    ///
    /// ```
    /// # use sealed_session::{Key, KeyRing, SessionData, Sessions};
    /// use http::header::{COOKIE, SET_COOKIE, HeaderMap};
    /// # #[derive(serde::Serialize, serde::Deserialize)]
    /// # struct Account { user: u64 }
    /// # impl SessionData for Account { const NAME: &'static str = "account"; const SCHEMA: u32 = 1; }
    /// # let keys = KeyRing::from_key(Key::generate()?);
    /// # let sessions = Sessions::<Account>::builder("shop.example", &keys).build()?;
    /// # let (mut request, mut response) = (HeaderMap::new(), HeaderMap::new());
    /// # request.insert(COOKIE, sessions.start(&Account { user: 7 })?.pair().parse()?);
    /// let session = sessions.open_request(&request)?;
    /// // … the handler …
    /// if let Some(set_cookie) = sessions.renew_if_due(&session) {
    ///     response.append(SET_COOKIE, set_cookie.into());
    /// }
    /// # assert_eq!(session.value().user, 7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// Where the request comes from a page over plain HTTP, and the cookie is one that browsers keep over HTTPS
    /// alone, a sign-in would not stick: the telemetry is told once
    /// ([`TelemetryEvent::PlainHttp`]), and without one a debug build writes a line to standard error.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_request(&self, headers: &HeaderMap) -> Result<Session<T>, OpenError> {
        self.bound(&[]).open_request(headers)
    }
}

impl<T: SessionData> Bound<'_, T> {
    /// As [`Sessions::open_request`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn open_request(&self, headers: &HeaderMap) -> Result<Session<T>, OpenError> {
        self.sessions.look_for_plain_http(headers);
        let session = self.open_headers(headers.get_all(COOKIE))?;
        Ok(session.on_request(FetchMetadata::from_headers(headers)))
    }
}

impl<T> Sessions<T> {
    fn look_for_plain_http(&self, headers: &HeaderMap) {
        let inner = &*self.0;
        let is_plain = |header: &http::HeaderValue| is_plain_http(header.as_bytes());
        if !inner.cookie.is_secure()
            || !headers.get(ORIGIN).is_some_and(is_plain)
            || inner.told_plain_http.swap(true, Ordering::Relaxed)
        {
            return;
        }
        self.tell(|| TelemetryEvent::PlainHttp {
            cookie_name: inner.cookie.name(),
        });
        #[cfg(debug_assertions)]
        if inner.telemetry.is_none() {
            std::eprintln!(
                "sealed-session: {}",
                crate::telemetry::PlainHttp(inner.cookie.name())
            );
        }
    }
}
