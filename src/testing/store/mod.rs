//! Checks of what a revocation store must do: [`check_store`], and [`check_store_tells`] for a
//! store that is told of changes.
//!
//! Each promise of [`RevocationStore`] that can be seen from outside is a function here.

mod client;

use alloc::format;
use alloc::vec::Vec;
use core::time::Duration;
use std::sync::Barrier;
use std::thread;

use tokio::time::timeout;

use self::client::{CALL, Checked, Client, HEAD, document, poll_once, run, same};
use super::fail;
use crate::revocation::{Loaded, Replaced, RevocationStore, StoreErrorKind, Version};

/// While nobody writes, a store is listened to for so long, and may say so often that the document
/// may have changed.
const QUIET: Duration = Duration::from_secs(1);
const FALSE_ALARMS: u8 = 5;

/// Those who write at the same time, and how often each does.
const WRITERS: u8 = 8;
const WRITES: u8 = 25;

/// Asserts that a revocation store keeps its promises: it compares and writes in one step, loses
/// nothing that it acknowledged, gives no version twice, returns what was written to every client,
/// and goes on after a call that was given up. Only a test of the real server can show the rest of
/// what [`RevocationStore`] says: that a document survives a crash, and that conditions hold
/// between clients in several processes (here all are in one process, where a lock would be
/// enough).
///
/// A store that cannot hold long documents must refuse them with [`StoreErrorKind::Refused`]. It
/// may refuse those over 200,000 bytes, which is the room of 10,000 entries.
///
/// `open` must make another client of the same store each time. The store must be empty at first.
/// About ten clients write about 220 times, on threads and `tokio` runtimes of their own. Call this
/// in a test without `async`.
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
/// When the store breaks a promise: the message says which. Also when a call fails, or takes more
/// than 15 seconds.
#[track_caller]
pub fn check_store<S: RevocationStore>(open: impl Fn() -> S + Sync) {
    let checked = run(async {
        let (one, other) = (Client::new(open()), Client::new(open()));
        an_empty_store_is_empty(&one, &other).await
    });
    let checked = checked.and_then(|()| of_many_that_create_it_one_does(&open));
    let checked = checked.and_then(|()| {
        run(async {
            let (one, other) = (Client::new(open()), Client::new(open()));
            documents_are_replaced_on_conditions(&one, &other).await?;
            long_documents_are_kept(&one, &other).await?;
            versions_never_come_back(&one).await?;
            calls_can_be_given_up(&one, &other).await
        })
    });
    if let Err(message) = checked.and_then(|()| writers_lose_nothing(&open)) {
        fail(&message);
    }
}

/// Asserts that a store that is told of changes passes them on. When a client writes,
/// [`RevocationStore::changed`] of another client that has loaded must end within `limit`, also if
/// it was dropped before and is called again. While nobody writes, it may end at most five times in
/// a second. `open` is as for [`check_store`], except that the store need not be empty.
///
/// # Panics
///
/// When a write is not passed on, when too many changes are told while nobody writes, or when a
/// call fails.
#[track_caller]
pub fn check_store_tells<S: RevocationStore>(open: impl Fn() -> S, limit: Duration) {
    let checked = run(async {
        let (one, other) = (Client::new(open()), Client::new(open()));
        let mut version = one.load(None).await?.map(|(_, version)| version);
        for round in 0..3 {
            let loaded = other.load(None).await?.map(|(_, version)| version);
            same(&loaded, &version, "the other client loads what was written")?;
            // A task that follows drops it when it is lost.
            poll_once(other.store.changed()).await;
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
        let mut alarms = 0_u8;
        let quiet = async {
            while alarms <= FALSE_ALARMS {
                other.store.changed().await;
                alarms = alarms.saturating_add(1);
                other.load(None).await?;
            }
            Checked::Ok(())
        };
        // That it has not ended is what it should be.
        if let Ok(ended) = timeout(QUIET, quiet).await {
            ended?;
            return Err(format!(
                "nobody writes, and within {QUIET:?} it has said {alarms} times that somebody did"
            ));
        }
        Ok(())
    });
    if let Err(message) = checked {
        fail(&message);
    }
}

async fn an_empty_store_is_empty<S: RevocationStore>(
    one: &Client<S>,
    other: &Client<S>,
) -> Checked {
    if one.load(None).await?.is_some() {
        return Err("the store is not empty: it is checked on one that has no document".into());
    }
    // As when the document is deleted while servers know it.
    let unknown = Version::from_bytes(b"no version of this store");
    match one.ask("load", one.store.load(Some(&unknown))).await? {
        Loaded::Absent => {}
        found => {
            return Err(format!(
                "there is no document, and a load that knows a version returned {found:?}"
            ));
        }
    }
    one.conflict(Some(&unknown), &document(0, 300), "there is no document")
        .await?;
    if other.load(None).await?.is_some() {
        return Err("a write on the condition of a version has made a document".into());
    }
    Ok(())
}

/// As when all servers start at once.
fn of_many_that_create_it_one_does<S: RevocationStore>(open: &(impl Fn() -> S + Sync)) -> Checked {
    let barrier = Barrier::new(usize::from(WRITERS));
    let create = |number| {
        barrier.wait();
        run(async {
            let client = Client::new(open());
            client.replace(None, &document(number, 300)).await
        })
    };
    let made: Vec<_> = thread::scope(|scope| {
        let create = &create;
        let spawn = |writer| scope.spawn(move || create(writer));
        let writers: Vec<_> = (1..=WRITERS).map(spawn).collect();
        let answers = writers
            .into_iter()
            .map(|writer| writer.join().map_err(|_| "a writer panicked")?);
        answers.collect::<Checked<Vec<_>>>()
    })?;
    let made = made.iter().filter(|made| matches!(made, Replaced::Done(_)));
    match made.count() {
        1 => Ok(()),
        0 => Err(format!(
            "{WRITERS} clients wrote at once on the condition that there is no document, and none of them did"
        )),
        made => Err(format!(
            "{WRITERS} clients wrote at once on the condition that there is no document, and {made} of them did: it loses revocations"
        )),
    }
}

async fn documents_are_replaced_on_conditions<S: RevocationStore>(
    one: &Client<S>,
    other: &Client<S>,
) -> Checked {
    let [first, second, third] = [1, 2, 3].map(|number| document(number, 300));
    let (_, version) = one.load(None).await?.ok_or("the document is gone")?;
    let version = one.write(Some(&version), &first).await?;
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
            poll_once(one.store.replace(Some(&version), document(number, 5000))).await;
            poll_once(one.store.load(Some(&version))).await;
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
            .write(version.as_ref(), &document(0, HEAD))
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
        let marks = bytes.iter().skip(HEAD);
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
        let mut conflicts = 0_u16;
        loop {
            let (mut bytes, version) = client.load(None).await?.ok_or("the document is gone")?;
            bytes.push(writer);
            let kept = bytes.split_off(HEAD);
            bytes = document(writer, HEAD);
            bytes.extend(kept);
            if let Replaced::Done(_) = client.replace(Some(&version), &bytes).await? {
                break;
            }
            // The others make fewer writes than that all together.
            conflicts = conflicts.saturating_add(1);
            if conflicts > 5000 {
                return Err(
                    "a replace conflicts again and again, though nobody else writes".into(),
                );
            }
        }
    }
    Ok(())
}
