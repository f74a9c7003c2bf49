//! Runs what waits for a disk or for time on a thread of its own, so that a future never blocks its
//! runtime, and needs none.

use alloc::boxed::Box;
use alloc::string::String;
use core::future::Future;
use core::pin::Pin;
use core::time::Duration;
use std::{io, thread};

use tokio::sync::oneshot;

/// The result of `work`, done on a thread.
///
/// Its error is that there was no thread, or that it died.
pub(crate) async fn unblock<R: Send + 'static>(
    work: impl FnOnce() -> R + Send + 'static,
) -> io::Result<R> {
    let died = |_| io::Error::other("the thread that reads and writes died");
    spawn(work)?.await.map_err(died)
}

/// Where the standard library can neither start a thread nor sleep: it panics.
const NO_THREADS: bool = cfg!(all(
    target_family = "wasm",
    any(target_os = "unknown", target_os = "none")
));

pub(crate) fn sleep(duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        match spawn(move || thread::sleep(duration)) {
            // The sender is dropped without a message only when the sleep has ended, too.
            Ok(ended) => drop(ended.await),
            // There is nothing to sleep with; what calls this tries a bounded number of times.
            Err(_) if NO_THREADS => {}
            // No thread to be had: a caller that is kept waiting is better than one that spins.
            Err(_) => thread::sleep(duration),
        }
    })
}

fn spawn<R: Send + 'static>(
    work: impl FnOnce() -> R + Send + 'static,
) -> io::Result<oneshot::Receiver<R>> {
    let (result, receiver) = oneshot::channel();
    thread::Builder::new()
        .name(String::from("sealed-session"))
        .spawn(move || drop(result.send(work())))?;
    Ok(receiver)
}
