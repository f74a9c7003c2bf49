//! Stores, sources, listeners and runtimes that hang, panic or go away, and callers that wait in the wrong
//! place: nothing stops for good, and whoever waits is told.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use sealed_session::{
    Background, BackgroundFuture, BuildError, FileStore, KeyRefreshError, KeyRing, KeyRingEvent,
    KeyRingSource, KeyRingSourceError, LiveKeyRing, ManualClock, OpenErrorKind, RefreshError,
    RevocationEvent, Revocations, RevokeError, SourceFuture,
};
use tokio::runtime::{Builder, Handle, Runtime};

use crate::account::USER;
use crate::background::{TestBackground, wait_until};
use crate::files::Folder;
use crate::fixture::{NOW, at, key};
use crate::shared_fixture::{AUDIENCE, Fleet};
use crate::writing::entry;

fn ring() -> KeyRing {
    KeyRing::from_key(key(1))
}

/// In the background that everybody has.
fn in_a_file(folder: &Folder) -> Revocations {
    let ring = ring();
    let revocations = Revocations::shared(AUDIENCE, &ring, FileStore::new(folder.file()));
    let revocations = revocations.build().unwrap();
    revocations.create_store().wait().unwrap();
    revocations
}

#[test]
fn waiting_works_inside_a_runtime_and_mixed_with_awaiting() {
    let folder = Folder::new("waits");
    let revocations = in_a_file(&folder);
    let current = Builder::new_current_thread().build().unwrap();
    current.block_on(async {
        let begun = revocations.revoke_scope(USER, 1);
        revocations.revoke_scope(USER, 2).wait().unwrap();
        begun.await.unwrap();
        revocations.refresh().wait().unwrap();
    });
    let several = Builder::new_multi_thread().worker_threads(2).build();
    several.unwrap().block_on(async {
        let tasks: Vec<_> = (0..20_u64)
            .map(|number| {
                let revocations = revocations.clone();
                tokio::spawn(async move {
                    let revoked = revocations.revoke_scope(USER, number);
                    if number % 2 == 0 {
                        revoked.wait()
                    } else {
                        revoked.await
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
    });
    assert_eq!(revocations.list().wait().unwrap().len(), 20);
}

#[test]
fn a_listener_that_waits_is_told_where_and_holds_nothing_up() {
    let folder = Folder::new("listener");
    let place: Arc<OnceLock<Revocations>> = Arc::default();
    let said: Arc<Mutex<Option<String>>> = Arc::default();
    let (inside, heard) = (Arc::clone(&place), Arc::clone(&said));
    let revocations = Revocations::shared(AUDIENCE, &ring(), FileStore::new(folder.file()))
        .on_event(move |event| {
            let (RevocationEvent::Written { .. }, Some(revocations)) = (event, inside.get()) else {
                return;
            };
            // What has been begun goes on.
            drop(revocations.revoke_scope(USER, 2));
            let waits = AssertUnwindSafe(|| revocations.refresh().wait());
            let panic = catch_unwind(waits).unwrap_err();
            *heard.lock().unwrap() = panic.downcast_ref::<&str>().map(ToString::to_string);
            panic!("and a listener that panics is no matter");
        })
        .build()
        .unwrap();
    revocations.create_store().wait().unwrap();
    place.set(revocations.clone()).unwrap();
    revocations.revoke_scope(USER, 1).wait().unwrap();
    let said = said.lock().unwrap().take().unwrap();
    assert!(
        said.starts_with("`.wait()` was called by a listener of `on_event`"),
        "{said}"
    );
    wait_until(|| revocations.list().wait().unwrap().len() == 2);
    // Its handle is inside of itself.
    drop(place);
}

#[test]
fn a_load_that_never_returns_is_given_up_and_the_next_one_is_made() {
    let fleet = Fleet::new();
    let server = fleet.fresh_server();
    let header = server.sign_in(7);
    server.events();
    fleet.background.let_calls_time_out();
    let gate = fleet.store.gate.try_lock().unwrap();
    let error = server.revocations.refresh().wait().unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot read the revocations: the revocation store failed: no answer for 15 seconds"
    );
    assert!(matches!(
        server.events()[..],
        [RevocationEvent::Failed(RefreshError::Store(_))]
    ));
    drop(gate);
    server.revocations.refresh().wait().unwrap();
    assert_eq!(server.kind(&header), Ok(()));
}

#[test]
fn a_write_that_never_returns_is_tried_again_and_then_given_up() {
    let fleet = Fleet::new();
    let server = fleet.fresh_server();
    fleet.background.let_calls_time_out();
    let gate = fleet.store.write_gate.try_lock().unwrap();
    let error = server.sessions.revoke_scope(USER, 1).wait().unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot revoke: the revocation store failed: no answer for 15 seconds; it may have been \
         done or not, try again"
    );
    drop(gate);
    let clock = server.sessions.revoke_scope(USER, 2).wait().unwrap();
    assert_eq!(entry(&server, 2), clock);
}

#[test]
fn a_store_that_panics_has_failed_and_is_asked_again() {
    let fleet = Fleet::new();
    let server = fleet.fresh_server();
    server.events();
    fleet.store.inner().panics = 1;
    let error = server.revocations.refresh().wait().unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot read the revocations: the revocation store failed: it panicked"
    );
    assert!(matches!(
        server.events()[..],
        [RevocationEvent::Failed(RefreshError::Store(_))]
    ));
    fleet.store.inner().panics = 3;
    let clock = server.sessions.revoke_scope(USER, 1).wait().unwrap();
    assert_eq!(entry(&server, 1), clock);
}

/// On a runtime of the application's, which may be shut down.
struct OnRuntime(Handle);

impl Background for OnRuntime {
    fn spawn(&self, task: BackgroundFuture) -> std::io::Result<()> {
        drop(self.0.spawn(task));
        Ok(())
    }

    fn sleep(&self, duration: Duration) -> BackgroundFuture {
        Box::pin(async move { tokio::time::sleep(duration).await })
    }
}

fn runtime() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(1).enable_time().build().unwrap()
}

#[test]
fn a_background_that_is_shut_down_is_told_of_and_leaves_nobody_waiting() {
    let fleet = Fleet::new();
    let runtime = runtime();
    let background = OnRuntime(runtime.handle().clone());
    let server = fleet.server(|builder| builder.background(background));
    server.revocations.refresh().wait().unwrap();
    server.events();
    let gate = fleet.store.write_gate.try_lock().unwrap();
    let begun = fleet.store.inner().begun_writes;
    let waiting = server.sessions.revoke_scope(USER, 1);
    let queued = server.sessions.revoke_scope(USER, 2);
    wait_until(|| fleet.store.inner().begun_writes > begun);
    let loading = server.revocations.refresh();
    // It goes on for a moment, so nothing may be done before it is lost.
    runtime.shutdown_background();
    for lost in [waiting, queued] {
        assert!(matches!(lost.wait(), Err(RevokeError::Interrupted)));
    }
    assert!(matches!(loading.wait(), Err(RefreshError::Interrupted)));
    drop(gate);
    let interrupted = |event: &RevocationEvent| matches!(event, RevocationEvent::Interrupted);
    wait_until(|| server.events().iter().any(interrupted));
    // It cannot start again there, and says so at once.
    let error = server.sessions.revoke_scope(USER, 3).wait();
    assert!(matches!(error, Err(RevokeError::Interrupted)));
    let error = server.sessions.begin_sign_in().wait();
    assert!(matches!(error, Err(RefreshError::Interrupted)));
}

/// Loses its first task half-way, and runs those that come after.
struct LosesTheFirst(TestBackground, Mutex<bool>);

impl Background for LosesTheFirst {
    fn spawn(&self, task: BackgroundFuture) -> std::io::Result<()> {
        if std::mem::replace(&mut *self.1.lock().unwrap(), true) {
            return self.0.spawn(task);
        }
        std::thread::spawn(move || {
            let mut task = task;
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            assert!(task.as_mut().poll(&mut context).is_pending());
            std::thread::sleep(Duration::from_millis(50));
        });
        Ok(())
    }

    fn sleep(&self, duration: Duration) -> BackgroundFuture {
        self.0.sleep(duration)
    }
}

#[test]
fn a_task_that_is_lost_starts_again_by_itself() {
    let fleet = Fleet::new();
    let background = LosesTheFirst(fleet.background.clone(), Mutex::default());
    let server = fleet.server_by_itself(|builder| builder.background(background));
    // Nobody asks for anything.
    let interrupted = |event: &RevocationEvent| matches!(event, RevocationEvent::Interrupted);
    wait_until(|| server.events().iter().any(interrupted));
    let loads = fleet.store.inner().loads;
    wait_until(|| fleet.store.inner().loads > loads + 2);
    server.sessions.revoke_scope(USER, 1).wait().unwrap();
}

/// For want of threads.
struct Nowhere;

impl Background for Nowhere {
    fn spawn(&self, _: BackgroundFuture) -> std::io::Result<()> {
        Err(std::io::Error::other("no thread to be had"))
    }

    fn sleep(&self, _: Duration) -> BackgroundFuture {
        Box::pin(std::future::pending())
    }
}

#[derive(Clone)]
struct Source(Arc<Mutex<u32>>);

impl KeyRingSource for Source {
    fn load(&self) -> SourceFuture<'_, Result<KeyRing, KeyRingSourceError>> {
        let loads = {
            let mut loads = self.0.lock().unwrap();
            *loads += 1;
            *loads
        };
        // Before there is a future.
        assert!(loads != 4, "told to panic");
        Box::pin(async move {
            match loads {
                2 => panic!("told to panic"),
                3 => std::future::pending().await,
                _ => Ok(ring()),
            }
        })
    }
}

#[test]
fn where_there_is_no_thread_the_build_says_so() {
    let fleet = Fleet::new();
    let builder = Revocations::shared(AUDIENCE, &fleet.ring, fleet.store.clone());
    let error = builder.background(Nowhere).build().unwrap_err();
    assert_eq!(error, BuildError::NoBackground);
    let live = LiveKeyRing::builder(Source(Arc::default())).background(Nowhere);
    let error = live.load().wait().unwrap_err();
    assert!(matches!(error, KeyRefreshError::NoBackground), "{error}");
}

#[test]
fn a_source_of_keys_that_panics_or_hangs_keeps_the_ring_and_is_asked_again() {
    let clock = ManualClock::new(at(NOW));
    let background = TestBackground::new(&clock);
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let heard = Arc::clone(&told);
    let live = LiveKeyRing::builder(Source(Arc::default()))
        .clock(clock)
        .background(background.clone())
        .refresh_on_use()
        .on_event(move |event| {
            if let KeyRingEvent::Failed(error) = event {
                heard.lock().unwrap().push(error.to_string());
            }
        })
        .load()
        .wait()
        .unwrap();
    background.let_calls_time_out();
    assert!(live.refresh().wait().is_err());
    assert!(live.refresh().wait().is_err());
    assert!(live.refresh().wait().is_err());
    assert_eq!(live.ring().keys().len(), 1);
    assert!(live.refresh().wait().is_ok());
    assert_eq!(
        *told.lock().unwrap(),
        [
            "the source of the key ring panicked",
            "the source of the key ring gave no answer for 15 seconds",
            "the source of the key ring panicked",
        ]
    );
}

/// A wake-up starts no thread, and neither does a write.
#[cfg(target_os = "linux")]
#[test]
fn hundreds_of_revocations_and_hints_need_no_more_than_a_handful_of_threads() {
    let folder = Folder::new("threads");
    let revocations = in_a_file(&folder);
    let count = || {
        let threads = std::fs::read_dir("/proc/self/task").unwrap();
        let names = threads
            .filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("comm")).ok());
        names
            .filter(|name| name.starts_with("sealed-session"))
            .count()
    };
    let mut most = 0;
    let mut begun = Vec::new();
    for number in 0..300_u64 {
        begun.push(revocations.revoke_scope(USER, number));
        let ahead = revocations.snapshot().unwrap().clock().as_millis() + number + 1;
        revocations.observe(sealed_session::Epoch::from_millis(ahead));
        most = count().max(most);
    }
    for revoked in begun {
        revoked.wait().unwrap();
        most = count().max(most);
    }
    // One that drives, and eight for files.
    assert!((1..=9).contains(&most), "{most} threads");
}

#[test]
fn a_session_is_refused_and_not_waited_for_while_a_store_hangs() {
    let fleet = Fleet::new();
    let header = fleet.fresh_server().sign_in(7);
    let gate = fleet.store.gate.try_lock().unwrap();
    let server = fleet.server_by_itself(|builder| builder);
    assert_eq!(server.kind(&header), Err(OpenErrorKind::StaleState));
    drop(gate);
}

/// Sign-ins ask for loads without an end, and each begins when the one before it has answered.
#[test]
fn a_write_that_fails_is_tried_and_given_up_while_loads_are_asked_for_all_the_time() {
    let fleet = Fleet::new();
    let server = fleet.server_by_itself(|builder| builder);
    fleet.store.inner().fail_writes = u32::MAX;
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    server.revocations.refresh().wait().unwrap();
                }
            });
        }
        let revoked = scope.spawn(|| server.sessions.revoke_scope(USER, 1).wait());
        let begun = std::time::Instant::now();
        while !revoked.is_finished() && begun.elapsed() < Duration::from_secs(60) {
            std::thread::yield_now();
        }
        let has_ended = revoked.is_finished();
        stop.store(true, Ordering::Relaxed);
        assert!(has_ended, "the write has starved");
        let error = revoked.join().unwrap().unwrap_err();
        assert!(matches!(error, RevokeError::Store(_)), "{error}");
    });
    assert!(fleet.store.inner().begun_writes > 3);
}

/// The load is given up after 15 seconds, and by then the next one is due.
#[test]
fn a_write_is_given_up_where_every_call_of_the_store_hangs() {
    let fleet = Fleet::new();
    let server = fleet.server_by_itself(|builder| builder);
    fleet.background.let_calls_time_out();
    let gates = (
        fleet.store.gate.try_lock().unwrap(),
        fleet.store.write_gate.try_lock().unwrap(),
    );
    let error = server.sessions.revoke_scope(USER, 1).wait().unwrap_err();
    assert!(
        error.to_string().contains("no answer for 15 seconds"),
        "{error}"
    );
    drop(gates);
}

/// As a runtime that was shut down.
struct Dropped;

impl Background for Dropped {
    fn spawn(&self, task: BackgroundFuture) -> std::io::Result<()> {
        drop(task);
        Ok(())
    }

    fn sleep(&self, _: Duration) -> BackgroundFuture {
        Box::pin(std::future::pending())
    }
}

#[test]
fn a_listener_may_ask_again_where_no_task_can_be_run() {
    let place: Arc<OnceLock<Revocations>> = Arc::default();
    let told = Arc::new(AtomicU32::new(0));
    let (inside, counted) = (Arc::clone(&place), Arc::clone(&told));
    let folder = Folder::new("nowhere");
    let revocations = Revocations::shared(AUDIENCE, &ring(), FileStore::new(folder.file()))
        .background(Dropped)
        .on_event(move |event| {
            counted.fetch_add(1, Ordering::Relaxed);
            if let (RevocationEvent::Interrupted, Some(revocations)) = (event, inside.get()) {
                drop(revocations.refresh());
            }
        })
        .build()
        .unwrap();
    place.set(revocations.clone()).unwrap();
    for _ in 0..3 {
        let error = revocations.refresh().wait().unwrap_err();
        assert!(matches!(error, RefreshError::Interrupted), "{error}");
        let error = revocations.revoke_everyone().wait().unwrap_err();
        assert!(matches!(error, RevokeError::Interrupted), "{error}");
    }
    // What never ran is not lost, and whoever asked has an error.
    assert_eq!(told.load(Ordering::Relaxed), 0);
}

/// The task that would answer is the very one that calls the listener.
#[test]
fn a_listener_that_waits_is_told_so_in_a_given_background_too() {
    let fleet = Fleet::new();
    let place: Arc<OnceLock<Revocations>> = Arc::default();
    let said: Arc<Mutex<Option<String>>> = Arc::default();
    let (inside, heard) = (Arc::clone(&place), Arc::clone(&said));
    let server = fleet.server_by_itself(|builder| {
        builder.on_event(move |_| {
            let Some(revocations) = inside.get() else {
                return;
            };
            let waits = AssertUnwindSafe(|| revocations.refresh().wait());
            if let Err(panic) = catch_unwind(waits) {
                *heard.lock().unwrap() = panic.downcast_ref::<&str>().map(ToString::to_string);
            }
        })
    });
    place.set(server.revocations.clone()).unwrap();
    server.sessions.revoke_scope(USER, 1).wait().unwrap();
    let said = said.lock().unwrap().take().unwrap();
    assert!(
        said.starts_with("`.wait()` was called by a listener"),
        "{said}"
    );
    drop(place);
}
