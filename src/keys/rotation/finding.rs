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

    /// Findings that lose no session, or lose sessions because a key has leaked.
    /// [`Finding::NotFollowed`] is one of them, too; it loses sessions if processes follow a file
    /// and are not restarted.
    #[must_use]
    pub fn warnings(&self) -> &[Finding] {
        &self.warnings
    }

    /// What the deployed ring loses in any case. This is listed here only if a key has leaked
    /// ([`RotationPolicy::leaked`](super::RotationPolicy::leaked)), because a mistake with another
    /// key must not delay the deploy then. Otherwise it is an error.
    #[must_use]
    pub fn inherited(&self) -> &[Finding] {
        &self.inherited
    }
}

/// One thing that is wrong with a ring, by itself or compared with the deployed one. Times are as
/// servers see them. It prints as a sentence that says what happens and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// No server can use the ring for this audience.
    Unusable(KeyRingError),
    /// No key seals: signing in and renewing fail (K0).
    NoSealingKey {
        /// The first second without one.
        from: UnixTime,
        /// The first second with one again. `None` means never.
        until: Option<UnixTime>,
    },
    /// A key seals while some servers do not know it yet, and refuse what it has sealed (K1).
    SealsTooSoon {
        /// The key.
        key: KeyId,
        /// The earliest `seal-from` at which all servers know the key.
        earliest: UnixTime,
    },
    /// A key is no longer in the ring, and sessions under it are alive, or servers still seal with
    /// it (K1).
    Removed {
        /// The key.
        key: KeyId,
        /// When it may be removed. `None` if no other key takes over from it, or if it does not
        /// seal yet.
        may_go: Option<UnixTime>,
        /// When it begins to seal, if it does not seal yet. A process that follows a file keeps the
        /// key, and seals with it from then on.
        seals_from: Option<UnixTime>,
    },
    /// The rings disagree on which of their keys seals, at a time that is past or before all
    /// servers know the new ring (K1). One schedule drops keys with which the other seals.
    Rescheduled {
        /// The first second in which they disagree.
        from: UnixTime,
        /// The last second that matters.
        to: UnixTime,
        /// The sealing key by the deployed ring.
        deployed: Option<KeyId>,
        /// The sealing key by the new ring.
        new: Option<KeyId>,
    },
    /// A key stops opening while sessions under it are alive (K2).
    ClosesTooSoon {
        /// The key.
        key: KeyId,
        /// Its `open-until`.
        open_until: UnixTime,
        /// The least that is safe.
        needed: UnixTime,
    },
    /// All that the key has sealed has ended, and the key still opens: it may be removed. A
    /// warning.
    Dead {
        /// The key.
        key: KeyId,
        /// Since when.
        since: UnixTime,
    },
    /// Another key has taken over, or will, and this one opens for ever: anybody who gets it can
    /// make sessions. A warning.
    NeverCloses {
        /// The key.
        key: KeyId,
        /// The least `open-until` that is safe.
        needed: UnixTime,
    },
    /// Servers that follow a file ([`LiveKeyRing`](crate::LiveKeyRing)) would not take the ring,
    /// because of this key of the deployed one: it is missing, has another `seal-from`, or is open
    /// again, as if the file had lost a part. Other servers take it, so servers use different
    /// rings. A warning.
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

    /// What to do about it, as half a sentence. It does not apply if the key has leaked and is to
    /// go. It is empty if the fact says it already.
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
