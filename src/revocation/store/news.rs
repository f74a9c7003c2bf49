//! [`News`]: that the document has changed, as the stores are told that push.

use tokio::sync::Notify;

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
