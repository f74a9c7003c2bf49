//! [`CookieTemplate`], a checked name with its attributes, and [`SetCookie`], the line that it
//! writes.

use alloc::format;
use alloc::string::String;
use core::fmt;

use super::rules;
use super::settings::{CookieSettings, SameSite};
use crate::error::CookieError;
use crate::time::UnixTime;
use crate::token::sealed::Sealed;

impl CookieSettings {
    /// Checks that browsers keep such a cookie, and that nothing in it breaks the header.
    ///
    /// # Errors
    ///
    /// [`CookieError`] says which rule is broken.
    pub fn build(self) -> Result<CookieTemplate, CookieError> {
        rules::check(&self)?;
        Ok(CookieTemplate::new(self))
    }
}

/// A cookie's name and attributes, checked. It writes `Set-Cookie` lines.
#[derive(Clone, PartialEq, Eq)]
pub struct CookieTemplate {
    settings: CookieSettings,
    /// Every attribute but `Max-Age`, each with `; ` before it: the same in setting and removal.
    attributes: String,
}

impl CookieTemplate {
    fn new(settings: CookieSettings) -> Self {
        let mut attributes = format!("; Path={}", settings.path);
        if let Some(domain) = &settings.domain {
            attributes.push_str("; Domain=");
            attributes.push_str(domain);
        }
        if settings.secure {
            attributes.push_str("; Secure");
        }
        if settings.http_only {
            attributes.push_str("; HttpOnly");
        }
        attributes.push_str(match settings.same_site {
            SameSite::Strict => "; SameSite=Strict",
            SameSite::Lax => "; SameSite=Lax",
            SameSite::None => "; SameSite=None",
        });
        if settings.partitioned {
            attributes.push_str("; Partitioned");
        }
        Self {
            settings,
            attributes,
        }
    }

    /// The full name, prefix included: the name that the codec must seal for.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    /// The line that sets the cookie to `sealed`, with `Max-Age` counted from `now`.
    pub fn set(&self, sealed: &Sealed, now: UnixTime) -> SetCookie {
        let max_age = if self.settings.max_age {
            format!("; Max-Age={}", sealed.max_age(now))
        } else {
            String::new()
        };
        self.line(sealed.value(), &max_age)
    }

    /// The line that removes the cookie: an empty value with the very attributes of the line that
    /// set it, as a browser removes no other.
    pub fn removal(&self) -> SetCookie {
        self.line("", "; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT")
    }

    fn line(&self, value: &str, lifetime: &str) -> SetCookie {
        let name = &self.settings.name;
        SetCookie {
            line: [name, "=", value, &self.attributes, lifetime].concat(),
            name_len: name.len(),
        }
    }
}

impl fmt::Debug for CookieTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CookieTemplate({}{})", self.name(), self.attributes)
    }
}

/// The value of a `Set-Cookie` header: visible ASCII and spaces, ready to be sent.
///
/// It is a `String` within, by [`as_str`](Self::as_str), `Display` or `Into<String>`, and so fits
/// every framework. With the feature `http` it turns into a `HeaderValue`, with `cookie` into a
/// `Cookie`. `Debug` hides it, because whoever has it has the session.
#[derive(Clone, PartialEq, Eq)]
#[must_use = "a session is set or removed only when this is sent as a Set-Cookie header"]
pub struct SetCookie {
    line: String,
    name_len: usize,
}

impl SetCookie {
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
