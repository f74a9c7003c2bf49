//! A store in memory that does what a test tells it: it fails, forgets, loses answers, and waits.

use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Poll;
use std::time::Duration;

use sealed_session::{
    Loaded, ManualClock, Replaced, RevocationStore, StoreError, StoreErrorKind, StoreFuture,
    Version,
};

/// Clones are one store.
#[derive(Clone)]
pub(crate) struct TestStore {
    inner: Arc<Mutex<Inner>>,
    /// Whoever holds it holds up every load.
    pub(crate) gate: Arc<tokio::sync::Mutex<()>>,
    /// Whoever holds it holds up every replacement, before it is made.
    pub(crate) write_gate: Arc<tokio::sync::Mutex<()>>,
    clock: ManualClock,
}

pub(crate) struct Inner {
    pub(crate) document: Option<(Vec<u8>, u64)>,
    versions: u64,
    pub(crate) loads: u32,
    /// Loads that had to send the document.
    pub(crate) sent: u32,
    pub(crate) writes: u32,
    pub(crate) longest_sleep: Duration,
    /// So many of the next calls fail, and nothing is done.
    pub(crate) fail: u32,
    /// So many of the next replacements fail, and nothing is done.
    pub(crate) fail_writes: u32,
    /// So many of the next replacements are made, and their answers are lost.
    pub(crate) lose_answers: u32,
    /// So many of the next replacements meet a conflict for no reason.
    pub(crate) conflicts: u32,
}

impl TestStore {
    /// Its pauses move `clock`.
    pub(crate) fn new(clock: &ManualClock) -> Self {
        Self {
            inner: Arc::new(Mutex::new(Inner {
                document: None,
                versions: 0,
                loads: 0,
                sent: 0,
                writes: 0,
                longest_sleep: Duration::ZERO,
                fail: 0,
                fail_writes: 0,
                lose_answers: 0,
                conflicts: 0,
            })),
            gate: Arc::default(),
            write_gate: Arc::default(),
            clock: clock.clone(),
        }
    }

    pub(crate) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    pub(crate) fn document(&self) -> Option<Vec<u8>> {
        self.inner().document.clone().map(|(document, _)| document)
    }

    /// Puts bytes in the document's place, under a new version.
    pub(crate) fn put(&self, document: Option<Vec<u8>>) {
        let mut inner = self.inner();
        inner.versions += 1;
        let version = inner.versions;
        inner.document = document.map(|document| (document, version));
    }
}

fn name(version: u64) -> Version {
    Version::from_bytes(&version.to_be_bytes())
}

fn unavailable() -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, "told to fail")
}

impl RevocationStore for TestStore {
    fn load<'a>(
        &'a self,
        known: Option<&'a Version>,
    ) -> StoreFuture<'a, Result<Loaded, StoreError>> {
        Box::pin(async move {
            drop(self.gate.lock().await);
            let mut inner = self.inner();
            inner.loads += 1;
            if let Some(fewer) = inner.fail.checked_sub(1) {
                inner.fail = fewer;
                return Err(unavailable());
            }
            let Some((bytes, version)) = inner.document.clone() else {
                return Ok(Loaded::Absent);
            };
            let version = name(version);
            if known == Some(&version) {
                return Ok(Loaded::NotModified);
            }
            inner.sent += 1;
            Ok(Loaded::Document { bytes, version })
        })
    }

    fn replace<'a>(
        &'a self,
        expected: Option<&'a Version>,
        document: Vec<u8>,
    ) -> StoreFuture<'a, Result<Replaced, StoreError>> {
        Box::pin(async move {
            drop(self.write_gate.lock().await);
            let mut inner = self.inner();
            if let Some(fewer) = inner.fail.checked_sub(1) {
                inner.fail = fewer;
                return Err(unavailable());
            }
            if let Some(fewer) = inner.fail_writes.checked_sub(1) {
                inner.fail_writes = fewer;
                return Err(unavailable());
            }
            if let Some(fewer) = inner.conflicts.checked_sub(1) {
                inner.conflicts = fewer;
                return Ok(Replaced::Conflict);
            }
            let present = inner.document.as_ref().map(|&(_, version)| name(version));
            if present.as_ref() != expected {
                return Ok(Replaced::Conflict);
            }
            inner.versions += 1;
            inner.writes += 1;
            let version = inner.versions;
            inner.document = Some((document, version));
            if let Some(fewer) = inner.lose_answers.checked_sub(1) {
                inner.lose_answers = fewer;
                return Err(unavailable());
            }
            Ok(Replaced::Done(name(version)))
        })
    }

    fn sleep(&self, duration: Duration) -> StoreFuture<'static, ()> {
        self.clock.advance(duration);
        let mut inner = self.inner();
        inner.longest_sleep = duration.max(inner.longest_sleep);
        drop(inner);
        // Ready when it is asked again, so that others have their turn.
        let mut asked = false;
        Box::pin(std::future::poll_fn(move |context| {
            context.waker().wake_by_ref();
            if std::mem::replace(&mut asked, true) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        }))
    }
}
