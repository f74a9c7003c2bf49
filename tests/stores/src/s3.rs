//! A server of the S3 protocol on loopback, with one bucket in memory: `s3s` reads requests, checks
//! signatures and writes errors; what a put on a condition does is written here, in one step under
//! one lock. It can be told to answer as real stores sometimes do.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::TryStreamExt as _;
use s3s::auth::SimpleAuth;
use s3s::dto::{
    ETag, ETagCondition, GetObjectInput, GetObjectOutput, PutObjectInput, PutObjectOutput,
    StreamingBlob,
};
use s3s::service::S3ServiceBuilder;
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};
use sealed_session::BucketStore;

pub const BUCKET: &str = "shop";
pub const PATH: &str = "sessions/revocations";
const ACCESS_KEY: &str = "AKIDTEST";
const SECRET_KEY: &str = "a secret of the tests";

/// What the server does with a put, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mischief {
    /// 412, though the condition holds.
    PreconditionFailed,
    /// 409: another write is under way.
    Conflict,
    /// 500, and nothing is done.
    Fail,
    /// 503, and it is done.
    DoAndFail,
    /// Done, and no answer for a long time.
    DoAndHang,
    /// No answer for a long time.
    Hang,
    /// 403.
    Forbid,
}

#[derive(Default)]
pub struct Bucket {
    objects: BTreeMap<String, (Bytes, u64)>,
    versions: u64,
    /// What comes next, one for each put of the document.
    pub mischief: VecDeque<Mischief>,
    /// The same for loads of the document.
    pub load_mischief: VecDeque<Mischief>,
    /// Takes conditions, and writes all the same.
    pub ignores_if_match: bool,
    pub ignores_if_none_match: bool,
    pub puts: u32,
    pub gets: u32,
    /// Gets that had to send the object.
    pub sent: u32,
}

impl Bucket {
    pub fn object(&self, key: &str) -> Option<Bytes> {
        self.objects.get(key).map(|(bytes, _)| bytes.clone())
    }

    pub fn put(&mut self, key: &str, bytes: Bytes) -> u64 {
        self.versions += 1;
        self.objects.insert(key.into(), (bytes, self.versions));
        self.versions
    }

    pub fn remove(&mut self, key: &str) {
        self.objects.remove(key);
    }
}

/// A running server. It ends with its runtime.
#[derive(Clone)]
pub struct Server {
    bucket: Arc<Mutex<Bucket>>,
    pub address: SocketAddr,
}

fn tag(version: u64) -> ETag {
    ETag::Strong(format!("version-{version}"))
}

#[derive(Clone)]
struct Objects(Arc<Mutex<Bucket>>);

impl Objects {
    fn bucket(&self) -> MutexGuard<'_, Bucket> {
        self.0.lock().unwrap()
    }
}

const LONG: Duration = Duration::from_secs(60);

async fn answer<R>(mischief: Mischief) -> S3Result<R> {
    match mischief {
        Mischief::PreconditionFailed => Err(s3_error!(PreconditionFailed)),
        Mischief::Conflict => Err(s3_error!(OperationAborted)),
        Mischief::Fail => Err(s3_error!(InternalError)),
        Mischief::DoAndFail => Err(s3_error!(SlowDown)),
        Mischief::Forbid => Err(s3_error!(AccessDenied)),
        Mischief::Hang | Mischief::DoAndHang => {
            tokio::time::sleep(LONG).await;
            Err(s3_error!(InternalError))
        }
    }
}

#[async_trait::async_trait]
impl S3 for Objects {
    async fn get_object(
        &self,
        request: S3Request<GetObjectInput>,
    ) -> S3Result<S3Response<GetObjectOutput>> {
        let input = request.input;
        let mischief = {
            let mut bucket = self.bucket();
            bucket.gets += 1;
            bucket.load_mischief.pop_front()
        };
        if let Some(mischief) = mischief {
            return answer(mischief).await;
        }
        let mut bucket = self.bucket();
        let found = bucket.objects.get(&input.key).cloned();
        let Some((bytes, version)) = found else {
            return Err(s3_error!(NoSuchKey));
        };
        if let Some(ETagCondition::ETag(known)) = input.if_none_match
            && known == tag(version)
        {
            return Err(s3_error!(NotModified));
        }
        bucket.sent += 1;
        let length = i64::try_from(bytes.len()).unwrap();
        let body = s3s::Body::from(bytes);
        Ok(S3Response::new(GetObjectOutput {
            body: Some(StreamingBlob::from(body)),
            content_length: Some(length),
            e_tag: Some(tag(version)),
            last_modified: Some(std::time::SystemTime::now().into()),
            ..GetObjectOutput::default()
        }))
    }

    async fn put_object(
        &self,
        request: S3Request<PutObjectInput>,
    ) -> S3Result<S3Response<PutObjectOutput>> {
        let input = request.input;
        let body = input.body.ok_or_else(|| s3_error!(IncompleteBody))?;
        let body = body.try_fold(BytesMut::new(), |mut all, part| async move {
            all.extend_from_slice(&part);
            Ok(all)
        });
        let bytes = body.await.map_err(|_| s3_error!(IncompleteBody))?.freeze();
        let is_document = !input.key.ends_with(".conditions");
        let mischief = {
            let mut bucket = self.bucket();
            bucket.puts += 1;
            let mischief = if is_document {
                bucket.mischief.pop_front()
            } else {
                None
            };
            if !matches!(mischief, Some(Mischief::DoAndFail | Mischief::DoAndHang)) {
                mischief
            } else {
                let refused = put(
                    &mut bucket,
                    &input.key,
                    &input.if_match,
                    &input.if_none_match,
                    bytes.clone(),
                )
                .err();
                if let Some(refused) = refused {
                    return Err(refused);
                }
                mischief
            }
        };
        if let Some(mischief) = mischief {
            return answer(mischief).await;
        }
        let mut bucket = self.bucket();
        let version = put(
            &mut bucket,
            &input.key,
            &input.if_match,
            &input.if_none_match,
            bytes,
        )?;
        Ok(S3Response::new(PutObjectOutput {
            e_tag: Some(tag(version)),
            ..PutObjectOutput::default()
        }))
    }
}

/// Compares and writes in one step.
fn put(
    bucket: &mut Bucket,
    key: &str,
    if_match: &Option<ETagCondition>,
    if_none_match: &Option<ETagCondition>,
    bytes: Bytes,
) -> S3Result<u64> {
    let present = bucket.objects.get(key).map(|&(_, version)| tag(version));
    if let Some(ETagCondition::ETag(expected)) = if_match
        && !bucket.ignores_if_match
    {
        match &present {
            None => return Err(s3_error!(NoSuchKey)),
            Some(present) if present != expected => return Err(s3_error!(PreconditionFailed)),
            Some(_) => {}
        }
    }
    if if_none_match.is_some() && present.is_some() && !bucket.ignores_if_none_match {
        return Err(s3_error!(PreconditionFailed));
    }
    Ok(bucket.put(key, bytes))
}

impl Server {
    /// Starts a server on a free port of loopback.
    pub async fn start() -> Self {
        let bucket = Arc::new(Mutex::new(Bucket::default()));
        let mut service = S3ServiceBuilder::new(Objects(Arc::clone(&bucket)));
        service.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
        let service = service.build();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let executor = hyper_util::rt::TokioExecutor::new();
            let http = hyper_util::server::conn::auto::Builder::new(executor);
            while let Ok((socket, _)) = listener.accept().await {
                let socket = hyper_util::rt::TokioIo::new(socket);
                let connection = http.serve_connection(socket, service.clone()).into_owned();
                tokio::spawn(async move {
                    // A client that goes away is no concern of the server's.
                    let _ = connection.await;
                });
            }
        });
        Self { bucket, address }
    }

    pub fn bucket(&self) -> MutexGuard<'_, Bucket> {
        self.bucket.lock().unwrap()
    }

    /// The store of one more client. A request may take a second.
    pub fn store(&self) -> BucketStore {
        self.store_with(&[])
    }

    /// The same with other options.
    pub fn store_with(&self, others: &[(&str, &str)]) -> BucketStore {
        let endpoint = format!("http://{}", self.address);
        let mut options = vec![
            ("aws_endpoint", endpoint.as_str()),
            ("aws_allow_http", "true"),
            ("aws_region", "eu-central-1"),
            ("aws_access_key_id", ACCESS_KEY),
            ("aws_secret_access_key", SECRET_KEY),
            ("timeout", "1 second"),
        ];
        options.extend_from_slice(others);
        BucketStore::with_options(&format!("s3://{BUCKET}/{PATH}"), options).unwrap()
    }
}
