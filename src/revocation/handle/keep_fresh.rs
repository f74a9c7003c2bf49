//! The task that keeps a state fresh: a load an interval, and one at once when a token brings news.

use alloc::string::String;
use alloc::sync::{Arc, Weak};
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::Poll;
use core::time::Duration;
use std::io;
use std::thread;

use super::shared::Shared;
use super::{Kind, Revocations};
use crate::runtime::clock::Moment;

/// How late the task may notice that the machine was suspended.
const LONGEST_SLEEP: Duration = Duration::from_secs(5);

/// The pause where the clock shows no time at all.
const WITHOUT_CLOCK: Duration = Duration::from_secs(1);

impl Revocations {
    /// Loads the revocations again and again: at once, at every interval, and when a token is ahead of
    /// what is held. Spawn it where there is a runtime:
    ///
    /// ```
    /// # use sealed_session::{FileStore, Key, KeyRing, Revocations};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let keys = KeyRing::from_key(Key::generate()?);
    /// # let store = FileStore::new("/nowhere/revocations");
    /// let revocations = Revocations::shared("shop.example", &keys, store).build()?;
    /// tokio::spawn(revocations.keep_fresh());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Failures are told to [`on_event`](super::RevocationsBuilder::on_event), and make the pauses
    /// longer. It ends when the last handle is dropped; for a fixed epoch or the memory of a process
    /// it ends at once.
    ///
    /// Not on wasm without an operating system (`wasm32-unknown-unknown`), which has neither threads nor
    /// timers: call [`refresh_if_due`](Self::refresh_if_due) in every request there.
    pub fn keep_fresh(&self) -> impl Future<Output = ()> + Send + 'static {
        let kind = Arc::downgrade(&self.0);
        async move { while load_and_sleep(&kind).await {} }
    }

    /// The same on a thread, where there is no runtime.
    ///
    /// # Errors
    ///
    /// The operating system's, where it has no thread to give.
    pub fn keep_fresh_on_a_thread(&self) -> io::Result<()> {
        let task = self.keep_fresh();
        // An object store needs the runtime from which this was called.
        #[cfg(feature = "object-store")]
        let runtime = tokio::runtime::Handle::try_current().ok();
        thread::Builder::new()
            .name(String::from("revocations"))
            .spawn(move || {
                #[cfg(feature = "object-store")]
                let _entered = runtime.as_ref().map(tokio::runtime::Handle::enter);
                pollster::block_on(task);
            })
            .map(drop)
    }
}

/// Whether there is still somebody to do it for. The handle is let go while this sleeps.
async fn load_and_sleep(kind: &Weak<Kind>) -> bool {
    let Some(kind) = kind.upgrade() else {
        return false;
    };
    let Kind::Shared(shared) = &*kind else {
        return false;
    };
    // Events tell of failures.
    if let Ok(true) = shared.refresh_if_due().await {
        shared.keep_key_current().await;
    }
    let wait = shared.moment().map(|now| sleep(shared, now));
    let wait = wait.unwrap_or(WITHOUT_CLOCK);
    let (sleep, wake) = (shared.store.sleep(wait), Arc::clone(&shared.wake));
    drop(kind);
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

/// How long the task may sleep. Never nothing, while somebody else's load is under way; and not
/// long, for a machine that was suspended wakes with an old state and a timer that knows of nothing.
fn sleep(shared: &Shared, now: Moment) -> Duration {
    let wait = shared.wait(now).min(LONGEST_SLEEP);
    if wait.is_zero() {
        return shared.settings.paces.least_gap();
    }
    wait
}
