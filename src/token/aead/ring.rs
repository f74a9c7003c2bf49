//! The `ring` and `aws-lc-rs` backends: HChaCha20, then the library's ChaCha20-Poly1305 under the
//! sub-key. aws-lc-rs keeps to *ring*'s interface, so that the same code serves both.

#[cfg(feature = "aws-lc-rs")]
use aws_lc_rs as ring;

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroizing;

use super::hchacha::sub_key;
use super::{AeadError, NONCE_LEN, TAG_LEN};

/// A prepared key.
pub(crate) struct Cipher(Zeroizing<[u8; 32]>);

impl Cipher {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(Zeroizing::new(*key))
    }

    fn keyed(&self, nonce: &[u8; NONCE_LEN]) -> Result<(LessSafeKey, Nonce), AeadError> {
        let (key, nonce) = sub_key(&self.0, nonce)?;
        let key = UnboundKey::new(&CHACHA20_POLY1305, key.as_slice()).map_err(|_| AeadError)?;
        Ok((LessSafeKey::new(key), Nonce::assume_unique_for_key(nonce)))
    }

    /// Encrypts `message` in place and returns its tag.
    pub(crate) fn seal(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        message: &mut [u8],
    ) -> Result<[u8; TAG_LEN], AeadError> {
        let (key, nonce) = self.keyed(nonce)?;
        let tag = key
            .seal_in_place_separate_tag(nonce, Aad::from(aad), message)
            .map_err(|_| AeadError)?;
        tag.as_ref().try_into().map_err(|_| AeadError)
    }

    /// Verifies the tag at the end of `sealed`, then decrypts what stands before it in place.
    #[inline]
    pub(crate) fn open<'a>(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        sealed: &'a mut [u8],
    ) -> Result<&'a mut [u8], AeadError> {
        let (key, nonce) = self.keyed(nonce)?;
        key.open_in_place(nonce, Aad::from(aad), sealed)
            .map_err(|_| AeadError)
    }
}
