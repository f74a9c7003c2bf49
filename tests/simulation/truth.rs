//! What really happened, as nobody in the run knows it, and what must follow from it.
//!
//! It keeps every revocation for ever, with the true time of its commit, and every session with the
//! true times between which its credentials were checked. It shares no verdict with the crate: of
//! documents it takes the table of each commit, and what changed from one to the next.

use std::collections::HashMap;
use std::sync::Arc;

use sealed_session::{Codec, DocumentCodec, Epoch, OpenErrorKind, RevocationState, Scope};

use super::network::{Committed, Time};
use super::run::Account;

/// Whom a revocation ends.
#[derive(Clone, Copy, PartialEq)]
enum Whom {
    Everyone,
    Scope(Scope),
}

/// A revocation as it was committed.
struct Revocation {
    time: Time,
    whom: Whom,
    clock: Epoch,
    line: u32,
    index: usize,
    /// An operator's old copy took its line's place, or its line began with one: what is promised of
    /// it ends there, except for those who know.
    undone: bool,
}

/// A session, and all that is known of its beginning.
pub(crate) struct Session {
    pub(crate) account: Account,
    own: Scope,
    /// The sign-in began, and its credentials were checked.
    pub(crate) began: Time,
    pub(crate) checked: Time,
    pub(crate) tokens: Vec<Token>,
    /// It began while an old copy stood in the store's place: who knows more may refuse it.
    restored: bool,
}

/// A copy of a cookie, which anybody may send at any time.
#[derive(Clone)]
pub(crate) struct Token {
    pub(crate) header: String,
    /// It superseded all before it: revocations of the session's own scope up to then are not meant
    /// for it.
    superseded: Time,
    /// Whether a server sealed it while, or after, an old copy stood in the store's place.
    restored: bool,
}

/// What one process has held: of each line, how far.
#[derive(Default)]
pub(crate) struct Knowledge(HashMap<u32, usize>);

pub(crate) struct Truth {
    documents: DocumentCodec,
    codec: Codec<Account>,
    /// Each state of the store, with its line.
    log: Vec<(u32, Arc<RevocationState>)>,
    line: u32,
    /// An old copy stands in the store's place; and has ever done so.
    restored: bool,
    ever_restored: bool,
    revocations: Vec<Revocation>,
    pub(crate) sessions: Vec<Session>,
    max_staleness: u64,
    /// Whether sessions may end early: by the table's bound, or because a sign-in went on without a
    /// load where stale states are accepted.
    pub(crate) may_end_early: bool,
    pub(crate) counts: Counts,
}

/// What the runs came across, so that a test that exercises nothing is noticed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) accepted: u64,
    pub(crate) revoked: u64,
    pub(crate) stale: u64,
    pub(crate) renewed: u64,
    pub(crate) acknowledged: u64,
    pub(crate) superseded: u64,
    pub(crate) refused_renewals: u64,
    pub(crate) refused_starts: u64,
    pub(crate) rolled_back: u64,
    pub(crate) pruned: u64,
}

impl Truth {
    pub(crate) fn new(
        documents: DocumentCodec,
        codec: Codec<Account>,
        max_staleness: u64,
        may_end_early: bool,
    ) -> Self {
        Self {
            documents,
            codec,
            log: Vec::new(),
            line: 0,
            restored: false,
            ever_restored: false,
            revocations: Vec::new(),
            sessions: Vec::new(),
            max_staleness,
            may_end_early,
            counts: Counts::default(),
        }
    }

    /// Takes in what the store has committed.
    pub(crate) fn commits(&mut self, commits: Vec<Committed>) {
        for committed in commits {
            let state = Arc::new(self.documents.open(committed.document).unwrap());
            let index = self.log.len();
            let former = self.log.last().map(|(_, state)| Arc::clone(state));
            let (time, clock) = (committed.time, state.clock());
            let mut new = Vec::new();
            if committed.created {
                self.line += 1;
                self.restored = false;
                new.push(Whom::Everyone);
            } else {
                let former = former.expect("something was replaced");
                assert!(clock > former.clock(), "the clock stood still");
                assert!(state.floor() >= former.floor(), "the floor fell");
                if state.floor() == clock {
                    new.push(Whom::Everyone);
                } else if state.floor() > former.floor() {
                    self.counts.pruned += 1;
                }
                let entries = state.revoked().filter(|&(_, epoch)| epoch == clock);
                new.extend(entries.map(|(scope, _)| Whom::Scope(scope)));
            }
            for whom in new {
                self.revocations.push(Revocation {
                    time,
                    whom,
                    clock,
                    line: self.line,
                    index,
                    undone: self.restored,
                });
            }
            // Whoever writes, nothing that was committed is lost.
            for former in self.revocations.iter().filter(|r| r.line == self.line) {
                let before = match former.whom {
                    Whom::Everyone => state.floor(),
                    Whom::Scope(scope) => state.revoked_before(scope),
                };
                assert!(before >= former.clock, "a write lost a revocation");
            }
            self.log.push((self.line, state));
        }
    }

    /// What an operator gives to a new store. After an old copy, the clock that servers name; after a
    /// loss nothing, as clocks that differ by no more than the skew need nothing.
    pub(crate) fn seen_by_the_operator(&self) -> Epoch {
        if !self.restored {
            return Epoch::ZERO;
        }
        let clocks = self.log.iter().map(|(_, state)| state.clock());
        clocks.max().unwrap_or_default()
    }

    /// An operator put the copy of the commit `index` back.
    pub(crate) fn restored(&mut self, index: usize) {
        let state = Arc::clone(&self.log[index].1);
        for revocation in &mut self.revocations {
            revocation.undone |= revocation.index > index;
        }
        self.line += 1;
        self.restored = true;
        self.ever_restored = true;
        self.log.push((self.line, state));
    }

    pub(crate) fn commits_so_far(&self) -> usize {
        self.log.len()
    }

    /// A process holds `state`.
    pub(crate) fn holds(&self, knowledge: &mut Knowledge, state: &RevocationState) {
        let same = |(_, logged): &(u32, Arc<RevocationState>)| {
            logged.clock() == state.clock() && **logged == *state
        };
        let index = self.log.iter().rposition(same);
        let index = index.expect("a process holds what the store never had");
        let known = knowledge.0.entry(self.log[index].0).or_default();
        *known = index.max(*known);
    }

    pub(crate) fn started(&mut self, account: Account, began: Time, checked: Time, header: String) {
        let own = Scope::session(self.claims(&header).session_id());
        let token = self.token(header, 0);
        self.sessions.push(Session {
            account,
            own,
            began,
            checked,
            tokens: vec![token],
            restored: self.restored,
        });
    }

    pub(crate) fn renewed(&mut self, session: usize, from: &Token, header: String) {
        let token = self.token(header, from.superseded);
        let tokens = &mut self.sessions[session].tokens;
        if tokens.len() >= 6 {
            tokens.remove(1);
        }
        tokens.push(token);
        self.counts.renewed += 1;
    }

    pub(crate) fn superseded(&mut self, session: usize, header: String) {
        let clock = self.claims(&header).epoch();
        let own = Whom::Scope(self.sessions[session].own);
        let made = |r: &&Revocation| r.whom == own && r.clock == clock;
        let made = self.revocations.iter().find(made);
        let superseded = made.expect("it was never committed").time;
        let token = self.token(header, superseded);
        self.sessions[session].tokens.push(token);
        self.counts.superseded += 1;
    }

    const fn token(&self, header: String, superseded: Time) -> Token {
        Token {
            header,
            superseded,
            restored: self.ever_restored,
        }
    }

    fn claims(&self, header: &str) -> sealed_session::Claims {
        // With a state that revokes nothing, at the very time of the token's start.
        let state = RevocationState::fixed(Epoch::from_millis(u64::MAX / 2));
        let (_, value) = header.split_once('=').unwrap();
        *super::run::open_unchecked(&self.codec, value, &state).claims()
    }

    /// A revocation was acknowledged.
    pub(crate) fn acknowledged(&mut self, scopes: &[Scope], clock: Epoch) {
        self.counts.acknowledged += 1;
        for &scope in scopes {
            let whom = |r: &Revocation| r.whom == Whom::Scope(scope) || r.whom == Whom::Everyone;
            let committed = |r: &Revocation| r.clock == clock && whom(r);
            assert!(
                self.revocations.iter().any(committed),
                "acknowledged, and never committed"
            );
        }
    }

    fn hits(revocation: &Revocation, session: &Session, token: &Token, since: Time) -> bool {
        match revocation.whom {
            Whom::Everyone => revocation.time > since,
            Whom::Scope(scope) if scope == session.own => {
                revocation.time > since.max(token.superseded)
            }
            Whom::Scope(scope) => {
                revocation.time > since && session.account.scopes().contains(&scope)
            }
        }
    }

    /// A server has opened a token, or refused it, at `now`. It holds what `knowledge` says, as of
    /// `fresh`.
    pub(crate) fn judged(
        &mut self,
        session: usize,
        token: &Token,
        verdict: Result<(), OpenErrorKind>,
        knowledge: &Knowledge,
        (now, fresh): (Time, Time),
    ) {
        let session = &self.sessions[session];
        let mut revocations = self.revocations.iter();
        match verdict {
            Ok(()) => {
                self.counts.accepted += 1;
                let meant = |r: &&Revocation| Self::hits(r, session, token, session.checked);
                // Under an old copy a renewal lifts a session over what the copy has forgotten.
                let kept = |r: &&Revocation| !(r.undone && token.restored);
                for revocation in revocations.filter(meant).filter(kept) {
                    let known = knowledge.0.get(&revocation.line);
                    assert!(
                        known.is_none_or(|&index| index < revocation.index),
                        "a server that has the revocation accepts what began before it"
                    );
                    assert!(
                        revocation.undone || now <= revocation.time + self.max_staleness,
                        "a session is accepted past the bound"
                    );
                }
            }
            Err(OpenErrorKind::Revoked) => {
                self.counts.revoked += 1;
                let reason = |r: &Revocation| Self::hits(r, session, token, session.began);
                assert!(
                    self.may_end_early || session.restored || revocations.any(reason),
                    "a session is refused, and nobody revoked it after its sign-in began"
                );
            }
            Err(OpenErrorKind::StaleState) => {
                self.counts.stale += 1;
                // Who knows more than an old copy refuses it, and goes stale.
                assert!(
                    self.ever_restored || fresh == 0 || now > fresh + self.max_staleness,
                    "a server that is fresh enough refuses"
                );
            }
            Err(OpenErrorKind::Expired) => {}
            Err(kind) => panic!("a token is refused as {kind:?}"),
        }
    }
}

impl Counts {
    pub(crate) fn add(&mut self, other: &Self) {
        let others = other.all();
        for (mine, other) in self.all_mut().into_iter().zip(others) {
            *mine += other;
        }
    }

    pub(crate) fn all(&self) -> [u64; 10] {
        [
            self.accepted,
            self.revoked,
            self.stale,
            self.renewed,
            self.acknowledged,
            self.superseded,
            self.refused_renewals,
            self.refused_starts,
            self.rolled_back,
            self.pruned,
        ]
    }

    fn all_mut(&mut self) -> [&mut u64; 10] {
        [
            &mut self.accepted,
            &mut self.revoked,
            &mut self.stale,
            &mut self.renewed,
            &mut self.acknowledged,
            &mut self.superseded,
            &mut self.refused_renewals,
            &mut self.refused_starts,
            &mut self.rolled_back,
            &mut self.pruned,
        ]
    }
}
