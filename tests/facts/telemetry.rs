//! What an operator is told: every session by its key, every refusal by its kind, and nothing that a
//! stranger sent.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use sealed_session::{Key, KeyRing, ManualClock, RingKey, Sessions, Telemetry, TelemetryEvent};

use crate::account::{Account, typical};
use crate::fixture::{NOW, at, key};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Telemetry for Log {
    fn record(&self, event: &TelemetryEvent<'_>) {
        let line = match event {
            TelemetryEvent::Opened { key } => format!("opened {key}"),
            TelemetryEvent::Refused { kind } => format!("refused {}", kind.name()),
            TelemetryEvent::Started { key } => format!("started {key}"),
            TelemetryEvent::Renewed { key } => format!("renewed {key}"),
            TelemetryEvent::NotSealed(error) => format!("not sealed {}", error.name()),
            other => format!("{other:?}"),
        };
        self.0.lock().unwrap().push(line);
    }
}

impl Log {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

fn id(key: &Key) -> String {
    key.id("shop.example").to_string()
}

fn cookie(line: &str) -> &str {
    line.split(';').next().unwrap()
}

fn told(telemetry: impl Telemetry, ring: &KeyRing, clock: &ManualClock) -> Sessions<Account> {
    Sessions::builder("shop.example", ring)
        .clock(clock.clone())
        .telemetry(telemetry)
        .build()
        .unwrap()
}

/// A ring that is not followed has no listener of its own.
#[test]
fn a_key_of_a_fixed_ring_that_closes_early_is_told_when_sessions_are_built() {
    let ring = |until| {
        KeyRing::new([
            RingKey::new(key(1)).with_open_until(at(until)),
            RingKey::new(key(2)).with_seal_from(at(NOW)),
        ])
        .unwrap()
    };
    let clock = ManualClock::new(at(NOW));
    let log = Log::default();
    let needed = NOW + 30 * 60 + 60;
    let _sessions = told(log.clone(), &ring(needed), &clock);
    assert_eq!(log.take(), Vec::<String>::new());
    let _sessions = told(log.clone(), &ring(needed - 1), &clock);
    let [line] = &log.take()[..] else {
        panic!("not told");
    };
    assert!(
        line.starts_with("KeyRing(ClosesEarly { entry: 1,"),
        "{line}"
    );
}

#[test]
fn the_old_key_is_seen_in_use_and_the_new_one_takes_over() {
    let ring = KeyRing::new([
        RingKey::new(key(1)),
        RingKey::new(key(2)).with_seal_from(at(NOW + 10)),
    ]);
    let clock = ManualClock::new(at(NOW));
    let log = Log::default();
    let sessions = told(log.clone(), &ring.unwrap(), &clock);
    let [old, new] = [1, 2].map(|seed| id(&key(seed)));
    let first = sessions.start(&typical()).unwrap();
    clock.advance(Duration::from_secs(10));
    let session = sessions.open(cookie(first.as_str())).unwrap();
    let second = sessions.renew(&session).unwrap();
    sessions.open(cookie(second.as_str())).unwrap();
    let _ = sessions
        .begin_sign_in()
        .wait()
        .unwrap()
        .start(&typical())
        .unwrap();
    assert_eq!(
        log.take(),
        [
            format!("started {old}"),
            format!("opened {old}"),
            format!("renewed {new}"),
            format!("opened {new}"),
            format!("started {new}"),
        ]
    );
}

#[test]
fn refusals_are_told_by_kind_and_no_unauthenticated_id_is() {
    let clock = ManualClock::new(at(NOW));
    let log = Log::default();
    let sessions = told(log.clone(), &KeyRing::from_key(key(1)), &clock);
    let stranger = told(Log::default(), &KeyRing::from_key(key(9)), &clock);
    let made_up = stranger.start(&typical()).unwrap();
    for header in ["", "a=b", "__Host-session=AAAA", cookie(made_up.as_str())] {
        assert!(sessions.open(header).is_err());
    }
    let ours = sessions.start(&typical()).unwrap();
    let session = sessions.open(cookie(ours.as_str())).unwrap();
    clock.advance(Duration::from_secs(24 * 3600));
    assert!(sessions.open(cookie(ours.as_str())).is_err());
    assert!(sessions.renew(&session).is_err());
    let ours = id(&key(1));
    assert_eq!(
        log.take(),
        [
            "refused missing".to_owned(),
            "refused missing".to_owned(),
            "refused unsupported_format".to_owned(),
            "refused unknown_key".to_owned(),
            format!("started {ours}"),
            format!("opened {ours}"),
            "refused expired".to_owned(),
            "not sealed ended".to_owned(),
        ]
    );
}

/// Counts by name and labels, as a recorder of `metrics` sees them.
#[cfg(feature = "metrics")]
mod counted {
    use super::*;
    use metrics::{
        Counter, CounterFn, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit,
    };
    use sealed_session::{KeyRefreshError, KeyRingEvent, MetricsTelemetry, RevocationEvent};
    use std::collections::BTreeMap;

    #[derive(Clone, Default)]
    struct Counts(Arc<Mutex<BTreeMap<String, u64>>>);

    struct One(Counts, String);

    impl CounterFn for One {
        fn increment(&self, value: u64) {
            *self.0.0.lock().unwrap().entry(self.1.clone()).or_default() += value;
        }

        fn absolute(&self, _: u64) {}
    }

    impl Recorder for Counts {
        fn describe_counter(&self, name: KeyName, _: Option<Unit>, text: SharedString) {
            let line = format!("{}: {text}", name.as_str());
            self.0.lock().unwrap().insert(line, 0);
        }
        fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
            let labels: Vec<String> = key
                .labels()
                .map(|label| format!("{}={}", label.key(), label.value()))
                .collect();
            let name = format!("{} {}", key.name(), labels.join(","));
            Counter::from_arc(Arc::new(One(self.clone(), name)))
        }
        fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
            Gauge::noop()
        }
        fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
            Histogram::noop()
        }
    }

    #[test]
    fn metrics_count_by_key_and_by_kind() {
        let counts = Counts::default();
        let clock = ManualClock::new(at(NOW));
        metrics::with_local_recorder(&counts, || {
            let sessions = told(MetricsTelemetry, &KeyRing::from_key(key(1)), &clock);
            let line = sessions.start(&typical()).unwrap();
            for _ in 0..3 {
                sessions.open(cookie(line.as_str())).unwrap();
            }
            assert!(sessions.open("").is_err());
            let lost = KeyRefreshError::NoSealingKey;
            MetricsTelemetry.record(&(&KeyRingEvent::Failed(&lost)).into());
            let clock = sealed_session::Epoch::from_millis(5);
            MetricsTelemetry.record(&(&RevocationEvent::Loaded { clock }).into());
        });
        let ours = id(&key(1));
        let seen: Vec<(String, u64)> = counts.0.lock().unwrap().clone().into_iter().collect();
        assert_eq!(
            seen,
            [
                ("sealed_session_key_ring_total event=failed".to_owned(), 1),
                (format!("sealed_session_opened_total key_id={ours}"), 3),
                ("sealed_session_refused_total kind=missing".to_owned(), 1),
                (
                    "sealed_session_revocations_total event=loaded".to_owned(),
                    1
                ),
                (format!("sealed_session_started_total key_id={ours}"), 1),
            ]
        );
        let described = Counts::default();
        metrics::with_local_recorder(&described, MetricsTelemetry::describe);
        assert_eq!(described.0.lock().unwrap().len(), 9);
    }
}

/// What a subscriber of `tracing` is given.
#[cfg(feature = "tracing")]
mod traced {
    use super::*;
    use sealed_session::{KeyRefreshError, KeyRingEvent, TracingTelemetry};
    use std::fmt::Write as _;
    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Metadata, Subscriber};

    struct Lines(Log);

    struct Fields(String);

    impl Visit for Fields {
        fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
            write!(self.0, " {field}={value:?}").unwrap();
        }
    }

    impl Subscriber for Lines {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            metadata.target() == "sealed_session"
        }
        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }
        fn record(&self, _: &Id, _: &Record<'_>) {}
        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn event(&self, event: &Event<'_>) {
            let mut fields = Fields(event.metadata().level().to_string());
            event.record(&mut fields);
            self.0.0.lock().unwrap().push(fields.0);
        }
        fn enter(&self, _: &Id) {}
        fn exit(&self, _: &Id) {}
    }

    #[test]
    fn tracing_is_given_key_kind_and_level() {
        let log = Log::default();
        let clock = ManualClock::new(at(NOW));
        tracing::subscriber::with_default(Lines(log.clone()), || {
            let sessions = told(TracingTelemetry, &KeyRing::from_key(key(1)), &clock);
            let line = sessions.start(&typical()).unwrap();
            sessions.open(cookie(line.as_str())).unwrap();
            assert!(sessions.open("a=b").is_err());
            let lost = KeyRefreshError::NoSealingKey;
            TracingTelemetry.record(&(&KeyRingEvent::Failed(&lost)).into());
        });
        let ours = id(&key(1));
        assert_eq!(
            log.take(),
            [
                format!("DEBUG message=session started key_id={ours}"),
                format!("TRACE message=session opened key_id={ours}"),
                "DEBUG message=session refused kind=\"missing\"".to_owned(),
                "WARN message=key ring not replaced, the former one stays \
                 error=the new key ring is not taken: no key seals now"
                    .to_owned(),
            ]
        );
    }
}
