//! [`Operation`]: a call that may have to ask a store or a source.

use alloc::boxed::Box;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

/// A call that may have to ask a store or a source, and does nothing until it is driven: `.await` it, or, in
/// code without a runtime, [`wait`](Self::wait) for it.
///
/// One that is dropped half-way may have been done or not.
#[must_use = "nothing happens until this is awaited, or waited for with `.wait()`"]
pub struct Operation<'a, R>(Pin<Box<dyn Future<Output = R> + Send + 'a>>);

impl<'a, R> Operation<'a, R> {
    pub(crate) fn new(future: impl Future<Output = R> + Send + 'a) -> Self {
        Self(Box::pin(future))
    }

    /// Blocks this thread until the call is done. Never on a thread of an asynchronous runtime.
    pub fn wait(self) -> R {
        pollster::block_on(self.0)
    }
}

impl<R> Future for Operation<'_, R> {
    type Output = R;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<R> {
        self.0.as_mut().poll(context)
    }
}

impl<R> fmt::Debug for Operation<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operation").finish_non_exhaustive()
    }
}
