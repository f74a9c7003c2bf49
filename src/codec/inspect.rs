//! Looking into a token, for operators and debugging: what it says, and the first step at which it
//! fails. Never a way to let somebody in.

use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

use super::open::authenticate;
use super::{Codec, Context};
use crate::error::OpenErrorKind;
use crate::token::claims::Claims;
use crate::token::key_id::KeyId;
use crate::token::validity::epoch_is_plausible;
use crate::token::wire::{self, Accepted, Envelope, MAX_TOKEN, Protection};

/// What is known of a cookie's value. From [`Codec::inspect`] and [`Inspection::without_keys`].
pub struct Inspection {
    len: usize,
    header: Option<(Protection, KeyId)>,
    claims: Option<Claims>,
    payload: Option<Zeroizing<Vec<u8>>>,
    verdict: Result<(), OpenErrorKind>,
}

impl Inspection {
    /// Looks at the outside of a cookie's value, steps 1 to 3. Nothing of it is authenticated: anybody can make
    /// it up.
    #[must_use]
    pub fn without_keys(value: impl AsRef<[u8]>) -> Self {
        let both = Accepted {
            encrypted: true,
            signed: true,
        };
        let mut buffer = Zeroizing::new([0; MAX_TOKEN]);
        let mut inspection = Self::unread();
        let token = wire::decode(0, value.as_ref(), buffer.as_mut_slice());
        inspection.verdict = token.and_then(|token| inspection.parse(token, both).map(drop));
        inspection
    }

    const fn unread() -> Self {
        Self {
            len: 0,
            header: None,
            claims: None,
            payload: None,
            verdict: Ok(()),
        }
    }

    fn parse<'t>(
        &mut self,
        token: &'t mut [u8],
        accepted: Accepted,
    ) -> Result<Envelope<'t>, OpenErrorKind> {
        self.len = token.len();
        let envelope = Envelope::parse(token, accepted)?;
        self.header = Some((envelope.protection, envelope.key_id));
        Ok(envelope)
    }

    /// The token's length in bytes; 0 where it is not even base64url.
    #[must_use]
    pub const fn token_len(&self) -> usize {
        self.len
    }

    /// How it is protected, by its first byte, which is not authenticated as long as there are no
    /// [`claims`](Self::claims).
    #[must_use]
    pub fn unverified_protection(&self) -> Option<Protection> {
        self.header.map(|(protection, _)| protection)
    }

    /// The key that it names, likewise.
    #[must_use]
    pub fn unverified_key_id(&self) -> Option<KeyId> {
        self.header.map(|(_, key_id)| key_id)
    }

    /// What it says of itself. None unless it is authentic.
    #[must_use]
    pub const fn claims(&self) -> Option<&Claims> {
        self.claims.as_ref()
    }

    /// The session's value, encoded. None unless the token is authentic.
    #[must_use]
    pub fn payload(&self) -> Option<&[u8]> {
        self.payload.as_ref().map(|payload| payload.as_slice())
    }

    /// The first of the steps 1 to 11 that fails. What comes after, schema, payload and the application's
    /// scopes, only the application can tell.
    ///
    /// # Errors
    ///
    /// The kind of that step.
    pub const fn verdict(&self) -> Result<(), OpenErrorKind> {
        self.verdict
    }
}

impl<T> Codec<T> {
    /// Looks into a cookie's value with the keys: also into one that has expired, was revoked, or whose key is
    /// past its `open-until`.
    #[must_use]
    pub fn inspect(&self, value: impl AsRef<[u8]>, context: &Context<'_>) -> Inspection {
        let mut inspection = Inspection::unread();
        inspection.verdict = self.inspect_into(&mut inspection, value.as_ref(), context);
        inspection
    }

    fn inspect_into(
        &self,
        inspection: &mut Inspection,
        value: &[u8],
        context: &Context<'_>,
    ) -> Result<(), OpenErrorKind> {
        let mut buffer = Zeroizing::new([0; MAX_TOKEN]);
        let token = wire::decode(self.cookie_name.len(), value, buffer.as_mut_slice())?;
        let envelope = inspection.parse(token, self.accepted)?;
        let key_id = envelope.key_id;
        let keys = self.ring.known(key_id).ok_or(OpenErrorKind::UnknownKey)?;
        let authentic = authenticate(keys, envelope, context.binding.0);
        let opening = self.ring.opening(key_id, context.now).map(drop);
        let mut body = match authentic {
            Ok(body) => body,
            Err(kind) => return opening.and(Err(kind)),
        };
        let Some(claims) = Claims::take(&mut body) else {
            return opening.and(Err(OpenErrorKind::Malformed));
        };
        inspection.claims = Some(claims);
        inspection.payload = Some(Zeroizing::new(body.to_vec()));
        opening?;
        let state = &context.revocations;
        if !epoch_is_plausible(claims.epoch, state.clock(), context.now) {
            return Err(OpenErrorKind::Malformed);
        }
        self.limits.check(&claims, context.now)?;
        if state.revoked(|state| state.revokes_session(claims.epoch, claims.session_id)) {
            return Err(OpenErrorKind::Revoked);
        }
        if !state.is_usable() {
            return Err(OpenErrorKind::StaleState);
        }
        Ok(())
    }
}

impl fmt::Debug for Inspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inspection")
            .field("header", &self.header)
            .field("claims", &self.claims)
            .field("verdict", &self.verdict)
            .finish_non_exhaustive()
    }
}
