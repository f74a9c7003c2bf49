//! What threads share: atomics, locks and [`Slot`].
//!
//! In a test under `--cfg shuttle` each is the model checker's, which then decides who runs next at
//! every use of one: see `tests/shuttle`.

#[cfg(all(test, shuttle))]
pub(crate) use model::*;
#[cfg(not(all(test, shuttle)))]
pub(crate) use real::*;

/// For a lock that guards nothing which a panic could leave half done.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(not(all(test, shuttle)))]
mod real {
    use alloc::sync::Arc;
    use core::ops::Deref;

    use arc_swap::ArcSwapOption;

    pub(crate) use core::sync::atomic::{AtomicU64, Ordering};
    pub(crate) use std::sync::{Mutex, MutexGuard, PoisonError};

    /// A shared value that is replaced as a whole: read without a lock and without waiting.
    pub(crate) struct Slot<T>(ArcSwapOption<T>);

    impl<T> Slot<T> {
        pub(crate) fn new(value: Option<Arc<T>>) -> Self {
            Self(ArcSwapOption::new(value))
        }

        /// For a short look: no counter that other threads share is touched.
        #[inline]
        pub(crate) fn peek(&self) -> impl Deref<Target = Option<Arc<T>>> {
            self.0.load()
        }

        pub(crate) fn load(&self) -> Option<Arc<T>> {
            self.0.load_full()
        }

        pub(crate) fn store(&self, value: Arc<T>) {
            self.0.store(Some(value));
        }
    }
}

#[cfg(all(test, shuttle))]
mod model {
    use alloc::sync::Arc;
    use core::ops::Deref;

    pub(crate) use shuttle::sync::atomic::{AtomicU64, Ordering};
    pub(crate) use shuttle::sync::{Mutex, MutexGuard};
    pub(crate) use std::sync::PoisonError;

    pub(crate) struct Slot<T>(shuttle::sync::RwLock<Option<Arc<T>>>);

    impl<T> Slot<T> {
        pub(crate) fn new(value: Option<Arc<T>>) -> Self {
            Self(shuttle::sync::RwLock::new(value))
        }

        pub(crate) fn peek(&self) -> impl Deref<Target = Option<Arc<T>>> {
            alloc::boxed::Box::new(self.load())
        }

        pub(crate) fn load(&self) -> Option<Arc<T>> {
            self.0
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .clone()
        }

        pub(crate) fn store(&self, value: Arc<T>) {
            *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(value);
        }
    }
}
