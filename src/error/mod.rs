//! The error types, except those that belong to one small type and are beside it.
//!
//! There are two kinds of error. [`OpenError`] is for traffic: it has a kind to count, and nothing
//! of the input. The others are for developers and operators: they have details, but never a secret
//! or a payload.

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
