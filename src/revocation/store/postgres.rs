//! [`PostgresStore`]: the document in one row of PostgreSQL, replaced by one statement that compares and writes, and
//! notifies all servers.
//!
//! One connection does everything: what is asked for, and what is notified. So a connection that is dead is found
//! by the next load, and the one that follows listens again.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use core::future::poll_fn;
use core::time::Duration;

use tokio_postgres::config::SslMode;
use tokio_postgres::error::{DbError, SqlState};
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{AsyncMessage, Client, Config, Error, NoTls, Row, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::news::News;
use super::remote::within_timeout;
use super::{
    Loaded, MAX_DOCUMENT, Replaced, RevocationStore, StoreError, StoreErrorKind, StoreFuture,
    Version, check_len, fingerprint, tls,
};
use crate::runtime::sync::{Mutex, lock};

/// The row, unless the application names another.
const NAME: &str = "default";

/// What the server may take for a connection, and for an answer.
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
/// [`create_store`](crate::Revocations::create_store) makes the table `sealed_session_revocations` where there is none. An
/// acknowledged write is on the server's disk, also where `synchronous_commit` is off. Where a fail-over can forget
/// it all the same, because the replica that takes over had not got it (`synchronous_standby_names` is empty), the
/// servers that have seen it put that right ([`RevocationEvent::Repaired`](crate::RevocationEvent::Repaired)): sessions
/// end once, and none is forgiven.
///
/// Behind a pooler of transactions, such as PgBouncer, nothing is notified, and logouts take effect at the refresh
/// interval.
///
/// ```no_run
/// use sealed_session::{KeyRing, PostgresStore, Revocations};
///
/// let keys = KeyRing::from_env("SESSION_KEYS")?;
/// let store = PostgresStore::new(&std::env::var("DATABASE_URL")?)?;
/// let revocations = Revocations::shared("shop.example", &keys, store).build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct PostgresStore {
    inner: Arc<Inner>,
}

struct Inner {
    config: Config,
    name: String,
    connection: Mutex<Option<Arc<Client>>>,
    news: Arc<News>,
}

impl PostgresStore {
    /// The store at `url`: `postgres://user:password@host:5432/database`, or the same as `host=… user=…`. It is not
    /// connected before it is used. Of several hosts, with `target_session_attrs=read-write`, it finds the one that
    /// takes writes.
    ///
    /// TLS verifies the server by the system's certificates, or by those that `SSL_CERT_FILE` names, whatever
    /// `sslmode` is; with `sslmode=disable` there is no TLS.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Refused`]: the URL is none of those.
    pub fn new(url: &str) -> Result<Self, StoreError> {
        // What is verified here in any case is not known to the client under these names.
        let url = url
            .replace("sslmode=verify-full", "sslmode=require")
            .replace("sslmode=verify-ca", "sslmode=require");
        let mut config: Config = url.parse().map_err(|error| {
            // The text of this error names a setting, and never its value.
            let text =
                format!("not a URL of PostgreSQL, such as postgres://user@host/database: {error}");
            StoreError::new(StoreErrorKind::Refused, text)
        })?;
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(ANSWER);
        }
        if config.get_application_name().is_none() {
            config.application_name("sealed-session");
        }
        Ok(Self::with(config, NAME))
    }

    /// Uses the row `name` in place of `default`: for each audience one of its own.
    #[must_use]
    pub fn name(self, name: &str) -> Self {
        Self::with(self.inner.config.clone(), name)
    }

    fn with(config: Config, name: &str) -> Self {
        Self {
            inner: Arc::new(Inner {
                config,
                name: name.into(),
                connection: Mutex::new(None),
                news: Arc::default(),
            }),
        }
    }
}

impl Inner {
    async fn load(&self, known: Option<&Version>) -> Result<Loaded, StoreError> {
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

    async fn replace(
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
            Err(Failed::Other(error)) if error.kind() == StoreErrorKind::Refused => Err(refused(
                &format!("{error}. Whoever may create tables runs: {CREATE}"),
            )),
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
        let client = match present.filter(|client| !client.is_closed()) {
            Some(client) => client,
            None => self.connect().await?,
        };
        let asked = tokio::time::timeout(ANSWER, client.query_typed(statement, parameters));
        let error = match asked.await {
            Ok(Ok(rows)) => return Ok(rows),
            Ok(Err(error)) => error.into(),
            Err(_) => Failed::Other(unavailable("no answer for 4 seconds")),
        };
        // Of another server, perhaps, than the one that the name stands for by now.
        if matches!(&error, Failed::Other(error) if error.kind() == StoreErrorKind::Unavailable) {
            *lock(&self.connection) = None;
        }
        Err(error)
    }

    async fn connect(&self) -> Result<Arc<Client>, StoreError> {
        let client = if self.config.get_ssl_mode() == SslMode::Disable {
            self.connect_by(NoTls).await?
        } else {
            let tls = tls::client().map_err(refused)?;
            self.connect_by(MakeRustlsConnect::new(tls)).await?
        };
        *lock(&self.connection) = Some(Arc::clone(&client));
        Ok(client)
    }

    async fn connect_by<T>(&self, tls: T) -> Result<Arc<Client>, StoreError>
    where
        T: MakeTlsConnect<Socket, TlsConnect: Send, Stream: Send + 'static>,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        let connected = tokio::time::timeout(ANSWER, self.config.connect(tls)).await;
        let connected = connected.map_err(|_| unavailable("no connection within 4 seconds"))?;
        let (client, mut connection) =
            connected.map_err(|error| StoreError::from(Failed::from(error)))?;
        let (news, name) = (Arc::clone(&self.news), self.name.clone());
        // It ends with the client, or with the connection.
        drop(tokio::spawn(async move {
            while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await
            {
                if matches!(&message, AsyncMessage::Notification(of) if of.payload() == name) {
                    news.tell();
                }
            }
            // The next load makes another.
            news.tell();
        }));
        let listens = client
            .batch_execute("LISTEN sealed_session_revocations")
            .await;
        listens.map_err(|error| StoreError::from(Failed::from(error)))?;
        Ok(Arc::new(client))
    }
}

/// Why a statement failed.
enum Failed {
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
            let hint = if text.contains("certificate") {
                "; SSL_CERT_FILE names the certificates that are trusted, and sslmode=disable is for a \
                 server on this machine"
            } else {
                ""
            };
            return Self::Other(unavailable(&format!("{text}{hint}")));
        };
        match *said.code() {
            SqlState::UNDEFINED_TABLE => Self::NoTable,
            SqlState::T_R_SERIALIZATION_FAILURE
            | SqlState::T_R_DEADLOCK_DETECTED
            | SqlState::UNIQUE_VIOLATION
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

fn refused(text: &str) -> StoreError {
    StoreError::new(StoreErrorKind::Refused, format!("PostgreSQL: {text}"))
}

fn unavailable(text: &str) -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, format!("PostgreSQL: {text}"))
}

impl RevocationStore for PostgresStore {
    fn load<'a>(
        &'a self,
        known: Option<&'a Version>,
    ) -> StoreFuture<'a, Result<Loaded, StoreError>> {
        Box::pin(within_timeout("PostgreSQL", self.inner.load(known)))
    }

    fn replace<'a>(
        &'a self,
        expected: Option<&'a Version>,
        document: Vec<u8>,
    ) -> StoreFuture<'a, Result<Replaced, StoreError>> {
        Box::pin(within_timeout("PostgreSQL", async move {
            self.inner.replace(expected, &document).await
        }))
    }

    fn changed(&self) -> StoreFuture<'_, ()> {
        Box::pin(self.inner.news.told())
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore")
            .field("name", &self.inner.name)
            .finish_non_exhaustive()
    }
}
