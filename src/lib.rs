//! A session that lives in its own cookie: sealed by the server, opened with no look-up.
//!
//! [`Sessions`] seals a typed value into a `Set-Cookie` line and opens it again from a `Cookie`
//! header. The value is encrypted and authenticated, ends by two time limits, moves from key to key
//! as the [`KeyRing`] rotates, and can be revoked. What does not open is refused with an
//! [`OpenError`], which never says more than its kind.
//!
//! ```
//! use sealed_session::{Key, KeyRing, SessionData, Sessions};
//!
//! #[derive(serde::Serialize, serde::Deserialize)]
//! struct Account { user: u64 }
//! impl SessionData for Account { const SCHEMA: u32 = 1; }
//!
//! # #[cfg(feature = "std")] {
//! // In earnest: KeyRing::from_env("SESSION_KEYS")?
//! let keys = KeyRing::from_key(Key::generate()?);
//! let sessions = Sessions::<Account>::builder("shop.example", &keys).build()?;
//! let set_cookie = sessions.start(&Account { user: 7 })?; // at sign-in
//! # let cookie_header = set_cookie.as_str().split(';').next().unwrap();
//! let session = sessions.open(cookie_header)?; // in every request
//! assert_eq!(session.value().user, 7);
//! # }
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! # How a cookie opens
//!
//! ```text
//! Cookie header -> cookie -> wire -> key_ring -> aead -> claims -> validity -> payload -> session
//! session -> claims + payload -> aead -> wire -> cookie -> Set-Cookie header
//! ```
//!
//! Each step is a module, and imports go one way along it. The order is the security argument:
//! nothing is interpreted before it is authenticated, and the application's own code runs last, for
//! a token that is authentic, alive and not revoked. It is also the order of [`OpenErrorKind`] and
//! of the table in `docs/SPEC.md`.
//!
//! # Two levels
//!
//! - [`Codec`] is pure and `no_std` + `alloc`: the time, random bytes and the revocation state are
//!   arguments. Tests, wasm and other clocks use it directly.
//! - [`Sessions`] (feature `std`) adds the system clock, the operating system's generator, a ring
//!   that can be swapped, a revocation state and the cookie's attributes. Frameworks and
//!   applications use this one.
//!
//! # Features
//!
//! - `std`, on by default: [`Sessions`] and what it stands on.
//! - `ring`, `aws-lc-rs`: faster backends of the same format.
//! - `object-store`: revocations in S3, GCS, Azure, R2, by the `object_store` crate.
//! - `tracing`, `metrics`: adapters of [`Telemetry`].
//! - `http`, `cookie`: [`SetCookie`] turns into their types.
//!
//! - `cli`: the command `sealed-session`, and `Codec::inspect`, which it uses.
//!
//! # Keys
//!
//! A [`KeyRing`] carries its schedule. [`RotationPolicy`] plans the next one and checks what a deploy would
//! lose; a [`LiveKeyRing`] follows a file or a secrets manager while requests run. `docs/OPERATIONS.md` is
//! for who deploys them.
//!
//! # Logging out
//!
//! [`Revocations`] say where it is kept who was logged out: in a store that servers share ([`FileStore`],
//! an object store, one's own [`RevocationStore`]), in this process, or by a number of the
//! configuration. `docs/REVOCATION.md` sets each up.
//!
//! No feature changes a default or a byte.

#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
// In the library alone: tests and examples have `std`.
#![warn(
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    clippy::alloc_instead_of_core
)]

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
#[cfg(feature = "std")]
mod live;
mod mac;
#[cfg(feature = "std")]
mod operation;
mod payload;
mod random;
mod revocation;
mod rotation;
mod schedule;
mod sealed;
#[cfg(feature = "std")]
mod sessions;
#[cfg(feature = "std")]
mod sync;
#[cfg(feature = "std")]
mod telemetry;
pub mod testing;
mod time;
#[cfg(feature = "std")]
mod unblock;
mod validity;
#[cfg(feature = "std")]
mod whole_file;
mod wire;

pub use canonical::list;
pub use claims::{Claims, SessionId};
#[cfg(feature = "std")]
pub use clock::{Clock, ManualClock, SystemClock};
#[cfg(feature = "cli")]
pub use codec::Inspection;
pub use codec::{Codec, CodecBuilder, Context, RenewalReasons, Session};
pub use cookie::{CookieSettings, CookieTemplate, SameSite, SetCookie};
pub use data::{Migration, MigrationError, OldPayload, SessionData};
pub use error::{
    BuildError, CookieError, KeyError, KeyRingError, KeyRingErrorKind, OpenError, OpenErrorKind,
    RandomnessError, SealError,
};
#[cfg(feature = "std")]
pub use error::{KeyRingSourceError, KeyRingSourceErrorKind};
pub use key::{Key, KeyId};
pub use key_ring::{KeyRing, RingKey};
#[cfg(feature = "std")]
pub use key_ring::{KeyRingFile, KeyRingUpdateError};
#[cfg(feature = "std")]
pub use live::{
    KeyRefreshError, KeyRingEvent, KeyRingSource, Keys, LiveKeyRing, LiveKeyRingBuilder,
    SourceFuture,
};
#[cfg(feature = "std")]
pub use operation::Operation;
pub use random::Randomness;
#[cfg(feature = "object-store")]
pub use revocation::ObjectRevocationStore;
pub use revocation::{
    Applied, ChangeError, DocumentCodec, DocumentError, RevocationChange, RevocationState,
    RevocationView, Scope, ScopeError, ScopeId, Scopes, StateError,
};
#[cfg(feature = "std")]
pub use revocation::{
    FileStore, Loaded, RefreshError, Replaced, RevocationEvent, RevocationStore, Revocations,
    RevocationsBuilder, RevokeError, StoreError, StoreErrorKind, StoreFuture, Version,
};
pub use rotation::{CheckReport, Finding, Rotation, RotationError, RotationPolicy};
pub use sealed::Sealed;
#[cfg(feature = "std")]
pub use sessions::{Bound, Sessions, SessionsBuilder, SignIn};
#[cfg(feature = "metrics")]
pub use telemetry::MetricsTelemetry;
#[cfg(feature = "tracing")]
pub use telemetry::TracingTelemetry;
#[cfg(feature = "std")]
pub use telemetry::{Telemetry, TelemetryEvent};
pub use time::{Epoch, TimeError, UnixTime};
pub use wire::Protection;

// The handle's interleavings are checked from inside, where the model checker can be had.
#[cfg(all(test, shuttle))]
extern crate self as sealed_session;
#[cfg(all(test, shuttle))]
#[path = "../tests/shuttle/model.rs"]
mod shuttle_model;

/// The README's examples, run as documentation tests.
#[cfg(all(doctest, feature = "std"))]
#[doc = include_str!("../README.md")]
struct Readme;
