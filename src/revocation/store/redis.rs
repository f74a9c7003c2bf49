//! [`RedisStore`]: the document in one key of Redis or Valkey, replaced by a script that compares and writes in one
//! step, and tells all servers.
//!
//! One connection does everything: what is asked for, and what is pushed (RESP3). So a connection that is dead is
//! found by the next load, and the one that follows subscribes again.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ErrorKind, IntoConnectionInfo as _,
    ProtocolVersion, PushInfo, PushKind, RedisError, ServerErrorKind,
};

use super::news::News;
use super::remote::within_timeout;
use super::{
    Loaded, Replaced, RevocationStore, StoreError, StoreErrorKind, StoreFuture, Version, check_len,
    fingerprint, tls,
};
use crate::runtime::sync::{Mutex, lock};

/// The key, unless the application names another.
const KEY: &str = "sealed-session:revocations";

/// What the server may take for a connection, and for an answer.
const ANSWER: Duration = Duration::from_secs(3);

/// How long it may take until enough replicas have a write, in milliseconds; less than `ANSWER`.
const REPLICAS: u32 = 2000;

/// Writes if the version is still the expected one; the empty one is that of no document. It tells before it
/// writes: where it may not tell, nothing is written, and nobody sees what is between the two.
const REPLACE: &str = "\
if (redis.call('HGET', KEYS[1], 'version') or '') ~= ARGV[1] then return 0 end
redis.call('PUBLISH', KEYS[1], '')
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'document', ARGV[3])
return 1";

/// Keeps the document in Redis 6 or later, Valkey, or a service that speaks as they do, for servers anywhere. A
/// logout takes effect at once at every server that has a connection, and at the refresh interval while it has none.
///
/// A server of one's own, or one with replicas; no cluster of several shards. It must never evict the key: a
/// `maxmemory-policy` of `allkeys-…` is refused. The user needs the commands `HGET`, `HMGET` and `SUBSCRIBE`, and to
/// write `EVAL`, `HSET` and `PUBLISH`, for the key and the channel of the same name.
///
/// Redis acknowledges before its disk or its replicas have a write. What it forgets so, in a crash or by a fail-over, the
/// servers that have seen it put right ([`RevocationEvent::Repaired`](crate::RevocationEvent::Repaired)): sessions
/// end once, and none is forgiven. [`replicas`](Self::replicas) makes that rarer, and so does `appendfsync always`.
///
/// ```no_run
/// use sealed_session::{KeyRing, RedisStore, Revocations};
///
/// let keys = KeyRing::from_env("SESSION_KEYS")?;
/// let store = RedisStore::new(&std::env::var("REDIS_URL")?)?;
/// let revocations = Revocations::shared("shop.example", &keys, store).build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct RedisStore {
    inner: Arc<Inner>,
}

struct Inner {
    client: Client,
    key: String,
    replicas: u32,
    connection: Mutex<Option<MultiplexedConnection>>,
    news: Arc<News>,
}

impl RedisStore {
    /// The store at `url`: `redis://user:password@host:6379/0`, `rediss://…` for TLS, or `unix:///path`. It is not
    /// connected before it is used.
    ///
    /// TLS verifies the server by the system's certificates, or by those that `SSL_CERT_FILE` names.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Refused`]: the URL is none of those.
    pub fn new(url: &str) -> Result<Self, StoreError> {
        let refused = |error: RedisError| {
            // The text of this error never quotes the URL, which may hold a password.
            let text = format!("not a URL of Redis, such as redis://host:6379/0: {error}");
            StoreError::new(StoreErrorKind::Refused, text)
        };
        let info = url.into_connection_info().map_err(refused)?;
        if matches!(info.addr(), ConnectionAddr::TcpTls { .. }) {
            tls::give_process_a_provider();
        }
        let settings = info
            .redis_settings()
            .clone()
            .set_protocol(ProtocolVersion::RESP3);
        let client = Client::open(info.set_redis_settings(settings)).map_err(refused)?;
        Ok(Self {
            inner: Arc::new(Inner {
                client,
                key: KEY.into(),
                replicas: 0,
                connection: Mutex::new(None),
                news: Arc::default(),
            }),
        })
    }

    /// Uses `key` in place of `sealed-session:revocations`: for each audience one of its own.
    #[must_use]
    pub fn key(self, key: &str) -> Self {
        self.with(|inner| inner.key = key.into())
    }

    /// Acknowledges a write when so many replicas have it, too; none by default. Where they have not within 2 seconds,
    /// the write is tried again.
    #[must_use]
    pub fn replicas(self, replicas: u32) -> Self {
        self.with(|inner| inner.replicas = replicas)
    }

    /// The same store with another setting, and a connection of its own.
    fn with(self, set: impl FnOnce(&mut Inner)) -> Self {
        let mut inner = Inner {
            client: self.inner.client.clone(),
            key: self.inner.key.clone(),
            replicas: self.inner.replicas,
            connection: Mutex::new(None),
            news: Arc::default(),
        };
        set(&mut inner);
        Self {
            inner: Arc::new(inner),
        }
    }
}

impl Inner {
    async fn load(&self, known: Option<&Version>) -> Result<Loaded, StoreError> {
        if known.is_some() {
            let version: Option<Vec<u8>> = self.read(&Cmd::hget(&self.key, "version")).await?;
            if version.as_deref() == known.map(Version::as_bytes) {
                return Ok(Loaded::NotModified);
            }
        }
        let len = redis::cmd("HSTRLEN").arg(&self.key).arg("document").take();
        let len: usize = self.read(&len).await?;
        check_len(len)?;
        let fields: &[&str] = &["version", "document"];
        let (version, document): (Option<Vec<u8>>, Option<Vec<u8>>) =
            self.read(&Cmd::hmget(&self.key, fields)).await?;
        let (Some(version), Some(bytes)) = (version, document) else {
            return Ok(Loaded::Absent);
        };
        let version = Version::from_bytes(&version);
        Ok(Loaded::Document { bytes, version })
    }

    async fn replace(
        &self,
        expected: Option<&Version>,
        document: &[u8],
    ) -> Result<Replaced, StoreError> {
        let version = fingerprint(document);
        let mut replace = redis::cmd("EVAL");
        replace.arg(REPLACE).arg(1).arg(&self.key);
        replace.arg(expected.map_or(&[][..], Version::as_bytes));
        replace.arg(version.as_bytes()).arg(document);
        if self.ask::<u32>(&replace).await? == 0 {
            return Ok(Replaced::Conflict);
        }
        if self.replicas > 0 {
            let wait = redis::cmd("WAIT").arg(self.replicas).arg(REPLICAS).take();
            let have: u32 = self.ask(&wait).await?;
            if have < self.replicas {
                let text = format!(
                    "{have} replicas have the write, and {} are to have it",
                    self.replicas
                );
                return Err(StoreError::new(StoreErrorKind::Unavailable, text));
            }
        }
        Ok(Replaced::Done(version))
    }

    /// Reads. A connection that turns out to have ended is not the fault of the server, so that a new one is tried.
    async fn read<R: redis::FromRedisValue>(&self, command: &Cmd) -> Result<R, StoreError> {
        let had_one = lock(&self.connection).is_some();
        let answer = self.ask(command).await;
        if had_one && answer.is_err() && lock(&self.connection).is_none() {
            return self.ask(command).await;
        }
        answer
    }

    /// One command, by the connection there is or a new one.
    async fn ask<R: redis::FromRedisValue>(&self, command: &Cmd) -> Result<R, StoreError> {
        let present = lock(&self.connection).clone();
        let mut connection = match present {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let answer = command.query_async(&mut connection).await;
        answer.map_err(|error| {
            // Of another server, perhaps, than the one that the name stands for by now.
            if is_of_connection(&error) {
                *lock(&self.connection) = None;
            }
            failed(&error)
        })
    }

    async fn connect(&self) -> Result<MultiplexedConnection, StoreError> {
        let news = Arc::clone(&self.news);
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(ANSWER))
            .set_response_timeout(Some(ANSWER))
            .set_push_sender(move |push: PushInfo| {
                // The end of the connection, too: the next load makes another.
                if matches!(push.kind, PushKind::Message | PushKind::Disconnection) {
                    news.tell();
                }
                Ok::<(), ()>(())
            });
        let client = &self.client;
        let mut connection = client
            .get_multiplexed_async_connection_with_config(&config)
            .await
            .map_err(|error| failed(&error))?;
        keeps_the_key(&mut connection).await?;
        connection
            .subscribe(&self.key)
            .await
            .map_err(|error| failed(&error))?;
        *lock(&self.connection) = Some(connection.clone());
        Ok(connection)
    }
}

/// Refuses a server that may evict the document. One that does not say is taken to be right.
async fn keeps_the_key(connection: &mut MultiplexedConnection) -> Result<(), StoreError> {
    let info = redis::cmd("INFO").arg("memory").take();
    let info: Result<String, RedisError> = info.query_async(connection).await;
    let info = match info {
        Ok(info) => info,
        Err(error) if is_of_connection(&error) => return Err(failed(&error)),
        // Not every user may ask.
        Err(_) => return Ok(()),
    };
    let policy = info
        .lines()
        .find_map(|line| line.trim().strip_prefix("maxmemory_policy:"));
    match policy {
        Some(policy) if policy.starts_with("allkeys") => {
            let text = format!(
                "the server evicts any key when its memory is full (maxmemory-policy {policy}); \
                 let it be noeviction or one of volatile-…"
            );
            Err(StoreError::new(StoreErrorKind::Refused, text))
        }
        _ => Ok(()),
    }
}

/// Whether a new connection may do better.
fn is_of_connection(error: &RedisError) -> bool {
    use ServerErrorKind::{BusyLoading, MasterDown, ReadOnly};
    error.is_io_error()
        || error.is_unrecoverable_error()
        || error.is_timeout()
        || matches!(
            error.kind(),
            ErrorKind::Server(ReadOnly | MasterDown | BusyLoading)
        )
}

fn failed(error: &RedisError) -> StoreError {
    use ServerErrorKind::{Ask, CrossSlot, Moved, NoPerm};
    let (kind, hint) = match error.kind() {
        ErrorKind::Server(Moved | Ask | CrossSlot) => (
            StoreErrorKind::Refused,
            "; a cluster of several shards is no store for revocations",
        ),
        ErrorKind::RESP3NotSupported => (StoreErrorKind::Refused, "; Redis 6 or later is needed"),
        ErrorKind::Server(NoPerm)
        | ErrorKind::AuthenticationFailed
        | ErrorKind::InvalidClientConfig
        | ErrorKind::UnexpectedReturnType => (StoreErrorKind::Refused, ""),
        _ => match error.code() {
            Some("WRONGTYPE") => (StoreErrorKind::Refused, "; the key holds something else"),
            Some("WRONGPASS" | "NOAUTH" | "OOM" | "MISCONF" | "NOPERM") => {
                (StoreErrorKind::Refused, "")
            }
            // What a script may not do, and what was renamed, has no code of its own.
            _ if ["can't run this command", "unknown command"]
                .iter()
                .any(|text| error.detail().is_some_and(|detail| detail.contains(text))) =>
            {
                (StoreErrorKind::Refused, "")
            }
            _ => (StoreErrorKind::Unavailable, ""),
        },
    };
    StoreError::new(kind, format!("Redis: {error}{hint}"))
}

impl RevocationStore for RedisStore {
    fn load<'a>(
        &'a self,
        known: Option<&'a Version>,
    ) -> StoreFuture<'a, Result<Loaded, StoreError>> {
        Box::pin(within_timeout("Redis", self.inner.load(known)))
    }

    fn replace<'a>(
        &'a self,
        expected: Option<&'a Version>,
        document: Vec<u8>,
    ) -> StoreFuture<'a, Result<Replaced, StoreError>> {
        Box::pin(within_timeout("Redis", async move {
            self.inner.replace(expected, &document).await
        }))
    }

    fn changed(&self) -> StoreFuture<'_, ()> {
        Box::pin(self.inner.news.told())
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("key", &self.inner.key)
            .field("replicas", &self.inner.replicas)
            .finish_non_exhaustive()
    }
}
