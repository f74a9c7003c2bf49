//! A background for tests: each task on a thread of its own, and pauses that take no time.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use sealed_session::{Background, BackgroundFuture, ManualClock};

/// What is no pause, but the time-out of a call: it comes only when a test says so.
const TIME_OUT: Duration = Duration::from_secs(10);

/// Waits for what happens on another thread.
pub(crate) fn wait_until(done: impl Fn() -> bool) {
    let begun = std::time::Instant::now();
    while !done() {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "it never happens"
        );
        std::thread::yield_now();
    }
}

#[derive(Clone)]
pub(crate) struct TestBackground(Arc<Inner>);

struct Inner {
    clock: ManualClock,
    /// In milliseconds.
    longest_pause: AtomicU64,
    running: AtomicU32,
    calls_time_out: AtomicBool,
}

impl TestBackground {
    /// Its pauses move `clock`.
    pub(crate) fn new(clock: &ManualClock) -> Self {
        Self(Arc::new(Inner {
            clock: clock.clone(),
            longest_pause: AtomicU64::new(0),
            running: AtomicU32::new(0),
            calls_time_out: AtomicBool::new(false),
        }))
    }

    pub(crate) fn longest_pause(&self) -> Duration {
        Duration::from_millis(self.0.longest_pause.load(Ordering::Relaxed))
    }

    /// How many tasks have not ended.
    pub(crate) fn running(&self) -> u32 {
        self.0.running.load(Ordering::Relaxed)
    }

    /// From now on a call that does not answer at once times out.
    pub(crate) fn let_calls_time_out(&self) {
        self.0.calls_time_out.store(true, Ordering::Relaxed);
    }
}

impl Background for TestBackground {
    fn spawn(&self, task: BackgroundFuture) -> io::Result<()> {
        let inner = Arc::clone(&self.0);
        inner.running.fetch_add(1, Ordering::Relaxed);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build();
            runtime.unwrap().block_on(task);
            inner.running.fetch_sub(1, Ordering::Relaxed);
        });
        Ok(())
    }

    fn sleep(&self, duration: Duration) -> BackgroundFuture {
        let inner = Arc::clone(&self.0);
        let mut asked = false;
        Box::pin(std::future::poll_fn(move |context| {
            if duration > TIME_OUT && !inner.calls_time_out.load(Ordering::Relaxed) {
                return Poll::Pending;
            }
            if std::mem::replace(&mut asked, true) {
                return Poll::Ready(());
            }
            // Ready when it is asked again, so that others have their turn.
            inner.clock.advance(duration);
            let millis = u64::try_from(duration.as_millis()).unwrap();
            inner.longest_pause.fetch_max(millis, Ordering::Relaxed);
            context.waker().wake_by_ref();
            Poll::Pending
        }))
    }
}
