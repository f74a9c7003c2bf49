//! The key schedule: what a root key becomes for one audience, and there for one cookie name or
//! for the revocation document.
//!
//! Every label of the spec (section 2) stands here and nowhere else. The steps are HKDF-Expand
//! alone (RFC 5869, sections 2.3 and 3.3), because root keys are uniform already.

use alloc::boxed::Box;
use alloc::vec::Vec;

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::{Zeroizing, zeroize_stack};

use crate::token::aead::Cipher;
use crate::token::canonical::list;
use crate::token::key_id::KeyId;
use crate::token::mac::Mac;

const VERSION: &str = "sealed-session/v1";
const AUDIENCE: &str = "audience";
const KEY_ID: &str = "key id";
const ENCRYPT: &str = "encrypt";
const NONCE: &str = "nonce";
const SIGN: &str = "sign";
const SESSION_ID: &str = "session id";
const REVOCATIONS: &str = "revocations";
const REVOCATIONS_NONCE: &str = "revocations nonce";

/// More stack than any derivation below takes, so that what HKDF leaves there is wiped.
const STACK: usize = 8 * 1024;

/// The secret bytes of a root key.
type Root = [u8; 32];
type Secret<const N: usize> = Zeroizing<[u8; N]>;

/// The keys by which one root seals and opens one cookie of one audience.
pub(crate) struct DerivedKeys {
    pub(crate) id: KeyId,
    /// `k_enc`
    pub(crate) encrypt: Cipher,
    /// `k_sig`
    pub(crate) sign: Mac,
    /// `k_nonce`
    pub(crate) nonce: Mac,
    /// `k_sid`
    pub(crate) session_id: Mac,
}

impl DerivedKeys {
    /// The keys stand behind a pointer, so that moving them leaves no copy.
    pub(crate) fn derive(root: &Root, audience: &str, cookie_name: &str) -> Box<Self> {
        let keys = Self::derive_unwiped(root, audience, cookie_name);
        zeroize_stack::<STACK>();
        keys
    }

    #[inline(never)]
    fn derive_unwiped(root: &Root, audience: &str, cookie_name: &str) -> Box<Self> {
        let aud = expand_audience(root, audience);
        let derive = |label| expand::<32>(&aud, &[VERSION, label, cookie_name]);
        Box::new(Self {
            id: expand_key_id(&aud),
            encrypt: Cipher::new(&derive(ENCRYPT)),
            sign: Mac::new(&derive(SIGN)),
            nonce: Mac::new(&derive(NONCE)),
            session_id: Mac::new(&derive(SESSION_ID)),
        })
    }
}

/// The keys by which one root seals and opens the revocation document of one audience.
pub(crate) struct DocumentKeys {
    pub(crate) id: KeyId,
    /// `k_rev`
    pub(crate) encrypt: Cipher,
    /// `k_rnonce`
    pub(crate) nonce: Mac,
}

impl DocumentKeys {
    /// As [`DerivedKeys::derive`].
    pub(crate) fn derive(root: &Root, audience: &str) -> Box<Self> {
        let keys = Self::derive_unwiped(root, audience);
        zeroize_stack::<STACK>();
        keys
    }

    #[inline(never)]
    fn derive_unwiped(root: &Root, audience: &str) -> Box<Self> {
        let aud = expand_audience(root, audience);
        Box::new(Self {
            id: expand_key_id(&aud),
            encrypt: Cipher::new(&expand(&aud, &[VERSION, REVOCATIONS])),
            nonce: Mac::new(&expand(&aud, &[VERSION, REVOCATIONS_NONCE])),
        })
    }
}

/// The public name of `root` for `audience`.
pub(crate) fn key_id(root: &Root, audience: &str) -> KeyId {
    let id = id_unwiped(root, audience);
    zeroize_stack::<STACK>();
    id
}

#[inline(never)]
fn id_unwiped(root: &Root, audience: &str) -> KeyId {
    expand_key_id(&expand_audience(root, audience))
}

fn expand_audience(root: &Root, audience: &str) -> Secret<32> {
    expand(root, &[VERSION, AUDIENCE, audience])
}

fn expand_key_id(aud: &[u8; 32]) -> KeyId {
    KeyId(*expand(aud, &[VERSION, KEY_ID]))
}

/// `expand(key, list(info), N)`
fn expand<const N: usize>(key: &[u8; 32], info: &[&str]) -> Secret<N> {
    const { assert!(N <= 32, "one block of SHA-256") };
    let mut out = Zeroizing::new([0; N]);
    let info: Vec<&[u8]> = info.iter().map(|text| text.as_bytes()).collect();
    #[expect(
        clippy::expect_used,
        reason = "32 bytes are a PRK, and N at most 32 an OKM"
    )]
    Hkdf::<Sha256>::from_prk(key)
        .expect("32 bytes are as long as a SHA-256 output")
        .expand(&list(&info), out.as_mut_slice())
        .expect("N is at most one block");
    out
}
