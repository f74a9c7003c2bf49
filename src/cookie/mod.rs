//! The cookie around the value: its name and attributes, the `Set-Cookie` line, and finding ours in
//! a `Cookie` header.
//!
//! RFC 6265 and its revision, draft-ietf-httpbis-rfc6265bis; the limits are theirs.

mod find;
mod rules;
mod settings;
mod template;

pub(crate) use find::{MAX_HEADER, MAX_TRIED, find};
pub(crate) use rules::check_name;
pub use settings::{CookieSettings, SameSite};
pub use template::{CookieTemplate, SetCookie};

/// The cookie's name where none is given.
pub(crate) const DEFAULT_NAME: &str = "__Host-session";
