//! The rules K0 to K2, as they stand in the module's head, second by second.

use super::finding::{CheckReport, Finding};
use super::follow::{Lifetimes, Reason, may_follow};
use super::stretch::{Difference, differences, gaps, seals_after};
use super::{RotationPolicy, later};
use crate::keys::ring::derived::distinct_ids;
use crate::keys::ring::{KeyRing, RingKey};
use crate::time::UnixTime;

impl RotationPolicy {
    /// Every way in which it could lose sessions to put `new` in the place of `deployed`, at `now`.
    /// None for the first deploy, when there is nothing to compare with.
    ///
    /// `deployed` is the ring that servers have, not a file that nobody has deployed. A ring that is
    /// safe now may not be so later: check when you deploy.
    pub fn check(&self, new: &KeyRing, deployed: Option<&KeyRing>, now: UnixTime) -> CheckReport {
        let mut report = self.found(new, deployed, now);
        if let Some(deployed) = deployed.filter(|_| !self.leaked.is_empty()) {
            let before = self.found(deployed, Some(deployed), now).errors;
            let errors = core::mem::take(&mut report.errors);
            (report.inherited, report.errors) = errors.into_iter().partition(|error| {
                Self::is_inherited(error, &before) || self.was_closed(error, deployed, now)
            });
        }
        report
    }

    /// Whether the deployed ring, of which `before` are the errors, has this mistake, too, and it is no
    /// worse in the new one.
    fn is_inherited(error: &Finding, before: &[Finding]) -> bool {
        before.iter().any(|known| match (known, error) {
            (
                Finding::NoSealingKey {
                    from: a,
                    until: was,
                },
                Finding::NoSealingKey { from: b, until: is },
            ) => a == b && (was.is_none() || (is.is_some() && is <= was)),
            (
                Finding::ClosesTooSoon {
                    key: a,
                    open_until: until_a,
                    needed: was,
                },
                Finding::ClosesTooSoon {
                    key: b,
                    open_until: until_b,
                    needed: is,
                },
            ) => a == b && until_a == until_b && is <= was,
            _ => known == error,
        })
    }

    /// Whether a key closes too soon that the deployed ring has closed by now, in the same second.
    fn was_closed(&self, error: &Finding, deployed: &KeyRing, now: UnixTime) -> bool {
        let Finding::ClosesTooSoon {
            key, open_until, ..
        } = *error
        else {
            return false;
        };
        let is_that = |own: &RingKey| self.id(own) == key && own.open_until() == Some(open_until);
        open_until <= now && deployed.keys().iter().any(is_that)
    }

    fn found(&self, new: &KeyRing, deployed: Option<&KeyRing>, now: UnixTime) -> CheckReport {
        let mut report = CheckReport::default();
        if let Err(error) = distinct_ids(new, &self.audience) {
            report.errors.push(Finding::Unusable(error));
        }
        self.check_sealing(new, deployed, now, &mut report);
        if let Some(deployed) = deployed {
            self.check_schedules(new, deployed, now, &mut report);
            self.check_following(new, deployed, now, &mut report);
        }
        for key in new.keys() {
            if !deployed.is_some_and(|deployed| self.has_closed(deployed, new, key, now)) {
                self.check_closing(new, key, now, &mut report);
            }
            self.check_tidiness(new, key, now, &mut report);
        }
        self.check_age(new, now, &mut report);
        report
    }

    /// K0.
    fn check_sealing(
        &self,
        new: &KeyRing,
        deployed: Option<&KeyRing>,
        now: UnixTime,
        report: &mut CheckReport,
    ) {
        for gap in gaps(new, self.earliest_now(now)) {
            let until = gap.end().checked_add(1).map(UnixTime::from_secs);
            let from = UnixTime::from_secs(*gap.start());
            let finding = Finding::NoSealingKey { from, until };
            // The turn of a key that was closed before it came, because it leaked.
            let turn = new.scheduled_key(from).filter(|key| {
                let closed = key.open_until();
                closed.is_some() && closed <= key.seal_from()
            });
            let is_known = |key: &RingKey| {
                let former = deployed.and_then(|deployed| deployed.find(key.key()));
                former.is_some_and(|former| former.open_until() == key.open_until())
            };
            match turn {
                Some(key) if self.has_leaked(key) && gap.start() == gap.end() => {
                    report.warnings.push(finding);
                }
                // For a second: then another follows it.
                Some(key) if is_known(key) && gap.start() == gap.end() => {}
                _ => report.errors.push(finding),
            }
        }
    }

    /// K1.
    fn check_schedules(
        &self,
        new: &KeyRing,
        deployed: &KeyRing,
        now: UnixTime,
        report: &mut CheckReport,
    ) {
        let window = self.first_alive(now)..=self.last_mixed(now);
        for difference in differences(window, new, deployed) {
            let Difference { before, after, .. } = difference;
            let seals_now = |key: &&RingKey| {
                let end = new.sealing_end(key);
                end.is_none_or(|end| end.as_secs() > self.earliest_now(now))
            };
            let unknown = after.filter(|key| !deployed.contains(key.key()));
            let too_soon = unknown.filter(seals_now).map(|key| Finding::SealsTooSoon {
                key: self.id(key),
                earliest: UnixTime::from_secs(self.last_mixed(now).saturating_add(1)),
            });
            let gone = before.filter(|key| !new.contains(key.key()));
            let removed = gone.map(|key| Finding::Removed {
                key: self.id(key),
                may_go: deployed.sealing_end(key).map(|end| self.may_go(end)),
                seals_from: None,
            });
            let told = too_soon.is_some() || removed.is_some();
            let rescheduled = (!told).then(|| Finding::Rescheduled {
                from: difference.from,
                to: difference.to,
                deployed: before.map(|key| self.id(key)),
                new: after.map(|key| self.id(key)),
            });
            // Where no key seals, one that some servers do not know is better than none.
            let is_emergency = before.map_or(!self.leaked.is_empty(), |key| self.has_leaked(key));
            let findings = if is_emergency {
                &mut report.warnings
            } else {
                &mut report.errors
            };
            for finding in [too_soon, removed, rescheduled].into_iter().flatten() {
                if !findings.contains(&finding) {
                    findings.push(finding);
                }
            }
        }
    }

    /// What a server that follows a file would not take, now or when it hears of it.
    fn check_following(
        &self,
        new: &KeyRing,
        deployed: &KeyRing,
        now: UnixTime,
        report: &mut CheckReport,
    ) {
        // What is wrong for every server has been said.
        if !report.is_safe() {
            return;
        }
        let lifetimes = Lifetimes::new(self.life(), self.skew);
        let known = UnixTime::from_secs(self.last_mixed(now));
        let refusal = [now, known]
            .into_iter()
            .find_map(|at| may_follow(deployed, new, at, Some(lifetimes)).err());
        let Some((reason, key)) = refusal.and_then(|found| Some((found.reason, found.key?))) else {
            return;
        };
        let id = self.id(key);
        // As of a ring that is older than the deployed one, such as a backup.
        if reason == Reason::Missing && key.seal_from() > Some(now) && !self.has_leaked(key) {
            report.errors.push(Finding::Removed {
                key: id,
                may_go: None,
                seals_from: key.seal_from(),
            });
        } else {
            report.warnings.push(Finding::NotFollowed { key: id });
        }
    }

    /// K2.
    fn check_closing(&self, new: &KeyRing, key: &RingKey, now: UnixTime, report: &mut CheckReport) {
        // A key that nothing follows seals for ever, and K0 has found it if it closes.
        let (Some(end), Some(open_until)) = (new.sealing_end(key), key.open_until()) else {
            return;
        };
        let needed = self.may_close(end);
        if open_until < needed && self.seals_for_the_living(new, key, now) {
            let finding = Finding::ClosesTooSoon {
                key: self.id(key),
                open_until,
                needed,
            };
            if self.has_leaked(key) {
                report.warnings.push(finding);
            } else {
                report.errors.push(finding);
            }
        }
    }

    /// Keys that another follows.
    fn check_tidiness(
        &self,
        new: &KeyRing,
        key: &RingKey,
        now: UnixTime,
        report: &mut CheckReport,
    ) {
        let Some(end) = new.sealing_end(key) else {
            return;
        };
        let key_id = self.id(key);
        let since = self.dead_from(key, end);
        if key.open_until().is_some_and(|until| until <= now) {
            // It harms nobody until the next rotation drops it.
        } else if since <= now {
            report.warnings.push(Finding::Dead { key: key_id, since });
        } else if key.open_until().is_none() {
            let needed = self.may_close(end);
            report.warnings.push(Finding::NeverCloses {
                key: key_id,
                needed,
            });
        }
    }

    fn check_age(&self, new: &KeyRing, now: UnixTime, report: &mut CheckReport) {
        let latest = new.latest();
        if let Some(since) = latest.seal_from()
            && later(since, self.period) < now
        {
            let key = self.id(latest);
            report.warnings.push(Finding::Overdue { key, since });
        }
    }

    /// Whether this key seals in a second whose tokens may be alive.
    fn seals_for_the_living(&self, ring: &KeyRing, key: &RingKey, now: UnixTime) -> bool {
        seals_after(ring, key, self.first_alive(now))
    }

    /// Whether the deployed ring has closed this key, and the new one closes it no earlier and does not seal
    /// with it again: then there is nothing left that the deploy could lose.
    fn has_closed(&self, deployed: &KeyRing, new: &KeyRing, key: &RingKey, now: UnixTime) -> bool {
        let former = deployed.find(key.key()).and_then(RingKey::open_until);
        let has_closed = former.is_some_and(|until| until <= now && former <= key.open_until());
        has_closed && !seals_after(new, key, self.earliest_now(now))
    }

    fn has_leaked(&self, key: &RingKey) -> bool {
        self.leaked.contains(&self.id(key))
    }
}
