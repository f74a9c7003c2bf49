//! A token of any start, issue, epoch and key, for tests of applications. See
//! [`testing::mint`](crate::testing::mint).

use super::Codec;
use super::data::SessionData;
use super::seal::Form;
use crate::error::SealError;
use crate::time::{Epoch, UnixTime};
use crate::token::key_id::KeyId;
use crate::token::payload;
use crate::token::random::Randomness;
use crate::token::sealed::Sealed;

/// What a test says of a token.
pub(crate) struct Minted {
    pub(crate) started_at: UnixTime,
    pub(crate) issued_at: UnixTime,
    pub(crate) epoch: Epoch,
    pub(crate) key: Option<KeyId>,
}

impl<T: SessionData> Codec<T> {
    pub(crate) fn mint(
        &self,
        value: &T,
        minted: &Minted,
        binding: &[u8],
        random: &Randomness,
    ) -> Result<Sealed, SealError> {
        let keys = match minted.key {
            Some(id) => self.ring.known(id).ok_or(SealError::NoSealingKey)?,
            None => self.ring.sealing(minted.issued_at)?,
        };
        let lifetime = value.lifetime();
        lifetime.check(&self.limits)?;
        let form = Form { keys, lifetime };
        let payload = payload::encode(value)?;
        let id = form.session_id(minted.started_at, &payload, binding, random)?;
        let times = (minted.started_at, minted.issued_at);
        let claims = self.claims(&form, id, times, minted.epoch)?;
        self.seal(&form, claims, &payload, binding, random)
    }
}
