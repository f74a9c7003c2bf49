//! [`TracingTelemetry`]: events for the `tracing` crate.

use ::tracing::{debug, error, info, trace, warn};

use super::{Telemetry, TelemetryEvent};
use crate::keys::live::KeyRingEvent;
use crate::revocation::RevocationEvent;

/// Writes events of the target `sealed_session` to the subscriber of the `tracing` crate.
///
/// What happens in every request is at the levels `TRACE` and `DEBUG`, a change of keys or revocations at
/// `INFO`, and what an operator should look at at `WARN`.
///
/// Fields: `key_id`; `kind`, as [`OpenErrorKind::name`](crate::OpenErrorKind::name) and
/// [`SealError::name`](crate::SealError::name) have it; `keys`, `clock` and `floor`, numbers; `error`.
#[derive(Clone, Copy, Debug, Default)]
pub struct TracingTelemetry;

/// The target of each event.
macro_rules! event {
    ($level:ident, $($rest:tt)*) => { $level!(target: "sealed_session", $($rest)*) };
}

impl Telemetry for TracingTelemetry {
    fn record(&self, event: &TelemetryEvent<'_>) {
        match *event {
            TelemetryEvent::Opened { key } => event!(trace, key_id = %key, "session opened"),
            TelemetryEvent::Refused { kind } => {
                event!(debug, kind = kind.name(), "session refused");
            }
            TelemetryEvent::Started { key } => event!(debug, key_id = %key, "session started"),
            TelemetryEvent::Renewed { key } => event!(trace, key_id = %key, "session renewed"),
            TelemetryEvent::NotSealed(error) => {
                event!(debug, kind = error.name(), %error, "session not sealed");
            }
            TelemetryEvent::SignedOut { error: None } => event!(debug, "session signed out"),
            TelemetryEvent::SignedOut { error: Some(error) } => {
                event!(warn, %error, "session signed out, and not revoked on other servers");
            }
            TelemetryEvent::PlainHttp { cookie_name }
            | TelemetryEvent::NotLoopback { cookie_name }
            | TelemetryEvent::RevocationsElsewhere { cookie_name } => {
                if let Some(advice) = event.advice() {
                    event!(warn, cookie_name, "{advice}");
                }
            }
            TelemetryEvent::KeyRing(event) => key_ring(event),
            TelemetryEvent::Revocations(event) => revocations(event),
        }
    }
}

fn key_ring(event: &KeyRingEvent<'_>) {
    match event {
        KeyRingEvent::Replaced { keys } => event!(info, keys, "key ring replaced"),
        KeyRingEvent::ClosesEarly {
            entry,
            open_until,
            needed,
        } => event!(
            error,
            entry,
            %open_until,
            %needed,
            "a key closes before the last sessions under it end"
        ),
        KeyRingEvent::Failed(error) => {
            event!(warn, %error, "key ring not replaced, the former one stays");
        }
    }
}

fn revocations(event: &RevocationEvent) {
    match event {
        RevocationEvent::Loaded { clock } => {
            event!(info, clock = clock.as_millis(), "revocations loaded");
        }
        RevocationEvent::Failed(error) => event!(warn, %error, "revocations not loaded"),
        RevocationEvent::Written { clock } => {
            event!(info, clock = clock.as_millis(), "revocations written");
        }
        RevocationEvent::Pruned { floor } => {
            event!(debug, floor = floor.as_millis(), "revocations pruned");
        }
        RevocationEvent::NotWrittenAgain(error) => {
            event!(warn, %error, "revocations not written again under the present key");
        }
        RevocationEvent::Bounded { floor, dropped } => event!(
            warn,
            floor = floor.as_millis(),
            dropped,
            "table of revocations full, sessions before the floor ended early"
        ),
        RevocationEvent::BehindTokens { seen, clock } => event!(
            warn,
            seen = seen.as_millis(),
            clock = clock.as_millis(),
            "revocations are behind a token, the store has lost something"
        ),
        RevocationEvent::Repaired { clock } => event!(
            error,
            clock = clock.as_millis(),
            "the store of revocations had forgotten a write: every session was ended, and none forgiven"
        ),
        RevocationEvent::Full(error) => {
            event!(error, %error, "table of revocations full, single sessions are not taken");
        }
        RevocationEvent::Interrupted => {
            event!(
                error,
                "background task of the revocations lost, it starts again"
            );
        }
    }
}
