//! Opens the session of a request from its headers, in one call. Feature `http`.

use core::sync::atomic::Ordering;

use http::header::{COOKIE, HOST, ORIGIN, REFERER};
use http::{HeaderMap, HeaderValue};

use super::{Bound, Sessions};
use crate::codec::data::SessionData;
use crate::codec::{FetchMetadata, Session};
use crate::cookie::{is_from_own_plain_http, is_loopback_authority};
use crate::error::OpenError;
use crate::telemetry::TelemetryEvent;

impl<T: SessionData> Sessions<T> {
    /// Opens the session of a request from all its headers. It reads every `Cookie` header, because
    /// HTTP/2 may split them. It also reads what the browser says about the request, because the
    /// renewal of a session can wait until somebody visits a page ([`FetchMetadata`]). Call
    /// [`renew_if_due`](Self::renew_if_due) for the response:
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
    /// If the page is reached over plain HTTP, and the cookie is one that browsers keep only over
    /// HTTPS, the browser drops it and a sign-in has no effect. The telemetry is then told once
    /// ([`TelemetryEvent::PlainHttp`]). Without a telemetry, a debug build writes a line to
    /// standard error. The same happens if the sessions are set up for a developer's machine, but
    /// the request is for another host ([`TelemetryEvent::NotLoopback`]).
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
        self.sessions.look_at_origin(headers);
        let session = self.open_headers(headers.get_all(COOKIE))?;
        Ok(session.on_request(FetchMetadata::from_headers(headers)))
    }
}

impl<T> Sessions<T> {
    /// Looks for a site that is reached otherwise than the cookie is meant for. Told once.
    fn look_at_origin(&self, headers: &HeaderMap) {
        let inner = &*self.0;
        if inner.told_origin.load(Ordering::Relaxed) {
            return;
        }
        let Some(host) = headers.get(HOST).map(HeaderValue::as_bytes) else {
            return;
        };
        let cookie_name = inner.cookie.name();
        let from_plain_http = || {
            let from = [ORIGIN, REFERER]
                .into_iter()
                .filter_map(|name| headers.get(name));
            let mut from = from.map(HeaderValue::as_bytes);
            from.any(|from| is_from_own_plain_http(from, host))
        };
        let event = if inner.for_loopback {
            if is_loopback_authority(host) {
                return;
            }
            TelemetryEvent::NotLoopback { cookie_name }
        } else if inner.cookie.is_secure() && from_plain_http() {
            TelemetryEvent::PlainHttp { cookie_name }
        } else {
            return;
        };
        self.advise(&inner.told_origin, event);
    }
}
