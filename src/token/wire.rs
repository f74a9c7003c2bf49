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

/// Bytes that stay free before a token that is decoded. There a signed token's header moves to, to
/// make room behind it, so that what its tag is taken over stands in one piece.
const FREE: usize = 4;

/// The longest token and what stays free before it, in bytes.
pub(crate) const MAX_BUFFER: usize = FREE.saturating_add(MAX_TOKEN);

/// The longest text that decodes into a buffer of `len` bytes.
pub(crate) const fn text_len(buffer_len: usize) -> usize {
    (buffer_len.saturating_sub(FREE) / 3).saturating_mul(4)
}

/// A token as bytes, one at least. Before it are `FREE` bytes.
pub(crate) struct Token<'b>(&'b mut [u8]);

impl Token<'_> {
    /// The token's length, in bytes.
    #[cfg(feature = "cli")]
    pub(crate) const fn len(&self) -> usize {
        self.0.len().saturating_sub(FREE)
    }
}

/// Step 1. Decodes a cookie's value into `buffer`, which must be long enough for it
/// ([`text_len`]).
#[inline]
pub(crate) fn decode<'b>(
    name_len: usize,
    value: &[u8],
    buffer: &'b mut [u8],
) -> Result<Token<'b>, OpenErrorKind> {
    if name_len.saturating_add(value.len()) > MAX_NAME_AND_VALUE {
        return Err(OpenErrorKind::Malformed);
    }
    let token = buffer.get_mut(FREE..).unwrap_or_default();
    // This engine takes one text for every byte string: it refuses padding, other alphabets and
    // spare bits that are not zero.
    let len = URL_SAFE_NO_PAD
        .decode_slice(value, token)
        .map_err(|_| OpenErrorKind::Malformed)?;
    if len == 0 {
        return Err(OpenErrorKind::Malformed);
    }
    let decoded = buffer.get_mut(..FREE.saturating_add(len));
    decoded.map(Token).ok_or(OpenErrorKind::Malformed)
}

/// A token in parts. Nothing here is authenticated yet.
pub(crate) struct Envelope<'a> {
    pub(crate) key_id: KeyId,
    pub(crate) protection: Protection,
    pub(crate) parts: Parts<'a>,
}

/// What stands in a token, by its protection.
pub(crate) enum Parts<'a> {
    Encrypted {
        header: &'a [u8; HEADER_LEN],
        nonce: &'a [u8; NONCE_LEN],
        /// Ciphertext and tag.
        sealed: &'a mut [u8],
    },
    Signed {
        /// `header || u32be(0) || body`: what the tag of a token without a binding is taken over.
        message: &'a [u8],
        tag: &'a [u8; mac::TAG_LEN],
    },
}

impl<'a> Envelope<'a> {
    /// Steps 2 and 3.
    #[inline]
    pub(crate) fn parse(token: Token<'a>, accepted: Accepted) -> Result<Self, OpenErrorKind> {
        const MALFORMED: OpenErrorKind = OpenErrorKind::Malformed;
        let Token(bytes) = token;
        let header = bytes.get(FREE..).ok_or(MALFORMED)?;
        let first_byte = *header.first().ok_or(MALFORMED)?;
        let protection = accepted
            .protection(first_byte)
            .ok_or(OpenErrorKind::UnsupportedFormat)?;
        if header.len() < protection.overhead() {
            return Err(MALFORMED);
        }
        let header: [u8; HEADER_LEN] = *header.first_chunk().ok_or(MALFORMED)?;
        let [_, a, b, c, d] = header;
        let parts = match protection {
            Protection::Encrypted => {
                let (_, token) = bytes.split_first_chunk_mut::<FREE>().ok_or(MALFORMED)?;
                let (header, rest) = token.split_first_chunk_mut().ok_or(MALFORMED)?;
                let (nonce, sealed) = rest.split_first_chunk_mut().ok_or(MALFORMED)?;
                Parts::Encrypted {
                    header,
                    nonce,
                    sealed,
                }
            }
            Protection::Signed => {
                let (message, tag) = bytes.split_last_chunk_mut().ok_or(MALFORMED)?;
                *message.first_chunk_mut().ok_or(MALFORMED)? = signed_start(header, [0; 4]);
                Parts::Signed { message, tag }
            }
        };
        Ok(Self {
            key_id: KeyId([a, b, c, d]),
            protection,
            parts,
        })
    }
}

/// The header of a token that is being sealed.
pub(crate) const fn header(protection: Protection, id: KeyId) -> [u8; HEADER_LEN] {
    let [a, b, c, d] = id.to_bytes();
    [protection.first_byte(), a, b, c, d]
}

/// Bytes of [`signed_start`].
pub(crate) const SIGNED_START_LEN: usize = HEADER_LEN.saturating_add(FREE);

/// `header || u32be(len(binding))`: what a signed token's tag is taken over first. In one piece, as
/// each piece costs the hash a call.
#[inline]
pub(crate) const fn signed_start(
    header: [u8; HEADER_LEN],
    binding_len: [u8; 4],
) -> [u8; SIGNED_START_LEN] {
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
