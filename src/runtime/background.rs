//! [`Background`]: what runs without a caller, so that nobody has to spawn it, and so that a caller who
//! goes away ends nothing.
//!
//! Unless an application gives its own, one thread of the process runs it all, started by the first that
//! needs it.

use alloc::boxed::Box;
use core::cell::Cell;
use core::future::{Future, poll_fn};
use core::panic::AssertUnwindSafe;
use core::pin::{Pin, pin};
use core::task::Poll;
use core::time::Duration;
use std::io;
use std::panic::catch_unwind;
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;

use tokio::runtime::{Builder, Handle};

/// A future of a [`Background`].
pub type BackgroundFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Where the library runs what goes on by itself: loading keys and revocations, and writing revocations.
///
/// Nobody needs one where the process can have threads. On `wasm32-unknown-unknown`, which has none, the
/// application gives its own, such as one that spawns by `wasm_bindgen_futures::spawn_local`.
pub trait Background: Send + Sync + 'static {
    /// Runs `task` to its end, also when whoever calls this goes away.
    ///
    /// # Errors
    ///
    /// That it cannot be run, such as for want of a thread.
    fn spawn(&self, task: BackgroundFuture) -> io::Result<()>;

    /// Ends after `duration`.
    fn sleep(&self, duration: Duration) -> BackgroundFuture;
}

/// A thread of the process, shared by all that use it: with timers, and with a few threads beside it for
/// what waits for a disk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OwnThread;

/// Whether this platform has threads.
const NO_THREADS: bool = cfg!(all(
    target_family = "wasm",
    any(target_os = "unknown", target_os = "none")
));

/// How many calls may wait for disks at once. One that hangs keeps its thread.
const BLOCKING_THREADS: usize = 8;

/// The running thread, and the process that it is of: a forked child has none of its parent's threads.
static RUNNING: Mutex<Option<(u32, Handle)>> = Mutex::new(None);

std::thread_local! {
    static IS_BACKGROUND: Cell<bool> = const { Cell::new(false) };
    static IS_TOLD: Cell<bool> = const { Cell::new(false) };
}

/// Whether this is the thread that [`OwnThread`] runs on, or the inside of a listener, which the task
/// calls that would have to answer: whoever waits here waits for itself.
pub(crate) fn is_background() -> bool {
    IS_BACKGROUND.get() || IS_TOLD.get()
}

/// The process, to tell a forked child from its parent.
pub(crate) fn process() -> u32 {
    if NO_THREADS { 0 } else { std::process::id() }
}

impl OwnThread {
    fn handle() -> io::Result<Handle> {
        if NO_THREADS {
            let none = "this platform has no threads; give the builder a background of your own";
            return Err(io::Error::new(io::ErrorKind::Unsupported, none));
        }
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, handle)) = &*running
            && *of == process()
        {
            return Ok(handle.clone());
        }
        // Built on the thread that runs it: where there is no thread, there is no runtime, which may not
        // be dropped inside another one.
        let (sender, built) = mpsc::sync_channel(1);
        thread::Builder::new()
            .name("sealed-session".into())
            .spawn(move || run(&sender))?;
        let handle = built.recv().map_err(io::Error::other)??;
        *running = Some((process(), handle.clone()));
        Ok(handle)
    }
}

/// The thread.
fn run(built: &mpsc::SyncSender<io::Result<Handle>>) {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .thread_name("sealed-session-io")
        .max_blocking_threads(BLOCKING_THREADS)
        .build();
    match runtime {
        Ok(runtime) => {
            IS_BACKGROUND.set(true);
            let _ = built.send(Ok(runtime.handle().clone()));
            runtime.block_on(core::future::pending::<()>());
        }
        Err(error) => drop(built.send(Err(error))),
    }
}

impl Background for OwnThread {
    fn spawn(&self, task: BackgroundFuture) -> io::Result<()> {
        drop(Self::handle()?.spawn(task));
        Ok(())
    }

    fn sleep(&self, duration: Duration) -> BackgroundFuture {
        Box::pin(async move { tokio::time::sleep(duration).await })
    }
}

/// The result of `work`, done on a thread beside the runtime's; where there is no runtime, by whoever
/// drives this.
///
/// # Errors
///
/// That there was no thread, or that it died.
pub(crate) async fn unblock<R: Send + 'static>(
    work: impl FnOnce() -> R + Send + 'static,
) -> io::Result<R> {
    match Handle::try_current() {
        Ok(runtime) => runtime.spawn_blocking(work).await.map_err(io::Error::other),
        Err(_) => Ok(work()),
    }
}

/// Why a call has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoAnswer {
    TimedOut,
    Panicked,
}

/// The answer of a call of somebody else's code, within `limit`. It may hang or panic, and nothing else does
/// for it.
pub(crate) async fn guarded<R>(
    background: &dyn Background,
    limit: Duration,
    call: impl Future<Output = R>,
) -> Result<R, NoAnswer> {
    let (mut call, mut late) = (pin!(caught(call)), background.sleep(limit));
    poll_fn(|context| {
        // First the time: a call that is always ready for more would use up tokio's budget for both.
        let is_late = late.as_mut().poll(context).is_ready();
        match call.as_mut().poll(context) {
            Poll::Pending if is_late => Poll::Ready(Err(NoAnswer::TimedOut)),
            polled => polled,
        }
    })
    .await
}

/// The answer of a call of somebody else's code, which may panic.
pub(crate) async fn caught<R>(call: impl Future<Output = R>) -> Result<R, NoAnswer> {
    let mut call = pin!(call);
    poll_fn(
        |context| match catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(context))) {
            Ok(answer) => answer.map(Ok),
            Err(_) => Poll::Ready(Err(NoAnswer::Panicked)),
        },
    )
    .await
}

/// Calls a listener, which may panic; the panic's own message has been printed then.
pub(crate) fn told(listener: impl FnOnce()) {
    let outer = IS_TOLD.replace(true);
    let _ = catch_unwind(AssertUnwindSafe(listener));
    IS_TOLD.set(outer);
}
