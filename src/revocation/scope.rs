//! [`Scope`]: a group of sessions that is revoked at once; [`ScopeKind`] and [`ScopeId`], which
//! name it; and [`Scopes`], which a session uses to name its scopes.

use core::fmt;
use core::marker::PhantomData;

use sha2::{Digest as _, Sha256};

use crate::token::canonical::length_prefix;
use crate::token::claims::SessionId;

const LABEL: &[u8] = b"sealed-session scope";

/// The kind of the scope that every session has, named by its id.
const SESSION_KIND: &str = "session";

/// A group of sessions, as the first 12 bytes of SHA-256(`list("sealed-session scope", kind, id)`).
///
/// A table of scopes names nobody, but anybody who can guess an id can test for it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope([u8; 12]);

impl Scope {
    /// The sessions whose [`SessionData::scopes`](crate::SessionData::scopes) add this kind and
    /// id.
    pub fn new<I: ?Sized>(kind: ScopeKind<I>, id: impl ScopeId<I>) -> Self {
        id.with_bytes(|id| Self::of(kind.name, id))
    }

    /// The same for a kind and an id that are text or bytes, for a tool that does not know the
    /// types. The id of a number is its shortest decimal form. The id of a UUID is its text in
    /// small letters with hyphens.
    ///
    /// An application uses [`new`](Self::new), where a misspelt kind does not compile.
    ///
    /// # Errors
    ///
    /// [`ScopeError`] for the kind `"session"`, which is reserved: use [`Scope::session`]; and for
    /// an empty kind.
    pub fn named(kind: &str, id: &[u8]) -> Result<Self, ScopeError> {
        if is_reserved(kind) {
            return Err(ScopeError(()));
        }
        Ok(Self::of(kind, id))
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

/// Whether no application may use this kind.
const fn is_reserved(kind: &str) -> bool {
    let (kind, reserved) = (kind.as_bytes(), SESSION_KIND.as_bytes());
    if kind.is_empty() {
        return true;
    }
    let mut same = kind.len() == reserved.len();
    let (mut kind, mut reserved) = (kind, reserved);
    while let ([a, kind_rest @ ..], [b, reserved_rest @ ..]) = (kind, reserved) {
        same &= *a == *b;
        (kind, reserved) = (kind_rest, reserved_rest);
    }
    same
}

/// A kind of scope, such as the user or the tenant, and the type of its ids. Declare each once, and
/// use it both where a session names its scopes and where they are revoked:
///
/// ```
/// use sealed_session::{Scope, ScopeKind};
///
/// const USER: ScopeKind<u64> = ScopeKind::new("user");
/// const EMAIL: ScopeKind<str> = ScopeKind::new("email");
///
/// let user = Scope::new(USER, 7);
/// let email = Scope::new(EMAIL, "joe@shop.example");
/// assert_ne!(user, email);
/// ```
///
/// An id of another type does not compile:
///
/// ```compile_fail
/// # use sealed_session::{Scope, ScopeKind};
/// const USER: ScopeKind<u64> = ScopeKind::new("user");
/// let user = Scope::new(USER, "7");
/// ```
///
/// Nor does the kind `"session"`, which is reserved for the scope that every session has, or an
/// empty one:
///
/// ```compile_fail
/// # use sealed_session::ScopeKind;
/// const SESSION: ScopeKind<u64> = ScopeKind::new("session");
/// ```
///
/// Do not rename a kind. A revocation that was made under one name does not apply under another:
/// after a change, the earlier revocations have no effect, and during a deploy, neither have those
/// of servers with the other name.
pub struct ScopeKind<I: ?Sized> {
    name: &'static str,
    id: PhantomData<fn(&I)>,
}

impl<I: ?Sized> ScopeKind<I> {
    /// The kind called `name`.
    ///
    /// # Panics
    ///
    /// For `"session"`, which is reserved, and for an empty name. In a `const`, where it belongs,
    /// this is a compile error.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        assert!(
            !is_reserved(name),
            "the scope kind \"session\" is reserved for the session's own scope, and an empty one names nothing"
        );
        Self {
            name,
            id: PhantomData,
        }
    }

    /// Its name, as the command `sealed-session revoke scope` takes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }
}

impl<I: ?Sized> Clone for ScopeKind<I> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<I: ?Sized> Copy for ScopeKind<I> {}

impl<I: ?Sized> fmt::Debug for ScopeKind<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ScopeKind({:?})", self.name)
    }
}

/// A kind that is empty, or `"session"`, which is reserved for the scope that every session has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScopeError(());

impl fmt::Display for ScopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the scope kind \"session\" is reserved for the session's own scope, and an empty one \
             names nothing",
        )
    }
}

impl core::error::Error for ScopeError {}

/// The id of a scope of the kind [`ScopeKind<I>`](ScopeKind): a number as its shortest decimal
/// form, text as its UTF-8, bytes as they are, a UUID (feature `uuid`) as its text in small letters
/// with hyphens.
#[diagnostic::on_unimplemented(
    message = "`{Self}` names no scope of the kind `ScopeKind<{I}>`",
    note = "numbers name those of ScopeKind of the same type, text ScopeKind<str>, bytes ScopeKind<[u8]>, and \
            uuid::Uuid, with the feature `uuid`, ScopeKind<Uuid>"
)]
pub trait ScopeId<I: ?Sized> {
    /// Calls `take` with the bytes of the id.
    fn with_bytes<R>(&self, take: impl FnOnce(&[u8]) -> R) -> R;
}

macro_rules! bytes_scope_id {
    ($($type:ty => $kind:ty),* $(,)?) => {$(
        impl ScopeId<$kind> for $type {
            fn with_bytes<R>(&self, take: impl FnOnce(&[u8]) -> R) -> R {
                let id: &$kind = self;
                take(id.as_ref())
            }
        }
    )*};
}
bytes_scope_id! {
    str => str,
    alloc::string::String => str,
    alloc::boxed::Box<str> => str,
    [u8] => [u8],
    alloc::vec::Vec<u8> => [u8],
    alloc::boxed::Box<[u8]> => [u8],
}

impl<const N: usize> ScopeId<[u8]> for [u8; N] {
    fn with_bytes<R>(&self, take: impl FnOnce(&[u8]) -> R) -> R {
        take(self)
    }
}

impl<const N: usize> ScopeId<Self> for [u8; N] {
    fn with_bytes<R>(&self, take: impl FnOnce(&[u8]) -> R) -> R {
        take(self)
    }
}

impl<T: alloc::borrow::ToOwned + ScopeId<I> + ?Sized, I: ?Sized> ScopeId<I>
    for alloc::borrow::Cow<'_, T>
{
    fn with_bytes<R>(&self, take: impl FnOnce(&[u8]) -> R) -> R {
        T::with_bytes(self, take)
    }
}

impl<T: ScopeId<I> + ?Sized, I: ?Sized> ScopeId<I> for &T {
    fn with_bytes<R>(&self, take: impl FnOnce(&[u8]) -> R) -> R {
        T::with_bytes(self, take)
    }
}

macro_rules! number_scope_id {
    ($($type:ty)*) => {$(
        impl ScopeId<Self> for $type {
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

#[cfg(feature = "uuid")]
impl ScopeId<Self> for uuid::Uuid {
    fn with_bytes<R>(&self, take: impl FnOnce(&[u8]) -> R) -> R {
        let mut text = uuid::Uuid::encode_buffer();
        take(self.hyphenated().encode_lower(&mut text).as_bytes())
    }
}

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
}

impl<'a> Scopes<'a> {
    /// Calls `take` with every scope that is added: to list what a value names.
    pub fn new(take: &'a mut dyn FnMut(Scope)) -> Self {
        Self { take }
    }

    /// Adds the scope of this kind and id, such as `add(USER, self.user)`.
    pub fn add<I: ?Sized>(&mut self, kind: ScopeKind<I>, id: impl ScopeId<I>) -> &mut Self {
        (self.take)(Scope::new(kind, id));
        self
    }
}

impl fmt::Debug for Scopes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scopes").finish_non_exhaustive()
    }
}
