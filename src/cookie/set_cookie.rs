//! [`SetCookie`], the value of a `Set-Cookie` header, and [`RemovalCookies`], the values that a
//! sign-out sends.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// The value of a `Set-Cookie` header: visible ASCII and spaces, ready to be sent.
///
/// [`as_str`](Self::as_str), `Display` and `Into<String>` give its text, so it fits every
/// framework. With the feature `http` it converts into a `HeaderValue`, and with `cookie` into a
/// `Cookie`. `Debug` hides the text, because anybody who has it can use the session.
#[derive(Clone, PartialEq, Eq)]
#[must_use = "a session is set or removed only when this is sent as a Set-Cookie header"]
pub struct SetCookie {
    line: String,
    name_len: usize,
    pair_len: usize,
}

impl SetCookie {
    /// `name` and `value`, which have nothing to escape, and attributes that start with `; `.
    pub(super) fn new(name: &str, value: &str, attributes: [&str; 2]) -> Self {
        let [attributes, lifetime] = attributes;
        Self {
            line: [name, "=", value, attributes, lifetime].concat(),
            name_len: name.len(),
            pair_len: name.len().saturating_add(1).saturating_add(value.len()),
        }
    }

    /// The header's value.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.line
    }

    /// The cookie's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.line.get(..self.name_len).unwrap_or_default()
    }

    /// `name=value`, as a browser sends it back in a `Cookie` header: for tests.
    #[must_use]
    pub fn pair(&self) -> &str {
        self.line.get(..self.pair_len).unwrap_or_default()
    }
}

impl fmt::Display for SetCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

impl fmt::Debug for SetCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "SetCookie({}=.., {} bytes)",
            self.name(),
            self.line.len()
        )
    }
}

impl From<SetCookie> for String {
    fn from(cookie: SetCookie) -> Self {
        cookie.line
    }
}

impl AsRef<str> for SetCookie {
    fn as_ref(&self) -> &str {
        &self.line
    }
}

/// The value is marked sensitive, so that it is not printed and no compression table holds it.
#[cfg(feature = "http")]
impl From<SetCookie> for http::HeaderValue {
    fn from(cookie: SetCookie) -> Self {
        #[expect(
            clippy::expect_used,
            reason = "names, attributes and base64url were checked to be visible ASCII"
        )]
        let mut value = Self::try_from(cookie.line).expect("a Set-Cookie line is visible ASCII");
        value.set_sensitive(true);
        value
    }
}

#[cfg(feature = "cookie")]
impl From<SetCookie> for cookie::Cookie<'static> {
    fn from(cookie: SetCookie) -> Self {
        #[expect(
            clippy::expect_used,
            reason = "a line with a name and an equals sign always parses"
        )]
        Self::parse(cookie.line).expect("a Set-Cookie line starts with a name and a value")
    }
}

/// The lines that remove a session's cookie: one for its present name, `Domain` and `Path`, and one
/// for each former cookie ([`CookieSettings::formerly`](crate::CookieSettings::formerly)).
///
/// Send each line as a `Set-Cookie` header of its own:
///
/// ```
/// # fn send(_: sealed_session::SetCookie) {}
/// # fn answer(removal: sealed_session::RemovalCookies) {
/// for set_cookie in removal {
///     send(set_cookie);
/// }
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a cookie is removed only when these are sent as Set-Cookie headers"]
pub struct RemovalCookies(Vec<SetCookie>);

impl RemovalCookies {
    pub(super) const fn new(lines: Vec<SetCookie>) -> Self {
        Self(lines)
    }

    /// The lines.
    pub fn lines(&self) -> &[SetCookie] {
        &self.0
    }

    /// Appends the lines to the headers of a response.
    #[cfg(feature = "http")]
    pub fn append_to(self, headers: &mut http::HeaderMap) {
        for line in self {
            headers.append(http::header::SET_COOKIE, line.into());
        }
    }
}

impl IntoIterator for RemovalCookies {
    type Item = SetCookie;
    type IntoIter = alloc::vec::IntoIter<SetCookie>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
