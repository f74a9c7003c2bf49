//! [`RotationPolicy`]: what a deploy of keys must not change, so that no session is lost.
//!
//! Pure: rings and the time are arguments. `check` finds what a deploy would lose, and `finding`
//! says it in words. `follow` decides which ring a running server takes. `plan` makes the next
//! ring. `stretch` cuts a schedule into stretches of seconds that are alike.
//!
//! A token opens for the length of its life after it was sealed, and one second more or less for
//! every second by which the times of servers differ. For a while after a deploy, some servers use
//! the former ring and others the new one. So, with *L* the life of a token, *S* the skew, *P* the
//! propagation time, and *end(k)* the next greater `seal-from` after that of a key *k*, or never if
//! there is none:
//!
//! - **K0**: a key seals in every second from now - *S* on;
//! - **K1**: both rings have the same sealing key in every second after now - *L* - 2 *S*, up to
//!   now + *P* + *S*;
//! - **K2**: each key that seals after now - *L* - 2 *S* has `open-until` >= *end(k)* + *L* + *S*,
//!   unless the deployed ring has closed it already.
//!
//! The skew counts twice, because a renewal on a server whose time is behind keeps the time of
//! issue of a server whose time is ahead. `tests/rotation` tests the rules with fleets of servers.

mod check;
mod finding;
mod follow;
mod outcome;
mod plan;
mod stretch;

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use crate::keys::ring::RingKey;
use crate::time::UnixTime;
use crate::token::key_id::KeyId;

pub use finding::{CheckReport, Finding};
#[cfg(feature = "std")]
pub(crate) use follow::{ClosesEarly, Lifetimes, Reason, Refusal, closing_early, may_follow};
pub use outcome::{Rotation, RotationError};

/// Half an hour, half a day, and a minute: as sessions have them where nothing is said.
const IDLE_TIMEOUT: u64 = 30 * 60;
const ABSOLUTE_TIMEOUT: u64 = 12 * 60 * 60;
const SKEW: u64 = 60;
const DAY: u64 = 24 * 60 * 60;

/// How long sessions last, how rings reach the servers, and how often keys change.
/// [`check`](Self::check) and [`rotate`](Self::rotate) use these settings.
///
/// Durations are rounded up to whole seconds; a longer one is always on the safe side.
///
/// ```
/// use sealed_session::{Key, KeyRing, RotationPolicy, UnixTime};
///
/// let policy = RotationPolicy::new("shop.example");
/// let today: UnixTime = "2026-11-22T00:00:00Z".parse()?;
/// let deployed = KeyRing::from_key(Key::generate()?);
///
/// let rotation = policy.rotate(&deployed, today, Key::generate)?;
/// let next = rotation.ring();
/// assert!(policy.check(next, Some(&deployed), today).is_safe());
/// // Where nothing is due, nothing changes: run it every day.
/// assert!(!policy.rotate(next, today, Key::generate)?.is_change());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RotationPolicy {
    audience: String,
    idle_timeout: u64,
    absolute_timeout: u64,
    skew: u64,
    propagation: u64,
    deploy_within: u64,
    period: u64,
    leaked: Vec<KeyId>,
}

impl RotationPolicy {
    /// The policy for the sessions of `audience`, on which the ids of keys depend. By default, the
    /// timeouts and the skew are the defaults of sessions, the propagation time is a day, a ring is
    /// deployed within another day, and the period is 90 days.
    #[must_use]
    pub fn new(audience: &str) -> Self {
        Self {
            audience: audience.into(),
            idle_timeout: IDLE_TIMEOUT,
            absolute_timeout: ABSOLUTE_TIMEOUT,
            skew: SKEW,
            propagation: DAY,
            deploy_within: DAY,
            period: 90 * DAY,
            leaked: Vec::new(),
        }
    }

    /// The idle timeout of the sessions. If processes use different ones, give the longest. After a
    /// change, the former one counts in every check until all processes have the new one.
    #[must_use]
    pub const fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = seconds(timeout);
        self
    }

    /// The absolute timeout of the sessions. If processes use different ones, give the longest, as
    /// for [`idle_timeout`](Self::idle_timeout).
    #[must_use]
    pub const fn absolute_timeout(mut self, timeout: Duration) -> Self {
        self.absolute_timeout = seconds(timeout);
        self
    }

    /// How far the times of any two servers may differ. The machine that checks or rotates counts
    /// as a server here.
    #[must_use]
    pub const fn skew(mut self, skew: Duration) -> Self {
        self.skew = seconds(skew);
        self
    }

    /// The longest time from publishing a ring until no process uses an older one: the deploy of
    /// every server, the restart of every function that is frozen, or the interval at which all of
    /// them load the ring again.
    #[must_use]
    pub const fn propagation(mut self, time: Duration) -> Self {
        self.propagation = seconds(time);
        self
    }

    /// How long after a rotation its ring may still be published: the time until somebody deploys
    /// the ring that [`rotate`](Self::rotate) has made. [`check`](Self::check) does not use it.
    /// With zero, the ring must be published within the same second.
    #[must_use]
    pub const fn deploy_within(mut self, time: Duration) -> Self {
        self.deploy_within = seconds(time);
        self
    }

    /// How long a key seals before the next one takes over.
    #[must_use]
    pub const fn period(mut self, period: Duration) -> Self {
        self.period = seconds(period);
        self
    }

    /// A key that has leaked, and whose sessions are to end. What [`check`](Self::check) finds
    /// because this key goes is a warning, not an error.
    #[must_use]
    pub fn leaked(mut self, key: KeyId) -> Self {
        self.leaked.push(key);
        self
    }

    /// *L*: the longest that a token opens after it was sealed.
    fn life(&self) -> u64 {
        self.idle_timeout.min(self.absolute_timeout)
    }

    /// The first second in which a key that seals a token could be missed: tokens sealed before it
    /// have ended, whatever the clocks of who sealed and who reads.
    fn first_alive(&self, now: UnixTime) -> u64 {
        let age = self.life().saturating_add(self.skew.saturating_mul(2));
        let last_dead = now.as_secs().checked_sub(age);
        last_dead.map_or(0, |second| second.saturating_add(1))
    }

    /// The last second that the clock of a server can show while it uses a former ring.
    fn last_mixed(&self, now: UnixTime) -> u64 {
        let ahead = self.propagation.saturating_add(self.skew);
        now.as_secs().saturating_add(ahead)
    }

    /// The earliest second that the clock of a server can show now.
    const fn earliest_now(&self, now: UnixTime) -> u64 {
        now.as_secs().saturating_sub(self.skew)
    }

    /// When all that a key has sealed until `end` has ended, and it may close (K2).
    fn may_close(&self, end: UnixTime) -> UnixTime {
        later(later(end, self.life()), self.skew)
    }

    /// When it may leave the ring (K1).
    fn may_go(&self, end: UnixTime) -> UnixTime {
        later(self.may_close(end), self.skew)
    }

    /// When nothing is lost by dropping a key: its sessions have ended. And where it was closed
    /// early, because it leaked, no server seals with it any more: the revocations that such a
    /// server writes do not open without it.
    fn dead_from(&self, key: &RingKey, end: UnixTime) -> UnixTime {
        let may_go = self.may_go(end);
        match key.open_until() {
            Some(closed) if closed < self.may_close(end) => {
                may_go.max(later(later(closed, self.propagation), self.skew))
            }
            _ => may_go,
        }
    }

    fn id(&self, key: &RingKey) -> KeyId {
        key.key().id(&self.audience)
    }
}

const fn later(time: UnixTime, seconds: u64) -> UnixTime {
    UnixTime::from_secs(time.as_secs().saturating_add(seconds))
}

const fn seconds(duration: Duration) -> u64 {
    if duration.subsec_nanos() == 0 {
        duration.as_secs()
    } else {
        duration.as_secs().saturating_add(1)
    }
}
