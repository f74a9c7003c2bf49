//! An application on several servers, which share a store, and what every store has to show with it.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use sealed_session::{
    Key, KeyRing, OpenErrorKind, RevocationEvent, RevocationStore, Revocations, Scope, ScopeKind,
    Scopes, SessionData, Sessions,
};
use serde::{Deserialize, Serialize};

use crate::process::wait_until;

pub const USER: ScopeKind<u64> = ScopeKind::new("user");
const AUDIENCE: &str = "shop.example";
/// No load is due by itself within a test.
pub const NEVER: Duration = Duration::from_secs(3600);

#[derive(Serialize, Deserialize)]
pub struct Account {
    user: u64,
}

impl SessionData for Account {
    const NAME: &'static str = "session";
    const SCHEMA: u32 = 1;
    fn scopes(&self, scopes: &mut Scopes<'_>) {
        scopes.add(USER, self.user);
    }
}

fn keys() -> KeyRing {
    KeyRing::from_key(Key::from_bytes(&std::array::from_fn(|i| i as u8)).unwrap())
}

/// A server of the application.
pub struct Server {
    pub sessions: Sessions<Account>,
    pub revocations: Revocations,
    events: Arc<Mutex<Vec<RevocationEvent>>>,
}

impl Server {
    /// Loads by itself at every `interval`, and when it is told.
    pub fn new(store: impl RevocationStore, interval: Duration) -> Self {
        let events = Arc::<Mutex<Vec<_>>>::default();
        let told = Arc::clone(&events);
        let keys = keys();
        let revocations = Revocations::shared(AUDIENCE, &keys, store)
            .refresh_interval(interval)
            .max_staleness(interval * 20)
            .on_event(move |event| told.lock().unwrap().push(event.clone()))
            .build()
            .unwrap();
        let sessions = Sessions::builder(AUDIENCE, &keys);
        let sessions = sessions.revocations(revocations.clone()).build().unwrap();
        Self {
            sessions,
            revocations,
            events,
        }
    }

    /// The same, with a store that there is now.
    pub fn ready(store: impl RevocationStore, interval: Duration) -> Self {
        let server = Self::new(store, interval);
        server.revocations.create_store().wait().unwrap();
        server.revocations.refresh().wait().unwrap();
        server
    }

    /// The cookie of a user who signs in.
    pub fn sign_in(&self, user: u64) -> String {
        let sign_in = self.sessions.begin_sign_in().wait().unwrap();
        let set = sign_in.start(&Account { user }).unwrap();
        set.as_str().split(';').next().unwrap().into()
    }

    pub fn log_out(&self, user: u64) {
        self.sessions.revoke_scope(USER, user).wait().unwrap();
    }

    pub fn refuses(&self, cookie: &str) -> bool {
        match self.sessions.open(cookie) {
            Ok(_) => false,
            Err(error) => {
                assert_eq!(error.kind(), OpenErrorKind::Revoked, "{error}");
                true
            }
        }
    }

    pub fn opens(&self, cookie: &str) -> bool {
        self.sessions.open(cookie).is_ok()
    }

    pub fn was_told(&self, event: impl Fn(&RevocationEvent) -> bool) -> bool {
        self.events.lock().unwrap().iter().any(event)
    }
}

/// A user is logged out at one server, and refused at the other, which loads only when it is told. How long that took.
pub fn a_logout_is_pushed(here: &Server, there: &Server, user: u64) -> Duration {
    let cookie = here.sign_in(user);
    wait_until("the other server opens it", || there.opens(&cookie));
    here.log_out(user);
    let acknowledged = Instant::now();
    wait_until("the logout takes effect", || there.refuses(&cookie));
    acknowledged.elapsed()
}

/// Eight servers log out 200 users each, ten at a time. Not one of them is lost.
pub fn eight_writers_lose_nothing<S: RevocationStore>(store: impl Fn() -> S + Sync) {
    const WRITERS: u64 = 8;
    const EACH: u64 = 200;
    Server::ready(store(), NEVER);
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let server = Server::new(store(), Duration::from_secs(1));
            scope.spawn(move || {
                let users: Vec<u64> = (writer * EACH..(writer + 1) * EACH).collect();
                for users in users.chunks(10) {
                    // Each has begun when it is returned.
                    let asked = users
                        .iter()
                        .map(|user| server.sessions.revoke_scope(USER, *user));
                    for asked in asked.collect::<Vec<_>>() {
                        asked.wait().unwrap();
                    }
                }
            });
        }
    });
    let state = Server::new(store(), NEVER)
        .revocations
        .list()
        .wait()
        .unwrap();
    let revoked: Vec<Scope> = state.revoked().map(|(scope, _)| scope).collect();
    for user in 0..WRITERS * EACH {
        assert!(
            revoked.contains(&Scope::new(USER, user)),
            "the logout of {user} is lost"
        );
    }
}

/// The store is another one now, which has forgotten the logout of `cookie`'s user; `knows` remembers it. It is put right,
/// and neither it nor a server that starts now lets the cookie in.
pub fn a_store_that_forgot_is_put_right<S: RevocationStore>(
    knows: &Server,
    cookie: &str,
    store: impl Fn() -> S,
) {
    let _ = knows.revocations.refresh().wait();
    wait_until("the store is put right", || {
        knows.was_told(|event| matches!(event, RevocationEvent::Repaired { .. }))
    });
    let new = Server::ready(store(), NEVER);
    assert!(
        new.refuses(cookie) && knows.refuses(cookie),
        "it is not forgiven"
    );
    let cookie = new.sign_in(1);
    let _ = knows.revocations.refresh().wait();
    assert!(knows.opens(&cookie), "signing in goes on");
}
