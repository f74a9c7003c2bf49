//! The 32 fresh bytes that each sealing takes. Spec, section 4.
//!
//! There is no generator in user space: a clone of the process would repeat it.

use core::fmt;

#[cfg(feature = "std")]
use crate::error::RandomnessError;

/// 32 random bytes for one sealing. It is used up by it: the type is neither `Clone` nor `Copy`.
pub struct Randomness([u8; 32]);

impl Randomness {
    /// Asks the operating system, once.
    ///
    /// # Errors
    ///
    /// [`RandomnessError`] when the operating system's generator fails, or where there is none
    /// (`wasm32-unknown-unknown`). There is no fallback.
    #[cfg(feature = "std")]
    pub fn from_os() -> Result<Self, RandomnessError> {
        let mut bytes = [0; 32];
        fill_from_os(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// Takes bytes from the caller: for tests, and for targets without an operating system.
    ///
    /// Dangerous, because the caller answers for them. They must come from a cryptographic
    /// generator and serve one sealing only. The nonce also depends on what is sealed (it is
    /// hedged, spec section 4), so a repetition repeats a nonce only for an identical token; it
    /// is no licence to repeat.
    #[must_use]
    pub const fn dangerous_from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Randomness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Randomness(..)")
    }
}

/// Fills `bytes` from the operating system's generator.
#[cfg(feature = "std")]
pub(crate) fn fill_from_os(bytes: &mut [u8]) -> Result<(), RandomnessError> {
    #[cfg(not(all(target_family = "wasm", any(target_os = "unknown", target_os = "none"))))]
    return getrandom::fill(bytes).map_err(|_| RandomnessError::new());
    #[cfg(all(target_family = "wasm", any(target_os = "unknown", target_os = "none")))]
    {
        let _ = bytes;
        Err(RandomnessError::new())
    }
}
