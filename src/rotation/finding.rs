//! [`Finding`]: one way in which a deploy of keys loses sessions, or something to be tidied up.

use alloc::vec::Vec;
use core::fmt;

use crate::error::KeyRingError;
use crate::key::KeyId;
use crate::time::UnixTime;

/// What [`RotationPolicy::check`](super::RotationPolicy::check) found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct CheckReport {
    pub(super) errors: Vec<Finding>,
    pub(super) warnings: Vec<Finding>,
}

impl CheckReport {
    /// Whether the deploy loses no session: there is no error.
    #[must_use]
    pub const fn is_safe(&self) -> bool {
        self.errors.is_empty()
    }

    /// The ways in which the deploy would lose sessions.
    #[must_use]
    pub fn errors(&self) -> &[Finding] {
        &self.errors
    }

    /// What loses nothing, or only what a leaked key had sealed.
    #[must_use]
    pub fn warnings(&self) -> &[Finding] {
        &self.warnings
    }
}

/// One thing that is wrong with a ring, alone or beside the deployed one. Times are those of servers'
/// clocks. It prints as a sentence that says what happens and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// No server can use the ring for this audience.
    Unusable(KeyRingError),
    /// No key seals: signing in and renewing fail (K0).
    NoSealingKey {
        /// The first second without one.
        from: UnixTime,
        /// The first second with one again. None: never.
        until: Option<UnixTime>,
    },
    /// A key seals while there are servers that do not know it, and refuse what it has sealed (K1).
    SealsTooSoon {
        /// The key.
        key: KeyId,
        /// The least `seal-from` that all servers will have heard of.
        earliest: UnixTime,
    },
    /// A key is no longer in the ring, and sessions under it are alive, or servers still seal with it
    /// (K1).
    Removed {
        /// The key.
        key: KeyId,
        /// When it may be removed. None: it seals until another key takes over.
        may_go: Option<UnixTime>,
    },
    /// The rings disagree on which of their keys seals, in the past or before all servers know
    /// (K1). What is sealed by one schedule is dropped by the other.
    Rescheduled {
        /// The first second in which they disagree.
        from: UnixTime,
        /// The last one that matters.
        to: UnixTime,
        /// The sealing key by the deployed ring.
        deployed: Option<KeyId>,
        /// The sealing key by the new ring.
        new: Option<KeyId>,
    },
    /// A key stops to open while sessions under it are alive (K2).
    ClosesTooSoon {
        /// The key.
        key: KeyId,
        /// Its `open-until`.
        open_until: UnixTime,
        /// The least that is safe.
        needed: UnixTime,
    },
    /// Nothing that the key has sealed is alive: it may be removed. A warning.
    Dead {
        /// The key.
        key: KeyId,
        /// Since when.
        since: UnixTime,
    },
    /// Another key has taken over, or will, and this one opens for ever: whoever gets hold of it can
    /// make sessions. A warning.
    NeverCloses {
        /// The key.
        key: KeyId,
        /// The least `open-until` that is safe.
        needed: UnixTime,
    },
    /// The key has sealed for longer than a period, and no other is planned. A warning.
    Overdue {
        /// The key.
        key: KeyId,
        /// Since when it seals.
        since: UnixTime,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Unusable(error) => error.fmt(f),
            Self::NoSealingKey { from, until } => {
                write!(f, "no key seals from {from} ")?;
                match until {
                    Some(until) => write!(f, "until {until}")?,
                    None => f.write_str("on")?,
                }
                f.write_str(
                    ": nobody can sign in; let a key seal from before that second, without an \
                     open-until that ends it",
                )
            }
            Self::SealsTooSoon { key, earliest } => write!(
                f,
                "key {key} seals before every server knows it, and those that do not refuse its \
                 sessions; let it seal from {earliest} or later",
            ),
            Self::Removed { key, may_go } => {
                write!(
                    f,
                    "key {key} is removed, which ends the sessions under it; "
                )?;
                match may_go {
                    Some(time) => write!(f, "keep it until {time}"),
                    None => f.write_str("keep it, and add another key to take over"),
                }
            }
            Self::Rescheduled {
                from,
                to,
                deployed,
                new,
            } => {
                write!(
                    f,
                    "from {from} to {to} {} seals by the deployed ring and {} by the \
                     new one, so that keys are dropped while they are in use; leave the past and the \
                     near future of the schedule as they are",
                    Name(deployed),
                    Name(new)
                )
            }
            Self::ClosesTooSoon {
                key,
                open_until,
                needed,
            } => write!(
                f,
                "key {key} opens until {open_until}, and its last sessions end later; let it open \
                 until {needed}",
            ),
            Self::Dead { key, since } => write!(
                f,
                "key {key} may be removed: all that it sealed has ended by {since}",
            ),
            Self::NeverCloses { key, needed } => write!(
                f,
                "key {key} opens for ever, though another takes over; add open-until={needed}",
            ),
            Self::Overdue { key, since } => write!(
                f,
                "key {key} has sealed since {since}, longer than a period; rotate",
            ),
        }
    }
}

/// A key in a sentence.
struct Name(Option<KeyId>);

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(id) => write!(f, "key {id}"),
            None => f.write_str("no key"),
        }
    }
}
