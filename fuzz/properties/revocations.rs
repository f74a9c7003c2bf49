//! Two processes on one store that fails, loses answers and is lost, under keys that rotate: against
//! a model that keeps every revocation and the order in which things happened.

use std::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use sealed_session::{
    Key, KeyRing, ManualClock, OpenErrorKind, Revocations, RingKey, Scope, ScopeKind, Sessions,
    SetCookie, UnixTime,
};

use super::world::{AUDIENCE, NOW, secret};
use crate::account::Account;
use crate::background::TestBackground;
use crate::test_store::TestStore;

#[derive(Arbitrary, Debug)]
enum Step {
    Revoke { on: bool, users: u8 },
    RevokeSession { on: bool, token: u8 },
    RevokeEveryone { on: bool },
    Supersede { on: bool, token: u8 },
    Restart { on: bool },
    Refresh { on: bool },
    Rotate,
    LoseStore,
    Fail { calls: u8 },
    LoseAnswers { calls: u8 },
    Conflicts { calls: u8 },
    Wait { millis: u16 },
    SignIn { on: bool, user: u8 },
    Renew { on: bool, token: u8 },
    Open { on: bool, token: u8 },
}

const USERS: u8 = 8;
const USER: ScopeKind<u8> = ScopeKind::new("user");
const MOST_STEPS: usize = 60;

/// A cookie, when its session began, and of whom; in the order in which things happened.
struct Token {
    header: String,
    user: u8,
    session: usize,
    began: usize,
    /// When it superseded the session's others.
    superseded: usize,
}

enum Whom {
    Everyone,
    Users(u8),
    Session(usize),
}

/// A revocation: when it was asked for, and when it was acknowledged.
struct Revoked {
    whom: Whom,
    asked: usize,
    acknowledged: Option<usize>,
}

impl Revoked {
    fn means(&self, token: &Token) -> bool {
        match self.whom {
            Whom::Everyone => true,
            Whom::Users(users) => users >> token.user & 1 == 1,
            Whom::Session(session) => session == token.session,
        }
    }

    /// From when on a token of its kind is meant no more.
    fn spares(&self, token: &Token) -> usize {
        match self.whom {
            Whom::Session(_) => token.began.max(token.superseded),
            _ => token.began,
        }
    }
}

struct Process {
    sessions: Sessions<Account>,
    /// When its last load or write began.
    knows: usize,
}

struct Run {
    clock: ManualClock,
    store: TestStore,
    ring: KeyRing,
    keys: u8,
    processes: [Process; 2],
    tokens: Vec<Token>,
    revoked: Vec<Revoked>,
    now: usize,
    sessions: usize,
}

fn process(clock: &ManualClock, store: &TestStore, ring: &KeyRing) -> Process {
    let revocations = Revocations::shared(AUDIENCE, ring, store.clone())
        .refresh_on_use()
        .background(TestBackground::new(clock))
        .clock(clock.clone())
        .max_staleness(Duration::from_secs(1 << 30))
        .build()
        .unwrap();
    let sessions = Sessions::builder(AUDIENCE, ring)
        .as_in_another_process()
        .clock(clock.clone())
        .idle_timeout(Duration::from_secs(400 * 86_400))
        .absolute_timeout(Duration::from_secs(3650 * 86_400))
        .revocations(revocations)
        .build()
        .unwrap();
    Process { sessions, knows: 0 }
}

/// `data` as a sequence of steps.
pub fn revocations(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let mut run = Run::new();
    for _ in 0..MOST_STEPS {
        if input.is_empty() {
            break;
        }
        let Ok(step) = Step::arbitrary(&mut input) else {
            break;
        };
        run.now += 1;
        run.make(&step);
    }
    // In the end everybody knows everything.
    run.make(&Step::Fail { calls: 0 });
    for on in [false, true] {
        run.now += 1;
        run.make(&Step::Refresh { on });
        for token in 0..run.tokens.len() {
            run.open(on, token);
        }
    }
}

impl Run {
    fn new() -> Self {
        let clock = ManualClock::new(UnixTime::from_secs(NOW));
        let store = TestStore::new();
        let ring = KeyRing::from_key(Key::from_bytes(&secret(1)).unwrap());
        let processes = [(); 2].map(|()| process(&clock, &store, &ring));
        let mut run = Self {
            clock,
            store,
            ring,
            keys: 1,
            processes,
            tokens: Vec::new(),
            revoked: Vec::new(),
            now: 1,
            sessions: 0,
        };
        run.create();
        run
    }

    fn create(&mut self) {
        let maker = process(&self.clock, &self.store, &self.ring);
        let made = maker.sessions.revocations().create_store().wait();
        self.note(Whom::Everyone, made.is_ok());
    }

    fn note(&mut self, whom: Whom, acknowledged: bool) {
        self.revoked.push(Revoked {
            whom,
            asked: self.now,
            acknowledged: acknowledged.then_some(self.now),
        });
    }

    fn make(&mut self, step: &Step) {
        match *step {
            Step::Revoke { on, users } => {
                let scopes: Vec<Scope> = (0..USERS)
                    .filter(|user| users >> user & 1 == 1)
                    .map(|user| Scope::new(USER, user))
                    .collect();
                let done = self.on(on).sessions.revoke(&scopes).wait().is_ok();
                self.wrote(on, done, Whom::Users(users));
            }
            Step::RevokeEveryone { on } => {
                let done = self.on(on).sessions.revoke_everyone().wait().is_ok();
                self.wrote(on, done, Whom::Everyone);
            }
            Step::RevokeSession { on, token } => {
                let Some((at, session)) = self.opened(on, token) else {
                    return;
                };
                let done = self.on(on).sessions.revoke_session(&session).wait().is_ok();
                self.wrote(on, done, Whom::Session(self.tokens[at].session));
            }
            Step::Supersede { on, token } => {
                let Some((at, session)) = self.opened(on, token) else {
                    return;
                };
                let new = self
                    .on(on)
                    .sessions
                    .supersede(&session, session.value())
                    .wait();
                self.wrote(on, new.is_ok(), Whom::Session(self.tokens[at].session));
                if let Ok(cookie) = new {
                    let old = &self.tokens[at];
                    self.tokens.push(Token {
                        header: header(&cookie),
                        superseded: self.now,
                        ..*old
                    });
                }
            }
            Step::Restart { on } => {
                self.processes[usize::from(on)] = process(&self.clock, &self.store, &self.ring);
            }
            Step::Refresh { on } => self.refresh(on),
            Step::Rotate => self.rotate(),
            Step::LoseStore => {
                self.store.put(None);
                // Clocks go no faster than a millisecond a write.
                self.clock.advance(Duration::from_secs(1));
                self.store.inner().fail = 0;
                self.create();
            }
            Step::Fail { calls } => self.store.inner().fail = u32::from(calls % 4),
            Step::LoseAnswers { calls } => {
                self.store.inner().lose_answers = u32::from(calls % 4);
            }
            Step::Conflicts { calls } => self.store.inner().conflicts = u32::from(calls % 4),
            Step::Wait { millis } => self.clock.advance(Duration::from_millis(millis.into())),
            Step::SignIn { on, user } => self.sign_in(on, user % USERS),
            Step::Renew { on, token } => {
                if let Some((at, session)) = self.opened(on, token)
                    && let Ok(cookie) = self.on(on).sessions.renew(&session)
                {
                    let header = header(&cookie);
                    self.tokens.push(Token {
                        header,
                        ..self.tokens[at]
                    });
                }
            }
            Step::Open { on, token } => {
                self.opened(on, token);
            }
        }
    }

    fn on(&self, on: bool) -> &Process {
        &self.processes[usize::from(on)]
    }

    fn wrote(&mut self, on: bool, done: bool, whom: Whom) {
        self.note(whom, done);
        if done {
            self.processes[usize::from(on)].knows = self.now;
        }
    }

    fn refresh(&mut self, on: bool) {
        if self.on(on).sessions.revocations().refresh().wait().is_ok() {
            self.processes[usize::from(on)].knows = self.now;
        }
    }

    fn rotate(&mut self) {
        self.keys = self.keys % 200 + 1;
        let key = |seed| RingKey::new(Key::from_bytes(&secret(seed)).unwrap());
        // The former key still opens, the new one seals from now on.
        let former = self.ring.keys().last().unwrap().clone();
        let now = UnixTime::from_secs(NOW + u64::from(self.keys));
        self.ring = KeyRing::new([former, key(self.keys + 1).with_seal_from(now)]).unwrap();
        self.clock.advance(Duration::from_secs(1));
        for on in [false, true] {
            let sessions = &self.on(on).sessions;
            sessions.replace_keys(&self.ring).unwrap();
            // Who may write writes the document again, before the former key goes.
            self.store.inner().fail = 0;
            self.refresh(on);
        }
    }

    fn sign_in(&mut self, on: bool, user: u8) {
        let account = Account {
            user: user.into(),
            ..crate::account::typical()
        };
        let Ok(sign_in) = self.on(on).sessions.begin_sign_in().wait() else {
            return;
        };
        let Ok(cookie) = sign_in.start(&account) else {
            return;
        };
        self.processes[usize::from(on)].knows = self.now;
        self.sessions += 1;
        self.tokens.push(Token {
            header: header(&cookie),
            user,
            session: self.sessions,
            began: self.now,
            superseded: 0,
        });
    }

    fn opened(&mut self, on: bool, token: u8) -> Option<(usize, sealed_session::Session<Account>)> {
        let at = usize::from(token).checked_rem(self.tokens.len())?;
        Some((at, self.open(on, at)?))
    }

    /// Opens a token, and compares with the model.
    fn open(&self, on: bool, token: usize) -> Option<sealed_session::Session<Account>> {
        let (process, token) = (self.on(on), &self.tokens[token]);
        let opened = process.sessions.open(&token.header);
        let mut meant = self.revoked.iter().filter(|revoked| revoked.means(token));
        match &opened {
            Ok(_) => {
                let must = |revoked: &Revoked| {
                    let known = |at| at <= process.knows && at > revoked.spares(token);
                    revoked.acknowledged.is_some_and(known)
                };
                assert!(!meant.any(must), "a revoked session opens");
            }
            Err(error) if error.kind() == OpenErrorKind::Revoked => {
                // One that was not acknowledged may have been made all the same.
                let may = |revoked: &Revoked| revoked.asked > revoked.spares(token);
                assert!(meant.any(may), "nobody revoked it");
            }
            // Its key has gone, or the process has not loaded yet.
            Err(error) => assert!(
                matches!(
                    error.kind(),
                    OpenErrorKind::UnknownKey | OpenErrorKind::StaleState
                ),
                "{error:?}"
            ),
        }
        opened.ok()
    }
}

fn header(cookie: &SetCookie) -> String {
    cookie.as_str().split(';').next().unwrap().to_owned()
}
