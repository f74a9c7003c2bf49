//! One client of the store that is checked, and the documents that it writes.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt::Display;
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::Poll;
use core::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use super::super::fail;
use crate::revocation::{Loaded, Replaced, RevocationStore, Version};

/// What a check found; the error says which promise was broken.
pub(super) type Checked<R = ()> = Result<R, String>;

/// What a document begins with, as real ones do: bytes that are always the same, and then random
/// ones.
const SAME: &[u8; 5] = b"check";
const RANDOM: usize = 32;
pub(super) const HEAD: usize = SAME.len() + RANDOM;

/// How long a call may take.
pub(super) const CALL: Duration = Duration::from_secs(15);

/// A document of `len` bytes, of all values, with random ones as the real ones have: no two are the
/// same.
pub(super) fn document(number: u8, len: usize) -> Vec<u8> {
    let mut random = [0; RANDOM];
    // Without randomness no version could be told from another.
    if let Err(error) = crate::token::random::fill_from_os(&mut random) {
        fail(&format!("there is no randomness: {error}"));
    }
    let mut bytes = [&SAME[..], &random].concat();
    let rest = (0..u8::MAX).cycle().map(|value| value ^ number);
    bytes.extend(rest.take(len.saturating_sub(HEAD)));
    bytes
}

/// One client of the store, whose answers are looked at.
pub(super) struct Client<S> {
    pub(super) store: Arc<S>,
}

impl<S: RevocationStore> Client<S> {
    pub(super) fn new(store: S) -> Self {
        Self {
            store: Arc::new(store),
        }
    }

    pub(super) async fn ask<R, E: Display>(
        &self,
        what: &str,
        call: impl Future<Output = Result<R, E>>,
    ) -> Checked<R> {
        let answer = timeout(CALL, call).await;
        let answer = answer.map_err(|_| format!("a {what} has no answer after {CALL:?}"))?;
        answer.map_err(|error| format!("a {what} failed: {error}"))
    }

    pub(super) async fn load(
        &self,
        known: Option<&Version>,
    ) -> Checked<Option<(Vec<u8>, Version)>> {
        match self.ask("load", self.store.load(known)).await? {
            Loaded::Absent => Ok(None),
            Loaded::Document { bytes, version } => Ok(Some((bytes, version))),
            Loaded::NotModified => Err("a load that knows nothing returned NotModified".into()),
        }
    }

    pub(super) async fn replace(
        &self,
        expected: Option<&Version>,
        document: &[u8],
    ) -> Checked<Replaced> {
        let call = self.store.replace(expected, document.to_vec());
        self.ask("replace", call).await
    }

    /// A write of which the condition holds.
    pub(super) async fn write(
        &self,
        expected: Option<&Version>,
        document: &[u8],
    ) -> Checked<Version> {
        match self.replace(expected, document).await? {
            Replaced::Done(version) => Ok(version),
            Replaced::Conflict => Err("a replace conflicts, though its condition holds".into()),
        }
    }

    /// A write of which the condition does not hold.
    pub(super) async fn conflict(
        &self,
        expected: Option<&Version>,
        document: &[u8],
        why: &str,
    ) -> Checked {
        match self.replace(expected, document).await? {
            Replaced::Conflict => Ok(()),
            Replaced::Done(_) => Err(format!(
                "a replace was done though {why}: it loses revocations"
            )),
        }
    }

    pub(super) async fn holds(&self, document: &[u8], version: &Version) -> Checked {
        let (bytes, found) = self
            .load(None)
            .await?
            .ok_or("a document that was written is not there")?;
        if bytes != document {
            return Err("a load returned other bytes than were written".into());
        }
        same(
            &found,
            version,
            "a load gives the version that the write gave",
        )
    }

    pub(super) async fn unchanged(&self, version: &Version) -> Checked {
        match self.ask("load", self.store.load(Some(version))).await? {
            Loaded::NotModified => Ok(()),
            found => Err(format!("a load that knows the version returned {found:?}")),
        }
    }
}

pub(super) fn same<T: PartialEq>(left: &T, right: &T, what: &str) -> Checked {
    if left == right {
        Ok(())
    } else {
        Err(format!("not so: {what}"))
    }
}

fn runtime() -> Checked<Runtime> {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| format!("there is no runtime: {error}"))
}

pub(super) fn run<R>(checks: impl Future<Output = Checked<R>>) -> Checked<R> {
    runtime()?.block_on(checks)
}

/// Begins a call, and drops it.
pub(super) async fn poll_once(call: impl Future) {
    let mut call = pin!(call);
    poll_fn(|context| {
        let _ = call.as_mut().poll(context);
        Poll::Ready(())
    })
    .await;
}
