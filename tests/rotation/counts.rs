//! What the sequences came across.

use std::collections::BTreeSet;
use std::fmt;

use sealed_session::Finding;

use crate::fleet::Run;

/// The kinds of error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Unusable,
    NoSealingKey,
    SealsTooSoon,
    Removed,
    Rescheduled,
    ClosesTooSoon,
}

pub(crate) const KINDS: [Kind; 6] = [
    Kind::Unusable,
    Kind::NoSealingKey,
    Kind::SealsTooSoon,
    Kind::Removed,
    Kind::Rescheduled,
    Kind::ClosesTooSoon,
];

pub(crate) fn kinds(errors: &[Finding]) -> BTreeSet<Kind> {
    let kind = |finding: &Finding| match finding {
        Finding::Unusable(_) => Kind::Unusable,
        Finding::NoSealingKey { .. } => Kind::NoSealingKey,
        Finding::SealsTooSoon { .. } => Kind::SealsTooSoon,
        Finding::Removed { .. } => Kind::Removed,
        Finding::Rescheduled { .. } => Kind::Rescheduled,
        Finding::ClosesTooSoon { .. } => Kind::ClosesTooSoon,
        other => panic!("{other} is an error"),
    };
    errors.iter().map(kind).collect()
}

/// Sequences, and those of them that lost a session.
#[derive(Clone, Copy, Default)]
struct Share {
    all: u64,
    lost: u64,
}

impl Share {
    fn count(&mut self, lost: bool) {
        self.all += 1;
        self.lost += u64::from(lost);
    }

    fn add(&mut self, other: &Self) {
        self.all += other.all;
        self.lost += other.lost;
    }
}

#[derive(Default)]
pub(crate) struct Counts {
    silent: Share,
    /// Among them those in which sessions under two keys were alive at once.
    telling: u64,
    not_silent: Share,
    /// By kind: it was found; nothing else was found.
    kinds: [[Share; 2]; KINDS.len()],
    opened: u64,
    renewed: u64,
}

impl Counts {
    pub(crate) fn count(&mut self, errors: &[Finding], run: &Run) {
        let lost = run.lost.is_some();
        let found = kinds(errors);
        if found.is_empty() {
            self.silent.count(lost);
            self.telling += u64::from(run.two_keys);
        } else {
            self.not_silent.count(lost);
        }
        for (kind, [among, alone]) in KINDS.iter().zip(&mut self.kinds) {
            if found.contains(kind) {
                among.count(lost);
                if found.len() == 1 {
                    alone.count(lost);
                }
            }
        }
        self.opened += run.opened;
        self.renewed += run.renewed;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.silent.add(&other.silent);
        self.telling += other.telling;
        self.not_silent.add(&other.not_silent);
        for (own, other) in self
            .kinds
            .as_flattened_mut()
            .iter_mut()
            .zip(other.kinds.as_flattened())
        {
            own.add(other);
        }
        self.opened += other.opened;
        self.renewed += other.renewed;
    }

    /// Many are silent while keys change, and each kind of error alone has cost a session.
    pub(crate) fn assert_telling(&self) {
        assert!(
            self.telling * 10 >= self.silent.all + self.not_silent.all,
            "the sequences show little\n{self}"
        );
        for (kind, [_, alone]) in KINDS.iter().zip(&self.kinds) {
            assert!(alone.lost > 0, "{kind:?} alone lost nothing\n{self}");
        }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            silent,
            telling,
            not_silent,
            ..
        } = self;
        writeln!(
            f,
            "{} sequences: {} silent, {telling} of them with sessions under two keys at once, {} of them \
             lost one; {} not silent, {} of them lost one",
            silent.all + not_silent.all,
            silent.all,
            silent.lost,
            not_silent.all,
            not_silent.lost
        )?;
        for (kind, [among, alone]) in KINDS.iter().zip(&self.kinds) {
            writeln!(
                f,
                "{kind:?}: in {}, {} lost a session; alone in {}, {} lost one",
                among.all, among.lost, alone.all, alone.lost
            )?;
        }
        write!(f, "{} openings, {} renewals", self.opened, self.renewed)
    }
}
