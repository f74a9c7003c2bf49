//! [`Codec`]: the one place where the steps of opening and sealing are put together. Pure.
//!
//! The present time, random bytes and the revocation state are arguments. Security depends on the
//! order of the steps, which is that of the spec's table (section 6): nothing is interpreted before
//! it is authenticated. `open` and `seal` hold the two directions. `headers` finds the session in a
//! request. `builder` and `settings` hold the settings. `data` and `lifetime` hold what an
//! application says about its type. `registry` makes sure that no two types use the same cookie.
//! `fetch` reads what a browser says about a request.

mod builder;
pub(crate) mod data;
mod fetch;
mod headers;
#[cfg(feature = "cli")]
mod inspect;
#[cfg(feature = "json")]
pub(crate) mod json;
mod lifetime;
#[cfg(feature = "std")]
mod mint;
mod open;
#[cfg(feature = "std")]
mod registry;
mod seal;
mod session;
mod settings;
#[cfg(test)]
mod tests;

use core::fmt;
use core::marker::PhantomData;

use alloc::string::String;
use alloc::sync::Arc;

use crate::codec::data::SessionData;
use crate::error::KeyRingError;
use crate::keys::ring::KeyRing;
use crate::keys::ring::derived::DerivedRing;
#[cfg(feature = "std")]
use crate::revocation::InThisProcess;
use crate::revocation::RevocationView;
use crate::time::UnixTime;
use crate::token::claims::SessionId;
use crate::token::schedule::DerivedKeys;
use crate::token::validity::Limits;
use crate::token::wire::{Accepted, Protection};

pub use builder::CodecBuilder;
pub use fetch::FetchMetadata;
#[cfg(feature = "cli")]
pub use inspect::Inspection;
pub use lifetime::Lifetime;
#[cfg(feature = "std")]
pub(crate) use mint::Minted;
#[cfg(feature = "std")]
pub(crate) use seal::scopes_of;
use session::Origin;
pub use session::{RenewalReasons, Session};
#[cfg(feature = "std")]
pub(crate) use settings::Settings;

/// Seals sessions of type `T` into cookie values and opens them again, for one audience and one
/// cookie name.
///
/// It is pure: it reads no clock and no generator and does no I/O. [`Sessions`](crate::Sessions)
/// adds those.
///
/// ```
/// use sealed_session::{Codec, Context, Key, KeyRing, Randomness, RevocationState, RevocationView};
/// use sealed_session::{SessionData, UnixTime};
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Account { user: u64 }
/// impl SessionData for Account { const NAME: &'static str = "account"; const SCHEMA: u32 = 1; }
///
/// let keys = KeyRing::from_key(Key::generate()?);
/// let codec = Codec::<Account>::builder("shop.example", &keys).build()?;
/// let state = RevocationState::fixed(Default::default());
///
/// let noon = UnixTime::from_secs(1_795_348_800);
/// let context = Context::new(noon, RevocationView::current(&state));
/// let sealed = codec.start(&Account { user: 7 }, &context, Randomness::from_os()?)?;
/// let session = codec.open(sealed.value(), &context)?;
/// assert_eq!(session.value().user, 7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Codec<T> {
    audience: String,
    cookie_name: String,
    protection: Protection,
    accepted: Accepted,
    limits: Limits,
    max_len: usize,
    ring: Arc<DerivedRing<DerivedKeys>>,
    origin: Origin,
    #[cfg(feature = "std")]
    in_this_process: Arc<InThisProcess>,
    data: PhantomData<fn(T) -> T>,
}

impl<T: SessionData> Codec<T> {
    /// Starts the settings of a codec. `audience` names the application and deployment that the
    /// sessions are for, such as `"shop.example"` or `"admin, staging"`; a session of one audience
    /// never opens in another.
    #[must_use]
    pub fn builder<'a>(audience: &'a str, keys: &'a KeyRing) -> CodecBuilder<'a, T> {
        CodecBuilder::new(audience, keys)
    }

    /// The same codec with another ring.
    ///
    /// # Errors
    ///
    /// [`KeyRingError`] when two keys of the ring have the same id for this audience.
    pub fn with_keys(&self, keys: &KeyRing) -> Result<Self, KeyRingError> {
        Ok(Self {
            audience: self.audience.clone(),
            cookie_name: self.cookie_name.clone(),
            ring: Arc::new(derive_ring(keys, &self.audience, &self.cookie_name)?),
            #[cfg(feature = "std")]
            in_this_process: Arc::clone(&self.in_this_process),
            data: PhantomData,
            ..*self
        })
    }
}

impl<T> Codec<T> {
    #[cfg(feature = "std")]
    pub(crate) fn audience(&self) -> &str {
        &self.audience
    }

    #[cfg(feature = "std")]
    pub(crate) const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What was done in this process to sessions of this audience and cookie.
    #[cfg(feature = "std")]
    pub(crate) const fn in_this_process(&self) -> &Arc<InThisProcess> {
        &self.in_this_process
    }

    /// Whether a codec of this audience and cookie name opened the session, whatever its binding.
    #[cfg(feature = "std")]
    pub(crate) fn has_opened(&self, session: &Session<T>) -> bool {
        self.origin.is_same_cookie(session.origin)
    }

    /// The full name of the cookie, prefix included.
    #[must_use]
    pub fn cookie_name(&self) -> &str {
        &self.cookie_name
    }
}

fn derive_ring(
    keys: &KeyRing,
    audience: &str,
    cookie_name: &str,
) -> Result<DerivedRing<DerivedKeys>, KeyRingError> {
    DerivedRing::new(keys, audience, |root| {
        DerivedKeys::derive(root.as_bytes(), audience, cookie_name)
    })
}

/// Clones share the derived keys.
impl<T> Clone for Codec<T> {
    fn clone(&self) -> Self {
        Self {
            audience: self.audience.clone(),
            cookie_name: self.cookie_name.clone(),
            ring: Arc::clone(&self.ring),
            #[cfg(feature = "std")]
            in_this_process: Arc::clone(&self.in_this_process),
            data: PhantomData,
            ..*self
        }
    }
}

impl<T> fmt::Debug for Codec<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Codec")
            .field("audience", &self.audience)
            .field("cookie_name", &self.cookie_name)
            .field("protection", &self.protection)
            .field("accepted", &self.accepted)
            .field("limits", &self.limits)
            .field("keys", &self.ring)
            .finish()
    }
}

/// What a call needs to know: the time, the revocation state, and a binding.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    pub(crate) now: UnixTime,
    pub(crate) revocations: RevocationView<'a>,
    pub(crate) binding: Binding<'a>,
    #[cfg(feature = "std")]
    here: Option<&'a InThisProcess>,
}

impl<'a> Context<'a> {
    /// A context without a binding.
    #[must_use]
    pub const fn new(now: UnixTime, revocations: RevocationView<'a>) -> Self {
        Self {
            now,
            revocations,
            binding: Binding(&[]),
            #[cfg(feature = "std")]
            here: None,
        }
    }

    /// The same, with what was done in this process.
    #[cfg(feature = "std")]
    pub(crate) const fn with_in_this_process(self, here: &'a InThisProcess) -> Self {
        Self {
            here: Some(here),
            ..self
        }
    }

    /// Step 10 for what this process knows beside the revocation state.
    #[inline]
    fn has_ended(&self, id: SessionId) -> bool {
        #[cfg(feature = "std")]
        return self.here.is_some_and(|here| here.has_ended(id));
        #[cfg(not(feature = "std"))]
        {
            let _ = id;
            false
        }
    }

    /// How many changes a session that is opened now has seen.
    #[cfg(feature = "std")]
    #[inline]
    fn changes(&self) -> u64 {
        self.here.map_or(0, InThisProcess::changes)
    }

    /// The same, with a binding: a byte string, such as a tenant or the hash of a client
    /// certificate, that must be the same when a session is sealed and when it is opened. It is
    /// authenticated, but not sent. To bind several values, join them with [`list`](crate::list),
    /// which keeps `ab, c` and `a, bc` apart.
    ///
    /// A binding of at most 251 bytes costs no allocation.
    #[must_use]
    pub const fn with_binding(self, binding: &'a [u8]) -> Self {
        Self {
            binding: Binding(binding),
            ..self
        }
    }
}

/// A binding, which may identify somebody and is not printed.
#[derive(Clone, Copy)]
pub(crate) struct Binding<'a>(pub(crate) &'a [u8]);

impl fmt::Debug for Binding<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Binding({} bytes)", self.0.len())
    }
}

/// Calls `with` with `header || binding`, the associated data of an encrypted token. It is put
/// together on the stack as long as the binding is short.
#[inline]
fn with_associated_data<R>(header: &[u8], binding: &[u8], with: impl FnOnce(&[u8]) -> R) -> R {
    const ROOM: usize = 256;
    if binding.is_empty() {
        return with(header);
    }
    let mut buffer = [0; ROOM];
    let (start, rest) = buffer.split_at_mut(header.len().min(ROOM));
    match rest.get_mut(..binding.len()) {
        Some(end) => {
            start.copy_from_slice(header);
            end.copy_from_slice(binding);
            let len = header.len().saturating_add(binding.len());
            with(buffer.get(..len).unwrap_or_default())
        }
        None => with(&[header, binding].concat()),
    }
}
