//! Every error type but those that belong to one small type and stand beside it.
//!
//! Two kinds of reader. [`OpenError`] is for traffic: opaque, a kind to count, nothing of the
//! input in it. The others are for developers and operators: rich, and still without a secret or a
//! payload.

mod config;
mod cookie;
mod key;
mod key_ring;
#[cfg(feature = "std")]
mod key_source;
mod open;
mod payload;
mod seal;

pub use config::BuildError;
pub use cookie::CookieError;
pub use key::KeyError;
pub use key_ring::{KeyRingError, KeyRingErrorKind};
#[cfg(feature = "std")]
pub use key_source::{KeyRingSourceError, KeyRingSourceErrorKind};
pub use open::{OpenError, OpenErrorKind};
pub use payload::{PayloadCause, PayloadError};
pub use seal::{RandomnessError, SealError};
