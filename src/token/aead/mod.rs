//! XChaCha20-Poly1305: the only place that names a cipher.
//!
//! The backend is chosen when the crate is built: `aws-lc-rs`, else `ring`, else RustCrypto. All
//! make the same bytes. Spec, section 3; draft-irtf-cfrg-xchacha-03.

#[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
mod hchacha;
#[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
mod ring;
#[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
mod rust_crypto;

#[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
pub(crate) use self::ring::Cipher;
#[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
pub(crate) use self::rust_crypto::Cipher;

/// Bytes of an XChaCha20 nonce.
pub(crate) const NONCE_LEN: usize = 24;
/// Bytes of a Poly1305 tag.
pub(crate) const TAG_LEN: usize = 16;

/// The tag did not verify, or (for sealing) the message is longer than the cipher allows.
#[derive(Debug)]
pub(crate) struct AeadError;

#[cfg(test)]
mod tests {
    use super::*;

    /// draft-irtf-cfrg-xchacha-03, appendix A.3.1.
    #[test]
    fn this_backend_makes_the_bytes_of_the_draft() {
        let key: [u8; 32] = core::array::from_fn(|i| 0x80 | u8::try_from(i).unwrap());
        let nonce: [u8; NONCE_LEN] = core::array::from_fn(|i| 0x40 | u8::try_from(i).unwrap());
        let aad = [
            0x50, 0x51, 0x52, 0x53, 0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7,
        ];
        let message = b"Ladies and Gentlemen of the class of '99: If I could offer you only one \
                        tip for the future, sunscreen would be it.";
        let cipher = Cipher::new(&key);

        let mut sealed = message.to_vec();
        let tag = cipher.seal(&nonce, &aad, &mut sealed).unwrap();
        assert_eq!(sealed[..4], [0xbd, 0x6d, 0x17, 0x9d]);
        assert_eq!(
            tag,
            [
                0xc0, 0x87, 0x59, 0x24, 0xc1, 0xc7, 0x98, 0x79, 0x47, 0xde, 0xaf, 0xd8, 0x78, 0x0a,
                0xcf, 0x49
            ]
        );

        sealed.extend_from_slice(&tag);
        let opened = cipher.open(&nonce, &aad, &mut sealed).unwrap();
        assert_eq!(opened, message);
    }
}
