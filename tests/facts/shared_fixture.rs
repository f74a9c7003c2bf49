//! Servers that share a store, on one clock.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use sealed_session::{
    KeyRing, ManualClock, OpenErrorKind, RevocationEvent, Revocations, RevocationsBuilder, Sessions,
};

use crate::account::{Account, typical};
use crate::background::TestBackground;
use crate::fixture::{NOW, at, key};
use crate::test_store::TestStore;

pub(crate) const AUDIENCE: &str = "shop.example";
pub(crate) const INTERVAL: Duration = Duration::from_secs(5);
pub(crate) const STALENESS: Duration = Duration::from_secs(60);

pub(crate) struct Fleet {
    pub(crate) clock: ManualClock,
    pub(crate) store: TestStore,
    pub(crate) background: TestBackground,
    pub(crate) ring: KeyRing,
}

/// One process.
pub(crate) struct Server {
    pub(crate) sessions: Sessions<Account>,
    pub(crate) revocations: Revocations,
    events: Arc<Mutex<Vec<RevocationEvent>>>,
}

impl Fleet {
    /// With no store yet.
    pub(crate) fn without_store() -> Self {
        let clock = ManualClock::new(at(NOW));
        Self {
            store: TestStore::new(),
            background: TestBackground::new(&clock),
            clock,
            ring: KeyRing::from_key(key(1)),
        }
    }

    pub(crate) fn new() -> Self {
        let fleet = Self::without_store();
        let maker = fleet.server(|builder| builder);
        maker.revocations.create_store().wait().unwrap();
        fleet.clock.advance(Duration::from_secs(600));
        fleet
    }

    /// One that loads when it is asked, so that a test knows when.
    pub(crate) fn server(
        &self,
        set: impl FnOnce(RevocationsBuilder<'_>) -> RevocationsBuilder<'_>,
    ) -> Server {
        self.server_by_itself(|builder| set(builder.refresh_on_use()))
    }

    pub(crate) fn server_by_itself(
        &self,
        set: impl FnOnce(RevocationsBuilder<'_>) -> RevocationsBuilder<'_>,
    ) -> Server {
        let events = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&events);
        let builder = Revocations::shared(AUDIENCE, &self.ring, self.store.clone())
            .refresh_interval(INTERVAL)
            .max_staleness(STALENESS)
            .clock(self.clock.clone())
            .background(self.background.clone())
            .on_event(move |event| heard.lock().unwrap().push(event.clone()));
        let revocations = set(builder).build().unwrap();
        let sessions = Sessions::<Account>::builder(AUDIENCE, &self.ring)
            .as_in_another_process()
            .clock(self.clock.clone())
            .revocations(revocations.clone())
            .build()
            .unwrap();
        Server {
            sessions,
            revocations,
            events,
        }
    }

    /// One that has loaded.
    pub(crate) fn fresh_server(&self) -> Server {
        let server = self.server(|builder| builder);
        server.revocations.refresh().wait().unwrap();
        server
    }
}

impl Server {
    pub(crate) fn sign_in(&self, user: u64) -> String {
        let sign_in = self.sessions.begin_sign_in().wait().unwrap();
        let set = sign_in.start(&Account { user, ..typical() }).unwrap();
        set.as_str().split(';').next().unwrap().to_owned()
    }

    pub(crate) fn kind(&self, header: &str) -> Result<(), OpenErrorKind> {
        let opened = self.sessions.open(header);
        opened.map(|_| ()).map_err(|error| error.kind())
    }

    /// What happened since the last time, in the words of `{:?}`.
    pub(crate) fn events(&self) -> Vec<RevocationEvent> {
        std::mem::take(&mut self.events.lock().unwrap())
    }
}
