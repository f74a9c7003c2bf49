//! Why a state was not read, or a revocation not made.

use core::fmt;

use super::change::ChangeError;
use super::document::DocumentError;
use super::store::{StoreError, StoreErrorKind};
use crate::error::{RandomnessError, SealError};
use crate::time::{Epoch, TimeError};

/// Why a revocation state was not read. The state that the process holds stays as it was, and gets
/// older.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RefreshError {
    /// There is no usable time.
    Clock(TimeError),
    /// The store failed.
    Store(StoreError),
    /// There is no document, and this process has never held one.
    NoStore,
    /// There is no document any more. The process goes on with the state that it holds, up to the
    /// staleness bound. It never creates a new document by itself.
    Lost {
        /// The clock of the state that this process holds. A new store must be above the greatest
        /// of these clocks on all servers.
        held: Epoch,
    },
    /// The document does not open.
    Document(DocumentError),
    /// The document is older than the state that this process holds, or does not follow from it: an
    /// old copy was put back, or the store forgot a write. A process that may write replaces it, by
    /// itself, with a new state above both.
    RolledBack {
        /// The clock of the state that this process holds.
        held: Epoch,
        /// The clock of the document.
        found: Epoch,
    },
    /// The background task was lost before it had an answer. It starts again with the next call.
    Interrupted,
}

impl fmt::Display for RefreshError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot read the revocations: ")?;
        match self {
            Self::Clock(error) => error.fmt(f),
            Self::Store(error) => error.fmt(f),
            Self::NoStore => f.write_str(
                "the store holds none; make it once, by create_store, or look whether its place \
                 is the right one",
            ),
            Self::Lost { held } => write!(
                f,
                "the store has lost them. Is its place the right one? If they are gone, create_store makes a \
                 new one; it must be above {held}, which this process knows, and above what other servers \
                 name"
            ),
            Self::Document(error) => error.fmt(f),
            Self::RolledBack { held, found } => write!(
                f,
                "the store's clock {found} does not follow {held}, which this process has seen: an \
                 old copy was put back, or the store forgets; a server that may write puts it right"
            ),
            Self::Interrupted => {
                f.write_str("the background task was lost before it had an answer; try again")
            }
        }
    }
}

impl core::error::Error for RefreshError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Clock(error) => Some(error),
            Self::Store(error) => Some(error),
            Self::Document(error) => Some(error),
            Self::NoStore | Self::Lost { .. } | Self::RolledBack { .. } | Self::Interrupted => None,
        }
    }
}

impl From<TimeError> for RefreshError {
    fn from(error: TimeError) -> Self {
        Self::Clock(error)
    }
}

impl From<DocumentError> for RefreshError {
    fn from(error: DocumentError) -> Self {
        Self::Document(error)
    }
}

/// Why a revocation was not acknowledged. If the store failed in one of the tries, or after
/// [`Interrupted`](Self::Interrupted), it may have been made all the same.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RevokeError {
    /// The epoch is a number from the configuration: raise it there.
    Fixed,
    /// This process was told not to write.
    ReadOnly,
    /// There is no usable time.
    Clock(TimeError),
    /// The state cannot make this change.
    Change(ChangeError),
    /// The session was opened under another audience or cookie name: use the sessions that opened
    /// it.
    OtherOrigin,
    /// The present state could not be read.
    Refresh(RefreshError),
    /// The store failed. If it was only [unavailable](StoreErrorKind::Unavailable), the revocation
    /// may or may not have been made: try again.
    Store(StoreError),
    /// Other processes kept writing to the store. Try again.
    Contended,
    /// The new document could not be sealed: no key seals now.
    Seal(SealError),
    /// The background task was lost before it had an answer. The revocation may or may not have
    /// been made: try again.
    Interrupted,
    /// Revocations are kept in the memory of this process. It would forget this one at its next
    /// restart, and then accept forged sessions.
    OnlyInMemory,
}

impl fmt::Display for RevokeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot revoke: ")?;
        match self {
            Self::Fixed => f.write_str(
                "the revocation epoch is fixed by the configuration; raise it there, or give the \
                 sessions a state that can revoke",
            ),
            Self::ReadOnly => f.write_str("this process was told not to write to the store"),
            Self::Clock(error) => error.fmt(f),
            Self::Change(error) => error.fmt(f),
            Self::OtherOrigin => f.write_str(
                "the session was opened under another audience or cookie name; use the sessions \
                 that opened it",
            ),
            Self::Refresh(error) => error.fmt(f),
            Self::Store(error) if error.kind() == StoreErrorKind::Unavailable => {
                write!(f, "{error}; it may have been done or not, try again")
            }
            Self::Store(error) => error.fmt(f),
            Self::Contended => {
                f.write_str("other processes write to the store all the time; try again")
            }
            Self::Seal(error) => error.fmt(f),
            Self::Interrupted => f.write_str(
                "the background task was lost before it had an answer; it may have been done or not, \
                 try again",
            ),
            Self::OnlyInMemory => f.write_str(
                "the memory of this process would forget it with the next restart, and let in what was \
                 forged; keep revocations in a store, such as FileStore",
            ),
        }
    }
}

impl core::error::Error for RevokeError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Clock(error) => Some(error),
            Self::Change(error) => Some(error),
            Self::Refresh(error) => Some(error),
            Self::Store(error) => Some(error),
            Self::Seal(error) => Some(error),
            _ => None,
        }
    }
}

impl From<TimeError> for RevokeError {
    fn from(error: TimeError) -> Self {
        Self::Clock(error)
    }
}

impl From<ChangeError> for RevokeError {
    fn from(error: ChangeError) -> Self {
        Self::Change(error)
    }
}

impl From<RefreshError> for RevokeError {
    fn from(error: RefreshError) -> Self {
        Self::Refresh(error)
    }
}

impl From<SealError> for RevokeError {
    fn from(error: SealError) -> Self {
        Self::Seal(error)
    }
}

impl From<RandomnessError> for RevokeError {
    fn from(error: RandomnessError) -> Self {
        Self::Seal(SealError::Randomness(error))
    }
}
