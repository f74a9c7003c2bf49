//! What is wrong with a cookie's name or attributes.

use core::fmt;

/// A cookie that browsers would refuse, or that would break the header it is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CookieError {
    /// No name was given, and no type of session gives one: use
    /// [`CookieSettings::host`](crate::CookieSettings::host).
    NoName,
    /// The name is empty.
    EmptyName,
    /// The name has a byte that is not allowed (RFC 6265, section 4.1.1: a token of RFC 2616).
    NameByte {
        /// Its position, from 0.
        position: usize,
    },
    /// The name leaves no room for a value within 4096 bytes.
    NameTooLong,
    /// The path does not start with `/`.
    PathNotAbsolute,
    /// The path has a control character, a space, `;`, `,` or a byte outside ASCII.
    PathByte {
        /// Its position, from 0.
        position: usize,
    },
    /// The domain is empty, starts or ends with `.` or `-`, or has a byte other than letters,
    /// digits, `-` and `.`.
    Domain,
    /// The domain has one label, such as `com`. Browsers ignore cookies for a whole top-level domain.
    DomainOneLabel,
    /// An attribute is longer than the 1024 bytes that browsers read.
    AttributeTooLong,
    /// The name starts with a prefix in another case. Browsers take `__host-` for `__Host-`;
    /// servers that compare names do not.
    PrefixCase,
    /// A name that gets a prefix, by `host`, by `secure` or as the `NAME` of a type, has one already.
    TwoPrefixes,
    /// A name with `__Host-` needs `Path=/`.
    HostPrefixPath,
    /// A name with `__Host-` must not have a `Domain`.
    HostPrefixDomain,
    /// A name with `__Host-` or `__Secure-` needs `Secure`.
    PrefixNotSecure,
    /// The prefixes `__Http-` and `__Host-Http-` need `HttpOnly`.
    PrefixNotHttpOnly,
    /// `SameSite=None` needs `Secure`.
    SameSiteNoneNotSecure,
    /// `Partitioned` needs `Secure`.
    PartitionedNotSecure,
    /// `Partitioned` needs `SameSite=None`: it is for pages that other sites embed.
    PartitionedNotSameSiteNone,
    /// The site's origin is not `https://HOST`, or `http://HOST` on loopback, each with or without a
    /// port.
    OriginSyntax,
    /// The site's origin is plain HTTP on a host that is not this machine.
    OriginNotHttps,
    /// The cookie's domain is neither the host of the site's origin nor above it.
    OriginOutsideDomain,
}

impl fmt::Display for CookieError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoName => f.write_str(
                "the cookie has no name; name it, as in CookieSettings::host(\"account\")",
            ),
            Self::EmptyName => f.write_str("the cookie's name is empty"),
            Self::NameByte { position } => write!(
                f,
                "the cookie's name has a byte at position {position} that is not allowed there",
            ),
            Self::NameTooLong => f.write_str("the cookie's name leaves no room for a value"),
            Self::PathNotAbsolute => f.write_str("the cookie's path does not start with \"/\""),
            Self::PathByte { position } => write!(
                f,
                "the cookie's path has a byte at position {position} that is not allowed there",
            ),
            Self::Domain => f.write_str("the cookie's domain is not a host name"),
            Self::DomainOneLabel => f.write_str(
                "the cookie's domain has a single label, and browsers ignore cookies for a whole \
                 top-level domain; write the site's own domain, such as \"shop.example\", or leave \
                 it out",
            ),
            Self::AttributeTooLong => {
                f.write_str("the cookie's path or domain is longer than 1024 bytes")
            }
            Self::PrefixCase => f.write_str(
                "the cookie's name starts with a prefix in another case; write __Host- or __Secure-",
            ),
            Self::TwoPrefixes => f.write_str(
                "the cookie's name has two prefixes; SessionData::NAME, CookieSettings::host and secure \
                 take the name without one, and write theirs themselves",
            ),
            Self::HostPrefixPath => f.write_str("a cookie named __Host-… needs the path \"/\""),
            Self::HostPrefixDomain => f.write_str("a cookie named __Host-… takes no domain"),
            Self::PrefixNotSecure => {
                f.write_str("a cookie named __Host-… or __Secure-… needs Secure")
            }
            Self::PrefixNotHttpOnly => {
                f.write_str("a cookie named __Http-… or __Host-Http-… needs HttpOnly")
            }
            Self::SameSiteNoneNotSecure => f.write_str("SameSite=None needs Secure"),
            Self::PartitionedNotSecure => f.write_str("Partitioned needs Secure"),
            Self::PartitionedNotSameSiteNone => f.write_str(
                "Partitioned needs SameSite=None, or browsers do not send the cookie to an embedded \
                 page; add same_site(SameSite::None), or leave partitioned out",
            ),
            Self::OriginSyntax => f.write_str(
                "the site's origin is not a scheme and a host, such as \"https://shop.example\" or \
                 \"http://localhost:3000\"",
            ),
            Self::OriginNotHttps => f.write_str(
                "the site's origin is plain HTTP, over which anybody on the way takes the session; \
                 use https://, or for development http://localhost or http://127.0.0.1",
            ),
            Self::OriginOutsideDomain => f.write_str(
                "the cookie's domain is neither the host of the site's origin nor above it, so \
                 browsers would ignore the cookie; correct one of the two, or leave the domain out",
            ),
        }
    }
}

impl core::error::Error for CookieError {}
