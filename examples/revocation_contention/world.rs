//! A store with one document that takes a while for each call, and the clock of its servers. Time is simulated.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use sealed_session::{
    Background, BackgroundFuture, Clock, Loaded, Replaced, RevocationStore, StoreError,
    StoreFuture, TimeError, Version,
};
use tokio::time::{Instant, sleep};

/// How long a call takes, there and back.
#[derive(Clone, Copy)]
pub(crate) struct Latency {
    pub(crate) load: Duration,
    pub(crate) replace: Duration,
}

/// A document, and how many writes came before it.
type Numbered = (u64, Vec<u8>);

/// A store, and the clock of its servers.
#[derive(Clone)]
pub(crate) struct World {
    document: Arc<Mutex<Option<Numbered>>>,
    began: Instant,
    latency: Latency,
}

impl World {
    pub(crate) fn new(began: Instant, latency: Latency) -> Self {
        Self {
            document: Arc::default(),
            began,
            latency,
        }
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
            sleep(self.latency.replace / 2).await;
            let replaced = {
                let mut held = self.document.lock().unwrap();
                let number = held.as_ref().map(|(number, _)| *number);
                if number.map(version).as_ref() == expected {
                    let next = number.map_or(1, |number| number + 1);
                    *held = Some((next, document));
                    Replaced::Done(version(next))
                } else {
                    Replaced::Conflict
                }
            };
            sleep(self.latency.replace / 2).await;
            Ok(replaced)
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
