//! A store in memory that does what a test tells it: it fails, forgets, loses answers, hangs and panics.

use std::sync::{Arc, Mutex, MutexGuard};

use sealed_session::{
    Loaded, Replaced, RevocationStore, StoreError, StoreErrorKind, StoreFuture, Version,
};

/// Clones are one store.
#[derive(Clone)]
pub(crate) struct TestStore {
    inner: Arc<Mutex<Inner>>,
    /// Whoever holds it holds up every load.
    pub(crate) gate: Arc<tokio::sync::Mutex<()>>,
    /// Whoever holds it holds up every replacement, before it is made.
    pub(crate) write_gate: Arc<tokio::sync::Mutex<()>>,
}

pub(crate) struct Inner {
    pub(crate) document: Option<(Vec<u8>, u64)>,
    versions: u64,
    pub(crate) loads: u32,
    /// Those that are held up, too.
    pub(crate) begun_loads: u32,
    /// Loads that had to send the document.
    pub(crate) sent: u32,
    pub(crate) writes: u32,
    /// Those that are held up, too.
    pub(crate) begun_writes: u32,
    /// So many of the next calls fail, and nothing is done.
    pub(crate) fail: u32,
    /// So many of the next replacements fail, and nothing is done.
    pub(crate) fail_writes: u32,
    /// So many of the next replacements are made, and their answers are lost.
    pub(crate) lose_answers: u32,
    /// So many of the next calls panic.
    pub(crate) panics: u32,
    /// So many of the next replacements meet a conflict for no reason.
    pub(crate) conflicts: u32,
    /// The next load answers with these bytes, as a replica that is behind.
    pub(crate) stale: Option<Vec<u8>>,
}

impl TestStore {
    pub(crate) fn new() -> Self {
        Self {
            inner: Arc::new(Mutex::new(Inner {
                document: None,
                versions: 0,
                loads: 0,
                begun_loads: 0,
                sent: 0,
                writes: 0,
                begun_writes: 0,
                fail: 0,
                fail_writes: 0,
                lose_answers: 0,
                panics: 0,
                conflicts: 0,
                stale: None,
            })),
            gate: Arc::default(),
            write_gate: Arc::default(),
        }
    }

    pub(crate) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    fn panic_if_told(&self) {
        let told = self.inner().panics.checked_sub(1);
        if let Some(fewer) = told {
            self.inner().panics = fewer;
            panic!("told to panic");
        }
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
            self.inner().begun_loads += 1;
            drop(self.gate.lock().await);
            self.panic_if_told();
            let mut inner = self.inner();
            inner.loads += 1;
            if let Some(fewer) = inner.fail.checked_sub(1) {
                inner.fail = fewer;
                return Err(unavailable());
            }
            if let Some(bytes) = inner.stale.take() {
                inner.versions += 1;
                let version = name(inner.versions);
                return Ok(Loaded::Document { bytes, version });
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
            self.inner().begun_writes += 1;
            drop(self.write_gate.lock().await);
            self.panic_if_told();
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
}
