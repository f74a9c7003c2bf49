//! Sessions that take each new ring of a [`LiveKeyRing`](crate::LiveKeyRing), as long as they are
//! used.

use alloc::boxed::Box;
use alloc::sync::{Arc, Weak};

use super::{Inner, Sessions};
use crate::codec::data::SessionData;
use crate::error::KeyRingError;
use crate::keys::live::{Commit, Taker};
use crate::keys::ring::KeyRing;

struct Following<T>(Weak<Inner<T>>);

impl<T: SessionData> Sessions<T> {
    pub(super) fn taker(&self) -> Box<dyn Taker> {
        Box::new(Following(Arc::downgrade(&self.0)))
    }
}

impl<T: SessionData> Taker for Following<T> {
    fn is_gone(&self) -> bool {
        self.0.strong_count() == 0
    }

    fn prepare(&self, ring: &Arc<KeyRing>) -> Option<Result<Commit, KeyRingError>> {
        let inner = self.0.upgrade()?;
        let ring = Arc::clone(ring);
        let codec = inner.codec.load().with_keys(&ring);
        Some(codec.map(|codec| -> Commit {
            Box::new(move || {
                // The audience is the same, so what the codec has taken the documents take, too.
                let _ = inner.revocations.replace_keys(&ring);
                inner.codec.store(Arc::new(codec));
            })
        }))
    }
}
