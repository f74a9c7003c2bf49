//! [`CookieSettings`]: name and attributes, as they are asked for.

use alloc::format;
use alloc::string::String;

use super::DEFAULT_NAME;
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

/// A cookie's name and attributes. The default is the strictest that suits a session:
/// `__Host-session`, `Secure`, `HttpOnly`, `SameSite=Lax`, `Path=/`, no `Domain`. Every relaxation
/// is a call.
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
    pub(super) name: String,
    pub(super) path: String,
    pub(super) domain: Option<String>,
    pub(super) secure: bool,
    pub(super) http_only: bool,
    pub(super) same_site: SameSite,
    pub(super) partitioned: bool,
    pub(super) max_age: bool,
}

impl Default for CookieSettings {
    fn default() -> Self {
        Self::full_name(DEFAULT_NAME)
    }
}

impl CookieSettings {
    /// `__Host-` and `name`: only this very host can set it, over HTTPS.
    pub fn host(name: &str) -> Self {
        Self::full_name(&format!("__Host-{name}"))
    }

    /// `__Secure-` and `name`: for a cookie with a [`domain`](Self::domain) or a
    /// [`path`](Self::path). Another host of the domain can set it, too.
    pub fn secure(name: &str) -> Self {
        Self::full_name(&format!("__Secure-{name}"))
    }

    /// `name` without a prefix and without `Secure`: for development over plain HTTP. Whoever is on
    /// the network can read and set it.
    pub fn insecure_plain_http(name: &str) -> Self {
        Self {
            secure: false,
            ..Self::full_name(name)
        }
    }

    /// A cookie of exactly this name, which is `Secure`. The rules of a prefix that it starts with
    /// are checked.
    pub fn full_name(name: &str) -> Self {
        Self {
            name: name.into(),
            path: "/".into(),
            domain: None,
            secure: true,
            http_only: true,
            same_site: SameSite::Lax,
            partitioned: false,
            max_age: true,
        }
    }

    /// Sends the cookie only to paths below `path`. This keeps nothing from other paths' scripts.
    pub fn path(mut self, path: &str) -> Self {
        self.path = path.into();
        self
    }

    /// Sends the cookie to `domain` and every host below it, without a leading dot.
    pub fn domain(mut self, domain: &str) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// When the cookie goes along with other sites' requests. `Lax` by default.
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.same_site = same_site;
        self
    }

    /// Keeps a separate cookie for every site that embeds this one (CHIPS).
    pub fn partitioned(mut self) -> Self {
        self.partitioned = true;
        self
    }

    /// Lets scripts of the page read the cookie (no `HttpOnly`): one injected script then steals
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
}
