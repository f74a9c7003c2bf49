//! What a revocation store must do, tried on one: [`check_store`], and [`check_store_tells`] for a store that is
//! told of changes.
//!
//! Each promise of [`RevocationStore`] that can be seen from outside is a function here.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt::Display;
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::Poll;
use core::time::Duration;
use std::thread;

use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use super::fail;
use crate::revocation::{Loaded, Replaced, RevocationStore, StoreErrorKind, Version};

/// How long a call may take.
const CALL: Duration = Duration::from_secs(15);

/// How many random bytes a document begins with. In a real one they are 24, behind 5 that seldom change.
const RANDOM: usize = 32;

/// Those who write at the same time, and how often each does.
const WRITERS: u8 = 8;
const WRITES: u8 = 25;

/// Asserts that a revocation store keeps its promises: it compares and writes in one step, loses nothing that it
/// acknowledged, gives no version twice, returns what was written to every client, and goes on after a call that
/// was given up. The rest of what [`RevocationStore`] says, such as that a document survives a crash, only a test of
/// the real server can show.
///
/// A store that cannot hold long documents refuses them with [`StoreErrorKind::Refused`], which may be those over
/// 200,000 bytes, the room of 10,000 entries.
///
/// `open` makes another client of the same store each time. The store is empty at first. Some ten clients write some
/// 220 times, on threads and `tokio` runtimes of their own. Call it in a test without `async`.
///
/// ```
/// use sealed_session::{FileStore, testing::check_store};
///
/// # let folder = std::env::temp_dir().join(format!("check-store-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// check_store(|| FileStore::new(folder.join("revocations")));
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Panics
///
/// When the store breaks a promise, with the promise; or when a call fails, or takes more than 15 seconds.
#[track_caller]
pub fn check_store<S: RevocationStore>(open: impl Fn() -> S + Sync) {
    let checked = run(async {
        let (one, other) = (Client::new(open()), Client::new(open()));
        documents_are_replaced_on_conditions(&one, &other).await?;
        long_documents_are_kept(&one, &other).await?;
        versions_never_come_back(&one).await?;
        calls_can_be_given_up(&one, &other).await
    });
    if let Err(message) = checked.and_then(|()| writers_lose_nothing(&open)) {
        fail(&message);
    }
}

/// Asserts that a store that is told of changes says so: when a client writes, [`RevocationStore::changed`] of
/// another one that has loaded ends within `limit`. `open` is as for [`check_store`], but that the store need not
/// be empty.
///
/// # Panics
///
/// When it says nothing, or a call fails.
#[track_caller]
pub fn check_store_tells<S: RevocationStore>(open: impl Fn() -> S, limit: Duration) {
    let checked = run(async {
        let (one, other) = (Client::new(open()), Client::new(open()));
        let mut version = one.load(None).await?.map(|(_, version)| version);
        for round in 0..3 {
            let loaded = other.load(None).await?.map(|(_, version)| version);
            same(&loaded, &version, "the other client loads what was written")?;
            version = Some(one.write(version.as_ref(), &document(round, 80)).await?);
            // What it was told before its load, it may say once more, and then it is loaded again.
            let told = async {
                loop {
                    other.store.changed().await;
                    if other.load(None).await?.map(|(_, version)| version) == version {
                        return Checked::Ok(());
                    }
                }
            };
            let late = || format!("nobody was told of a write within {limit:?}");
            timeout(limit, told).await.map_err(|_| late())??;
        }
        Ok(())
    });
    if let Err(message) = checked {
        fail(&message);
    }
}

type Checked<R = ()> = Result<R, String>;

async fn documents_are_replaced_on_conditions<S: RevocationStore>(
    one: &Client<S>,
    other: &Client<S>,
) -> Checked {
    let [first, second, third] = [1, 2, 3].map(|number| document(number, 300));
    if one.load(None).await?.is_some() {
        return Err("the store is not empty: it is checked on one that has no document".into());
    }
    let none = Version::from_bytes(b"no version of this store");
    one.conflict(Some(&none), &first, "there is no document")
        .await?;
    if other.load(None).await?.is_some() {
        return Err("a write on the condition of a version has made a document".into());
    }
    let version = one.write(None, &first).await?;
    other.holds(&first, &version).await?;
    other.unchanged(&version).await?;
    one.conflict(None, &second, "there is a document").await?;
    other.conflict(None, &second, "there is a document").await?;
    other.holds(&first, &version).await?;
    let newer = other.write(Some(&version), &second).await?;
    if newer == version {
        return Err("two documents have the same version".into());
    }
    one.holds(&second, &newer).await?;
    match one.ask("load", one.store.load(Some(&version))).await? {
        Loaded::Document { bytes, .. } if bytes == second => {}
        found => {
            return Err(format!(
                "a load that knows a former version returned {found:?}"
            ));
        }
    }
    one.conflict(Some(&version), &third, "the document has a newer version")
        .await?;
    one.holds(&second, &newer).await
}

/// Or refused, where a store has a bound, and then nothing changes.
async fn long_documents_are_kept<S: RevocationStore>(
    one: &Client<S>,
    other: &Client<S>,
) -> Checked {
    let mut kept: Option<(Vec<u8>, Version)> = None;
    for len in [62, 20_000, 200_000, 4 << 20] {
        let document = document(9, len);
        let version = one.load(None).await?.map(|(_, version)| version);
        let replaced = one.store.replace(version.as_ref(), document.clone());
        match (timeout(CALL, replaced).await, &kept) {
            (Ok(Err(error)), Some((former, version)))
                if len > 200_000 && error.kind() == StoreErrorKind::Refused =>
            {
                return other.holds(former, version).await;
            }
            (Ok(Ok(Replaced::Done(version))), _) => {
                other.holds(&document, &version).await?;
                kept = Some((document, version));
            }
            (answer, _) => return Err(format!("a document of {len} bytes: {answer:?}")),
        }
    }
    Ok(())
}

async fn versions_never_come_back<S: RevocationStore>(one: &Client<S>) -> Checked {
    let mut versions = Vec::new();
    let mut version = one.load(None).await?.map(|(_, version)| version);
    for number in 0..20 {
        let next = one.write(version.as_ref(), &document(number, 100)).await?;
        if versions.contains(&next) {
            return Err("a version has come back".into());
        }
        versions.push(next.clone());
        version = Some(next);
    }
    Ok(())
}

/// A call is dropped when it takes too long, or when the process goes down.
async fn calls_can_be_given_up<S: RevocationStore>(one: &Client<S>, other: &Client<S>) -> Checked {
    for number in 0..10 {
        let (_, version) = one.load(None).await?.ok_or("the document is gone")?;
        {
            let mut given_up = pin!(one.store.replace(Some(&version), document(number, 5000)));
            poll_fn(|context| {
                let _ = given_up.as_mut().poll(context);
                Poll::Ready(())
            })
            .await;
            let mut given_up = pin!(one.store.load(Some(&version)));
            poll_fn(|context| {
                let _ = given_up.as_mut().poll(context);
                Poll::Ready(())
            })
            .await;
        }
        // It may have been done or not, and may be done still.
        let next = document(number, 4000);
        let mut tries = 0_u8;
        let version = loop {
            let (_, version) = other.load(None).await?.ok_or("the document is gone")?;
            if let Replaced::Done(version) = other.replace(Some(&version), &next).await? {
                break version;
            }
            tries = tries.saturating_add(1);
            if tries > 100 {
                return Err("after a write that was given up, every other one conflicts".into());
            }
        };
        one.holds(&next, &version).await?;
    }
    Ok(())
}

/// Each writer adds its mark to the document, again and again. In the end they are all there.
fn writers_lose_nothing<S: RevocationStore>(open: &(impl Fn() -> S + Sync)) -> Checked {
    run(async {
        let client = Client::new(open());
        let version = client.load(None).await?.map(|(_, version)| version);
        client
            .write(version.as_ref(), &document(0, RANDOM))
            .await
            .map(drop)
    })?;
    thread::scope(|scope| {
        let spawn = |writer| scope.spawn(move || run(write_all(&Client::new(open()), writer)));
        let writers: Vec<_> = (1..=WRITERS).map(spawn).collect();
        for writer in writers {
            writer.join().map_err(|_| "a writer panicked")??;
        }
        Checked::Ok(())
    })?;
    let (bytes, _) =
        run(async { Client::new(open()).load(None).await })?.ok_or("the document is gone")?;
    for writer in 1..=WRITERS {
        let marks = bytes.iter().skip(RANDOM);
        let kept = marks.filter(|mark| **mark == writer).count();
        if kept != usize::from(WRITES) {
            return Err(format!(
                "of {WRITES} acknowledged writes of one of {WRITERS} writers, the document has {kept}"
            ));
        }
    }
    Ok(())
}

async fn write_all<S: RevocationStore>(client: &Client<S>, writer: u8) -> Checked {
    for _ in 0..WRITES {
        loop {
            let (mut bytes, version) = client.load(None).await?.ok_or("the document is gone")?;
            bytes.push(writer);
            let kept = bytes.split_off(RANDOM);
            bytes = document(writer, RANDOM);
            bytes.extend(kept);
            if let Replaced::Done(_) = client.replace(Some(&version), &bytes).await? {
                break;
            }
        }
    }
    Ok(())
}

/// A document of `len` bytes, of all values, with random ones as the real ones have: no two are the same.
fn document(number: u8, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; RANDOM];
    // Without randomness no version could be told from another.
    if let Err(error) = crate::token::random::fill_from_os(&mut bytes) {
        fail(&format!("there is no randomness: {error}"));
    }
    let rest = (0..u8::MAX).cycle().map(|value| value ^ number);
    bytes.extend(rest.take(len.saturating_sub(RANDOM)));
    bytes
}

/// One client of the store, whose answers are looked at.
struct Client<S> {
    store: Arc<S>,
}

impl<S: RevocationStore> Client<S> {
    fn new(store: S) -> Self {
        Self {
            store: Arc::new(store),
        }
    }

    async fn ask<R, E: Display>(
        &self,
        what: &str,
        call: impl Future<Output = Result<R, E>>,
    ) -> Checked<R> {
        let answer = timeout(CALL, call).await;
        let answer = answer.map_err(|_| format!("a {what} has no answer after {CALL:?}"))?;
        answer.map_err(|error| format!("a {what} failed: {error}"))
    }

    async fn load(&self, known: Option<&Version>) -> Checked<Option<(Vec<u8>, Version)>> {
        match self.ask("load", self.store.load(known)).await? {
            Loaded::Absent => Ok(None),
            Loaded::Document { bytes, version } => Ok(Some((bytes, version))),
            Loaded::NotModified => Err("a load that knows nothing returned NotModified".into()),
        }
    }

    async fn replace(&self, expected: Option<&Version>, document: &[u8]) -> Checked<Replaced> {
        let call = self.store.replace(expected, document.to_vec());
        self.ask("replace", call).await
    }

    /// A write of which the condition holds.
    async fn write(&self, expected: Option<&Version>, document: &[u8]) -> Checked<Version> {
        match self.replace(expected, document).await? {
            Replaced::Done(version) => Ok(version),
            Replaced::Conflict => Err("a replace conflicts, though its condition holds".into()),
        }
    }

    /// A write of which the condition does not hold.
    async fn conflict(&self, expected: Option<&Version>, document: &[u8], why: &str) -> Checked {
        match self.replace(expected, document).await? {
            Replaced::Conflict => Ok(()),
            Replaced::Done(_) => Err(format!(
                "a replace was done though {why}: it loses revocations"
            )),
        }
    }

    async fn holds(&self, document: &[u8], version: &Version) -> Checked {
        let (bytes, found) = self
            .load(None)
            .await?
            .ok_or("a document that was written is not there")?;
        if bytes != document {
            return Err("a load returned other bytes than were written".into());
        }
        same(
            &found,
            version,
            "a load gives the version that the write gave",
        )
    }

    async fn unchanged(&self, version: &Version) -> Checked {
        match self.ask("load", self.store.load(Some(version))).await? {
            Loaded::NotModified => Ok(()),
            found => Err(format!("a load that knows the version returned {found:?}")),
        }
    }
}

fn same<T: PartialEq>(left: &T, right: &T, what: &str) -> Checked {
    if left == right {
        Ok(())
    } else {
        Err(format!("not so: {what}"))
    }
}

fn runtime() -> Checked<Runtime> {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| format!("there is no runtime: {error}"))
}

fn run<R>(checks: impl Future<Output = Checked<R>>) -> Checked<R> {
    runtime()?.block_on(checks)
}
