//! [`Scope`]: a group of sessions that is logged out at once, and [`Scopes`], by which a session
//! names its own.

use core::fmt;

use sha2::{Digest as _, Sha256};

use crate::token::canonical::length_prefix;
use crate::token::claims::SessionId;

const LABEL: &[u8] = b"sealed-session scope";

/// The kind of the scope that every session has, named by its id.
const SESSION_KIND: &str = "session";

/// A group of sessions, as the first 12 bytes of SHA-256(`list("sealed-session scope", kind, id)`).
///
/// A table of scopes names nobody, but whoever can guess an id can test for it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope([u8; 12]);

impl Scope {
    /// The sessions whose [`SessionData::scopes`](crate::SessionData::scopes) add this kind and
    /// id.
    ///
    /// # Errors
    ///
    /// [`ScopeError`] for the kind `"session"`, which is reserved: use [`Scope::session`].
    pub fn new(kind: &str, id: impl ScopeId) -> Result<Self, ScopeError> {
        if kind == SESSION_KIND {
            return Err(ScopeError(()));
        }
        Ok(id.with_bytes(|id| Self::of(kind, id)))
    }

    /// One session alone.
    #[must_use]
    pub fn session(id: SessionId) -> Self {
        Self::of(SESSION_KIND, &id.to_bytes())
    }

    /// The scope of these twelve bytes, as [`to_bytes`](Self::to_bytes) gave them.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 12]) -> Self {
        Self(bytes)
    }

    /// The twelve bytes.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 12] {
        self.0
    }

    fn of(kind: &str, id: &[u8]) -> Self {
        let mut hash = Sha256::new();
        for part in [LABEL, kind.as_bytes(), id] {
            // An id of 4 GiB has no encoding; whatever it hashes to, no session can be that long.
            hash.update(length_prefix(part).unwrap_or([0xff; 4]));
            hash.update(part);
        }
        let [a, b, c, d, e, f, g, h, i, j, k, l, ..] = hash.finalize().0;
        Self([a, b, c, d, e, f, g, h, i, j, k, l])
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scope({self})")
    }
}

/// The kind `"session"` is reserved for the scope that every session has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScopeError(());

impl fmt::Display for ScopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the scope kind \"session\" is reserved for the session's own scope")
    }
}

impl core::error::Error for ScopeError {}

/// What names one of a kind: bytes, text as its UTF-8, a number as its shortest decimal.
pub trait ScopeId {
    /// Calls `take` with the bytes of the id.
    fn with_bytes<R>(&self, take: impl FnOnce(&[u8]) -> R) -> R;
}

macro_rules! bytes_scope_id {
    ($($type:ty)*) => {$(
        impl ScopeId for $type {
            fn with_bytes<R>(&self, take: impl FnOnce(&[u8]) -> R) -> R {
                take(self.as_ref())
            }
        }
    )*};
}
bytes_scope_id! { str [u8] alloc::string::String alloc::vec::Vec<u8> }

impl<const N: usize> ScopeId for [u8; N] {
    fn with_bytes<R>(&self, take: impl FnOnce(&[u8]) -> R) -> R {
        take(self)
    }
}

impl<T: ScopeId + ?Sized> ScopeId for &T {
    fn with_bytes<R>(&self, take: impl FnOnce(&[u8]) -> R) -> R {
        T::with_bytes(self, take)
    }
}

macro_rules! number_scope_id {
    ($($type:ty)*) => {$(
        impl ScopeId for $type {
            fn with_bytes<R>(&self, take: impl FnOnce(&[u8]) -> R) -> R {
                let mut decimal = Decimal::new();
                // There is room for every number of these types.
                let _ = fmt::Write::write_fmt(&mut decimal, format_args!("{self}"));
                take(decimal.as_bytes())
            }
        }
    )*};
}
number_scope_id! { u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize }

/// Room for a number's digits, so that naming a scope allocates nothing.
struct Decimal {
    digits: [u8; LONGEST_NUMBER.len()],
    len: usize,
}

/// The least `i128`.
const LONGEST_NUMBER: &str = "-170141183460469231731687303715884105728";

impl Decimal {
    const fn new() -> Self {
        Self {
            digits: [0; LONGEST_NUMBER.len()],
            len: 0,
        }
    }

    fn as_bytes(&self) -> &[u8] {
        self.digits.get(..self.len).unwrap_or_default()
    }
}

impl fmt::Write for Decimal {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len.saturating_add(text.len());
        let room = self.digits.get_mut(self.len..end).ok_or(fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

/// Takes the scopes that a session names, one after the other.
pub struct Scopes<'a> {
    take: &'a mut dyn FnMut(Scope),
    reserved: bool,
}

impl<'a> Scopes<'a> {
    /// Calls `take` with every scope that is added: to list what a value names.
    pub fn new(take: &'a mut dyn FnMut(Scope)) -> Self {
        Self {
            take,
            reserved: false,
        }
    }

    /// Adds the scope of this kind and id, such as `add("user", self.user)`.
    ///
    /// The kind `"session"` is reserved: sealing a session that adds it is an error
    /// ([`SealError::ReservedScope`](crate::SealError::ReservedScope)).
    pub fn add(&mut self, kind: &str, id: impl ScopeId) -> &mut Self {
        match Scope::new(kind, id) {
            Ok(scope) => (self.take)(scope),
            Err(ScopeError(())) => self.reserved = true,
        }
        self
    }

    /// Whether the reserved kind was added.
    pub(crate) const fn used_reserved(&self) -> bool {
        self.reserved
    }
}

impl fmt::Debug for Scopes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scopes").finish_non_exhaustive()
    }
}
