//! HMAC-SHA-256 with a key that is prepared once: signed tokens, nonces, session ids.
//!
//! RFC 2104; spec, sections 3 and 4.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::error::OpenErrorKind;

/// Bytes of a signed token's tag: the left half of the HMAC.
pub(crate) const TAG_LEN: usize = 16;

/// A keyed HMAC, both of its padded key blocks already hashed.
pub(crate) struct Mac(Hmac<Sha256>);

impl Mac {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        // A 32-byte key fills half of the block, the rest is zero (RFC 2104, section 2).
        let mut block = zeroize::Zeroizing::new(hmac::digest::Key::<Hmac<Sha256>>::default().0);
        if let Some(start) = block.first_chunk_mut() {
            *start = *key;
        }
        Self(Hmac::new((&*block).into()))
    }

    fn over(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        for part in parts.iter().filter(|part| !part.is_empty()) {
            mac.update(part);
        }
        mac
    }

    /// The whole HMAC of the parts, one after the other. The caller makes the parts injective.
    pub(crate) fn compute(&self, parts: &[&[u8]]) -> [u8; 32] {
        self.over(parts).finalize().into_bytes().0
    }

    /// Compares the left of the HMAC with `tag`, in constant time.
    #[inline]
    pub(crate) fn verify(&self, parts: &[&[u8]], tag: &[u8; TAG_LEN]) -> Result<(), OpenErrorKind> {
        // A short message is put together first: hashing it in one go costs less than in three.
        let mut room = [0; SHORT_MESSAGE];
        let mac = match join(parts, &mut room) {
            Some(message) => self.over(&[message]),
            None => self.over(parts),
        };
        mac.verify_truncated_left(tag)
            .map_err(|_| OpenErrorKind::Unauthentic)
    }
}

/// Up to this length, in bytes, what is verified is put together on the stack. A signed token holds no
/// secret.
const SHORT_MESSAGE: usize = 192;

/// The parts one after the other, if there is room for them.
#[inline]
fn join<'r>(parts: &[&[u8]], room: &'r mut [u8; SHORT_MESSAGE]) -> Option<&'r [u8]> {
    let mut len = 0usize;
    for part in parts {
        let end = len.checked_add(part.len())?;
        room.get_mut(len..end)?.copy_from_slice(part);
        len = end;
    }
    room.get(..len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use alloc::vec::Vec;

    #[test]
    fn a_message_is_verified_alike_in_one_go_and_in_parts() {
        let mac = Mac::new(&[7; 32]);
        for len in [
            0,
            1,
            63,
            64,
            SHORT_MESSAGE - 2,
            SHORT_MESSAGE - 1,
            SHORT_MESSAGE,
            1000,
        ] {
            let body: Vec<u8> = vec![b'x'; len];
            let parts = [b"a".as_slice(), b"", &body];
            let whole: Vec<u8> = parts.concat();
            let digest = mac.compute(&[&whole]);
            assert_eq!(mac.compute(&parts), digest);
            let mut tag: [u8; TAG_LEN] = *digest.first_chunk().unwrap();
            assert_eq!(mac.verify(&parts, &tag), Ok(()), "{len} bytes");
            for bit in 0..8 * TAG_LEN {
                tag[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(mac.verify(&parts, &tag), Err(OpenErrorKind::Unauthentic));
                tag[bit / 8] ^= 1 << (bit % 8);
            }
        }
    }
}
