//! Why PostgreSQL did not do what it was asked: which errors last, and what mends them.

use alloc::format;

use tokio_postgres::Error;
use tokio_postgres::error::{DbError, SqlState};

use super::super::{StoreError, StoreErrorKind};

/// Why a statement failed.
pub(super) enum Failed {
    NoTable,
    /// Another writer came first.
    Serialization,
    Other(StoreError),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        let Some(said) = error.as_db_error() else {
            let source = core::error::Error::source(&error);
            let text =
                source.map_or_else(|| format!("{error}"), |source| format!("{error}: {source}"));
            let lasts = if text.contains("certificate") {
                "SSL_CERT_FILE names the certificates that are trusted, and sslmode=disable is for a \
                 server on this machine"
            } else if text.contains("does not support TLS") {
                "sslmode=disable does without, where nobody else can read or change what is sent"
            } else {
                return Self::Other(unavailable(&text));
            };
            return Self::Other(refused(&format!("{text}; {lasts}")));
        };
        match *said.code() {
            SqlState::UNDEFINED_TABLE => Self::NoTable,
            SqlState::T_R_SERIALIZATION_FAILURE
            | SqlState::T_R_DEADLOCK_DETECTED
            // Of those who make one table at once, all but one get some of these.
            | SqlState::UNIQUE_VIOLATION
            | SqlState::DUPLICATE_OBJECT
            | SqlState::DUPLICATE_TABLE => Self::Serialization,
            _ => Self::Other(told(said)),
        }
    }
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self::Other(error)
    }
}

impl From<Failed> for StoreError {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::NoTable => refused("there is no table sealed_session_revocations"),
            Failed::Serialization => unavailable("another writer came first"),
            Failed::Other(error) => error,
        }
    }
}

/// By the classes of SQLSTATE (PostgreSQL's documentation, appendix A): what a change of settings or rights alone can mend is
/// told at once.
fn told(said: &DbError) -> StoreError {
    let code = said.code();
    let class = code.code().get(..2).unwrap_or_default();
    // Not class 25: a server that has become a replica takes no writes.
    let lasts = matches!(class, "28" | "3D" | "42" | "0A" | "22") || *code == SqlState::DISK_FULL;
    let text = format!("{} (SQLSTATE {})", said.message(), code.code());
    if lasts {
        refused(&text)
    } else {
        unavailable(&text)
    }
}

pub(super) fn refused(text: &str) -> StoreError {
    StoreError::new(StoreErrorKind::Refused, format!("PostgreSQL: {text}"))
}

pub(super) fn unavailable(text: &str) -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, format!("PostgreSQL: {text}"))
}
