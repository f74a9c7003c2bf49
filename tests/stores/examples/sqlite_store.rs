//! A recipe: the revocations in SQLite, for the processes of one machine. It runs the checks that a store of one's own
//! should run as a test.
//!
//! ```sh
//! cd tests/stores && cargo run --example sqlite_store
//! ```

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension as _, params};
use sealed_session::testing::check_store;
use sealed_session::{
    Loaded, Replaced, RevocationStore, StoreError, StoreErrorKind, StoreFuture, Version,
};

#[derive(Clone)]
struct SqliteStore {
    file: PathBuf,
}

impl SqliteStore {
    fn new(file: &Path) -> Self {
        Self { file: file.into() }
    }

    fn connect(&self) -> rusqlite::Result<Connection> {
        let connection = Connection::open(&self.file)?;
        // Whoever comes second waits.
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        // FULL: what is acknowledged survives a loss of power.
        connection.execute_batch(
            "PRAGMA synchronous = FULL;
             CREATE TABLE IF NOT EXISTS revocations
                 (one INTEGER PRIMARY KEY CHECK (one = 1), version BLOB NOT NULL, document BLOB NOT NULL);",
        )?;
        Ok(connection)
    }

    fn load_now(&self, known: Option<&Version>) -> rusqlite::Result<Loaded> {
        let connection = self.connect()?;
        let version = connection
            .query_row("SELECT version FROM revocations", [], |row| {
                row.get::<_, Vec<u8>>(0)
            })
            .optional()?;
        let Some(version) = version else {
            return Ok(Loaded::Absent);
        };
        if known.is_some_and(|known| known.as_bytes() == version) {
            return Ok(Loaded::NotModified);
        }
        // In one statement: a version and its own document.
        connection.query_row("SELECT version, document FROM revocations", [], |row| {
            Ok(Loaded::Document {
                version: Version::from_bytes(&row.get::<_, Vec<u8>>(0)?),
                bytes: row.get(1)?,
            })
        })
    }

    /// Compares and writes in one statement, which returns a row if it did.
    fn replace_now(
        &self,
        expected: Option<&Version>,
        document: &[u8],
    ) -> rusqlite::Result<Replaced> {
        let connection = self.connect()?;
        let version = |row: &rusqlite::Row<'_>| row.get::<_, Vec<u8>>(0);
        let written = match expected {
            None => connection.query_row(
                "INSERT INTO revocations VALUES (1, randomblob(16), ?1)
                 ON CONFLICT DO NOTHING RETURNING version",
                params![document],
                version,
            ),
            Some(expected) => connection.query_row(
                "UPDATE revocations SET version = randomblob(16), document = ?1
                 WHERE version = ?2 RETURNING version",
                params![document, expected.as_bytes()],
                version,
            ),
        };
        let written = written.optional()?;
        Ok(written.map_or(Replaced::Conflict, |version| {
            Replaced::Done(Version::from_bytes(&version))
        }))
    }
}

/// A disk may block, so it is asked on a thread for that.
fn blocking<R: Send + 'static>(
    work: impl FnOnce() -> rusqlite::Result<R> + Send + 'static,
) -> StoreFuture<'static, Result<R, StoreError>> {
    Box::pin(async move {
        let done = tokio::task::spawn_blocking(work).await;
        let done = done.map_err(|error| StoreError::new(StoreErrorKind::Unavailable, error))?;
        done.map_err(|error| {
            let kind = match error.sqlite_error_code() {
                Some(
                    rusqlite::ErrorCode::DatabaseBusy
                    | rusqlite::ErrorCode::DatabaseLocked
                    | rusqlite::ErrorCode::SystemIoFailure,
                ) => StoreErrorKind::Unavailable,
                _ => StoreErrorKind::Refused,
            };
            StoreError::new(kind, error)
        })
    })
}

impl RevocationStore for SqliteStore {
    fn load<'a>(
        &'a self,
        known: Option<&'a Version>,
    ) -> StoreFuture<'a, Result<Loaded, StoreError>> {
        let (store, known) = (self.clone(), known.cloned());
        blocking(move || store.load_now(known.as_ref()))
    }

    fn replace<'a>(
        &'a self,
        expected: Option<&'a Version>,
        document: Vec<u8>,
    ) -> StoreFuture<'a, Result<Replaced, StoreError>> {
        let (store, expected) = (self.clone(), expected.cloned());
        blocking(move || store.replace_now(expected.as_ref(), &document))
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    check_store(|| SqliteStore::new(&folder.path().join("shop.sqlite")));
    println!("it keeps the promises of a store");
    Ok(())
}
