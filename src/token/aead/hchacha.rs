//! What XChaCha20 adds to ChaCha20: the first 16 bytes of the nonce turn the key into a sub-key,
//! and the other 8 become the end of a 12-byte nonce (draft-irtf-cfrg-xchacha-03, section 2.3).

use chacha20::{Key, R20, hchacha};
use zeroize::Zeroizing;

use super::{AeadError, NONCE_LEN};

/// Sub-key and nonce for ChaCha20-Poly1305 (RFC 8439).
pub(super) fn sub_key(
    key: &[u8; 32],
    nonce: &[u8; NONCE_LEN],
) -> Result<(Zeroizing<[u8; 32]>, [u8; 12]), AeadError> {
    let (input, tail) = nonce.split_first_chunk::<16>().ok_or(AeadError)?;
    let key: &Key = key.into();
    let sub_key = Zeroizing::new(hchacha::<R20>(key, input.into()).0);
    let mut short_nonce = [0; 12];
    let (_, end) = short_nonce.split_at_mut(4);
    end.copy_from_slice(tail);
    Ok((sub_key, short_nonce))
}
