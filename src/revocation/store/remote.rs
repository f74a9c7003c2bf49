//! What the stores over a network share: how long a call may take, what tells that the document has changed, and
//! the name of a version.

use alloc::format;
use core::future::Future;
use core::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio::runtime;
use tokio::sync::Notify;

use super::{StoreError, StoreErrorKind, Version};

/// What each call may take, with all that it needs, such as a connection.
const TIMEOUT: Duration = Duration::from_secs(10);

/// `work`, for ten seconds at the most.
pub(super) async fn within_timeout<R>(
    what: &str,
    work: impl Future<Output = Result<R, StoreError>>,
) -> Result<R, StoreError> {
    if runtime::Handle::try_current().is_err() {
        let without = format!(
            "{what} needs a tokio runtime, and the background that was given to the builder has none"
        );
        return Err(StoreError::new(StoreErrorKind::Refused, without));
    }
    tokio::time::timeout(TIMEOUT, work)
        .await
        .unwrap_or_else(|elapsed| {
            let late = format!("{what} gave no answer for 10 seconds: {elapsed}");
            Err(StoreError::new(StoreErrorKind::Unavailable, late))
        })
}

/// That the document has changed, or may have. Told before anybody waits for it, it is kept.
#[derive(Default)]
pub(super) struct News(Notify);

impl News {
    pub(super) fn tell(&self) {
        self.0.notify_one();
    }

    pub(super) async fn told(&self) {
        self.0.notified().await;
    }
}

/// A version by all bytes of a document, which holds fresh random ones each time. A damaged document is another
/// one than was known.
pub(super) fn fingerprint(document: &[u8]) -> Version {
    Version::from_bytes(&Sha256::digest(document))
}
