//! Sessions that keep their revocations in a store: what they know by themselves, and mistakes of the set-up.

use std::sync::{Arc, Mutex};

use sealed_session::{
    BuildError, Epoch, KeyRing, KeyRingSource, KeyRingSourceError, LiveKeyRing, OpenErrorKind,
    Revocations, RevocationsBuilder, RingKey, SessionData, Sessions, SourceFuture, Telemetry,
    TelemetryEvent,
};

use crate::account::{Account, USER, typical};
use crate::fixture::{NOW, at, key};
use crate::shared_fixture::{AUDIENCE, Fleet};

/// Another kind of session.
#[derive(serde::Serialize, serde::Deserialize)]
struct Basket {
    articles: Vec<u32>,
}

impl SessionData for Basket {
    const NAME: &'static str = "basket";
    const SCHEMA: u32 = 1;
}

#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<String>>>);

impl Telemetry for Told {
    fn record(&self, event: &TelemetryEvent<'_>) {
        if let TelemetryEvent::Revocations(_) | TelemetryEvent::RevocationsElsewhere { .. } = event
        {
            self.0.lock().unwrap().push(format!("{event:?}"));
        }
    }
}

impl Told {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

fn on_use(fleet: &Fleet) -> impl FnOnce(RevocationsBuilder<'_>) -> RevocationsBuilder<'_> {
    let background = fleet.background.clone();
    move |revocations| revocations.refresh_on_use().background(background)
}

#[test]
fn sessions_know_audience_keys_clock_and_telemetry_of_their_store() {
    let fleet = Fleet::without_store();
    let told = Told::default();
    let sessions = Sessions::<Account>::builder(AUDIENCE, &fleet.ring)
        .as_in_another_process()
        .clock(fleet.clock.clone())
        .telemetry(told.clone())
        .revocations_with(fleet.store.clone(), on_use(&fleet))
        .build()
        .unwrap();
    let made = sessions.revocations().create_store().wait().unwrap();
    assert_eq!(made.as_millis(), (NOW + 120) * 1000, "by that clock");
    assert_eq!(
        told.take(),
        [format!("Revocations(Written {{ clock: {made:?} }})")]
    );
    // Two kinds share one.
    let baskets = Sessions::<Basket>::builder(AUDIENCE, &fleet.ring)
        .clock(fleet.clock.clone())
        .revocations(sessions.revocations().clone())
        .build()
        .unwrap();
    let basket = baskets.start(&Basket { articles: vec![7] }).unwrap();
    let account = sessions.start(&typical()).unwrap();
    sessions.revoke_everyone().wait().unwrap();
    let revoked = Some(OpenErrorKind::Revoked);
    let kind = baskets.open(basket.pair()).err().map(|error| error.kind());
    assert_eq!(kind, revoked);
    let kind = sessions
        .open(account.pair())
        .err()
        .map(|error| error.kind());
    assert_eq!(kind, revoked);
    let basket = baskets.start(&Basket { articles: vec![8] }).unwrap();
    let opened = baskets.open(basket.pair()).unwrap();
    assert_eq!(opened.value().articles, [8]);
}

struct Put(Arc<Mutex<KeyRing>>);

impl KeyRingSource for Put {
    fn load(&self) -> SourceFuture<'_, Result<KeyRing, KeyRingSourceError>> {
        let ring = self.0.lock().unwrap().clone();
        Box::pin(async move { Ok(ring) })
    }
}

#[test]
fn a_store_follows_the_live_ring_of_its_sessions() {
    let fleet = Fleet::without_store();
    let source = Arc::new(Mutex::new(KeyRing::from_key(key(1))));
    let live = LiveKeyRing::builder(Put(Arc::clone(&source)))
        .clock(fleet.clock.clone())
        .refresh_on_use()
        .load()
        .wait()
        .unwrap();
    let sessions = Sessions::<Account>::builder(AUDIENCE, &live)
        .as_in_another_process()
        .clock(fleet.clock.clone())
        .revocations_with(fleet.store.clone(), on_use(&fleet))
        .build()
        .unwrap();
    sessions.revocations().create_store().wait().unwrap();
    let rotated = [
        RingKey::new(key(1)),
        RingKey::new(key(2)).with_seal_from(at(NOW + 300)),
    ];
    *source.lock().unwrap() = KeyRing::new(rotated).unwrap();
    assert!(live.refresh().wait().unwrap());
    fleet.clock.set(at(NOW + 300));
    sessions.revoke_scope(USER, 7).wait().unwrap();
    // Whoever has the new key alone can read it.
    let new = KeyRing::from_key(key(2));
    let reader = Revocations::shared(AUDIENCE, &new, fleet.store.clone());
    let reader = reader.refresh_on_use().build().unwrap();
    assert_eq!(reader.list().wait().unwrap().len(), 1);
}

#[test]
fn a_store_and_a_fixed_epoch_are_an_error_that_says_which_to_leave_out() {
    let fleet = Fleet::without_store();
    let epoch = Epoch::from_millis(5);
    let builder = || Sessions::<Account>::builder(AUDIENCE, &fleet.ring);
    for wrong in [
        builder()
            .revocations_in(fleet.store.clone())
            .revocation_epoch(epoch),
        builder()
            .revocation_epoch(epoch)
            .revocations_in(fleet.store.clone()),
        builder()
            .revocations(Revocations::fixed(epoch))
            .revocation_epoch(epoch),
    ] {
        let error = wrong.build().unwrap_err();
        assert_eq!(error, BuildError::RevocationsTwice);
        assert_eq!(
            error.to_string(),
            "both revocations and a fixed revocation_epoch are given, and only one can count; leave \
             revocation_epoch out"
        );
    }
}

#[test]
fn a_server_without_the_store_that_others_have_tells_of_it_once() {
    let fleet = Fleet::new();
    let with_store = fleet.fresh_server();
    let header = with_store.sign_in(7);
    let told = Told::default();
    let without = |epoch| {
        Sessions::<Account>::builder(AUDIENCE, &fleet.ring)
            .as_in_another_process()
            .clock(fleet.clock.clone())
            .telemetry(told.clone())
            .revocation_epoch(epoch)
            .build()
            .unwrap()
    };
    let sessions = without(Epoch::ZERO);
    let own = sessions.start(&typical()).unwrap();
    sessions.open(own.pair()).unwrap();
    assert_eq!(told.take(), [""; 0], "its own tell nothing");
    for _ in 0..3 {
        sessions.open(&header).unwrap();
    }
    assert_eq!(
        told.take(),
        ["RevocationsElsewhere { cookie_name: \"__Host-session\" }"]
    );
    // One with a later number of the configuration knows all that there is.
    let later = without(Epoch::from_millis((NOW + 10_000) * 1000));
    assert!(later.open(&header).is_err());
    assert_eq!(told.take(), [""; 0]);
}
