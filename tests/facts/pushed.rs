//! A store that says itself when its document has changed. No load is due by itself here.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sealed_session::testing::{check_store, check_store_tells};
use sealed_session::{
    KeyRing, Loaded, Replaced, RevocationStore, Revocations, RevocationsBuilder, Scope, StoreError,
    StoreFuture, Version,
};
use tokio::sync::watch;

use crate::account::USER;
use crate::background::wait_until;
use crate::fixture::key;
use crate::test_store::TestStore;

/// What its clients share.
#[derive(Clone)]
struct Pushes {
    store: TestStore,
    news: watch::Sender<()>,
    /// How often a client has begun to wait for news.
    asked: Arc<AtomicU32>,
    panics: bool,
    /// It says at every time that it has changed.
    always: bool,
}

/// One client.
struct Client(Pushes, tokio::sync::Mutex<watch::Receiver<()>>);

impl Pushes {
    fn new() -> Self {
        Self {
            store: TestStore::new(),
            news: watch::Sender::new(()),
            asked: Arc::default(),
            panics: false,
            always: false,
        }
    }

    fn client(&self) -> Client {
        Client(self.clone(), self.news.subscribe().into())
    }

    fn server(
        &self,
        set: impl FnOnce(RevocationsBuilder<'_>) -> RevocationsBuilder<'_>,
    ) -> Revocations {
        let ring = KeyRing::from_key(key(1));
        let hour = Duration::from_secs(3600);
        let builder = Revocations::shared("shop.example", &ring, self.client());
        let builder = builder.refresh_interval(hour).max_staleness(2 * hour);
        let server = set(builder).build().unwrap();
        server.create_store().wait().unwrap();
        // The first load may have found no store.
        server.refresh().wait().unwrap();
        server
    }
}

impl RevocationStore for Client {
    fn load<'a>(
        &'a self,
        known: Option<&'a Version>,
    ) -> StoreFuture<'a, Result<Loaded, StoreError>> {
        self.0.store.load(known)
    }

    fn replace<'a>(
        &'a self,
        expected: Option<&'a Version>,
        document: Vec<u8>,
    ) -> StoreFuture<'a, Result<Replaced, StoreError>> {
        Box::pin(async move {
            let replaced = self.0.store.replace(expected, document).await;
            self.0.news.send_replace(());
            replaced
        })
    }

    fn changed(&self) -> StoreFuture<'_, ()> {
        self.0.asked.fetch_add(1, Ordering::Relaxed);
        assert!(!self.0.panics, "told to panic");
        Box::pin(async move {
            if !self.0.always {
                self.1.lock().await.changed().await.unwrap();
            }
        })
    }
}

fn knows(server: &Revocations, user: u64) -> bool {
    let state = server.snapshot();
    state.is_some_and(|state| {
        !state
            .revoked_before(Scope::new(USER, user))
            .eq(&state.floor())
    })
}

#[test]
fn what_is_pushed_is_loaded_by_every_server_at_once() {
    let pushes = Pushes::new();
    let servers = [(); 3].map(|()| pushes.server(|builder| builder));
    for user in 0..5 {
        servers[0].revoke_scope(USER, user).wait().unwrap();
        for server in &servers {
            wait_until(|| knows(server, user));
        }
    }
}

#[test]
fn a_store_that_keeps_saying_so_is_loaded_20_times_a_second_at_the_most() {
    let pushes = Pushes {
        always: true,
        ..Pushes::new()
    };
    let begun = std::time::Instant::now();
    let server = pushes.server(|builder| builder);
    wait_until(|| pushes.store.inner().loads >= 10);
    let loads = pushes.store.inner().loads;
    let most = begun.elapsed().as_millis() / 50 + 3;
    assert!(
        u128::from(loads) <= most,
        "{loads} loads, {most} at the most"
    );
    drop(server);
}

#[test]
fn a_push_that_panics_is_no_push_and_all_else_goes_on() {
    let pushes = Pushes {
        panics: true,
        ..Pushes::new()
    };
    let server = pushes.server(|builder| builder);
    server.revoke_scope(USER, 1).wait().unwrap();
    server.refresh().wait().unwrap();
    assert!(knows(&server, 1));
}

#[test]
fn a_server_that_loads_on_use_waits_for_no_push() {
    let pushes = Pushes::new();
    let server = pushes.server(|builder| builder.refresh_on_use());
    server.refresh().wait().unwrap();
    server.revoke_scope(USER, 1).wait().unwrap();
    assert_eq!(pushes.asked.load(Ordering::Relaxed), 0);
}

#[test]
fn it_keeps_the_promises_of_a_store_and_tells() {
    let pushes = Pushes::new();
    check_store(|| pushes.client());
    check_store_tells(|| pushes.client(), Duration::from_secs(30));
}

/// A store whose calls panic before they return a future.
struct PanicsAtOnce(TestStore, Arc<AtomicU32>);

impl PanicsAtOnce {
    fn panic_if_told(&self) {
        let told = self
            .1
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(1)
            });
        assert!(told.is_err(), "told to panic");
    }
}

impl RevocationStore for PanicsAtOnce {
    fn load<'a>(
        &'a self,
        known: Option<&'a Version>,
    ) -> StoreFuture<'a, Result<Loaded, StoreError>> {
        self.panic_if_told();
        self.0.load(known)
    }

    fn replace<'a>(
        &'a self,
        expected: Option<&'a Version>,
        document: Vec<u8>,
    ) -> StoreFuture<'a, Result<Replaced, StoreError>> {
        self.panic_if_told();
        self.0.replace(expected, document)
    }
}

#[test]
fn a_call_that_panics_before_there_is_a_future_has_failed_and_no_more() {
    let (ring, panics) = (KeyRing::from_key(key(1)), Arc::new(AtomicU32::new(0)));
    let store = PanicsAtOnce(TestStore::new(), panics.clone());
    let server = Revocations::shared("shop.example", &ring, store);
    let server = server.refresh_on_use().build().unwrap();
    server.create_store().wait().unwrap();
    panics.store(1, Ordering::Relaxed);
    let error = server.refresh().wait().unwrap_err();
    assert!(error.to_string().contains("it panicked"), "{error}");
    panics.store(1, Ordering::Relaxed);
    server.revoke_scope(USER, 1).wait().unwrap();
    assert!(knows(&server, 1), "it was tried again");
}

/// What a store can do wrong, each found with what it is.
#[test]
fn a_store_that_breaks_a_promise_is_found() {
    for (wrong, found) in [
        (Wrong::IgnoresVersions, "it loses revocations"),
        (Wrong::IgnoresAbsence, "it loses revocations"),
        (Wrong::ComparesBeforeItCreates, "it loses revocations"),
        (Wrong::ComparesBeforeItWrites, "acknowledged writes"),
        (Wrong::NamesAllTheSame, "version"),
        (Wrong::CutsLongOnes, "other bytes"),
        (Wrong::Forgets, "not there"),
        (Wrong::KnowsNothing, "that knows the version"),
    ] {
        let store = TestStore::new();
        let check = || check_store(|| Faulty(store.clone(), wrong));
        let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(check)).unwrap_err();
        let message = panic.downcast_ref::<String>().unwrap();
        assert!(message.contains(found), "{wrong:?}: {message}");
    }
    let silent = TestStore::new();
    let check = || check_store_tells(|| silent.clone(), Duration::from_millis(50));
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(check)).unwrap_err();
    let message = panic.downcast_ref::<String>().unwrap();
    assert!(message.contains("nobody was told"), "{message}");
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Wrong {
    IgnoresVersions,
    IgnoresAbsence,
    ComparesBeforeItCreates,
    ComparesBeforeItWrites,
    NamesAllTheSame,
    CutsLongOnes,
    Forgets,
    KnowsNothing,
}

impl Wrong {
    fn name(self, version: Version) -> Version {
        match self {
            Self::NamesAllTheSame => Version::from_bytes(b"the document"),
            _ => version,
        }
    }
}

struct Faulty(TestStore, Wrong);

impl Faulty {
    async fn present(&self) -> Result<Option<Version>, StoreError> {
        Ok(match self.0.load(None).await? {
            Loaded::Document { version, .. } => Some(version),
            _ => None,
        })
    }
}

impl RevocationStore for Faulty {
    fn load<'a>(
        &'a self,
        known: Option<&'a Version>,
    ) -> StoreFuture<'a, Result<Loaded, StoreError>> {
        Box::pin(async move {
            let known = known.filter(|_| self.1 != Wrong::KnowsNothing);
            let mut loaded = self.0.load(known).await?;
            if let Loaded::Document { bytes, version } = &mut loaded {
                if self.1 == Wrong::CutsLongOnes {
                    bytes.truncate(65_536);
                }
                *version = self.1.name(version.clone());
            }
            Ok(loaded)
        })
    }

    fn replace<'a>(
        &'a self,
        expected: Option<&'a Version>,
        document: Vec<u8>,
    ) -> StoreFuture<'a, Result<Replaced, StoreError>> {
        Box::pin(async move {
            let ignores = match self.1 {
                Wrong::IgnoresVersions => expected.is_some(),
                Wrong::IgnoresAbsence => expected.is_none(),
                Wrong::ComparesBeforeItWrites | Wrong::NamesAllTheSame if expected.is_none() => {
                    false
                }
                Wrong::ComparesBeforeItCreates if expected.is_some() => false,
                Wrong::ComparesBeforeItWrites
                | Wrong::ComparesBeforeItCreates
                | Wrong::NamesAllTheSame => {
                    let present = self.present().await?;
                    let same = self.1 == Wrong::NamesAllTheSame && present.is_some();
                    if present.as_ref() != expected && !(same && expected.is_some()) {
                        return Ok(Replaced::Conflict);
                    }
                    std::thread::sleep(Duration::from_millis(1));
                    true
                }
                _ => false,
            };
            if ignores {
                self.0.put(Some(document));
                let version = self.present().await?.unwrap();
                return Ok(Replaced::Done(self.1.name(version)));
            }
            let replaced = self.0.replace(expected, document).await?;
            if self.1 == Wrong::Forgets && expected.is_some() {
                self.0.put(None);
            }
            Ok(match replaced {
                Replaced::Done(version) => Replaced::Done(self.1.name(version)),
                conflict => conflict,
            })
        })
    }
}
