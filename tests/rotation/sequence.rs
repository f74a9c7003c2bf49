//! A sequence of deploys, in times that a person can read, and what the check says of each.

use std::fmt;
use std::sync::LazyLock;
use std::time::Duration;

use sealed_session::{Finding, Key, KeyRing, Protection, RingKey, RotationPolicy, UnixTime};

pub(crate) const AUDIENCE: &str = "shop.example";

/// The first deploy.
pub(crate) const START: u64 = 1_000;

/// The first two have one id for `AUDIENCE`, found by search (`tests/facts/keys.rs`).
pub(crate) static KEYS: LazyLock<[Key; 12]> = LazyLock::new(|| {
    std::array::from_fn(|number| {
        let mut secret = [7; 32];
        let start = [32_242, 120_302].get(number).copied();
        let start: u32 = start.unwrap_or(number as u32);
        secret[..4].copy_from_slice(&start.to_be_bytes());
        Key::from_bytes(&secret).unwrap()
    })
});

/// A key of `KEYS` and its place in a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) key: usize,
    pub(crate) seal_from: Option<u64>,
    pub(crate) open_until: Option<u64>,
}

/// For how long servers let a session live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) idle: u64,
    pub(crate) absolute: u64,
}

impl Limits {
    pub(crate) fn life(self) -> u64 {
        self.idle.min(self.absolute)
    }

    pub(crate) fn greatest(self, other: Self) -> Self {
        Self {
            idle: self.idle.max(other.idle),
            absolute: self.absolute.max(other.absolute),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Deploy {
    /// True time, which the slowest clock shows.
    pub(crate) at: u64,
    /// How far the clock of who checks is ahead of it.
    pub(crate) ahead: u64,
    pub(crate) ring: Vec<Entry>,
    pub(crate) limits: Limits,
}

impl Deploy {
    /// What who checks takes for the time.
    pub(crate) fn now(&self) -> u64 {
        self.at + self.ahead
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Sequence {
    pub(crate) protection: Protection,
    pub(crate) skew: u64,
    pub(crate) propagation: u64,
    pub(crate) deploys: Vec<Deploy>,
}

impl Sequence {
    /// The errors that the check finds, over all deploys.
    pub(crate) fn errors(&self) -> Vec<Finding> {
        let mut errors = Vec::new();
        for (index, deploy) in self.deploys.iter().enumerate() {
            let (former, _) = self.deploys.split_at(index);
            let limits = self.greatest_limits(former, deploy.at, deploy.limits);
            let deployed = former.last().map(|former| key_ring(&former.ring).unwrap());
            let ring = key_ring(&deploy.ring).unwrap();
            let report = self
                .policy(limits)
                .check(&ring, deployed.as_ref(), at(deploy.now()));
            errors.extend_from_slice(report.errors());
        }
        errors
    }

    /// What the check is to be told of limits that change: the greatest of those of every ring that
    /// may be in use.
    pub(crate) fn greatest_limits(&self, former: &[Deploy], at: u64, limits: Limits) -> Limits {
        let following = former.iter().skip(1);
        let until = following.map(|next| next.at + self.propagation);
        former
            .iter()
            .zip(until.chain([u64::MAX]))
            .filter(|&(_, until)| at <= until)
            .fold(limits, |greatest, (former, _)| {
                greatest.greatest(former.limits)
            })
    }

    pub(crate) fn policy(&self, limits: Limits) -> RotationPolicy {
        RotationPolicy::new(AUDIENCE)
            .idle_timeout(Duration::from_secs(limits.idle))
            .absolute_timeout(Duration::from_secs(limits.absolute))
            .skew(Duration::from_secs(self.skew))
            .propagation(Duration::from_secs(self.propagation))
            .deploy_within(Duration::ZERO)
    }
}

pub(crate) fn at(seconds: u64) -> UnixTime {
    UnixTime::from_secs(seconds)
}

/// None for what no ring can be.
pub(crate) fn key_ring(entries: &[Entry]) -> Option<KeyRing> {
    let keys = entries.iter().map(|entry| {
        let mut key = RingKey::new(KEYS[entry.key].clone());
        if let Some(time) = entry.seal_from {
            key = key.with_seal_from(at(time));
        }
        if let Some(time) = entry.open_until {
            key = key.with_open_until(at(time));
        }
        key
    });
    KeyRing::new(keys).ok()
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            protection,
            skew,
            propagation,
            ..
        } = self;
        write!(f, "{protection:?}, skew {skew}, propagation {propagation}")?;
        for deploy in &self.deploys {
            let Limits { idle, absolute } = deploy.limits;
            let (at, now) = (deploy.at, deploy.now());
            write!(
                f,
                "\nat {at}, for whom it is {now}: idle {idle}, absolute {absolute}"
            )?;
            for entry in &deploy.ring {
                write!(f, "; key {}", entry.key)?;
                for (name, time) in [("from", entry.seal_from), ("until", entry.open_until)] {
                    if let Some(time) = time {
                        write!(f, " {name} {time}")?;
                    }
                }
            }
        }
        Ok(())
    }
}
