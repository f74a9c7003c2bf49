//! Checks that browsers keep a cookie, and that nothing in it breaks the header. RFC 6265 and
//! draft-ietf-httpbis-rfc6265bis.

use super::settings::{CookieSettings, PREFIXES, Prefix, SameSite};
use crate::error::CookieError;
use crate::token::wire::MAX_NAME_AND_VALUE;

/// Browsers ignore an attribute whose value is longer (RFC 6265bis, section 5.6).
const MAX_ATTRIBUTE: usize = 1024;

/// Checks all of it. `name` is the full name, which is the prefix and `given`.
pub(super) fn check(settings: &CookieSettings, name: &str, given: &str) -> Result<(), CookieError> {
    match settings.prefix {
        Prefix::None => {
            let own = PREFIXES.iter().find(|prefix| has_prefix(given, prefix));
            let behind = own.and_then(|prefix| given.get(prefix.len()..));
            check_given(behind.unwrap_or(given))?;
        }
        Prefix::Host | Prefix::Secure => check_given(given)?,
    }
    check_name(name)?;
    check_path(&settings.path)?;
    settings.domain.as_deref().map_or(Ok(()), check_domain)?;
    check_prefix(settings, name)?;
    if settings.same_site == SameSite::None && !settings.secure {
        return Err(CookieError::SameSiteNoneNotSecure);
    }
    if settings.partitioned && !settings.secure {
        return Err(CookieError::PartitionedNotSecure);
    }
    if settings.partitioned && settings.same_site != SameSite::None {
        return Err(CookieError::PartitionedNotSameSiteNone);
    }
    Ok(())
}

fn check_prefix(settings: &CookieSettings, name: &str) -> Result<(), CookieError> {
    let starts_with = |prefix| has_prefix(name, prefix);
    let host = starts_with(HOST);
    let http = starts_with(HTTP) || starts_with(HOST_HTTP);
    if host && settings.path != "/" {
        return Err(CookieError::HostPrefixPath);
    }
    if host && settings.domain.is_some() {
        return Err(CookieError::HostPrefixDomain);
    }
    if (host || http || starts_with(SECURE)) && !settings.secure {
        return Err(CookieError::PrefixNotSecure);
    }
    if http && !settings.http_only {
        return Err(CookieError::PrefixNotHttpOnly);
    }
    Ok(())
}

pub(crate) const HOST: &str = "__Host-";
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
    for prefix in PREFIXES {
        if has_prefix(name, prefix) && !name.starts_with(prefix) {
            return Err(CookieError::PrefixCase);
        }
    }
    Ok(())
}

/// Checks a name without its prefix: it is not empty, and brings no other prefix.
pub(crate) fn check_given(given: &str) -> Result<(), CookieError> {
    if given.is_empty() {
        return Err(CookieError::EmptyName);
    }
    match PREFIXES.iter().any(|prefix| has_prefix(given, prefix)) {
        true => Err(CookieError::TwoPrefixes),
        false => Ok(()),
    }
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
    if !is_host_name(domain) {
        return Err(CookieError::Domain);
    }
    if domain.contains('.') {
        Ok(())
    } else {
        Err(CookieError::DomainOneLabel)
    }
}

/// Whether this is a host's name: labels of letters, digits and `-` between dots.
pub(super) fn is_host_name(name: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    name.split('.').all(is_label)
}
