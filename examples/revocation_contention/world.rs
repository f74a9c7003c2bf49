//! A store with one document that takes a while for each call, and the clock of its servers. Time is simulated.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sealed_session::{
    Background, BackgroundFuture, Clock, Loaded, Replaced, RevocationStore, StoreError,
    StoreFuture, TimeError, Version,
};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

/// How long a call takes, there and back.
#[derive(Clone, Copy)]
pub(crate) struct Latency {
    pub(crate) load: Duration,
    pub(crate) replace: Duration,
}

/// A document, and how many writes came before it.
type Numbered = (u64, Vec<u8>);

/// A store, and the clock of its servers, as one server has them.
#[derive(Clone)]
pub(crate) struct World {
    document: Arc<Mutex<Option<Numbered>>>,
    replaces: Arc<AtomicU64>,
    began: Instant,
    latency: Latency,
    /// Tells that the document was replaced; none where the store cannot.
    tells: Option<watch::Sender<()>>,
    told: Arc<Mutex<Option<watch::Receiver<()>>>>,
}

impl World {
    pub(crate) fn new(began: Instant, latency: Latency, tells: bool) -> Self {
        Self {
            document: Arc::default(),
            replaces: Arc::default(),
            began,
            latency,
            tells: tells.then(|| watch::channel(()).0),
            told: Arc::default(),
        }
    }

    /// The same for another server, which is told on its own.
    pub(crate) fn server(&self) -> Self {
        let told = self.tells.as_ref().map(watch::Sender::subscribe);
        Self {
            told: Arc::new(Mutex::new(told)),
            ..self.clone()
        }
    }

    /// How many replacements were asked for.
    pub(crate) fn replaces(&self) -> u64 {
        self.replaces.load(Ordering::Relaxed)
    }
}

fn version(number: u64) -> Version {
    Version::from_bytes(&number.to_be_bytes())
}

impl RevocationStore for World {
    fn load<'a>(
        &'a self,
        known: Option<&'a Version>,
    ) -> StoreFuture<'a, Result<Loaded, StoreError>> {
        Box::pin(async move {
            if let Some(told) = &mut *self.told.lock().unwrap() {
                told.mark_unchanged();
            }
            sleep(self.latency.load / 2).await;
            let loaded = match &*self.document.lock().unwrap() {
                None => Loaded::Absent,
                Some((number, _)) if known == Some(&version(*number)) => Loaded::NotModified,
                Some((number, document)) => Loaded::Document {
                    bytes: document.clone(),
                    version: version(*number),
                },
            };
            sleep(self.latency.load / 2).await;
            Ok(loaded)
        })
    }

    fn replace<'a>(
        &'a self,
        expected: Option<&'a Version>,
        document: Vec<u8>,
    ) -> StoreFuture<'a, Result<Replaced, StoreError>> {
        Box::pin(async move {
            self.replaces.fetch_add(1, Ordering::Relaxed);
            sleep(self.latency.replace / 2).await;
            let replaced = {
                let mut held = self.document.lock().unwrap();
                let number = held.as_ref().map(|(number, _)| *number);
                if number.map(version).as_ref() == expected {
                    let next = number.map_or(1, |number| number + 1);
                    *held = Some((next, document));
                    if let Some(tells) = &self.tells {
                        tells.send_replace(());
                    }
                    Replaced::Done(version(next))
                } else {
                    Replaced::Conflict
                }
            };
            sleep(self.latency.replace / 2).await;
            Ok(replaced)
        })
    }

    fn changed(&self) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            let told = self.told.lock().unwrap().clone();
            match told {
                Some(mut told) => drop(told.changed().await),
                None => std::future::pending().await,
            }
        })
    }
}

impl Background for World {
    fn spawn(&self, task: BackgroundFuture) -> std::io::Result<()> {
        drop(tokio::spawn(task));
        Ok(())
    }

    fn sleep(&self, duration: Duration) -> BackgroundFuture {
        Box::pin(sleep(duration))
    }
}

impl Clock for World {
    fn unix_millis(&self) -> Result<u64, TimeError> {
        Ok(1_795_348_800_000 + self.began.elapsed().as_millis() as u64)
    }

    fn monotonic(&self) -> Duration {
        self.began.elapsed()
    }
}
