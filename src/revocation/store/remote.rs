//! What the stores over a network share: how long a call may take.

use alloc::format;
use core::future::Future;
use core::time::Duration;

use tokio::runtime;

use super::{StoreError, StoreErrorKind};

/// What each call may take, with all that it needs, such as a connection.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);

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
