//! [`PostgresStore`]: the document in one row of PostgreSQL, replaced by one statement that compares and writes, and
//! notifies all servers.
//!
//! One connection does everything: what is asked for, and what is notified. So a connection that is dead is found
//! by the next load, and the one that follows listens again.

mod failed;
mod url;

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use core::future::poll_fn;
use core::time::Duration;

use tokio::task::AbortHandle;
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{AsyncMessage, Client, Config, Error, NoTls, Row, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use self::failed::{Failed, refused, unavailable};
use self::url::config_of;
use super::news::News;
use super::remote::within_timeout;
use super::{
    Loaded, MAX_DOCUMENT, Replaced, RevocationStore, StoreError, StoreErrorKind, StoreFuture,
    Version, check_len, fingerprint, tls,
};
use crate::runtime::sync::{Mutex, lock};

/// The row, unless the application names another.
const NAME: &str = "default";

/// What the server may take for an answer.
const ANSWER: Duration = Duration::from_secs(4);

const CREATE: &str = "CREATE TABLE IF NOT EXISTS sealed_session_revocations \
    (name text PRIMARY KEY, version bytea NOT NULL, document bytea NOT NULL)";

/// The document, unless its version is still the known one. One that is too long is not sent.
const LOAD: &str = "SELECT version, octet_length(document), \
    CASE WHEN version <> $2 AND octet_length(document) <= $3 THEN document END \
    FROM sealed_session_revocations WHERE name = $1";

const INSERT: &str = "INSERT INTO sealed_session_revocations (name, version, document) \
    VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING name";

const UPDATE: &str = "UPDATE sealed_session_revocations SET version = $2, document = $3 \
    WHERE name = $1 AND version = $4 RETURNING name";

/// Tells all servers when the write is committed, and lets no setting acknowledge it before it is on the disk.
const TELL: &str = "SELECT pg_notify('sealed_session_revocations', name)::text, \
    CASE WHEN current_setting('synchronous_commit') = 'off' \
    THEN set_config('synchronous_commit', 'on', true) END FROM written";

/// Keeps the document in PostgreSQL, for servers anywhere. A logout takes effect at once at every server that has
/// a connection, and at the refresh interval while it has none.
///
/// # The server
///
/// An acknowledged write is on the server's disk, also where `synchronous_commit` is off. Where a fail-over can forget
/// it all the same, because the replica that takes over had not got it (`synchronous_standby_names` is empty), the
/// application's servers that have seen it put that right
/// ([`RevocationEvent::Repaired`](crate::RevocationEvent::Repaired)): sessions end once, and none is forgiven.
///
/// Behind a pooler of transactions, such as PgBouncer, nothing is notified, and logouts take effect at the refresh
/// interval: give this a URL that leads to PostgreSQL itself.
///
/// # The table
///
/// [`create_store`](crate::Revocations::create_store) makes the table `sealed_session_revocations` where there is none,
/// in the first schema of the role's `search_path`, which must be the same for all servers. A role that may not create
/// tables is told the statement. Reading needs `SELECT` on the table, and writing `INSERT` and `UPDATE` besides.
///
/// ```no_run
/// use sealed_session::{KeyRing, PostgresStore, Revocations};
///
/// let keys = KeyRing::from_env("SESSION_KEYS")?;
/// let store = PostgresStore::new(&std::env::var("DATABASE_URL")?)?;
/// let revocations = Revocations::shared("shop.example", &keys, store).build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct PostgresStore {
    config: Config,
    name: String,
    connection: Mutex<Option<Arc<Connection>>>,
    news: Arc<News>,
}

/// A client, and the task that moves its bytes and ends with it: the server notices then, too.
struct Connection {
    client: Client,
    task: AbortHandle,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl PostgresStore {
    /// The store at `url`: `postgres://user:password@host:5432/database`, or the same as `host=… user=…`. It is not
    /// connected before it is used. Of several hosts, with `target_session_attrs=read-write`, it finds the one that
    /// takes writes.
    ///
    /// TLS is required, and verifies the server by the system's certificates or by those that `SSL_CERT_FILE` names;
    /// without TLS only by `sslmode=disable`. A server on this machine (a socket, or an address such as 127.0.0.1) may
    /// have none.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Refused`]: the URL is none of those.
    pub fn new(url: &str) -> Result<Self, StoreError> {
        Ok(Self {
            config: config_of(url)?,
            name: NAME.into(),
            connection: Mutex::new(None),
            news: Arc::default(),
        })
    }

    /// Uses the row `name` in place of `default`: for each audience one of its own.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.name = name.into();
        self
    }

    async fn load_document(&self, known: Option<&Version>) -> Result<Loaded, StoreError> {
        let known = known.map_or(&[][..], Version::as_bytes);
        let most = i32::try_from(MAX_DOCUMENT).unwrap_or(i32::MAX);
        let parameters: [(&(dyn ToSql + Sync), Type); 3] = [
            (&self.name, Type::TEXT),
            (&known, Type::BYTEA),
            (&most, Type::INT4),
        ];
        let had_one = lock(&self.connection).is_some();
        let rows = self.ask(LOAD, &parameters).await;
        // A connection that turns out to have ended is not the fault of the server.
        let rows = match rows {
            Err(Failed::Other(_)) if had_one && lock(&self.connection).is_none() => {
                self.ask(LOAD, &parameters).await
            }
            rows => rows,
        };
        let rows = match rows {
            Err(Failed::NoTable) => return Ok(Loaded::Absent),
            rows => rows?,
        };
        let Some(row) = rows.first() else {
            return Ok(Loaded::Absent);
        };
        let parts = || Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
        let (version, len, bytes): (Vec<u8>, i32, Option<Vec<u8>>) = parts()
            .map_err(|error: Error| refused(&format!("the table has other columns: {error}")))?;
        check_len(usize::try_from(len).unwrap_or_default())?;
        let version = Version::from_bytes(&version);
        Ok(bytes.map_or(Loaded::NotModified, |bytes| Loaded::Document {
            bytes,
            version,
        }))
    }

    async fn replace_document(
        &self,
        expected: Option<&Version>,
        document: &[u8],
    ) -> Result<Replaced, StoreError> {
        let version = fingerprint(document);
        let bytes = version.as_bytes();
        let mut parameters: Vec<(&(dyn ToSql + Sync), Type)> = vec![
            (&self.name, Type::TEXT),
            (&bytes, Type::BYTEA),
            (&document, Type::BYTEA),
        ];
        let former = expected.map(Version::as_bytes);
        let write = match &former {
            None => format!("WITH written AS ({INSERT}) {TELL}"),
            Some(former) => {
                parameters.push((former, Type::BYTEA));
                format!("WITH written AS ({UPDATE}) {TELL}")
            }
        };
        let mut written = self.ask(&write, &parameters).await;
        if matches!(written, Err(Failed::NoTable)) && expected.is_none() {
            self.create_table().await?;
            written = self.ask(&write, &parameters).await;
        }
        match written {
            Ok(rows) if rows.is_empty() => Ok(Replaced::Conflict),
            Ok(_) => Ok(Replaced::Done(version)),
            // The row went with its table.
            Err(Failed::NoTable | Failed::Serialization) => Ok(Replaced::Conflict),
            Err(Failed::Other(error)) => Err(error),
        }
    }

    async fn create_table(&self) -> Result<(), StoreError> {
        match self.ask(CREATE, &[]).await {
            // Two that make it at once may meet each other.
            Ok(_) | Err(Failed::Serialization) => Ok(()),
            Err(Failed::Other(error)) if error.kind() == StoreErrorKind::Refused => {
                let text = format!(
                    "{}. A role that may create tables must run: {CREATE}; \
                     GRANT SELECT, INSERT, UPDATE ON sealed_session_revocations TO the role of this URL",
                    error.source
                );
                Err(StoreError::new(StoreErrorKind::Refused, text))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// One statement, in one round trip, by the connection there is or a new one. Nothing is prepared, which poolers
    /// do not all know.
    async fn ask(
        &self,
        statement: &str,
        parameters: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<Row>, Failed> {
        let present = lock(&self.connection).clone();
        let connection = match present.filter(|present| !present.client.is_closed()) {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let asked = connection.client.query_typed(statement, parameters);
        let error = match tokio::time::timeout(ANSWER, asked).await {
            Ok(Ok(rows)) => return Ok(rows),
            Ok(Err(error)) => error.into(),
            Err(_) => {
                self.cancel(&connection);
                Failed::Other(unavailable("no answer for 4 seconds"))
            }
        };
        // Of another server, perhaps, than the one that the name stands for by now.
        if matches!(&error, Failed::Other(error) if error.kind() == StoreErrorKind::Unavailable) {
            *lock(&self.connection) = None;
        }
        Err(error)
    }

    /// Ends a statement that has no answer: the server may wait for somebody's lock, and would do so for each try.
    fn cancel(&self, connection: &Connection) {
        let token = connection.client.cancel_token();
        let tls = self.tls();
        drop(tokio::spawn(async move {
            // It ends some time all the same.
            let _ = tokio::time::timeout(ANSWER, async {
                match tls {
                    Ok(Some(tls)) => token.cancel_query(tls).await,
                    Ok(None) => token.cancel_query(NoTls).await,
                    Err(_) => Ok(()),
                }
            })
            .await;
        }));
    }

    /// None: the URL says that there is to be none.
    fn tls(&self) -> Result<Option<MakeRustlsConnect>, StoreError> {
        if self.config.get_ssl_mode() == SslMode::Disable {
            return Ok(None);
        }
        let tls = tls::client().map_err(refused)?;
        Ok(Some(MakeRustlsConnect::new(tls)))
    }

    async fn connect(&self) -> Result<Arc<Connection>, StoreError> {
        let connection = match self.tls()? {
            Some(tls) => self.connect_by(tls).await?,
            None => self.connect_by(NoTls).await?,
        };
        *lock(&self.connection) = Some(Arc::clone(&connection));
        Ok(connection)
    }

    async fn connect_by<T>(&self, tls: T) -> Result<Arc<Connection>, StoreError>
    where
        T: MakeTlsConnect<Socket, TlsConnect: Send, Stream: Send + 'static>,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        let connected = self.config.connect(tls).await;
        let (client, mut connection) =
            connected.map_err(|error| StoreError::from(Failed::from(error)))?;
        let (news, name) = (Arc::clone(&self.news), self.name.clone());
        let task = tokio::spawn(async move {
            while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await
            {
                if matches!(&message, AsyncMessage::Notification(of) if of.payload() == name) {
                    news.tell();
                }
            }
            // The next load makes another.
            news.tell();
        });
        let connection = Connection {
            client,
            task: task.abort_handle(),
        };
        let listens = connection
            .client
            .batch_execute("LISTEN sealed_session_revocations")
            .await;
        listens.map_err(|error| StoreError::from(Failed::from(error)))?;
        Ok(Arc::new(connection))
    }
}

impl RevocationStore for PostgresStore {
    fn load<'a>(
        &'a self,
        known: Option<&'a Version>,
    ) -> StoreFuture<'a, Result<Loaded, StoreError>> {
        Box::pin(within_timeout("PostgreSQL", self.load_document(known)))
    }

    fn replace<'a>(
        &'a self,
        expected: Option<&'a Version>,
        document: Vec<u8>,
    ) -> StoreFuture<'a, Result<Replaced, StoreError>> {
        Box::pin(within_timeout("PostgreSQL", async move {
            self.replace_document(expected, &document).await
        }))
    }

    fn changed(&self) -> StoreFuture<'_, ()> {
        Box::pin(self.news.told())
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
