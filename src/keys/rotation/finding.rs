//! [`Finding`]: one way in which a deploy of keys loses sessions, or something to be tidied up.

use alloc::vec::Vec;
use core::fmt;

use crate::error::KeyRingError;
use crate::time::UnixTime;
use crate::token::key_id::KeyId;

/// What [`RotationPolicy::check`](super::RotationPolicy::check) found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct CheckReport {
    pub(super) errors: Vec<Finding>,
    pub(super) warnings: Vec<Finding>,
    pub(super) inherited: Vec<Finding>,
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

    /// What loses nothing, or is lost because a key has leaked; and [`Finding::NotFollowed`], which loses
    /// sessions where processes follow a file and are not restarted.
    #[must_use]
    pub fn warnings(&self) -> &[Finding] {
        &self.warnings
    }

    /// What the deployed ring loses in any case. It is told apart only where a key has leaked
    /// ([`RotationPolicy::leaked`](super::RotationPolicy::leaked)): another key's mistake must not
    /// hold up the deploy then. Otherwise it is an error.
    #[must_use]
    pub fn inherited(&self) -> &[Finding] {
        &self.inherited
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
        /// When it may be removed. None: it seals until another key takes over, or has yet to begin.
        may_go: Option<UnixTime>,
        /// When it begins to seal, if it has yet to: a process that follows a file keeps it all the
        /// same, and seals with it from then on.
        seals_from: Option<UnixTime>,
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
    /// Nothing that the key has sealed is alive, and it is still open: it may be removed. A warning.
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
    /// Servers that follow a file ([`LiveKeyRing`](crate::LiveKeyRing)) would not take the ring,
    /// because of this key of the deployed one: it is missing, has another `seal-from`, or is open
    /// again, as if the file had lost a part. Other servers take it, so the servers differ. A warning.
    NotFollowed {
        /// The key.
        key: KeyId,
    },
    /// The key has sealed for longer than a period, and no other is planned. A warning.
    Overdue {
        /// The key.
        key: KeyId,
        /// Since when it seals.
        since: UnixTime,
    },
}

impl Finding {
    /// What happens, as half a sentence.
    pub fn fact(&self) -> impl fmt::Display {
        Half(*self, Self::write_fact)
    }

    /// What to do about it, likewise. Not where the key has leaked and shall go. Empty where the fact says
    /// it.
    pub fn advice(&self) -> impl fmt::Display {
        Half(*self, Self::write_advice)
    }

    fn write_fact(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Unusable(error) => write!(f, "{error}"),
            Self::NoSealingKey { from, until } => {
                write!(f, "no key seals from {from} ")?;
                match until {
                    Some(until) => write!(f, "until {until}")?,
                    None => f.write_str("on")?,
                }
                f.write_str(": nobody can sign in")
            }
            Self::SealsTooSoon { key, .. } => write!(
                f,
                "key {key} seals before every server knows it, and those that do not refuse its \
                 sessions",
            ),
            Self::Removed {
                key,
                seals_from: Some(from),
                ..
            } => write!(
                f,
                "key {key} is removed, but a server that follows a file keeps it and seals with it \
                 from {from}, and other servers refuse those sessions"
            ),
            Self::Removed { key, .. } => {
                write!(f, "key {key} is removed, which ends the sessions under it")
            }
            Self::Rescheduled {
                from,
                to,
                deployed,
                new,
            } => write!(
                f,
                "from {from} to {to} {} seals by the deployed ring and {} by the new one, so that \
                 keys are dropped while they are in use",
                Name(deployed),
                Name(new)
            ),
            Self::ClosesTooSoon {
                key, open_until, ..
            } => write!(
                f,
                "key {key} opens until {open_until}, and its last sessions end later",
            ),
            Self::Dead { key, since } => {
                write!(f, "all that key {key} sealed has ended by {since}")
            }
            Self::NeverCloses { key, .. } => {
                write!(f, "key {key} opens for ever, though another takes over")
            }
            Self::NotFollowed { key } => write!(
                f,
                "servers that follow a file do not take this ring, because key {key} is missing, has \
                 another seal-from, or is open again",
            ),
            Self::Overdue { key, since } => {
                write!(
                    f,
                    "key {key} has sealed since {since}, longer than a period"
                )
            }
        }
    }

    fn write_advice(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Unusable(_) => Ok(()),
            Self::NoSealingKey { .. } => f.write_str(
                "let a key seal from that second or before, without an open-until that ends it",
            ),
            Self::SealsTooSoon { earliest, .. } => {
                write!(f, "let it seal from {earliest} or later")
            }
            Self::Removed {
                may_go, seals_from, ..
            } => match may_go {
                Some(time) => write!(f, "keep it until {time}"),
                None if seals_from.is_some() => {
                    f.write_str("keep it, or add a new key in its place")
                }
                None => f.write_str("keep it, and add another key to take over"),
            },
            Self::Rescheduled { .. } => {
                f.write_str("leave the past and the near future of the schedule as they are")
            }
            Self::ClosesTooSoon { needed, .. } => write!(f, "let it open until {needed}"),
            Self::Dead { .. } => f.write_str("it may be removed"),
            Self::NeverCloses { needed, .. } => write!(f, "add open-until={needed}"),
            Self::NotFollowed { .. } => {
                f.write_str("leave it as it was, or restart every process that follows a file")
            }
            Self::Overdue { .. } => f.write_str("rotate"),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_fact(f)?;
        if let Self::Unusable(_) = self {
            return Ok(());
        }
        f.write_str("; ")?;
        self.write_advice(f)
    }
}

/// A finding, and which half of its sentence.
struct Half(
    Finding,
    fn(&Finding, &mut fmt::Formatter<'_>) -> fmt::Result,
);

impl fmt::Display for Half {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.1(&self.0, f)
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
