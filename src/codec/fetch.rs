//! [`FetchMetadata`]: what a browser says about a request, so that a renewal can wait for a better
//! one. The headers are those of W3C Fetch Metadata Request Headers; `Sec-Purpose` is of the Fetch
//! standard.

/// What a browser says about a request: whether somebody visits a page, or it was made in the
/// background.
///
/// A renewal writes the session as this request saw it. So it overwrites what another request
/// writes at the same time, such as a basket or a second factor. Requests that run at the same time
/// are mostly background requests. So a request that is known to be one does not renew the session,
/// and the next visit to a page does. Only when three fifths of the token's lifetime have passed, a
/// background request renews it, too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FetchMetadata {
    /// The browser says nothing, or the client is not a browser.
    #[default]
    Unknown,
    /// Somebody visits a page.
    Navigation,
    /// Anything else: a script's `fetch`, an image, a frame, a page that is loaded ahead of time.
    Background,
}

impl FetchMetadata {
    /// Reads the values of the request's headers `Sec-Fetch-Mode` and `Sec-Fetch-Dest`, and whether
    /// it has `Sec-Purpose`, by which browsers mark what they load ahead of time.
    #[must_use]
    pub fn new(mode: Option<&[u8]>, dest: Option<&[u8]>, has_purpose: bool) -> Self {
        match (mode, dest) {
            (None, None) if !has_purpose => Self::Unknown,
            (Some(b"navigate"), None | Some(b"document")) if !has_purpose => Self::Navigation,
            _ => Self::Background,
        }
    }

    /// Reads them from the headers of a request.
    #[cfg(feature = "http")]
    #[must_use]
    pub fn from_headers(headers: &http::HeaderMap) -> Self {
        let value = |name| headers.get(name).map(http::HeaderValue::as_bytes);
        Self::new(
            value("sec-fetch-mode"),
            value("sec-fetch-dest"),
            headers.contains_key("sec-purpose"),
        )
    }
}
