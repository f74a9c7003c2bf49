//! [`Key`], the one type that owns a root secret.
//!
//! The text form is typed and checked: `ssk1_` and base64url of the 32 secret bytes and the first
//! four bytes of SHA-256("ssk1" || secret). A broken paste is found before it is used, and
//! scanners can find a leak. What is derived from a key is left to `token::schedule`.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize as _, ZeroizeOnDrop, Zeroizing};

use crate::error::KeyError;
#[cfg(feature = "std")]
use crate::error::RandomnessError;
use crate::token::key_id::KeyId;
use crate::token::schedule::key_id;

/// What the text form starts with.
pub(crate) const PREFIX: &str = "ssk1_";
/// What the check sum is taken over, before the secret.
const CHECK_SUM_LABEL: &[u8] = b"ssk1";
const CHECK_SUM_LEN: usize = 4;
const SECRET_LEN: usize = 32;
/// base64url of secret and check sum.
pub(crate) const ENCODED_LEN: usize = 48;
/// `ssk1_` and 48 characters.
pub(crate) const TEXT_LEN: usize = 53;

const _: () = assert!(
    (SECRET_LEN + CHECK_SUM_LEN).is_multiple_of(3),
    "no spare bits"
);
const _: () = assert!((SECRET_LEN + CHECK_SUM_LEN) / 3 * 4 == ENCODED_LEN);
const _: () = assert!(PREFIX.len() + ENCODED_LEN == TEXT_LEN);

/// A root key: 32 secret bytes, from which everything else is derived (spec, section 2).
///
/// It is wiped when dropped, and kept behind a pointer so that moving it leaves no copy.
///
/// ```
/// use sealed_session::Key;
///
/// let key = Key::generate()?;
/// let text = key.expose_secret(); // ssk1_…, for the secret store and nowhere else
/// let again: Key = text.parse()?;
/// assert_eq!(again.id("shop.example"), key.id("shop.example"));
/// assert_eq!(format!("{key:?}"), "Key(..)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Key(Box<[u8; SECRET_LEN]>);

impl Key {
    /// A new key from the operating system's generator.
    ///
    /// # Errors
    ///
    /// [`RandomnessError`] when the generator fails. There is no fallback.
    #[cfg(feature = "std")]
    pub fn generate() -> Result<Self, RandomnessError> {
        let mut secret = Box::new([0; SECRET_LEN]);
        crate::token::random::fill_from_os(secret.as_mut_slice())?;
        Ok(Self(secret))
    }

    /// A key from 32 bytes of a secret store. The caller wipes its own copy.
    ///
    /// # Errors
    ///
    /// [`KeyError::Weak`] when all bytes are the same, as in a key that was never set.
    pub fn from_bytes(secret: &[u8; SECRET_LEN]) -> Result<Self, KeyError> {
        let (first, rest) = secret.split_first().ok_or(KeyError::Length)?;
        if rest.iter().all(|byte| byte == first) {
            return Err(KeyError::Weak);
        }
        Ok(Self(Box::new(*secret)))
    }

    /// The text form, `ssk1_…`, wiped when dropped. The one way by which a secret leaves.
    #[must_use]
    pub fn expose_secret(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new([0; SECRET_LEN + CHECK_SUM_LEN]);
        let (secret, sum) = bytes.split_at_mut(SECRET_LEN);
        secret.copy_from_slice(self.as_bytes());
        sum.copy_from_slice(&check_sum(self.as_bytes()));
        // Into a buffer that is wiped; `encode_string` would leave the text in one of its own.
        let mut encoded = Zeroizing::new([0; ENCODED_LEN]);
        let encoding = URL_SAFE_NO_PAD.encode_slice(bytes.as_slice(), encoded.as_mut_slice());
        debug_assert_eq!(encoding, Ok(ENCODED_LEN));
        // Room for all of it, so that the text never moves and leaves a copy behind.
        let mut text = Zeroizing::new(String::with_capacity(TEXT_LEN));
        text.push_str(PREFIX);
        text.push_str(core::str::from_utf8(encoded.as_slice()).unwrap_or_default());
        text
    }

    /// The public name of this key for `audience`, as it stands in every token that it sealed.
    /// Ids of one key differ between audiences.
    #[must_use]
    pub fn id(&self, audience: &str) -> KeyId {
        key_id(self.as_bytes(), audience)
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; SECRET_LEN] {
        &self.0
    }
}

impl FromStr for Key {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let encoded = text.strip_prefix(PREFIX).ok_or(KeyError::Prefix)?;
        if text.len() != TEXT_LEN {
            return Err(KeyError::Length);
        }
        let mut bytes = Zeroizing::new([0; SECRET_LEN + CHECK_SUM_LEN]);
        let decoded = URL_SAFE_NO_PAD.decode_slice(encoded, bytes.as_mut_slice());
        if decoded != Ok(SECRET_LEN + CHECK_SUM_LEN) {
            return Err(KeyError::Encoding);
        }
        let (secret, sum) = bytes.split_first_chunk().ok_or(KeyError::Length)?;
        if sum != check_sum(secret) {
            return Err(KeyError::CheckSum);
        }
        Self::from_bytes(secret)
    }
}

fn check_sum(secret: &[u8; SECRET_LEN]) -> [u8; CHECK_SUM_LEN] {
    let digest = Sha256::new()
        .chain_update(CHECK_SUM_LABEL)
        .chain_update(secret)
        .finalize();
    let [a, b, c, d, ..] = digest.0;
    [a, b, c, d]
}

impl Drop for Key {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl ZeroizeOnDrop for Key {}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}
