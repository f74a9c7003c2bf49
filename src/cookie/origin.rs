//! [`SiteOrigin`]: where the site is reached, and so whether its cookies can be `Secure`.

use alloc::string::String;
use core::net::{Ipv4Addr, Ipv6Addr};

use crate::error::CookieError;

/// The origin of a site: scheme and host. RFC 6454, section 6.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SiteOrigin {
    is_https: bool,
    host: String,
}

impl SiteOrigin {
    /// Reads `https://shop.example` or `http://localhost:3000`.
    pub(crate) fn parse(text: &str) -> Result<Self, CookieError> {
        let (scheme, rest) = text.split_once("://").ok_or(CookieError::OriginSyntax)?;
        let is_https = match scheme {
            _ if scheme.eq_ignore_ascii_case("https") => true,
            _ if scheme.eq_ignore_ascii_case("http") => false,
            _ => return Err(CookieError::OriginSyntax),
        };
        // What a browser's address bar ends with is no mistake.
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = split_port(authority);
        let is_port = |port: &str| port.parse::<u16>().is_ok() && !port.starts_with('+');
        if !is_host(host) || !port.is_none_or(is_port) {
            return Err(CookieError::OriginSyntax);
        }
        // The dot at the end of a whole name says nothing to a cookie.
        let host = host.strip_suffix('.').unwrap_or(host);
        let origin = Self {
            is_https,
            host: host.to_ascii_lowercase(),
        };
        if !is_https && !is_loopback(&origin.host) {
            return Err(CookieError::OriginNotHttps);
        }
        Ok(origin)
    }

    pub(crate) const fn is_https(&self) -> bool {
        self.is_https
    }

    #[cfg(test)]
    fn host(&self) -> &str {
        &self.host
    }

    /// Whether a cookie for `domain` and all below it is for this host. An address has nothing below
    /// it, nor above.
    pub(crate) fn is_within(&self, domain: &str) -> bool {
        let domain = domain.to_ascii_lowercase();
        let is_address = self.host.starts_with('[') || self.host.parse::<Ipv4Addr>().is_ok();
        match self.host.strip_suffix(&domain) {
            Some("") => true,
            Some(rest) => !is_address && rest.ends_with('.'),
            None => false,
        }
    }
}

/// Whether `host`, in small letters, is this very machine: `localhost`, a name below it (RFC 6761,
/// section 6.3), `127.0.0.0/8` or `[::1]`.
fn is_loopback(host: &str) -> bool {
    if let Some(address) = in_brackets(host) {
        return address.is_loopback();
    }
    let is_ipv4 = || {
        host.parse::<Ipv4Addr>()
            .is_ok_and(|address| address.is_loopback())
    };
    host == "localhost" || host.ends_with(".localhost") || is_ipv4()
}

fn in_brackets(host: &str) -> Option<Ipv6Addr> {
    host.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}

/// A host and its port, if one is named.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        // The colons of an IPv6 address stand in brackets.
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

/// Whether this may be a host: a name of letters, digits, `-`, `_` and `.`, or an IPv6 address in brackets.
fn is_host(host: &str) -> bool {
    let name = host.strip_suffix('.').unwrap_or(host);
    in_brackets(host).is_some() || super::rules::is_host_name(&name.replace('_', "x"))
}

/// Where a request comes from, by its headers `Origin` or `Referer`: over plain HTTP, and from the very host
/// that it is sent to.
#[cfg(feature = "http")]
pub(crate) fn is_from_own_plain_http(from: &[u8], host: &[u8]) -> bool {
    let (Some(scheme), Some(rest)) = (from.get(..7), from.get(7..)) else {
        return false;
    };
    let authority = rest.split(|&byte| byte == b'/').next().unwrap_or_default();
    scheme.eq_ignore_ascii_case(b"http://") && authority.eq_ignore_ascii_case(host)
}

/// Whether the `Host` of a request is this very machine.
#[cfg(feature = "http")]
pub(crate) fn is_loopback_authority(host: &[u8]) -> bool {
    let Ok(authority) = core::str::from_utf8(host) else {
        return false;
    };
    let (host, _) = split_port(authority);
    is_loopback(&host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_https_or_a_loopback_host() {
        for (text, is_https, host) in [
            ("https://shop.example", true, "shop.example"),
            ("https://shop.example/", true, "shop.example"),
            ("HTTPS://Shop.Example:8443", true, "shop.example"),
            ("https://localhost", true, "localhost"),
            ("http://localhost", false, "localhost"),
            ("http://localhost:3000", false, "localhost"),
            ("http://LOCALHOST:3000/", false, "localhost"),
            ("http://shop.localhost:3000", false, "shop.localhost"),
            ("http://127.0.0.1:8080", false, "127.0.0.1"),
            ("http://127.9.9.9", false, "127.9.9.9"),
            ("http://[::1]:3000", false, "[::1]"),
            ("http://[0:0:0:0:0:0:0:1]:3000", false, "[0:0:0:0:0:0:0:1]"),
            ("http://localhost.:3000", false, "localhost"),
            ("http://my_app.localhost:3000", false, "my_app.localhost"),
            ("https://shop.example.", true, "shop.example"),
            ("https://my_app.shop.example", true, "my_app.shop.example"),
        ] {
            let origin = SiteOrigin::parse(text).unwrap();
            assert_eq!(
                (origin.is_https(), origin.host()),
                (is_https, host),
                "{text}"
            );
        }
    }

    #[test]
    fn plain_http_elsewhere_is_refused() {
        for text in [
            "http://shop.example",
            "http://192.168.0.7:3000",
            "http://0.0.0.0:3000",
            "http://mylocalhost",
            "http://localhost.shop.example",
            "http://127.0.0.1.shop.example",
            "http://128.0.0.1",
            "http://[::2]",
        ] {
            assert_eq!(
                SiteOrigin::parse(text),
                Err(CookieError::OriginNotHttps),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for text in [
            "",
            "shop.example",
            "localhost:3000",
            "//shop.example",
            "https://",
            "https:///",
            "https://shop.example/account",
            "https://shop.example?a",
            "https://joe@shop.example",
            "https://shop.example:",
            "https://shop.example:port",
            "https://shop.example:99999",
            "https://shop.example:+80",
            "https://shop example",
            "https://-shop.example",
            "https://[::1",
            "https://[]",
            "https://shop.example..",
            "https://.",
            "ws://localhost",
            "null",
            " https://shop.example",
        ] {
            assert_eq!(
                SiteOrigin::parse(text),
                Err(CookieError::OriginSyntax),
                "{text}"
            );
        }
    }

    #[test]
    fn a_host_is_within_its_own_domain_and_those_above_and_an_address_within_none() {
        let within = |origin, domain| SiteOrigin::parse(origin).unwrap().is_within(domain);
        for domain in ["shop.example", "Shop.Example", "a.shop.example"] {
            assert!(within("https://a.shop.example", domain), "{domain}");
        }
        for domain in [
            "example.a",
            "hop.example",
            "b.shop.example",
            "b.a.shop.example",
        ] {
            assert!(!within("https://a.shop.example", domain), "{domain}");
        }
        assert!(within("https://1.2.3.4", "1.2.3.4") && !within("https://1.2.3.4", "3.4"));
    }
}
