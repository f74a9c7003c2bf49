//! Logging out a session before it expires. Spec, section 7.
//!
//! Pure, and for `no_std`:
//!
//! - `scope`: what can be logged out at once, and how a session names it;
//! - `table`: revoked scopes, compact, with a look-up that costs the same at every size;
//! - `state`: clock, floor and that table, and the verdict on a session;
//! - `change`: what moves a state forward;
//! - `document`: a state's sealed bytes;
//! - `view`: a state as one request sees it, with the verdict on its freshness.
//!
//! With `std`:
//!
//! - `in_this_process`: which sessions were signed out or changed in this process;
//! - `freshness`: how old a state is, and may be; pure;
//! - `store`: where servers share a document: a file, Redis, PostgreSQL, a bucket, one's own;
//! - `handle`: the state that [`Sessions`](crate::Sessions) read without a lock, how it is loaded, and
//!   how it is changed.

mod change;
mod document;
#[cfg(feature = "std")]
mod error;
#[cfg(feature = "std")]
mod freshness;
#[cfg(feature = "std")]
mod handle;
#[cfg(feature = "std")]
mod in_this_process;
mod scope;
mod state;
#[cfg(feature = "std")]
mod store;
mod table;
mod view;

pub use change::{Applied, ChangeError, RevocationChange};
pub use document::{DocumentCodec, DocumentError};
#[cfg(feature = "std")]
pub use error::{RefreshError, RevokeError};
#[cfg(feature = "std")]
pub(crate) use handle::Superseded;
#[cfg(feature = "std")]
pub use handle::{RevocationEvent, Revocations, RevocationsBuilder};
#[cfg(feature = "std")]
pub(crate) use in_this_process::InThisProcess;
pub use scope::{Scope, ScopeError, ScopeId, ScopeKind, Scopes};
pub use state::{RevocationState, StateError};
#[cfg(any(feature = "s3", feature = "gcs", feature = "azure"))]
pub use store::BucketStore;
#[cfg(feature = "postgres")]
pub use store::PostgresStore;
#[cfg(feature = "redis")]
pub use store::RedisStore;
#[cfg(feature = "std")]
pub use store::{
    FileStore, Loaded, Replaced, RevocationStore, StoreError, StoreErrorKind, StoreFuture, Version,
};
pub use view::RevocationView;
