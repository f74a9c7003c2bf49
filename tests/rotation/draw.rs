//! Sequences by chance. Most deploys are correct rotations or miss one by a second or two, for that
//! is where a wrong rule would show.

use sealed_session::{Protection, RandomnessError, UnixTime};

use crate::random::Random;
use crate::sequence::{Deploy, Entry, KEYS, Limits, START, Sequence, at, key_ring};

impl Sequence {
    pub(crate) fn draw(seed: u64) -> Self {
        let mut random = Random(seed);
        let limits = draw_limits(&mut random);
        let mut sequence = Self {
            protection: if random.one_in(8) {
                Protection::Encrypted
            } else {
                Protection::Signed
            },
            skew: random.below(4),
            propagation: random.below(7),
            deploys: Vec::new(),
        };
        let ahead = random.below(sequence.skew + 1);
        let mut drawing = Drawing {
            skew: sequence.skew,
            propagation: sequence.propagation,
            life: limits.life(),
            now: START + ahead,
            fresh: 2,
            random,
        };
        let ring = drawing.first_ring();
        let first = Deploy {
            at: START,
            ahead,
            ring,
            limits,
        };
        sequence.deploys.push(first);
        for _ in 0..1 + drawing.random.below(3) {
            let next = drawing.next_deploy(&sequence);
            sequence.deploys.push(next);
        }
        sequence
    }
}

fn draw_limits(random: &mut Random) -> Limits {
    let idle = 1 + random.below(12);
    let absolute = match random.below(4) {
        0 => 1 + random.below(12),
        1 => idle + random.below(8),
        _ => 1_000,
    };
    Limits { idle, absolute }
}

struct Drawing {
    skew: u64,
    propagation: u64,
    /// As the check of this deploy takes it.
    life: u64,
    now: u64,
    /// The least key that was in no ring.
    fresh: usize,
    random: Random,
}

impl Drawing {
    fn first_ring(&mut self) -> Vec<Entry> {
        let mut first = always(self.random.below(2) as usize * 2);
        self.fresh = first.key + 2;
        match self.random.below(6) {
            0 => {
                let earliest = self.now - self.skew;
                first.seal_from = Some(self.random.about(earliest));
                vec![first]
            }
            1 | 2 => {
                let span = 2 * self.life + self.propagation + self.skew;
                let from = self.now - self.life + self.random.below(span + 1);
                first.open_until = self.closing(from);
                vec![first, self.fresh_key(&[first], from)]
            }
            _ => vec![first],
        }
    }

    fn next_deploy(&mut self, sequence: &Sequence) -> Deploy {
        let former = sequence.deploys.last().unwrap();
        let mut limits = former.limits;
        if self.random.one_in(4) {
            limits = draw_limits(&mut self.random);
        }
        let ahead = self.random.below(self.skew + 1);
        let at = self.next_time(former, ahead);
        let greatest = sequence.greatest_limits(&sequence.deploys, at, limits);
        (self.now, self.life) = (at + ahead, greatest.life());
        let mut ring = former.ring.clone();
        for _ in 0..1 + u64::from(self.random.one_in(4)) {
            let edited = self.edit(sequence, &ring, greatest);
            if key_ring(&edited).is_some() {
                ring = edited;
            }
        }
        Deploy {
            at,
            ahead,
            ring,
            limits,
        }
    }

    /// Soon, so that three rings are in use; or when all has settled; or when a key may just close or
    /// go.
    fn next_time(&mut self, former: &Deploy, ahead: u64) -> u64 {
        let gap = match self.random.below(3) {
            0 => self.random.below(self.propagation + 2),
            1 => self
                .random
                .below(self.life + self.propagation + 2 * self.skew + 5),
            _ => {
                let key = self.random.pick(&former.ring);
                let end = ending(&former.ring, key).unwrap_or(former.at);
                let skews = self.random.below(3) * self.skew;
                let exact = self.random.about(end + self.life + skews);
                exact.saturating_sub(former.at + ahead)
            }
        };
        former.at + gap
    }

    fn edit(&mut self, sequence: &Sequence, ring: &[Entry], limits: Limits) -> Vec<Entry> {
        let mut ring = ring.to_vec();
        let any = self.random.below(ring.len() as u64) as usize;
        match self.random.below(20) {
            0 => {}
            1..=6 => {
                let from = self.now + self.propagation + self.skew + 1;
                let from = self.random.about(from);
                let latest = ring.iter_mut().max_by_key(|entry| entry.seal_from).unwrap();
                latest.open_until = self.closing(from);
                ring.push(self.fresh_key(&ring, from));
                if self.random.one_in(2) {
                    self.prune(&mut ring, 0);
                }
            }
            7 | 8 => {
                let slack = self.random.about(2);
                self.prune(&mut ring, slack.saturating_sub(2));
            }
            9 => ring = self.rotate(sequence, &ring, limits),
            10 => drop(ring.remove(any)),
            11..=14 => {
                let until = ring[any].open_until;
                let closing = ending(&ring, ring[any]).and_then(|end| self.closing(end));
                ring[any].open_until = until.map(|until| self.random.near(until)).or(closing);
            }
            15 => ring[any].open_until = None,
            16 => ring[any].seal_from = ring[any].seal_from.map(|from| self.random.near(from)),
            17 => {
                let other = self.random.below(ring.len() as u64) as usize;
                let (one, another) = (ring[any].key, ring[other].key);
                (ring[any].key, ring[other].key) = (another, one);
            }
            18 => self.seal_again(&mut ring),
            _ => ring[any].key = self.fresh_key(&ring, 0).key,
        }
        ring
    }

    /// The oldest key, which may have closed, comes again, and soon after it another.
    fn seal_again(&mut self, ring: &mut Vec<Entry>) {
        let from = self.now + self.propagation + self.skew + 1;
        let from = self.random.about(from);
        let next = from + 1 + self.random.below(4);
        let [until, closing] = [self.closing(from), self.closing(next)];
        let latest = ring.iter_mut().max_by_key(|entry| entry.seal_from).unwrap();
        latest.open_until = until;
        let oldest = ring.iter_mut().min_by_key(|entry| entry.seal_from).unwrap();
        oldest.seal_from = Some(from);
        oldest.open_until = if self.random.one_in(2) {
            Some(self.random.about(next))
        } else {
            closing
        };
        ring.push(self.fresh_key(ring, next));
    }

    /// An `open-until` for a key that seals until `end`.
    fn closing(&mut self, end: u64) -> Option<u64> {
        let needed = end + self.life + self.skew;
        (!self.random.one_in(4)).then(|| self.random.about(needed))
    }

    /// Leaves out the keys that are dead, or will be within a second or two.
    fn prune(&self, ring: &mut Vec<Entry>, slack: u64) {
        let all = ring.clone();
        ring.retain(|&entry| {
            let end = ending(&all, entry);
            end.is_none_or(|end| end + self.life + 2 * self.skew > self.now + slack)
        });
    }

    /// A key that was never used; now and then one with an id that is taken, or one that was.
    fn fresh_key(&mut self, ring: &[Entry], from: u64) -> Entry {
        let used = |key| ring.iter().any(|entry| entry.key == key);
        let other = match self.random.below(16) {
            0 => Some(1),
            1 => Some(self.random.below(self.fresh as u64) as usize),
            _ => None,
        };
        let key = match other {
            Some(key) if !used(key) && key < KEYS.len() => key,
            _ => {
                self.fresh += 1;
                self.fresh - 1
            }
        };
        Entry {
            seal_from: Some(from),
            ..always(key)
        }
    }

    /// What the crate itself makes of the ring.
    fn rotate(&mut self, sequence: &Sequence, ring: &[Entry], limits: Limits) -> Vec<Entry> {
        let period = std::time::Duration::from_secs(1 + self.random.below(30));
        let policy = sequence.policy(limits).period(period);
        let key = self.fresh_key(ring, 0).key;
        let fresh = || Ok::<_, RandomnessError>(KEYS[key].clone());
        let former = key_ring(ring).unwrap();
        let Ok(rotation) = policy.rotate(&former, at(self.now), fresh) else {
            return ring.to_vec();
        };
        let number = |key: &sealed_session::Key| {
            // Under another audience no two have one id.
            let id = key.id("all");
            KEYS.iter().position(|known| known.id("all") == id).unwrap()
        };
        let keys = rotation.ring().keys().iter();
        keys.map(|key| Entry {
            key: number(key.key()),
            seal_from: key.seal_from().map(UnixTime::as_secs),
            open_until: key.open_until().map(UnixTime::as_secs),
        })
        .collect()
    }
}

fn always(key: usize) -> Entry {
    Entry {
        key,
        seal_from: None,
        open_until: None,
    }
}

/// When another key takes over.
fn ending(ring: &[Entry], entry: Entry) -> Option<u64> {
    let starts = ring.iter().map(|other| other.seal_from);
    starts.filter(|&start| start > entry.seal_from).min()?
}

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }

    /// Most often `exact`.
    fn about(&mut self, exact: u64) -> u64 {
        if self.one_in(3) {
            self.near(exact)
        } else {
            exact
        }
    }

    /// Two less to two more.
    fn near(&mut self, exact: u64) -> u64 {
        (exact + self.below(5)).saturating_sub(2)
    }
}
