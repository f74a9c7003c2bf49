//! What an application implements: [`SessionData`], with its scopes and its migrations.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::lifetime::Lifetime;
use crate::error::OpenErrorKind;
use crate::revocation::Scopes;
use crate::token::payload;

/// A value that lives in a session cookie.
///
/// It is encoded with [postcard](https://docs.rs/postcard), which writes the fields one after the
/// other without their names. Two things follow.
///
/// **The layout must match the cookies that browsers already have.** Raise [`SCHEMA`](Self::SCHEMA)
/// whenever it changes; its documentation says what counts as a change.
///
/// **`Serialize` and `Deserialize` must agree.** What is written is compared, by name, with what
/// will be read: when a codec is built, as far as the type alone shows it, and whenever a session
/// is sealed. If they differ, the error is a [`PayloadError`](crate::PayloadError) with the path of
/// the field, the cause and how to fix it. Nothing is sealed that would open as another value.
/// These attributes of serde cannot work:
///
/// - `flatten`, `untagged`, `tag`, and types that accept any input, such as `serde_json::Value`:
///   they need names in the encoding. `Json` (feature `json`) stores such a part as text, and
///   `docs/LOOSE.md` is for people who are used to `session.insert("key", value)`;
/// - `skip_serializing_if`, and `skip_serializing` or `skip_deserializing` alone: write `skip`,
///   which does both;
/// - `skip` on a variant with other variants after it: serde numbers these differently when writing
///   and when reading. Move it to the end;
/// - a `rename` to different names for writing and reading, unless an `alias` has the other name.
///
/// All other attributes work: `default`, `alias`, `transparent`, `from`, `into`, `try_from`, `with`
/// and the rest. Values may be nested 128 levels deep.
///
/// ```
/// use sealed_session::{Migration, OldPayload, ScopeKind, Scopes, SessionData};
/// use serde::{Deserialize, Serialize};
///
/// const USER: ScopeKind<u64> = ScopeKind::new("user");
///
/// #[derive(Serialize, Deserialize)]
/// struct Account { user: u64, name: String, roles: Vec<String> }
///
/// impl SessionData for Account {
///     const NAME: &'static str = "account";
///     const SCHEMA: u32 = 2;
///
///     fn scopes(&self, scopes: &mut Scopes<'_>) {
///         scopes.add(USER, self.user);
///     }
///
///     fn migrate(old: OldPayload<'_>) -> Migration<Self> {
///         #[derive(Deserialize)]
///         struct AccountV1 { user: u64, name: String }
///
///         match old.schema() {
///             1 => {
///                 let AccountV1 { user, name } = old.decode()?;
///                 Ok(Account { user, name, roles: Vec::new() })
///             }
///             _ => old.unsupported(),
///         }
///     }
/// }
/// ```
pub trait SessionData: Serialize + DeserializeOwned + 'static {
    /// The name of this kind of session: `"account"`, `"basket"`. The cookie's name is `__Host-`
    /// and this name, unless [`CookieSettings`](crate::CookieSettings) give it another.
    ///
    /// The encoding has no field names, so a session of another type could decode as one of this
    /// type. The keys depend on the cookie's name, so the sessions of two types with different
    /// names never open as each other. Two types with the same cookie name and audience in one
    /// process are an error when the second is built
    /// ([`BuildError::NameTaken`](crate::BuildError::NameTaken)). A change of the name logs
    /// everybody out.
    const NAME: &'static str;

    /// The version of this type's layout. Raise it with every change of what is written. Otherwise
    /// the cookies from before the change are misread, perhaps without an error. These are changes:
    ///
    /// - a field added, removed or moved. `#[serde(default)]` on a new field does not help: the
    ///   encoding has no names, so the bytes of the next field are read as the new one;
    /// - a variant inserted, removed, or moved by sorting. A new variant at the end is no change
    ///   for cookies that browsers already have, but servers that do not know it yet refuse it;
    /// - a number of another type (`u32` to `u64`, `i64` to `u64`), an `Option` added or taken
    ///   away, a `Vec` in place of an array, another `with`;
    /// - any of these in a type that this one contains, also in a type of another crate.
    ///
    /// These are not changes: another name, an `alias`, a newtype or `Box` around a value, a
    /// `HashMap` in place of a `BTreeMap`. To keep everybody signed in after a change, read the
    /// former layout in [`migrate`](Self::migrate).
    ///
    /// A token does not show that `SCHEMA` should have been raised. A test does, if it compares the
    /// type with something kept from before the change:
    /// [`testing::assert_layout`](crate::testing::assert_layout) pins the type, and
    /// [`testing::assert_encoding`](crate::testing::assert_encoding) pins a sample of it.
    const SCHEMA: u32;

    /// Names the groups of sessions that this one belongs to: its user, its tenant, its device. All
    /// sessions of a group can be revoked at once. Every session also has a scope of its own.
    ///
    /// Declare each kind once, as a [`ScopeKind`](crate::ScopeKind), and use it here and for
    /// revoking. Do not rename a kind: a revocation that was made under one name does not apply
    /// under another.
    fn scopes(&self, scopes: &mut Scopes<'_>) {
        let _ = scopes;
    }

    /// How long this session may last, within the builder's timeouts. Implement it if this depends
    /// on what the user chose at sign-in ("remember me"). By default a session lasts as long as
    /// those timeouts allow.
    #[inline]
    fn lifetime(&self) -> Lifetime {
        Lifetime::LONGEST
    }

    /// Reads a payload whose schema is not [`SCHEMA`](Self::SCHEMA) but an older one, or a newer
    /// one while a deploy is under way.
    ///
    /// By default it reads none. It runs only for tokens that are authentic, alive and not revoked.
    /// A session read from an older schema is due for renewal, which writes the present one.
    ///
    /// # Errors
    ///
    /// [`MigrationError`], from [`OldPayload::decode`] or [`OldPayload::unsupported`].
    fn migrate(old: OldPayload<'_>) -> Migration<Self> {
        old.unsupported()
    }
}

/// What [`SessionData::migrate`] returns.
pub type Migration<T> = Result<T, MigrationError>;

/// The payload of another schema.
pub struct OldPayload<'a> {
    schema: u32,
    bytes: &'a [u8],
}

impl<'a> OldPayload<'a> {
    pub(crate) const fn new(schema: u32, bytes: &'a [u8]) -> Self {
        Self { schema, bytes }
    }

    /// The schema under which it was sealed.
    #[must_use]
    pub const fn schema(&self) -> u32 {
        self.schema
    }

    /// Decodes it as the type that had this schema.
    ///
    /// # Errors
    ///
    /// [`MigrationError`], which becomes [`OpenErrorKind::Payload`], when it is no such value, or
    /// bytes are left over.
    pub fn decode<Old: DeserializeOwned>(&self) -> Result<Old, MigrationError> {
        payload::decode(self.bytes).map_err(|_| MigrationError(OpenErrorKind::Payload))
    }

    /// Says that this schema cannot be read.
    ///
    /// # Errors
    ///
    /// Always: a [`MigrationError`] that becomes [`OpenErrorKind::UnsupportedSchema`].
    pub const fn unsupported<T>(&self) -> Migration<T> {
        Err(MigrationError(OpenErrorKind::UnsupportedSchema))
    }
}

impl core::fmt::Debug for OldPayload<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("OldPayload")
            .field("schema", &self.schema)
            .finish_non_exhaustive()
    }
}

/// A payload of another schema that was not read. Made by [`OldPayload`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MigrationError(pub(crate) OpenErrorKind);

impl core::fmt::Display for MigrationError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        core::fmt::Display::fmt(&self.0, f)
    }
}

impl core::error::Error for MigrationError {}
