//! [`Telemetry`]: what happens, for an operator to count and to log.
//!
//! It is one trait with one method, without a framework. `tracing` and `metrics` adapt it to the
//! crates of these names, each behind its feature.
//!
//! An event never contains what a stranger sends. It names a key only if the key has authenticated
//! or sealed a token, and a refusal only by its kind. So there are few different values, and nobody
//! outside can add to them.

#[cfg(feature = "metrics")]
mod metrics;
#[cfg(feature = "tracing")]
mod tracing;

use alloc::boxed::Box;
use alloc::sync::Arc;

use crate::error::{OpenErrorKind, SealError};
use crate::keys::live::KeyRingEvent;
use crate::revocation::{RevocationEvent, RevokeError};
use crate::token::key_id::KeyId;

#[cfg(feature = "metrics")]
pub use self::metrics::MetricsTelemetry;
#[cfg(feature = "tracing")]
pub use self::tracing::TracingTelemetry;

/// Is told what happens to sessions, keys and revocations. It is called during requests, and should
/// return soon.
///
/// ```
/// use sealed_session::{Telemetry, TelemetryEvent};
///
/// struct Log;
/// impl Telemetry for Log {
///     fn record(&self, event: &TelemetryEvent<'_>) {
///         match event {
///             TelemetryEvent::Opened { key } => println!("opened, key {key}"),
///             TelemetryEvent::Refused { kind } => println!("refused: {}", kind.name()),
///             _ => {}
///         }
///     }
/// }
/// ```
pub trait Telemetry: Send + Sync + 'static {
    /// Records an event.
    fn record(&self, event: &TelemetryEvent<'_>);
}

impl<T: Telemetry + ?Sized> Telemetry for Arc<T> {
    fn record(&self, event: &TelemetryEvent<'_>) {
        (**self).record(event);
    }
}

impl<T: Telemetry + ?Sized> Telemetry for Box<T> {
    fn record(&self, event: &TelemetryEvent<'_>) {
        (**self).record(event);
    }
}

/// Something that happened. It holds no secret, nothing of a session's value, and nothing of a
/// token that was not authenticated.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum TelemetryEvent<'a> {
    /// A session was opened. While this comes with a former key, the key is still in use.
    Opened {
        /// The key that sealed it.
        key: KeyId,
    },
    /// A request was found to have no session.
    Refused {
        /// Why.
        kind: OpenErrorKind,
    },
    /// A session was started.
    Started {
        /// The key that sealed it.
        key: KeyId,
    },
    /// A session was renewed, changed or superseded.
    Renewed {
        /// The key that sealed it.
        key: KeyId,
    },
    /// A session was not sealed.
    NotSealed(&'a SealError),
    /// A session was signed out.
    SignedOut {
        /// Why other servers may not know of it. `None` if they do, or if there is no store.
        error: Option<&'a RevokeError>,
    },
    /// A page over plain HTTP sent a request, but the cookie is one that browsers keep only over
    /// HTTPS. A sign-in there has no effect. Told once.
    /// [`SessionsBuilder::origin`](crate::SessionsBuilder::origin) is the setting for development.
    PlainHttp {
        /// The cookie's full name.
        cookie_name: &'a str,
    },
    /// The sessions are set up for plain HTTP on a developer's machine
    /// ([`SessionsBuilder::origin`](crate::SessionsBuilder::origin)), but a request is for another
    /// host. Anybody on the network between can take the cookie. Told once.
    NotLoopback {
        /// The cookie's full name.
        cookie_name: &'a str,
    },
    /// An authentic session was sealed under revocations that these sessions do not have: other
    /// servers keep them in a store, or were given a later `revocation_epoch`. This server does not
    /// know what they revoke. Told once.
    RevocationsElsewhere {
        /// The cookie's full name.
        cookie_name: &'a str,
    },
    /// What [`LiveKeyRingBuilder::on_event`](crate::LiveKeyRingBuilder::on_event) tells:
    /// `.on_event(move |event| telemetry.record(&event.into()))`.
    KeyRing(&'a KeyRingEvent<'a>),
    /// What [`RevocationsBuilder::on_event`](crate::RevocationsBuilder::on_event) tells, passed on
    /// in the same way.
    Revocations(&'a RevocationEvent),
}

impl<'a> From<&'a KeyRingEvent<'a>> for TelemetryEvent<'a> {
    fn from(event: &'a KeyRingEvent<'a>) -> Self {
        Self::KeyRing(event)
    }
}

impl<'a> From<&'a RevocationEvent> for TelemetryEvent<'a> {
    fn from(event: &'a RevocationEvent) -> Self {
        Self::Revocations(event)
    }
}

#[cfg(any(debug_assertions, feature = "tracing"))]
impl<'a> TelemetryEvent<'a> {
    /// The sentence for the developer, where the event is a mistake of the set-up.
    pub(crate) const fn advice(&self) -> Option<Advice<'a>> {
        match *self {
            Self::PlainHttp { cookie_name } => Some(Advice {
                cookie_name,
                text: "is one that browsers keep over HTTPS alone, and this site is reached over plain \
                       HTTP, where signing in does not stick; for development, give the builder the \
                       site's origin, such as .origin(\"http://localhost:3000\")",
            }),
            Self::NotLoopback { cookie_name } => Some(Advice {
                cookie_name,
                text: "is one for plain HTTP on a developer's machine, and this site is reached at \
                       another host, where anybody on the way can take it; give the builder the site's \
                       origin, such as .origin(\"https://shop.example\")",
            }),
            Self::RevocationsElsewhere { cookie_name } => Some(Advice {
                cookie_name,
                text: "comes from a server that knows of revocations which this one does not, so whoever is \
                       logged out there stays signed in here; give the builder the same store, such as \
                       .revocations_in(store), or the same revocation_epoch",
            }),
            _ => None,
        }
    }
}

/// What a developer should change.
#[cfg(any(debug_assertions, feature = "tracing"))]
pub(crate) struct Advice<'a> {
    cookie_name: &'a str,
    text: &'static str,
}

#[cfg(any(debug_assertions, feature = "tracing"))]
impl core::fmt::Display for Advice<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "the cookie {} {}", self.cookie_name, self.text)
    }
}
