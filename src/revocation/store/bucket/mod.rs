//! [`BucketStore`]: the document as one object in S3, Google Cloud Storage, Azure or what speaks as they do.
//!
//! A replacement is one conditional put. A store that cannot do it, or takes the condition and
//! ignores it, would lose revocations without a word, so before its first write each process tries the
//! conditions on an object beside the document's.
//!
//! The crate `object_store` does the talking. None of its types is in the public API, so its releases are not ours.

mod url;

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use object_store::path::Path;
use object_store::{Error, GetOptions, ObjectStore, PutMode, PutPayload, PutResult, UpdateVersion};
use tokio::sync::OnceCell;

use self::url::{is_known, parsed, refused, settings_of};
use super::remote::within_timeout;
use super::{Loaded, Replaced, RevocationStore, StoreError, StoreErrorKind, StoreFuture, Version};
use crate::token::canonical::list;
use crate::token::random::fill_from_os;

/// Keeps the document as one object, for servers anywhere: in S3 and what speaks as it does (R2, MinIO, Ceph), with
/// the feature `s3`; in Google Cloud Storage, with `gcs`; in Azure Blob Storage, with `azure`.
///
/// Reading asks for the object if it has changed; writing replaces it if it has not. Beside the object stands
/// `….conditions`, on which each process that writes tries once whether the store keeps to conditions.
///
/// Who reads needs the right to get the object; who writes, to get and put both objects. In S3 give both the right to
/// list the bucket, too (`s3:ListBucket`): without it an object that is gone looks like one that may not be read. Let no
/// rule for old objects delete the document. Google Cloud Storage takes about one write a second to an object: choose
/// another store where more logouts than that are to be written.
///
/// ```no_run
/// use sealed_session::{BucketStore, KeyRing, Revocations};
///
/// let keys = KeyRing::from_env("SESSION_KEYS")?;
/// let store = BucketStore::new("s3://shop/sessions/revocations")?; // AWS_REGION, AWS_ACCESS_KEY_ID, …
/// let revocations = Revocations::shared("shop.example", &keys, store).build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct BucketStore(Arc<Inner>);

struct Inner {
    objects: Box<dyn ObjectStore>,
    document: Path,
    trial: Path,
    /// Whether the store has kept to conditions.
    tried: OnceCell<()>,
}

impl BucketStore {
    /// The store at `url`: `s3://bucket/path`, `gs://bucket/path`, `az://container/path`, or the `https://` address
    /// of one of these. Region, endpoint and credentials come from the environment, from the variables that begin with
    /// `AWS_`, `GOOGLE_` and `AZURE_`, or else from the machine's or container's role. Profiles in files are not read.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Refused`] says what is wrong with the URL or the options, or names the feature that is needed.
    pub fn new(url: &str) -> Result<Self, StoreError> {
        Self::open(url, settings_of(std::env::vars_os()))
    }

    /// The same by `options` alone, and nothing of the environment. They are named as the variables are, in small letters:
    /// `aws_region`, `aws_endpoint`, `aws_allow_http`, `google_service_account`, `azure_storage_account_name`.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new), and where a name is not known.
    pub fn with_options<K: Into<String>, V: Into<String>>(
        url: &str,
        options: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self, StoreError> {
        let options = options
            .into_iter()
            .map(|(key, value)| (key.into(), value.into()));
        let options: Vec<(String, String)> = options.collect();
        let (_, scheme, _) = parsed(url)?;
        match options.iter().find(|(key, _)| !is_known(&scheme, key)) {
            Some((key, _)) => Err(refused(format!("there is no option {key:?}"))),
            None => Self::open(url, options),
        }
    }

    fn open(url: &str, options: Vec<(String, String)>) -> Result<Self, StoreError> {
        let (url, _, path) = parsed(url)?;
        let opened = object_store::parse_url_opts(&url, options);
        let (objects, _) =
            opened.map_err(|error| refused(format!("cannot use the URL: {error}")))?;
        Ok(Self(Arc::new(Inner {
            objects,
            trial: Path::from(format!("{path}.conditions")),
            document: path,
            tried: OnceCell::new(),
        })))
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
        let mode = match expected.map(parts_of) {
            None => PutMode::Create,
            // No version of a bucket, so not that of the document.
            Some(UpdateVersion {
                e_tag: None,
                version: None,
            }) => return Ok(Replaced::Conflict),
            Some(parts) => PutMode::Update(parts),
        };
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
        // Other processes may be trying at the same time, with writes that come between these.
        for _ in 0..10 {
            let Some(first) = put(PutMode::Overwrite).await? else {
                continue;
            };
            version_of(&first.e_tag, &first.version)?;
            let first = || PutMode::Update(UpdateVersion::from(first.clone()));
            let second = put(first()).await?;
            match (second, put(first()).await?) {
                (_, None) if put(PutMode::Create).await?.is_none() => return Ok(()),
                (_, None) => return ignored("that there is no such object"),
                (Some(_), Some(_)) => {
                    return ignored("that the object still has its former version");
                }
                // The second was refused because somebody wrote, and then this was it.
                (None, Some(_)) => {}
            }
        }
        let busy = "its trial object is being written by other processes";
        Err(StoreError::new(StoreErrorKind::Unavailable, busy))
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

impl RevocationStore for BucketStore {
    fn load<'a>(
        &'a self,
        known: Option<&'a Version>,
    ) -> StoreFuture<'a, Result<Loaded, StoreError>> {
        Box::pin(within_timeout("the bucket", self.0.load(known)))
    }

    fn replace<'a>(
        &'a self,
        expected: Option<&'a Version>,
        document: Vec<u8>,
    ) -> StoreFuture<'a, Result<Replaced, StoreError>> {
        Box::pin(within_timeout(
            "the bucket",
            self.0.replace(expected, document),
        ))
    }
}

impl fmt::Debug for BucketStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BucketStore")
            .field("document", &self.0.document)
            .finish_non_exhaustive()
    }
}
