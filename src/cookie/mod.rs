//! The cookie around the value: its name and attributes, the `Set-Cookie` line, and finding ours in
//! a `Cookie` header.
//!
//! RFC 6265 and its revision, draft-ietf-httpbis-rfc6265bis; the limits are theirs.

mod find;
#[cfg(feature = "std")]
mod origin;
mod rules;
mod set_cookie;
mod settings;
mod template;

pub(crate) use find::{Candidate, MAX_HEADER, MAX_TRIED, find, whole_pairs};
#[cfg(feature = "std")]
pub(crate) use origin::SiteOrigin;
#[cfg(feature = "http")]
pub(crate) use origin::{is_from_own_plain_http, is_loopback_authority};
pub(crate) use rules::{HOST as HOST_PREFIX, check_given, check_name};
pub use set_cookie::{RemovalCookies, SetCookie};
pub use settings::{CookieSettings, SameSite};
pub use template::CookieTemplate;
