//! A session in its own cookie: the server seals it, and opens it again without a look-up.
//!
//! [`Sessions`] seals a typed value into a `Set-Cookie` line and opens it again from a `Cookie`
//! header. The value is authenticated and, by default, encrypted. It expires by two time limits, is
//! sealed with new keys as the [`KeyRing`] rotates, and can be revoked. A cookie that does not open
//! is refused with an [`OpenError`], which never says more than its kind.
//!
//! ```
//! use sealed_session::{Key, KeyRing, SessionData, Sessions};
//!
//! #[derive(serde::Serialize, serde::Deserialize)]
//! struct Account { user: u64 }
//! impl SessionData for Account { const NAME: &'static str = "account"; const SCHEMA: u32 = 1; }
//!
//! # #[cfg(feature = "std")] {
//! // In production: KeyRing::from_env("SESSION_KEYS")?
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
//! Cookie header -> cookie -> wire -> key ring -> aead -> claims -> validity -> payload -> session
//! session -> claims + payload -> aead -> wire -> cookie -> Set-Cookie header
//! ```
//!
//! Security depends on this order: nothing is interpreted before it is authenticated, and the
//! application's own code runs last, only for a token that is authentic, within its time limits and
//! not revoked. [`OpenErrorKind`] and the table in `docs/SPEC.md` have the same order.
//!
//! # Where to look
//!
//! The source has one folder for each of these, and each uses only those above it:
//!
//! - `time`, `error`: instants and every error type;
//! - `token`: what the bytes are, from base64url to the encoded value;
//! - `runtime`: clocks, threads and files;
//! - `keys`: a key, a ring, its rotation, a ring that follows a file;
//! - `revocation`: which sessions were revoked, and the stores that keep this;
//! - `cookie`: the `Set-Cookie` line, and finding ours in a `Cookie` header;
//! - `codec`: all the steps put together, without I/O;
//! - `telemetry`: events of opening, sealing, keys and revocations;
//! - `sessions`: the codec with a clock, randomness, and keys that can be replaced;
//! - `testing`: what an application's own tests use.
//!
//! # Two levels
//!
//! - [`Codec`] is pure and `no_std` + `alloc`: the time, random bytes and the revocation state are
//!   arguments. Use it directly in tests, in wasm, or with a clock of your own.
//! - [`Sessions`] (feature `std`) adds the system clock, the operating system's generator, a ring
//!   that can be replaced, a revocation state and the cookie's attributes. Frameworks and
//!   applications use this one.
//!
//! # Features
//!
//! - `std`, on by default: [`Sessions`] and what it needs.
//! - `ring`, `aws-lc-rs`: faster backends of the same format.
//! - `redis`, `postgres`, `s3`, `gcs`, `azure`: revocations in Redis or Valkey, in PostgreSQL, in a
//!   bucket.
//! - `tracing`, `metrics`: adapters of [`Telemetry`].
//! - `http`, `cookie`: [`SetCookie`] turns into their types.
//! - `json`: `Json`, a part of a session that has no fixed type. `docs/LOOSE.md` is for people who
//!   are used to `session.insert("key", value)`.
//! - `cli`: the command `sealed-session`, and `Codec::inspect`, which it uses.
//!
//! No feature changes a default, or a byte of what is sealed.
//!
//! # Keys
//!
//! A [`KeyRing`] contains the schedule of its keys. A [`RotationPolicy`] plans the next ring, and
//! checks what a deploy of it would break. A [`LiveKeyRing`] follows a file or a secrets manager
//! while requests run. `docs/OPERATIONS.md` describes how to operate them.
//!
//! # Logging out
//!
//! [`Revocations`] says where revocations are kept: in a store that servers share ([`FileStore`],
//! Redis, PostgreSQL, a bucket, your own [`RevocationStore`]), in this process, or as a number in
//! the configuration. `docs/REVOCATION.md` describes how to set up each.

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

mod codec;
mod cookie;
mod error;
mod keys;
mod revocation;
#[cfg(feature = "std")]
mod runtime;
#[cfg(feature = "std")]
mod sessions;
#[cfg(feature = "std")]
mod telemetry;
pub mod testing;
mod time;
mod token;

#[cfg(feature = "cli")]
pub use codec::Inspection;
pub use codec::data::{Migration, MigrationError, OldPayload, SessionData};
#[cfg(feature = "json")]
pub use codec::json::Json;
pub use codec::{Codec, CodecBuilder, Context, FetchMetadata, Lifetime, RenewalReasons, Session};
pub use cookie::{CookieSettings, CookieTemplate, RemovalCookies, SameSite, SetCookie};
pub use error::{
    BuildError, CookieError, KeyError, KeyRingError, KeyRingErrorKind, OpenError, OpenErrorKind,
    PayloadCause, PayloadError, RandomnessError, SealError,
};
#[cfg(feature = "std")]
pub use error::{KeyRingSourceError, KeyRingSourceErrorKind};
pub use keys::key::Key;
#[cfg(feature = "std")]
pub use keys::live::{
    KeyRefreshError, KeyRingEvent, KeyRingSource, Keys, LiveKeyRing, LiveKeyRingBuilder,
    SourceFuture,
};
pub use keys::ring::{KeyRing, RingKey};
#[cfg(feature = "std")]
pub use keys::ring::{KeyRingFile, KeyRingUpdateError};
pub use keys::rotation::{CheckReport, Finding, Rotation, RotationError, RotationPolicy};
#[cfg(any(feature = "s3", feature = "gcs", feature = "azure"))]
pub use revocation::BucketStore;
#[cfg(feature = "postgres")]
pub use revocation::PostgresStore;
#[cfg(feature = "redis")]
pub use revocation::RedisStore;
pub use revocation::{
    Applied, ChangeError, DocumentCodec, DocumentError, RevocationChange, RevocationState,
    RevocationView, Scope, ScopeError, ScopeId, ScopeKind, Scopes, StateError,
};
#[cfg(feature = "std")]
pub use revocation::{
    FileStore, Loaded, RefreshError, Replaced, RevocationEvent, RevocationStore, Revocations,
    RevocationsBuilder, RevokeError, StoreError, StoreErrorKind, StoreFuture, Version,
};
#[cfg(feature = "std")]
pub use runtime::background::{Background, BackgroundFuture};
#[cfg(feature = "std")]
pub use runtime::clock::{Clock, ManualClock, SystemClock};
#[cfg(feature = "std")]
pub use runtime::operation::Operation;
#[cfg(feature = "std")]
pub use sessions::{Bound, NotEverywhere, Sessions, SessionsBuilder, SignIn, SignedOut};
#[cfg(feature = "metrics")]
pub use telemetry::MetricsTelemetry;
#[cfg(feature = "tracing")]
pub use telemetry::TracingTelemetry;
#[cfg(feature = "std")]
pub use telemetry::{Telemetry, TelemetryEvent};
pub use time::{Epoch, TimeError, UnixTime};
pub use token::canonical::list;
pub use token::claims::{Claims, SessionId};
pub use token::key_id::KeyId;
pub use token::random::Randomness;
pub use token::sealed::Sealed;
pub use token::wire::Protection;

// The handle's interleavings are checked from inside, where the model checker can be had.
#[cfg(all(test, shuttle))]
extern crate self as sealed_session;
#[cfg(all(test, shuttle))]
#[path = "../tests/shuttle/model.rs"]
mod shuttle_model;

#[cfg(all(doctest, feature = "std", feature = "http", feature = "json"))]
mod pages;
