//! [`KeyRefreshError`] and [`KeyRingEvent`]: the result of a load. They name places, never secrets.

use core::fmt;

use crate::error::{KeyRingError, KeyRingSourceError};
use crate::keys::rotation::ClosesEarly;
use crate::time::{TimeError, UnixTime};

/// Why a ring was not taken. The present one stays in use.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum KeyRefreshError {
    /// It could not be loaded, or is no ring.
    Source(KeyRingSourceError),
    /// A key of the present ring is missing, and it may still open sessions or is planned to seal.
    Shrunken {
        /// Which key of the present ring, from 1.
        entry: usize,
    },
    /// The `seal-from` of a key has changed so that another key would have sealed in the past, or
    /// would seal now.
    Rescheduled {
        /// Which key of the present ring, from 1.
        entry: usize,
    },
    /// A key that was closed would open again, as if a line had lost its end.
    Reopened {
        /// Which key of the present ring, from 1.
        entry: usize,
    },
    /// No key of it seals now.
    NoSealingKey,
    /// It cannot be used for the audience of sessions that follow it.
    KeyRing(KeyRingError),
    /// There is no usable time.
    Clock(TimeError),
    /// The source gave no answer for 15 seconds.
    TimedOut,
    /// The source panicked.
    Panicked,
    /// The background task was lost before it had an answer. It starts again by itself.
    Interrupted,
    /// There is no thread to load on in the background. On a platform without threads, give the
    /// builder a [`background`](super::LiveKeyRingBuilder::background).
    NoBackground,
}

impl fmt::Display for KeyRefreshError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(error) => return error.fmt(f),
            Self::KeyRing(error) => return error.fmt(f),
            Self::Clock(error) => return error.fmt(f),
            Self::TimedOut => {
                return f.write_str("the source of the key ring gave no answer for 15 seconds");
            }
            Self::Panicked => return f.write_str("the source of the key ring panicked"),
            Self::Interrupted => {
                return f.write_str(
                    "the background task that loads the key ring was lost before it had an answer; it \
                     starts again by itself",
                );
            }
            Self::NoBackground => {
                return f.write_str(
                    "there is no thread to load the key ring on; where the platform has none, give a \
                     background of your own",
                );
            }
            Self::Shrunken { .. }
            | Self::Rescheduled { .. }
            | Self::Reopened { .. }
            | Self::NoSealingKey => {}
        }
        f.write_str("the new key ring is not taken: ")?;
        match self {
            Self::Shrunken { entry } => write!(
                f,
                "key {entry} of the present ring is missing and still needed, as if the file had lost \
                 its end; to end its sessions on purpose, keep the key and set its open-until to a \
                 time that has passed",
            ),
            Self::Rescheduled { entry } => write!(
                f,
                "the seal-from of key {entry} of the present ring has changed for a time that is past \
                 or near; leave it as it was, and let another key follow",
            ),
            Self::Reopened { entry } => write!(
                f,
                "key {entry} of the present ring is closed and would open again; to open it on purpose, \
                 restart the process",
            ),
            _ => f.write_str("no key seals now"),
        }
    }
}

impl core::error::Error for KeyRefreshError {}

/// What happened to a [`LiveKeyRing`](super::LiveKeyRing). Count and log these events; none
/// contains a secret.
#[derive(Debug)]
#[non_exhaustive]
pub enum KeyRingEvent<'a> {
    /// The ring has changed, and all sessions use the new one.
    Replaced {
        /// How many keys it has.
        keys: usize,
    },
    /// A ring was not loaded or not taken; the present one stays in use. Raise an alarm if this
    /// goes on.
    Failed(&'a KeyRefreshError),
    /// A key of the present ring closes before the last sessions under it end: these sessions end
    /// early, and their users have to sign in again. The keys were rotated with shorter timeouts
    /// than this process's sessions have. Move the key's `open-until` to a later time, and give the
    /// longest timeouts of all sessions to `keys check` and `keys rotate`.
    /// [`Sessions`](crate::Sessions) without a [`LiveKeyRing`](super::LiveKeyRing) tell this to
    /// their [`Telemetry`](crate::Telemetry).
    ClosesEarly {
        /// The key's place in the ring, from 1.
        entry: usize,
        /// Its `open-until`.
        open_until: UnixTime,
        /// The least `open-until` that ends no session early.
        needed: UnixTime,
    },
}

impl From<ClosesEarly> for KeyRingEvent<'_> {
    fn from(found: ClosesEarly) -> Self {
        let ClosesEarly {
            entry,
            open_until,
            needed,
        } = found;
        Self::ClosesEarly {
            entry,
            open_until,
            needed,
        }
    }
}
