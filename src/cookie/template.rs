//! [`CookieTemplate`]: a checked name with its attributes. It writes the lines of `set_cookie`.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

#[cfg(feature = "std")]
use super::origin::SiteOrigin;
use super::rules;
use super::set_cookie::{RemovalCookies, SetCookie};
use super::settings::{CookieSettings, SameSite};
use crate::error::CookieError;
use crate::time::UnixTime;
use crate::token::sealed::Sealed;

impl CookieSettings {
    /// Checks that browsers keep such a cookie, and that nothing in it breaks the header.
    ///
    /// # Errors
    ///
    /// [`CookieError`] says which rule is broken. [`CookieError::NoName`] if no name was given:
    /// only [`Sessions`](crate::Sessions) know the name of their type.
    pub fn build(self) -> Result<CookieTemplate, CookieError> {
        CookieTemplate::new(&self, None)
    }

    /// The same for a type of session that is called `name`, on a site at `origin`, if that was
    /// said.
    #[cfg(feature = "std")]
    pub(crate) fn build_for(
        self,
        name: &str,
        origin: Option<&SiteOrigin>,
    ) -> Result<CookieTemplate, CookieError> {
        // What is wrong in production is found in development, too.
        let template = CookieTemplate::new(&self, Some(name))?;
        let Some(origin) = origin else {
            return Ok(template);
        };
        if !origin.is_https() {
            return CookieTemplate::new(&self.at(origin), Some(name));
        }
        let is_within = |domain: &str| origin.is_within(domain);
        if self.domain.as_deref().is_none_or(is_within) {
            Ok(template)
        } else {
            Err(CookieError::OriginOutsideDomain)
        }
    }
}

/// A cookie's name and attributes, checked. It writes `Set-Cookie` lines.
#[derive(Clone, PartialEq, Eq)]
pub struct CookieTemplate {
    name: String,
    /// Every attribute but `Max-Age`, each with `; ` before it: the same in setting and removal.
    attributes: String,
    is_secure: bool,
    max_age: bool,
    former: Vec<Self>,
}

impl CookieTemplate {
    fn new(settings: &CookieSettings, type_name: Option<&str>) -> Result<Self, CookieError> {
        let given = settings.name.as_deref().or(type_name);
        let given = given.ok_or(CookieError::NoName)?;
        let name = [settings.prefix.text(), given].concat();
        rules::check(settings, &name, given)?;
        let former = settings.former.iter();
        Ok(Self {
            name,
            attributes: attributes(settings),
            is_secure: settings.secure,
            max_age: settings.max_age,
            former: former
                .map(|former| Self::new(former, type_name))
                .collect::<Result<_, _>>()?,
        })
    }

    /// The full name, prefix included: the name that the codec must seal for.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether browsers keep the cookie only over HTTPS.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        self.is_secure
    }

    /// The line that sets the cookie to `sealed`, with `Max-Age` counted from `now`.
    pub fn set(&self, sealed: &Sealed, now: UnixTime) -> SetCookie {
        let max_age = if self.max_age && sealed.is_persistent() {
            format!("; Max-Age={}", sealed.max_age(now))
        } else {
            String::new()
        };
        self.line(sealed.value(), &max_age)
    }

    /// The lines that remove the cookie. Each has an empty value and the same attributes as the
    /// line that set the cookie, because a browser removes no other cookie. There is one line for
    /// this cookie and one for each [former](CookieSettings::formerly) one.
    pub fn removal(&self) -> RemovalCookies {
        let places = core::iter::once(self).chain(&self.former);
        let remove =
            |place: &Self| place.line("", "; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
        RemovalCookies::new(places.map(remove).collect())
    }

    fn line(&self, value: &str, lifetime: &str) -> SetCookie {
        SetCookie::new(&self.name, value, [&self.attributes, lifetime])
    }
}

fn attributes(settings: &CookieSettings) -> String {
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
    attributes
}

impl fmt::Debug for CookieTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CookieTemplate({}{})", self.name(), self.attributes)
    }
}
