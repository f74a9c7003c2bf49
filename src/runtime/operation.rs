//! [`Operation`]: a call that may have to ask a store or a source.

use alloc::boxed::Box;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use super::background::is_background;

/// A call that may have to ask a store or a source. It has begun when it is returned, and goes on
/// in the background also if its caller goes away. `.await` its answer, or, in code that is not
/// asynchronous, [`wait`](Self::wait) for it.
#[must_use = "whether it succeeded is known when this is awaited, or waited for with `.wait()`"]
pub struct Operation<'a, R>(Pin<Box<dyn Future<Output = R> + Send + 'a>>);

impl<'a, R> Operation<'a, R> {
    pub(crate) fn new(future: impl Future<Output = R> + Send + 'a) -> Self {
        Self(Box::pin(future))
    }

    /// Blocks this thread until the call is done. It also works inside an asynchronous runtime, but
    /// blocks the other tasks of this thread: `.await` it there.
    ///
    /// # Panics
    ///
    /// In a listener of `on_event`, which is called on the same thread that would have to answer:
    /// spawn a task or a thread there.
    pub fn wait(mut self) -> R {
        let mut context = Context::from_waker(Waker::noop());
        if let Poll::Ready(done) = self.0.as_mut().poll(&mut context) {
            return done;
        }
        assert!(
            !is_background(),
            "`.wait()` was called by a listener of `on_event`, on the thread that would have to answer; \
             call it on another thread, or spawn a task"
        );
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
