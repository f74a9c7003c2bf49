//! Opening the session of a request: our cookie, or the newest of several, in its `Cookie` headers.

use super::data::SessionData;
use super::{Codec, Context, Session};
use crate::cookie::{self, Candidate};
use crate::error::{OpenError, OpenErrorKind};

impl<T: SessionData> Codec<T> {
    /// Opens the session in the values of a request's `Cookie` headers. HTTP/2 allows several of
    /// them.
    ///
    /// Other cookies are ignored. A browser sends several cookies of our name when they differ in
    /// path or domain, such as after a deploy that changed one of these. Of the sessions that open,
    /// the newest wins: the one that started last and, if several started then, the one that was
    /// sealed last. At most sixteen cookies are tried, not counting those that fail before a key is
    /// used. Of all headers together, only the first 64 KiB are read.
    ///
    /// # Errors
    ///
    /// [`OpenError`]. If several cookies fail, it is the error of the one that passed the most
    /// checks. If there is no cookie of our name, it is [`OpenErrorKind::Missing`], or
    /// [`OpenErrorKind::Malformed`] if a part of the headers was not read.
    pub fn open_headers<H: AsRef<[u8]>>(
        &self,
        cookie_headers: impl IntoIterator<Item = H>,
        context: &Context<'_>,
    ) -> Result<Session<T>, OpenError> {
        let mut search = Search {
            codec: self,
            context,
            newest: None,
            failed: None,
            tried: 0,
        };
        let mut left = cookie::MAX_HEADER;
        let mut all_read = true;
        for header in cookie_headers {
            let header = header.as_ref();
            match header.split_at_checked(left) {
                Some((start, rest)) if !rest.is_empty() => {
                    search.through(cookie::whole_pairs(start, rest));
                    all_read = false;
                    break;
                }
                _ => search.through(header),
            }
            left = left.saturating_sub(header.len());
        }
        search.result(all_read)
    }
}

/// What was found so far.
struct Search<'s, 'c, T> {
    codec: &'s Codec<T>,
    context: &'s Context<'c>,
    newest: Option<Session<T>>,
    failed: Option<OpenError>,
    /// For how many a key was used.
    tried: usize,
}

impl<T: SessionData> Search<'_, '_, T> {
    fn through(&mut self, header: &[u8]) {
        for candidate in cookie::find(header, &self.codec.cookie_name) {
            if self.tried == cookie::MAX_TRIED {
                return;
            }
            let opened = match candidate {
                Candidate::Value(value) => self.codec.open(value, self.context),
                Candidate::Joined => Err(OpenErrorKind::Joined.into()),
            };
            match opened {
                Ok(session) => {
                    self.tried = self.tried.saturating_add(1);
                    self.take(session);
                }
                Err(error) => {
                    if error.used_a_key() {
                        self.tried = self.tried.saturating_add(1);
                    }
                    self.failed = Some(self.failed.map_or(error, |former| former.and(error)));
                }
            }
        }
    }

    fn take(&mut self, session: Session<T>) {
        let age = |session: &Session<T>| {
            let claims = session.claims();
            (claims.started_at(), claims.issued_at())
        };
        self.newest = Some(match self.newest.take() {
            Some(other) if age(&other) >= age(&session) => other.beside(session),
            Some(other) => session.beside(other),
            None => session,
        });
    }

    fn result(self, all_read: bool) -> Result<Session<T>, OpenError> {
        if let Some(session) = self.newest {
            let seen = self.failed.and_then(|error| error.authentic_epoch());
            return Ok(session.having_seen(seen));
        }
        Err(match self.failed {
            Some(error) => error,
            // It may stand in what was not read.
            None if !all_read => OpenErrorKind::Malformed.into(),
            None => OpenErrorKind::Missing.into(),
        })
    }
}
