//! [`ObjectRevocationStore`]: the document as one object in S3, GCS, Azure, R2 or whatever else the
//! `object_store` crate knows.
//!
//! A replacement is one conditional put. A store that cannot do it, or takes the condition and
//! ignores it, would lose revocations without a word, so before its first write each process tries the
//! conditions on an object beside the document's.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::future::Future;
use core::time::Duration;

use object_store::path::Path;
use object_store::{Error, GetOptions, ObjectStore, PutMode, PutPayload, PutResult, UpdateVersion};
use tokio::runtime;
use tokio::sync::OnceCell;

use super::{Loaded, Replaced, RevocationStore, StoreError, StoreErrorKind, StoreFuture, Version};
use crate::token::canonical::list;
use crate::token::random::fill_from_os;

/// What each call may take, the retries of `object_store` among it.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Keeps the document as one object, for servers anywhere.
///
/// The caller sets up the [`ObjectStore`], with its region, credentials and retries. Reading asks for
/// the object if it has changed; writing replaces it if it has not. It needs a `tokio` runtime.
///
/// Beside the object stands `….conditions`, on which each process that writes tries once whether the store
/// keeps to conditions.
///
/// ```no_run
/// # async fn main_() -> Result<(), Box<dyn std::error::Error>> {
/// use object_store::aws::AmazonS3Builder;
/// use sealed_session::{KeyRing, ObjectRevocationStore, Revocations};
///
/// let keys = KeyRing::from_env("SESSION_KEYS")?;
/// let bucket = AmazonS3Builder::from_env().with_bucket_name("shop").build()?;
/// let store = ObjectRevocationStore::new(bucket, "sessions/revocations");
/// let revocations = Revocations::shared("shop.example", &keys, store).build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ObjectRevocationStore(Arc<Inner>);

struct Inner {
    objects: Box<dyn ObjectStore>,
    document: Path,
    trial: Path,
    /// Whether the store has kept to conditions.
    tried: OnceCell<()>,
}

impl ObjectRevocationStore {
    /// The store in the object `path` of `objects`.
    #[must_use]
    pub fn new(objects: impl ObjectStore, path: &str) -> Self {
        Self(Arc::new(Inner {
            objects: Box::new(objects),
            document: Path::from(path),
            trial: Path::from(format!("{path}.conditions")),
            tried: OnceCell::new(),
        }))
    }
}

impl Inner {
    async fn load(&self, known: Option<&Version>) -> Result<Loaded, StoreError> {
        let options = GetOptions {
            if_none_match: known.and_then(|version| parts_of(version).e_tag),
            ..GetOptions::default()
        };
        let result = match self.objects.get_opts(&self.document, options).await {
            Ok(result) => result,
            Err(Error::NotModified { .. }) => return Ok(Loaded::NotModified),
            Err(Error::NotFound { .. }) => return Ok(Loaded::Absent),
            Err(error) => return Err(failed("load", error)),
        };
        let size = usize::try_from(result.meta.size).unwrap_or(usize::MAX);
        super::check_len(size)?;
        let version = version_of(&result.meta.e_tag, &result.meta.version)?;
        if known == Some(&version) {
            return Ok(Loaded::NotModified);
        }
        let bytes = result
            .bytes()
            .await
            .map_err(|error| failed("load", error))?;
        Ok(Loaded::Document {
            bytes: bytes.into(),
            version,
        })
    }

    async fn replace(
        &self,
        expected: Option<&Version>,
        document: Vec<u8>,
    ) -> Result<Replaced, StoreError> {
        self.tried.get_or_try_init(|| self.try_conditions()).await?;
        let mode = expected.map_or(PutMode::Create, |version| {
            PutMode::Update(parts_of(version))
        });
        let written = put(&self.objects, &self.document, mode, document).await?;
        written.map_or(Ok(Replaced::Conflict), |written| {
            version_of(&written.e_tag, &written.version).map(Replaced::Done)
        })
    }

    /// Puts two versions of an object, then one more as if there were only the first, and one as if
    /// there were none. The store must refuse both.
    async fn try_conditions(&self) -> Result<(), StoreError> {
        let put = |mode| async {
            // Other bytes each time: an entity tag is often their hash.
            let mut bytes = [0; 16];
            fill_from_os(&mut bytes)
                .map_err(|error| StoreError::new(StoreErrorKind::Unavailable, error))?;
            put(&self.objects, &self.trial, mode, bytes.to_vec()).await
        };
        let ignored = |condition: &str| {
            let text = format!("it was given the condition {condition}, and wrote all the same");
            Err(StoreError::new(StoreErrorKind::Unconditional, text))
        };
        let Some(first) = put(PutMode::Overwrite).await? else {
            let busy = "its trial object is being written by others";
            return Err(StoreError::new(StoreErrorKind::Unavailable, busy));
        };
        version_of(&first.e_tag, &first.version)?;
        let first = || PutMode::Update(UpdateVersion::from(first.clone()));
        // Where another process came in between, the second is refused, too.
        put(first()).await?;
        if put(first()).await?.is_some() {
            return ignored("that the object still has its former version");
        }
        if put(PutMode::Create).await?.is_some() {
            return ignored("that there is no such object");
        }
        Ok(())
    }
}

/// None where the condition does not hold, or another write is under way.
async fn put(
    objects: &dyn ObjectStore,
    path: &Path,
    mode: PutMode,
    bytes: Vec<u8>,
) -> Result<Option<PutResult>, StoreError> {
    let written = objects.put_opts(path, PutPayload::from(bytes), mode.into());
    match written.await {
        Ok(written) => Ok(Some(written)),
        Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Ok(None),
        Err(error) => Err(failed("replace", error)),
    }
}

fn failed(what: &str, error: Error) -> StoreError {
    let kind = match error {
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => StoreErrorKind::Refused,
        Error::NotImplemented { .. } | Error::NotSupported { .. } => StoreErrorKind::Unconditional,
        _ => StoreErrorKind::Unavailable,
    };
    StoreError::new(kind, format!("cannot {what} the object: {error}"))
}

/// `list(entity tag, version)`, what is missing being empty.
fn version_of(e_tag: &Option<String>, version: &Option<String>) -> Result<Version, StoreError> {
    let bytes = |part: &Option<String>| part.clone().unwrap_or_default().into_bytes();
    let parts = [bytes(e_tag), bytes(version)];
    if parts.iter().all(Vec::is_empty) {
        let nameless = "it gives its objects neither entity tag nor version";
        return Err(StoreError::new(StoreErrorKind::Unconditional, nameless));
    }
    let [e_tag, version] = &parts;
    Ok(Version::from_bytes(&list(&[e_tag, version])))
}

/// The reverse of `version_of`.
fn parts_of(version: &Version) -> UpdateVersion {
    let mut rest = version.as_bytes();
    let mut part = || {
        let (len, tail) = rest.split_first_chunk()?;
        let len = usize::try_from(u32::from_be_bytes(*len)).ok()?;
        let (part, tail) = tail.split_at_checked(len)?;
        rest = tail;
        let text = String::from_utf8(part.to_vec()).ok()?;
        (!text.is_empty()).then_some(text)
    };
    let e_tag = part();
    UpdateVersion {
        e_tag,
        version: part(),
    }
}

/// `work`, for ten seconds at the most.
async fn within_timeout<R>(
    work: impl Future<Output = Result<R, StoreError>>,
) -> Result<R, StoreError> {
    if runtime::Handle::try_current().is_err() {
        let without =
            "an object store needs a tokio runtime, and the background that was given is none";
        return Err(StoreError::new(StoreErrorKind::Refused, without));
    }
    let late = |_| StoreError::new(StoreErrorKind::Unavailable, "no answer for 10 seconds");
    tokio::time::timeout(TIMEOUT, work)
        .await
        .unwrap_or_else(|elapsed| Err(late(elapsed)))
}

impl RevocationStore for ObjectRevocationStore {
    fn load<'a>(
        &'a self,
        known: Option<&'a Version>,
    ) -> StoreFuture<'a, Result<Loaded, StoreError>> {
        Box::pin(within_timeout(self.0.load(known)))
    }

    fn replace<'a>(
        &'a self,
        expected: Option<&'a Version>,
        document: Vec<u8>,
    ) -> StoreFuture<'a, Result<Replaced, StoreError>> {
        Box::pin(within_timeout(self.0.replace(expected, document)))
    }
}

impl fmt::Debug for ObjectRevocationStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectRevocationStore")
            .field("document", &self.0.document)
            .finish_non_exhaustive()
    }
}
