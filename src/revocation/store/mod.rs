//! [`RevocationStore`]: where servers share their revocations, as one document. It is read if it
//! has changed, and replaced if it has not.
//!
//! A store reads and writes bytes. The handle above it decides what they mean, whether they are
//! authentic, and which state is the newer one. `file` is the store for one machine; `bucket`,
//! `redis` and `postgres` use servers.

#[cfg(any(feature = "s3", feature = "gcs", feature = "azure"))]
mod bucket;
mod file;
#[cfg(any(feature = "postgres", feature = "redis"))]
mod news;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "redis")]
mod redis;
#[cfg(any(
    feature = "s3",
    feature = "gcs",
    feature = "azure",
    feature = "postgres",
    feature = "redis"
))]
mod remote;
#[cfg(any(feature = "postgres", feature = "redis"))]
mod tls;

use alloc::boxed::Box;
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::error::Error;
use core::fmt;
use core::future::{Future, pending};
use core::pin::Pin;

use sha2::{Digest as _, Sha256};

#[cfg(any(feature = "s3", feature = "gcs", feature = "azure"))]
pub use bucket::BucketStore;
pub use file::FileStore;
#[cfg(feature = "postgres")]
pub use postgres::PostgresStore;
#[cfg(feature = "redis")]
pub use redis::RedisStore;

/// A future of a [`RevocationStore`].
pub type StoreFuture<'a, R> = Pin<Box<dyn Future<Output = R> + Send + 'a>>;

/// Keeps one document for many processes.
///
/// An implementation must keep these promises:
///
/// - `replace` compares and writes in one step: if two writers have read the same version, one of
///   them gets [`Replaced::Conflict`]. A store that cannot do this cannot keep revocations.
/// - After [`Replaced::Done`] the document survives a crash, and every `load` that begins later
///   returns it or a later one.
/// - A version never comes back: two documents with different bytes never have the same version.
///   (Each document contains fresh random bytes, so a hash of the whole document is a version. Its
///   first bytes are always the same.) A version that the store does not know is not the present
///   one.
/// - Every call ends within some seconds, with an error if need be. After 15 seconds it is given
///   up. After an error a `replace` may or may not have been done.
/// - An error that may pass by itself is [`StoreErrorKind::Unavailable`], and the call is tried
///   again for 30 seconds. Every other kind is returned at once to the caller of the revocations.
///
/// Calls are made one after the other, in the background: in a `tokio` runtime with timers, or in
/// what [`RevocationsBuilder::background`](crate::RevocationsBuilder::background) was given.
pub trait RevocationStore: Send + Sync + 'static {
    /// Reads the document, unless its version is still `known`.
    fn load<'a>(
        &'a self,
        known: Option<&'a Version>,
    ) -> StoreFuture<'a, Result<Loaded, StoreError>>;

    /// Writes `document`, if the present one still has the version `expected`; or, if that is
    /// `None`, if there is no document.
    fn replace<'a>(
        &'a self,
        expected: Option<&'a Version>,
        document: Vec<u8>,
    ) -> StoreFuture<'a, Result<Replaced, StoreError>>;

    /// Ends when the store was told, since its last `load` began, that the document has changed or
    /// may have changed. The document is then loaded at once, but at most 20 times a second, and
    /// loads take at most a fifth of the time. By default this never ends, for a store that is told
    /// of nothing. Every store is also loaded at the refresh interval.
    ///
    /// It may be dropped before its end and called again, and must not miss a change because of
    /// that. Only one [`Revocations`](crate::Revocations) calls it, so a change that it has told
    /// once need not be told again.
    fn changed(&self) -> StoreFuture<'_, ()> {
        Box::pin(pending())
    }
}

impl<S: RevocationStore + ?Sized> RevocationStore for Arc<S> {
    fn load<'a>(
        &'a self,
        known: Option<&'a Version>,
    ) -> StoreFuture<'a, Result<Loaded, StoreError>> {
        (**self).load(known)
    }

    fn replace<'a>(
        &'a self,
        expected: Option<&'a Version>,
        document: Vec<u8>,
    ) -> StoreFuture<'a, Result<Replaced, StoreError>> {
        (**self).replace(expected, document)
    }

    fn changed(&self) -> StoreFuture<'_, ()> {
        (**self).changed()
    }
}

/// A store's name for one state of the document: an entity tag, a generation, a fingerprint.
#[derive(Clone, PartialEq, Eq)]
pub struct Version(Arc<[u8]>);

impl Version {
    /// A version of these bytes, which mean something only to the store.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Version({} bytes)", self.0.len())
    }
}

/// What a load found.
pub enum Loaded {
    /// There is no document.
    Absent,
    /// The version is the one that was known.
    NotModified,
    /// A document.
    Document {
        /// Its bytes.
        bytes: Vec<u8>,
        /// Its version.
        version: Version,
    },
}

impl fmt::Debug for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("Absent"),
            Self::NotModified => f.write_str("NotModified"),
            Self::Document { bytes, version } => f
                .debug_struct("Document")
                .field("bytes", &bytes.len())
                .field("version", version)
                .finish(),
        }
    }
}

/// The result of a replacement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replaced {
    /// Written, and durable, under this version.
    Done(Version),
    /// The present document is not the expected one, or is being written. This call changed
    /// nothing. There is one exception: if a client repeats requests that were not answered, an
    /// earlier try of the same call may have written the document.
    Conflict,
}

/// More than any table needs: 64 MiB hold 3 million entries.
pub(super) const MAX_DOCUMENT: usize = 64 << 20;

/// What a store says of its document's length is checked before any of it is read.
fn check_len(len: usize) -> Result<(), StoreError> {
    if len > MAX_DOCUMENT {
        let text = format!("the document has {len} bytes, and at most {MAX_DOCUMENT} are read");
        return Err(StoreError::new(StoreErrorKind::Refused, text));
    }
    Ok(())
}

/// A version by all bytes of a document, which holds fresh random ones each time. A damaged
/// document is another one than was known.
fn fingerprint(document: &[u8]) -> Version {
    Version::from_bytes(&Sha256::digest(document))
}

/// Why a store did not do what it was asked for.
#[derive(Clone)]
pub struct StoreError {
    kind: StoreErrorKind,
    source: Arc<dyn Error + Send + Sync>,
}

impl StoreError {
    /// An error with its cause. The cause must not hold a secret.
    pub fn new(kind: StoreErrorKind, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            kind,
            source: source.into().into(),
        }
    }

    /// What kind of error.
    #[must_use]
    pub const fn kind(&self) -> StoreErrorKind {
        self.kind
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.source)
    }
}

impl fmt::Debug for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreError")
            .field("kind", &self.kind)
            .field("source", &self.source)
            .finish()
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

/// Kinds of [`StoreError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// It does not answer, or failed; another try may succeed.
    Unavailable,
    /// It cannot be used, and another try alone changes nothing: credentials, permissions, a full
    /// disk, an impossible path. The document is as it was.
    Refused,
    /// It cannot replace a document on a condition, its options switch that off, or it accepts the
    /// condition and ignores it. It would lose revocations, so it is not used.
    Unconditional,
}

impl fmt::Display for StoreErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unavailable => "the revocation store failed",
            Self::Refused => "the revocation store cannot be used",
            Self::Unconditional => {
                "the revocation store does not keep to conditions, and would lose revocations"
            }
        })
    }
}
