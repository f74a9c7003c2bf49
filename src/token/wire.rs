//! The envelope: text to bytes to parts, and back. No cryptography, no interpretation of a body.
//!
//! Steps 1 to 3 of the spec's table (section 6); the layout is section 3:
//!
//! ```text
//! encrypted   0x01 || key_id (4) || nonce (24) || ciphertext || tag (16)
//! signed      0x02 || key_id (4) || body || tag (16)
//! ```

use alloc::string::String;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::OpenErrorKind;
use crate::token::aead::{self, NONCE_LEN};
use crate::token::key_id::KeyId;
use crate::token::mac;

/// Browsers keep a cookie whose name and value together take at most 4096 bytes (RFC 6265,
/// section 6.1).
pub(crate) const MAX_NAME_AND_VALUE: usize = 4096;

/// First byte and key id.
pub(crate) const HEADER_LEN: usize = 5;

/// The longest token, in bytes: what 4096 characters decode to.
pub(crate) const MAX_TOKEN: usize = 3072;
const _: () = assert!(MAX_NAME_AND_VALUE / 4 * 3 == MAX_TOKEN);

const ENCRYPTED: u8 = 0x01;
const SIGNED: u8 = 0x02;

/// How a token is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protection {
    /// XChaCha20-Poly1305: the client sees nothing but the length.
    Encrypted,
    /// HMAC-SHA-256: the client can read the session and cannot change it. 24 bytes shorter.
    Signed,
}

impl Protection {
    /// The first byte of a token.
    pub(crate) const fn first_byte(self) -> u8 {
        match self {
            Self::Encrypted => ENCRYPTED,
            Self::Signed => SIGNED,
        }
    }

    /// Bytes of a token before its body.
    pub(crate) const fn prefix_len(self) -> usize {
        match self {
            Self::Encrypted => HEADER_LEN.saturating_add(NONCE_LEN),
            Self::Signed => HEADER_LEN,
        }
    }

    /// Bytes of a token after its body.
    pub(crate) const fn tag_len(self) -> usize {
        match self {
            Self::Encrypted => aead::TAG_LEN,
            Self::Signed => mac::TAG_LEN,
        }
    }

    /// Bytes that a token takes beyond its body: 45 encrypted, 21 signed.
    pub(crate) const fn overhead(self) -> usize {
        self.prefix_len().saturating_add(self.tag_len())
    }
}

/// Which protections a reader opens: its own configuration, never the token's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Accepted {
    pub(crate) encrypted: bool,
    pub(crate) signed: bool,
}

impl Accepted {
    pub(crate) const fn only(protection: Protection) -> Self {
        Self {
            encrypted: matches!(protection, Protection::Encrypted),
            signed: matches!(protection, Protection::Signed),
        }
    }

    fn protection(self, first_byte: u8) -> Option<Protection> {
        match first_byte {
            ENCRYPTED if self.encrypted => Some(Protection::Encrypted),
            SIGNED if self.signed => Some(Protection::Signed),
            _ => None,
        }
    }
}

/// Step 1. Decodes a cookie's value into `buffer` and returns the bytes of the token.
///
/// `buffer` must have room for three bytes for every four characters, rounded up.
#[inline]
pub(crate) fn decode<'b>(
    name_len: usize,
    value: &[u8],
    buffer: &'b mut [u8],
) -> Result<&'b mut [u8], OpenErrorKind> {
    if name_len.saturating_add(value.len()) > MAX_NAME_AND_VALUE {
        return Err(OpenErrorKind::Malformed);
    }
    // This engine takes one text for every byte string: it refuses padding, other alphabets and
    // spare bits that are not zero.
    let len = URL_SAFE_NO_PAD
        .decode_slice(value, buffer)
        .map_err(|_| OpenErrorKind::Malformed)?;
    buffer.get_mut(..len).ok_or(OpenErrorKind::Malformed)
}

/// A token in parts. Nothing here is authenticated yet.
pub(crate) struct Envelope<'a> {
    pub(crate) protection: Protection,
    pub(crate) key_id: KeyId,
    pub(crate) header: &'a [u8; HEADER_LEN],
    /// What stands behind the header: nonce, ciphertext and tag, or body and tag.
    pub(crate) rest: &'a mut [u8],
}

impl<'a> Envelope<'a> {
    /// Steps 2 and 3.
    #[inline]
    pub(crate) fn parse(token: &'a mut [u8], accepted: Accepted) -> Result<Self, OpenErrorKind> {
        let first_byte = *token.first().ok_or(OpenErrorKind::Malformed)?;
        let protection = accepted
            .protection(first_byte)
            .ok_or(OpenErrorKind::UnsupportedFormat)?;
        if token.len() < protection.overhead() {
            return Err(OpenErrorKind::Malformed);
        }
        let (header, rest) = token
            .split_first_chunk_mut()
            .ok_or(OpenErrorKind::Malformed)?;
        let &mut [_, a, b, c, d] = header;
        Ok(Self {
            protection,
            key_id: KeyId([a, b, c, d]),
            header,
            rest,
        })
    }
}

/// The header of a token that is being sealed.
pub(crate) const fn header(protection: Protection, id: KeyId) -> [u8; HEADER_LEN] {
    let [a, b, c, d] = id.to_bytes();
    [protection.first_byte(), a, b, c, d]
}

/// `header || u32be(len(binding))`: what a signed token's tag is taken over first. In one piece, as
/// each piece costs the hash a call.
#[inline]
pub(crate) const fn signed_start(header: [u8; HEADER_LEN], binding_len: [u8; 4]) -> [u8; 9] {
    let [a, b, c, d, e] = header;
    let [f, g, h, i] = binding_len;
    [a, b, c, d, e, f, g, h, i]
}

/// Characters that a token of `len` bytes takes as text.
pub(crate) fn encoded_len(len: usize) -> usize {
    base64::encoded_len(len, false).unwrap_or(usize::MAX)
}

/// A token as a cookie's value.
pub(crate) fn encode(token: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(token)
}
