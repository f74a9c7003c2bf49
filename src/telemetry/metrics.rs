//! [`MetricsTelemetry`]: counters for the `metrics` crate.

use alloc::string::ToString as _;

use ::metrics::{Unit, counter, describe_counter};

use super::{Telemetry, TelemetryEvent};
use crate::keys::live::KeyRingEvent;
use crate::revocation::RevocationEvent;

const OPENED: &str = "sealed_session_opened_total";
const REFUSED: &str = "sealed_session_refused_total";
const STARTED: &str = "sealed_session_started_total";
const RENEWED: &str = "sealed_session_renewed_total";
const NOT_SEALED: &str = "sealed_session_not_sealed_total";
const SIGNED_OUT: &str = "sealed_session_signed_out_total";
const ORIGIN: &str = "sealed_session_origin_total";
const KEY_RING: &str = "sealed_session_key_ring_total";
const REVOCATIONS: &str = "sealed_session_revocations_total";

/// Counts by the recorder of the `metrics` crate.
///
/// | counter | label | values |
/// | --- | --- | --- |
/// | `sealed_session_opened_total` | `key_id` | the keys of the ring |
/// | `sealed_session_refused_total` | `kind` | [`OpenErrorKind::name`](crate::OpenErrorKind::name) |
/// | `sealed_session_started_total`, `…_renewed_total` | `key_id` | the keys of the ring |
/// | `sealed_session_not_sealed_total` | `kind` | [`SealError::name`](crate::SealError::name) |
/// | `sealed_session_signed_out_total` | `result` | `done`, `not_revoked` (on other servers) |
/// | `sealed_session_origin_total` | `kind` | `plain_http`, `not_loopback`: the cookie is not for where the site is reached |
/// | `sealed_session_key_ring_total` | `event` | `replaced`, `failed`, `closes_early` |
/// | `sealed_session_revocations_total` | `event` | `loaded`, `failed`, `written`, `pruned`, `not_written_again`, `bounded`, `full`, `behind_tokens`, `repaired`, `interrupted`, `elsewhere` (this server has no store, and others do) |
#[derive(Clone, Copy, Debug, Default)]
pub struct MetricsTelemetry;

impl MetricsTelemetry {
    /// Tells the recorder what each counter means. Once, after the recorder is installed.
    pub fn describe() {
        for (name, text) in [
            (OPENED, "Sessions opened, by the key that had sealed them"),
            (
                REFUSED,
                "Requests without a session that opens, by the reason",
            ),
            (STARTED, "Sessions started, by the key that sealed them"),
            (RENEWED, "Sessions renewed, by the key that sealed them"),
            (NOT_SEALED, "Sessions that were not sealed, by the reason"),
            (
                SIGNED_OUT,
                "Sessions signed out, by whether the store, if there is one, was told",
            ),
            (
                ORIGIN,
                "Whether the site is reached otherwise than its cookie is meant for",
            ),
            (KEY_RING, "Key rings loaded, and taken or not"),
            (REVOCATIONS, "What happened to the shared revocations"),
        ] {
            describe_counter!(name, Unit::Count, text);
        }
    }
}

impl Telemetry for MetricsTelemetry {
    fn record(&self, event: &TelemetryEvent<'_>) {
        match *event {
            TelemetryEvent::Opened { key } => counter!(OPENED, "key_id" => key.to_string()),
            TelemetryEvent::Refused { kind } => counter!(REFUSED, "kind" => kind.name()),
            TelemetryEvent::Started { key } => counter!(STARTED, "key_id" => key.to_string()),
            TelemetryEvent::Renewed { key } => counter!(RENEWED, "key_id" => key.to_string()),
            TelemetryEvent::NotSealed(error) => counter!(NOT_SEALED, "kind" => error.name()),
            TelemetryEvent::SignedOut { error } => {
                let result = if error.is_none() {
                    "done"
                } else {
                    "not_revoked"
                };
                counter!(SIGNED_OUT, "result" => result)
            }
            TelemetryEvent::PlainHttp { .. } => counter!(ORIGIN, "kind" => "plain_http"),
            TelemetryEvent::NotLoopback { .. } => counter!(ORIGIN, "kind" => "not_loopback"),
            TelemetryEvent::RevocationsElsewhere { .. } => {
                counter!(REVOCATIONS, "event" => "elsewhere")
            }
            TelemetryEvent::KeyRing(event) => counter!(KEY_RING, "event" => key_ring(event)),
            TelemetryEvent::Revocations(event) => {
                counter!(REVOCATIONS, "event" => revocations(event))
            }
        }
        .increment(1);
    }
}

const fn key_ring(event: &KeyRingEvent<'_>) -> &'static str {
    match event {
        KeyRingEvent::Replaced { .. } => "replaced",
        KeyRingEvent::Failed(_) => "failed",
        KeyRingEvent::ClosesEarly { .. } => "closes_early",
    }
}

const fn revocations(event: &RevocationEvent) -> &'static str {
    match event {
        RevocationEvent::Loaded { .. } => "loaded",
        RevocationEvent::Failed(_) => "failed",
        RevocationEvent::Written { .. } => "written",
        RevocationEvent::Pruned { .. } => "pruned",
        RevocationEvent::NotWrittenAgain(_) => "not_written_again",
        RevocationEvent::Bounded { .. } => "bounded",
        RevocationEvent::BehindTokens { .. } => "behind_tokens",
        RevocationEvent::Repaired { .. } => "repaired",
        RevocationEvent::Full(_) => "full",
        RevocationEvent::Interrupted => "interrupted",
    }
}
