//! [`Rotation`], a ring that was planned, and [`RotationError`].

use alloc::vec::Vec;
use core::fmt;

use super::finding::CheckReport;
use crate::error::{KeyRingError, RandomnessError};
use crate::keys::ring::KeyRing;
use crate::time::UnixTime;
use crate::token::key_id::KeyId;

/// The next ring, and what is new about it.
#[derive(Clone, Debug)]
#[must_use]
pub struct Rotation {
    pub(super) ring: KeyRing,
    pub(super) report: CheckReport,
    pub(super) added: Option<KeyId>,
    pub(super) removed: Vec<KeyId>,
    pub(super) changed: bool,
    pub(super) due: UnixTime,
}

impl Rotation {
    /// The ring to deploy.
    #[must_use]
    pub const fn ring(&self) -> &KeyRing {
        &self.ring
    }

    /// The ring to deploy.
    #[must_use]
    pub fn into_ring(self) -> KeyRing {
        self.ring
    }

    /// Whether the ring has changed, and has to be deployed.
    #[must_use]
    pub const fn is_change(&self) -> bool {
        self.changed
    }

    /// The key that was added.
    #[must_use]
    pub const fn added(&self) -> Option<KeyId> {
        self.added
    }

    /// The keys that were left out.
    #[must_use]
    pub fn removed(&self) -> &[KeyId] {
        &self.removed
    }

    /// When the next rotation is due.
    #[must_use]
    pub const fn due(&self) -> UnixTime {
        self.due
    }

    /// What [`RotationPolicy::check`](crate::RotationPolicy::check) says of the ring, compared with
    /// the former one. After [`rotate`](crate::RotationPolicy::rotate) it has no errors. After
    /// [`replace_leaked`](crate::RotationPolicy::replace_leaked) its warnings say what is lost.
    /// What is wrong with other keys is [`inherited`](CheckReport::inherited), or an error if the
    /// new ring makes it worse.
    pub const fn report(&self) -> &CheckReport {
        &self.report
    }
}

/// Why there is no next ring. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RotationError {
    /// The next ring would lose sessions, mostly because the present ring is wrong already: the
    /// errors of the report say where.
    Unsafe(CheckReport),
    /// No key of the ring has this id for the audience.
    NoSuchKey(KeyId),
    /// The generator failed.
    Randomness(RandomnessError),
    /// The present ring and the new key do not make a valid ring.
    Ring(KeyRingError),
    /// There is no time left for another key.
    TooLate,
}

impl fmt::Display for RotationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsafe(report) => {
                f.write_str("the ring is not safe as it is: ")?;
                for (place, finding) in report.errors().iter().enumerate() {
                    let separator = if place == 0 { "" } else { "; " };
                    write!(f, "{separator}{finding}")?;
                }
                Ok(())
            }
            Self::NoSuchKey(id) => {
                write!(f, "no key of the ring has the id {id} for this audience",)
            }
            Self::Randomness(error) => error.fmt(f),
            Self::Ring(error) => error.fmt(f),
            Self::TooLate => f.write_str("the time is at the end of its scale"),
        }
    }
}

impl core::error::Error for RotationError {}

impl From<RandomnessError> for RotationError {
    fn from(error: RandomnessError) -> Self {
        Self::Randomness(error)
    }
}
