//! A session that lives in its own cookie.
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

mod aead;
mod canonical;
mod claims;
#[cfg(feature = "std")]
mod clock;
mod codec;
mod cookie;
mod data;
mod error;
mod key;
mod key_ring;
mod mac;
mod payload;
mod random;
mod revocation;
mod schedule;
#[cfg(feature = "std")]
mod sessions;
pub mod testing;
mod time;
mod validity;
mod wire;

pub use canonical::list;
pub use claims::{Claims, SessionId};
#[cfg(feature = "std")]
pub use clock::{Clock, ManualClock, SystemClock};
pub use codec::{Codec, CodecBuilder, Context, RenewalReasons, Sealed, Session};
pub use cookie::{CookieSettings, CookieTemplate, SameSite, SetCookie};
pub use data::{Migration, MigrationError, OldPayload, SessionData};
pub use error::{
    BuildError, CookieError, KeyError, KeyRingError, KeyRingErrorKind, OpenError, OpenErrorKind,
    RandomnessError, SealError, TimeError,
};
#[cfg(feature = "std")]
pub use error::{KeyRingSourceError, RevokeError};
pub use key::{Key, KeyId};
pub use key_ring::{KeyRing, RingKey};
pub use random::Randomness;
#[cfg(feature = "std")]
pub use revocation::Revocations;
pub use revocation::{
    RevocationState, RevocationView, Scope, ScopeError, ScopeId, Scopes, StateError,
};
#[cfg(feature = "std")]
pub use sessions::{Bound, Sessions, SessionsBuilder};
pub use time::{Epoch, UnixTime};
pub use wire::Protection;
