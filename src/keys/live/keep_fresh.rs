//! The task that follows the source: a load an interval, and one ahead of time when a token names an
//! unknown key.

use alloc::string::String;
use alloc::sync::{Arc, Weak};
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::Poll;
use core::time::Duration;
use std::io;
use std::thread;

use super::{Live, LiveKeyRing};

/// The pause where the clock shows no time at all, and the least between two looks.
const LEAST_PAUSE: Duration = Duration::from_secs(1);

impl LiveKeyRing {
    /// Loads the ring again and again, at every interval and when a token names an unknown key. Spawn
    /// it where there is a runtime: `tokio::spawn(keys.keep_fresh())`.
    ///
    /// Failures are told to [`on_event`](super::LiveKeyRingBuilder::on_event). It ends when the last
    /// handle and the last sessions that follow it have been dropped, after the pause that it is in.
    ///
    /// Not on wasm without an operating system (`wasm32-unknown-unknown`), which has neither threads nor
    /// timers: call [`refresh_if_due`](Self::refresh_if_due) in every request there.
    pub fn keep_fresh(&self) -> impl Future<Output = ()> + Send + 'static {
        let live = Arc::downgrade(&self.0);
        async move { while load_and_sleep(&live).await {} }
    }

    /// The same on a thread, where there is no runtime.
    ///
    /// # Errors
    ///
    /// The operating system's, where it has no thread to give.
    pub fn keep_fresh_on_a_thread(&self) -> io::Result<()> {
        let task = self.keep_fresh();
        thread::Builder::new()
            .name(String::from("key ring"))
            .spawn(move || pollster::block_on(task))
            .map(drop)
    }
}

/// Whether there is still somebody to do it for. The ring is let go while this sleeps.
async fn load_and_sleep(live: &Weak<Live>) -> bool {
    let Some(live) = live.upgrade() else {
        return false;
    };
    // Events tell of failures.
    let _ = live.tell(live.refresh_if_due().await);
    let wait = live.moment().map(|now| live.wait(now));
    let wait = wait.unwrap_or(LEAST_PAUSE).max(LEAST_PAUSE);
    // A hint that has to wait for its turn must not wake this over and over: `wait` counts it.
    let (sleep, wake) = (live.source.sleep(wait), Arc::clone(&live.wake));
    drop(live);
    let mut sleep = pin!(sleep);
    let mut woken = pin!(wake.notified());
    poll_fn(
        |context| match (sleep.as_mut().poll(context), woken.as_mut().poll(context)) {
            (Poll::Pending, Poll::Pending) => Poll::Pending,
            _ => Poll::Ready(()),
        },
    )
    .await;
    true
}
