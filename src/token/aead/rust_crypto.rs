//! The default backend: the `chacha20poly1305` crate, pure Rust and `no_std`.

use chacha20poly1305::aead::{AeadInOut as _, KeyInit as _};
use chacha20poly1305::{Key, Tag, XChaCha20Poly1305, XNonce};

use super::{AeadError, NONCE_LEN, TAG_LEN};

/// A prepared key.
pub(crate) struct Cipher(XChaCha20Poly1305);

impl Cipher {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        let key: &Key = key.into();
        Self(XChaCha20Poly1305::new(key))
    }

    /// Encrypts `message` in place and returns its tag.
    pub(crate) fn seal(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        message: &mut [u8],
    ) -> Result<[u8; TAG_LEN], AeadError> {
        let nonce: &XNonce = nonce.into();
        self.0
            .encrypt_inout_detached(nonce, aad, message.into())
            .map(|tag| tag.0)
            .map_err(|_| AeadError)
    }

    /// Verifies the tag at the end of `sealed`, then decrypts what stands before it in place.
    #[inline]
    pub(crate) fn open<'a>(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        sealed: &'a mut [u8],
    ) -> Result<&'a mut [u8], AeadError> {
        let (message, tag) = sealed.split_last_chunk_mut::<TAG_LEN>().ok_or(AeadError)?;
        let nonce: &XNonce = nonce.into();
        let tag: &Tag = (&*tag).into();
        self.0
            .decrypt_inout_detached(nonce, aad, message.into(), tag)
            .map_err(|_| AeadError)?;
        Ok(message)
    }
}
