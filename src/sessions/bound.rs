//! [`Bound`]: the calls of [`Sessions`], with a binding.

use core::fmt;

use super::Sessions;
use crate::codec::{Context, Sealed, Session};
use crate::cookie::{self, MAX_HEADER, MAX_TRIED, SetCookie};
use crate::data::SessionData;
use crate::error::{OpenError, OpenErrorKind, SealError};
use crate::random::Randomness;
use crate::revocation::RevocationView;
use crate::time::UnixTime;

/// [`Sessions`] whose tokens are tied to a byte string. From [`Sessions::bound`].
pub struct Bound<'a, T> {
    sessions: &'a Sessions<T>,
    binding: &'a [u8],
}

impl<'a, T: SessionData> Bound<'a, T> {
    pub(super) const fn new(sessions: &'a Sessions<T>, binding: &'a [u8]) -> Self {
        Self { sessions, binding }
    }

    /// As [`Sessions::open`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn open(&self, cookie_header: impl AsRef<[u8]>) -> Result<Session<T>, OpenError> {
        self.open_all([cookie_header])
    }

    /// As [`Sessions::open_all`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn open_all<H: AsRef<[u8]>>(
        &self,
        cookie_headers: impl IntoIterator<Item = H>,
    ) -> Result<Session<T>, OpenError> {
        let mut failed: Option<OpenError> = None;
        let mut tried = 0usize;
        let mut left = MAX_HEADER;
        for header in cookie_headers {
            let header = header.as_ref();
            left = left
                .checked_sub(header.len())
                .ok_or(OpenErrorKind::Malformed)?;
            for value in cookie::find(header, self.sessions.cookie_name()) {
                if tried == MAX_TRIED {
                    // What was not looked at may be alive.
                    return Err(failed.map_or(OpenErrorKind::Malformed.into(), |error| {
                        error.keeping_cookie()
                    }));
                }
                tried = tried.saturating_add(1);
                match self.open_value(value) {
                    Ok(session) => return Ok(session),
                    Err(error) => failed = Some(failed.map_or(error, |former| former.and(error))),
                }
            }
        }
        Err(failed.unwrap_or(OpenErrorKind::Missing.into()))
    }

    /// As [`Sessions::open_value`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn open_value(&self, value: impl AsRef<[u8]>) -> Result<Session<T>, OpenError> {
        let now = self.now().map_err(|_| OpenErrorKind::Clock)?;
        let inner = &*self.sessions.0;
        let state = inner.revocations.peek();
        let context = self.context(now, RevocationView::current(&state));
        let opened = inner.codec.load().open(value, &context);
        let authentic_epoch = match &opened {
            Ok(session) => Some(session.claims().epoch()),
            Err(error) => error.authentic_epoch(),
        };
        if let Some(epoch) = authentic_epoch {
            inner.revocations.observe(epoch);
        }
        opened
    }

    /// As [`Sessions::start`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn start(&self, value: &T) -> Result<SetCookie, SealError> {
        let now = self.now()?;
        let inner = &*self.sessions.0;
        let state = inner.revocations.peek();
        let context = self.context(now, RevocationView::current(&state));
        let random = Randomness::from_os()?;
        let sealed = inner.codec.load().start(value, &context, random)?;
        Ok(self.set_cookie(&sealed, now))
    }

    /// As [`Sessions::renew`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn renew(&self, session: &Session<T>) -> Result<SetCookie, SealError> {
        self.update(session, session.value())
    }

    /// As [`Sessions::update`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn update(&self, session: &Session<T>, value: &T) -> Result<SetCookie, SealError> {
        let now = self.now()?;
        let inner = &*self.sessions.0;
        let state = inner.revocations.peek();
        let context = self.context(now, RevocationView::current(&state));
        let random = Randomness::from_os()?;
        let sealed = inner.codec.load().renew(session, value, &context, random)?;
        Ok(self.set_cookie(&sealed, now))
    }

    fn now(&self) -> Result<UnixTime, crate::error::TimeError> {
        self.sessions.0.clock.now()
    }

    const fn context<'c>(&self, now: UnixTime, revocations: RevocationView<'c>) -> Context<'c>
    where
        'a: 'c,
    {
        Context::new(now, revocations).with_binding(self.binding)
    }

    fn set_cookie(&self, sealed: &Sealed, now: UnixTime) -> SetCookie {
        self.sessions.0.cookie.set(sealed, now)
    }
}

impl<T> fmt::Debug for Bound<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bound")
            .field("sessions", self.sessions)
            .finish_non_exhaustive()
    }
}
