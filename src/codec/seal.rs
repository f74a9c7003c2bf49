//! Sealing: a session's start, its renewal, and its renewal with less. Spec, sections 3 to 5 and 7.

use alloc::vec::Vec;

use super::{Codec, Context, Session, with_associated_data};
use crate::codec::data::SessionData;
use crate::error::{OpenErrorKind, SealError};
use crate::revocation::Scopes;
use crate::time::Epoch;
use crate::token::aead::NONCE_LEN;
use crate::token::canonical::{length_prefix, list, put_varint};
use crate::token::claims::{Claims, SessionId};
use crate::token::mac;
use crate::token::payload;
use crate::token::random::Randomness;
use crate::token::schedule::DerivedKeys;
use crate::token::sealed::Sealed;
use crate::token::wire::{self, HEADER_LEN, MAX_NAME_AND_VALUE, MAX_TOKEN, Protection};

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
        let payload = encode_checked(value)?;
        let started_at = context.now;
        let mut start = Vec::new();
        put_varint(&mut start, started_at.as_secs());
        length_prefix(context.binding.0).ok_or(SealError::BindingTooLong)?;
        let digest = keys.session_id.compute(&[
            random.as_bytes(),
            &list(&[context.binding.0, &start, &payload]),
        ]);
        let [a, b, c, d, e, f, g, h, ..] = digest;
        let claims = Claims {
            schema: T::SCHEMA,
            epoch: state.clock(),
            session_id: SessionId::from_bytes([a, b, c, d, e, f, g, h]),
            started_at,
            issued_at: started_at,
            expires_at: self.limits.expiry(started_at, started_at)?,
        };
        self.seal(keys, claims, &payload, context.binding.0, &random)
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
    /// or binding, and [`SealError::NewerSchema`].
    pub fn renew(
        &self,
        session: &Session<T>,
        value: &T,
        context: &Context<'_>,
        random: Randomness,
    ) -> Result<Sealed, SealError> {
        self.check_renewal(session, value, context)?;
        self.seal_renewal(session, value, session.stamp, context, &random)
    }

    /// Seals an opened session anew with less than it had, so that no former cookie of it opens any
    /// more: after its own scope ([`Scope::session`](crate::Scope::session)) was revoked in a step of its own.
    ///
    /// `context` holds the state of before that step, under which the session is checked, and
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
        self.limits
            .check(former, context.now)
            .map_err(SealError::Ended)?;
        // What was opened must be alive, and what is sealed must not be born dead.
        if state.revokes_session(former.epoch, former.session_id)
            || state.revokes_scopes(former.epoch, |scopes| session.value.scopes(scopes))
            || state.revokes_scopes(session.stamp, |scopes| value.scopes(scopes))
        {
            return Err(SealError::Ended(OpenErrorKind::Revoked));
        }
        Ok(())
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
        let payload = encode_checked(value)?;
        // A server whose clock is behind still seals what opens.
        let issued_at = context.now.max(former.issued_at);
        let claims = Claims {
            schema: T::SCHEMA,
            epoch,
            session_id: former.session_id,
            started_at: former.started_at,
            issued_at,
            expires_at: self.limits.expiry(former.started_at, issued_at)?,
        };
        self.seal(keys, claims, &payload, context.binding.0, random)
    }

    fn seal(
        &self,
        keys: &DerivedKeys,
        claims: Claims,
        payload: &[u8],
        binding: &[u8],
        random: &Randomness,
    ) -> Result<Sealed, SealError> {
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
                .map_err(|_| SealError::Encode)?;
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
        Ok(Sealed::new(wire::encode(&token), keys.id, claims))
    }

    /// The 4096 limit, before anything is encrypted.
    fn check_len(&self, body_len: usize) -> Result<(), SealError> {
        let token_len = self.protection.overhead().saturating_add(body_len);
        let name_and_value = wire::encoded_len(token_len).saturating_add(self.cookie_name.len());
        if name_and_value > MAX_NAME_AND_VALUE {
            return Err(SealError::TooLong {
                name_and_value,
                limit: MAX_NAME_AND_VALUE,
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

/// The payload of `value`, whose scopes must leave the reserved kind alone.
fn encode_checked<T: SessionData>(value: &T) -> Result<Vec<u8>, SealError> {
    let mut ignore = |_| {};
    let mut scopes = Scopes::new(&mut ignore);
    value.scopes(&mut scopes);
    if scopes.used_reserved() {
        return Err(SealError::ReservedScope);
    }
    payload::encode(value)
}
