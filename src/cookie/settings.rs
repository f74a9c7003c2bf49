//! [`CookieSettings`]: the name and attributes that an application asks for.

use alloc::string::String;
use alloc::vec::Vec;

#[cfg(feature = "std")]
use super::origin::SiteOrigin;
/// When a browser sends the cookie along with a request that another site caused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SameSite {
    /// Never.
    Strict,
    /// With top-level navigation by a safe method, such as a followed link.
    #[default]
    Lax,
    /// Always. Needs `Secure`, and protection from cross-site request forgery by other means.
    None,
}

/// A cookie's name and attributes. The defaults are the strictest that suit most sites: the name
/// `__Host-` and [`SessionData::NAME`](crate::SessionData::NAME), `Secure`, `HttpOnly`,
/// `SameSite=Lax`, `Path=/`, no `Domain`. To change one of them, call its method.
///
/// ```
/// use sealed_session::{CookieSettings, SameSite};
///
/// let cookie = CookieSettings::host("admin").same_site(SameSite::Strict).build()?;
/// assert_eq!(cookie.name(), "__Host-admin");
/// # Ok::<(), sealed_session::CookieError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct CookieSettings {
    pub(super) prefix: Prefix,
    /// None: the name of the type of session.
    pub(super) name: Option<String>,
    pub(super) path: String,
    pub(super) domain: Option<String>,
    pub(super) secure: bool,
    pub(super) http_only: bool,
    pub(super) same_site: SameSite,
    pub(super) partitioned: bool,
    pub(super) max_age: bool,
    pub(super) former: Vec<Self>,
}

/// What a cookie's name starts with, by which browsers hold it to rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prefix {
    Host,
    Secure,
    /// Whatever the name says itself.
    None,
}

impl Prefix {
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Host => "__Host-",
            Self::Secure => "__Secure-",
            Self::None => "",
        }
    }
}

impl Default for CookieSettings {
    fn default() -> Self {
        Self::named(Prefix::Host, None)
    }
}

impl CookieSettings {
    fn named(prefix: Prefix, name: Option<&str>) -> Self {
        Self {
            prefix,
            name: name.map(String::from),
            path: "/".into(),
            domain: None,
            secure: true,
            http_only: true,
            same_site: SameSite::Lax,
            partitioned: false,
            max_age: true,
            former: Vec::new(),
        }
    }

    /// `__Host-` and `name`: only this host can set it, over HTTPS.
    pub fn host(name: &str) -> Self {
        Self::named(Prefix::Host, Some(name))
    }

    /// `__Secure-` and `name`: for a cookie with a [`domain`](Self::domain) or a
    /// [`path`](Self::path). Another host of the domain can set it, too.
    pub fn secure(name: &str) -> Self {
        Self::named(Prefix::Secure, Some(name))
    }

    /// `name` without a prefix and without `Secure`. Anybody on the network can read and set it.
    ///
    /// For development, use [`SessionsBuilder::origin`](crate::SessionsBuilder::origin), which does
    /// this only on loopback.
    pub fn insecure_plain_http(name: &str) -> Self {
        Self {
            secure: false,
            ..Self::full_name(name)
        }
    }

    /// A cookie of exactly this name, which is `Secure`. The rules of a prefix that it starts with
    /// are checked.
    pub fn full_name(name: &str) -> Self {
        Self::named(Prefix::None, Some(name))
    }

    /// Sends the cookie only to paths below `path`. This does not protect it from scripts on other
    /// paths.
    pub fn path(mut self, path: &str) -> Self {
        self.path = path.into();
        self
    }

    /// Sends the cookie to `domain` and every host below it, without a leading dot.
    ///
    /// Browsers ignore a cookie for a public suffix, such as `com` or `co.uk`. A domain of a single
    /// label is an error at build. This crate does not detect longer public suffixes, because it
    /// does not have the list of them.
    pub fn domain(mut self, domain: &str) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// When browsers send the cookie with requests from other sites. `Lax` by default.
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.same_site = same_site;
        self
    }

    /// Keeps a separate cookie for every site that embeds this one (CHIPS). Needs
    /// [`SameSite::None`], without which browsers do not send it to an embedded page.
    pub fn partitioned(mut self) -> Self {
        self.partitioned = true;
        self
    }

    /// Lets scripts of the page read the cookie (no `HttpOnly`): one injected script can then steal
    /// the session.
    pub fn readable_by_scripts(mut self) -> Self {
        self.http_only = false;
        self
    }

    /// Writes no `Max-Age`, so that the browser forgets the cookie when it is closed. The session
    /// ends by its own limits either way.
    pub fn until_browser_closes(mut self) -> Self {
        self.max_age = false;
        self
    }

    /// The former settings of this cookie, if a deploy changed its name, `Domain` or `Path`. A
    /// sign-out then removes the former cookie, too. If several cookies open, the newest session
    /// wins in any case.
    ///
    /// ```
    /// use sealed_session::CookieSettings;
    ///
    /// let cookie = CookieSettings::secure("account")
    ///     .domain("shop.example")
    ///     .formerly(CookieSettings::secure("account"))
    ///     .build()?;
    /// assert_eq!(cookie.removal().lines().len(), 2);
    /// # Ok::<(), sealed_session::CookieError>(())
    /// ```
    pub fn formerly(mut self, mut former: Self) -> Self {
        let mut earlier = core::mem::take(&mut former.former);
        self.former.push(former);
        self.former.append(&mut earlier);
        self
    }

    /// The same cookie for a site at `origin`. Over plain HTTP, which is on loopback alone,
    /// browsers keep no `Secure` cookie (Safari) or no prefixed one, and none for another domain.
    #[cfg(feature = "std")]
    pub(super) fn at(mut self, origin: &SiteOrigin) -> Self {
        if origin.is_https() {
            return self;
        }
        self.prefix = Prefix::None;
        self.name =
            self.name.map(
                |name| match PREFIXES.iter().find(|&&prefix| name.starts_with(prefix)) {
                    Some(prefix) => name.get(prefix.len()..).unwrap_or_default().into(),
                    None => name,
                },
            );
        self.domain = None;
        self.secure = false;
        self.partitioned = false;
        if self.same_site == SameSite::None {
            self.same_site = SameSite::Lax;
        }
        self.former.clear();
        self
    }
}

/// The prefixes by which browsers hold a cookie to rules; of two that start alike the longer first.
pub(super) const PREFIXES: [&str; 4] = ["__Host-Http-", "__Host-", "__Secure-", "__Http-"];
