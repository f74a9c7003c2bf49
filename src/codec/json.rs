//! [`Json`]: a part of a session that is stored as JSON text, for what has no fixed type.

use core::fmt;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};

use serde::de::{DeserializeOwned, Deserializer, Visitor};
use serde::ser::{Error as _, Serializer};
use serde::{Deserialize, Serialize};

/// A part of a session that is stored as JSON text.
///
/// A session is encoded without the names of its fields. So it cannot contain a type that accepts
/// any input: `serde_json::Value`, a struct with `#[serde(flatten)]`, an untagged enum. It can
/// contain such a type within `Json`. Within `Json`, a type with `#[serde(default)]` may also gain
/// and lose fields without a new [`SCHEMA`](crate::SessionData::SCHEMA).
///
/// The names count towards the 4096 bytes of a cookie, in every request. `docs/LOOSE.md` says when
/// it is worth it.
///
/// ```
/// use std::collections::BTreeMap;
///
/// use sealed_session::{Json, SessionData};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Visit {
///     user: u64,
///     extra: Json<BTreeMap<String, serde_json::Value>>,
/// }
/// impl SessionData for Visit { const NAME: &'static str = "visit"; const SCHEMA: u32 = 1; }
///
/// let mut visit = Visit { user: 7, extra: Json::default() };
/// visit.extra.insert("theme".into(), "dark".into());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Json<T>(pub T);

impl<T> Json<T> {
    /// The value itself.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> From<T> for Json<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T> Deref for Json<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Json<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: Serialize> Serialize for Json<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // What serde_json says may quote the value.
        let text = serde_json::to_string(&self.0)
            .map_err(|_| S::Error::custom("the value has no form in JSON"))?;
        serializer.serialize_str(&text)
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Json<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text<T>(PhantomData<T>);

        impl<T: DeserializeOwned> Visitor<'_> for Text<T> {
            type Value = T;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON text")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
                serde_json::from_str(text)
                    .map_err(|_| E::custom("the text is no JSON of this type"))
            }
        }

        deserializer.deserialize_str(Text(PhantomData)).map(Self)
    }
}
