//! [`FetchMetadata`]: what a browser says of a request, by which a renewal waits for a better one.
//! W3C Fetch Metadata Request Headers; `Sec-Purpose` is of the Fetch standard.

/// What a browser says of a request: whether somebody went to a page, or a page asked in the background.
///
/// A renewal writes the session as this request saw it, and so overwrites what another request that runs
/// at the same time has written: a basket, a second factor. Requests run side by side mostly in the
/// background. So where a request is known to be one of these, its renewal waits, and the next visit to
/// a page renews the session; only when three fifths of its time have gone, it is renewed all the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FetchMetadata {
    /// The browser says nothing, or it is no browser.
    #[default]
    Unknown,
    /// Somebody goes to a page.
    Navigation,
    /// Anything else: a script's `fetch`, an image, a frame, a page that is loaded ahead of time.
    Background,
}

impl FetchMetadata {
    /// Reads the values of the request's headers `Sec-Fetch-Mode` and `Sec-Fetch-Dest`, and whether it
    /// has `Sec-Purpose`, by which browsers mark what they load ahead of time.
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
