//! [`KeyRingSource`]: where a ring comes from, again and again.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::future::Future;
use core::pin::Pin;

use crate::error::KeyRingSourceError;
use crate::keys::ring::{KeyRing, KeyRingFile};
use crate::runtime::background::unblock;

/// A future of a [`KeyRingSource`].
pub type SourceFuture<'a, R> = Pin<Box<dyn Future<Output = R> + Send + 'a>>;

/// Where a key ring comes from: a [`KeyRingFile`], or a secrets manager of your own.
///
/// ```
/// use sealed_session::{KeyRing, KeyRingSource, KeyRingSourceError, SourceFuture};
///
/// struct Vault { /* a client */ }
/// # impl Vault { async fn read(&self) -> Result<String, std::io::Error> { Ok(String::new()) } }
///
/// impl KeyRingSource for Vault {
///     fn load(&self) -> SourceFuture<'_, Result<KeyRing, KeyRingSourceError>> {
///         Box::pin(async move {
///             let text = self.read().await.map_err(|error| KeyRingSourceError::other("vault", error))?;
///             text.parse().map_err(|error| KeyRingSourceError::ring("vault", error))
///         })
///     }
/// }
/// ```
pub trait KeyRingSource: Send + Sync + 'static {
    /// Reads the ring. It is called in the background: in a `tokio` runtime with timers, or in what
    /// [`LiveKeyRingBuilder::background`](super::LiveKeyRingBuilder::background) was given. Every
    /// call should end within some seconds, with an error if need be. After 15 seconds it is given
    /// up.
    fn load(&self) -> SourceFuture<'_, Result<KeyRing, KeyRingSourceError>>;
}

impl<S: KeyRingSource + ?Sized> KeyRingSource for Arc<S> {
    fn load(&self) -> SourceFuture<'_, Result<KeyRing, KeyRingSourceError>> {
        (**self).load()
    }
}

/// It reads the file each time, also if its modification time is the same, and looks up its name
/// anew, because a mounted secret is changed by replacing a link.
impl KeyRingSource for KeyRingFile {
    fn load(&self) -> SourceFuture<'_, Result<KeyRing, KeyRingSourceError>> {
        let (file, name) = (self.clone(), self.clone());
        Box::pin(async move {
            let loaded = unblock(move || file.load()).await;
            loaded.unwrap_or_else(|error| Err(name.failed(error)))
        })
    }
}
