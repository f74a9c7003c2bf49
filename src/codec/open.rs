//! Opening: the spec's table (section 6), step by step.

use alloc::vec::Vec;

use super::{Codec, Context, RenewalReasons, Session, with_associated_data};
use crate::codec::data::{OldPayload, SessionData};
use crate::error::{OpenError, OpenErrorKind};
use crate::time::UnixTime;
use crate::token::aead::NONCE_LEN;
use crate::token::canonical::length_prefix;
use crate::token::claims::Claims;
use crate::token::key_id::KeyId;
use crate::token::mac;
use crate::token::payload;
use crate::token::schedule::DerivedKeys;
use crate::token::validity::{Limits, epoch_is_plausible};
use crate::token::wire::{self, Envelope, MAX_TOKEN, Protection};

/// Sizes of buffer, in bytes of token, and the text that each takes. Clearing the largest for every
/// token would cost as much as a short one's tag.
const SHORT_TOKEN: usize = 384;
const MEDIUM_TOKEN: usize = 1152;
const SHORT_TEXT: usize = SHORT_TOKEN / 3 * 4;
const MEDIUM_TEXT: usize = MEDIUM_TOKEN / 3 * 4;

impl<T: SessionData> Codec<T> {
    /// Opens a cookie's value. Only the decoded value allocates, and a binding of more than 251
    /// bytes.
    ///
    /// # Errors
    ///
    /// [`OpenError`]: the first step of the spec's table (section 6) that fails.
    #[inline]
    pub fn open(
        &self,
        value: impl AsRef<[u8]>,
        context: &Context<'_>,
    ) -> Result<Session<T>, OpenError> {
        let value = value.as_ref();
        let len = value.len();
        if len <= SHORT_TEXT {
            self.open_in(&mut [0; SHORT_TOKEN], value, context)
        } else if len <= MEDIUM_TEXT {
            self.open_longer::<MEDIUM_TOKEN>(value, context)
        } else {
            self.open_longer::<MAX_TOKEN>(value, context)
        }
    }

    /// Out of line, so that opening a short token does not reserve the stack for a long one.
    #[inline(never)]
    fn open_longer<const TOKEN: usize>(
        &self,
        value: &[u8],
        context: &Context<'_>,
    ) -> Result<Session<T>, OpenError> {
        self.open_in(&mut [0; TOKEN], value, context)
    }

    #[inline]
    fn open_in(
        &self,
        buffer: &mut [u8],
        value: &[u8],
        context: &Context<'_>,
    ) -> Result<Session<T>, OpenError> {
        let alive = self.open_until_alive(buffer, value, context)?;
        self.open_payload(&alive, context)
            .map_err(|kind| OpenError::of_authentic(kind, alive.claims.epoch))
    }

    /// Steps 1 to 11: nothing of the application runs.
    fn open_until_alive<'b>(
        &self,
        buffer: &'b mut [u8],
        value: &[u8],
        context: &Context<'_>,
    ) -> Result<Alive<'b>, OpenError> {
        let token = wire::decode(self.cookie_name.len(), value, buffer)?;
        let envelope = Envelope::parse(token, self.accepted)?;
        let (key_id, protection) = (envelope.key_id, envelope.protection);
        let keys = self.ring.opening(key_id, context.now)?;
        let mut body = authenticate(keys, envelope, context.binding.0)
            .map_err(OpenError::having_used_a_key)?;

        let malformed = OpenError::having_used_a_key(OpenErrorKind::Malformed);
        let claims = Claims::take(&mut body).ok_or(malformed)?;
        let state = &context.revocations;
        if !epoch_is_plausible(claims.epoch, state.clock(), context.now) {
            return Err(OpenError::of_an_epoch_too_far_ahead());
        }
        let authentic = |kind| OpenError::of_authentic(kind, claims.epoch);
        self.limits.check(&claims, context.now).map_err(authentic)?;
        if state.revoked(|state| state.revokes_session(claims.epoch, claims.session_id))
            || context.has_ended(claims.session_id)
        {
            return Err(authentic(OpenErrorKind::Revoked));
        }
        if !state.is_usable() {
            return Err(authentic(OpenErrorKind::StaleState));
        }
        Ok(Alive {
            key_id,
            protection,
            claims,
            payload: body,
        })
    }

    /// Steps 12 to 14: the application's own code, for a token that is authentic, alive and not
    /// revoked.
    #[inline]
    fn open_payload(
        &self,
        alive: &Alive<'_>,
        context: &Context<'_>,
    ) -> Result<Session<T>, OpenErrorKind> {
        let claims = alive.claims;
        let value: T = if claims.schema == T::SCHEMA {
            payload::decode(alive.payload).map_err(|_| OpenErrorKind::Payload)?
        } else {
            T::migrate(OldPayload::new(claims.schema, alive.payload)).map_err(|error| error.0)?
        };
        // A shorter lifetime of this very session.
        let limits = value.lifetime().within(&self.limits);
        limits.check(&claims, context.now)?;
        if context
            .revocations
            .revoked(|state| state.revokes_scopes(claims.epoch, |scopes| value.scopes(scopes)))
        {
            return Err(OpenErrorKind::Revoked);
        }
        Ok(Session {
            value,
            claims,
            key_id: alive.key_id,
            origin: self.origin.with_binding(context.binding.0),
            seen: claims.epoch,
            stamp: claims.epoch.max(context.revocations.clock()),
            renewal: self.renewal_reasons(alive, &limits, context.now),
            #[cfg(feature = "std")]
            changes: context.changes(),
            others: Vec::new(),
        })
    }

    #[inline]
    fn renewal_reasons(&self, alive: &Alive<'_>, limits: &Limits, now: UnixTime) -> RenewalReasons {
        // A newer schema that this reader migrates is a newer server's cookie, and left alone.
        if alive.claims.schema > T::SCHEMA {
            return RenewalReasons::NONE;
        }
        RenewalReasons {
            age: limits.renewal_due(&alive.claims, now),
            key: self.ring.has_moved_on(alive.key_id, now),
            schema: alive.claims.schema < T::SCHEMA,
            protection: alive.protection != self.protection,
            soon_over: limits.soon_over(&alive.claims, now),
            waits: false,
        }
    }
}

/// A token past step 11.
struct Alive<'b> {
    key_id: KeyId,
    protection: Protection,
    claims: Claims,
    payload: &'b [u8],
}

/// Step 6: verifies the tag under one key, and returns the body.
#[inline]
pub(super) fn authenticate<'b>(
    keys: &DerivedKeys,
    envelope: Envelope<'b>,
    binding: &[u8],
) -> Result<&'b [u8], OpenErrorKind> {
    const UNAUTHENTIC: OpenErrorKind = OpenErrorKind::Unauthentic;
    #[cfg(test)]
    attempts::count();
    // No such binding was ever sealed.
    let binding_len = length_prefix(binding).ok_or(UNAUTHENTIC)?;
    let Envelope { header, rest, .. } = envelope;
    match envelope.protection {
        Protection::Encrypted => {
            let (nonce, sealed) = rest
                .split_first_chunk_mut::<NONCE_LEN>()
                .ok_or(UNAUTHENTIC)?;
            with_associated_data(header, binding, |aad| {
                keys.encrypt
                    .open(nonce, aad, sealed)
                    .map(|body| &*body)
                    .map_err(|_| UNAUTHENTIC)
            })
        }
        Protection::Signed => {
            let (body, tag) = rest
                .split_last_chunk::<{ mac::TAG_LEN }>()
                .ok_or(UNAUTHENTIC)?;
            let start = wire::signed_start(*header, binding_len);
            keys.sign.verify(&[&start, binding, body], tag)?;
            Ok(body)
        }
    }
}

/// Counts the keys that were tried, for the test that it is one at the most.
#[cfg(test)]
pub(super) mod attempts {
    use core::cell::Cell;

    std::thread_local! {
        static TRIED: Cell<u32> = const { Cell::new(0) };
    }

    pub(super) fn count() {
        TRIED.with(|tried| tried.set(tried.get().saturating_add(1)));
    }

    pub(in crate::codec) fn take() -> u32 {
        TRIED.with(|tried| tried.replace(0))
    }
}
