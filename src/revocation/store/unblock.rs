//! Runs what waits for a disk or for time on a thread of its own, so that a future never blocks its
//! runtime, and needs none.

use alloc::boxed::Box;
use alloc::string::String;
use core::time::Duration;
use std::thread;

use tokio::sync::oneshot;

use super::{StoreError, StoreErrorKind, StoreFuture};

/// The result of `work`, done on a thread.
pub(super) fn unblock<R: Send + 'static>(
    work: impl FnOnce() -> Result<R, StoreError> + Send + 'static,
) -> StoreFuture<'static, Result<R, StoreError>> {
    Box::pin(async move {
        const UNAVAILABLE: StoreErrorKind = StoreErrorKind::Unavailable;
        let result = spawn(work).map_err(|error| StoreError::new(UNAVAILABLE, error))?;
        result.await.unwrap_or_else(|_| {
            let died = "the thread that reads and writes it died";
            Err(StoreError::new(UNAVAILABLE, died))
        })
    })
}

pub(super) fn sleep(duration: Duration) -> StoreFuture<'static, ()> {
    Box::pin(async move {
        match spawn(move || thread::sleep(duration)) {
            // The sender is dropped without a message only when the sleep has ended, too.
            Ok(ended) => drop(ended.await),
            // No thread to be had: a caller that is kept waiting is better than one that spins.
            Err(_) => thread::sleep(duration),
        }
    })
}

fn spawn<R: Send + 'static>(
    work: impl FnOnce() -> R + Send + 'static,
) -> std::io::Result<oneshot::Receiver<R>> {
    let (result, receiver) = oneshot::channel();
    thread::Builder::new()
        .name(String::from("revocations"))
        .spawn(move || drop(result.send(work())))?;
    Ok(receiver)
}
