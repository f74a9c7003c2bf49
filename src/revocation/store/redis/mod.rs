//! [`RedisStore`]: the document in one key of Redis or Valkey, replaced by a script that compares and writes in one
//! step, and tells all servers.
//!
//! One connection does everything: what is asked for, and what is pushed (RESP3). So a connection that is dead is
//! found by the next load, and the one that follows subscribes again.

mod failed;

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, IntoConnectionInfo as _, ProtocolVersion,
    PushInfo, PushKind, RedisError,
};

use self::failed::{failed, is_of_connection};
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

/// Writes if the version is still the expected one; the empty one is that of no document. PUBLISH comes first: a user who
/// may not publish ends the script before it writes. A script runs as a whole, so nobody loads in between.
const REPLACE: &str = "\
if (redis.call('HGET', KEYS[1], 'version') or '') ~= ARGV[1] then return 0 end
redis.call('PUBLISH', KEYS[1], '')
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'document', ARGV[3])
return 1";

/// Keeps the document in Redis 6 or later, Valkey, or a service that speaks as they do, for servers anywhere. A
/// logout takes effect at once at every server that has a connection, and at the refresh interval while it has none.
///
/// # The server
///
/// One server, or one with replicas; no cluster. Where another server can take over, the URL's name must lead to the
/// one that takes writes, and never to a replica.
///
/// It must never evict the key: a `maxmemory-policy` of `allkeys-…` is refused, where the user may ask for it.
///
/// A write is as durable as the server makes it. `appendonly yes` with `appendfsync always` keeps every acknowledged
/// write in a crash; [`replicas`](Self::replicas) keeps most in a fail-over. By default Redis writes its memory to the
/// disk minutes later:
///
/// - What a server has forgotten, the application's servers that have seen it put right
///   ([`RevocationEvent::Repaired`](crate::RevocationEvent::Repaired)): sessions end once, and none is forgiven. Where
///   they all restarted together with Redis, nobody knows of it any more.
/// - A server that comes back empty is [`RefreshError::Lost`](crate::RefreshError::Lost): until somebody calls
///   [`create_store`](crate::Revocations::create_store), no load succeeds, and past the staleness bound nothing opens.
///
/// # The user
///
/// Reading needs `HGET`, `HMGET`, `HSTRLEN` and `SUBSCRIBE`; writing needs `EVAL`, `HSET` and `PUBLISH` besides; all for
/// the key, and for the channel of the same name. [`replicas`](Self::replicas) needs `WAIT`, a database other than 0
/// `SELECT`, and the check of `maxmemory-policy` needs `INFO`.
///
/// ```no_run
/// use sealed_session::{KeyRing, RedisStore, Revocations};
///
/// let keys = KeyRing::from_env("SESSION_KEYS")?;
/// let store = RedisStore::new(&std::env::var("REDIS_URL")?)?;
/// let revocations = Revocations::shared("shop.example", &keys, store).build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct RedisStore {
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
            client,
            key: KEY.into(),
            replicas: 0,
            connection: Mutex::new(None),
            news: Arc::default(),
        })
    }

    /// Uses `key` in place of `sealed-session:revocations`: for each audience one of its own.
    #[must_use]
    pub fn key(mut self, key: &str) -> Self {
        self.key = key.into();
        self
    }

    /// Acknowledges a write when so many replicas have it, too; none by default. Where they have not within 2 seconds,
    /// the write is tried again.
    #[must_use]
    pub fn replicas(mut self, replicas: u32) -> Self {
        self.replicas = replicas;
        self
    }

    async fn load_document(&self, known: Option<&Version>) -> Result<Loaded, StoreError> {
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

    async fn replace_document(
        &self,
        expected: Option<&Version>,
        document: &[u8],
    ) -> Result<Replaced, StoreError> {
        let version = fingerprint(document);
        let mut replace = redis::cmd("EVAL");
        replace.arg(REPLACE).arg(1).arg(&self.key);
        replace.arg(expected.map_or(&[][..], Version::as_bytes));
        replace.arg(version.as_bytes()).arg(document);
        let mut connection = self.connection().await?;
        if self.ask::<u32>(&mut connection, &replace).await? == 0 {
            return Ok(Replaced::Conflict);
        }
        if self.replicas > 0 {
            self.wait_for_replicas(&mut connection).await?;
        }
        Ok(Replaced::Done(version))
    }

    /// By the connection that wrote: WAIT counts who has the writes of its own connection. Whatever fails here, the write
    /// was made.
    async fn wait_for_replicas(
        &self,
        connection: &mut MultiplexedConnection,
    ) -> Result<(), StoreError> {
        let unavailable = |text: String| StoreError::new(StoreErrorKind::Unavailable, text);
        let wait = redis::cmd("WAIT").arg(self.replicas).arg(REPLICAS).take();
        let have = self.ask::<u32>(connection, &wait).await;
        let have = have.map_err(|error| {
            unavailable(format!(
                "it cannot be asked whether replicas have the write: {}",
                error.source
            ))
        })?;
        if have < self.replicas {
            let wanted = self.replicas;
            let text = format!("{have} replicas have the write, and {wanted} are to have it");
            return Err(unavailable(text));
        }
        Ok(())
    }

    /// Reads. A connection that turns out to have ended is not the fault of the server, so that a new one is tried.
    async fn read<R: redis::FromRedisValue>(&self, command: &Cmd) -> Result<R, StoreError> {
        let had_one = lock(&self.connection).is_some();
        let mut connection = self.connection().await?;
        let answer = self.ask(&mut connection, command).await;
        if had_one && answer.is_err() && lock(&self.connection).is_none() {
            connection = self.connection().await?;
            return self.ask(&mut connection, command).await;
        }
        answer
    }

    /// The connection there is, or a new one.
    async fn connection(&self) -> Result<MultiplexedConnection, StoreError> {
        let present = lock(&self.connection).clone();
        match present {
            Some(connection) => Ok(connection),
            None => self.connect().await,
        }
    }

    async fn ask<R: redis::FromRedisValue>(
        &self,
        connection: &mut MultiplexedConnection,
        command: &Cmd,
    ) -> Result<R, StoreError> {
        let answer = command.query_async(connection).await;
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

impl RevocationStore for RedisStore {
    fn load<'a>(
        &'a self,
        known: Option<&'a Version>,
    ) -> StoreFuture<'a, Result<Loaded, StoreError>> {
        Box::pin(within_timeout("Redis", self.load_document(known)))
    }

    fn replace<'a>(
        &'a self,
        expected: Option<&'a Version>,
        document: Vec<u8>,
    ) -> StoreFuture<'a, Result<Replaced, StoreError>> {
        Box::pin(within_timeout("Redis", async move {
            self.replace_document(expected, &document).await
        }))
    }

    fn changed(&self) -> StoreFuture<'_, ()> {
        Box::pin(self.news.told())
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("key", &self.key)
            .field("replicas", &self.replicas)
            .finish_non_exhaustive()
    }
}
