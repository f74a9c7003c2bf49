//! [`Session`]: an opened session, and whether it should be renewed.

use alloc::vec::Vec;
use core::fmt;

use sha2::{Digest as _, Sha256};

use super::fetch::FetchMetadata;
use crate::time::Epoch;
use crate::token::canonical::list;
use crate::token::claims::{Claims, SessionId};
use crate::token::key_id::KeyId;

/// An opened session: its value, its claims, and what a renewal needs.
///
/// It is `Clone` if its value is. The value cannot be changed in place, because its scopes are
/// checked again before a new value is sealed. To change a session, seal another value with
/// [`Sessions::update`](crate::Sessions::update).
#[derive(Clone)]
pub struct Session<T> {
    pub(super) value: T,
    pub(super) claims: Claims,
    pub(super) key_id: KeyId,
    /// Under what it was opened, and so may be renewed.
    pub(super) origin: Origin,
    /// The greatest epoch of an authentic token among those that were tried.
    pub(super) seen: Epoch,
    /// What a renewal stamps: the greater of the token's epoch and the clock of the very state
    /// under which it passed (spec, section 7), never a later one's.
    pub(super) stamp: Epoch,
    pub(super) renewal: RenewalReasons,
    /// How many changes this process had made when it was opened.
    #[cfg(feature = "std")]
    pub(super) changes: u64,
    /// Other sessions of our cookie in the same request. Nearly always none.
    pub(super) others: Vec<SessionId>,
}

impl<T> Session<T> {
    /// The typed value.
    #[must_use]
    pub const fn value(&self) -> &T {
        &self.value
    }

    /// The typed value, without its claims.
    #[must_use]
    pub fn into_value(self) -> T {
        self.value
    }

    /// What the token says of itself.
    #[must_use]
    pub const fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The key that sealed it.
    #[must_use]
    pub const fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// The greatest epoch of the authentic tokens in the request: that of this session, and those
    /// of other cookies of our name, also if they did not open.
    ///
    /// A revocation state whose clock is lower is out of date: load it again. The clock of the next
    /// revocation must be higher.
    #[must_use]
    pub const fn authentic_epoch(&self) -> Epoch {
        self.seen
    }

    pub(super) fn having_seen(self, epoch: Option<Epoch>) -> Self {
        let seen = epoch.map_or(self.seen, |epoch| epoch.max(self.seen));
        Self { seen, ..self }
    }

    /// The other sessions whose cookies of our name stood in the same request and opened, too.
    #[cfg(feature = "std")]
    pub(crate) fn others(&self) -> &[SessionId] {
        &self.others
    }

    /// How many changes this process had made when it was opened.
    #[cfg(feature = "std")]
    pub(crate) const fn changes(&self) -> u64 {
        self.changes
    }

    /// Notes that `other` stood in the same request.
    pub(super) fn beside(mut self, other: Self) -> Self {
        let id = self.claims.session_id;
        let ids = core::iter::once(other.claims.session_id).chain(other.others);
        self.others.extend(ids.filter(|other| *other != id));
        self.seen = self.seen.max(other.seen);
        self
    }

    /// Whether a renewal is due, and why.
    ///
    /// A renewal writes the session as this request saw it. What another request writes at the same
    /// time, such as a basket or a second factor, is lost if its response arrives first. So renew
    /// when somebody visits a page, where you can: [`on_request`](Self::on_request) uses what the
    /// browser says about the request, and [`without_renewal`](Self::without_renewal) is for
    /// requests that are known to run in the background.
    #[must_use]
    pub const fn renewal(&self) -> RenewalReasons {
        self.renewal
    }

    /// The same session, in a request with this metadata. A request in the background renews the
    /// session only when three fifths of the token's lifetime have passed.
    #[must_use]
    pub const fn on_request(mut self, metadata: FetchMetadata) -> Self {
        self.renewal.waits = matches!(metadata, FetchMetadata::Background);
        self
    }

    /// The same session, for which a renewal is never due. Use it in requests that run in the
    /// background, such as a poll, a stream of events or a beacon: they must not keep the session
    /// alive, and must not overwrite what other requests write.
    #[must_use]
    pub const fn without_renewal(mut self) -> Self {
        self.renewal = RenewalReasons::NONE;
        self
    }
}

impl<T> fmt::Debug for Session<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("claims", &self.claims)
            .field("renewal", &self.renewal)
            .finish_non_exhaustive()
    }
}

/// Why a session should be sealed again with the next response. A renewal keeps its start and its
/// id, so it never lasts longer than the absolute timeout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RenewalReasons {
    pub(super) age: bool,
    pub(super) key: bool,
    pub(super) schema: bool,
    pub(super) protection: bool,
    /// Three fifths of its time have gone.
    pub(super) soon_over: bool,
    /// A better request may come.
    pub(super) waits: bool,
}

impl RenewalReasons {
    pub(super) const NONE: Self = Self {
        age: false,
        key: false,
        schema: false,
        protection: false,
        soon_over: false,
        waits: false,
    };

    /// Whether there is a reason to renew, and this request should do it.
    #[must_use]
    pub const fn is_due(self) -> bool {
        let any = self.age || self.key || self.schema || self.protection;
        any && (!self.waits || self.soon_over)
    }

    /// A fifth of the token's lifetime has passed, and a renewal would make it longer.
    #[must_use]
    pub const fn age(self) -> bool {
        self.age
    }

    /// Another key seals now.
    #[must_use]
    pub const fn key_moved_on(self) -> bool {
        self.key
    }

    /// It was read from an older schema.
    #[must_use]
    pub const fn schema_moved_on(self) -> bool {
        self.schema
    }

    /// It is signed and sessions are encrypted now, or the reverse.
    #[must_use]
    pub const fn protection_moved_on(self) -> bool {
        self.protection
    }
}

/// A short name of an audience, a cookie name and a binding. It never leaves the process and guards
/// against mistakes alone: the session of one cookie renewed into another, a binding forgotten.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Origin {
    cookie: [u8; 8],
    binding: [u8; 8],
}

impl Origin {
    pub(super) fn new(audience: &str, cookie_name: &str) -> Self {
        Self {
            cookie: short_digest(&list(&[audience.as_bytes(), cookie_name.as_bytes()])),
            binding: [0; 8],
        }
    }

    /// Whether both are of one audience and cookie name, whatever the binding.
    #[cfg(feature = "std")]
    pub(super) fn is_same_cookie(self, other: Self) -> bool {
        self.cookie == other.cookie
    }

    /// The same with a binding. None costs nothing.
    #[inline]
    pub(super) fn with_binding(self, binding: &[u8]) -> Self {
        if binding.is_empty() {
            return self;
        }
        Self {
            binding: short_digest(binding),
            ..self
        }
    }
}

fn short_digest(bytes: &[u8]) -> [u8; 8] {
    let [a, b, c, d, e, f, g, h, ..] = Sha256::digest(bytes).0;
    [a, b, c, d, e, f, g, h]
}
