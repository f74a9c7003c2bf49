//! Where the revocations are: a file or a URL, and what is done there.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use sealed_session::{
    Epoch, FileStore, KeyRing, RefreshError, RevocationEvent, RevocationStore, Revocations,
    RevocationsBuilder, RevokeError, StoreError, StoreErrorKind,
};

use crate::args::Store;
use crate::output::{Failure, clock, while_waiting};

/// As many as a store holds. Who keeps fewer bounds the table in its own next write.
const MAX_ENTRIES: usize = 3_000_000;

/// A store by its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StoreAt {
    File(PathBuf),
    /// With a scheme before `://`.
    Url(String),
}

/// Whether it is one of a store is seen when it is opened: what prints an argument that cannot be read
/// would print its password.
impl FromStr for StoreAt {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(if let Some(path) = text.strip_prefix("file:") {
            Self::File(path.strip_prefix("//").unwrap_or(path).into())
        } else if text.contains("://") || is_of_libpq(text) {
            Self::Url(text.into())
        } else {
            Self::File(text.into())
        })
    }
}

/// As PostgreSQL's own tools write it: `host=db user=app password=…`.
fn is_of_libpq(text: &str) -> bool {
    let names = ["host=", "hostaddr=", "dbname=", "password="];
    text.split_whitespace()
        .any(|word| names.iter().any(|name| word.starts_with(name)))
}

/// Which feature of the crate has the store of a scheme.
fn feature_of(scheme: &str) -> Option<&'static str> {
    Some(match scheme.to_ascii_lowercase().as_str() {
        "s3" | "s3a" => "s3",
        "gs" => "gcs",
        "az" | "adl" | "azure" | "abfs" | "abfss" => "azure",
        "redis" | "rediss" | "unix" => "redis",
        "postgres" | "postgresql" => "postgres",
        _ => return None,
    })
}

/// Whether this is a URL with a password in it.
pub(crate) fn holds_a_password(text: &str) -> bool {
    let user = user_info(text).unwrap_or_default();
    let has_password = user
        .split_once(':')
        .is_some_and(|(_, password)| !password.is_empty());
    let lower = text.to_ascii_lowercase();
    has_password
        || ["password=", "pass="]
            .iter()
            .any(|name| lower.contains(name))
}

/// What stands between `://` and the last `@`. A password may have any sign in it, though it should be
/// escaped. The path in a bucket may have an `@`, and there is no user.
fn user_info(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once("://")?;
    // Behind `--store=`, too.
    let scheme = scheme.rsplit('=').next()?;
    if matches!(feature_of(scheme), Some("s3" | "gcs" | "azure")) {
        return None;
    }
    rest.rsplit_once('@').map(|(user, _)| user)
}

/// Without user and password, and without what stands behind a question mark.
impl fmt::Display for StoreAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Url(url) => {
                let Some((scheme, rest)) = url.split_once("://") else {
                    return f.write_str("the store");
                };
                let rest = match user_info(url) {
                    Some(_) => rest.rsplit_once('@').map_or("", |(_, host)| host),
                    None => rest,
                };
                let rest = rest.split(['?', '#']).next().unwrap_or_default();
                write!(f, "{scheme}://{rest}")
            }
        }
    }
}

impl StoreAt {
    /// The store. `name` is the key in Redis or the row in PostgreSQL; `owner` who gets a new file.
    pub(crate) fn open(
        &self,
        name: Option<&str>,
        owner: Option<(u32, u32)>,
    ) -> Result<Arc<dyn RevocationStore>, Failure> {
        let url = match self {
            Self::File(_) if name.is_some() => {
                return Err(Failure::usage(
                    "--store-name is for Redis and PostgreSQL",
                    "leave it out; a file is named by its path",
                ));
            }
            Self::File(path) => {
                let store = FileStore::new(path);
                #[cfg(unix)]
                let store = match owner {
                    Some((user, group)) => store.owned_by(user, group),
                    None => store,
                };
                let _ = owner;
                return Ok(Arc::new(store));
            }
            Self::Url(url) => url,
        };
        if owner.is_some() {
            return Err(Failure::usage(
                "--owner is for files",
                "leave it out; who may use this store is set in the store",
            ));
        }
        let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
        let Some(feature) = feature_of(scheme) else {
            return Err(Failure::usage(
                &format!("no store has the scheme of {self}"),
                "give a file, or s3://, gs://, az://, redis://, rediss://, unix:// (Redis) or postgres://",
            ));
        };
        if name.is_some() && matches!(feature, "s3" | "gcs" | "azure") {
            return Err(Failure::usage(
                "--store-name is for Redis and PostgreSQL",
                "leave it out; a bucket's document is named by the path of its URL",
            ));
        }
        let Some(opened) = open_url(feature, url, name) else {
            let next = format!(
                "install it with that feature: cargo install sealed-session --locked --features \
                 cli,{feature}"
            );
            let text = format!("this command was built without the feature {feature}");
            return Err(Failure::not_done(text).then(&next));
        };
        opened.map_err(|error| {
            Failure::usage(
                &format!("{self}: {error}"),
                "give the store's URL as the servers have it",
            )
        })
    }
}

type Opened = Result<Arc<dyn RevocationStore>, StoreError>;

/// None where this command was built without the feature.
#[cfg_attr(
    not(any(
        feature = "s3",
        feature = "gcs",
        feature = "azure",
        feature = "redis",
        feature = "postgres"
    )),
    expect(unused_variables, reason = "no store is built in")
)]
fn open_url(feature: &str, url: &str, name: Option<&str>) -> Option<Opened> {
    match feature {
        #[cfg(feature = "redis")]
        "redis" => Some(
            sealed_session::RedisStore::new(url).map(|store| match name {
                Some(name) => Arc::new(store.key(name)) as _,
                None => Arc::new(store) as _,
            }),
        ),
        #[cfg(feature = "postgres")]
        "postgres" => Some(
            sealed_session::PostgresStore::new(url).map(|store| match name {
                Some(name) => Arc::new(store.name(name)) as _,
                None => Arc::new(store) as _,
            }),
        ),
        #[cfg(feature = "s3")]
        "s3" => Some(bucket(url)),
        #[cfg(feature = "gcs")]
        "gcs" => Some(bucket(url)),
        #[cfg(feature = "azure")]
        "azure" => Some(bucket(url)),
        _ => None,
    }
}

#[cfg(any(feature = "s3", feature = "gcs", feature = "azure"))]
fn bucket(url: &str) -> Opened {
    sealed_session::BucketStore::new(url).map(|store| Arc::new(store) as _)
}

impl Store {
    /// Does something with the store. What it should be warned of is in the second part.
    pub(crate) fn with<R>(
        &self,
        owner: Option<(u32, u32)>,
        build: impl FnOnce(RevocationsBuilder<'_>) -> RevocationsBuilder<'_>,
        act: impl FnOnce(&Revocations) -> Result<R, Failure>,
    ) -> Result<(R, Vec<String>), Failure> {
        let audience = self.audience.get()?;
        let ring = self.keys.load()?;
        let store = self.store.open(self.store_name.as_deref(), owner)?;
        let warnings = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&warnings);
        let note = move |event: &RevocationEvent| {
            let warning = match event {
                RevocationEvent::Bounded { floor, dropped } => format!(
                    "warning: the table is full: {dropped} entries were dropped, and everyone who \
                     signed in before {} is logged out",
                    clock(*floor)
                ),
                RevocationEvent::NotWrittenAgain(error) => format!("warning: {error}"),
                _ => return,
            };
            noted
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(warning);
        };
        let builder = on_use(audience, &ring, store);
        let builder = build(builder.max_entries(MAX_ENTRIES).on_event(note));
        let revocations = builder.build().map_err(Failure::input)?;
        let done = while_waiting(&format!("waiting for {}", self.store), || act(&revocations))?;
        let warnings =
            std::mem::take(&mut *warnings.lock().unwrap_or_else(PoisonError::into_inner));
        Ok((done, warnings))
    }

    pub(crate) fn failed(&self, error: &RevokeError) -> Failure {
        match error {
            RevokeError::Refresh(error) => self.unread(error),
            RevokeError::Seal(_) => self
                .not_done(error)
                .then("`keys list` shows whether a key of the ring seals"),
            RevokeError::Store(store) if store.kind() == StoreErrorKind::Unavailable => self
                .not_done(error)
                .then("see to the store, and run it again until it is done"),
            _ => self
                .not_done(error)
                .then("nothing was changed: see to the store and its rights, and run it again"),
        }
    }

    /// Whether there is a document, or what should be one.
    pub(crate) fn exists(&self) -> Result<bool, Failure> {
        let (exists, _) = self.with(
            None,
            |builder| builder.read_only(),
            |revocations| match revocations.list().wait() {
                Ok(_) | Err(RefreshError::Document(_)) => Ok(true),
                Err(RefreshError::NoStore) => Ok(false),
                Err(error) => Err(self.unread(&error)),
            },
        )?;
        Ok(exists)
    }

    pub(crate) fn not_done(&self, error: impl ToString) -> Failure {
        let text = error.to_string();
        // It may also be a store that is made.
        let text = text.trim_start_matches("cannot revoke: ");
        Failure::not_done(format!("{}: {text}", self.store))
    }

    pub(crate) fn unread(&self, error: &RefreshError) -> Failure {
        unread(&self.store, error)
    }
}

/// A handle that asks the store only when it is asked itself.
pub(crate) fn on_use<'a>(
    audience: &'a str,
    ring: &'a KeyRing,
    store: Arc<dyn RevocationStore>,
) -> RevocationsBuilder<'a> {
    Revocations::shared(audience, ring, store).refresh_on_use()
}

pub(crate) fn unread(store: &StoreAt, error: &RefreshError) -> Failure {
    let failed = |error: &dyn fmt::Display| Failure::not_done(format!("{store}: {error}"));
    match error {
        RefreshError::NoStore => failed(&"there is no store").then(
            "is it the one that the servers use? `sealed-session revocations create` makes a new one",
        ),
        RefreshError::Document(_) => failed(error).then(
            "are keys and audience those of the servers? A damaged store is moved away, and \
             another made by `revocations create --above`",
        ),
        _ => failed(error).then("can it be reached and read, and is it the servers'?"),
    }
}

/// The greatest epoch of an entry: a session that is not older is in none of them.
pub(crate) fn newest(state: &sealed_session::RevocationState) -> Epoch {
    state
        .revoked()
        .map(|(_, epoch)| epoch)
        .max()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_printed_or_taken_as_an_argument() {
        for (text, shown) in [
            ("redis://:hunter2@host/0", "redis://host/0"),
            ("redis://app:hunter2@host:6379/0", "redis://host:6379/0"),
            ("redis://app:hun/ter2@host/0", "redis://host/0"),
            ("redis://app:hun?ter2@host/0", "redis://host/0"),
            ("redis://app:hun#t@er2@host/0", "redis://host/0"),
            (
                "postgres://app:hunter2@host/shop?sslmode=require",
                "postgres://host/shop",
            ),
            (
                "postgres://host/shop?password=hunter2",
                "postgres://host/shop",
            ),
            ("mysql://app:hunter2@host/db", "mysql://host/db"),
            ("unix:///run/redis?pass=hunter2", "unix:///run/redis"),
            ("host=db user=app password=hunter2", "the store"),
        ] {
            assert!(holds_a_password(text), "{text}");
            assert!(holds_a_password(&format!("--store={text}")), "{text}");
            let Ok(at) = text.parse::<StoreAt>();
            assert_eq!(at.to_string(), shown);
        }
        for text in [
            "redis://host/0",
            "redis://app@host/0",
            "s3://shop/a:b@c",
            "file:a:b@c",
            "a:b@c",
            "user:7",
        ] {
            assert!(!holds_a_password(text), "{text}");
        }
    }
}
