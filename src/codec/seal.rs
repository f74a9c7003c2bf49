//! Sealing: a session's start, its renewal, and its renewal with less. Spec, sections 3 to 5 and 7.

use alloc::vec::Vec;

use super::lifetime::Lifetime;
use super::{Codec, Context, Session, with_associated_data};
use crate::codec::data::SessionData;
use crate::error::{OpenErrorKind, SealError};
use crate::revocation::{Scope, Scopes};
use crate::time::{Epoch, UnixTime};
use crate::token::aead::NONCE_LEN;
use crate::token::canonical::{length_prefix, list, put_varint};
use crate::token::claims::{Claims, SessionId};
use crate::token::mac;
use crate::token::payload;
use crate::token::random::Randomness;
use crate::token::schedule::DerivedKeys;
use crate::token::sealed::Sealed;
use crate::token::wire::{self, HEADER_LEN, MAX_TOKEN, Protection};

impl<T: SessionData> Codec<T> {
    /// Seals a new session: at sign-in, and at every change of who the user is.
    ///
    /// # Errors
    ///
    /// [`SealError`]; nothing was written.
    pub fn start(
        &self,
        value: &T,
        context: &Context<'_>,
        random: Randomness,
    ) -> Result<Sealed, SealError> {
        let state = context.revocations.for_sealing()?;
        let keys = self.ring.sealing(context.now)?;
        let lifetime = value.lifetime();
        lifetime.check(&self.limits)?;
        let payload = payload::encode(value)?;
        let form = Form { keys, lifetime };
        let now = context.now;
        let id = form.session_id(now, &payload, context.binding.0, &random)?;
        let claims = self.claims(&form, id, (now, now), state.clock())?;
        self.seal(&form, claims, &payload, context.binding.0, &random)
    }

    /// Seals an opened session again, with its present value or another, and keeps its start and
    /// its id.
    ///
    /// `context` is that of the moment in which the answer is written. The session is checked
    /// against it once more, and what has ended meanwhile is not brought back. The token is stamped
    /// with the clock under which the session was opened, never with a later one, which may hold
    /// its revocation.
    ///
    /// # Errors
    ///
    /// [`SealError`]; nothing was written. Among them [`SealError::Ended`],
    /// [`SealError::OtherOrigin`] where the session was opened under another audience, cookie name
    /// or binding, [`SealError::OtherScopes`] where the new value is another user's, and
    /// [`SealError::NewerSchema`].
    pub fn renew(
        &self,
        session: &Session<T>,
        value: &T,
        context: &Context<'_>,
        random: Randomness,
    ) -> Result<Sealed, SealError> {
        self.check_renewal(session, value, context)?;
        if scopes_of(&session.value) != scopes_of(value) {
            return Err(SealError::OtherScopes);
        }
        self.seal_renewal(session, value, session.stamp, context, &random)
    }

    /// Seals an opened session anew with less than it had, so that no former cookie of it opens any
    /// more: after its own scope ([`Scope::session`](crate::Scope::session)) was revoked in a step of its own.
    ///
    /// `context` holds the state from before that step, under which the session is checked, and
    /// `revoked_at` is the clock of the step.
    ///
    /// # Errors
    ///
    /// As [`renew`](Self::renew).
    pub fn supersede(
        &self,
        session: &Session<T>,
        value: &T,
        revoked_at: Epoch,
        context: &Context<'_>,
        random: Randomness,
    ) -> Result<Sealed, SealError> {
        self.check_renewal(session, value, context)?;
        self.seal_renewal(session, value, revoked_at, context, &random)
    }

    /// Whether the session may be sealed again with this value.
    pub(crate) fn check_renewal(
        &self,
        session: &Session<T>,
        value: &T,
        context: &Context<'_>,
    ) -> Result<(), SealError> {
        let state = context.revocations.for_sealing()?;
        let former = &session.claims;
        if session.origin != self.origin.with_binding(context.binding.0) {
            return Err(SealError::OtherOrigin);
        }
        if former.schema > T::SCHEMA {
            return Err(SealError::NewerSchema);
        }
        self.check_alive(session, context.now)?;
        if context.has_ended(former.session_id)
            || state.revokes_session(former.epoch, former.session_id)
            || state.revokes_scopes(former.epoch, |scopes| session.value.scopes(scopes))
        {
            return Err(SealError::Ended(OpenErrorKind::Revoked));
        }
        // Scopes may be left, and none may be gained: that would be another user's session, which none
        // of the checks above has asked about.
        let had = scopes_of(&session.value);
        if scopes_of(value).iter().any(|scope| !had.contains(scope)) {
            return Err(SealError::OtherScopes);
        }
        Ok(())
    }

    /// Whether neither the reader's limits nor the session's own have ended it.
    pub(crate) fn check_alive(&self, session: &Session<T>, now: UnixTime) -> Result<(), SealError> {
        let limits = session.value.lifetime().within(&self.limits);
        limits.check(&session.claims, now).map_err(SealError::Ended)
    }

    /// Seals what `check_renewal` has passed, with the clock `epoch`.
    pub(crate) fn seal_renewal(
        &self,
        session: &Session<T>,
        value: &T,
        epoch: Epoch,
        context: &Context<'_>,
        random: &Randomness,
    ) -> Result<Sealed, SealError> {
        let former = &session.claims;
        let keys = self.ring.sealing(context.now)?;
        let lifetime = value.lifetime();
        // The one that it had may be longer than what a deploy allows since.
        if lifetime != session.value.lifetime() {
            lifetime.check(&self.limits)?;
        }
        let payload = payload::encode(value)?;
        let form = Form { keys, lifetime };
        // A server whose clock is behind still seals what opens.
        let issued_at = context.now.max(former.issued_at);
        let times = (former.started_at, issued_at);
        let claims = self.claims(&form, former.session_id, times, epoch)?;
        self.seal(&form, claims, &payload, context.binding.0, random)
    }

    /// The claims of a token: when the session started, and when the token is issued.
    pub(super) fn claims(
        &self,
        form: &Form<'_>,
        session_id: SessionId,
        (started_at, issued_at): (UnixTime, UnixTime),
        epoch: Epoch,
    ) -> Result<Claims, SealError> {
        let limits = form.lifetime.within(&self.limits);
        Ok(Claims {
            schema: T::SCHEMA,
            epoch,
            session_id,
            started_at,
            issued_at,
            expires_at: limits.expiry(started_at, issued_at)?,
        })
    }

    pub(super) fn seal(
        &self,
        form: &Form<'_>,
        claims: Claims,
        payload: &[u8],
        binding: &[u8],
        random: &Randomness,
    ) -> Result<Sealed, SealError> {
        let keys = form.keys;
        let binding_len = length_prefix(binding).ok_or(SealError::BindingTooLong)?;
        let mut body = Vec::with_capacity(MAX_TOKEN);
        claims.put(&mut body).ok_or(SealError::NoLifetime)?;
        body.extend_from_slice(payload);
        self.check_len(body.len())?;

        let header = wire::header(self.protection, keys.id);
        let mut token = Vec::with_capacity(MAX_TOKEN);
        token.extend_from_slice(&header);
        match self.protection {
            Protection::Encrypted => {
                let nonce = hedged_nonce(keys, random, &binding_len, binding, &body);
                let tag = with_associated_data(&header, binding, |aad| {
                    keys.encrypt.seal(&nonce, aad, &mut body)
                })
                .map_err(|_| SealError::Encryption)?;
                token.extend_from_slice(&nonce);
                token.extend_from_slice(&body);
                token.extend_from_slice(&tag);
            }
            Protection::Signed => {
                let start = wire::signed_start(header, binding_len);
                let digest = keys.sign.compute(&[&start, binding, &body]);
                token.extend_from_slice(&body);
                token.extend(digest.iter().take(mac::TAG_LEN));
            }
        }
        let is_persistent = form.lifetime.outlives_browser();
        Ok(Sealed::new(
            wire::encode(&token),
            keys.id,
            claims,
            is_persistent,
        ))
    }

    /// The limit of the length, before anything is encrypted.
    fn check_len(&self, body_len: usize) -> Result<(), SealError> {
        let token_len = self.protection.overhead().saturating_add(body_len);
        let name_and_value = wire::encoded_len(token_len).saturating_add(self.cookie_name.len());
        if name_and_value > self.max_len {
            return Err(SealError::TooLong {
                name_and_value,
                limit: self.max_len,
            });
        }
        Ok(())
    }
}

/// `HMAC(k_nonce, random || u32be(len(binding)) || binding || body)[0..24]`: a generator that
/// repeats itself repeats a nonce only for an identical token (spec, section 4).
fn hedged_nonce(
    keys: &DerivedKeys,
    random: &Randomness,
    binding_len: &[u8; 4],
    binding: &[u8],
    body: &[u8],
) -> [u8; NONCE_LEN] {
    const { assert!(HEADER_LEN.saturating_add(NONCE_LEN) == Protection::Encrypted.prefix_len()) };
    let digest = keys
        .nonce
        .compute(&[random.as_bytes(), binding_len, binding, body]);
    let mut nonce = [0; NONCE_LEN];
    nonce
        .iter_mut()
        .zip(digest)
        .for_each(|(to, from)| *to = from);
    nonce
}

/// What a session is sealed with, beside what it says of itself.
pub(super) struct Form<'k> {
    pub(super) keys: &'k DerivedKeys,
    pub(super) lifetime: Lifetime,
}

impl Form<'_> {
    /// The id of a session that starts (spec, section 4).
    pub(super) fn session_id(
        &self,
        started_at: UnixTime,
        payload: &[u8],
        binding: &[u8],
        random: &Randomness,
    ) -> Result<SessionId, SealError> {
        length_prefix(binding).ok_or(SealError::BindingTooLong)?;
        let mut start = Vec::new();
        put_varint(&mut start, started_at.as_secs());
        let listed = list(&[binding, &start, payload]);
        let digest = self.keys.session_id.compute(&[random.as_bytes(), &listed]);
        let [a, b, c, d, e, f, g, h, ..] = digest;
        Ok(SessionId::from_bytes([a, b, c, d, e, f, g, h]))
    }
}

/// The scopes that a value names, each once, in order.
pub(crate) fn scopes_of<T: SessionData>(value: &T) -> Vec<Scope> {
    let mut scopes = Vec::new();
    value.scopes(&mut Scopes::new(&mut |scope| scopes.push(scope)));
    scopes.sort_unstable();
    scopes.dedup();
    scopes
}
