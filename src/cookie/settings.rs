//! [`CookieSettings`]: name and attributes, and the rules by which browsers keep a cookie.

use alloc::format;
use alloc::string::String;

use super::DEFAULT_NAME;
use super::template::CookieTemplate;
use crate::error::CookieError;
use crate::wire::MAX_NAME_AND_VALUE;

/// Browsers ignore an attribute whose value is longer (RFC 6265bis, section 5.6).
const MAX_ATTRIBUTE: usize = 1024;

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

    /// Checks that browsers keep such a cookie, and that nothing in it breaks the header.
    ///
    /// # Errors
    ///
    /// [`CookieError`] says which rule is broken.
    pub fn build(self) -> Result<CookieTemplate, CookieError> {
        check_name(&self.name)?;
        check_path(&self.path)?;
        self.domain.as_deref().map_or(Ok(()), check_domain)?;
        self.check_prefix()?;
        if self.same_site == SameSite::None && !self.secure {
            return Err(CookieError::SameSiteNoneNotSecure);
        }
        if self.partitioned && !self.secure {
            return Err(CookieError::PartitionedNotSecure);
        }
        Ok(CookieTemplate::new(self))
    }

    fn check_prefix(&self) -> Result<(), CookieError> {
        let starts_with = |prefix| has_prefix(&self.name, prefix);
        let (host, http) = (
            starts_with(HOST),
            starts_with(HTTP) || starts_with(HOST_HTTP),
        );
        if host && self.path != "/" {
            return Err(CookieError::HostPrefixPath);
        }
        if host && self.domain.is_some() {
            return Err(CookieError::HostPrefixDomain);
        }
        if (host || http || starts_with(SECURE)) && !self.secure {
            return Err(CookieError::PrefixNotSecure);
        }
        if http && !self.http_only {
            return Err(CookieError::PrefixNotHttpOnly);
        }
        Ok(())
    }
}

const HOST: &str = "__Host-";
const SECURE: &str = "__Secure-";
const HTTP: &str = "__Http-";
const HOST_HTTP: &str = "__Host-Http-";

/// Whether `name` starts with `prefix` as browsers see it, in any case.
fn has_prefix(name: &str, prefix: &str) -> bool {
    name.get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// Checks a cookie's full name: a token (RFC 6265, section 4.1.1; RFC 9110, section 5.6.2) that
/// leaves room for a value, any prefix in its right case.
pub(crate) fn check_name(name: &str) -> Result<(), CookieError> {
    if name.is_empty() {
        return Err(CookieError::EmptyName);
    }
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if let Some(position) = name.bytes().position(|byte| !is_token(byte)) {
        return Err(CookieError::NameByte { position });
    }
    if name.len() >= MAX_NAME_AND_VALUE {
        return Err(CookieError::NameTooLong);
    }
    for prefix in [HOST_HTTP, HOST, SECURE, HTTP] {
        if has_prefix(name, prefix) && !name.starts_with(prefix) {
            return Err(CookieError::PrefixCase);
        }
    }
    Ok(())
}

fn check_path(path: &str) -> Result<(), CookieError> {
    if !path.starts_with('/') {
        return Err(CookieError::PathNotAbsolute);
    }
    if path.len() > MAX_ATTRIBUTE {
        return Err(CookieError::AttributeTooLong);
    }
    let is_allowed = |byte: u8| byte.is_ascii_graphic() && byte != b';' && byte != b',';
    match path.bytes().position(|byte| !is_allowed(byte)) {
        Some(position) => Err(CookieError::PathByte { position }),
        None => Ok(()),
    }
}

fn check_domain(domain: &str) -> Result<(), CookieError> {
    if domain.len() > MAX_ATTRIBUTE {
        return Err(CookieError::AttributeTooLong);
    }
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if domain.split('.').all(is_label) {
        Ok(())
    } else {
        Err(CookieError::Domain)
    }
}
