//! [`SiteOrigin`]: where the site is reached, and so whether its cookies can be `Secure`.

use alloc::string::String;

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
        let origin = Self {
            is_https,
            host: host.to_ascii_lowercase(),
        };
        if !is_https && !origin.is_loopback() {
            return Err(CookieError::OriginNotHttps);
        }
        Ok(origin)
    }

    pub(crate) const fn is_https(&self) -> bool {
        self.is_https
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }
}

/// Whether `host` is this very machine: `localhost`, a name below it (RFC 6761, section 6.3),
/// `127.0.0.0/8` or `[::1]`.
fn is_loopback(host: &str) -> bool {
    let is_ipv4 = || {
        host.parse::<core::net::Ipv4Addr>()
            .is_ok_and(|address| address.is_loopback())
    };
    host == "localhost" || host.ends_with(".localhost") || host == "[::1]" || is_ipv4()
}

/// A host and its port, if one is named.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        // The colons of an IPv6 address stand in brackets.
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

/// Whether this may be a host: a name of letters, digits, `-` and `.`, or an IPv6 address in brackets.
fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
        return address.parse::<core::net::Ipv6Addr>().is_ok();
    }
    super::rules::is_host_name(host)
}

/// Whether a request's `Origin` header says that the page came over plain HTTP. RFC 6454, section 7.
#[cfg(feature = "http")]
pub(crate) fn is_plain_http(origin_header: &[u8]) -> bool {
    origin_header
        .get(..7)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"http://"))
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
}
