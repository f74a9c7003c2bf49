//! [`Bound`]: the calls of [`Sessions`], with a binding.

use core::fmt;

use super::{Sessions, SignIn};
use crate::codec::data::SessionData;
use crate::codec::{Codec, Context, Session, scopes_of};
use crate::cookie::SetCookie;
use crate::error::{OpenError, OpenErrorKind, SealError};
use crate::revocation::{
    RefreshError, RevocationState, RevocationView, RevokeError, Scope, Superseded,
};
use crate::runtime::operation::Operation;
use crate::telemetry::TelemetryEvent;
use crate::time::{Epoch, TimeError, UnixTime};
use crate::token::key_id::KeyId;
use crate::token::sealed::Sealed;

/// [`Sessions`] whose tokens are tied to a byte string. From [`Sessions::bound`].
pub struct Bound<'a, T> {
    pub(super) sessions: &'a Sessions<T>,
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
        self.open_headers([cookie_header])
    }

    /// As [`Sessions::open_headers`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn open_headers<H: AsRef<[u8]>>(
        &self,
        cookie_headers: impl IntoIterator<Item = H>,
    ) -> Result<Session<T>, OpenError> {
        self.open_with(|codec, context| codec.open_headers(cookie_headers, context))
    }

    /// As [`Sessions::open_value`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn open_value(&self, value: impl AsRef<[u8]>) -> Result<Session<T>, OpenError> {
        self.open_with(|codec, context| codec.open(value, context))
    }

    fn open_with(
        &self,
        open: impl FnOnce(&Codec<T>, &Context<'_>) -> Result<Session<T>, OpenError>,
    ) -> Result<Session<T>, OpenError> {
        let opened = self.open_untold(open);
        self.sessions.tell(|| match &opened {
            Ok(session) => TelemetryEvent::Opened {
                key: session.key_id(),
            },
            Err(error) => TelemetryEvent::Refused { kind: error.kind() },
        });
        opened
    }

    fn open_untold(
        &self,
        open: impl FnOnce(&Codec<T>, &Context<'_>) -> Result<Session<T>, OpenError>,
    ) -> Result<Session<T>, OpenError> {
        let now = self.now().map_err(|_| OpenErrorKind::Clock)?;
        let inner = &*self.sessions.0;
        if let Some(live) = &inner.live {
            live.glance(now);
        }
        let glance = inner.revocations.glance();
        let glance = glance.map_err(|_| OpenErrorKind::Clock)?;
        let context = self.context(now, glance.view());
        let opened = open(&inner.codec.load(), &context);
        let authentic_epoch = match &opened {
            Ok(session) => Some(session.authentic_epoch()),
            Err(error) => {
                if let (OpenErrorKind::UnknownKey, Some(live)) = (error.kind(), &inner.live) {
                    live.observe_unknown_key();
                }
                if error.is_too_far_ahead() {
                    inner.revocations.hint();
                }
                error.authentic_epoch()
            }
        };
        if let Some(epoch) = authentic_epoch {
            inner.revocations.observe(epoch);
            if inner.revocations.are_elsewhere(epoch) {
                let cookie_name = inner.cookie.name();
                let event = TelemetryEvent::RevocationsElsewhere { cookie_name };
                self.sessions.advise(&inner.told_elsewhere, event);
            }
        }
        opened
    }

    /// As [`Sessions::begin_sign_in`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn begin_sign_in(&self) -> Operation<'a, Result<SignIn<'a, T>, RefreshError>> {
        let sessions = *self;
        let begun = sessions.sessions.0.revocations.begin_sign_in();
        Operation::new(async move { Ok(SignIn::new(sessions, begun.await?)) })
    }

    /// As [`Sessions::start`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn start(&self, value: &T) -> Result<SetCookie, SealError> {
        let sealed = self.sealed_start(value);
        self.told(sealed, |key| TelemetryEvent::Started { key })
    }

    fn sealed_start(&self, value: &T) -> Result<SealedCookie, SealError> {
        if let Some(live) = &self.sessions.0.live {
            live.glance(self.now()?);
        }
        let glance = self.sessions.0.revocations.glance()?;
        self.sealed_start_under(glance.view().for_sealing()?, value)
    }

    /// Starts a session with the clock of `begun`, unless it would be revoked already.
    pub(super) fn start_under(
        &self,
        begun: &RevocationState,
        value: &T,
    ) -> Result<SetCookie, SealError> {
        let sealed = self.sealed_start_under(begun, value);
        self.told(sealed, |key| TelemetryEvent::Started { key })
    }

    fn sealed_start_under(
        &self,
        begun: &RevocationState,
        value: &T,
    ) -> Result<SealedCookie, SealError> {
        let now = self.now()?;
        let inner = &*self.sessions.0;
        let glance = inner.revocations.glance()?;
        let present = glance.view().for_sealing()?;
        if present.revokes_start(begun.clock(), |scopes| value.scopes(scopes)) {
            return Err(SealError::Ended(OpenErrorKind::Revoked));
        }
        let context = self.context(now, RevocationView::current(begun));
        let random = (inner.randomness)()?;
        let sealed = inner.codec.load().start(value, &context, random)?;
        Ok(self.set_cookie(&sealed, now))
    }

    /// As [`Sessions::renew_if_due`].
    pub fn renew_if_due(&self, session: &Session<T>) -> Option<SetCookie> {
        let id = session.claims().session_id();
        // A renewal of what was read before would undo the change.
        if !session.renewal().is_due()
            || self
                .sessions
                .0
                .here
                .has_changed_since(id, session.changes())
        {
            return None;
        }
        self.renew(session).ok()
    }

    /// As [`Sessions::renew`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn renew(&self, session: &Session<T>) -> Result<SetCookie, SealError> {
        let sealed = self.sealed_update(session, session.value());
        self.told(sealed, |key| TelemetryEvent::Renewed { key })
    }

    /// As [`Sessions::update`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn update(&self, session: &Session<T>, value: &T) -> Result<SetCookie, SealError> {
        let sealed = self.sealed_update(session, value);
        if sealed.is_ok() {
            self.sessions.0.here.change(session.claims().session_id());
        }
        self.told(sealed, |key| TelemetryEvent::Renewed { key })
    }

    fn sealed_update(&self, session: &Session<T>, value: &T) -> Result<SealedCookie, SealError> {
        let now = self.now()?;
        let inner = &*self.sessions.0;
        let glance = inner.revocations.glance()?;
        let context = self.context(now, glance.view());
        let random = (inner.randomness)()?;
        let sealed = inner.codec.load().renew(session, value, &context, random)?;
        Ok(self.set_cookie(&sealed, now))
    }

    /// As [`Sessions::supersede`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn supersede<'s>(
        &self,
        session: &'s Session<T>,
        value: &'s T,
    ) -> Operation<'s, Result<SetCookie, RevokeError>>
    where
        'a: 's,
        T: Sync,
    {
        let bound = *self;
        let begun = bound.begin_supersede(session, value);
        Operation::new(async move {
            let revoked_at = match begun {
                Ok(begun) => begun.await,
                Err(error) => Err(error),
            };
            let sealed = revoked_at.and_then(|at| bound.supersede_after(at, session, value));
            let sealed = match sealed {
                Ok(sealed) => Ok(sealed),
                Err(RevokeError::Seal(error)) => Err(error),
                Err(error) => return Err(error),
            };
            let told = bound.told(sealed, |key| TelemetryEvent::Renewed { key });
            told.map_err(RevokeError::Seal)
        })
    }

    /// As `sealed_update`, where scopes may be left.
    fn sealed_with_less(&self, session: &Session<T>, value: &T) -> Result<Sealed, SealError> {
        let now = self.now()?;
        let inner = &*self.sessions.0;
        let glance = inner.revocations.glance()?;
        let context = self.context(now, glance.view());
        let random = (inner.randomness)()?;
        let codec = inner.codec.load();
        codec.check_renewal(session, value, &context)?;
        codec.seal_renewal(session, value, session.claims().epoch(), &context, &random)
    }

    fn begin_supersede(
        &self,
        session: &Session<T>,
        value: &T,
    ) -> Result<Operation<'static, Result<Epoch, RevokeError>>, RevokeError> {
        // What cannot be sealed is found before anything is revoked.
        let _ = self.sealed_with_less(session, value)?;
        let inner = &*self.sessions.0;
        // The very state that is changed has the last word: whatever else was revoked before, or in a
        // write of its own, ends the session.
        let superseded = Superseded {
            own: Scope::session(session.claims().session_id()),
            epoch: session.claims().epoch(),
            scopes: scopes_of(session.value()),
        };
        Ok(inner.revocations.supersede(superseded))
    }

    /// The new cookie, once all former ones have been revoked at `revoked_at`.
    fn supersede_after(
        &self,
        revoked_at: Epoch,
        session: &Session<T>,
        value: &T,
    ) -> Result<SealedCookie, RevokeError> {
        let inner = &*self.sessions.0;
        let now = self.now()?;
        let context = self.context(now, RevocationView::absent());
        let random = (inner.randomness)()?;
        let codec = inner.codec.load();
        // The write may have taken its time, and the session's has gone on.
        codec.check_alive(session, now)?;
        if inner.here.has_ended(session.claims().session_id()) {
            return Err(SealError::Ended(OpenErrorKind::Revoked).into());
        }
        let sealed = codec.seal_renewal(session, value, revoked_at, &context, &random)?;
        inner.here.change(session.claims().session_id());
        Ok(self.set_cookie(&sealed, now))
    }

    pub(super) fn now(&self) -> Result<UnixTime, TimeError> {
        self.sessions
            .0
            .clock
            .unix_millis()
            .map(UnixTime::from_millis)
    }

    fn context<'c>(&self, now: UnixTime, revocations: RevocationView<'c>) -> Context<'c>
    where
        'a: 'c,
    {
        Context::new(now, revocations)
            .with_binding(self.binding)
            .with_in_this_process(&self.sessions.0.here)
    }

    fn set_cookie(&self, sealed: &Sealed, now: UnixTime) -> SealedCookie {
        SealedCookie {
            key: sealed.key_id(),
            set_cookie: self.sessions.0.cookie.set(sealed, now),
        }
    }

    fn told(
        &self,
        sealed: Result<SealedCookie, SealError>,
        event: impl FnOnce(KeyId) -> TelemetryEvent<'static>,
    ) -> Result<SetCookie, SealError> {
        match &sealed {
            Ok(sealed) => self.sessions.tell(|| event(sealed.key)),
            Err(error) => self.sessions.tell(|| TelemetryEvent::NotSealed(error)),
        }
        sealed.map(|sealed| sealed.set_cookie)
    }
}

/// A line that was just sealed, and by which key.
struct SealedCookie {
    key: KeyId,
    set_cookie: SetCookie,
}

impl<T> Clone for Bound<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Bound<'_, T> {}

impl<T> fmt::Debug for Bound<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bound")
            .field("sessions", self.sessions)
            .finish_non_exhaustive()
    }
}
