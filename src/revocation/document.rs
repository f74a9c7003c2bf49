//! The stored form of a [`RevocationState`]: sealed, versioned, and one text of bytes for one state.
//! Spec, section 7 for the envelope and section 13 for the body:
//!
//! ```text
//! document = 0x03 || key_id (4) || nonce (24) || ciphertext || tag (16)
//! body     = 0x01 || clock (8) || floor (8) || entries          all numbers big-endian
//! entry    = scope (12) || epoch (8)                            scopes ascend, floor < epoch <= clock
//! ```

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::scope::Scope;
use super::state::RevocationState;
use super::table::{ENTRY_LEN, Table};
use crate::error::{BuildError, KeyRingError, SealError};
use crate::keys::ring::KeyRing;
use crate::keys::ring::derived::DerivedRing;
use crate::time::{Epoch, UnixTime};
use crate::token::aead::{NONCE_LEN, TAG_LEN};
use crate::token::canonical::length_prefix;
use crate::token::key_id::KeyId;
use crate::token::random::Randomness;
use crate::token::schedule::DocumentKeys;

const DOCUMENT: u8 = 0x03;
const HEADER_LEN: usize = 5;
const LAYOUT: u8 = 0x01;
/// First byte, key id and nonce: no two documents share them.
#[cfg(feature = "std")]
pub(super) const MARK_LEN: usize = HEADER_LEN + NONCE_LEN;
/// Layout, clock and floor.
const FIXED_LEN: usize = 17;

/// Seals a [`RevocationState`] into the bytes that a store keeps, and opens them again. Pure.
///
/// A document is encrypted and authenticated under keys of its own for one audience, so a store
/// that leaks names no scope, and a forged, cut or foreign one does not open. An old copy does:
/// whoever holds a newer state refuses it ([`RevocationState::succeeds`]), a process that has just
/// started cannot know.
pub struct DocumentCodec {
    audience: String,
    ring: DerivedRing<DocumentKeys>,
}

impl DocumentCodec {
    /// The documents of one audience, as in
    /// [`Codec::builder`](crate::Codec::builder).
    ///
    /// # Errors
    ///
    /// [`BuildError`]: an empty audience, or two keys with the same id for it.
    pub fn new(audience: &str, keys: &KeyRing) -> Result<Self, BuildError> {
        if audience.is_empty() {
            return Err(BuildError::EmptyAudience);
        }
        length_prefix(audience.as_bytes()).ok_or(BuildError::AudienceTooLong)?;
        Ok(Self {
            audience: audience.into(),
            ring: derive_ring(keys, audience)?,
        })
    }

    /// The same documents under another ring.
    ///
    /// # Errors
    ///
    /// [`KeyRingError`] when two keys of the ring have the same id for this audience.
    pub fn with_keys(&self, keys: &KeyRing) -> Result<Self, KeyRingError> {
        Ok(Self {
            audience: self.audience.clone(),
            ring: derive_ring(keys, &self.audience)?,
        })
    }

    /// The audience.
    #[must_use]
    pub fn audience(&self) -> &str {
        &self.audience
    }

    /// Seals `state` under the sealing key of `now`: 62 bytes, and 20 an entry.
    ///
    /// # Errors
    ///
    /// [`SealError::NoSealingKey`] and [`SealError::RetiredSealingKey`].
    pub fn seal(
        &self,
        state: &RevocationState,
        now: UnixTime,
        random: &Randomness,
    ) -> Result<Vec<u8>, SealError> {
        let keys = self.ring.sealing(now)?;
        let mut body = encode(state);
        let digest = keys.nonce.compute(&[random.as_bytes(), &body]);
        let mut nonce = [0; NONCE_LEN];
        nonce
            .iter_mut()
            .zip(digest)
            .for_each(|(to, from)| *to = from);
        let [a, b, c, d] = keys.id.to_bytes();
        let header: [u8; HEADER_LEN] = [DOCUMENT, a, b, c, d];
        let tag = keys
            .encrypt
            .seal(&nonce, &header, &mut body)
            .map_err(|_| SealError::Encryption)?;
        Ok([&header[..], &nonce, &body, &tag].concat())
    }

    /// Opens a document, in its own bytes. Any key of the ring opens it, whatever its `open-until`.
    ///
    /// # Errors
    ///
    /// [`DocumentError`].
    pub fn open(&self, mut document: Vec<u8>) -> Result<RevocationState, DocumentError> {
        let id = key_id(&document)?;
        let keys = self.ring.known(id).ok_or(DocumentError::UnknownKey(id))?;
        let (header, rest) = document
            .split_first_chunk_mut::<HEADER_LEN>()
            .ok_or(DocumentError::NotADocument)?;
        let (nonce, sealed) = rest
            .split_first_chunk_mut::<NONCE_LEN>()
            .filter(|(_, sealed)| sealed.len() >= TAG_LEN)
            .ok_or(DocumentError::NotADocument)?;
        let body = keys
            .encrypt
            .open(nonce, header, sealed)
            .map_err(|_| DocumentError::Unauthentic)?;
        decode(body)
    }

    /// Whether a key that is not the sealing key of `now` sealed it, so that whoever may write
    /// should write it again, before that key leaves the ring.
    #[must_use]
    pub fn has_moved_on(&self, document: &[u8], now: UnixTime) -> bool {
        key_id(document).is_ok_and(|id| self.ring.has_moved_on(id, now))
    }
}

impl fmt::Debug for DocumentCodec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DocumentCodec")
            .field("audience", &self.audience)
            .field("keys", &self.ring)
            .finish()
    }
}

fn derive_ring(keys: &KeyRing, audience: &str) -> Result<DerivedRing<DocumentKeys>, KeyRingError> {
    DerivedRing::new(keys, audience, |root| {
        DocumentKeys::derive(root.as_bytes(), audience)
    })
}

/// The key that a document names.
fn key_id(document: &[u8]) -> Result<KeyId, DocumentError> {
    match document {
        &[DOCUMENT, a, b, c, d, ..] => Ok(KeyId([a, b, c, d])),
        _ => Err(DocumentError::NotADocument),
    }
}

fn encode(state: &RevocationState) -> Vec<u8> {
    let entries = state.len().saturating_mul(ENTRY_LEN);
    let mut body = Vec::with_capacity(FIXED_LEN.saturating_add(entries));
    body.push(LAYOUT);
    body.extend_from_slice(&state.clock().as_millis().to_be_bytes());
    body.extend_from_slice(&state.floor().as_millis().to_be_bytes());
    for (scope, epoch) in state.revoked() {
        body.extend_from_slice(&scope.to_bytes());
        body.extend_from_slice(&epoch.as_millis().to_be_bytes());
    }
    body
}

fn decode(body: &[u8]) -> Result<RevocationState, DocumentError> {
    const MALFORMED: DocumentError = DocumentError::Malformed;
    let (&layout, mut rest) = body.split_first().ok_or(MALFORMED)?;
    if layout != LAYOUT {
        return Err(DocumentError::UnsupportedLayout(layout));
    }
    let clock = take_epoch(&mut rest).ok_or(MALFORMED)?;
    let floor = take_epoch(&mut rest).ok_or(MALFORMED)?;
    let (entries, []) = rest.as_chunks::<ENTRY_LEN>() else {
        return Err(MALFORMED);
    };
    let mut entries_in_range = true;
    let revoked = Table::from_ascending(entries.iter().map(|entry| {
        let (scope, epoch) = split_entry(entry);
        entries_in_range &= floor < epoch && epoch <= clock;
        (scope, epoch)
    }))
    .ok_or(MALFORMED)?;
    if floor > clock || !entries_in_range {
        return Err(MALFORMED);
    }
    Ok(RevocationState {
        clock,
        floor,
        revoked,
    })
}

fn take_epoch(input: &mut &[u8]) -> Option<Epoch> {
    let (bytes, rest) = input.split_first_chunk()?;
    *input = rest;
    Some(Epoch::from_millis(u64::from_be_bytes(*bytes)))
}

const fn split_entry(entry: &[u8; ENTRY_LEN]) -> (Scope, Epoch) {
    let &[scope @ .., a, b, c, d, e, f, g, h] = entry;
    let epoch = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
    (Scope::from_bytes(scope), Epoch::from_millis(epoch))
}

/// Why a stored document does not open. Nothing of it is in the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DocumentError {
    /// Too short, or another first byte: no document, or a later version's.
    NotADocument,
    /// No key of the ring has this id: the document is of another audience, or its key has left the ring.
    UnknownKey(KeyId),
    /// Forged, cut or damaged.
    Unauthentic,
    /// Authentic, in a layout that this version does not know.
    UnsupportedLayout(u8),
    /// Authentic, and still no state: a bug of its writer.
    Malformed,
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the revocation document does not open: ")?;
        match self {
            Self::NotADocument => f.write_str("it is too short, or of a later version"),
            Self::UnknownKey(id) => write!(
                f,
                "no key of the ring has its key id {id}; it is another audience's, or its key left \
                 the ring before a server wrote it again"
            ),
            Self::Unauthentic => f.write_str("it is forged, cut or damaged"),
            Self::UnsupportedLayout(layout) => {
                write!(f, "its layout is {layout}, and this version knows {LAYOUT}")
            }
            Self::Malformed => f.write_str("its contents contradict each other"),
        }
    }
}

impl core::error::Error for DocumentError {}
